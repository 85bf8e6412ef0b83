"""Calls of the linear algebra library, by how long they take.

The library shares work out over its threads, and the last digits of what it adds up depend on their number.
So it is called through here: what is small runs on one thread, what takes long enough to be worth threads is
given some. How is set by the executor (`execute/blas.py`), which knows how many there may be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node
from autodiff_cli.ops.kinds import Shaped

HEAVY = 1 << 22  # multiplications: a tenth of a millisecond
# Up to so many a product has one thread anyway: OpenBLAS begins to share out at 64**3 of two matrices, 96**2
# of a matrix and a vector, 10,000 of two vectors. (What factors matrices begins at 8 columns.)
TINY = 1 << 13


def directly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


class Runner:
    """What runs calls of the library.

    Attributes:
        alone: a call on one thread: `alone(function, *args, **kwargs)`.
        run: a heavy call, likewise.
        product: a heavy product: `product(a, b)`.
    """

    __slots__ = ("alone", "product", "run")

    def __init__(self) -> None:
        self.alone: Callable[..., Any] = directly
        self.run: Callable[..., Any] = directly
        self.product: Callable[[Any, Any], Any] = np.matmul


runner = Runner()


def heavily(multiplications: int, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A call of the library, which takes about so many multiplications."""
    run = runner.alone if multiplications <= HEAVY else runner.run
    return run(function, *args, **kwargs)


def product(a: Any, b: Any) -> Any:
    """`np.matmul`, with the same digits whatever the number of threads."""
    multiplications = a.size * (b.shape[-1] if b.ndim > 1 else 1)
    if multiplications <= TINY:
        return np.matmul(a, b)
    if multiplications <= HEAVY:
        return runner.alone(np.matmul, a, b)
    return runner.product(a, b)


def factored(function: Callable[..., Any], matrices: Any, *args: Any, **kwargs: Any) -> Any:
    """A call that factors matrices: as much work as a product of each with itself."""
    work = matrices.size * matrices.shape[-1]
    return heavily(work, function, matrices, *args, **kwargs)


class Factored(Shaped):
    """An operation that factors its first operand, and applies the factors to the others."""

    __slots__ = ()

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        work = sum(array.size for array in arrays) * arrays[0].shape[-1]
        return heavily(work, super().evaluate, node, arrays)
