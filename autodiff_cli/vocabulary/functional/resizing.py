"""`torch.nn.functional`: margins, other sizes of images, and elements between channels and places.

Sources: torch/nn/functional.py; ATen/native/UpSample.h, UpSampleKernel.cpp, PadNd.cpp, PixelShuffle.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, ValueFault
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import normalization as nm
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import rearrange as re
from autodiff_cli.ops import resampling as rs
from autodiff_cli.vocabulary.calls.registry import alias, python, torch
from autodiff_cli.vocabulary.functional.adaptive_pools import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)

# ---- margins ------------------------------------------------------------------------------------

PADS = {"reflect": "ReflectionPad{}DBackward0", "replicate": "ReplicationPad{}DBackward0"}


def _check_margins(mode: str, x: Node, pads: Sequence[int]) -> None:
    count = len(pads) // 2
    if count not in (1, 2, 3) or x.ndim not in (count + 1, count + 2):
        raise NotImplementedFault(
            f"Padding size {len(pads)} is not supported for {x.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    for at in range(count):
        dim, (before, after) = x.ndim - 1 - at, pads[2 * at : 2 * at + 2]
        size = x.shape[dim]
        if mode == "reflect" and max(before, after) >= size:
            raise RuntimeFault(
                f"Argument #{4 + 2 * at}: Padding size should be less than the corresponding input "
                f"dimension, but got: padding ({before}, {after}) at dimension {dim} of input "
                f"{list(x.shape)}"
            )
        if mode == "circular" and max(before, after) > size:
            raise RuntimeFault("Padding value causes wrapping around more than once.")
        if mode == "circular" and size + before + after < 0:
            raise RuntimeFault("Negative padding value is resulting in an empty dimension.")
        if size + before + after < 1 and mode != "circular":
            raise RuntimeFault(
                f"input (of size {list(x.shape)}) is too small for margins ({before}, {after})"
            )


def _widened(mode: str, x: Node, pads: Sequence[int]) -> Node:
    _check_margins(mode, x, pads)
    count = len(pads) // 2
    ways = tuple((mode, *pads[2 * at : 2 * at + 2]) for at in reversed(range(count)))
    return rs.resample(x, ways=ways, name=PADS.get(mode, "CopySlices").format(count))


@python("F.pad", calls="pad(Tensor input, tuple of ints pad, str mode, float? value)")
def pad(
    input: Node, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Node:
    if len(pad) % 2:
        raise RuntimeFault("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeFault(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.ndim}"
        )
    if mode != "constant":
        if value is not None and value != 0:
            raise RuntimeFault(f'Padding mode "{mode}" doesn\'t take in value argument')
        if mode not in ("reflect", "replicate", "circular"):
            raise NotImplementedFault(f"Unrecognised padding mode {mode}")
        return _widened(mode, input, pad)
    given = [(pad[at], pad[at + 1]) for at in range(0, len(pad), 2)]
    margins = ((0, 0),) * (input.ndim - len(given)) + tuple(reversed(given))
    if any(b + n + a < 0 for n, (b, a) in zip(input.shape, margins)):
        raise RuntimeFault("narrow(): length must be non-negative.")
    return re.pad(input, margins=margins, value=value or 0)


widened = pad


@torch("constant_pad_nd(Tensor input, tuple of ints pad, Number value = 0)", only="function")
def constant_pad_nd(input: Node, pad: Shape, value: float) -> Node:
    return widened(input, pad, "constant", value)


# ---- other sizes --------------------------------------------------------------------------------

LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}
NAMES = {
    "linear": "UpsampleLinear1DBackward0",
    "bilinear": "UpsampleBilinear2DBackward0",
    "trilinear": "UpsampleTrilinear3DBackward0",
    "bicubic": "UpsampleBicubic2DBackward0",
}


def _same_number(what: str, given: Sequence[Any], x: Node, letter: str) -> None:
    spatial = x.shape[2:]
    if len(given) != len(spatial):
        shown = "output size of" if what == "output" else "scale_factor of shape"
        name = "output size" if what == "output" else "scale_factor"
        raise ValueFault(
            f"Input and {what} must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {list(spatial)} and {shown} {given}. Please provide input tensor in "
            f"(N, C, d1, d2, ...,dK) format and {name} in ({letter}1, {letter}2, ...,{letter}K) format."
        )


@python("F.interpolate", asks="input.dim")
def interpolate(
    input: Node,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Node:
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueFault(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | "
                "bicubic | trilinear"
            )
    aligned = bool(align_corners)
    if size is not None and scale_factor is not None:
        raise ValueFault("only one of size or scale_factor should be defined")
    scales: Any = None
    spatial = input.shape[2:]
    if size is not None:
        if isinstance(size, (list, tuple)):
            _same_number("output", size, input, "o")
        else:
            size = (size,) * len(spatial)
    elif scale_factor is not None:
        if isinstance(scale_factor, (list, tuple)):
            _same_number("scale_factor", scale_factor, input, "s")
            scales = tuple(scale_factor)
        else:
            scales = (scale_factor,) * len(spatial)
    else:
        raise ValueFault("either size or scale_factor should be defined")
    if recompute_scale_factor and size is not None:
        raise ValueFault("recompute_scale_factor is not meaningful with an explicit size.")
    if mode == "area" and size is None:
        recompute_scale_factor = True
    if size is None:
        size = tuple(math.floor(n * float(scale)) for n, scale in zip(spatial, scales))
        if recompute_scale_factor:
            scales = None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
        raise ValueFault(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D "
            "tensor as input"
        )
    return _interpolated(input, tuple(size), scales, mode, aligned, antialias)


def _interpolated(
    x: Node, size: Shape, scales: Any, mode: str, aligned: bool, smooth: bool
) -> Node:
    kinds = {"nearest": (3, 4, 5), "nearest-exact": (3, 4, 5), "area": (3, 4, 5), "bicubic": (4,)}
    known = kinds | {name: (dims,) for dims, name in LINEAR.items()}
    if x.ndim in (3, 4, 5) and mode in LINEAR.values() and LINEAR[x.ndim] != mode:
        dims = known[mode][0]
        raise NotImplementedFault(f"Got {x.ndim}D input, but {mode} mode needs {dims}D input")
    if x.ndim not in known.get(mode, ()):
        raise NotImplementedFault(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {x.ndim}D) for the modes: "
            "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got "
            f"{mode})"
        )
    if mode == "area":
        pools = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)
        return pools[x.ndim - 3](x, size)
    count = x.ndim - 2
    if min(*x.shape[2:], *size) < 1:
        letters = "DHW"[-count:]
        shown = [
            ", ".join(f"{way}: {n}" for way, n in zip(letters, sizes))
            for sizes in (x.shape[2:], size)
        ]
        raise RuntimeFault(
            f"Input and output sizes should be greater than 0, but got input ({shown[0]}) output "
            f"({shown[1]})"
        )
    scales = scales or (None,) * count
    if mode == "nearest" and count == 2 and scales == (None, None):
        return nm.upsample_nearest(x, size=size)
    kind, flag = mode, aligned
    if mode in ("nearest", "nearest-exact"):
        kind, flag = "nearest", mode != "nearest"
        name = f"Upsample{'NearestExact' if flag else 'Nearest'}{count}DBackward0"
    else:
        name = NAMES[mode].replace("Backward0", "AaBackward0" if smooth else "Backward0")
        kind = ("smooth " if smooth else "") + ("cubic" if mode == "bicubic" else "linear")
    ways = tuple((kind, n, scale, flag) for n, scale in zip(size, scales))
    return rs.resample(x, ways=ways, name=name)


@python("F.upsample")
def upsample(
    input: Node,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Node:
    return interpolate(input, size, scale_factor, mode, align_corners)


@python("F.upsample_nearest")
def upsample_nearest(input: Node, size: Any = None, scale_factor: Any = None) -> Node:
    return interpolate(input, size, scale_factor, "nearest")


@python("F.upsample_bilinear")
def upsample_bilinear(input: Node, size: Any = None, scale_factor: Any = None) -> Node:
    return interpolate(input, size, scale_factor, "bilinear", True)


# ---- channels and places ------------------------------------------------------------------------


def _reordered(x: Node, split: Shape, dims: Sequence[int], shape: Shape, name: str) -> Node:
    turned = mv.permute(mv.reshape(x, split), dims=tuple(dims))
    result = mv.unsafe_view(pw.clone(turned), shape=shape)
    result.named = name
    return result


def _check_channels(name: str, x: Node, factor: int, what: str) -> None:
    if x.ndim < 3:
        raise RuntimeFault(
            f"{name} expects input to have at least 3 dimensions, but got input with {x.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeFault(f"{name} expects a positive {what}, but got {factor}")


@torch("pixel_shuffle(Tensor input, int upscale_factor)", only="function")
def pixel_shuffle(input: Node, upscale_factor: int) -> Node:
    r = upscale_factor
    _check_channels("pixel_shuffle", input, r, "upscale_factor")
    *lead, channels, high, wide = input.shape
    if channels % (r * r):
        raise RuntimeFault(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            f"upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(lead)
    split = (*lead, channels // (r * r), r, r, high, wide)
    dims = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    shape = (*lead, channels // (r * r), high * r, wide * r)
    return _reordered(input, split, dims, shape, "PixelShuffleBackward0")


@torch("pixel_unshuffle(Tensor input, int downscale_factor)", only="function")
def pixel_unshuffle(input: Node, downscale_factor: int) -> Node:
    r = downscale_factor
    _check_channels("pixel_unshuffle", input, r, "downscale_factor")
    *lead, channels, high, wide = input.shape
    for what, size, at in (("height", high, -2), ("width", wide, -1)):
        if size % r:
            raise RuntimeFault(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but "
                f"input.size({at})={size} is not divisible by {r}"
            )
    n = len(lead)
    split = (*lead, channels, high // r, r, wide // r, r)
    dims = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    shape = (*lead, channels * r * r, high // r, wide // r)
    return _reordered(input, split, dims, shape, "PixelUnshuffleBackward0")


@torch("channel_shuffle(Tensor input, SymInt groups)", only="function")
def channel_shuffle(input: Node, groups: int) -> Node:
    if input.ndim < 3:
        raise RuntimeFault(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}"
        )
    if groups <= 0:
        raise RuntimeFault(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    count, channels, *rest = input.shape
    if channels % groups:
        raise RuntimeFault(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    split = (count, groups, channels // groups, *rest)
    dims = (0, 2, 1, *range(3, len(split)))
    return _reordered(input, split, dims, input.shape, "ChannelShuffleBackward0")


for _name in ("pixel_shuffle", "pixel_unshuffle", "channel_shuffle"):
    alias(f"F.{_name}", of=_name)
