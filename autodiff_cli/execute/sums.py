"""Sums of a block's floats over some of its axes, by the linear algebra library.

Elements are added up by rows: a product with a vector of ones, or of what the elements are to be multiplied
by, which then takes no walk of its own. Rows are short: a sum is as accurate as one of numpy's, pairwise,
at a third of their time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.ir.node import Shape
from autodiff_cli.ops.summation import add_reduce

Axes: TypeAlias = tuple[int, ...]
Sum: TypeAlias = Callable[..., Any]  # of a block, or of two factors
ROW = 256  # elements of a row: the library adds them in the lanes of one vector
DOT = 2048  # of two that are multiplied, which it adds in those of four
COLUMN = 64  # rows that are added to one
STRIPS = 16  # the same, where they are short
FEW = 1 << 12  # elements up to which one call of numpy takes least


def takes_up(count: int, axes: Axes, factors: Sequence[Axes]) -> bool:
    """Whether a sum can multiply by itself.

    Args:
        count: of the axes of a block.
        axes: those that are summed out.
        factors: along which axes each of two factors lies.
    """
    last = count - 1
    if last not in axes and (count, axes) != (2, (0,)):
        return False
    small, whole = sorted(factors, key=len)
    if len(whole) < count:
        return False
    if small == whole or small == (last,):
        return last in axes
    return last not in small and set(small) <= set(axes)


def total(x: Any, axes: Axes, by: Any = None) -> Any:
    """The sum of x, or of x times another array, over axes that stay with size 1: float64, or of x's dtype.

    Args:
        x: float32 or float64.
        axes: those that are summed out.
        by: an array that lies as `takes_up` has it.
    """
    if not x.flags.c_contiguous or not (by is None or by.flags.c_contiguous):
        return _in_strips(x if by is None else x * by, axes)
    return _sum(x.shape, axes, None if by is None else by.shape, x.dtype)(x, by)


@lru_cache(256)
def _sum(shape: Shape, axes: Axes, by: Shape | None, dtype: np.dtype[Any]) -> Sum:
    """How blocks of a shape are added up."""
    if math.prod(shape) < FEW:
        return lambda x, by: add_reduce(
            x if by is None else x * by, axis=axes, keepdims=True, dtype=np.float64
        )
    number = by is None or math.prod(by) == 1
    last = len(shape) - 1
    if (number or by == shape) and math.prod([shape[axis] for axis in axes]) == math.prod(shape):
        return _flat(shape, not number, dtype)
    if last in axes and shape[last] > 1:
        return _in_rows(shape, axes[:-1], None if number else by, dtype)
    if axes == (0,) and last == 1 and shape[1] >= COLUMN and by != shape:
        return _in_columns(shape, not number, dtype)
    return lambda x, by: _in_strips(x if by is None else x * by, axes)


def _flat(shape: Shape, dots: bool, dtype: np.dtype[Any]) -> Sum:
    """All elements, by rows that they are cut into."""
    count, most = math.prod(shape), DOT if dots else ROW
    size = _part(count, most) or most
    whole = count // size * size
    kept, ones = (1,) * len(shape), np.ones(size, dtype)

    def add(x: Any, by: Any) -> Any:
        x = x.reshape(-1)
        by = by.reshape(-1) if dots else ones if by is None else ones * by.reshape(())
        rows = x[:whole].reshape(-1, size)
        found = add_reduce(np.vecdot(rows, by[:whole].reshape(-1, size)) if dots else rows @ by)
        if whole < count:
            found += np.dot(x[whole:], by[whole:] if dots else by[: count - whole])
        return found.reshape(kept)

    return add


def _in_rows(shape: Shape, others: Axes, by: Shape | None, dtype: np.dtype[Any]) -> Sum:
    """Over the last axis, and then over others."""
    length = shape[-1]
    dots = by is not None and by[-1] > 1
    rows = _rows(length, dots, dtype)
    kept = (*shape[:-1], 1)

    def add(x: Any, by: Any) -> Any:
        factor = by.reshape(-1, length) if dots else None if column else by
        sums = rows(x.reshape(-1, length), factor).reshape(kept)
        return _in_strips(sums * by if column else sums, others) if others else sums

    column = by is not None and not dots
    return add


def _rows(length: int, dots: bool, dtype: np.dtype[Any]) -> Sum:
    """Of rows of a length, as a column; times a number, or as many rows, or one."""
    size = _part(length, DOT if dots else ROW)
    parts = length // size if size else 0
    ones, total = np.ones(size, dtype), np.ones((parts, 1), dtype)

    def add(x: Any, by: Any) -> Any:
        if not size:
            return add_reduce(x if by is None else x * by, axis=1, keepdims=True)
        if not dots:
            by = ones if by is None else ones * by.reshape(())
            sums = (x.reshape(-1, size) @ by).reshape(-1, parts)
        elif len(by) == 1 and length <= 2 * ROW:
            return x @ by.T
        else:
            sums = np.vecdot(x.reshape(-1, parts, size), by.reshape(-1, parts, size))
        return sums if parts == 1 else sums @ total

    return add


def _part(length: int, most: int) -> int:
    """The size of equal parts of a row that are at most so long, and not much shorter; 0: there are none."""
    least = -(-length // most)
    return next((length // n for n in range(least, 4 * least) if length % n == 0), 0)


def _in_columns(shape: Shape, column: bool, dtype: np.dtype[Any]) -> Sum:
    """Over the first of two axes; times a number or a column."""
    count, width = shape
    groups = count // COLUMN
    whole = groups * COLUMN
    ones = np.ones((1, count), dtype)

    def add(x: Any, by: Any) -> Any:
        by = by.reshape(1, count) if column else ones if by is None else ones * by
        if count <= COLUMN:
            return by @ x
        sums = np.matmul(
            by[0, :whole].reshape(groups, 1, COLUMN), x[:whole].reshape(groups, COLUMN, width)
        )
        found = add_reduce(sums, axis=0, dtype=np.float64)
        return found + by[:, whole:] @ x[whole:] if whole < count else found

    return add


def _in_strips(x: Any, axes: Axes) -> Any:
    """The sum where elements don't lie in rows: strips of rows are added as long vectors."""
    if x.ndim - 1 in axes and x.shape[-1] > 1:
        x = add_reduce(x, axis=-1, keepdims=True)
        axes = axes[:-1]
    for axis in axes:
        while x.shape[axis] > STRIPS and x.dtype != np.float64:
            x = _strips(x, axis)
        x = add_reduce(x, axis=axis, keepdims=True, dtype=np.float64)
    return x


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
