"""Pooling: the greatest element of each window, means of windows, means of ranges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops.create import attached
from autodiff_cli.ops.heavy import product
from autodiff_cli.ops.indexing import put_along
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.windows import Sizes, inside, out_size, padded, places, seen


def _pooled_shape(x: Node, kernel: Sizes, stride: Sizes, padding: Sizes, **_: Any) -> Shape:
    dims = len(kernel)
    dilation = _.get("dilation", (1,) * dims)
    sizes = zip(x.shape[-dims:], kernel, stride, padding, dilation)
    return (*x.shape[:-dims], *(out_size(*size) for size in sizes))


def _sums(parts: list[Any]) -> Any:
    """The sums of an entry of each part: an axis a part, the last one first."""
    total: Any = 0
    for part in parts:
        total = np.add.outer(part, total)
    return total


def _best_place(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """The flat index of each window's first greatest element, or of its last nan."""
    spatial = x.shape[-len(kernel) :]
    out = tuple(out_size(*s) for s in zip(spatial, kernel, stride, padding, dilation))
    starts, firsts, offsets = [], [], []
    step = tap = 1
    for size, k, count, s, p, d in reversed(
        list(zip(spatial, kernel, out, stride, padding, dilation))
    ):
        start = np.arange(count) * s - p
        starts.append(start * step)
        firsts.append(np.maximum(0, -(start // d)) * tap)  # the first that isn't in the margin
        offsets.append(np.arange(k) * d * step)
        step, tap = step * size, tap * k
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -math.inf
    windows = seen(padded(x, padding, lowest), kernel, stride, dilation)
    lead = (slice(None),) * (x.ndim - len(kernel))
    views = [windows[(*lead, *at)] for at in np.ndindex(*kernel)]
    best = views[0].copy()
    taps = np.zeros(best.shape, np.min_scalar_type(len(views)))
    for number, view in enumerate(views[1:], 1):
        np.maximum(taps, (view > best) * taps.dtype.type(number), out=taps)
        np.maximum(best, view, out=best)
    if best.dtype.kind == "f" and np.isnan(best).any():
        for number, view in enumerate(views):
            taps[np.isnan(view)] = number
    if any(padding):  # where all are the lowest the margin is as great
        np.maximum(taps, _sums(firsts).astype(taps.dtype), out=taps)
    index = _sums(offsets).reshape(-1).take(taps)
    index += _sums(starts)
    return index


best_place = Shaped(
    "max_pool_index",
    _best_place,
    shape=_pooled_shape,
    dtype=lambda x, **_: dtypes.int64,
    batch="shape.leading",
    doc="where each window's greatest element is",
)


def _pick(x: Any, index: Any, dims: int) -> Any:
    images = math.prod(x.shape[:-dims])
    starts = np.arange(images) * math.prod(x.shape[-dims:])
    return x.reshape(-1).take(index + starts.reshape(*x.shape[:-dims], *(1,) * dims))


def _pick_vjp(g: Node, y: Node, x: Node, index: Node, dims: int) -> Node:
    lead = x.shape[:-dims]
    count = math.prod(x.shape[-dims:])
    flat = (*lead, math.prod(index.shape[-dims:]))
    flow = put_along(reshape(g, flat), reshape(index, flat), shape=(*lead, count), dim=len(lead))
    return attached(reshape(flow, x.shape), x)


max_pool = Shaped(
    "max_pool2d_with_indices",
    _pick,
    shape=lambda x, index, dims: index.shape,
    vjps=(_pick_vjp, None),
    backward="MaxPool2DWithIndicesBackwardBackward0",
    linear=((0,),),
    batch="shape.leading",
    doc="each window's greatest element",
)


def _shares(
    out: Sizes, size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, pads: bool
) -> Any:
    """What each window's sum is divided by."""
    counts = padded(np.ones(size), padding)
    total = np.zeros(out)
    for _, at in places(out, kernel, stride, (1,) * len(kernel)):
        total += 1.0 if pads else counts[at]
    return total


def _average(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, pads: bool) -> Any:
    dims = len(kernel)
    size = x.shape[-dims:]
    out = tuple(out_size(*s, 1) for s in zip(size, kernel, stride, padding))
    wide = padded(x, padding).astype(np.float64)
    total = np.zeros((*x.shape[:-dims], *out))
    for _, at in places(out, kernel, stride, (1,) * dims):
        total += wide[at]
    return (total / _shares(out, size, kernel, stride, padding, pads)).astype(x.dtype)


def _spread(g: Any, kernel: Sizes, stride: Sizes, padding: Sizes, pads: bool, shape: Shape) -> Any:
    dims = len(kernel)
    size, out = shape[-dims:], g.shape[-dims:]
    share = g / _shares(out, size, kernel, stride, padding, pads)
    result: Any = np.zeros((*shape[:-dims], *(n + 2 * p for n, p in zip(size, padding))))
    for _, at in places(out, kernel, stride, (1,) * dims):
        result[at] += share
    return result[inside(size, padding)].astype(g.dtype)


avg_pool: Shaped = Shaped(
    "avg_pool2d",
    _average,
    shape=_pooled_shape,
    vjps=(lambda g, y, x, **how: attached(avg_pool_backward(g, shape=x.shape, **how), x),),
    backward="AvgPool2DBackwardBackward0",
    linear=((0,),),
    batch="shape.leading",
    doc="each window's mean",
)
avg_pool_backward: Shaped = Shaped(
    "avg_pool2d_backward",
    _spread,
    shape=lambda g, shape, **how: shape,
    vjps=(lambda g, y, x, shape, **how: avg_pool(g, **how),),
    linear=((0,),),
    batch="shape.shifted",
    doc="spread evenly over windows: the adjoint of avg_pool2d",
)


def _bins(size: int, parts: int) -> Any:
    """A matrix of the means of `parts` overlapping ranges of `size` elements."""
    matrix = np.zeros((parts, size))
    for at in range(parts):
        start, stop = at * size // parts, -(-(at + 1) * size // parts)
        matrix[at, start:stop] = 1 / (stop - start)
    return matrix


def _adaptive(x: Any, size: Sizes) -> Any:
    rows, columns = (_bins(n, parts) for n, parts in zip(x.shape[-2:], size))
    return product(product(rows, x), columns.T).astype(x.dtype)


def _adaptive_back(g: Any, shape: Shape) -> Any:
    rows, columns = (_bins(n, parts) for n, parts in zip(shape[-2:], g.shape[-2:]))
    return product(product(rows.T, g), columns).astype(g.dtype)


adaptive_avg_pool: Shaped = Shaped(
    "adaptive_avg_pool2d",
    _adaptive,
    shape=lambda x, size: (*x.shape[:-2], *size),
    vjps=(lambda g, y, x, size: attached(adaptive_avg_pool_backward(g, shape=x.shape), x),),
    backward="AdaptiveAvgPool2DBackwardBackward0",
    linear=((0,),),
    batch="shape.leading",
    doc="means of as many ranges as asked for",
)
adaptive_avg_pool_backward: Shaped = Shaped(
    "adaptive_avg_pool2d_backward",
    _adaptive_back,
    shape=lambda g, shape: shape,
    vjps=(lambda g, y, x, shape: adaptive_avg_pool(g, size=x.shape[-2:]),),
    linear=((0,),),
    batch="shape.shifted",
    doc="the adjoint of adaptive_avg_pool2d",
)
