"""Margins, images of other sizes, windows as columns, channels as places.

Sources: torch/nn/modules/upsampling.py, padding.py, pixelshuffle.py, channelshuffle.py, fold.py.
"""

from __future__ import annotations

from typing import Any

from autodiff_cli.vocabulary.calls.calling import torch_call
from autodiff_cli.vocabulary.nn.declared import module, plain
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.nn.windows import repeated

UPSAMPLING = "torch.nn.modules.upsampling"


@module(
    UPSAMPLING,
    "Upsample(size=None, scale_factor=None, mode='nearest', align_corners=None, "
    "recompute_scale_factor=None)",
    "F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners, "
    "self.recompute_scale_factor)",
)
class Upsample(Module):
    scale_factor: Any

    def _start(self, scale_factor: Any) -> None:
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None

    def extra_repr(self) -> str:
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


@module(UPSAMPLING, "UpsamplingNearest2d")
class UpsamplingNearest2d(Upsample):
    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


@module(UPSAMPLING, "UpsamplingBilinear2d")
class UpsamplingBilinear2d(Upsample):
    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


# ---- margins ------------------------------------------------------------------------------------

PADDING = "torch.nn.modules.padding"
KINDS = {"ReflectionPad": "reflect", "ReplicationPad": "replicate", "CircularPad": "circular"}


class _Padding(Module):
    _dims, _mode = 0, "constant"
    padding: Any

    def _start(self) -> None:
        self.padding = repeated(self.padding, 2 * self._dims)

    def forward(self, input: Any) -> Any:
        return torch_call("F.pad", input, self.padding, self._mode)


class _ConstantPad(_Padding):
    def forward(self, input: Any) -> Any:
        return torch_call("F.pad", input, self.padding, "constant", self.value)


class _ZeroPad(_Padding):
    def _start(self) -> None:
        super()._start()
        self.value = 0.0

    def forward(self, input: Any) -> Any:
        return torch_call("F.pad", input, self.padding, "constant", 0.0)


def _padding(name: str, dims: int, base: type, options: str, shows: str, mode: str = "") -> None:
    name = f"{name}{dims}d"
    members = {"__qualname__": name, "_dims": dims} | ({"_mode": mode} if mode else {})
    module(PADDING, f"{name}({options})", shows=shows)(type(name, (base,), members))


for _count in (1, 2, 3):
    for _name, _kind in KINDS.items():
        _padding(_name, _count, _Padding, "padding", "{padding}", _kind)
    _padding("ConstantPad", _count, _ConstantPad, "padding, value", "padding value")
    _padding("ZeroPad", _count, _ZeroPad, "padding", "{padding}")

# ---- channels, places, columns ------------------------------------------------------------------

plain(
    "torch.nn.modules.pixelshuffle",
    "PixelShuffle(upscale_factor)",
    "F.pixel_shuffle",
    "upscale_factor",
)
plain(
    "torch.nn.modules.pixelshuffle",
    "PixelUnshuffle(downscale_factor)",
    "F.pixel_unshuffle",
    "downscale_factor",
)
plain("torch.nn.modules.channelshuffle", "ChannelShuffle(groups)", "F.channel_shuffle", "groups")
plain(
    "torch.nn.modules.fold",
    "Unfold(kernel_size, dilation=1, padding=0, stride=1)",
    "F.unfold",
    "kernel_size dilation padding stride",
)
plain(
    "torch.nn.modules.fold",
    "Fold(output_size, kernel_size, dilation=1, padding=0, stride=1)",
    "F.fold",
    "output_size kernel_size dilation padding stride",
)
