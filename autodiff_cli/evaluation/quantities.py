"""All arrays of a result, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff_cli.evaluation.result import Result
from autodiff_cli.evaluation.values import Gradients, Intermediate, Tensor
from autodiff_cli.ir.node import Array
from autodiff_cli.vocabulary.calls.values import NO_VALUE

FURTHER = ("jacobian", "hessian", "jvp", "hvp", "sigma")  # fields of a result besides its gradients


def derivatives_of(result: Result) -> dict[str, Array]:
    """Gradients as "grad.x", of several seeds as "seed0.grad.x"; and `Result.derivatives`."""
    several = len(result.gradients) > 1
    found = {
        f"{f'seed{number}.' if several else ''}grad.{name}": grad.array
        for number, gradients in enumerate(result.gradients)
        for name, grad in gradients.by_input.items()
        if grad is not None
    }
    return found | {name: tensor.array for name, tensor in result.derivatives().items()}


def values_of(value: Any, name: str = "value") -> Iterator[tuple[str, Any]]:
    """The parts of a value, each with its name: arrays, and what Python has; a tuple's are "value[0]", …"""
    if isinstance(value, Tensor):
        yield name, value.array
    elif isinstance(value, (tuple, list)):
        for place, entry in enumerate(value):
            yield from values_of(entry, f"{name}[{place}]")
    elif value is not NO_VALUE:
        yield name, value


def quantities(result: Result) -> list[tuple[str, Any]]:
    """The value and its derivatives, by name; what isn't an array is Python's."""
    return [*values_of(result.value), *derivatives_of(result).items()]


def not_finite(result: Result) -> tuple[str, tuple[int, ...], float] | None:
    """The first infinity or nan of a result: whose it is, where, and which; None if all is finite."""
    for name, value in quantities(result):
        array = np.asarray(value)
        if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
            place = np.unravel_index(int(np.argmin(finite)), array.shape) if array.ndim else ()
            return name, tuple(map(int, place)), float(array[place])
    return None


def significant(array: Array, digits: int) -> Array:
    """An array of floats with so many significant digits, as float64.

    >>> significant(np.array([2 / 3, 12345.678]), 3).tolist()
    [0.667, 12300.0]
    """
    flat = map(float, map(f"%.{digits}g".__mod__, array.ravel().tolist()))
    return np.fromiter(flat, np.float64, array.size).reshape(array.shape)


def rounded(result: Result, digits: int) -> Result:
    """A result whose numbers have so many significant digits at most.

    >>> from autodiff_cli.evaluation import evaluate
    >>> rounded(evaluate("x/3", x=2), 3).value.array.item()
    0.667
    """

    def number(x: float) -> float:
        return float(f"{x:.{digits}g}")

    def of(value: Any) -> Any:
        if isinstance(value, Tensor) and value.array.dtype.kind == "f":
            return value.replaced(array=significant(value.array, digits))
        if isinstance(value, Gradients):
            return Gradients(of(value.seed), of(value.by_input))
        if isinstance(value, Intermediate):
            return Intermediate(value.text, of(value.value))
        if isinstance(value, dict):
            return {name: of(entry) for name, entry in value.items()}
        if type(value) in (tuple, list):
            return type(value)(map(of, value))
        return number(value) if isinstance(value, float) else value

    kinds = ("value", "gradients", "trace", *FURTHER)
    return result.replaced(**{kind: of(getattr(result, kind)) for kind in kinds})
