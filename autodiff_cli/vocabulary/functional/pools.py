"""`torch.nn.functional`: pooling.

Source: ATen/native/Pool.h (what is checked, in which order), Pooling.cpp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, TypeFault, ValueFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ir.shapes import size_at
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pooling as pl
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.windows import out_size
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import python, torch
from autodiff_cli.vocabulary.functional.convolutions import repeated


def _windows(
    name: str, x: Node, kernel: Shape, stride: Shape | None, padding: Shape, dilation: Shape
) -> tuple[Shape, Shape, Shape, Shape]:
    """A pool's sizes, one for each dimension that it goes over, checked as the reference checks them."""
    count = 1 if name.endswith("1d") else 2
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
    for argument, sizes in given.items():
        if len(sizes) not in (1, 2) and (sizes or argument != "stride"):
            either = "be either" if argument == "dilation" else "either be"
            omitted = "omitted, " if argument == "stride" else ""
            raise RuntimeFault(
                f"{name}: {argument} must {either} {omitted}a single int, or a tuple of two ints"
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
    for what, each, (high, wide) in (
        ("kernel size", sizes, ("kH", "kW")),
        ("stride", step, ("dH", "dW")),
        ("dilation", spread, ("dilationH", "dilationW")),
    ):
        if min(each) <= 0:
            above = each[0] if count == 2 else 1
            comma = "," if what == "dilation" else ""
            raise RuntimeFault(
                f"{what} should be greater than zero, but got {high}: {above}{comma} {wide}: {each[-1]}"
            )
    return sizes, step, margin, spread


def _check_pool(x: Node, kernel: Shape, out: Shape) -> None:
    count = len(kernel)
    if any(n < 1 for n in out):
        given, made = (
            "x".join(map(str, s)) for s in (x.shape[-count - 1 :], (x.shape[-count - 1], *out))
        )
        raise RuntimeFault(
            f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small"
        )


def _max_pool(name: str, x: Node, *given: Any) -> Any:
    sizes, step, margin, spread = _windows(name, x, *(_sizes(entry) for entry in given))
    out = tuple(
        max(0, out_size(*s)) for s in zip(x.shape[-len(sizes) :], sizes, step, margin, spread)
    )
    _check_pool(x, sizes, out)
    index = pl.best_place(x, kernel=sizes, stride=step, padding=margin, dilation=spread)
    return pl.max_pool(x, index, dims=len(sizes)), index


def _sizes(given: Any) -> Shape:
    return () if given is None else (given,) if isinstance(given, int) else tuple(given)


def _no_ceil(ceil_mode: bool) -> None:
    if ceil_mode:
        raise NotImplementedFault("ceil_mode=True does not exist here")


def _max_pooling(count: int) -> Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]:
    """What `max_pool1d` and `max_pool2d` hand their arguments to."""
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
    _no_ceil(ceil_mode)
    values, index = _max_pool("max_pool2d", input, kernel_size, stride, padding, dilation)
    return (values, index) if return_indices else values


def _check_plain_pool(x: Node, *given: Any) -> None:
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
    out = out_size(x.shape[-1], kernel, stride, padding, dilation)
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
        _check_plain_pool(input, kernel_size, stride, padding, dilation)
    _no_ceil(ceil_mode)
    values, index = _max_pool("max_pool1d", input, kernel_size, stride, padding, dilation)
    return (_squeezed(values), index) if return_indices else _squeezed(values)


def _squeezed(x: Node) -> Node:
    """What the reference computes in two dimensions, with the extra one taken away."""
    return mv.squeeze_dim(x, shape=x.shape)


def _avg_pool(
    name: str, x: Node, kernel: Shape, stride: Shape | None, padding: Shape, pads: bool
) -> Node:
    sizes, step, margin, _ = _windows(name, x, kernel, stride, padding, (1,))
    out = tuple(max(0, out_size(*s, 1)) for s in zip(x.shape[-len(sizes) :], sizes, step, margin))
    _check_pool(x, sizes, out)
    return pl.avg_pool(x, kernel=sizes, stride=step, padding=margin, pads=pads)


@torch(
    "F.avg_pool2d(Tensor input, tuple of ints[2] kernel_size, tuple of ints[2]? stride = None, "
    "tuple of ints[2] padding = 0, bool ceil_mode = False, bool count_include_pad = True, "
    "int? divisor_override = None, *, Tensor out = None)",
    only="function",
)
def avg_pool2d(
    input: Node,
    kernel_size: Shape,
    stride: Shape | None,
    padding: Shape,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Node:
    _no_ceil(ceil_mode)
    return _avg_pool("avg_pool2d", input, kernel_size, stride, padding, count_include_pad)


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
    _no_ceil(ceil_mode)
    return _squeezed(
        _avg_pool("avg_pool1d", input, kernel_size, stride, padding, count_include_pad)
    )


def _adapting(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    size = given["output_size"]
    if isinstance(size, int):
        given = {**given, "output_size": (size, size)}
    elif not isinstance(size, (tuple, list, str, Node)):
        raise TypeFault(f"object of type '{type_name(size)}' has no len()")
    elif not isinstance(size, (tuple, list)):
        given = {**given, "output_size": (size, size)}
    return "adaptive_avg_pool2d(Tensor input, tuple of ints[2] output_size)", given


@python("F.adaptive_avg_pool2d", asks="input.size", calls=_adapting)
def adaptive_avg_pool2d(input: Node, output_size: Any) -> Node:
    if isinstance(output_size, int):
        wanted: Shape = (output_size,) * 2
    elif input.ndim <= len(output_size):
        raise ValueFault(f"Input dimension should be at least {len(output_size) + 1}")
    else:
        wanted = repeated(output_size, 2)
    size = tuple(n if w is None else w for w, n in zip(wanted, input.shape[-2:]))
    if len(size) == len(wanted) != 2:
        raise RuntimeFault("adaptive_avg_pool2d: output_size must be 2")
    if any(n < 0 for n in wanted if n is not None):
        raise RuntimeFault(
            "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 but "
            f"received {{{', '.join(map(str, wanted))}}}"
        )
    if wanted == (1, 1):
        size_at(input.shape, -2)
    if input.ndim not in (3, 4) and wanted != (1, 1):
        raise RuntimeFault(
            f"adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got {list(input.shape)}"
        )
    for at in range(-1, 1 - input.ndim, -1):
        if not input.shape[at]:
            raise RuntimeFault(
                "adaptive_avg_pool2d(): Expected input to have non-zero size for non-batch dimensions, "
                f"but input has sizes {list(input.shape)} with dimension {at} being empty"
            )
    if size == (1, 1):
        last = (input.ndim - 2, input.ndim - 1)
        return red.mean(input, dim=last, keepdim=True, dtype=input.dtype)
    return pl.adaptive_avg_pool(input, size=size)


@torch("F.adaptive_avg_pool1d(Tensor input, tuple of ints[1] output_size)", only="function")
def adaptive_avg_pool1d(input: Node, output_size: Shape) -> Node:
    if input.ndim not in (2, 3):
        raise RuntimeFault(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' "
            "(while checking arguments for adaptive_avg_pool1d)"
        )
    if len(output_size) != 1:
        raise RuntimeFault(
            f"adaptive_avg_pool1d() argument 'output_size' should contain one int (got {len(output_size)})"
        )
    image = mv.unsqueeze(input, shape=(*input.shape[:-1], 1, input.shape[-1]))
    pooled = adaptive_avg_pool2d(image, (1, *output_size))
    return mv.squeeze_dim(pooled, shape=(*pooled.shape[:-2], pooled.shape[-1]))
