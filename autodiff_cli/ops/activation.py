"""Activations of neural networks, element by element.

Derivatives: torch/csrc/autograd/FunctionsManual.cpp and ATen/native/cpu/Activation.cpp, with its bounds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops.create import attached, zeros_like
from autodiff_cli.ops.kinds import Composed, Elementwise, Shaped, like, precise
from autodiff_cli.ops.movement import cat, slice_
from autodiff_cli.ops.pointwise import _sigmoid, exp, sigmoid, tanh
from autodiff_cli.ops.selection import (
    capped,
    clamped,
    ge,
    gt,
    le,
    logical_and,
    logical_or,
    lt,
    where,
)
from autodiff_cli.ops.special import ROOT_PI, erf, scipy_function

_exp, _expm1, _log1p, _tanh = (precise(f) for f in (np.exp, np.expm1, np.log1p, np.tanh))

leaky_relu = Elementwise(
    "leaky_relu",
    lambda x, slope: np.where(x > 0, x, x * like(x, slope)),
    vjps=(lambda g, y, x, slope: attached(where(gt(x, 0), g, g * slope), x),),
    backward="LeakyReluBackwardBackward0",
    doc="x where positive, else slope*x",
)


def _elu(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    bent = _expm1(x * like(x, input_scale)) * like(x, alpha * scale)
    return np.where(x <= 0, bent, x * like(x, scale))


def _elu_vjp(g: Node, y: Node, x: Node, alpha: float, scale: float, input_scale: float) -> Node:
    bent = g * (input_scale * alpha * scale) * exp(capped(x, bound=0.0) * input_scale)
    return where(le(x, 0), bent, g * scale)


elu = Elementwise(
    "elu",
    _elu,
    vjps=(_elu_vjp,),
    backward="EluBackwardBackward0",
    doc="x where positive, else an exponential to -alpha",
)
celu = Elementwise(
    "celu",
    lambda x, alpha: _elu(x, alpha, 1.0, 1 / alpha),
    vjps=(lambda g, y, x, alpha: _elu_vjp(g, y, x, alpha, 1.0, 1 / alpha),),
    backward="EluBackwardBackward0",
    doc="elu, smooth for every alpha",
)

# ---- smooth -------------------------------------------------------------------------------------

ROOT_HALF = math.sqrt(0.5)
INNER = math.sqrt(2 / math.pi)
CUBIC = 0.044715


def _gelu(x: Any, approximate: str) -> Any:
    half = like(x, 0.5)
    if approximate == "none":
        return x * half * (1 + scipy_function("erf")(x * like(x, ROOT_HALF)))
    inner = like(x, INNER) * (x + like(x, CUBIC) * x * x * x)
    return half * x * (1 + _tanh(inner))


def _gelu_partial(y: Node, x: Node, approximate: str) -> Node:
    if approximate == "none":
        density = exp(x * x * -0.5) * (ROOT_HALF / ROOT_PI)
        return 0.5 * (1 + erf(x * ROOT_HALF)) + x * density
    bent = tanh(INNER * (x + CUBIC * x * x * x))
    slope = INNER * (1 + 3 * CUBIC * x * x)
    return 0.5 * (1 + bent) + 0.5 * x * (1 - bent * bent) * slope


gelu = Elementwise(
    "gelu",
    _gelu,
    partials=(_gelu_partial,),
    backward="GeluBackwardBackward0",
    doc="x times the normal distribution function of x",
)


def _silu_partial(y: Node, x: Node) -> Node:
    share = sigmoid(x)
    return share * (1 + x * (1 - share))


silu = Elementwise(
    "silu", lambda x: x / (1 + _exp(-x)), partials=(_silu_partial,), doc="x sigmoid(x)"
)


def _mish_partial(y: Node, x: Node) -> Node:
    bent = tanh(softplus(x, beta=1, threshold=20))
    return bent + x * sigmoid(x) * (1 - bent * bent)


mish = Elementwise(
    "mish",
    lambda x: x * _tanh(_log1p(_exp(x))),
    partials=(_mish_partial,),
    doc="x tanh(softplus(x))",
)


def _softplus(x: Any, beta: float, threshold: float) -> Any:
    scaled = x * like(x, beta)
    return np.where(scaled > threshold, x, _log1p(_exp(scaled)) / like(x, beta))


def _softplus_vjp(g: Node, y: Node, x: Node, beta: float, threshold: float) -> Node:
    scaled = x * beta
    return where(gt(scaled, threshold), g, g * sigmoid(capped(scaled, bound=threshold)))


softplus = Elementwise(
    "softplus",
    _softplus,
    vjps=(_softplus_vjp,),
    backward="SoftplusBackwardBackward0",
    doc="log(1 + exp(beta*x))/beta, x itself where that is large",
)
falling_sigmoid = Elementwise(
    "falling_sigmoid",
    lambda x: _sigmoid(-x),
    vjps=(lambda g, y, x: -g * (y * sigmoid(x)),),  # (1 - y) is 0 long before sigmoid(x) is
    result="float",
    doc="sigmoid(-x): the slope of log_sigmoid",
)
log_sigmoid = Elementwise(
    "log_sigmoid",
    lambda x: np.minimum(x, 0) - _log1p(_exp(-np.abs(x))),
    vjps=(lambda g, y, x: g * falling_sigmoid(x),),
    backward="LogSigmoidBackwardBackward0",
    doc="log(sigmoid(x)), without overflow",
)

# ---- straight pieces ----------------------------------------------------------------------------

hardtanh = Elementwise(
    "hardtanh",
    clamped,  # not np.clip, in which the sign of a zero that meets a bound depends on numpy's version
    vjps=(
        lambda g, y, x, min, max: attached(where(logical_or(le(x, min), ge(x, max)), 0.0, g), x),
    ),
    backward="HardtanhBackwardBackward0",
    doc="x, between min and max",
)
SIXTH = float(np.float32(1) / np.float32(6))  # a float constant in the reference, for any dtype
hardsigmoid = Elementwise(
    "hardsigmoid",
    lambda x: np.clip(x + 3, like(x, 0), like(x, 6)) / 6,
    vjps=(lambda g, y, x: attached(where(logical_and(gt(x, -3), lt(x, 3)), g * SIXTH, 0.0), x),),
    backward="NotImplemented",
    doc="x/6 + 1/2, between 0 and 1",
)
hardswish = Elementwise(
    "hardswish",
    lambda x: x * np.clip(x + 3, like(x, 0), like(x, 6)) / 6,
    vjps=(lambda g, y, x: where(le(x, -3), 0.0, where(lt(x, 3), g * (x / 3 + 0.5), g)),),
    backward="HardswishBackwardBackward0",
    doc="x hardsigmoid(x)",
)


def _shrunk(g: Node, y: Node, x: Node, bound: float) -> Node:
    return attached(where(logical_and(ge(x, -bound), le(x, bound)), 0.0, g), x)


def _softshrink(x: Any, bound: float) -> Any:
    limit = like(x, bound)
    return np.where(x > limit, x - limit, np.where(x < -limit, x + limit, x * 0))


softshrink = Elementwise(
    "softshrink",
    _softshrink,
    vjps=(_shrunk,),
    backward="SoftshrinkBackwardBackward0",
    doc="moved towards 0 by a bound, not beyond",
)
hardshrink = Elementwise(
    "hardshrink",
    lambda x, bound: np.where((x >= -like(x, bound)) & (x <= like(x, bound)), 0, x),
    vjps=(_shrunk,),
    backward="HardshrinkBackwardBackward0",
    doc="x, 0 where |x| is within a bound",
)
# Second derivatives take the other side at 0, as the reference's kernels do.
prelu_by_x = Composed(
    "prelu_by_x",
    lambda g, x, weight: np.where(x > 0, g, weight * g),
    made_of=lambda g, x, weight: where(gt(x, 0), g, weight * g),
    vjps=(
        lambda h, y, g, x, weight: where(ge(x, 0), h, weight * h),
        lambda h, y, g, x, weight: zeros_like(x),
        lambda h, y, g, x, weight: where(ge(x, 0), 0.0, g * h),
    ),
    doc="what flows to x through prelu",
)
prelu_by_weight = Composed(
    "prelu_by_weight",
    lambda g, x: np.where(x > 0, like(x, 0), x * g),
    made_of=lambda g, x: where(gt(x, 0), 0.0, x * g),
    vjps=(
        lambda h, y, g, x: where(ge(x, 0), 0.0, x * h),
        lambda h, y, g, x: where(ge(x, 0), 0.0, g * h),
    ),
    doc="what flows to the weight through prelu",
)
prelu = Elementwise(
    "prelu_kernel",
    lambda x, weight: np.where(x > 0, x, weight * x),
    vjps=(
        lambda g, y, x, weight: prelu_by_x(g, x, weight),
        lambda g, y, x, weight: attached(prelu_by_weight(g, x), weight),
    ),
    backward="PreluKernelBackwardBackward0",
    doc="x where positive, else weight*x",
)


# ---- gates --------------------------------------------------------------------------------------


def _halves(x: Node, dim: int) -> tuple[Node, Node]:
    size = x.shape[dim]
    return (
        slice_(x, dim=dim, start=0, stop=size // 2, step=1),
        slice_(x, dim=dim, start=size // 2, stop=size, step=1),
    )


def _glu(x: Any, dim: int) -> Any:
    first, second = np.split(x, 2, axis=dim)
    return first * _sigmoid(second)


def _glu_vjp(g: Node, y: Node, x: Node, dim: int) -> Node:
    first, second = _halves(x, dim)
    share = sigmoid(second)
    return cat(g * share, g * first * share * (1 - share), dim=dim)


def _glu_shape(x: Node, dim: int) -> Shape:
    return (*x.shape[:dim], x.shape[dim] // 2, *x.shape[dim + 1 :])


glu = Shaped(
    "glu",
    _glu,
    shape=_glu_shape,
    vjps=(_glu_vjp,),
    backward="GluBackwardBackward0",
    batch="shape.along",
    doc="one half of a dimension times the sigmoid of the other",
)
