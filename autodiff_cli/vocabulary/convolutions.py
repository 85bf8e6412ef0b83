"""`torch.nn.functional`: convolution, pooling, windows and padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops import convolution as cv
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import normalization as nm
from autodiff_cli.ops import rearrange as re
from autodiff_cli.ops import reduce as red
from autodiff_cli.vocabulary.registry import alias, python, torch

# ---- convolution --------------------------------------------------------------------------------


def _repeated(sizes: Sequence[int] | int, count: int) -> tuple[int, ...]:
    if isinstance(sizes, int):
        return (sizes,) * count
    return tuple(sizes) * count if len(sizes) == 1 else tuple(sizes)


def _convolver(count: int) -> None:
    name = f"conv{count}d"
    sizes = f"tuple of ints[{count}]"
    start = f"{name}(Tensor input, Tensor weight, Tensor? bias = None, {sizes} stride = 1"

    def convolve(
        x: Node, w: Node, bias: Node | None, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> Node:
        if x.ndim not in (count + 1, count + 2):
            raise RuntimeFault(
                f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but "
                f"got input of size: {list(x.shape)}"
            )
        single = x.ndim == count + 1
        if single:
            x = mv.unsqueeze(x, shape=(1, *x.shape))
        how: dict[str, Any] = {
            "stride": _repeated(stride, count),
            "padding": _repeated(padding, count),
            "dilation": _repeated(dilation, count),
            "groups": groups,
        }
        _check_convolution(x, w, bias, **how)
        y = cv.convolution(x, w, *(() if bias is None else (bias,)), **how)
        return mv.squeeze_dim(y, shape=y.shape[1:]) if single else y

    @torch(
        f"{start}, {sizes} padding = 0, {sizes} dilation = 1, SymInt groups = 1)", only="function"
    )
    def numeric(
        input: Node,
        weight: Node,
        bias: Node | None,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: int,
    ) -> Node:
        return convolve(input, weight, bias, stride, padding, dilation, groups)

    @torch(
        f"{start}, str padding = 'valid', {sizes} dilation = 1, SymInt groups = 1)",
        only="function",
    )
    def named(
        input: Node,
        weight: Node,
        bias: Node | None,
        stride: Any,
        padding: str,
        dilation: Any,
        groups: int,
    ) -> Node:
        if padding == "valid":
            return convolve(input, weight, bias, stride, 0, dilation, groups)
        if padding != "same":
            raise RuntimeFault(f"Invalid padding string: '{padding}'")
        if any(step != 1 for step in _repeated(stride, count)):
            raise RuntimeFault("padding='same' is not supported for strided convolutions")
        spread = _repeated(dilation, count)
        totals = [d * (k - 1) for d, k in zip(spread, weight.shape[2:])]
        if any(total % 2 for total in totals):  # one more at the end
            margins = ((0, 0),) * (input.ndim - count) + tuple((0, t % 2) for t in totals)
            input = re.pad(input, margins=margins, value=0)
        return convolve(input, weight, bias, stride, [t // 2 for t in totals], dilation, groups)

    alias(f"F.{name}", of=name)


def _check_convolution(
    x: Node,
    w: Node,
    bias: Node | None,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> None:
    if x.dtype is not w.dtype:
        raise RuntimeFault(
            f"expected scalar type {x.dtype.scalar_name} but found {w.dtype.scalar_name}"
        )
    if w.shape[1] * groups != x.shape[1]:
        raise RuntimeFault(
            f"Given groups={groups}, weight of size {list(w.shape)}, expected input"
            f"{list(x.shape)} to have {w.shape[1] * groups} channels, but got {x.shape[1]} channels "
            "instead"
        )
    if bias is not None and bias.shape != (w.shape[0],):
        raise RuntimeFault(
            f"Given weight of size {list(w.shape)}, expected bias to be 1-dimensional with "
            f"{w.shape[0]} elements, but got bias of size {list(bias.shape)} instead"
        )
    padded = [n + 2 * p for n, p in zip(x.shape[2:], padding)]
    kernel = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:])]
    if any(k > n for k, n in zip(kernel, padded)):
        inner, outer = (" x ".join(map(str, sizes)) for sizes in (kernel, padded))
        raise RuntimeFault(
            f"Calculated padded input size per channel: ({outer}). Kernel size: ({inner}). Kernel "
            "size can't be greater than actual input size"
        )


_convolver(1)
_convolver(2)

# ---- pooling ------------------------------------------------------------------------------------


def _windows(kernel: Any, stride: Any, padding: Any, count: int) -> tuple[Shape, Shape, Shape]:
    sizes = _repeated(kernel, count)
    return sizes, _repeated(stride, count) if stride else sizes, _repeated(padding, count)


def _check_pool(x: Node, name: str, kernel: Shape, padding: Shape, out: Shape) -> None:
    count = len(kernel)
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeFault(
            f"non-empty {count + 1}D or {count + 2}D (batch mode) tensor expected for input"
        )
    for p, k in zip(padding, kernel):
        if p > k / 2:
            raise RuntimeFault(
                "pad should be at most half of effective kernel size, but got "
                f"pad={p}, kernel_size={k} and dilation=1"
            )
    if any(n < 1 for n in out):
        given, made = (
            "x".join(map(str, s)) for s in (x.shape[-count - 1 :], (x.shape[-count - 1], *out))
        )
        raise RuntimeFault(
            f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small"
        )


def _max_pool(x: Node, kernel: Any, stride: Any, padding: Any, dilation: Any, count: int) -> Any:
    sizes, step, margin = _windows(kernel, stride, padding, count)
    spread = _repeated(dilation, count)
    out = tuple(max(0, cv.out_size(*s)) for s in zip(x.shape[-count:], sizes, step, margin, spread))
    _check_pool(x, "max_pool", sizes, margin, out)
    index = cv.best_place(x, kernel=sizes, stride=step, padding=margin, dilation=spread)
    return cv.max_pool(x, index, dims=count), index


def _no_ceil(ceil_mode: bool) -> None:
    if ceil_mode:
        raise NotImplementedFault("ceil_mode=True does not exist here")


@python("F.max_pool2d")
def max_pool2d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    _no_ceil(ceil_mode)
    values, index = _max_pool(input, kernel_size, stride, padding, dilation, 2)
    return (values, index) if return_indices else values


@python("F.max_pool1d")
def max_pool1d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    _no_ceil(ceil_mode)
    values, index = _max_pool(input, kernel_size, stride, padding, dilation, 1)
    return (_squeezed(values), index) if return_indices else _squeezed(values)


def _squeezed(x: Node) -> Node:
    """What the reference computes in two dimensions, with the extra one taken away."""
    return mv.squeeze_dim(x, shape=x.shape)


def _avg_pool(x: Node, kernel: Any, stride: Any, padding: Any, pads: bool, count: int) -> Node:
    sizes, step, margin = _windows(kernel, stride, padding, count)
    out = tuple(max(0, cv.out_size(*s, 1)) for s in zip(x.shape[-count:], sizes, step, margin))
    _check_pool(x, "avg_pool", sizes, margin, out)
    return cv.avg_pool(x, kernel=sizes, stride=step, padding=margin, pads=pads)


@python("F.avg_pool2d")
def avg_pool2d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Node:
    _no_ceil(ceil_mode)
    return _avg_pool(input, kernel_size, stride, padding, count_include_pad, 2)


@python("F.avg_pool1d")
def avg_pool1d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Node:
    _no_ceil(ceil_mode)
    return _squeezed(_avg_pool(input, kernel_size, stride, padding, count_include_pad, 1))


@python("F.adaptive_avg_pool2d")
def adaptive_avg_pool2d(input: Node, output_size: Any) -> Node:
    wanted = _repeated(output_size, 2) if not isinstance(output_size, int) else (output_size,) * 2
    size = tuple(n if w is None else w for w, n in zip(wanted, input.shape[-2:]))
    if size == (1, 1):
        last = (input.ndim - 2, input.ndim - 1)
        return red.mean(input, dim=last, keepdim=True, dtype=input.dtype)
    return cv.adaptive_avg_pool(input, size=size)


@python("F.interpolate")
def interpolate(
    input: Node,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Node:
    if mode != "nearest" or input.ndim != 4:
        raise NotImplementedFault("interpolate exists here for mode='nearest' of 4D input alone")
    if size is None:
        scales = scale_factor if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * 2
        size = tuple(int(n * scale) for n, scale in zip(input.shape[2:], scales))
    return nm.upsample_nearest(input, size=_repeated(size, 2))


def _columns(kernel: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Shape]:
    given = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    return {name: _repeated(sizes, 2) for name, sizes in given.items()}


@python("F.unfold")
def unfold(
    input: Node, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Node:
    if input.ndim != 4:
        raise NotImplementedFault("unfold exists here for 4D input alone")
    return cv.im2col(input, **_columns(kernel_size, dilation, padding, stride))


@python("F.fold")
def fold(
    input: Node,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Node:
    if input.ndim != 3:
        raise NotImplementedFault("fold exists here for 3D input alone")
    how = _columns(kernel_size, dilation, padding, stride)
    channels = input.shape[1] // math.prod(how["kernel"])
    shape = (input.shape[0], channels, *_repeated(output_size, 2))
    return cv.col2im(input, shape=shape, **how)


@python("F.pad")
def pad(
    input: Node, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Node:
    if mode != "constant":
        raise NotImplementedFault(f"pad exists here for mode='constant', not '{mode}'")
    if len(pad) % 2:
        raise RuntimeFault("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeFault(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.ndim}"
        )
    given = [(pad[at], pad[at + 1]) for at in range(0, len(pad), 2)]
    margins = ((0, 0),) * (input.ndim - len(given)) + tuple(reversed(given))
    if any(b + n + a < 0 for n, (b, a) in zip(input.shape, margins)):
        raise RuntimeFault("narrow(): length must be non-negative.")
    return re.pad(input, margins=margins, value=value or 0)
