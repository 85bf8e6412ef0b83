"""`torch.nn.Parameter`.

Source: torch/nn/parameter.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import AttributeFault, RuntimeFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import CONSTANT, INPUT, NO_PARAMS, Node
from autodiff_cli.tensors.tensor import Tensor, as_leaf, of_array
from autodiff_cli.vocabulary.calls.calling import call
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.calls.parameters import TYPE_NAMES


class Parameter(Tensor):
    """A leaf that a module counts among its parameters."""

    __slots__ = ()
    is_parameter = True

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is None:
            data = of_array(np.empty(0, current().dtype.numpy))
        if not isinstance(data, Tensor):
            raise AttributeFault(f"'{type(data).__name__}' object has no attribute 'detach'")
        old = data.node
        if requires_grad and not old.dtype.is_floating:
            raise RuntimeFault(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        array = data.array
        op = INPUT if requires_grad else CONSTANT
        node = Node(op, (), NO_PARAMS, old.shape, old.dtype, requires_grad, array)
        node.memory = data.memory
        super().__init__(node)
        if requires_grad:
            as_leaf(self)


Parameter.__module__ = "torch.nn.parameter"
TYPE_NAMES[Parameter] = "Parameter"
named("nn.Parameter")(Parameter)


def reset_gradient(parameter: Tensor, set_to_none: bool) -> None:
    """Forget a gradient, or make it zeros."""
    grad = parameter.grad
    if grad is None:
        return
    if set_to_none:
        parameter.grad = None
        return
    if grad.is_leaf:
        call(grad, "requires_grad_", False)
    else:
        call(grad, "detach_")
    call(grad, "zero_")
