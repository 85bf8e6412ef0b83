"""Functions of two operands, element by element, besides arithmetic.

Derivatives: torch/tools/autograd/derivatives.yaml; edges are the reference's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ops.arithmetic import mul_number
from autodiff_cli.ops.create import attached, zeros_like
from autodiff_cli.ops.kinds import Elementwise, like, precise
from autodiff_cli.ops.pointwise import (
    exp,
    fill_where,
    is_zero,
    isfinite,
    isinf,
    isnan,
    reciprocal,
)
from autodiff_cli.ops.powers import pow_from_number
from autodiff_cli.ops.selection import ge, le, logical_or, where


def _inverse_square(a: Node, b: Node) -> Node:
    """1 / (a² + b²), and 0 where that is infinite: the reference's gradient at the origin."""
    inverse = reciprocal(a * a + b * b)
    return fill_where(isinf(inverse), inverse)


atan2 = Elementwise(
    "atan2",
    precise(np.arctan2),
    vjps=(
        lambda g, y, a, b: g * (b * _inverse_square(a, b)),
        lambda g, y, a, b: g * (-a * _inverse_square(a, b)),
    ),
    result="float",
    on_arrays=False,
    doc="the angle of the point (b, a)",
)
hypot = Elementwise(
    "hypot",
    precise(np.hypot),
    vjps=(lambda g, y, a, b: g * a / y, lambda g, y, a, b: g * b / y),
    doc="sqrt(a*a + b*b), without overflow",
)
logaddexp = Elementwise(
    "logaddexp",
    precise(np.logaddexp),
    vjps=(lambda g, y, a, b: g / (1 + exp(b - a)), lambda g, y, a, b: g / (1 + exp(a - b))),
    doc="log(exp(a) + exp(b)), without overflow",
)


def _exp2(x: Node) -> Node:
    return pow_from_number(x, base=2.0)


logaddexp2 = Elementwise(
    "logaddexp2",
    precise(np.logaddexp2),
    vjps=(lambda g, y, a, b: g / (1 + _exp2(b - a)), lambda g, y, a, b: g / (1 + _exp2(a - b))),
    doc="log2(2**a + 2**b), without overflow",
)


def _passes(g: Node, chosen: Node) -> tuple[Node, Node]:
    return where(chosen, g, 0.0), where(chosen, 0.0, g)


# Of 0.0 and -0.0 it is the first; numpy's own loops take one or the other.
fmax = Elementwise(
    "fmax",
    lambda a, b: np.where((a >= b) | (b != b), a, b),
    vjps=(
        lambda g, y, a, b: _passes(g, logical_or(ge(a, b), isnan(b)))[0],
        lambda g, y, a, b: _passes(g, logical_or(ge(a, b), isnan(b)))[1],
    ),
    doc="the greater of a and b, or the one that is a number",
)
fmin = Elementwise(
    "fmin",
    lambda a, b: np.where((a <= b) | (b != b), a, b),
    vjps=(
        lambda g, y, a, b: _passes(g, logical_or(le(a, b), isnan(b)))[0],
        lambda g, y, a, b: _passes(g, logical_or(le(a, b), isnan(b)))[1],
    ),
    doc="the lesser of a and b, or the one that is a number",
)
copysign = Elementwise(
    "copysign",
    np.copysign,
    vjps=(
        lambda g, y, a, b: g * fill_where(is_zero(a), y / a),
        lambda g, y, a, b: zeros_like(g),
    ),
    result="float",
    doc="|a| with the sign of b",
)
copysign_number = Elementwise(
    "copysign_number",
    lambda a, other: np.copysign(a, like(a, other)),
    vjps=(lambda g, y, a, other: g * fill_where(is_zero(a), y / a),),
    scalars=("other",),
    result="float",
    grad_fn="CopysignBackward1",
    doc="|a| with the sign of a number",
)
ldexp = Elementwise(
    "ldexp",
    lambda a, b: a * np.exp2(b),
    vjps=(
        lambda g, y, a, b: g * _exp2(b),
        lambda g, y, a, b: mul_number(g * y, other=math.log(2)),
    ),
    result="float",
    on_arrays=False,
    doc="a * 2**b",
)


def _heaviside(a: Any, values: Any) -> Any:
    return np.where(a == 0, values, (a > 0).astype(a.dtype))


def _no_heaviside(g: Node, y: Node, a: Node, values: Node) -> Node:
    raise RuntimeFault(
        "derivative for aten::heaviside is not implemented", hint="detach() its operands"
    )


heaviside = Elementwise(
    "heaviside",
    _heaviside,
    vjps=(_no_heaviside, _no_heaviside),
    grad_fn="NotImplemented",
    doc="0 below 0, 1 above, given values at 0",
)

# ---- of integers --------------------------------------------------------------------------------

gcd = Elementwise("gcd", np.gcd, doc="greatest common divisor")
lcm = Elementwise("lcm", np.lcm, doc="least common multiple")


def _shifted(shift: Any) -> Any:
    def kernel(a: Any, b: Any) -> Any:
        # By as many bits as there are, or by fewer than none, all leave.
        bits = a.dtype.itemsize * 8
        gone = (b < 0) | (b >= bits)
        rest = np.where(a < 0, -1, 0) if shift is np.right_shift else 0
        return np.where(gone, rest, shift(a, np.where(gone, 0, b))).astype(a.dtype)

    return kernel


lshift = Elementwise("bitwise_left_shift", _shifted(np.left_shift), doc="a << b")
rshift = Elementwise("bitwise_right_shift", _shifted(np.right_shift), doc="a >> b")

# ---- of one operand and numbers -----------------------------------------------------------------


def _nan_to_num(x: Any, nan: float | None, posinf: float | None, neginf: float | None) -> Any:
    if x.dtype.kind != "f":
        return x.copy()
    return np.nan_to_num(x, nan=nan or 0.0, posinf=posinf, neginf=neginf)


nan_to_num = Elementwise(
    "nan_to_num",
    _nan_to_num,
    vjps=(lambda g, y, x, nan, posinf, neginf: where(isfinite(x), g, 0.0),),
    doc="with numbers for nan and the infinities",
)


def _round_decimals(x: Any, decimals: int) -> Any:
    ten = np.asarray(10.0 ** abs(decimals), x.dtype)
    return np.rint(x * ten) / ten if decimals >= 0 else np.rint(x / ten) * ten


round_decimals = Elementwise(
    "round_decimals",
    _round_decimals,
    vjps=(lambda g, y, x, decimals: zeros_like(g),),
    grad_fn="RoundBackward1",
    doc="rounded to decimals, ties to even",
)
frac = Elementwise(
    "frac", lambda x: x - np.trunc(x), vjps=(lambda g, y, x: g,), doc="the fraction, signed"
)
deg2rad = Elementwise(
    "deg2rad",
    lambda x: x * like(x, math.pi / 180),
    vjps=(lambda g, y, x: g * (math.pi / 180),),
    result="float",
    doc="degrees in radians",
)
rad2deg = Elementwise(
    "rad2deg",
    lambda x: x * like(x, 180 / math.pi),
    vjps=(lambda g, y, x: g * (180 / math.pi),),
    result="float",
    doc="radians in degrees",
)
sgn = Elementwise(
    "sgn",
    lambda x: (
        x.copy() if x.dtype == bool else np.subtract(x > 0, x < 0, dtype=np.int8).astype(x.dtype)
    ),
    vjps=(lambda g, y, x: zeros_like(g),),
    doc="-1, 0 or 1",
)
signbit = Elementwise(
    "signbit",
    lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0,
    result="bool",
    doc="whether the sign is minus, of zeros too",
)
isposinf = Elementwise("isposinf", lambda x: x == math.inf, result="bool", doc="is inf")
isneginf = Elementwise("isneginf", lambda x: x == -math.inf, result="bool", doc="is -inf")
threshold = Elementwise(
    "threshold",
    lambda x, threshold, value: np.where(x <= threshold, like(x, value), x),
    vjps=(lambda g, y, x, threshold, value: attached(where(le(x, threshold), 0.0, g), x),),
    backward="ThresholdBackwardBackward0",
    doc="x where it is above a threshold, else a number",
)


def is_close(a: Any, b: Any, rtol: Number, atol: Number, equal_nan: bool) -> Any:
    close = a == b
    if equal_nan and a.dtype.kind == "f":
        close = close | (np.isnan(a) & np.isnan(b))
    if rtol == 0 and atol == 0:
        return close
    wide = (a.astype(np.float64), b.astype(np.float64)) if a.dtype.kind != "f" else (a, b)
    error = np.abs(wide[0] - wide[1])
    return close | (np.isfinite(error) & (error <= atol + np.abs(rtol * wide[1])))


isclose = Elementwise("isclose", is_close, result="bool", doc="|a - b| <= atol + rtol*|b|")
