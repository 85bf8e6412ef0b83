"""`torch.nn.functional`: convolution, windows and padding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops import convolution as cv
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import rearrange as re
from autodiff_cli.vocabulary.calls.registry import alias, python, torch

# ---- convolution --------------------------------------------------------------------------------


def repeated(sizes: Sequence[int] | int, count: int) -> tuple[int, ...]:
    if isinstance(sizes, int):
        return (sizes,) * count
    return tuple(sizes) * count if len(sizes) == 1 else tuple(sizes)


def _batched(name: str, x: Node, count: int) -> tuple[Node, bool]:
    """A batch of images, and whether it was a single one."""
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeFault(
            f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but "
            f"got input of size: {list(x.shape)}"
        )
    is_single = x.ndim == count + 1
    return (mv.unsqueeze(x, shape=(1, *x.shape)) if is_single else x), is_single


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
        x, is_single = _batched(name, x, count)
        how: dict[str, Any] = {
            "stride": repeated(stride, count),
            "padding": repeated(padding, count),
            "dilation": repeated(dilation, count),
            "groups": groups,
        }
        _check_convolution(x, w, bias, **how)
        y = cv.convolution(x, w, *(() if bias is None else (bias,)), **how)
        return mv.squeeze_dim(y, shape=y.shape[1:]) if is_single else y

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


def _check_steps(x: Node, w: Node, how: dict[str, Any], count: int) -> None:
    """What is checked of convolutions and transposed ones alike."""
    if w.ndim < 3:
        raise RuntimeFault("weight should have at least three dimensions")
    for name in ("stride", "padding", "dilation"):
        sizes = how[name]
        if len(sizes) not in (1, w.ndim - 2):
            raise RuntimeFault(
                f"expected {name} to be a single integer value or a list of {w.ndim - 2} values to match "
                f"the convolution dimensions, but got {name}={list(sizes)}"
            )
    groups = how["groups"]
    if groups <= 0:
        raise RuntimeFault("non-positive groups is not supported")
    if any(p < 0 for p in how["padding"]):
        raise RuntimeFault("negative padding is not supported")
    if any(s <= 0 for s in how["stride"]):
        raise RuntimeFault("non-positive stride is not supported")
    if any(d <= 0 for d in how["dilation"]):
        raise RuntimeFault("dilation should be greater than zero")
    if w.ndim != count + 2:
        raise RuntimeFault(
            f"Expected {w.ndim}-dimensional input for {w.ndim}-dimensional weight {list(w.shape)}, but "
            f"got {x.ndim}-dimensional input of size {list(x.shape)} instead"
        )
    if w.shape[0] >= groups and w.shape[0] % groups:
        raise RuntimeFault(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but "
            f"got weight of size [{list(w.shape)}] instead"
        )


def _check_convolution(
    x: Node,
    w: Node,
    bias: Node | None,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> None:
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    _check_steps(x, w, how, len(stride))
    if w.shape[0] < groups:
        raise RuntimeFault(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got "
            f"weight of size {list(w.shape)} instead"
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


for _count in (1, 2, 3):
    _convolver(_count)

# ---- transposed ---------------------------------------------------------------------------------


def _check_transposed(
    x: Node, w: Node, bias: Node | None, how: dict[str, Any], more: Shape
) -> None:
    """Source: ATen/native/Convolution.cpp, check_shape_forward."""
    count, groups = len(more), how["groups"]
    _check_steps(x, w, how, count)
    for n, s, d in zip(more, how["stride"], how["dilation"]):
        if n >= max(s, d) and count == 2:
            every = {"output_padding": more, "stride": how["stride"], "dilation": how["dilation"]}
            shown = " ".join(
                f"{what}_{way}: {size}"
                for what, sizes in every.items()
                for way, size in zip(("height", "width"), sizes)
            )
            raise RuntimeFault(
                f"output padding must be smaller than either stride or dilation, but got {shown}"
            )
        if n >= max(s, d):
            raise RuntimeFault("output padding must be smaller than either stride or dilation")
    if x.dtype is not w.dtype:
        raise RuntimeFault(
            f"expected scalar type {x.dtype.scalar_name} but found {w.dtype.scalar_name}"
        )
    if w.shape[0] != x.shape[1]:
        raise RuntimeFault(
            f"Given transposed=1, weight of size {list(w.shape)}, expected input{list(x.shape)} to have "
            f"{w.shape[0]} channels, but got {x.shape[1]} channels instead"
        )
    channels = w.shape[1] * groups
    if bias is not None and bias.shape != (channels,):
        raise RuntimeFault(
            f"Given transposed=1, weight of size {list(w.shape)}, expected bias to be 1-dimensional with "
            f"{channels} elements, but got bias of size {list(bias.shape)} instead"
        )


def _transposer(count: int) -> None:
    name = f"conv_transpose{count}d"
    sizes = f"tuple of ints[{count}]"

    @torch(
        f"{name}(Tensor input, Tensor weight, Tensor? bias = None, {sizes} stride = 1, {sizes} padding = 0, "
        f"{sizes} output_padding = 0, SymInt groups = 1, {sizes} dilation = 1)",
        only="function",
    )
    def transpose(
        input: Node,
        weight: Node,
        bias: Node | None,
        stride: Any,
        padding: Any,
        output_padding: Any,
        groups: int,
        dilation: Any,
    ) -> Node:
        x, is_single = _batched(name, input, count)
        how: dict[str, Any] = {
            "stride": repeated(stride, count),
            "padding": repeated(padding, count),
            "dilation": repeated(dilation, count),
            "groups": groups,
        }
        more = repeated(output_padding, count)
        _check_transposed(x, weight, bias, how, more)
        every = zip(
            x.shape[2:], weight.shape[2:], how["stride"], how["padding"], how["dilation"], more
        )
        size = tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 + m for n, k, s, p, d, m in every)
        if min(size) < 1:
            raise RuntimeFault(
                f"Given input size per channel: {list(x.shape[2:])}. Calculated output size per channel: "
                f"{list(size)}. Output size is too small"
            )
        given = () if bias is None else (bias,)
        y = cv.convolution_transposed(x, weight, *given, size=size, **how)
        return mv.squeeze_dim(y, shape=y.shape[1:]) if is_single else y

    alias(f"F.{name}", of=name)


for _count in (1, 2, 3):
    _transposer(_count)

# ---- windows ------------------------------------------------------------------------------------


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
    if input.ndim == 4:
        return cv.im2col(input, **how)
    columns = cv.im2col(mv.unsqueeze(input, shape=(1, *input.shape)), **how)
    return _single(columns, "Im2ColBackward0")


def _single(x: Node, name: str) -> Node:
    """The only element of a batch, as a function of the tape of that name."""
    only = mv.unsafe_view(x, shape=x.shape[1:])
    only.named = name
    return only


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
    is_single = input.ndim == 2
    if is_single:
        input = mv.unsqueeze(input, shape=(1, *input.shape))
    if input.shape[1] % math.prod(how["kernel"]):
        raise RuntimeFault(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input.shape[1]} and kernel_size={how['kernel']}."
        )
    channels = input.shape[1] // math.prod(how["kernel"])
    shape = (input.shape[0], channels, *repeated(output_size, 2))
    images = cv.col2im(input, shape=shape, **how)
    return _single(images, "Col2ImBackward0") if is_single else images
