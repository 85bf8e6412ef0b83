"""Operations on each element."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.reading.table import READERS, number, reads
from autodiff_cli.formula.terms import ONE, Term
from autodiff_cli.ir.node import Node


@reads("add", "add_number", "sub", "rsub", "rsub_number")
def _add(
    a: Algebra, node: Node, x: Term, y: Term | None = None, *, other: Any = 0, alpha: Any = 1
) -> Term:
    second = number(a, other) if y is None else y
    times = number(a, alpha)
    signs = {
        "add": (1, 1),
        "add_number": (1, 1),
        "sub": (1, -1),
        "rsub": (-1, 1),
        "rsub_number": (-1, 1),
    }
    one, two = signs[node.op.name]
    first = a.times(x, times) if node.op.name.startswith("rsub") else x
    if not node.op.name.startswith("rsub"):
        second = a.times(second, times)
    return a.sum([(first, Fraction(one)), (second, Fraction(two))], node.shape)


@reads("mul")
def _mul(a: Algebra, node: Node, x: Term, y: Term) -> Term:
    return a.times(x, y)


@reads("mul_number")
def _mul_number(a: Algebra, node: Node, x: Term, other: Any) -> Term:
    return a.times(x, number(a, other))


@reads("div", "div_exact")
def _div(a: Algebra, node: Node, x: Term, y: Term) -> Term:
    return a.times(x, a.power(y, -ONE))


@reads("div_number")
def _div_number(a: Algebra, node: Node, x: Term, other: Any) -> Term:
    return a.times(x, a.power(number(a, other), -ONE))


@reads("neg")
def _neg(a: Algebra, node: Node, x: Term) -> Term:
    return a.scaled(x, -1)


@reads("reciprocal")
def _reciprocal(a: Algebra, node: Node, x: Term) -> Term:
    return a.power(x, -ONE)


@reads("sqrt")
def _sqrt(a: Algebra, node: Node, x: Term) -> Term:
    return a.power(x, Fraction(1, 2))


@reads("rsqrt")
def _rsqrt(a: Algebra, node: Node, x: Term) -> Term:
    return a.power(x, Fraction(-1, 2))


@reads("pow_number")
def _pow_number(a: Algebra, node: Node, x: Term, exponent: Any) -> Term:
    power = number(a, exponent)
    return a.power(x, power)


@reads("pow")
def _pow(a: Algebra, node: Node, x: Term, exponent: Term) -> Term:
    return a.expanded(a.power(x, exponent), node.shape)


@reads("pow_from_number")
def _pow_from_number(a: Algebra, node: Node, exponent: Term, base: Any) -> Term:
    return a.power(a.expanded(number(a, base), exponent.shape), exponent)


@reads("cast")
def _cast(a: Algebra, node: Node, x: Term, dtype: Any) -> Term:
    if not dtype.is_floating and x.kind == "f":
        return a.each("long" if dtype.name != "bool" else "bool", [x], dtype.numpy.kind)
    return x


@reads("clone", "detach", "alias", "attached", "rnn_layer", "copy_backwards", "capped", "away")
def _same(a: Algebra, node: Node, x: Term, *others: Term, bound: Any = None) -> Term:
    return x


@reads("falling_sigmoid")
def _falling(a: Algebra, node: Node, x: Term) -> Term:
    return a.each("sigmoid", [a.times(number(a, -1), x)])


@reads("normal_hazard")
def _hazard(a: Algebra, node: Node, x: Term) -> Term:
    scaled = a.each("special_erfcx", [a.times(number(a, -math.sqrt(0.5)), x)])
    return a.times(number(a, math.sqrt(2 / math.pi)), a.power(scaled, -ONE))


@reads("where")
def _where(a: Algebra, node: Node, c: Term, x: Term, y: Term) -> Term:
    return a.expanded(a.each("where", [c, x, y]), node.shape)


@reads("masked_fill")
def _masked_fill(a: Algebra, node: Node, x: Term, mask: Term, value: Any) -> Term:
    return a.expanded(a.each("where", [mask, number(a, value), x]), node.shape)


@reads("masked_fill_tensor")
def _masked_fill_tensor(a: Algebra, node: Node, x: Term, mask: Term, value: Term) -> Term:
    return a.expanded(a.each("where", [mask, value, x]), node.shape)


@reads("softplus")
def _softplus(a: Algebra, node: Node, x: Term, beta: Any, threshold: Any) -> Term:
    return a.each("softplus", [x], beta=beta, threshold=threshold)


BOOLEAN = (
    "eq ne lt le gt ge logical_not logical_and logical_or logical_xor isnan isinf isfinite signbit "
    "isposinf isneginf"
).split()
EACH = (
    "exp expm1 exp2 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "sigmoid relu abs sign sgn floor ceil trunc round frac erf erfc erfinv lgamma digamma i0 sinc "
    "special_erfcx special_ndtri special_log_ndtr special_i0e special_i1 special_i1e special_entr "
    "minimum maximum atan2 hypot logaddexp logaddexp2 copysign xlogy fmod remainder fmax fmin silu "
    "log_sigmoid mish floor_divide ldexp heaviside div_floor div_trunc xlog1py deg2rad rad2deg"
).split()


def _each(a: Algebra, node: Node, *args: Term, **params: Any) -> Term:
    return a.expanded(a.each(node.op.name, args, **params), node.shape)


def _boolean(a: Algebra, node: Node, *args: Term) -> Term:
    return a.expanded(a.each(node.op.name, args, "b"), node.shape)


READERS |= dict.fromkeys(EACH, _each)
READERS |= dict.fromkeys(BOOLEAN, _boolean)


@reads("xlogy_from_number", "xlogy_number", "xlog1py_from_number", "xlog1py_number")
def _xlogy(a: Algebra, node: Node, *args: Term) -> Term:
    return a.each(node.op.name.split("_")[0], args)


@reads("copysign_number")
def _copysign_number(a: Algebra, node: Node, x: Term, other: Any) -> Term:
    return a.each("copysign", [x, number(a, other)])


@reads("polygamma")
def _polygamma(a: Algebra, node: Node, x: Term, n: int) -> Term:
    return a.each("polygamma", [x], n=n) if n else a.each("digamma", [x])


@reads("remainder_number", "fmod_number")
def _remainder(a: Algebra, node: Node, x: Term, other: Any) -> Term:
    return a.each(node.op.name.split("_")[0], [x, number(a, other)])


@reads("clamp_min_number")
def _clamp_min(a: Algebra, node: Node, x: Term, min: Any) -> Term:
    return a.each("clamp", [x], min=min, max=None)


@reads("clamp_max_number")
def _clamp_max(a: Algebra, node: Node, x: Term, max: Any) -> Term:
    return a.each("clamp", [x], min=None, max=max)


@reads("clamp", "hardtanh")
def _clamp(a: Algebra, node: Node, x: Term, min: Any, max: Any) -> Term:
    return a.each("clamp", [x], min=min, max=max)


@reads("clamp_min", "clamp_min_tensor")
def _clamp_low(a: Algebra, node: Node, x: Term, low: Term) -> Term:
    return a.expanded(a.each("maximum", [x, low]), node.shape)


@reads("clamp_max", "clamp_max_tensor")
def _clamp_high(a: Algebra, node: Node, x: Term, high: Term) -> Term:
    return a.expanded(a.each("minimum", [x, high]), node.shape)


ELEMENTWISE = {*EACH, *BOOLEAN, "clamp", "polygamma", "softplus"}
