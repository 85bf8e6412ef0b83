"""Functions of one operand, element by element.

Partials are stated as a calculus book does; `y` is the result, which saves computing it again and keeps
tails right (`1 - y*y`, not `1/cosh(x)**2`, which overflows). Source: derivatives.yaml.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Params, Shape
from autodiff_cli.ops.arithmetic import pow_number
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.kinds import Elementwise, in_place, precise
from autodiff_cli.ops.selection import eq, le, where


def _sign(x: Any) -> Any:
    # 0 at nan, as the reference: np.sign gives nan there.
    return x if x.dtype == bool else np.subtract(x > 0, x < 0, dtype=np.int8).astype(x.dtype)


_exp = precise(np.exp)


@in_place
def _sigmoid(x: Any, out: Any = None) -> Any:
    power = _exp(np.negative(x, out=out), out=out)
    return np.reciprocal(np.add(power, 1, out=out), out=out)


exp = Elementwise(
    "exp",
    precise(np.exp),
    partials=(lambda y, x: y,),
    result="float",
    doc="e to the power x",
    latex="e^{{{}}}",
)
exp2 = Elementwise(
    "exp2",
    precise(np.exp2),
    partials=(lambda y, x: y * math.log(2),),
    result="float",
    doc="2 to the power x",
)
expm1 = Elementwise(
    "expm1",
    precise(np.expm1),
    partials=(lambda y, x: y + 1,),
    result="float",
    doc="exp(x) - 1, exact near 0",
)
log = Elementwise(
    "log",
    precise(np.log),
    vjps=(lambda g, y, x: g / x,),
    result="float",
    doc="natural logarithm",
    latex=r"\log {}",
    domain="x >= 0",
)
log2 = Elementwise(
    "log2",
    precise(np.log2),
    vjps=(lambda g, y, x: g / (x * math.log(2)),),
    result="float",
    doc="logarithm to base 2",
    domain="x >= 0",
)
log10 = Elementwise(
    "log10",
    precise(np.log10),
    vjps=(lambda g, y, x: g / (x * math.log(10)),),
    result="float",
    doc="logarithm to base 10",
    domain="x >= 0",
)
log1p = Elementwise(
    "log1p",
    precise(np.log1p),
    vjps=(lambda g, y, x: g / (x + 1),),
    result="float",
    doc="log(1 + x), exact near 0",
    domain="x >= -1",
)
sqrt = Elementwise(
    "sqrt",
    np.sqrt,
    vjps=(lambda g, y, x: g / (2 * y),),
    result="float",
    doc="square root",
    latex=r"\sqrt{{{}}}",
    domain="x >= 0",
)
rsqrt = Elementwise(
    "rsqrt",
    in_place(lambda x, out=None: np.reciprocal(np.sqrt(x, out=out), out=out)),
    vjps=(lambda g, y, x: -0.5 * g * pow_number(y, exponent=3),),
    result="float",
    doc="1/sqrt(x)",
    domain="x > 0",
)
reciprocal = Elementwise(
    "reciprocal",
    in_place(lambda x, out=None: np.true_divide(np.asarray(1, x.dtype), x, out=out)),
    vjps=(lambda g, y, x: -g * (y * y),),
    result="float",
    doc="1/x",
    domain="x != 0",
)
sin = Elementwise(
    "sin",
    precise(np.sin),
    partials=(lambda y, x: cos(x),),
    result="float",
    doc="sine",
    latex=r"\sin {}",
)
cos: Elementwise = Elementwise(
    "cos",
    precise(np.cos),
    partials=(lambda y, x: -sin(x),),
    result="float",
    doc="cosine",
    latex=r"\cos {}",
)
tan = Elementwise(
    "tan",
    precise(np.tan),
    partials=(lambda y, x: 1 + y * y,),
    result="float",
    doc="tangent",
    latex=r"\tan {}",
)
asin = Elementwise(
    "asin",
    precise(np.arcsin),
    partials=(lambda y, x: rsqrt(1 - x * x),),
    result="float",
    doc="inverse sine",
    domain="-1 <= x <= 1",
)
acos = Elementwise(
    "acos",
    precise(np.arccos),
    partials=(lambda y, x: -rsqrt(1 - x * x),),
    result="float",
    doc="inverse cosine",
    domain="-1 <= x <= 1",
)
atan = Elementwise(
    "atan",
    precise(np.arctan),
    vjps=(lambda g, y, x: g / (x * x + 1),),
    result="float",
    doc="inverse tangent",
)
sinh = Elementwise(
    "sinh",
    precise(np.sinh),
    partials=(lambda y, x: cosh(x),),
    result="float",
    doc="hyperbolic sine",
)
cosh: Elementwise = Elementwise(
    "cosh",
    precise(np.cosh),
    partials=(lambda y, x: sinh(x),),
    result="float",
    doc="hyperbolic cosine",
)
tanh = Elementwise(
    "tanh",
    precise(np.tanh),
    partials=(lambda y, x: 1 - y * y,),
    result="float",
    doc="hyperbolic tangent",
    latex=r"\tanh {}",
)
asinh = Elementwise(
    "asinh",
    np.arcsinh,
    partials=(lambda y, x: rsqrt(x * x + 1),),
    result="float",
    doc="inverse hyperbolic sine",
)
acosh = Elementwise(
    "acosh",
    np.arccosh,
    partials=(lambda y, x: rsqrt(x * x - 1),),
    result="float",
    doc="inverse hyperbolic cosine",
    domain="x >= 1",
)
atanh = Elementwise(
    "atanh",
    precise(np.arctanh),
    partials=(lambda y, x: reciprocal(1 - x * x),),
    result="float",
    doc="inverse hyperbolic tangent",
    domain="-1 <= x <= 1",
)
sigmoid = Elementwise(
    "sigmoid",
    _sigmoid,
    partials=(lambda y, x: (1 - y) * y,),
    result="float",
    doc="1/(1 + exp(-x))",
    latex=r"\sigma({})",
)
# Written on the result: where it is 0 nothing passes; at nan the gradient does.
relu = Elementwise(
    "relu",
    lambda x: np.where(x < 0, np.asarray(0, x.dtype), x),  # keeps -0.0 and nan
    vjps=(lambda g, y, x: where(le(y, 0), 0.0, g),),
    doc="x where positive, else 0",
)
# 0 at 0, where the derivative jumps.
abs = Elementwise("abs", np.abs, partials=(lambda y, x: sign(x),), doc="|x|", latex=r"|{}|")
sign: Elementwise = Elementwise(
    "sign", _sign, vjps=(lambda g, y, x: zeros_like(g),), doc="-1, 0 or 1"
)
floor = Elementwise("floor", np.floor, vjps=(lambda g, y, x: zeros_like(g),), doc="rounded down")
ceil = Elementwise("ceil", np.ceil, vjps=(lambda g, y, x: zeros_like(g),), doc="rounded up")
trunc = Elementwise(
    "trunc", np.trunc, vjps=(lambda g, y, x: zeros_like(g),), doc="without its fraction"
)
round = Elementwise(
    "round", np.rint, vjps=(lambda g, y, x: zeros_like(g),), doc="the nearest integer, ties to even"
)
isnan = Elementwise("isnan", np.isnan, result="bool", doc="is not a number")
isinf = Elementwise("isinf", np.isinf, result="bool", doc="is infinite")
isfinite = Elementwise("isfinite", np.isfinite, result="bool", doc="is neither infinite nor nan")
clone = Elementwise("clone", lambda x: x, vjps=(lambda g, y, x: g,), doc="a copy")
rnn_layer = Elementwise(
    "rnn_layer",
    lambda x: x,
    vjps=(lambda g, y, x: g,),
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
