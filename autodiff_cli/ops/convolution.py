"""Convolution and pooling.

Convolution is bilinear: `convolution` and its two adjoints, by the input and by the weight, are each
other's derivatives.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, Rule, Shape
from autodiff_cli.ops.heavy import product
from autodiff_cli.ops.indexing import put_along
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.reduce import sum_

Sizes = tuple[int, ...]


def out_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _padded(x: Any, padding: Sizes, value: float = 0.0) -> Any:
    margins = [(0, 0)] * (x.ndim - len(padding)) + [(p, p) for p in padding]
    return np.pad(x, margins, constant_values=value) if any(padding) else x


def _places(out: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """For each element of a kernel: it, and the slices of a padded input that it meets."""
    for tap in np.ndindex(*kernel):
        yield (
            tap,
            tuple(
                slice(t * d, t * d + (o - 1) * s + 1, s)
                for t, d, o, s in zip(tap, dilation, out, stride)
            ),
        )


# ---- convolution --------------------------------------------------------------------------------


def _split(x: Any, groups: int) -> Any:
    """(N, C, ...) as (N, groups, C/groups, ...)."""
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])


def _convolve(
    x: Any, w: Any, *bias: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Any:
    x = _padded(x, padding)
    kernel = w.shape[2:]
    out = tuple(
        out_size(n, k, s, 0, d) for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation)
    )
    wide, taps = _split(x, groups), w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    result = np.zeros((x.shape[0], groups, taps.shape[1], *out), np.float64)
    for tap, at in _places(out, kernel, stride, dilation):
        part = wide[(..., *at)].astype(np.float64)
        result += np.einsum("ngc...,goc->ngo...", part, taps[(..., *tap)].astype(np.float64))
    result = result.reshape(x.shape[0], w.shape[0], *out)
    if bias:
        result += bias[0].reshape(-1, *(1,) * len(out))
    return result.astype(x.dtype)


def _convolve_input(
    g: Any, w: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, shape: Shape
) -> Any:
    full = tuple(n + 2 * p for n, p in zip(shape[2:], padding))
    wide, taps = _split(g, groups), w.reshape(groups, -1, *w.shape[1:])
    result: Any = np.zeros((shape[0], groups, shape[1] // groups, *full), np.float64)
    for tap, at in _places(g.shape[2:], w.shape[2:], stride, dilation):
        flow = np.einsum("ngo...,goc->ngc...", wide, taps[(..., *tap)])
        result[(..., *at)] += flow
    inside = tuple(slice(p, p + n) for n, p in zip(shape[2:], padding))
    return result.reshape(*shape[:2], *full)[(..., *inside)].astype(g.dtype)


def _convolve_weight(
    g: Any, x: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, shape: Shape
) -> Any:
    x = _padded(x, padding)
    flow, wide = _split(g, groups), _split(x, groups)
    flat = flow.reshape(*flow.shape[:3], -1)
    result = np.zeros((groups, shape[0] // groups, *shape[1:]), np.float64)
    for tap, at in _places(g.shape[2:], shape[2:], stride, dilation):
        part = wide[(..., *at)]
        part = part.reshape(*part.shape[:3], -1)
        result[(..., *tap)] = np.einsum("ngop,ngcp->goc", flat, part)
    return result.reshape(shape).astype(g.dtype)


class _Convolution(Shaped):
    """With an optional bias as the third operand."""

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.vjps[: len(operands)]

    def linear_in(self, operands: tuple[Node, ...]) -> tuple[tuple[int, ...], ...]:
        return ((0,), (1,)) if len(operands) == 2 else ()


def _convolved_shape(
    x: Node, w: Node, *bias: Node, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Shape:
    sizes = zip(x.shape[2:], w.shape[2:], stride, padding, dilation)
    return (x.shape[0], w.shape[0], *(out_size(*size) for size in sizes))


def _bias_vjp(g: Node, y: Node, *operands: Node, **how: Any) -> Node:
    others = (0, *range(2, g.ndim))
    return sum_(g, dim=others, keepdim=False, dtype=g.dtype)


convolution: Shaped = _Convolution(
    "convolution",
    _convolve,
    shape=_convolved_shape,
    vjps=(
        lambda g, y, x, w, *b, **how: convolution_input(g, w, shape=x.shape, **how),
        lambda g, y, x, w, *b, **how: convolution_weight(g, x, shape=w.shape, **how),
        _bias_vjp,
    ),
    batch="window.convolution",
    doc="cross-correlation with a bank of kernels",
)
convolution_input: Shaped = Shaped(
    "convolution_input",
    _convolve_input,
    shape=lambda g, w, shape, **how: shape,
    vjps=(
        lambda g, y, x, w, shape, **how: convolution(g, w, **how),
        lambda g, y, x, w, shape, **how: convolution_weight(x, g, shape=w.shape, **how),
    ),
    grad_fn="ConvolutionBackwardBackward0",
    linear=((0,), (1,)),
    batch="window.convolution_input",
    doc="the adjoint of convolution by its input",
)
convolution_weight: Shaped = Shaped(
    "convolution_weight",
    _convolve_weight,
    shape=lambda g, x, shape, **how: shape,
    vjps=(
        lambda g, y, flow, x, shape, **how: convolution(x, g, **how),
        lambda g, y, flow, x, shape, **how: convolution_input(flow, g, shape=x.shape, **how),
    ),
    grad_fn="ConvolutionBackwardBackward0",
    linear=((0,), (1,)),
    batch="window.convolution_weight",
    doc="the adjoint of convolution by its weight",
)

# ---- columns ------------------------------------------------------------------------------------


def _columns(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    wide = _padded(x, padding)
    out = tuple(out_size(*s) for s in zip(x.shape[2:], kernel, stride, padding, dilation))
    parts = [wide[(..., *at)] for _, at in _places(out, kernel, stride, dilation)]
    return np.stack(parts, 2).reshape(x.shape[0], x.shape[1] * len(parts), -1)


def _columns_shape(x: Node, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Shape:
    out = [out_size(*s) for s in zip(x.shape[2:], kernel, stride, padding, dilation)]
    return (x.shape[0], x.shape[1] * math.prod(kernel), math.prod(out))


def _from_columns(
    g: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, shape: Shape
) -> Any:
    size = shape[2:]
    out = tuple(out_size(*s) for s in zip(size, kernel, stride, padding, dilation))
    parts = g.reshape(*shape[:2], -1, *out)
    result: Any = np.zeros((*shape[:2], *(n + 2 * p for n, p in zip(size, padding))), g.dtype)
    for number, (_, at) in enumerate(_places(out, kernel, stride, dilation)):
        result[(..., *at)] += parts[:, :, number]
    inside = tuple(slice(p, p + n) for n, p in zip(size, padding))
    return result[(..., *inside)].copy()


im2col: Shaped = Shaped(
    "im2col",
    _columns,
    shape=_columns_shape,
    vjps=(lambda g, y, x, **how: col2im(g, shape=x.shape, **how),),
    linear=((0,),),
    batch="shape.folded",
    doc="every window of images, as a column",
)
col2im: Shaped = Shaped(
    "col2im",
    _from_columns,
    shape=lambda g, shape, **how: shape,
    vjps=(lambda g, y, x, shape, **how: im2col(g, **how),),
    linear=((0,),),
    batch="shape.folded",
    doc="columns added where their windows are: the adjoint of im2col",
)

# ---- pooling ------------------------------------------------------------------------------------


def _pooled_shape(x: Node, kernel: Sizes, stride: Sizes, padding: Sizes, **_: Any) -> Shape:
    dims = len(kernel)
    dilation = _.get("dilation", (1,) * dims)
    sizes = zip(x.shape[-dims:], kernel, stride, padding, dilation)
    return (*x.shape[:-dims], *(out_size(*size) for size in sizes))


def _best_place(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    """The flat index of each window's first greatest element, or of its last nan."""
    dims = len(kernel)
    spatial = x.shape[-dims:]
    places = np.arange(math.prod(spatial)).reshape(spatial)
    wide, index = _padded(x, padding, -math.inf), _padded(places, padding)
    out = tuple(out_size(*s) for s in zip(spatial, kernel, stride, padding, dilation))
    best = np.full((*x.shape[:-dims], *out), -math.inf)
    result = np.zeros(best.shape, np.int64)
    inside = _padded(np.ones(spatial, bool), padding)
    for _, at in _places(out, kernel, stride, dilation):
        value = wide[(..., *at)]
        takes = inside[at] & ((value > best) | np.isnan(value))
        best = np.where(takes, value, best)
        result = np.where(takes, index[at], result)
    return result


best_place = Shaped(
    "max_pool_index",
    _best_place,
    shape=_pooled_shape,
    dtype=lambda x, **_: dtypes.int64,
    batch="shape.leading",
    doc="where each window's greatest element is",
)


def _pick(x: Any, index: Any, dims: int) -> Any:
    flat = x.reshape(*x.shape[:-dims], -1)
    places = index.reshape(*index.shape[:-dims], -1)
    return np.take_along_axis(flat, places, -1).reshape(index.shape)


def _pick_vjp(g: Node, y: Node, x: Node, index: Node, dims: int) -> Node:
    lead = x.shape[:-dims]
    count = math.prod(x.shape[-dims:])
    flat = (*lead, math.prod(index.shape[-dims:]))
    flow = put_along(reshape(g, flat), reshape(index, flat), shape=(*lead, count), dim=len(lead))
    return reshape(flow, x.shape)


max_pool = Shaped(
    "max_pool2d_with_indices",
    _pick,
    shape=lambda x, index, dims: index.shape,
    vjps=(_pick_vjp, None),
    linear=((0,),),
    batch="shape.leading",
    doc="each window's greatest element",
)


def _shares(
    out: Sizes, size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, pads: bool
) -> Any:
    """What each window's sum is divided by."""
    counts = _padded(np.ones(size), padding)
    total = np.zeros(out)
    for _, at in _places(out, kernel, stride, (1,) * len(kernel)):
        total += 1.0 if pads else counts[at]
    return total


def _average(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, pads: bool) -> Any:
    dims = len(kernel)
    size = x.shape[-dims:]
    out = tuple(out_size(*s, 1) for s in zip(size, kernel, stride, padding))
    wide = _padded(x, padding).astype(np.float64)
    total = np.zeros((*x.shape[:-dims], *out))
    for _, at in _places(out, kernel, stride, (1,) * dims):
        total += wide[(..., *at)]
    return (total / _shares(out, size, kernel, stride, padding, pads)).astype(x.dtype)


def _spread(g: Any, kernel: Sizes, stride: Sizes, padding: Sizes, pads: bool, shape: Shape) -> Any:
    dims = len(kernel)
    size, out = shape[-dims:], g.shape[-dims:]
    share = g / _shares(out, size, kernel, stride, padding, pads)
    result: Any = np.zeros((*shape[:-dims], *(n + 2 * p for n, p in zip(size, padding))))
    for _, at in _places(out, kernel, stride, (1,) * dims):
        result[(..., *at)] += share
    inside = tuple(slice(p, p + n) for n, p in zip(size, padding))
    return result[(..., *inside)].astype(g.dtype)


avg_pool: Shaped = Shaped(
    "avg_pool2d",
    _average,
    shape=_pooled_shape,
    vjps=(lambda g, y, x, **how: avg_pool_backward(g, shape=x.shape, **how),),
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
    vjps=(lambda g, y, x, size: adaptive_avg_pool_backward(g, shape=x.shape),),
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
