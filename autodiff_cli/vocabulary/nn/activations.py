"""Activations as modules: a function of `torch.nn.functional` with its arguments.

Source: torch/nn/modules/activation.py.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from autodiff_cli.errors import AssertionFault, ValueFault
from autodiff_cli.vocabulary.calls.calling import torch_call
from autodiff_cli.vocabulary.nn.declared import module, plain
from autodiff_cli.vocabulary.nn.init import constant_, parametrize
from autodiff_cli.vocabulary.nn.module import Module

SOURCE = "torch.nn.modules.activation"
activation = partial(plain, SOURCE)

activation("Sigmoid", "sigmoid")
activation("Tanh", "tanh")
activation("LogSigmoid", "F.logsigmoid")
activation("Softsign", "F.softsign")
activation("Tanhshrink", "F.tanhshrink")
activation("ReLU(inplace=False)", "F.relu", "inplace=True")
activation("SiLU(inplace=False)", "F.silu", "inplace=True")
activation("Mish(inplace=False)", "F.mish", "inplace=True")
activation("SELU(inplace=False)", "F.selu", "inplace=True")
activation("Hardsigmoid(inplace=False)", "F.hardsigmoid")
activation("Hardswish(inplace=False)", "F.hardswish")
activation("ELU(alpha=1.0, inplace=False)", "F.elu", "alpha inplace=True")
activation("CELU(alpha=1.0, inplace=False)", "F.celu", "alpha inplace=True")
activation(
    "LeakyReLU(negative_slope=1e-2, inplace=False)", "F.leaky_relu", "negative_slope inplace=True"
)
activation(
    "Threshold(threshold, value, inplace=False)", "F.threshold", "threshold value inplace=True"
)
activation("Hardshrink(lambd=0.5)", "F.hardshrink", "{lambd}")
activation("Softshrink(lambd=0.5)", "F.softshrink", "{lambd}")
activation("Softplus(beta=1.0, threshold=20.0)", "F.softplus", "beta threshold")
activation(
    "GELU(approximate='none')", "F.gelu(input, approximate=self.approximate)", "approximate!r"
)
activation("GLU(dim=-1)", "F.glu", "dim")
activation("Softmax(dim=None)", "F.softmax", "dim")
activation("LogSoftmax(dim=None)", "F.log_softmax", "dim")
activation("Softmin(dim=None)", "F.softmin", "dim")


@module(
    SOURCE,
    "Hardtanh(min_val=-1.0, max_val=1.0, inplace=False)",
    "F.hardtanh",
    "min_val max_val inplace=True",
)
class Hardtanh(Module):
    def _start(self) -> None:
        if self.max_val <= self.min_val:
            raise AssertionFault(
                f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})"
            )


@module(SOURCE, "ReLU6", shows="inplace=True")
class ReLU6(Hardtanh):
    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


@module(
    SOURCE,
    "PReLU(num_parameters=1, init=0.25, device=None, dtype=None)",
    "F.prelu(input, self.weight)",
    "num_parameters",
)
class PReLU(Module):
    def _start(self, dtype: Any) -> None:
        parametrize(self, dtype, weight=(self.num_parameters,))

    def reset_parameters(self) -> None:
        constant_(self.weight, self.init)


@module(SOURCE, "Softmax2d")
class Softmax2d(Module):
    def forward(self, input: Any) -> Any:
        if len(input.shape) not in (3, 4):
            raise ValueFault(
                f"Softmax2d: expected input to be 3D or 4D, got {len(input.shape)}D instead"
            )
        return torch_call("F.softmax", input, -3)
