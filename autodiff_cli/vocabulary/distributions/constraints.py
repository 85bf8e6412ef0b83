"""What values parameters and samples may have.

Source: torch/distributions/constraints.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.tensors.tensor import Tensor

Test = Callable[[Any], Any]


class Constraint:
    """A test of each element, or of each row.

    Args:
        text: as errors print it.
        test: of an array: whether each value fits.
    """

    def __init__(self, text: str, test: Test) -> None:
        self.text = text
        self.test = test

    def check(self, value: Tensor) -> bool:
        return bool(np.all(self.test(value.array)))

    def __repr__(self) -> str:
        return self.text


def _plain(bound: Any) -> Any:
    return bound.array if isinstance(bound, Tensor) else bound


def greater_than(bound: Any) -> Constraint:
    return Constraint(f"GreaterThan(lower_bound={bound})", lambda x: x > _plain(bound))


def less_than(bound: Any) -> Constraint:
    return Constraint(f"LessThan(upper_bound={bound})", lambda x: x < _plain(bound))


def interval(low: Any, high: Any) -> Constraint:
    return Constraint(
        f"Interval(lower_bound={low}, upper_bound={high})",
        lambda x: (_plain(low) <= x) & (x <= _plain(high)),
    )


def integer_interval(low: int, high: int) -> Constraint:
    return Constraint(
        f"IntegerInterval(lower_bound={low}, upper_bound={high})",
        lambda x: (x % 1 == 0) & (low <= x) & (x <= high),
    )


real = Constraint("Real()", lambda x: x == x)
real_vector = Constraint("IndependentConstraint(Real(), 1)", lambda x: x == x)
positive = greater_than(0.0)
nonnegative = Constraint("GreaterThanEq(lower_bound=0.0)", lambda x: x >= 0)
nonnegative_integer = Constraint(
    "IntegerGreaterThan(lower_bound=0)", lambda x: (x % 1 == 0) & (x >= 0)
)
unit_interval = interval(0.0, 1.0)
boolean = Constraint("Boolean()", lambda x: (x == 0) | (x == 1))


def multinomial(upper_bound: int) -> Constraint:
    """Counts of that many trials."""
    return Constraint("Multinomial()", lambda x: (x >= 0).all(-1) & (x.sum(-1) <= upper_bound))


simplex = Constraint("Simplex()", lambda x: (x >= 0).all(-1) & (np.abs(x.sum(-1) - 1) < 1e-6))
