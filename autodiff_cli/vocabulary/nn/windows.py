"""Convolutions, pooling and what else looks at windows.

Sources: torch/nn/modules/conv.py, pooling.py, upsampling.py, padding.py.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff_cli.errors import ValueFault
from autodiff_cli.vocabulary.calls.calling import torch_call
from autodiff_cli.vocabulary.nn.declared import declared, module, plain
from autodiff_cli.vocabulary.nn.init import kaiming_uniform_, parametrize
from autodiff_cli.vocabulary.nn.layers import uniform_bias
from autodiff_cli.vocabulary.nn.module import Module


def repeated(value: Any, count: int) -> Any:
    """One number for each dimension."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * count


class _Convolution(Module):
    _dims = 0

    def _start(self, groups: int, bias: bool, padding_mode: str, dtype: Any) -> None:
        if groups <= 0:
            raise ValueFault("groups must be a positive integer")
        if self.in_channels % groups != 0:
            raise ValueFault("in_channels must be divisible by groups")
        if self.out_channels % groups != 0:
            raise ValueFault("out_channels must be divisible by groups")
        for name in ("kernel_size", "stride", "padding", "dilation"):
            if not (name == "padding" and isinstance(self.padding, str)):
                setattr(self, name, repeated(getattr(self, name), self._dims))
        self.transposed, self.output_padding = False, (0,) * self._dims
        self.groups, self.padding_mode = groups, padding_mode
        if self.padding == "same" and any(step != 1 for step in self.stride):
            raise ValueFault("padding='same' is not supported for strided convolutions")
        shape = (self.out_channels, self.in_channels // groups, *self.kernel_size)
        parametrize(self, dtype, weight=shape, bias=shape[:1] if bias else None)

    def reset_parameters(self) -> None:
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        uniform_bias(self)

    def _convolved(self, function: str, input: Any) -> Any:
        padding = self.padding
        if self.padding_mode != "zeros":
            sides = [width for width in reversed(padding) for _ in range(2)]
            input = torch_call("F.pad", input, sides, mode=self.padding_mode)
            padding = (0,) * self._dims
        options = (self.stride, padding, self.dilation, self.groups)
        return torch_call(function, input, self.weight, self.bias, *options)


CHANNELS = (
    "(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
    "padding_mode='zeros', device=None, dtype=None)"
)
SHOWN = (
    "{in_channels} {out_channels} kernel_size stride padding? dilation? groups? bias? padding_mode?"
)


@module("torch.nn.modules.conv", f"Conv1d{CHANNELS}", shows=SHOWN)
class Conv1d(_Convolution):
    _dims = 1

    def forward(self, input: Any) -> Any:
        return self._convolved("F.conv1d", input)


@module("torch.nn.modules.conv", f"Conv2d{CHANNELS}", shows=SHOWN)
class Conv2d(_Convolution):
    _dims = 2

    def forward(self, input: Any) -> Any:
        return self._convolved("F.conv2d", input)


# ---- pools --------------------------------------------------------------------------------------

POOLING = "torch.nn.modules.pooling"


class _Pool(Module):
    stride: Any

    def _start(self) -> None:
        if self.stride is None:
            self.stride = self.kernel_size


@declared(
    "_MaxPoolNd(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)",
    shows="kernel_size stride padding dilation ceil_mode",
)
class _MaxPoolNd(_Pool):
    pass


@declared("_AvgPoolNd", shows="kernel_size stride padding")
class _AvgPoolNd(_Pool):
    pass


@declared("_AdaptiveAvgPoolNd(output_size)", shows="output_size")
class _AdaptiveAvgPoolNd(Module):
    pass


for _dims in ("1d", "2d"):
    plain(
        POOLING,
        f"MaxPool{_dims}",
        f"F.max_pool{_dims}(input, self.kernel_size, self.stride, self.padding, self.dilation, "
        "ceil_mode=self.ceil_mode, return_indices=self.return_indices)",
        base=_MaxPoolNd,
    )
    plain(
        POOLING, f"AdaptiveAvgPool{_dims}", f"F.adaptive_avg_pool{_dims}", base=_AdaptiveAvgPoolNd
    )


@module(
    POOLING,
    "AvgPool1d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)",
    "F.avg_pool1d",
)
class AvgPool1d(_AvgPoolNd):
    def _start(self) -> None:
        super()._start()
        for name in ("kernel_size", "stride", "padding"):
            setattr(self, name, repeated(getattr(self, name), 1))


plain(
    POOLING,
    "AvgPool2d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, "
    "divisor_override=None)",
    "F.avg_pool2d",
    base=_AvgPoolNd,
)


@module(
    "torch.nn.modules.upsampling",
    "Upsample(size=None, scale_factor=None, mode='nearest', align_corners=None)",
    "F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners)",
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
