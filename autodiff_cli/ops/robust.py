"""Losses that are bounded in slope: smooth L1, Huber, soft margin."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node
from autodiff_cli.ops.kinds import Shaped, precise
from autodiff_cli.ops.loss import Reduction, _reduce, _shape, _share
from autodiff_cli.ops.pointwise import abs, sigmoid, sign
from autodiff_cli.ops.selection import clamp, ge, where


def _smooth_l1(x: Any, target: Any, reduction: Reduction, beta: float) -> Any:
    error = np.abs(x - target)
    values = np.where(error < beta, 0.5 * error * error / beta, error - 0.5 * beta)
    return _reduce(values.astype(x.dtype), reduction)


def _smooth_l1_slope(x: Node, target: Node, beta: float) -> Node:
    error = x - target
    return where(ge(abs(error), beta), sign(error), error / beta)


smooth_l1_loss = Shaped(
    "smooth_l1_loss",
    _smooth_l1,
    shape=lambda x, target, reduction, beta: _shape(x, target, reduction=reduction),
    vjps=(
        lambda g, y, x, t, reduction, beta: _share(g, x, reduction) * _smooth_l1_slope(x, t, beta),
        lambda g, y, x, t, reduction, beta: -_share(g, x, reduction) * _smooth_l1_slope(x, t, beta),
    ),
    backward="SmoothL1LossBackwardBackward0",
    batch="loss.pointwise",
    doc="squared errors within beta, absolute ones beyond",
)


def _huber(x: Any, target: Any, reduction: Reduction, delta: float) -> Any:
    error = np.abs(x - target)
    values = np.where(error <= delta, 0.5 * error * error, delta * (error - 0.5 * delta))
    return _reduce(values.astype(x.dtype), reduction)


huber_loss = Shaped(
    "huber_loss",
    _huber,
    shape=lambda x, target, reduction, delta: _shape(x, target, reduction=reduction),
    vjps=(
        lambda g, y, x, t, reduction, delta: (
            _share(g, x, reduction) * clamp(x - t, min=-delta, max=delta)
        ),
        lambda g, y, x, t, reduction, delta: (
            -_share(g, x, reduction) * clamp(x - t, min=-delta, max=delta)
        ),
    ),
    backward="HuberLossBackwardBackward0",
    batch="loss.pointwise",
    doc="squared errors within delta, absolute ones beyond, scaled to meet",
)


def _soft_margin(x: Any, target: Any, reduction: Reduction) -> Any:
    values = precise(np.log1p)(precise(np.exp)(-target * x))
    return _reduce(np.asarray(values).astype(x.dtype), reduction)


soft_margin_loss = Shaped(
    "soft_margin_loss",
    _soft_margin,
    shape=_shape,
    vjps=(
        lambda g, y, x, t, reduction: _share(g, x, reduction) * (-t * sigmoid(-(t * x))),
        None,
    ),
    backward="SoftMarginLossBackwardBackward0",
    batch="loss.pointwise",
    doc="log(1 + exp(-target*x))",
)
