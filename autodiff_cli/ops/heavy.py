"""Calls of the linear algebra library that take long enough to be worth threads.

What runs such a call is set by the executor (`execute/blas.py`), which knows how many threads it may use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node
from autodiff_cli.ops.kinds import Shaped

HEAVY = 1 << 22  # multiplications: a tenth of a millisecond


def directly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


class Runner:
    """What runs a heavy call: `run(function, *args, **kwargs)`, and a heavy product: `product(a, b)`."""

    __slots__ = ("product", "run")

    def __init__(self) -> None:
        self.run: Callable[..., Any] = directly
        self.product: Callable[[Any, Any], Any] = np.matmul


runner = Runner()


def heavily(multiplications: int, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A call of the library, which takes about so many multiplications."""
    if multiplications <= HEAVY:
        return function(*args, **kwargs)
    return runner.run(function, *args, **kwargs)


def product(a: Any, b: Any) -> Any:
    """`np.matmul`."""
    columns = b.shape[-1] if b.ndim > 1 else 1
    return np.matmul(a, b) if a.size * columns <= HEAVY else runner.product(a, b)


class Factored(Shaped):
    """An operation on matrices that the library factors: as much work as a product of each with itself."""

    __slots__ = ()

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        first = arrays[0]
        return heavily(first.size * first.shape[-1], super().evaluate, node, arrays)
