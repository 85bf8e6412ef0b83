"""What an evaluation gives."""

from __future__ import annotations

from typing import Any

from autodiff_cli.ir.node import Array, Node, Shape
from autodiff_cli.record import Record


class Tensor(Record):
    """A computed tensor.

    Attributes:
        array: its elements.
        dtype: torch's name of its dtype, such as "float32".
        grad_fn: the backward function's name, or None.
        requires_grad: whether a gradient flows to it.
    """

    array: Array
    dtype: str
    grad_fn: str | None = None
    requires_grad: bool = False

    @property
    def shape(self) -> Shape:
        return self.array.shape


class Intermediate(Record):
    """One traced step: the source it was written as, and what it gave, as in `Result.value`."""

    text: str
    value: Any


class Gradients(Record):
    """The gradients for one seed: by input, None where no gradient flows."""

    seed: Tensor | None
    by_input: dict[str, Tensor | None]


class Result(Record):
    """What an expression gave.

    Attributes:
        value: a `Tensor`, a Python value, or a tuple or list of them; `NO_VALUE` of a program that ends
            in a statement, and prints something or has gradients.
        gradients: one entry a seed; empty if none were asked for.
        trace: the intermediates, in order of evaluation, if asked for.
        default_dtype: the floating dtype that is printed without its name.
        timings: seconds for "parse", "build" and "forward_backward".
        jacobian: by input, of shape (*value.shape, *input.shape), if asked for.
        hessian: by two inputs, of shape (*first.shape, *second.shape), if asked for.
        jvp: the tangent of the value, if tangents were given.
        hvp: by input, the Hessian's product with the given vectors, if there were any.
        notices: what a person should know besides: where a gradient was cut, inputs that nothing reads.
    """

    value: Any
    gradients: tuple[Gradients, ...]
    trace: tuple[Intermediate, ...]
    default_dtype: str
    timings: dict[str, float]
    jacobian: dict[str, Tensor] | None = None
    hessian: dict[str, dict[str, Tensor]] | None = None
    jvp: Tensor | None = None
    hvp: dict[str, Tensor] | None = None
    notices: tuple[str, ...] = ()

    def derivatives(self) -> dict[str, Tensor]:
        """What was asked for besides gradients, as "jacobian.x", "hessian.x.y", "jvp" and "hvp.x"."""
        found = {f"jacobian.{name}": tensor for name, tensor in (self.jacobian or {}).items()}
        for name, row in (self.hessian or {}).items():
            found |= {f"hessian.{name}.{other}": tensor for other, tensor in row.items()}
        if self.jvp is not None:
            found["jvp"] = self.jvp
        return found | {f"hvp.{name}": tensor for name, tensor in (self.hvp or {}).items()}


def shown_tensor(node: Node, array: Array) -> Tensor:
    """A node's result, with how it came about."""
    return Tensor(array, node.dtype.name, node.grad_fn, node.requires_grad)


def plain_tensor(node: Node, array: Array) -> Tensor:
    """A node's result, through which no gradient flows."""
    return Tensor(array, node.dtype.name)
