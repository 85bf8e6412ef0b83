"""Powers by a tensor; those by a number are in `ops/arithmetic.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ops.arithmetic import to_power
from autodiff_cli.ops.kinds import Elementwise, like
from autodiff_cli.ops.pointwise import as_dtype, log
from autodiff_cli.ops.selection import eq, ge, logical_and, where


def _elementwise_power(a: Any, b: Any) -> Any:
    if a.dtype.kind == "f" and b.size == 1 and b == 0.5:  # of one exponent numpy makes a root
        return np.where(
            a == 0, like(a, 0), np.where(a == -math.inf, like(a, math.inf), to_power(a, b))
        )
    if a.dtype.kind == "f" or not np.any(b < 0):
        return to_power(a, b)
    # In the integers only 1 and -1 have an inverse; the reference gives 0 for the others.
    odd = np.where(b % 2 == 0, np.asarray(1, a.dtype), a)
    inverse = np.where(abs(a) == 1, odd, np.asarray(0, a.dtype))
    return np.where(b < 0, inverse, np.power(a, np.maximum(b, 0)))


def _slope_of_exponent(y: Node, log_base: Node, at_zero: Node) -> Node:
    """y*log(base), but 0 where the base is 0 and the exponent is not negative (0*-inf)."""
    return where(at_zero, 0.0, y * log_base)


def _pow_from_number_vjp(g: Node, y: Node, exponent: Node, base: Number) -> Node:
    if base == 0:
        return g * where(ge(exponent, 0), 0.0, exponent * 0 - math.inf)
    return g * (y * (math.log(base) if base > 0 else math.nan))


pow: Elementwise = Elementwise(
    "pow",
    _elementwise_power,
    vjps=(
        lambda g, y, a, b: where(eq(b, 0), 0.0, g * (b * pow(a, b - 1))),
        lambda g, y, a, b: (
            g * _slope_of_exponent(y, log(as_dtype(a, y.dtype)), logical_and(eq(a, 0), ge(b, 0)))
        ),
    ),
    grad_fn="PowBackward1",
    on_arrays=False,
    doc="a to the power b",
    latex="{}^{{{}}}",
)


class _Contiguous(Elementwise):
    """Elementwise, with a result that doesn't take over its operand's layout."""

    __slots__ = ()

    def layout(self, node: Node) -> None:
        return None


pow_from_number = _Contiguous(
    "pow_from_number",
    lambda exponent, base: _elementwise_power(like(exponent, base), exponent),
    vjps=(_pow_from_number_vjp,),
    scalars=("base",),
    grad_fn="PowBackward2",
    doc="a number to the power of a tensor",
)
