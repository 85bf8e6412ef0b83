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
from autodiff_cli.ops.windows import Sizes, inside, margins_after, padded, places, pooled_size, seen


def pooled_sizes(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, ceil: bool, dilation: Sizes = ()
) -> Sizes:
    """How many windows there are along each dimension."""
    every = zip(size, kernel, stride, padding, dilation or (1,) * len(kernel))
    return tuple(pooled_size(*each, ceil) for each in every)


def _pooled_shape(x: Node, kernel: Sizes, **how: Any) -> Shape:
    dims = len(kernel)
    how = {name: how[name] for name in how if name not in ("pads", "divisor")}
    return (*x.shape[:-dims], *pooled_sizes(x.shape[-dims:], kernel, **how))


def _sums(parts: list[Any]) -> Any:
    """The sums of an entry of each part: an axis a part, the last one first."""
    total: Any = 0
    for part in parts:
        total = np.add.outer(part, total)
    return total


def _best_place(
    x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil: bool
) -> Any:
    """The flat index of each window's first greatest element, or of its last nan."""
    spatial = x.shape[-len(kernel) :]
    out = pooled_sizes(spatial, kernel, stride, padding, ceil, dilation)
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
    after = margins_after(spatial, out, kernel, stride, padding, dilation)
    windows = seen(padded(x, padding, lowest, after), kernel, stride, dilation)
    windows = windows[(..., *(slice(n) for n in out))]
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
    out: Sizes,
    size: Sizes,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    pads: bool,
    divisor: int | None,
) -> Any:
    """What each window's sum is divided by: its elements, within the image or with the margin counted."""
    if divisor is not None:
        return divisor
    total: Any = 1.0
    for o, n, k, s, p in zip(out, size, kernel, stride, padding):
        start = np.arange(o) * s - p
        stop = np.minimum(start + k, n + p)
        count = stop - start if pads else np.minimum(stop, n) - np.maximum(start, 0)
        total = np.multiply.outer(total, count)
    return total


def _average(
    x: Any,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    pads: bool,
    ceil: bool,
    divisor: int | None,
) -> Any:
    dims = len(kernel)
    size, once = x.shape[-dims:], (1,) * dims
    out = pooled_sizes(size, kernel, stride, padding, ceil)
    after = margins_after(size, out, kernel, stride, padding, once)
    wide = padded(x, padding, after=after).astype(np.float64)
    total = np.zeros((*x.shape[:-dims], *out))
    for _, at in places(out, kernel, stride, once):
        total += wide[at]
    return (total / _shares(out, size, kernel, stride, padding, pads, divisor)).astype(x.dtype)


def _spread(
    g: Any,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    pads: bool,
    ceil: bool,
    divisor: int | None,
    shape: Shape,
) -> Any:
    dims = len(kernel)
    size, out, once = shape[-dims:], g.shape[-dims:], (1,) * dims
    after = margins_after(size, out, kernel, stride, padding, once)
    share = g / _shares(out, size, kernel, stride, padding, pads, divisor)
    wide = [n + p + q for n, p, q in zip(size, padding, after)]
    result: Any = np.zeros((*shape[:-dims], *wide))
    for _, at in places(out, kernel, stride, once):
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


def _adapted(x: Any, size: Sizes, shape: Sizes, back: bool) -> Any:
    """The last dimensions to other sizes, one after the other; those that stay are left alone."""
    for dim, (n, parts) in enumerate(zip(shape, size), -len(size)):
        if n != parts:
            bins = _bins(n, parts)
            turned = np.swapaxes(x, dim, -1)
            x = np.swapaxes(product(turned, bins if back else bins.T), dim, -1)
    return x


def _adaptive(x: Any, size: Sizes) -> Any:
    return _adapted(x, size, x.shape[-len(size) :], back=False).astype(x.dtype)


def _adaptive_back(g: Any, size: Sizes, shape: Shape) -> Any:
    return _adapted(g, size, shape[-len(size) :], back=True).astype(g.dtype)


adaptive_avg_pool: Shaped = Shaped(
    "adaptive_avg_pool2d",
    _adaptive,
    shape=lambda x, size: (*x.shape[: -len(size)], *size),
    vjps=(
        lambda g, y, x, size: attached(adaptive_avg_pool_backward(g, size=size, shape=x.shape), x),
    ),
    backward="AdaptiveAvgPool2DBackwardBackward0",
    linear=((0,),),
    batch="shape.leading",
    doc="means of as many ranges as asked for",
)
adaptive_avg_pool_backward: Shaped = Shaped(
    "adaptive_avg_pool2d_backward",
    _adaptive_back,
    shape=lambda g, size, shape: shape,
    vjps=(lambda g, y, x, size, shape: adaptive_avg_pool(g, size=size),),
    linear=((0,),),
    batch="shape.shifted",
    doc="the adjoint of adaptive_avg_pool2d",
)


# ---- the greatest of windows that differ --------------------------------------------------------


def _best_of(x: Any, *places: Any) -> Any:
    """The flat index of the first greatest element of each window, or of its last nan.

    Args:
        x: (..., *sizes).
        places: for each of the last dimensions (images or 1, windows, longest): the indices that a window
            looks at, in order; the last one repeated where a window is shorter.
    """
    dims = len(places)
    spatial = x.shape[-dims:]
    images = x.reshape(-1, *spatial)
    index: Any = 0
    for dim, at in enumerate(places):  # (images, windows, longest) to (images, *windows, *longest)
        shape = [1] * (1 + 2 * dims)
        shape[0], shape[1 + dim], shape[1 + dims + dim] = at.shape
        index = index * spatial[dim] + at.reshape(shape)
    index = np.resize(index, (len(images), *index.shape[1:]))
    index = index.reshape(*index.shape[: 1 + dims], -1)
    flat = images.reshape(len(images), -1)
    seen_there = np.take_along_axis(flat, index.reshape(len(images), -1), 1).reshape(index.shape)
    best = seen_there.argmax(-1)
    if x.dtype.kind == "f":
        bad = np.isnan(seen_there)
        last = bad.shape[-1] - 1 - bad[..., ::-1].argmax(-1)
        best = np.where(bad.any(-1), last, best)
    result = np.take_along_axis(index, best[..., None], -1)
    return result.reshape(*x.shape[:-dims], *result.shape[1:-1])


best_of = Shaped(
    "max_place",
    _best_of,
    shape=lambda x, *places: (*x.shape[: -len(places)], *(at.shape[1] for at in places)),
    dtype=lambda x, *places: dtypes.int64,
    doc="where the greatest element of given places is",
)
