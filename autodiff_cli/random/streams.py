"""Where random numbers come from: streams of each text's own, made when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import current, own

if TYPE_CHECKING:
    from autodiff_cli.random.generator import Generator


def stream(name: str, made: Callable[[], Any]) -> Any:
    """A stream of the text that is evaluated, by the name of the library whose it is."""
    streams = own().streams
    if name not in streams:
        streams[name] = made()
    return streams[name]


def default_generator() -> Generator:
    """The generator that `rand`, `randn` and their like draw from; never seeded means by chance."""
    context = own()
    context.acts()  # each row of a batch has to draw for itself
    if context.randomness == "refused":
        raise RuntimeFault(
            "vmap: We do not yet support calling random operations inside of vmap. Please perform random "
            "operations outside of vmap as a workaround"
        )
    if context.randomness == "error":
        raise RuntimeFault(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' "
            "or 'different' randomness flags on vmap or perform the randomness operation out of vmap"
        )
    generator: Generator = stream("torch", _made)
    return generator


def _made() -> Generator:
    from autodiff_cli.random.generator import Generator

    generator, seed = Generator(), current().seed
    return generator if seed is None else generator.manual_seed(seed)


def generator_of(given: Any) -> Generator:
    """The generator behind a program's `torch.Generator`; the default one for None."""
    current().acts()
    generator: Generator | None = getattr(given, "generator", None)
    return generator or default_generator()
