"""Sums of floating point numbers.

Below the size from which the reference splits a sum over threads, its order of additions is fixed, and is
followed here, so that the last digit is the same: a cascade of partial sums, in the lanes of a vector of
32 bytes (ATen/native/cpu/SumKernel.cpp). From there on, float32 is accumulated in float64: never less
accurate than the reference, whose result then depends on the number of threads.
"""

from __future__ import annotations

import math
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
    axes = tuple(range(x.ndim)) if axis is None else axis
    if 0 < x.nbytes < SHORT and 0 < len(axes) == x.ndim and x.itemsize > 2 and x.flags.c_contiguous:
        result = _short(x.reshape(-1))
        return result.reshape((1,) * x.ndim) if keepdims else result
    if 0 < x.size < GRAIN and axes and x.dtype != np.float16:
        if 0 in x.strides:  # of one number seen everywhere: laid out as other results are
            x = np.positive(x)
        kept = [1 if at in axes else size for at, size in enumerate(x.shape)]
        result = _in_order(x, axes)
        if result is not None:
            sizes = kept if keepdims else [n for at, n in enumerate(kept) if at not in axes]
            return result.reshape(sizes)
    wide = add_reduce(x, axis=axes, keepdims=keepdims, dtype=np.float64)
    return np.asarray(wide).astype(x.dtype)


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


def _in_order(x: Any, axes: tuple[int, ...]) -> Any:
    """The sum in the reference's order, flat in the order of the kept axes; None if it has another."""
    order = sorted(range(x.ndim), key=lambda at: -x.strides[at])
    if order != list(range(x.ndim)):
        kept = [at for at in order if at not in axes]
        if kept != sorted(kept):
            return None
    stored = x.transpose(order)
    if not stored.flags.c_contiguous:
        return None
    # Neighbours that are both reduced, or both kept, are one dimension.
    groups: list[tuple[bool, int]] = []
    for at in order:
        if x.shape[at] == 1:
            continue
        reduced = at in axes
        if groups and groups[-1][0] == reduced:
            groups[-1] = (reduced, groups[-1][1] * x.shape[at])
        else:
            groups.append((reduced, x.shape[at]))
    match groups:
        case []:
            return stored.reshape(-1)
        case [(False, _)]:
            return stored.reshape(-1)
        case [(True, size)]:
            return _inner(stored.reshape(1, size))
        case [(False, rows), (True, size)]:
            return _inner(stored.reshape(rows, size))
        case [(True, size), (False, columns)]:
            return _outer(stored.reshape(size, 1, columns))
        case [(False, blocks), (True, size), (False, columns)]:
            return _outer(stored.reshape(blocks, size, columns).transpose(1, 0, 2))
    return None


def _inner(rows: Any) -> Any:
    """Sums of contiguous rows: lane by lane of a vector, then what is left over, then the lanes."""
    lanes = VECTOR_BYTES // rows.itemsize
    count, size = rows.shape
    if size < lanes:
        return _unrolled(rows.T)
    vectors = size // lanes
    result = _sequential(rows[:, vectors * lanes :].T)
    lane_sums = _unrolled(
        rows[:, : vectors * lanes].reshape(count, vectors, lanes).transpose(1, 2, 0)
    )
    return _sequential(np.concatenate([result[None], lane_sums]))


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


def _unrolled(rows: Any) -> Any:
    """A sum over axis 0 by four cascades side by side, the left-over rows added to the first."""
    size = len(rows) // UNROLLED
    whole = rows[: size * UNROLLED].reshape(size, UNROLLED, *rows.shape[1:])
    partial = _cascade(whole)
    first = partial[0]
    if size * UNROLLED < len(rows):
        first = _sequential(np.concatenate([partial[:1], rows[size * UNROLLED :]]))
    return _sequential(np.concatenate([first[None], partial[1:]]))


def _cascade(rows: Any) -> Any:
    """A sum over axis 0 in levels: every 2**power partial sums of a level are one of the next."""
    size = len(rows)
    if size < 16:  # one level; the empty ones add zeros
        return _sequential(rows) + rows.dtype.type(0)
    power = max(4, math.ceil(math.log2(size)) // LEVELS) if size > 1 else 4
    step = 1 << power
    sums = []
    for level in range(LEVELS):
        blocks = len(rows) // step if level < LEVELS - 1 else 0
        sums.append(_sequential(rows[blocks * step :]))
        split = rows[: blocks * step].reshape(blocks, step, *rows.shape[1:])
        rows = _sequential(split.swapaxes(0, 1))
    return _sequential(np.stack(sums))


def _sequential(rows: Any) -> Any:
    """Row after row, each sum rounded."""
    if not len(rows):
        return np.zeros(rows.shape[1:], rows.dtype)
    return rows[0] if len(rows) == 1 else accumulate(rows)[-1]
