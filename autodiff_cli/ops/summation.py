"""Sums of floating point numbers.

Below the size from which the reference splits a sum over threads, its order of additions is fixed, and is
followed here, so that the last digit is the same: a cascade of partial sums, in the lanes of a vector of
32 bytes (ATen/native/cpu/SumKernel.cpp). From there on, float32 is accumulated in float64: never less
accurate than the reference, whose result then depends on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

GRAIN = 1 << 15  # at::internal::GRAIN_SIZE
VECTOR_BYTES = 32
UNROLLED = 4  # partial sums that run side by side
LEVELS = 4  # of the cascade
SHORT = 4 * VECTOR_BYTES
# Fewer numbers than a vector has lanes: what is left over after the first four is added to the first.
FEW = {size: [0, *range(4, size), 1, 2, 3] for size in range(5, 8)}

# numpy's own stubs know fewer forms of it than numpy
add_reduce: Any = np.add.reduce
accumulate: Any = np.add.accumulate

Axes: TypeAlias = tuple[int, ...] | None


def total(x: Any, axis: Axes, keepdims: bool) -> Any:
    """The sum over `axis` (all axes if None), in the dtype of x.

    >>> float(total(np.float32([0.1, 0.2, 0.3]), None, False))
    0.6000000238418579
    """
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return add_reduce(x, axis=axis, keepdims=keepdims)
    if 0 < x.size < GRAIN and x.dtype != np.float16:
        if 0 in x.strides:  # of one number seen everywhere: laid out as other results are
            x = np.positive(x)
        way = _way(x.shape, x.strides, x.itemsize, axis, keepdims)
        if way is not None:
            order, sizes, add, result = way
            sums = add(x.transpose(order).reshape(sizes))
            if result:
                return sums.reshape(result)
            return sums[0] if sums.ndim else sums
    wide = add_reduce(x, axis=axis, keepdims=keepdims, dtype=np.float64)
    return np.asarray(wide).astype(x.dtype)


Sums: TypeAlias = Callable[[Any], Any]


@lru_cache(1024)
def _way(
    shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int, axis: Axes, keepdims: bool
) -> tuple[tuple[int, ...], tuple[int, ...], Sums, tuple[int, ...]] | None:
    """How arrays of one form are added up in the reference's order; None if it has another.

    Returns:
        the order of axes and the shape in which the sums are taken, what takes them, and their shape.
    """
    ndim = len(shape)
    axes = tuple(range(ndim)) if axis is None else axis
    if not axes:
        return None
    kept = [(1 if at in axes else size, at in axes) for at, size in enumerate(shape)]
    result = tuple([size for size, reduced in kept if keepdims or not reduced])
    order = tuple(sorted(range(ndim), key=lambda at: -strides[at]))
    left = [at for at in order if at not in axes]
    step = itemsize
    for at in reversed(order):  # whether it is contiguous in this order
        if shape[at] != 1 and strides[at] != step:
            return None
        step *= shape[at]
    if order != tuple(range(ndim)) and left != sorted(left):
        return None
    # Neighbours that are both reduced, or both kept, are one dimension.
    groups: list[tuple[bool, int]] = []
    for at in order:
        if shape[at] == 1:
            continue
        reduced = at in axes
        if groups and groups[-1][0] == reduced:
            groups[-1] = (reduced, groups[-1][1] * shape[at])
        else:
            groups.append((reduced, shape[at]))
    match groups:
        case [] | [(False, _)]:
            return order, (-1,), _short if len(axes) == ndim else _as_they_are, result
        case [(True, size)]:
            short = size * itemsize < SHORT
            return order, (-1,) if short else (1, size), _short if short else _inner, result
        case [(False, rows), (True, size)]:
            return order, (rows, size), _inner, result
        case [(True, size), (False, columns)]:
            return order, (size, 1, columns), _outer, result
        case [(False, blocks), (True, size), (False, columns)]:
            return order, (blocks, size, columns), _outer_of_blocks, result
    return None


def _as_they_are(x: Any) -> Any:
    return x


def _short(x: Any) -> Any:
    """What `_inner` gives for one row of fewer than four vectors, in fewer steps."""
    lanes = VECTOR_BYTES // x.itemsize
    size = len(x)
    if size < lanes:
        chain = x if size <= UNROLLED else x[FEW[size]]
    else:
        whole = size // lanes * lanes
        chain = np.zeros(lanes + 1, x.dtype)
        if whole < size:
            chain[0] = accumulate(x[whole:])[-1]
        chain[1:] = accumulate(x[:whole].reshape(-1, lanes))[-1]
    return accumulate(chain)[-1] + x.dtype.type(0)  # which makes 0 of -0, as the empty sums do


def _inner(rows: Any) -> Any:
    """Sums of contiguous rows: lane by lane of a vector, then what is left over, then the lanes.

    They are walked as columns, of which numpy adds up many at a time.
    """
    lanes = VECTOR_BYTES // rows.itemsize
    count, size = rows.shape
    tail = (count,) if count > 1 else ()
    columns = np.ascontiguousarray(rows.T).reshape(size, *tail)
    whole = size // lanes * lanes
    if not whole:
        return _unrolled(columns).reshape(count)
    sums = _unrolled(columns[:whole].reshape(-1, lanes, *tail))
    if whole < size:
        sums = np.concatenate([_sequential(columns[whole:])[None], sums])
    return _sequential(sums).reshape(count)


def _outer(stack: Any) -> Any:
    """Sums over axis 0 of (size, blocks, columns): several columns at a time, the last ones by one."""
    lanes = VECTOR_BYTES // stack.itemsize
    columns = stack.shape[2]
    group = UNROLLED * (lanes if columns >= lanes else 1)
    whole = columns // group * group
    if whole == columns:
        return _cascade(stack).reshape(-1)
    if not whole:
        return _unrolled(stack).reshape(-1)
    return np.concatenate(
        [_cascade(stack[:, :, :whole]), _unrolled(stack[:, :, whole:])], axis=-1
    ).reshape(-1)


def _outer_of_blocks(stack: Any) -> Any:
    return _outer(stack.swapaxes(0, 1))


def _unrolled(rows: Any) -> Any:
    """A sum over axis 0 by four cascades side by side, the left-over rows added to the first."""
    whole = len(rows) // UNROLLED * UNROLLED
    if not whole:
        return _sequential(rows) + rows.dtype.type(0)
    partial = _cascade(rows[:whole].reshape(-1, UNROLLED, *rows.shape[1:]))
    if whole < len(rows):
        partial[0] = _sequential(np.concatenate([partial[:1], rows[whole:]]))
    return _sequential(partial)


def _cascade(rows: Any) -> Any:
    """A sum over axis 0 in levels: every 2**power partial sums of a level are one of the next."""
    size = len(rows)
    if size < 16:  # one level; the empty ones add zeros
        return _sequential(rows) + rows.dtype.type(0)
    step = 1 << max(4, math.ceil(math.log2(size)) // LEVELS)
    sums: Any = rows.dtype.type(0)
    for level in range(LEVELS):
        blocks = len(rows) // step if level < LEVELS - 1 else 0
        if blocks * step < len(rows):
            sums = sums + _sequential(rows[blocks * step :])
        if not blocks:
            break
        split = rows[: blocks * step].reshape(blocks, step, *rows.shape[1:])
        rows = _in_order(split.swapaxes(0, 1))
    return sums


def _sequential(rows: Any) -> Any:
    """Row after row, each sum rounded."""
    if not len(rows):
        return np.zeros(rows.shape[1:], rows.dtype)
    return rows[0] if len(rows) == 1 else _in_order(rows)


def _in_order(rows: Any) -> Any:
    """The sum over axis 0; numpy's own goes row by row unless it is along the innermost axis."""
    if rows.ndim > 1 and rows.shape[-1] > 1 and rows.strides[-1] == rows.itemsize:
        return add_reduce(rows, axis=0)
    return accumulate(rows)[-1]
