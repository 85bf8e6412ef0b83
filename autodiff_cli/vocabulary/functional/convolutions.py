"""`torch.nn.functional`: convolution, windows and padding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, ValueFault
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops import convolution as cv
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import normalization as nm
from autodiff_cli.ops import rearrange as re
from autodiff_cli.vocabulary.calls.registry import alias, python, torch

# ---- convolution --------------------------------------------------------------------------------


def repeated(sizes: Sequence[int] | int, count: int) -> tuple[int, ...]:
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
        if bias is not None and bias.dtype is not x.dtype:
            raise RuntimeFault(
                f"Input type ({x.dtype.c_name}) and bias type ({bias.dtype.c_name}) should be the same"
            )
        if x.ndim not in (count + 1, count + 2):
            raise RuntimeFault(
                f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but "
                f"got input of size: {list(x.shape)}"
            )
        single = x.ndim == count + 1
        if single:
            x = mv.unsqueeze(x, shape=(1, *x.shape))
        how: dict[str, Any] = {
            "stride": repeated(stride, count),
            "padding": repeated(padding, count),
            "dilation": repeated(dilation, count),
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
        f'{start}, str padding = "valid", {sizes} dilation = 1, SymInt groups = 1)',
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
        if any(step != 1 for step in repeated(stride, count)):
            raise RuntimeFault("padding='same' is not supported for strided convolutions")
        spread = repeated(dilation, count)
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
    count = len(stride)
    if w.ndim < 3:
        raise RuntimeFault("weight should have at least three dimensions")
    for name, sizes in (("stride", stride), ("padding", padding), ("dilation", dilation)):
        if len(sizes) not in (1, w.ndim - 2):
            raise RuntimeFault(
                f"expected {name} to be a single integer value or a list of {w.ndim - 2} values to match "
                f"the convolution dimensions, but got {name}={list(sizes)}"
            )
    if groups <= 0:
        raise RuntimeFault("non-positive groups is not supported")
    if any(p < 0 for p in padding):
        raise RuntimeFault("negative padding is not supported")
    if any(s <= 0 for s in stride):
        raise RuntimeFault("non-positive stride is not supported")
    if any(d <= 0 for d in dilation):
        raise RuntimeFault("dilation should be greater than zero")
    if w.ndim != count + 2:
        raise RuntimeFault(
            f"Expected {w.ndim}-dimensional input for {w.ndim}-dimensional weight {list(w.shape)}, but "
            f"got {x.ndim}-dimensional input of size {list(x.shape)} instead"
        )
    if w.shape[0] < groups:
        raise RuntimeFault(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got "
            f"weight of size {list(w.shape)} instead"
        )
    if w.shape[0] % groups:
        raise RuntimeFault(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but "
            f"got weight of size [{list(w.shape)}] instead"
        )
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

# ---- windows and padding ------------------------------------------------------------------------


WINDOWS = ", ".join(
    f"tuple of ints[2] {name}" for name in ("kernel_size", "dilation", "padding", "stride")
)


def _pairs(text: str) -> Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]:
    """What the reference hands on after it made a pair of each argument that isn't one."""

    def calls(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return text, {
            name: value
            if name == "input" or isinstance(value, (tuple, list, Node))
            else (value,) * 2
            for name, value in given.items()
        }

    return calls


@python("F.interpolate", asks="input.dim")
def interpolate(
    input: Node,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Node:
    if mode in ("nearest", "area", "nearest-exact") and align_corners is not None:
        raise ValueFault(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | "
            "bicubic | trilinear"
        )
    if size is None and scale_factor is None:
        raise ValueFault("either size or scale_factor should be defined")
    if size is not None and scale_factor is not None:
        raise ValueFault("only one of size or scale_factor should be defined")
    if input.ndim not in (3, 4, 5):
        raise NotImplementedFault(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: "
            "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got "
            f"{mode})"
        )
    if mode != "nearest" or input.ndim != 4:
        raise NotImplementedFault("interpolate exists here for mode='nearest' of 4D input alone")
    if size is None:
        scales = scale_factor if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * 2
        size = tuple(int(n * scale) for n, scale in zip(input.shape[2:], scales))
    return nm.upsample_nearest(input, size=repeated(size, 2))


def _columns(kernel: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Shape]:
    """The sizes of windows, of which each is one number or a pair."""
    given = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
    pairs: dict[str, Shape] = {}
    for name, sizes in given.items():
        pairs[name] = (sizes,) * 2 if isinstance(sizes, int) else tuple(sizes)
        if len(pairs[name]) != 2:
            raise RuntimeFault(
                f"It is expected {name} equals to 2, but got size {len(pairs[name])}"
            )
    for name, least in (("kernel_size", 1), ("dilation", 1), ("padding", 0), ("stride", 1)):
        high, wide = pairs[name]
        what = name.partition("_")[0]
        if min(high, wide) < least:
            rule = "greater than zero" if least else "non-negative"
            shown = "kernel size" if what == "kernel" else what
            raise RuntimeFault(
                f"{shown} should be {rule}, but got {what}_height: {high} {what}_width: {wide}"
            )
    return {"kernel": pairs.pop("kernel_size"), **pairs}


@python(
    "F.unfold",
    calls=_pairs(f"im2col(Tensor input, {WINDOWS})"),
)
def unfold(
    input: Node, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Node:
    how = _columns(kernel_size, dilation, padding, stride)
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise RuntimeFault(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    if input.ndim != 4:
        raise NotImplementedFault("unfold exists here for 4D input alone")
    return cv.im2col(input, **how)


@python(
    "F.fold",
    calls=_pairs(f"col2im(Tensor input, tuple of ints[2] output_size, {WINDOWS})"),
)
def fold(
    input: Node,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Node:
    if not isinstance(output_size, int) and len(output_size) != 2:
        raise RuntimeFault(
            f"It is expected output_size equals to 2, but got size {len(output_size)}"
        )
    how = _columns(kernel_size, dilation, padding, stride)
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeFault(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    if input.ndim != 3:
        raise NotImplementedFault("fold exists here for 3D input alone")
    if input.shape[1] % math.prod(how["kernel"]):
        raise RuntimeFault(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input.shape[1]} and kernel_size={how['kernel']}."
        )
    channels = input.shape[1] // math.prod(how["kernel"])
    shape = (input.shape[0], channels, *repeated(output_size, 2))
    return cv.col2im(input, shape=shape, **how)


@python("F.pad", calls="pad(Tensor input, tuple of ints pad, str mode, float? value)")
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
