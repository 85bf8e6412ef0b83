"""Reductions in two steps: of a block, and of the blocks' results.

Sums of floats accumulate in float64 across blocks, in the blocks' order: never less accurate than the
reference's, and the same however many threads there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.execute.sums import Axes, total
from autodiff_cli.ir.node import Node, Op
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.summation import add_reduce


class Reducer(NamedTuple):
    """Attributes:
    part: `part(factors, axes, node)`: a block, or a product of two, reduced over axes that stay with size 1.
    finish: `finish(parts, node)`: those of one place put together, in the node's dtype.
    """

    part: Callable[[list[Any], Axes, Node], Any]
    finish: Callable[[list[Any], Node], Any]


def _wide(parts: list[Any]) -> Any:
    """The sum of partial sums, which are floats or integers."""
    if len(parts) == 1:
        return parts[0]
    dtype = np.float64 if parts[0].dtype.kind == "f" else parts[0].dtype
    return add_reduce(np.stack(parts), axis=0, dtype=dtype)


def _sum(factors: list[Any], axes: Axes, node: Node) -> Any:
    x, *by = factors
    dtype = node.dtype.numpy
    if dtype.kind != "f":
        return add_reduce(x, axis=axes, keepdims=True, dtype=dtype)
    return total(x if x.dtype == dtype else x.astype(dtype), axes, *by)


def _rounded(parts: list[Any], node: Node) -> Any:
    return np.asarray(_wide(parts)).astype(node.dtype.numpy)


def _extreme(ufunc: Any) -> Reducer:
    def finish(parts: list[Any], node: Node) -> Any:
        return parts[0] if len(parts) == 1 else ufunc.reduce(np.stack(parts), axis=0)

    return Reducer(lambda one, axes, node: ufunc.reduce(one[0], axis=axes, keepdims=True), finish)


SAFE = 1e-30, 1e30  # between these a float32 sum of squares has neither overflowed nor lost digits


def _squares(factors: list[Any], axes: Axes, node: Node) -> Any:
    (x,) = factors
    found = total(x, axes, x)
    low, high = SAFE
    if x.dtype == np.float32 and not np.all((found > low) & (found < high)):
        wide = add_reduce(np.square(x, dtype=np.float64), axis=axes, keepdims=True)
        found = np.where((found > low) & (found < high), found, wide)
    return found


def _root(parts: list[Any], node: Node) -> Any:
    return np.sqrt(_wide(parts)).astype(node.dtype.numpy)


SUM = Reducer(_sum, _rounded)
REDUCERS: dict[Op, Reducer] = {
    red.sum_: SUM,
    mv.sum_to: SUM,
    red.amax: _extreme(np.maximum),
    red.max_: _extreme(np.maximum),
    red.amin: _extreme(np.minimum),
    red.min_: _extreme(np.minimum),
    red.vector_norm: Reducer(_squares, _root),
}
