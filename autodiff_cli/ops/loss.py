"""Losses that are one autograd function in the reference.

`reduction` is "none", "mean" or "sum". Source: ATen/native/Loss.cpp, LossNLL.cpp;
torch/csrc/autograd/FunctionsManual.cpp.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Op, Params, Shape
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops.arithmetic import div_number
from autodiff_cli.ops.create import attached
from autodiff_cli.ops.failures import failing
from autodiff_cli.ops.kinds import Shaped, precise
from autodiff_cli.ops.pointwise import log, log1p, sigmoid
from autodiff_cli.ops.selection import clamp
from autodiff_cli.ops.summation import total

Reduction: TypeAlias = str


def _reduce(values: Any, reduction: Reduction) -> Any:
    if reduction == "none":
        return values
    whole = total(values, None, False)
    return whole if reduction == "sum" else np.true_divide(whole, values.dtype.type(values.size))


def _shape(x: Node, target: Node, *_: Node, reduction: Reduction) -> Shape:
    return broadcast(x.shape, target.shape) if reduction == "none" else ()


def _share(g: Node, x: Node, reduction: Reduction) -> Node:
    """The gradient that each element's loss receives."""
    return div_number(g, other=math.prod(x.shape)) if reduction == "mean" else g


mse_loss = Shaped(
    "mse_loss",
    lambda x, target, reduction: _reduce(np.square(x - target), reduction),
    shape=_shape,
    vjps=(
        lambda g, y, x, target, reduction: _share(g, x, reduction) * (2 * (x - target)),
        lambda g, y, x, target, reduction: _share(g, x, reduction) * (-2 * (x - target)),
    ),
    backward="MseLossBackwardBackward0",
    batch="loss.pointwise",
    on_arrays=True,
    doc="squared differences",
)


def _binary_cross_entropy(x: Any, target: Any, *weight: Any, reduction: Reduction) -> Any:
    outside = ~((x >= 0) & (x <= 1))
    if outside.any():
        error = RuntimeFault(
            "all elements of input should be between 0 and 1",
            hint="apply sigmoid first, or use binary_cross_entropy_with_logits",
        )
        raise failing(error, (error, np.broadcast_arrays(outside, target)[0]))
    outside = ~((target >= 0) & (target <= 1))
    if outside.any():
        error = RuntimeFault("all elements of target should be between 0 and 1")
        raise failing(error, (error, np.broadcast_arrays(outside, x)[0]))
    # The logarithms are bounded, so that a certain and wrong answer costs 100, not infinity.
    floor = np.asarray(-100, x.dtype)
    values = (target - 1) * np.maximum(precise(np.log1p)(-x), floor) - target * np.maximum(
        precise(np.log)(x), floor
    )
    return _reduce(values * weight[0] if weight else values, reduction)


SMALLEST_VARIANCE = float(np.float32(1e-12))  # a float constant in the reference, for any dtype


def _weighted(g: Node, weight: tuple[Node, ...]) -> Node:
    return g * weight[0] if weight else g


def _bce_vjp(g: Node, y: Node, x: Node, target: Node, *weight: Node, reduction: Reduction) -> Node:
    slope = (x - target) / clamp((1 - x) * x, min=SMALLEST_VARIANCE, max=None)
    return _weighted(_share(g, x, reduction), weight) * slope


def _bce_target_vjp(
    g: Node, y: Node, x: Node, target: Node, *weight: Node, reduction: Reduction
) -> Node:
    return _share(_weighted(g * (log1p(-x) - log(x)), weight), x, reduction)


class _Weighted(Shaped):
    """A loss with optional trailing weights, which are not differentiable."""

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> Any:
        return self.vjps + (None,) * (len(operands) - len(self.vjps))


binary_cross_entropy = _Weighted(
    "binary_cross_entropy",
    _binary_cross_entropy,
    shape=_shape,
    vjps=(_bce_vjp, _bce_target_vjp),
    backward=("BinaryCrossEntropyBackwardBackward0", ""),
    batch="loss.pointwise",
    on_arrays=True,
    doc="cross entropy of probabilities against targets",
)


_exp, _log1p = precise(np.exp), precise(np.log1p)


def _with_logits(
    x: Any, target: Any, *weights: Any, reduction: Reduction, weighted: bool, pos_weighted: bool
) -> Any:
    dtype = np.result_type(x, target)
    x, target = (np.asarray(a).astype(dtype, copy=False) for a in (x, target))
    # log(1 + exp(-x)) without overflow
    softplus = _log1p(_exp(-np.abs(x))) + np.maximum(-x, dtype.type(0))
    if pos_weighted:
        softplus = (1 + (weights[-1] - 1) * target) * softplus
    values = (1 - target) * x + softplus
    return _reduce(np.asarray(values * weights[0] if weighted else values, x.dtype), reduction)


def _logits_vjp(
    g: Node,
    y: Node,
    x: Node,
    target: Node,
    *weights: Node,
    reduction: Reduction,
    weighted: bool,
    pos_weighted: bool,
) -> Node:
    if pos_weighted:
        positive = weights[-1] * target
        slope = (positive + 1 - target) * sigmoid(x) - positive
    else:
        slope = sigmoid(x) - target
    return _share(_weighted(slope * g, weights[:1] if weighted else ()), x, reduction)


def _logits_target_vjp(
    g: Node,
    y: Node,
    x: Node,
    target: Node,
    *weights: Node,
    reduction: Reduction,
    weighted: bool,
    pos_weighted: bool,
) -> Node:
    if pos_weighted:
        slope = log(1 - sigmoid(x)) - weights[-1] * log(sigmoid(x))
    else:
        slope = -x
    return _share(_weighted(slope * g, weights[:1] if weighted else ()), x, reduction)


binary_cross_entropy_with_logits = _Weighted(
    "binary_cross_entropy_with_logits",
    _with_logits,
    shape=lambda x, target, *w, reduction, weighted, pos_weighted: _shape(
        x, target, reduction=reduction
    ),
    dtype=lambda x, target, *w, **_: target.dtype,  # computed in place of a copy of it
    vjps=(_logits_vjp, _logits_target_vjp),
    batch="loss.pointwise",
    on_arrays=True,
    doc="cross entropy of sigmoid(x) against targets, without overflow",
)

# ---- negative log likelihood --------------------------------------------------------------------


def _class_weights(
    target: Any, weight: tuple[Any, ...], ignore_index: int, dtype: Any
) -> tuple[Any, Any]:
    """For each target: what it counts, None if all count 1; and an index that is always in range."""
    counted = target != ignore_index
    if not weight and counted.all():
        return None, target
    safe = np.where(counted, target, 0)
    return (counted * weight[0][safe] if weight else counted).astype(dtype), safe


def _at(index: Any, ndim: int) -> Any:
    """The elements of a vector, or one of each row of a matrix."""
    return index if ndim == 1 else (np.arange(len(index)), index)


def _pick(x: Any, index: Any) -> Any:
    """x[n, index[n, ...], ...]: one class for each target; classes are dimension 1 (or 0 of a vector)."""
    if x.ndim <= 2:
        return x[_at(index, x.ndim)]
    return np.take_along_axis(x, np.expand_dims(index, 1), 1).squeeze(1)


def _nll_loss(x: Any, target: Any, *weight: Any, reduction: Reduction, ignore_index: int) -> Any:
    counts, safe = _class_weights(target, weight, ignore_index, x.dtype)
    values = np.negative(_pick(x, safe))
    if (
        counts is not None
    ):  # where, not a product: an ignored class may have a log probability of -inf
        values = np.where(counts != 0, values * counts, np.asarray(0, x.dtype))
    if reduction == "none" and x.ndim > 1:
        return values
    whole = np.add.reduce(values, axis=None, dtype=np.float64)
    if reduction == "mean":
        whole = np.true_divide(whole, _counted(counts, target))
    return np.asarray(whole).astype(x.dtype)


def _counted(counts: Any, target: Any) -> Any:
    """What all targets count."""
    if counts is None:
        return np.float64(target.size)
    return np.add.reduce(counts, axis=None, dtype=np.float64)


def _nll_loss_backward(
    g: Any, target: Any, *weight: Any, reduction: Reduction, ignore_index: int, shape: Shape
) -> Any:
    counts, safe = _class_weights(target, weight, ignore_index, g.dtype)
    values = -g if counts is None else -g * counts
    if reduction == "mean":
        values = values / _counted(counts, target)
    if counts is not None:
        values = np.where(counts != 0, values, 0)  # where all are ignored the count is 0
    result = np.zeros(shape, g.dtype)
    if len(shape) <= 2:
        result[_at(safe, len(shape))] = values
    else:
        values = np.broadcast_to(values, safe.shape).astype(g.dtype)
        np.put_along_axis(result, np.expand_dims(safe, 1), np.expand_dims(values, 1), 1)
    return result


class _Likelihood(Op):
    """Linear in operand 0; targets and class weights are not differentiable."""

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> Any:
        return self.vjps + (None,) * (len(operands) - 1)

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        x, target = operands[:2]
        if "shape" in params:
            return params["shape"], x.dtype
        per_target = params["reduction"] == "none" and x.ndim > 1
        return target.shape if per_target else (), x.dtype


def _nll_loss_vjp(
    g: Node, y: Node, x: Node, target: Node, *weight: Node, reduction: Reduction, ignore_index: int
) -> Node:
    if x.ndim == target.ndim == 1:  # the value exists in the reference, its derivative doesn't
        raise RuntimeFault(
            f"size mismatch (got input: {list(x.shape)}, target: {list(target.shape)})",
            hint="for a vector of scores the target is a number: tensor(1)",
        )
    flow = nll_loss_backward(
        g, target, *weight, reduction=reduction, ignore_index=ignore_index, shape=x.shape
    )
    return attached(flow, x)


nll_loss = _Likelihood(
    "nll_loss",
    _nll_loss,
    vjps=(_nll_loss_vjp,),
    grad_fn=lambda node: "NllLossBackward0" if node.operands[0].ndim <= 2 else "NllLoss2DBackward0",
    backward="NllLossBackwardBackward0",
    linear=((0,),),
    batch="loss.nll_loss",
    on_arrays=True,
    doc="minus the log probability of the target class",
)
nll_loss_backward: _Likelihood = _Likelihood(
    "nll_loss_backward",
    _nll_loss_backward,
    vjps=(
        lambda g, y, x, *at, reduction, ignore_index, shape: nll_loss(
            g, *at, reduction=reduction, ignore_index=ignore_index
        ),
    ),
    linear=((0,),),
    batch="loss.nll_loss_backward",
    on_arrays=True,
    doc="the adjoint of nll_loss",
)
