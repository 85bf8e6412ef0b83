"""`torch.nn.functional`: pools to a size, at random places, of powers; what undoes a pool of maxima.

Sources: ATen/native/AdaptiveAveragePooling.cpp, AdaptiveMaxPooling2d.cpp, FractionalMaxPool2d.cpp,
MaxUnpooling.cpp; torch/nn/functional.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault, ValueFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, Shape, constant
from autodiff_cli.ir.shapes import size_at
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import pooling as pl
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import scatter as sc
from autodiff_cli.ops.create import full
from autodiff_cli.random.streams import default_generator
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, python, torch
from autodiff_cli.vocabulary.functional.convolutions import repeated
from autodiff_cli.vocabulary.functional.pools import max_pool1d, max_pool2d, max_pool3d, picked

# ---- to a size ----------------------------------------------------------------------------------


def _adapting(name: str) -> Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]:
    """What the functions written in Python hand their arguments to."""
    count = int(name[-2])

    def calls(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        size = given["output_size"]
        if isinstance(size, int):
            given = {**given, "output_size": (size,) * count}
        elif not isinstance(size, (tuple, list, str, Node)):
            raise TypeFault(f"object of type '{type_name(size)}' has no len()")
        elif not isinstance(size, (tuple, list)):
            given = {**given, "output_size": (size,) * count}
        return f"{name}(Tensor input, tuple of ints[{count}] output_size)", given

    return calls


def _wanted(x: Node, output_size: Any, count: int) -> tuple[Shape, Shape]:
    """The sizes that are asked for, and those with the image's own where none is."""
    if isinstance(output_size, int):
        return (output_size,) * count, (output_size,) * count
    if x.ndim <= len(output_size):
        raise ValueFault(f"Input dimension should be at least {len(output_size) + 1}")
    wanted: Shape = repeated(output_size, count)
    return wanted, tuple(n if w is None else w for w, n in zip(wanted, x.shape[-len(wanted) :]))


def _check_image(name: str, x: Node, colon: str = "") -> None:
    """Refuse what isn't a batch of images, or is empty."""
    count = int(name[-2])
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeFault(
            f"{name}(): Expected {count + 1}D or {count + 2}D tensor, but got{colon} {list(x.shape)}"
        )
    _check_filled(name, x)


def _check_filled(name: str, x: Node) -> None:
    count = int(name[-2])
    last_first = "avg" in name and count == 2
    places = range(-1, -count - (1 if last_first else 0), -1) if last_first else range(-count, 0)
    for at in places:
        if last_first and at < 1 - x.ndim:
            break
        if not x.shape[at]:
            shown = at if last_first else at + x.ndim
            raise RuntimeFault(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, "
                f"but input has sizes {list(x.shape)} with dimension {shown} being empty"
            )


def _adaptive_average(name: str, x: Node, output_size: Any) -> Node:
    count = int(name[-2])
    wanted, size = _wanted(x, output_size, count)
    if len(size) != count:
        raise RuntimeFault(f"{name}: output_size must be {count}")
    if any(n < 0 for n in wanted if n is not None):
        raise RuntimeFault(
            f"{name}: elements of output_size must be greater than or equal to 0 but "
            f"received {{{', '.join(map(str, wanted))}}}"
        )
    alone = (1,) * count
    if wanted == alone:
        size_at(x.shape, -count)
    if wanted != alone or count == 3:
        _check_image(name, x)
    else:
        _check_filled(name, x)
    if size == alone:
        last = tuple(range(x.ndim - count, x.ndim))
        return red.mean(x, dim=last, keepdim=True, dtype=x.dtype)
    result = pl.adaptive_avg_pool(x, size=size)
    if count == 3:
        result.named = "AdaptiveAvgPool3DBackward0"
    return result


@python("F.adaptive_avg_pool2d", asks="input.size", calls=_adapting("adaptive_avg_pool2d"))
def adaptive_avg_pool2d(input: Node, output_size: Any) -> Node:
    return _adaptive_average("adaptive_avg_pool2d", input, output_size)


@python("F.adaptive_avg_pool3d", asks="input.size", calls=_adapting("adaptive_avg_pool3d"))
def adaptive_avg_pool3d(input: Node, output_size: Any) -> Node:
    return _adaptive_average("adaptive_avg_pool3d", input, output_size)


def _check_line(name: str, x: Node, output_size: Shape) -> None:
    if x.ndim not in (2, 3):
        raise RuntimeFault(
            f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 'self' "
            f"(while checking arguments for {name})"
        )
    if len(output_size) != 1:
        raise RuntimeFault(
            f"{name}() argument 'output_size' should contain one int (got {len(output_size)})"
        )


def _as_image(x: Node) -> Node:
    """A line as an image of one row, as the reference sees it."""
    return mv.unsqueeze(x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def _as_line(x: Node) -> Node:
    return mv.squeeze_dim(x, shape=(*x.shape[:-2], x.shape[-1]))


@torch("F.adaptive_avg_pool1d(Tensor input, tuple of ints[1] output_size)", only="function")
def adaptive_avg_pool1d(input: Node, output_size: Shape) -> Node:
    _check_line("adaptive_avg_pool1d", input, output_size)
    return _as_line(adaptive_avg_pool2d(_as_image(input), (1, *output_size)))


def _ranges(size: int, parts: int) -> Any:
    """(1, parts, longest): the indices of each of so many overlapping ranges."""
    start = np.arange(parts) * size // parts
    stop = -(-(np.arange(parts) + 1) * size // parts)
    longest = int((stop - start).max(initial=1))
    return np.minimum(start[:, None] + np.arange(longest), stop[:, None] - 1)[None]


def _adaptive_greatest(name: str, x: Node, size: Shape) -> tuple[Node, Node]:
    count = int(name[-2])
    if len(size) != count:
        raise RuntimeFault(f"{name}(): internal error: output_size.size() must be {count}")
    _check_image(name, x, ":")
    if any(n < 0 for n in size):
        least = min(size)
        shape = [*x.shape[:-count], *size]
        raise RuntimeFault(f"Trying to create tensor with negative dimension {least}: {shape}")
    places = (constant(_ranges(n, parts)) for n, parts in zip(x.shape[-count:], size))
    index = pl.best_of(x, *places)
    return picked(x, index, count, f"AdaptiveMaxPool{count}DBackward0"), index


def _adaptive_maxima(count: int) -> None:
    name = f"adaptive_max_pool{count}d"

    @python(f"F.{name}", asks="input.size", calls=_adapting(name))
    def pool(input: Node, output_size: Any, return_indices: bool = False) -> Any:
        values, index = _adaptive_greatest(name, input, _wanted(input, output_size, count)[1])
        return (values, index) if return_indices else values


_adaptive_maxima(2)
_adaptive_maxima(3)


@python(
    "F.adaptive_max_pool1d",
    calls="adaptive_max_pool1d(Tensor input, tuple of ints[1] output_size)",
)
def adaptive_max_pool1d(input: Node, output_size: Any, return_indices: bool = False) -> Any:
    size = (output_size,) if isinstance(output_size, int) else tuple(output_size)
    _check_line("adaptive_max_pool1d", input, size)
    if not input.shape[-1] or not input.shape[-2]:
        _check_filled("adaptive_max_pool1d", input)
        at = input.ndim - 2
        raise RuntimeFault(
            "adaptive_max_pool1d(): Expected input to have non-zero size for non-batch dimensions, "
            f"but input has sizes {list(input.shape)} with dimension {at} being empty"
        )
    values, index = map(
        _as_line, _adaptive_greatest("adaptive_max_pool2d", _as_image(input), (1, *size))
    )
    return (values, index) if return_indices else values


# ---- at random places ---------------------------------------------------------------------------


def _random_starts(samples: Any, size: int, out: int, kernel: int) -> Any:
    """(images, out): where the windows start. Source: ATen/native/FractionalMaxPooling.h."""
    real = samples.dtype.type
    starts = np.full((len(samples), out), size - kernel, np.int64)
    if out > 1:
        alpha = real(size - kernel) / real(out - 1)
        steps = np.arange(out - 1).astype(samples.dtype)
        moved = ((steps + samples[:, None]) * alpha).astype(np.int64)
        starts[:, :-1] = moved - (samples[:, None] * alpha).astype(np.int64)
    return starts


def _fractional(
    name: str, x: Node, kernel: Any, size: Any, ratio: Any, samples: Node | None
) -> Any:
    count = int(name[-2])
    if size is None:
        if ratio is None:
            raise ValueFault(f"{name} requires specifying either an output_size or an output_ratio")
        if count == 2 and not isinstance(ratio, (tuple, list)):
            raise TypeFault(f"object of type '{type_name(ratio)}' has no len()")
        ratios = ratio if isinstance(ratio, (tuple, list)) else (ratio,) * count
        if len(ratios) != count:
            raise ValueFault(
                f"{name} requires output_ratio to either be a single Int or tuple of Ints."
            )
        size = tuple(int(n * r) for n, r in zip(x.shape[-count:], ratios))
    if isinstance(kernel, (tuple, list)) and len(kernel) != count:
        raise RuntimeFault(f"{name}: kernel_size must either be a single Int or tuple of Ints")
    kernel, out = repeated(kernel, count), repeated(size, count)
    channels = size_at(x.shape, -count - 1)
    images = 1 if x.ndim == count + 1 else x.shape[0]
    if samples is None:
        drawn = default_generator().uniform((images, channels, count), x.dtype.numpy)
    else:
        drawn = force(samples)
    ways = ("time", "height", "width")[-count:]
    for way, n, o, k in zip(ways, x.shape[-count:], out, kernel):
        if o + k - 1 > n:
            function = name if count == 2 else f"{name}_out"
            raise RuntimeFault(
                f"{function}(): pool {way} {k} too large relative to input {way} {n}"
            )
    flat = np.asarray(drawn).reshape(-1, count)
    order = range(count) if count == 3 else (1, 0)  # the reference draws the width's first
    places = []
    for at, n, o, k in zip(order, x.shape[-count:], out, kernel):
        starts = _random_starts(flat[:, at], n, o, k)
        places.append(constant(starts[..., None] + np.arange(k)))
    index = pl.best_of(x, *places)
    return picked(x, index, count, f"FractionalMaxPool{count}DBackward0"), index


def _fractional_maxima(count: int) -> None:
    name = f"fractional_max_pool{count}d"

    @python(f"F.{name}", asks="input.dim")
    def pool(
        input: Node,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Node | None = None,
    ) -> Any:
        given = (kernel_size, output_size, output_ratio, _random_samples)
        values, index = _fractional(name, input, *given)
        return (values, index) if return_indices else values


_fractional_maxima(2)
_fractional_maxima(3)

# ---- of powers ----------------------------------------------------------------------------------


def _power_pools(count: int) -> None:
    largest = (max_pool1d, max_pool2d, max_pool3d)[count - 1]
    average = FUNCTIONS[f"F.avg_pool{count}d"]

    @python(f"F.lp_pool{count}d", asks="input.pow")
    def pool(
        input: Node,
        norm_type: float,
        kernel_size: Any,
        stride: Any = None,
        ceil_mode: bool = False,
    ) -> Node:
        if math.isinf(norm_type):
            sign = math.copysign(1, norm_type)
            size = ar.mul_number(pw.abs(input), other=sign) if sign < 0 else pw.abs(input)
            greatest: Node = largest(size, kernel_size, stride, 0, 1, ceil_mode)
            return ar.neg(greatest) if sign < 0 else greatest
        powers = ar.pow_number(input, exponent=norm_type)
        mean = average(powers, kernel_size, stride, 0, ceil_mode)
        positive = ar.mul(pw.sign(mean), pw.relu(pw.abs(mean)))
        total = ar.mul_number(positive, other=math.prod(repeated(kernel_size, count)))
        return ar.pow_number(total, exponent=1.0 / norm_type)


for _count in (1, 2, 3):
    _power_pools(_count)

# ---- what undoes a pool of maxima ---------------------------------------------------------------


def _unpooled_size(x: Node, kernel: Shape, step: Shape, margin: Shape, size: Any) -> Shape:
    count = len(kernel)
    every = zip(x.shape[-count:], kernel, step, margin)
    usual = tuple((n - 1) * s + k - 2 * p for n, k, s, p in every)
    if size is None:
        return usual
    if len(size) == count + 2:
        size = size[2:]
    if len(size) != count:
        raise ValueFault(
            f"output_size should be a sequence containing {count} or {count + 2} elements, but it has a "
            f"length of '{len(size)}'"
        )
    for at, (n, own, s) in enumerate(zip(size, usual, step)):
        if not own - s < n < own + s:
            raise ValueFault(
                f'invalid output_size "{size}" (dim {at} must be between {own - s} and {own + s})'
            )
    return tuple(size)


def _unpooled(x: Node, index: Node, size: Shape) -> Node:
    """Zeros, with elements where a pool found them. Source: ATen/native/MaxUnpooling.cpp."""
    count = len(size)
    if index.dtype is not dtypes.int64:
        raise RuntimeFault(
            f"elements in indices should be type int64 but got: {index.dtype.scalar_name}"
        )
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeFault(
            f"Input to max_unpooling{count}d should be a {count + 1}d or {count + 2}d Tensor, but got a "
            f"tensor with {x.ndim} dimensions."
        )
    if x.shape != index.shape:
        raise RuntimeFault(
            f"Expected shape of indices to be same as that of the input tensor ({list(x.shape)}) but got "
            f"indices tensor with shape: {list(index.shape)}"
        )
    lead, places = x.shape[:-count], math.prod(size)
    found = force(index)
    outside = found[(found < 0) | (found >= places)]
    if outside.size:
        volume = "x".join(map(str, size))
        raise RuntimeFault(
            f"Found an invalid max index: {outside[0]} (output volumes are of size {volume})"
        )
    flat = (*lead, math.prod(x.shape[-count:]))
    nothing = full(shape=(*lead, places), value=0, dtype=x.dtype)
    put = sc.scatter(nothing, mv.reshape(index, flat), mv.reshape(x, flat), dim=len(lead))
    result = mv.unsafe_view(put, shape=(*lead, *size))
    result.named = f"MaxUnpool{count}DBackward0"
    return result


def _unpooling(count: int) -> None:
    @python(f"F.max_unpool{count}d", asks="input.size")
    def unpool(
        input: Node,
        indices: Node,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Node:
        kernel = repeated(kernel_size, count)
        step = kernel if stride is None else repeated(stride, count)
        if 0 in step and count == 3:
            raise RuntimeFault(f"strides should be greater than zero, but got stride: {list(step)}")
        size = _unpooled_size(input, kernel, step, repeated(padding, count), output_size)
        if count > 1:
            return _unpooled(input, indices, size)
        image, index = (mv.unsqueeze(each, shape=(*each.shape, 1)) for each in (input, indices))
        result = _unpooled(image, index, (*size, 1))
        return mv.squeeze_dim(result, shape=result.shape[:-1])


for _count in (1, 2, 3):
    _unpooling(_count)
