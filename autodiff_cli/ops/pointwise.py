"""Functions of one operand, element by element.

Partials are stated as a calculus book does; `y` is the result, which saves computing it again and keeps
tails right (`1 - y*y`, not `1/cosh(x)**2`, which overflows). Source: derivatives.yaml.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Params, Shape
from autodiff_cli.ops.arithmetic import mul_number, pow_number
from autodiff_cli.ops.create import attached, zeros_like
from autodiff_cli.ops.kinds import Elementwise, in_place, precise, unary
from autodiff_cli.ops.selection import chosen, eq, le, where


def _sign(x: Any) -> Any:
    # 0 at nan, as the reference: np.sign gives nan there.
    return x if x.dtype == bool else np.subtract(x > 0, x < 0, dtype=np.int8).astype(x.dtype)


_exp = precise(np.exp)


@in_place
def _sigmoid(x: Any, out: Any = None) -> Any:
    power = _exp(np.negative(x, out=out), out=out)
    return np.reciprocal(np.add(power, 1, out=out), out=out)


@cache
def _vectorized(name: str) -> bool:
    """Whether numpy has a loop of its own for this processor's vectors of float32."""
    found = np.lib.introspect.opt_func_info(f"^{name}$", "float32").values()
    return any(not loop["current"].startswith("baseline") for by in found for loop in by.values())


SHORT = 1 << 10  # elements below which steps cost more than a slow loop
INFINITE = np.uint32(
    0x7F800000
)  # the bits of an infinity: those of nan and of what has a sign are more


def _log1p(x: Any, out: Any = None) -> Any:
    """log(1 + x) up to 4 ulp off: log(u), and what rounding u = 1 + x took away, divided by u.

    Where only the logarithm has a vector loop, four times as fast as numpy's own.
    """
    if x.dtype != np.float32 or x.size < SHORT or _vectorized("log1p") or not _vectorized("log"):
        return np.log1p(x, out=out)
    one = x.dtype.type(1)
    u = np.add(x, one)
    rest = np.subtract(u, one, out=None if out is x else out)
    np.subtract(x, rest, out=rest)
    np.divide(rest, u, out=rest)
    log = np.log(u, out=u)
    if np.maximum.reduce(x.view(np.uint32), axis=None) < INFINITE:
        return np.add(log, rest, out=out)
    rest[np.isnan(rest)] = 0  # at -1 and infinity
    log += rest
    return np.copysign(log, x, out=out)  # -0.0 stays


def _flat(g: Node, y: Node, x: Node) -> Node:
    return zeros_like(g)


exp = unary("exp", precise(np.exp), lambda y, x: y, doc="e to the power x", latex="e^{{{}}}")
exp2 = unary(
    "exp2",
    precise(np.exp2),
    vjp=lambda g, y, x: mul_number(g * y, other=math.log(2)),
    doc="2 to the power x",
)
expm1 = unary("expm1", precise(np.expm1), lambda y, x: y + 1, doc="exp(x) - 1, exact near 0")
log = unary(
    "log",
    precise(np.log),
    vjp=lambda g, y, x: g / x,
    doc="natural logarithm",
    latex=r"\log {}",
)
log2 = unary(
    "log2",
    precise(np.log2),
    vjp=lambda g, y, x: g / (x * math.log(2)),
    doc="logarithm to base 2",
)
log10 = unary(
    "log10",
    precise(np.log10),
    vjp=lambda g, y, x: g / (x * math.log(10)),
    doc="logarithm to base 10",
)
log1p = unary(
    "log1p",
    precise(np.log1p, _log1p),
    vjp=lambda g, y, x: g / (x + 1),
    doc="log(1 + x), exact near 0",
)
sqrt = unary(
    "sqrt",
    np.sqrt,
    vjp=lambda g, y, x: g / (2 * y),
    doc="square root",
    latex=r"\sqrt{{{}}}",
)
rsqrt = unary(
    "rsqrt",
    in_place(lambda x, out=None: np.reciprocal(np.sqrt(x, out=out), out=out)),
    vjp=lambda g, y, x: -0.5 * g * pow_number(y, exponent=3),
    doc="1/sqrt(x)",
)
reciprocal = unary(
    "reciprocal",
    in_place(lambda x, out=None: np.true_divide(np.asarray(1, x.dtype), x, out=out)),
    vjp=lambda g, y, x: -g * (y * y),
    doc="1/x",
)
sin = unary("sin", precise(np.sin), lambda y, x: cos(x), doc="sine", latex=r"\sin {}")
cos: Elementwise = unary(
    "cos", precise(np.cos), lambda y, x: -sin(x), doc="cosine", latex=r"\cos {}"
)
tan = unary("tan", precise(np.tan), lambda y, x: 1 + y * y, doc="tangent", latex=r"\tan {}")
asin = unary(
    "asin",
    precise(np.arcsin),
    lambda y, x: rsqrt(1 - x * x),
    doc="inverse sine",
    latex=r"\arcsin {}",
)
acos = unary(
    "acos",
    precise(np.arccos),
    lambda y, x: -rsqrt(1 - x * x),
    doc="inverse cosine",
    latex=r"\arccos {}",
)
atan = unary(
    "atan",
    precise(np.arctan),
    vjp=lambda g, y, x: g / (x * x + 1),
    doc="inverse tangent",
    latex=r"\arctan {}",
)
sinh = unary(
    "sinh", precise(np.sinh), lambda y, x: cosh(x), doc="hyperbolic sine", latex=r"\sinh {}"
)
cosh: Elementwise = unary(
    "cosh", precise(np.cosh), lambda y, x: sinh(x), doc="hyperbolic cosine", latex=r"\cosh {}"
)
tanh = unary(
    "tanh",
    precise(np.tanh),
    lambda y, x: 1 - y * y,
    backward="TanhBackwardBackward0",
    doc="hyperbolic tangent",
    latex=r"\tanh {}",
)
asinh = unary("asinh", np.arcsinh, lambda y, x: rsqrt(x * x + 1), doc="inverse hyperbolic sine")
acosh = unary(
    "acosh",
    np.arccosh,
    lambda y, x: rsqrt(x * x - 1),
    doc="inverse hyperbolic cosine",
)
atanh = unary(
    "atanh",
    precise(np.arctanh),
    vjp=lambda g, y, x: g / (1 - x * x),
    doc="inverse hyperbolic tangent",
)
sigmoid = unary(
    "sigmoid",
    _sigmoid,
    lambda y, x: (1 - y) * y,
    backward="SigmoidBackwardBackward0",
    doc="1/(1 + exp(-x))",
    latex=r"\sigma({})",
)
# Written on the result: where it is 0 nothing passes; at nan the gradient does.
relu = Elementwise(
    "relu",
    lambda x: chosen(x < 0, np.asarray(0, x.dtype), x),  # keeps -0.0 and nan
    vjps=(lambda g, y, x: attached(where(le(y, 0), 0.0, g), x),),
    backward="ThresholdBackwardBackward0",
    doc="x where positive, else 0",
)
# 0 at 0, where the derivative jumps.
abs = unary("abs", np.abs, lambda y, x: sign(x), result="same", doc="|x|", latex=r"|{}|")
sign: Elementwise = unary("sign", _sign, vjp=_flat, result="same", doc="-1, 0 or 1")
floor = unary("floor", np.floor, vjp=_flat, result="same", doc="rounded down")
ceil = unary("ceil", np.ceil, vjp=_flat, result="same", doc="rounded up")
trunc = unary("trunc", np.trunc, vjp=_flat, result="same", doc="without its fraction")
round = unary("round", np.rint, vjp=_flat, result="same", doc="the nearest integer, ties to even")
isnan = Elementwise("isnan", np.isnan, result="bool", doc="is not a number")
isinf = Elementwise("isinf", np.isinf, result="bool", doc="is infinite")
isfinite = Elementwise("isfinite", np.isfinite, result="bool", doc="is neither infinite nor nan")
clone = unary("clone", lambda x: x, vjp=lambda g, y, x: g, result="same", doc="a copy")


class _Unpacked(Elementwise):
    """A value with the history of another one, in whose place it was unpacked."""

    __slots__ = ()

    def joint(self, node: Node) -> Node:
        return node.operands[0]


unpacked = _Unpacked(
    "unpacked",
    lambda x: x,
    vjps=(lambda g, y, x: g,),
    grad_fn=lambda node: node.operands[0].op.grad_fn_name(node.operands[0]),
    on_arrays=False,
    doc="what a hook unpacked in the place of a value that was saved",
)
rnn_layer = unary(
    "rnn_layer",
    lambda x: x,
    vjp=lambda g, y, x: g,
    result="same",
    grad_fn="MkldnnRnnLayerBackward0",
    doc="the outputs of a recurrent layer that the reference computes as one operation",
)
detach = Elementwise("detach", lambda x: x, doc="the value, cut off from the graph")


class _Cast(Elementwise):
    __slots__ = ()

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        return operands[0].shape, params["dtype"]

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        return np.asarray(arrays[0]).astype(node.dtype.numpy)


cast = _Cast(
    "cast",
    lambda x, dtype: x,
    vjps=(lambda g, y, x, dtype: g,),
    grad_fn="ToCopyBackward0",
    on_arrays=False,
    doc="in another dtype",
)


def as_dtype(x: Node, dtype: DType) -> Node:
    """`x` itself if it has the dtype, else its cast."""
    return x if x.dtype is dtype else cast(x, dtype=dtype)


def fill_where(mask: Node, x: Node, value: float = 0.0) -> Node:
    """`x`, with `value` where `mask` holds."""
    return where(mask, value, x)


def is_zero(x: Node) -> Node:
    return eq(x, 0)


def as_floating(x: Node) -> Node:
    """`x`, integers in the default floating dtype."""
    return x if x.dtype.is_floating else cast(x, dtype=current().dtype)
