"""Convolution, and images as columns.

Convolution is bilinear: `convolution` and its two adjoints, by the input and by the weight, are each
other's derivatives. Each is a product of two matrices, the kernels and the windows as columns, which are
copied for a few images at a time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Rule, Shape
from autodiff_cli.ops.create import attached
from autodiff_cli.ops.heavy import in_parts
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import reshape, slice_
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.ops.windows import Sizes, inside, out_size, padded, places, seen

PIECE = 1 << 17  # elements of columns that are made at a time, so that they stay in the cache

# ---- convolution --------------------------------------------------------------------------------


def _steps(count: int, size: int) -> list[slice]:
    """What is taken at a time of `count` things, of each of which there are so many elements of columns."""
    step = max(1, PIECE // max(1, size))
    return [slice(start, start + step) for start in range(0, count, step)]


def _pieces(images: int, out: Sizes, depth: int) -> list[tuple[slice, slice]]:
    """Images, and rows of what comes out of them, whose columns are made at a time."""
    rows = _steps(out[0], depth * math.prod(out[1:]))
    return [(at, row) for at in _steps(images, depth * math.prod(out)) for row in rows]


def _flat(row: slice, out: Sizes) -> slice:
    """Some rows of an image among its elements."""
    width = math.prod(out[1:])
    return slice(row.start * width, min(row.stop, out[0]) * width)


def _columns_of(windows: Any, at: slice, row: slice, groups: int, dims: int) -> Any:
    """(images, groups, elements of a kernel, places)."""
    part = windows[at][(slice(None),) * (2 + dims) + (row,)]
    return part.reshape(len(part), groups, math.prod(part.shape[1 : 2 + dims]) // groups, -1)


def _convolve(
    x: Any, w: Any, *bias: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Any:
    images, filters, dims = x.shape[0], w.shape[0], w.ndim - 2
    windows = seen(padded(x, padding), w.shape[2:], stride, dilation)
    out = windows.shape[2 + dims :]
    kernels = w.reshape(groups, filters // groups, math.prod(w.shape[1:]))
    result = np.empty((images, filters, *out), x.dtype)
    flat = result.reshape(images, groups, filters // groups, math.prod(out))
    pieces = _pieces(images, out, kernels.shape[2] * groups)

    def part(number: int) -> None:
        at, row = pieces[number]
        columns = _columns_of(windows, at, row, groups, dims)
        np.matmul(kernels, columns, out=flat[at, ..., _flat(row, out)])

    in_parts(result.size * kernels.shape[2], len(pieces), part)
    if bias:
        flat += bias[0].reshape(groups, -1, 1)
    return result


def _convolve_input(
    g: Any, w: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, shape: Shape
) -> Any:
    images, out, kernel = shape[0], g.shape[2:], w.shape[2:]
    spans = [d * (k - 1) for d, k in zip(dilation, kernel)]
    if set(stride) == {1} and len(w) <= 2 * shape[1] and all(map(int.__le__, padding, spans)):
        turned = w.reshape(groups, -1, *w.shape[1:])[(..., *(slice(None, None, -1),) * len(kernel))]
        turned = turned.swapaxes(1, 2).reshape(shape[1], -1, *kernel)
        margins = tuple(span - p for span, p in zip(spans, padding))
        how = {"stride": stride, "padding": margins, "dilation": dilation}
        return _convolve(g, turned, groups=groups, **how)
    kernels = w.reshape(groups, w.shape[0] // groups, math.prod(w.shape[1:])).swapaxes(1, 2)
    flows = g.reshape(images, groups, kernels.shape[2], math.prod(out))
    result = np.zeros((*shape[:2], *(n + 2 * p for n, p in zip(shape[2:], padding))), g.dtype)
    depth = kernels.shape[1] * groups
    steps, rows = _steps(images, depth * math.prod(out)), _steps(out[0], depth * math.prod(out[1:]))

    def part(number: int) -> None:
        at = steps[number]
        for row in rows:
            columns = np.matmul(kernels, flows[at, ..., _flat(row, out)])
            high = (min(row.stop, out[0]) - row.start, *out[1:])
            columns = columns.reshape(-1, shape[1], *kernel, *high)
            into = result[at, :, row.start * stride[0] :]
            for tap, place in places(high, kernel, stride, dilation):
                into[place] += columns[(slice(None), slice(None), *tap)]

    in_parts(flows.size * kernels.shape[1], len(steps), part)
    return result[inside(shape[2:], padding)] if any(padding) else result


def _convolve_weight(
    g: Any, x: Any, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int, shape: Shape
) -> Any:
    images, out, dims = g.shape[0], g.shape[2:], len(shape) - 2
    windows = seen(padded(x, padding), shape[2:], stride, dilation)
    windows = windows[(..., *(slice(n) for n in out))]
    flows = g.reshape(images, groups, shape[0] // groups, math.prod(out))
    depth = math.prod(shape[1:])
    pieces = _pieces(images, out, depth * groups)
    sums: list[Any] = [None] * len(pieces)

    def part(number: int) -> None:
        at, row = pieces[number]
        columns = _columns_of(windows, at, row, groups, dims)
        flow = flows[at, ..., _flat(row, out)]
        sums[number] = np.matmul(flow, columns.swapaxes(2, 3)).sum(0)

    in_parts(flows.size * depth, len(pieces), part)
    total = np.zeros((groups, shape[0] // groups, depth), np.result_type(g.dtype, np.float64))
    for entry in sums:  # in order, whichever thread made them
        total += entry
    return total.reshape(shape).astype(g.dtype)


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
    return attached(sum_(g, dim=others, keepdim=False, dtype=g.dtype), *operands[:2])


def _cut(flow: Node, shape: Shape) -> Node:
    """A convolution without the windows that only fit where a transposed one's output is padded."""
    for dim, size in enumerate(shape):
        if flow.shape[dim] != size:
            flow = slice_(flow, dim=dim, start=0, stop=size, step=1)
    return flow


convolution: Shaped = _Convolution(
    "convolution",
    _convolve,
    shape=_convolved_shape,
    vjps=(
        lambda g, y, x, w, *b, **how: convolution_input(g, w, shape=x.shape, **how),
        lambda g, y, x, w, *b, **how: convolution_weight(g, x, shape=w.shape, **how),
        _bias_vjp,
    ),
    backward="ConvolutionBackwardBackward0",
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
        lambda g, y, flow, x, shape, **how: _cut(convolution(x, g, **how), flow.shape),
        lambda g, y, flow, x, shape, **how: convolution_input(flow, g, shape=x.shape, **how),
    ),
    grad_fn="ConvolutionBackwardBackward0",
    linear=((0,), (1,)),
    batch="window.convolution_weight",
    doc="the adjoint of convolution by its weight",
)


class _Transposed(_Convolution):
    """The adjoint by the input as a function of its own, whose gradients record both operands."""

    __slots__ = ()

    def composed(self, node: Node) -> Node:
        x, w, *bias = node.operands
        how = {name: value for name, value in node.params.items() if name != "size"}
        result = convolution_input(x, w, shape=node.shape, **how)
        for b in bias:
            result = result + reshape(b, (b.numel, *(1,) * (x.ndim - 2)))
        return result


def _convolve_transposed(x: Any, w: Any, *bias: Any, size: Sizes, groups: int, **how: Sizes) -> Any:
    shape = (x.shape[0], w.shape[1] * groups, *size)
    result = _convolve_input(x, w, groups=groups, shape=shape, **how)
    return result + bias[0].reshape(-1, *(1,) * len(size)) if bias else result


convolution_transposed: Shaped = _Transposed(
    "convolution_transposed",
    _convolve_transposed,
    shape=lambda x, w, *b, size, groups, **how: (x.shape[0], w.shape[1] * groups, *size),
    vjps=(
        lambda g, y, x, w, *b, size, **how: _cut(convolution(g, w, **how), x.shape),
        lambda g, y, x, w, *b, size, **how: convolution_weight(x, g, shape=w.shape, **how),
        _bias_vjp,
    ),
    grad_fn="ConvolutionBackward0",
    backward="ConvolutionBackwardBackward0",
    batch="window.convolution_transposed",
    doc="what a convolution's gradient is by its input, as a layer",
)

# ---- columns ------------------------------------------------------------------------------------


def _columns(x: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    windows = seen(padded(x, padding), kernel, stride, dilation)
    return windows.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(windows.shape[4:]))


def _columns_shape(x: Node, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Shape:
    out = [out_size(*s) for s in zip(x.shape[2:], kernel, stride, padding, dilation)]
    return (x.shape[0], x.shape[1] * math.prod(kernel), math.prod(out))


def _from_columns(
    g: Any, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, shape: Shape
) -> Any:
    size = shape[2:]
    out = tuple(out_size(*s) for s in zip(size, kernel, stride, padding, dilation))
    parts = g.reshape(*shape[:2], math.prod(kernel), *out)
    result: Any = np.zeros((*shape[:2], *(n + 2 * p for n, p in zip(size, padding))), g.dtype)
    for number, (_, at) in enumerate(places(out, kernel, stride, dilation)):
        result[at] += parts[:, :, number]
    return result[inside(size, padding)].copy()


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
