"""The default random generator, made when the first random number is asked for, and programs' own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.node import state

if TYPE_CHECKING:
    from autodiff_cli.autograd.random import Generator


class Drawing:
    """What a function that is mapped over rows may draw: torch.vmap's `randomness`.

    Attributes:
        mode: "error" where nothing may be drawn.
    """

    __slots__ = ("mode",)

    def __init__(self) -> None:
        self.mode = "different"


drawing = Drawing()


@lru_cache(1)
def _made() -> Generator:
    from autodiff_cli.autograd.random import Generator

    return Generator()


def default_generator() -> Generator:
    """The generator that `rand`, `randn` and their like draw from; never seeded means by chance."""
    state.acts()  # each row of a batch has to draw for itself
    if drawing.mode == "error":
        raise RuntimeFault(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' "
            "or 'different' randomness flags on vmap or perform the randomness operation out of vmap"
        )
    return _made()


def has_drawn() -> bool:
    """Whether anything has asked for the default generator yet."""
    return bool(_made.cache_info().currsize)


def generator_of(given: Any) -> Generator:
    """The generator behind a program's `torch.Generator`; the default one for None."""
    state.acts()
    generator: Generator | None = getattr(given, "generator", None)
    return generator or default_generator()
