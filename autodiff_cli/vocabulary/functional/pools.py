"""`torch.nn.functional`: pooling.

Source: ATen/native/Pool.h (what is checked, in which order), Pooling.cpp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ir.shapes import size_at
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pooling as pl
from autodiff_cli.ops.windows import pooled_size
from autodiff_cli.vocabulary.calls.registry import python, torch
from autodiff_cli.vocabulary.functional.convolutions import repeated


def _windows(
    name: str, x: Node, kernel: Shape, stride: Shape | None, padding: Shape, dilation: Shape
) -> tuple[Shape, Shape, Shape, Shape]:
    """A pool's sizes, one for each dimension that it goes over, checked as the reference checks them."""
    count = int(name[-2])
    given = {
        "kernel_size": kernel,
        "stride": stride or (),
        "padding": padding,
        "dilation": dilation,
    }
    if count == 1:
        if x.ndim not in (2, 3):
            raise RuntimeFault(
                f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 "
                f"'self' (while checking arguments for {name})"
            )
        for argument, sizes in given.items():
            if len(sizes) != 1 and (sizes or argument != "stride"):
                raise RuntimeFault(
                    f"{name}() argument '{argument}' should contain one int (got {len(sizes)})"
                )
    most = max(count, 2)
    for argument, sizes in given.items():
        if len(sizes) not in (1, most) and (sizes or argument != "stride"):
            either = "be either" if argument == "dilation" else "either be"
            if name == "avg_pool3d":
                either = "be"
            omitted = "omitted, " if argument == "stride" else ""
            numbers = "two" if most == 2 else "three"
            raise RuntimeFault(
                f"{name}: {argument} must {either} {omitted}a single int, or a tuple of {numbers} ints"
            )
    if x.ndim not in (count + 1, count + 2):
        if name == "avg_pool2d":
            size_at(x.shape, -3)
        raise RuntimeFault(
            f"non-empty {count + 1}D or {count + 2}D (batch mode) tensor expected for input"
        )
    sizes = repeated(kernel, count)
    step = repeated(stride, count) if stride else sizes
    margin, spread = repeated(padding, count), repeated(dilation, count)
    if 0 in step:
        raise RuntimeFault("stride should not be zero")
    for p, k, d in zip(margin, sizes, spread):
        if p < 0:
            raise RuntimeFault(f"pad must be non-negative, but got pad: {p}")
        if p > int(((k - 1) * d + 1) / 2):
            raise RuntimeFault(
                "pad should be at most half of effective kernel size, but got "
                f"pad={p}, kernel_size={k} and dilation={d}"
            )
    letters = "THW" if count == 3 else "HW"
    for what, each, letter in (("kernel size", sizes, "k"), ("stride", step, "d")):
        _check_positive(what, each, [letter + way for way in letters])
    _check_positive("dilation", spread, [f"dilation{way}" for way in letters])
    return sizes, step, margin, spread


def _check_positive(what: str, sizes: Shape, names: list[str]) -> None:
    if min(sizes) > 0:
        return
    sizes = (1, *sizes) if len(sizes) == 1 else sizes
    texts = [f"{name}: {size}" for name, size in zip(names, sizes)]
    comma = ", " if what == "dilation" else " "
    raise RuntimeFault(f"{what} should be greater than zero, but got {comma.join(texts)}")


def _check_pool(x: Node, kernel: Shape, out: Shape) -> None:
    count = len(kernel)
    if any(n < 1 for n in out):
        given, made = (
            "x".join(map(str, s)) for s in (x.shape[-count - 1 :], (x.shape[-count - 1], *out))
        )
        raise RuntimeFault(
            f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small"
        )


def _max_pool(name: str, x: Node, ceil: bool, *given: Any) -> Any:
    sizes, step, margin, spread = _windows(name, x, *(_sizes(entry) for entry in given))
    out = pl.pooled_sizes(x.shape[-len(sizes) :], sizes, step, margin, ceil, spread)
    _check_pool(x, sizes, tuple(max(0, n) for n in out))
    how = {"stride": step, "padding": margin, "dilation": spread, "ceil": ceil}
    index = pl.best_place(x, kernel=sizes, **how)
    return picked(x, index, len(sizes), "MaxPool3DWithIndicesBackward0"), index


def picked(x: Node, index: Node, dims: int, name: str) -> Node:
    """The elements at the indices of windows; a function of the tape by another name than in two dimensions.

    Args:
        dims: how many dimensions the windows have.
        name: the function's name.
    """
    values = pl.max_pool(x, index, dims=dims)
    if dims == 3 or not name.startswith("MaxPool"):
        values.named = name
    return values


def _sizes(given: Any) -> Shape:
    return () if given is None else (given,) if isinstance(given, int) else tuple(given)


def _max_pooling(count: int) -> Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]:
    """What the functions for so many dimensions hand their arguments to."""
    sizes = f"tuple of ints[{count}]"
    parameters = (
        f"(Tensor input, {sizes} kernel_size, {sizes}? stride, {sizes} padding, {sizes} dilation, "
        "bool ceil_mode)"
    )

    def calls(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        indices = "_with_indices" if given["return_indices"] else ""
        return f"max_pool{count}d{indices}{parameters}", given

    return calls


@python("F.max_pool2d", calls=_max_pooling(2))
def max_pool2d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    given = (kernel_size, stride, padding, dilation)
    values, index = _max_pool("max_pool2d", input, ceil_mode, *given)
    return (values, index) if return_indices else values


@python("F.max_pool3d", calls=_max_pooling(3))
def max_pool3d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    given = (kernel_size, stride, padding, dilation)
    values, index = _max_pool("max_pool3d", input, ceil_mode, *given)
    return (values, index) if return_indices else values


def _check_plain_pool(x: Node, ceil: bool, *given: Any) -> None:
    """What `max_pool1d` refuses where neither indices nor a gradient are wanted.

    Source: ATen/native/MaxPooling.cpp.
    """
    if x.ndim not in (2, 3) or 0 in x.shape[-2:]:
        raise RuntimeFault(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, "
            f"but got:{list(x.shape)}"
        )
    names = ("kernel_size", "stride", "padding", "dilation")
    sizes = dict(zip(names, map(_sizes, given), strict=True))
    for name, entry in sizes.items():
        if len(entry) != 1 and (entry or name != "stride"):
            what = (
                "None, an int, list of ints, or" if name == "stride" else "an int, list of ints or"
            )
            raise RuntimeFault(
                f"max_pool1d() {name} must be {what} tuple of ints of size 1 but got size {len(entry)}"
            )
    (kernel,), (padding,), (dilation,) = sizes["kernel_size"], sizes["padding"], sizes["dilation"]
    (stride,) = sizes["stride"] or (kernel,)
    for name, size in (("kernel_size", kernel), ("stride", stride)):
        if size <= 0:
            raise RuntimeFault(f"max_pool1d() {name} must be greater than zero, but got {size}")
    if padding < 0:
        raise RuntimeFault(f"max_pool1d() padding must be non-negative, but got {padding}")
    if padding > kernel // 2:
        raise RuntimeFault(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={padding} and "
            f"kernel_size={kernel}"
        )
    if dilation <= 0:
        raise RuntimeFault(f"max_pool1d() dilation must be greater than zero, but got {dilation}")
    out = pooled_size(x.shape[-1], kernel, stride, padding, dilation, ceil)
    if out <= 0:
        raise RuntimeFault(f"max_pool1d() Invalid computed output size: {out}")


@python("F.max_pool1d", calls=_max_pooling(1))
def max_pool1d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    if not return_indices and not (input.requires_grad and current().grad):
        _check_plain_pool(input, ceil_mode, kernel_size, stride, padding, dilation)
    given = (kernel_size, stride, padding, dilation)
    values, index = _max_pool("max_pool1d", input, ceil_mode, *given)
    return (_squeezed(values), index) if return_indices else _squeezed(values)


def _squeezed(x: Node) -> Node:
    """What the reference computes in two dimensions, with the extra one taken away."""
    return mv.squeeze_dim(x, shape=x.shape)


def _avg_pool(
    name: str,
    x: Node,
    kernel: Shape,
    stride: Shape | None,
    padding: Shape,
    ceil: bool,
    pads: bool,
    divisor: int | None = None,
) -> Node:
    if divisor == 0:
        raise RuntimeFault("divisor must be not zero")
    sizes, step, margin, _ = _windows(name, x, kernel, stride, padding, (1,))
    spatial = x.shape[-len(sizes) :]
    out = pl.pooled_sizes(spatial, sizes, step, margin, ceil)
    if len(sizes) == 3 and any(n + 2 * p < k for n, p, k in zip(spatial, margin, sizes)):
        image, window = (
            " ".join(f"{k}{way}: {n}" for way, n in zip("THW", shape))
            for k, shape in (("", spatial), ("k", sizes))
        )
        raise RuntimeFault(f"input image ({image}) smaller than kernel size ({window})")
    _check_pool(x, sizes, tuple(max(0, n) for n in out))
    how = {"stride": step, "padding": margin, "pads": pads, "ceil": ceil, "divisor": divisor}
    result = pl.avg_pool(x, kernel=sizes, **how)
    if len(sizes) == 3:
        result.named = "AvgPool3DBackward0"
    return result


def _averaging(name: str) -> None:
    sizes = f"tuple of ints[{name[-2]}]"

    @torch(
        f"F.{name}(Tensor input, {sizes} kernel_size, {sizes}? stride = None, {sizes} padding = 0, "
        "bool ceil_mode = False, bool count_include_pad = True, int? divisor_override = None, *, "
        "Tensor out = None)",
        only="function",
    )
    def average(
        input: Node,
        kernel_size: Shape,
        stride: Shape | None,
        padding: Shape,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor_override: int | None,
    ) -> Node:
        how = (padding, ceil_mode, count_include_pad, divisor_override)
        return _avg_pool(name, input, kernel_size, stride, *how)


_averaging("avg_pool2d")
_averaging("avg_pool3d")


@torch(
    "F.avg_pool1d(Tensor input, tuple of ints[1] kernel_size, tuple of ints[1] stride = None, "
    "tuple of ints[1] padding = 0, bool ceil_mode = False, bool count_include_pad = True)",
    only="function",
)
def avg_pool1d(
    input: Node,
    kernel_size: Shape,
    stride: Shape | None,
    padding: Shape,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Node:
    how = (padding, ceil_mode, count_include_pad)
    return _squeezed(_avg_pool("avg_pool1d", input, kernel_size, stride, *how))
