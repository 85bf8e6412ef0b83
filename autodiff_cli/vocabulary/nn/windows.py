"""Convolutions, pooling and what else looks at windows.

Sources: torch/nn/modules/conv.py, pooling.py, upsampling.py, padding.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import ValueFault
from autodiff_cli.vocabulary.calling import opened, torch_call
from autodiff_cli.vocabulary.nn.init import empty, kaiming_uniform_
from autodiff_cli.vocabulary.nn.layers import uniform_bias
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.nn.parameter import Parameter


def repeated(value: Any, count: int) -> Any:
    """One number for each dimension."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * count


class _Convolution(Module):
    dims = 0
    function = ""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueFault("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueFault("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueFault("out_channels must be divisible by groups")
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = repeated(kernel_size, self.dims)
        self.stride = repeated(stride, self.dims)
        self.padding = padding if isinstance(padding, str) else repeated(padding, self.dims)
        self.dilation = repeated(dilation, self.dims)
        self.transposed, self.output_padding = False, (0,) * self.dims
        self.groups, self.padding_mode = groups, padding_mode
        if padding == "same" and any(step != 1 for step in self.stride):
            raise ValueFault("padding='same' is not supported for strided convolutions")
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, dtype))
        self.register_parameter("bias", Parameter(empty((out_channels,), dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        kaiming_uniform_(self.weight, a=math.sqrt(5))
        uniform_bias(self)

    def forward(self, input: Any) -> Any:
        padding = self.padding
        if self.padding_mode != "zeros":
            sides = [width for width in reversed(padding) for _ in range(2)]
            input = torch_call("F.pad", input, sides, mode=self.padding_mode)
            padding = (0,) * self.dims
        return torch_call(
            self.function,
            input,
            self.weight,
            self.bias,
            self.stride,
            padding,
            self.dilation,
            self.groups,
        )

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * len(self.padding):
            text += f", padding={self.padding}"
        if self.dilation != (1,) * len(self.dilation):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


@opened("torch.nn.modules.conv", "nn.Conv1d")
class Conv1d(_Convolution):
    dims, function = 1, "F.conv1d"


@opened("torch.nn.modules.conv", "nn.Conv2d")
class Conv2d(_Convolution):
    dims, function = 2, "F.conv2d"


def pooling(name: str) -> Callable[[type], type]:
    return opened("torch.nn.modules.pooling", f"nn.{name}")


class _MaxPoolNd(Module):
    function = ""

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Any) -> Any:
        return torch_call(
            self.function,
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


@pooling("MaxPool1d")
class MaxPool1d(_MaxPoolNd):
    function = "F.max_pool1d"


@pooling("MaxPool2d")
class MaxPool2d(_MaxPoolNd):
    function = "F.max_pool2d"


class _AvgPoolNd(Module):
    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


@pooling("AvgPool1d")
class AvgPool1d(_AvgPoolNd):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = repeated(kernel_size, 1)
        self.stride = repeated(kernel_size if stride is None else stride, 1)
        self.padding = repeated(padding, 1)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Any) -> Any:
        return torch_call(
            "F.avg_pool1d",
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


@pooling("AvgPool2d")
class AvgPool2d(_AvgPoolNd):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return torch_call(
            "F.avg_pool2d",
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class _AdaptiveAvgPoolNd(Module):
    function = ""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        return torch_call(self.function, input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


@pooling("AdaptiveAvgPool1d")
class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    function = "F.adaptive_avg_pool1d"


@pooling("AdaptiveAvgPool2d")
class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    function = "F.adaptive_avg_pool2d"


@opened("torch.nn.modules.upsampling", "nn.Upsample")
class Upsample(Module):
    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
    ) -> None:
        super().__init__()
        self.size, self.mode, self.align_corners = size, mode, align_corners
        if isinstance(scale_factor, tuple):
            self.scale_factor: Any = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None

    def forward(self, input: Any) -> Any:
        return torch_call(
            "F.interpolate", input, self.size, self.scale_factor, self.mode, self.align_corners
        )

    def extra_repr(self) -> str:
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"
