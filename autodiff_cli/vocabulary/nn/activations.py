"""Activations as modules: a function of `torch.nn.functional` with its arguments.

Source: torch/nn/modules/activation.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import AssertionFault, ValueFault
from autodiff_cli.vocabulary.calling import opened, torch_call
from autodiff_cli.vocabulary.nn.init import constant_, empty
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.nn.parameter import Parameter

SOURCE = "torch.nn.modules.activation"


def activation(*names: str) -> Callable[[type], type]:
    return opened(SOURCE, *[f"nn.{name}" for name in names])


def _in_place(module: Any, lead: str = "") -> str:
    return f"{lead}inplace=True" if module.inplace else ""


class _InPlace(Module):
    """An activation whose only argument is whether it overwrites its input."""

    function = ""
    shown = True

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        return torch_call(self.function, input, inplace=self.inplace)

    def extra_repr(self) -> str:
        return _in_place(self) if self.shown else ""


def _of_in_place(name: str, function: str, shown: bool = True) -> type:
    cls = type(name, (_InPlace,), {"function": function, "shown": shown})
    cls.__qualname__ = name
    return activation(name)(cls)


ReLU = _of_in_place("ReLU", "F.relu")
SiLU = _of_in_place("SiLU", "F.silu")
Mish = _of_in_place("Mish", "F.mish")
SELU = _of_in_place("SELU", "F.selu")
Hardsigmoid = _of_in_place("Hardsigmoid", "F.hardsigmoid", shown=False)
Hardswish = _of_in_place("Hardswish", "F.hardswish", shown=False)


class _Plain(Module):
    """An activation without arguments."""

    function = ""

    def __init__(self) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return torch_call(self.function, input)


def _of_plain(name: str, function: str) -> type:
    cls = type(name, (_Plain,), {"function": function})
    cls.__qualname__ = name
    return activation(name)(cls)


Sigmoid = _of_plain("Sigmoid", "sigmoid")
Tanh = _of_plain("Tanh", "tanh")
LogSigmoid = _of_plain("LogSigmoid", "F.logsigmoid")
Softsign = _of_plain("Softsign", "F.softsign")
Tanhshrink = _of_plain("Tanhshrink", "F.tanhshrink")


@activation("Threshold")
class Threshold(Module):
    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, input: Any) -> Any:
        return torch_call("F.threshold", input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}{_in_place(self, ', ')}"


@activation("Hardtanh")
class Hardtanh(Module):
    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace
        if max_val <= min_val:
            raise AssertionFault(f"max_val ({max_val}) must be greater than min_val ({min_val})")

    def forward(self, input: Any) -> Any:
        return torch_call("F.hardtanh", input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}{_in_place(self, ', ')}"


@activation("ReLU6")
class ReLU6(Hardtanh):
    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return _in_place(self)


class _Alpha(Module):
    function = ""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha, self.inplace = alpha, inplace

    def forward(self, input: Any) -> Any:
        return torch_call(self.function, input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{_in_place(self, ', ')}"


@activation("ELU")
class ELU(_Alpha):
    function = "F.elu"


@activation("CELU")
class CELU(_Alpha):
    function = "F.celu"


@activation("LeakyReLU")
class LeakyReLU(Module):
    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, input: Any) -> Any:
        return torch_call("F.leaky_relu", input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}{_in_place(self, ', ')}"


@activation("GLU")
class GLU(Module):
    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return torch_call("F.glu", input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


@activation("GELU")
class GELU(Module):
    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        return torch_call("F.gelu", input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class _Shrink(Module):
    function = ""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        return torch_call(self.function, input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


@activation("Hardshrink")
class Hardshrink(_Shrink):
    function = "F.hardshrink"


@activation("Softshrink")
class Softshrink(_Shrink):
    function = "F.softshrink"


@activation("Softplus")
class Softplus(Module):
    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Any) -> Any:
        return torch_call("F.softplus", input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


@activation("PReLU")
class PReLU(Module):
    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty((num_parameters,), dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        return torch_call("F.prelu", input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class _Over(Module):
    """A function over one dimension."""

    function = ""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return torch_call(self.function, input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


@activation("Softmax")
class Softmax(_Over):
    function = "F.softmax"


@activation("LogSoftmax")
class LogSoftmax(_Over):
    function = "F.log_softmax"


@activation("Softmin")
class Softmin(_Over):
    function = "F.softmin"


@activation("Softmax2d")
class Softmax2d(Module):
    def forward(self, input: Any) -> Any:
        if len(input.shape) not in (3, 4):
            raise ValueFault(
                f"Softmax2d: expected input to be 3D or 4D, got {len(input.shape)}D instead"
            )
        return torch_call("F.softmax", input, -3, _stacklevel=5)
