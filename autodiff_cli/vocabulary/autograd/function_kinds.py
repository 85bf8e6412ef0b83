"""Functions of a program whose gradients can't be differentiated, and those that may write.

Source: torch/autograd/function.py.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import changed, current
from autodiff_cli.ir.node import INPUT, Node
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.function import Function
from autodiff_cli.vocabulary.calls.handles import named, open_class


def _refuse_twice(g: Node, y: Node, x: Node) -> Node:
    raise RuntimeFault(
        "trying to differentiate twice a function that was marked with @once_differentiable"
    )


ONCE = Elementwise(
    "once",
    lambda x: x,
    vjps=(_refuse_twice,),
    grad_fn="Error",
    on_arrays=False,
    doc="a gradient that has no derivative",
)


@named("autograd.function.once_differentiable")
def once_differentiable(function: Any) -> Any:
    """A backward method whose gradients aren't part of a graph: to differentiate them is an error."""

    def run(ctx: Any, *args: Any) -> Any:
        with changed(grad=False):
            given = function(ctx, *args)
        context = current()
        if not context.grad or context.deferred is not None:
            return given
        if not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return given
        entries = given if isinstance(given, tuple) else (given,)
        found = tuple([_once(one) if isinstance(one, Tensor) else one for one in entries])
        return found if isinstance(given, tuple) else found[0]

    return wraps(function)(run)


def _once(tensor: Tensor) -> Tensor:
    return Tensor(ONCE(Node(INPUT, (), {}, tensor.shape, tensor.dtype, True, tensor.array)))


@named("autograd.function.InplaceFunction")
class InplaceFunction(Function):
    """A Function that may write to what it is given, by the name of old."""

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace


open_class(InplaceFunction)
