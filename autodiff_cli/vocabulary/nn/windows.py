"""Convolutions, pooling and what else looks at windows.

Sources: torch/nn/modules/conv.py, pooling.py.
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
    _transposed = False

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
        if not self._transposed:
            self.output_padding: Any = 0
        self.transposed = self._transposed
        self.output_padding = repeated(self.output_padding, self._dims)
        self.groups, self.padding_mode = groups, padding_mode
        if self.padding == "same" and any(step != 1 for step in self.stride):
            raise ValueFault("padding='same' is not supported for strided convolutions")
        channels = (self.out_channels, self.in_channels // groups)
        if self._transposed:
            channels = (self.in_channels, self.out_channels // groups)
        shape = (*channels, *self.kernel_size)
        parametrize(self, dtype, weight=shape, bias=(self.out_channels,) if bias else None)

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


@module("torch.nn.modules.conv", f"Conv3d{CHANNELS}", shows=SHOWN)
class Conv3d(_Convolution):
    _dims = 3

    def forward(self, input: Any) -> Any:
        return self._convolved("F.conv3d", input)


class _Transposed(_Convolution):
    _transposed = True

    def _start(self, groups: int, bias: bool, padding_mode: str, dtype: Any) -> None:
        if padding_mode != "zeros":
            raise ValueFault(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super()._start(groups, bias, padding_mode, dtype)

    def _more(self, input: Any, output_size: Any) -> Any:
        """How much wider the output is than it has to be, for it to have a size."""
        if output_size is None:
            return self.output_padding
        count = self._dims
        unbatched = len(input.shape) == count + 1
        lead = 1 if unbatched else 2
        if len(output_size) == lead + count:
            output_size = output_size[lead:]
        if len(output_size) != count:
            raise ValueFault(
                f"ConvTranspose{count}D: for {len(input.shape)}D input, output_size must have {count} or "
                f"{lead + count} elements (got {len(output_size)})"
            )
        every = zip(input.shape[lead:], self.kernel_size, self.stride, self.padding, self.dilation)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, p, d in every]
        most = [n + s - 1 for n, s in zip(least, self.stride)]
        if any(not low <= n <= high for n, low, high in zip(output_size, least, most)):
            raise ValueFault(
                f"requested an output size of {output_size}, but valid sizes range from {least} to {most} "
                f"(for an input of {input.shape[lead:]})"
            )
        return [n - low for n, low in zip(output_size, least)]

    def forward(self, input: Any, output_size: Any = None) -> Any:
        more = self._more(input, output_size)
        options = (self.stride, self.padding, more, self.groups, self.dilation)
        function = f"F.conv_transpose{self._dims}d"
        return torch_call(function, input, self.weight, self.bias, *options)


TRANSPOSED = (
    "(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, "
    "dilation=1, padding_mode='zeros', device=None, dtype=None)"
)
for _count in (1, 2, 3):
    _name = f"ConvTranspose{_count}d"
    module(
        "torch.nn.modules.conv",
        f"{_name}{TRANSPOSED}",
        shows=SHOWN.replace("dilation?", "dilation? output_padding?"),
    )(type(_name, (_Transposed,), {"__qualname__": _name, "_dims": _count}))


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


@declared("_AdaptiveMaxPoolNd(output_size, return_indices=False)", shows="output_size")
class _AdaptiveMaxPoolNd(Module):
    pass


@declared(
    "_LPPoolNd(norm_type, kernel_size, stride=None, ceil_mode=False)",
    shows="norm_type kernel_size stride ceil_mode",
)
class _LPPoolNd(Module):
    pass


@declared("_MaxUnpoolNd(kernel_size, stride=None, padding=0)", shows="kernel_size stride padding")
class _MaxUnpoolNd(_Pool):
    _dims = 0

    def _start(self) -> None:
        for name in ("kernel_size", "stride", "padding"):
            value = getattr(self, name)
            value = self.kernel_size if value is None else value
            setattr(self, name, repeated(value, self._dims))

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        options = (self.kernel_size, self.stride, self.padding, output_size)
        return torch_call(f"F.max_unpool{self._dims}d", input, indices, *options)


for _count in (1, 2, 3):
    _dims = f"{_count}d"
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
    plain(
        POOLING,
        f"AdaptiveMaxPool{_dims}",
        f"F.adaptive_max_pool{_dims}(input, self.output_size, self.return_indices)",
        base=_AdaptiveMaxPoolNd,
    )
    plain(
        POOLING,
        f"LPPool{_dims}",
        f"F.lp_pool{_dims}(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)",
        base=_LPPoolNd,
    )
    _name = f"MaxUnpool{_dims}"
    module(POOLING, _name)(type(_name, (_MaxUnpoolNd,), {"__qualname__": _name, "_dims": _count}))


class _FractionalMaxPool(Module):
    def _start(self, _random_samples: Any) -> None:
        if self.output_size is None and self.output_ratio is None:
            raise ValueFault(
                f"{type(self).__name__} requires specifying either an output size, or a pooling ratio"
            )
        if self.output_size is not None and self.output_ratio is not None:
            raise ValueFault("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None:
            count = int(type(self).__name__[-2])
            self.output_ratio: Any = repeated(self.output_ratio, count)
            if not all(0 < ratio < 1 for ratio in self.output_ratio):
                raise ValueFault(f"output_ratio must be between 0 and 1 (got {self.output_ratio})")


FRACTIONAL = (
    "(kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None)"
)
for _count in (2, 3):
    plain(
        POOLING,
        f"FractionalMaxPool{_count}d{FRACTIONAL}",
        f"F.fractional_max_pool{_count}d(input, self.kernel_size, self.output_size, self.output_ratio, "
        "self.return_indices)",
        base=_FractionalMaxPool,
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


for _dims in ("2d", "3d"):
    plain(
        POOLING,
        f"AvgPool{_dims}(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, "
        "divisor_override=None)",
        f"F.avg_pool{_dims}",
        base=_AvgPoolNd,
    )
