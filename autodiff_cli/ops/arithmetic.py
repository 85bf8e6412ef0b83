"""Arithmetic, comparisons, logic and selection, element by element.

Derivatives: torch/tools/autograd/derivatives.yaml; where a rule is a `vjp`, its edge is the reference's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.kinds import Elementwise


def _scaled(g: Node, alpha: Number) -> Node:
    return g if alpha == 1 else g * alpha


add = Elementwise(
    "add",
    lambda a, b, alpha: np.add(a, b) if alpha == 1 else np.add(a, np.multiply(b, _like(b, alpha))),
    vjps=(lambda g, y, a, b, alpha: g, lambda g, y, a, b, alpha: _scaled(g, alpha)),
    doc="a + alpha*b",
    latex="{} + {}",
)
sub = Elementwise(
    "sub",
    lambda a, b, alpha: (
        np.subtract(a, b) if alpha == 1 else np.subtract(a, np.multiply(b, _like(b, alpha)))
    ),
    vjps=(lambda g, y, a, b, alpha: g, lambda g, y, a, b, alpha: _scaled(-g, alpha)),
    doc="a - alpha*b",
    latex="{} - {}",
)
rsub = Elementwise(
    "rsub",
    lambda a, b, alpha: (
        np.subtract(b, a) if alpha == 1 else np.subtract(b, np.multiply(a, _like(a, alpha)))
    ),
    vjps=(lambda g, y, a, b, alpha: _scaled(-g, alpha), lambda g, y, a, b, alpha: g),
    doc="b - alpha*a",
    latex="{1} - {0}",
)
rsub_number = Elementwise(
    "rsub_number",
    lambda a, other, alpha: np.subtract(_like(a, other), np.multiply(a, _like(a, alpha))),
    vjps=(lambda g, y, a, other, alpha: _scaled(-g, alpha),),
    scalars=("other", "alpha"),
    grad_fn="RsubBackward1",
    doc="other - alpha*a, for a number other",
)
mul = Elementwise(
    "mul",
    lambda a, b: np.logical_and(a, b) if a.dtype == bool else np.multiply(a, b),
    vjps=(lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    doc="a*b",
    latex="{} {}",
)
div = Elementwise(
    "div",
    np.true_divide,
    vjps=(lambda g, y, a, b: g / b, lambda g, y, a, b: -g * ((a / b) / b)),
    result="float",
    doc="a/b",
    latex=r"\frac{{{}}}{{{}}}",
    domain="b != 0",
)
# The reference's C++ composites call the overloads for numbers, which are functions of their own.
add_number = Elementwise(
    "add_number",
    lambda a, other: np.add(a, _like(a, other)),
    vjps=(lambda g, y, a, other: g,),
    scalars=("other",),
    grad_fn="AddBackward1",
    doc="a + a number, inside composites",
)
mul_number = Elementwise(
    "mul_number",
    lambda a, other: np.multiply(a, _like(a, other)),
    vjps=(lambda g, y, a, other: g * other,),
    scalars=("other",),
    grad_fn="MulBackward1",
    doc="a times a number, inside composites",
)
div_number = Elementwise(
    "div_number",
    lambda a, other: np.true_divide(a, _like(a, other)),
    vjps=(lambda g, y, a, other: g / other,),
    scalars=("other",),
    result="float",
    grad_fn="DivBackward1",
    doc="a over a number, inside composites",
)
neg = Elementwise("neg", np.negative, vjps=(lambda g, y, a: -g,), doc="-a", latex="-{}")


def _like(array: Any, value: Number) -> Any:
    """A Python number in the dtype of `array`, as the reference casts its scalars."""
    return np.asarray(value).astype(array.dtype)


def _check_divisor(b: Any) -> None:
    if b.dtype.kind in "iub" and not np.all(b):
        raise RuntimeFault("ZeroDivisionError", hint="an integer tensor is divided by zero")


def _floor_divide(a: Any, b: Any) -> Any:
    _check_divisor(b)
    return np.floor_divide(a, b)


def _trunc_divide(a: Any, b: Any) -> Any:
    _check_divisor(b)
    if a.dtype.kind == "f":
        return np.trunc(np.true_divide(a, b))
    quotient = np.floor_divide(a, b)
    return quotient + ((quotient < 0) & (quotient * b != a))


def _remainder(a: Any, b: Any) -> Any:
    _check_divisor(b)
    if a.dtype.kind != "f":
        return np.remainder(a, b)
    rest = np.fmod(a, b)  # and not np.remainder, whose zeros take the sign of b
    return np.where((rest != 0) & ((rest < 0) != (b < 0)), rest + b, rest)


def _fmod(a: Any, b: Any) -> Any:
    _check_divisor(b)
    return np.fmod(a, b)


div_exact = Elementwise(
    "div_exact",
    np.true_divide,
    vjps=(lambda g, y, a, b: g / b, lambda g, y, a, b: -g * ((a / b) / b)),
    result="float",
    grad_fn="DivBackward2",
    doc="a/b, asked for with rounding_mode=None",
)
_no_slope = (lambda g, y, a, b: zeros_like(g), lambda g, y, a, b: zeros_like(g))
div_floor = Elementwise(
    "div_floor", _floor_divide, vjps=_no_slope, grad_fn="DivBackward2", doc="floor(a/b)"
)
div_trunc = Elementwise(
    "div_trunc", _trunc_divide, vjps=_no_slope, grad_fn="DivBackward2", doc="a/b towards zero"
)
# The reference has no derivative for floor_divide; its grad_fn is NotImplemented and backward raises.
floor_divide = Elementwise(
    "floor_divide",
    _floor_divide,
    vjps=(lambda g, y, a, b: _not_differentiable("floor_divide"),) * 2,
    grad_fn="NotImplemented",
    doc="floor(a/b), of no derivative in the reference",
)
remainder = Elementwise(
    "remainder",
    _remainder,
    vjps=(lambda g, y, a, b: g, lambda g, y, a, b: -g * div_floor(a, b)),
    grad_fn="RemainderBackward1",
    doc="a modulo b, with the sign of b",
    latex=r"{} \bmod {}",
)
remainder_number = Elementwise(
    "remainder_number",
    lambda a, other: _remainder(a, _like(a, other)),
    vjps=(lambda g, y, a, other: g,),
    scalars=("other",),
    grad_fn="RemainderBackward0",
    doc="a modulo a number",
)
number_remainder = Elementwise(
    "number_remainder",
    lambda a, b: _remainder(a, b),
    vjps=(lambda g, y, a, b: _not_differentiable("remainder"),) * 2,
    grad_fn="NotImplemented",
    doc="a number modulo b, of no derivative in the reference",
)
fmod = Elementwise(
    "fmod",
    _fmod,
    vjps=(lambda g, y, a, b: g, lambda g, y, a, b: -g * div_trunc(a, b)),
    grad_fn="FmodBackward1",
    doc="the remainder of a/b, with the sign of a",
)
fmod_number = Elementwise(
    "fmod_number",
    lambda a, other: _fmod(a, _like(a, other)),
    vjps=(lambda g, y, a, other: g,),
    scalars=("other",),
    grad_fn="FmodBackward0",
    doc="the remainder of a over a number",
)


def _not_differentiable(name: str) -> Node:
    raise RuntimeFault(
        f"derivative for aten::{name} is not implemented",
        hint="detach() its operands, or use torch.div(a, b, rounding_mode='floor')",
    )


# ---- powers -------------------------------------------------------------------------------------


def _power(a: Any, exponent: Any) -> Any:
    # The reference multiplies for small powers; np.power would go through logarithms for some.
    if a.dtype.kind == "f":
        if exponent == 2:
            return np.square(a)
        if exponent == 3:
            return a * a * a
        if exponent == 0.5:
            return np.sqrt(a)
        if exponent == -1:
            return np.reciprocal(a)
        if exponent == -0.5:
            return np.reciprocal(np.sqrt(a))
        if exponent == -2:
            return np.reciprocal(np.square(a))
    return np.power(a, _like(a, exponent))


def _elementwise_power(a: Any, b: Any) -> Any:
    if a.dtype.kind == "f" or not np.any(b < 0):
        return np.power(a, b)
    # In the integers only 1 and -1 have an inverse; the reference gives 0 for the others.
    odd = np.where(b % 2 == 0, np.asarray(1, a.dtype), a)
    inverse = np.where(abs(a) == 1, odd, np.asarray(0, a.dtype))
    return np.where(b < 0, inverse, np.power(a, np.maximum(b, 0)))


def _pow_number_vjp(g: Node, y: Node, a: Node, exponent: Number) -> Node:
    if exponent == 0:  # 0 * 0**-1 is nan; the derivative of 1 is 0
        return zeros_like(a)
    return g * (exponent * pow_number(a, exponent=exponent - 1))


def _slope_of_exponent(y: Node, log_base: Node, at_zero: Node) -> Node:
    """y*log(base), but 0 where the base is 0 and the exponent is not negative (0*-inf)."""
    return where(at_zero, 0.0, y * log_base)


def _log(a: Node) -> Node:
    from autodiff_cli.ops.pointwise import log

    return log(a)


def _promoted(a: Node, y: Node) -> Node:
    """An operand in the dtype that the operation computed in."""
    from autodiff_cli.ops.pointwise import as_dtype

    return as_dtype(a, y.dtype)


def _pow_from_number_vjp(g: Node, y: Node, exponent: Node, base: Number) -> Node:
    if base == 0:
        return g * where(ge(exponent, 0), 0.0, exponent * 0 - math.inf)
    return g * (y * (math.log(base) if base > 0 else math.nan))


pow_number = Elementwise(
    "pow_number",
    _power,
    vjps=(_pow_number_vjp,),
    scalars=("exponent",),
    grad_fn="PowBackward0",
    doc="a to a number's power",
    latex="{}^{{{exponent}}}",
)
pow: Elementwise = Elementwise(
    "pow",
    _elementwise_power,
    vjps=(
        lambda g, y, a, b: where(eq(b, 0), 0.0, g * (b * pow(a, b - 1))),
        lambda g, y, a, b: (
            g * _slope_of_exponent(y, _log(_promoted(a, y)), logical_and(eq(a, 0), ge(b, 0)))
        ),
    ),
    grad_fn="PowBackward1",
    doc="a to the power b",
    latex="{}^{{{}}}",
)
pow_from_number = Elementwise(
    "pow_from_number",
    lambda exponent, base: _elementwise_power(_like(exponent, base), exponent),
    vjps=(_pow_from_number_vjp,),
    scalars=("base",),
    grad_fn="PowBackward2",
    doc="a number to the power of a tensor",
)

# ---- comparisons and logic ----------------------------------------------------------------------

eq: Elementwise = Elementwise("eq", np.equal, result="bool", doc="a == b", latex="{} = {}")
ne = Elementwise("ne", np.not_equal, result="bool", doc="a != b", latex=r"{} \ne {}")
lt: Elementwise = Elementwise("lt", np.less, result="bool", doc="a < b", latex="{} < {}")
le: Elementwise = Elementwise("le", np.less_equal, result="bool", doc="a <= b", latex=r"{} \le {}")
gt: Elementwise = Elementwise("gt", np.greater, result="bool", doc="a > b", latex="{} > {}")
ge: Elementwise = Elementwise(
    "ge", np.greater_equal, result="bool", doc="a >= b", latex=r"{} \ge {}"
)
logical_not = Elementwise("logical_not", np.logical_not, result="bool", doc="not a")
logical_and: Elementwise = Elementwise("logical_and", np.logical_and, result="bool", doc="a and b")
logical_or: Elementwise = Elementwise("logical_or", np.logical_or, result="bool", doc="a or b")
logical_xor = Elementwise("logical_xor", np.logical_xor, result="bool", doc="a or b, not both")
bitwise_not = Elementwise("bitwise_not", np.invert, doc="~a")
bitwise_and = Elementwise("bitwise_and", np.bitwise_and, doc="a & b")
bitwise_or = Elementwise("bitwise_or", np.bitwise_or, doc="a | b")
bitwise_xor = Elementwise("bitwise_xor", np.bitwise_xor, doc="a ^ b")

# ---- selection ----------------------------------------------------------------------------------

where: Elementwise = Elementwise(
    "where",
    np.where,
    vjps=(
        None,
        lambda g, y, c, a, b: where(c, g, 0.0),
        lambda g, y, c, a, b: where(c, 0.0, g),
    ),
    conditions=1,
    doc="a where c holds, else b",
)
masked_fill = Elementwise(
    "masked_fill",
    lambda x, mask, value: np.where(mask.astype(bool), _like(x, value), x),
    vjps=(lambda g, y, x, mask, value: where(mask, 0.0, g), None),
    doc="x, with a number where the mask holds",
)
# At a tie the gradient is split in halves.
minimum = Elementwise(
    "minimum",
    np.minimum,
    vjps=(
        lambda g, y, a, b: where(gt(a, b), 0.0, where(eq(a, b), g / 2, g)),
        lambda g, y, a, b: where(gt(b, a), 0.0, where(eq(a, b), g / 2, g)),
    ),
    doc="the lesser of a and b",
    latex=r"\min({}, {})",
)
maximum = Elementwise(
    "maximum",
    np.maximum,
    vjps=(
        lambda g, y, a, b: where(lt(a, b), 0.0, where(eq(a, b), g / 2, g)),
        lambda g, y, a, b: where(lt(b, a), 0.0, where(eq(a, b), g / 2, g)),
    ),
    doc="the greater of a and b",
    latex=r"\max({}, {})",
)


def _clamp(a: Any, min: Number | None, max: Number | None) -> Any:
    # Not np.maximum, which turns -0.0 into 0.0. A bound of nan makes all nan.
    if min is not None:
        low = _like(a, min)
        a = np.where((a < low) | (low != low), low, a)
    if max is not None:
        high = _like(a, max)
        a = np.where((a > high) | (high != high), high, a)
    return a


def _clamp_vjp(g: Node, y: Node, a: Node, min: Number | None, max: Number | None) -> Node:
    # On a bound itself the gradient passes.
    if min is not None and max is not None:
        inside = logical_and(ge(a, min), le(a, max))
    elif min is not None:
        inside = ge(a, min)
    else:
        assert max is not None
        inside = le(a, max)
    return where(inside, g, 0.0)


clamp = Elementwise(
    "clamp",
    _clamp,
    vjps=(_clamp_vjp,),
    scalars=("min", "max"),
    grad_fn="ClampBackward1",
    doc="a, not below min nor above max",
)
clamp_min_number = Elementwise(
    "clamp_min_number",
    lambda a, min: _clamp(a, min, None),
    vjps=(lambda g, y, a, min: where(ge(a, min), g, 0.0),),
    scalars=("min",),
    grad_fn="ClampMinBackward0",
    doc="a, not below a number",
)
clamp_max_number = Elementwise(
    "clamp_max_number",
    lambda a, max: _clamp(a, None, max),
    vjps=(lambda g, y, a, max: where(le(a, max), g, 0.0),),
    scalars=("max",),
    grad_fn="ClampMaxBackward0",
    doc="a, not above a number",
)
clamp_min = Elementwise(
    "clamp_min",
    np.maximum,
    vjps=(
        lambda g, y, a, low: where(ge(a, low), g, 0.0),
        lambda g, y, a, low: where(lt(a, low), g, 0.0),
    ),
    grad_fn="ClampBackward0",
    doc="a, not below a tensor",
)
clamp_max = Elementwise(
    "clamp_max",
    np.minimum,
    vjps=(
        lambda g, y, a, high: where(le(a, high), g, 0.0),
        lambda g, y, a, high: where(gt(a, high), g, 0.0),
    ),
    grad_fn="ClampBackward0",
    doc="a, not above a tensor",
)
clamp_min_tensor = Elementwise(
    "clamp_min_tensor",
    np.maximum,
    vjps=clamp_min.vjps,
    grad_fn="ClampMinBackward1",
    doc="a, not below a tensor, by clamp_min",
)
clamp_max_tensor = Elementwise(
    "clamp_max_tensor",
    np.minimum,
    vjps=clamp_max.vjps,
    grad_fn="ClampMaxBackward1",
    doc="a, not above a tensor, by clamp_max",
)
clamp_between = Elementwise(
    "clamp_between",
    lambda a, low, high: np.minimum(np.maximum(a, low), high),
    vjps=(
        lambda g, y, a, low, high: where(logical_and(ge(a, low), le(a, high)), g, 0.0),
        # Where the bounds are crossed, the lower has no gradient.
        lambda g, y, a, low, high: where(logical_and(lt(low, high), lt(a, low)), g, 0.0),
        lambda g, y, a, low, high: where(logical_or(gt(a, high), lt(high, low)), g, 0.0),
    ),
    grad_fn="ClampBackward0",
    doc="a, between two tensors",
)


def _install_operators() -> None:
    operators = {
        "__add__": lambda a, b: add(a, b, alpha=1),
        "__radd__": lambda a, b: add(a, b, alpha=1),
        "__sub__": lambda a, b: sub(a, b, alpha=1),
        "__rsub__": lambda a, b: rsub_number(a, other=b, alpha=1),
        "__mul__": lambda a, b: mul(a, b),
        "__rmul__": lambda a, b: mul(a, b),
        "__truediv__": lambda a, b: div(a, b),
        "__rtruediv__": lambda a, b: div(b, a),
        "__neg__": lambda a: neg(a),
        "__lt__": lambda a, b: lt(a, b),
        "__le__": lambda a, b: le(a, b),
        "__gt__": lambda a, b: gt(a, b),
        "__ge__": lambda a, b: ge(a, b),
        "__and__": lambda a, b: logical_and(a, b),
        "__or__": lambda a, b: logical_or(a, b),
        "__invert__": lambda a: logical_not(a),
    }
    for name, function in operators.items():
        setattr(Node, name, function)


_install_operators()
