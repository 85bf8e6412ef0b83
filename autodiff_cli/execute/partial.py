"""Reductions in two steps: of a block, and of the blocks' results.

Sums of float32 are pairwise within a block and accumulate in float64 across blocks, in the blocks' order:
never less accurate than the reference's, and the same however many threads there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autodiff_cli.ir.node import Node, Op
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.summation import add_reduce

Axes: TypeAlias = tuple[int, ...]
STRIPS = 16  # rows that are added one after the other


class Reducer(NamedTuple):
    """Attributes:
    part: `part(x, axes, node)`: a block reduced over axes, which are kept with size 1.
    finish: `finish(parts, node)`: those of one place put together, in the node's dtype.
    """

    part: Callable[[Any, Axes, Node], Any]
    finish: Callable[[list[Any], Node], Any]


def _wide(parts: list[Any]) -> Any:
    """The sum of partial sums, which are float64 or integers."""
    return parts[0] if len(parts) == 1 else add_reduce(np.stack(parts), axis=0)


def _sum(x: Any, axes: Axes, node: Node) -> Any:
    dtype = node.dtype.numpy
    if dtype.kind != "f":
        return add_reduce(x, axis=axes, keepdims=True, dtype=dtype)
    return _pairwise(x if x.dtype == dtype else x.astype(dtype), axes)


def _pairwise(x: Any, axes: Axes) -> Any:
    """A sum as float64: along rows as numpy adds them, which is pairwise; over rows in strips."""
    if math.prod([x.shape[axis] for axis in axes]) == x.size:
        total = add_reduce(x.ravel() if x.flags.c_contiguous else x, axis=None, keepdims=False)
        return np.asarray(total, np.float64).reshape((1,) * x.ndim)
    if x.ndim - 1 in axes and x.shape[-1] > 1:
        x = add_reduce(x, axis=-1, keepdims=True)
        axes = axes[:-1]
    for axis in axes:
        while x.shape[axis] > STRIPS and x.dtype != np.float64:
            x = _strips(x, axis)
        x = add_reduce(x, axis=axis, keepdims=True, dtype=np.float64)
    return x.astype(np.float64, copy=False)


def _strips(x: Any, axis: int) -> Any:
    """A sum over an axis down to a sixteenth of its length: strips of rows are added as long vectors."""
    lead, size, tail = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    rows = size // STRIPS
    before = (slice(None),) * axis
    strips = x[(*before, slice(rows * STRIPS))].reshape(*lead, STRIPS, rows * math.prod(tail))
    total = add_reduce(strips, axis=axis).reshape(*lead, rows, *tail)
    if size % STRIPS:
        rest = x[(*before, slice(rows * STRIPS, size))]
        total[(*before, slice(1))] += add_reduce(rest, axis=axis, keepdims=True)
    return total


def _rounded(parts: list[Any], node: Node) -> Any:
    return np.asarray(_wide(parts)).astype(node.dtype.numpy)


def _extreme(ufunc: Any) -> Reducer:
    def finish(parts: list[Any], node: Node) -> Any:
        return parts[0] if len(parts) == 1 else ufunc.reduce(np.stack(parts), axis=0)

    return Reducer(lambda x, axes, node: ufunc.reduce(x, axis=axes, keepdims=True), finish)


SAFE = 1e-30, 1e30  # between these a float32 sum of squares has neither overflowed nor lost digits


def _squares(x: Any, axes: Axes, node: Node) -> Any:
    total = _pairwise(np.square(x), axes)
    low, high = SAFE
    if x.dtype == np.float32 and not np.all((total > low) & (total < high)):
        wide = add_reduce(np.square(x, dtype=np.float64), axis=axes, keepdims=True)
        total = np.where((total > low) & (total < high), total, wide)
    return total


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
