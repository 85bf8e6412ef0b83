"""The default random generator, made when the first random number is asked for, and programs' own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import current, own

if TYPE_CHECKING:
    from autodiff_cli.autograd.random import Generator

NAME = "torch"  # among the context's streams


def checked_seed(seed: Any) -> int:
    """A seed, as the reference reads it: from 0 to 2**64 - 1, the negative ones counted from the end.

    Raises:
        RuntimeError: it is no integer.
        ValueError: it is out of range.

    >>> checked_seed(-1) == 2**64 - 1
    True
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
    if not -(2**63) <= seed < 2**64:
        raise ValueError("Overflow when unpacking long long")
    return int(seed) % 2**64


def default_generator() -> Generator:
    """The generator that `rand`, `randn` and their like draw from; never seeded means by chance."""
    context = own()
    context.acts()  # each row of a batch has to draw for itself
    if context.randomness == "error":
        raise RuntimeFault(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' "
            "or 'different' randomness flags on vmap or perform the randomness operation out of vmap"
        )
    generator: Generator | None = context.streams.get(NAME)
    if generator is None:
        from autodiff_cli.autograd.random import Generator

        generator = context.streams[NAME] = Generator()
        if context.seed is not None:
            generator.manual_seed(context.seed)
    return generator


def generator_of(given: Any) -> Generator:
    """The generator behind a program's `torch.Generator`; the default one for None."""
    current().acts()
    generator: Generator | None = getattr(given, "generator", None)
    return generator or default_generator()
