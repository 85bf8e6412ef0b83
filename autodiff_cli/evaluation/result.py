"""What an evaluation gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.evaluation.report import report
from autodiff_cli.evaluation.values import Gradients, Intermediate, Tensor
from autodiff_cli.ir.node import Array
from autodiff_cli.record import Record
from autodiff_cli.vocabulary.calls.parameters import type_name


class ByInput(dict[str, Array]):
    """Gradients by the name of the input."""

    def __missing__(self, name: str) -> Array:
        known = ", ".join(self) or "none"
        raise KeyError(f"no gradient flows to '{name}'; those that are there: {known}")


class Result(Record):
    """What a text gave. Printed, it is the report of the command; `float()` is the value of one element.

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
        sigma: the standard deviation of the value, if those of inputs were given.
        also: what names hold at the end of the text, with their gradients if they are scalars; None if none
            were asked for.
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
    sigma: Tensor | None = None
    also: dict[str, tuple[Any, Gradients | None]] | None = None
    notices: tuple[str, ...] = ()

    def derivatives(self) -> dict[str, Tensor]:
        """What was asked for besides gradients: "jacobian.x", "hessian.x.y", "jvp", "hvp.x", "sigma"."""
        found = {f"jacobian.{name}": tensor for name, tensor in (self.jacobian or {}).items()}
        for name, row in (self.hessian or {}).items():
            found |= {f"hessian.{name}.{other}": tensor for other, tensor in row.items()}
        if self.jvp is not None:
            found["jvp"] = self.jvp
        found |= {f"hvp.{name}": tensor for name, tensor in (self.hvp or {}).items()}
        return found if self.sigma is None else {**found, "sigma": self.sigma}

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython and notebooks show: the report."""
        printer.text(str(self))

    @property
    def grad(self) -> ByInput:
        """The gradients as arrays, by the inputs that one flows to; of several seeds, one for each."""
        rows = [
            {name: tensor.array for name, tensor in row.by_input.items() if tensor is not None}
            for row in self.gradients
        ]
        if len(rows) < 2:
            return ByInput(rows[0] if rows else {})
        names = [name for name in self.gradients[0].by_input if any(name in row for row in rows)]
        shapes = {name: next(row[name] for row in rows if name in row) for name in names}
        return ByInput(
            {n: np.stack([row.get(n, np.zeros_like(shapes[n])) for row in rows]) for n in names}
        )

    def __float__(self) -> float:
        if isinstance(self.value, (Tensor, int, float)):
            return float(self.value)
        raise TypeError(f"float() takes a number, and the value is a {type_name(self.value)}")

    def __str__(self) -> str:
        return report(self)

    def __repr__(self) -> str:
        value = self.value
        if isinstance(value, Tensor):
            small = value.array.size == 1
            shape = f"{value.array.item():.6g}" if small else f"of shape {list(value.shape)}"
            said = f"{value.dtype} {shape}"
        else:
            said = type_name(value)
        names = [*self.grad, *self.derivatives()]
        return f"<Result: {said}{', with gradients: ' if names else ''}{', '.join(names)}>"
