"""Losses of classes that come within a margin of the right ones.

Source: ATen/native/LossMultiMargin.cpp, LossMultiLabelMargin.cpp. A vector, or a number, is one sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Shape, constant
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.loss import Reduction, _Weighted
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.ops.selection import eq, gt, where


def matrix(shape: Shape) -> tuple[int, int]:
    """How many samples there are, and classes."""
    return (1, *(shape or (1,)))[-2:]  # type: ignore[return-value]


def _reduced(losses: Any, reduction: Reduction, dtype: Any, shape: Shape) -> Any:
    if reduction == "none":
        return losses.reshape(shape).astype(dtype)
    whole = losses.sum()
    return np.asarray(whole / len(losses) if reduction == "mean" else whole, dtype)


def _flow(g: Node, x: Node, reduction: Reduction) -> Node:
    """The gradient that each sample's loss receives, a row each."""
    count, classes = matrix(x.shape)
    if reduction == "none":
        g = reshape(g, (count, 1))
    return g / (count * classes if reduction == "mean" else classes)


# ---- one right class ----------------------------------------------------------------------------


def _multi_margin_kernel(
    x: Any, target: Any, *weight: Any, p: int, margin: float, reduction: Reduction
) -> Any:
    rows, labels = x.reshape(matrix(x.shape)), target.reshape(-1, 1)
    gaps = np.maximum(x.dtype.type(margin) - np.take_along_axis(rows, labels, 1) + rows, 0)
    np.put_along_axis(gaps, labels, 0, 1)
    gaps = gaps * gaps if p == 2 else gaps
    if weight:
        gaps = gaps * weight[0].reshape(-1)[labels]
    losses = gaps.sum(1, dtype=np.float64) / rows.shape[1]
    return _reduced(losses, reduction, x.dtype, target.shape)


def _multi_margin_vjp(
    g: Node, y: Node, x: Node, target: Node, *weight: Node, p: int, margin: float, reduction: str
) -> Node:
    def total(values: Node) -> Node:
        return sum_(values, dim=(1,), keepdim=True, dtype=values.dtype)

    count, classes = matrix(x.shape)
    rows = reshape(x, (count, classes))
    right = eq(reshape(target, (count, 1)), constant(np.arange(classes)))
    gaps = margin - total(where(right, rows, 0.0)) + rows
    slope = where(gt(gaps, 0), 2 * gaps, 0.0) if p == 2 else as_dtype(gt(gaps, 0), x.dtype)
    if weight:
        slope = slope * total(where(right, reshape(weight[0], (1, classes)), 0.0))
    flow = where(right, 0.0, slope * _flow(g, x, reduction))
    return reshape(where(right, 0.0 - total(flow), flow), x.shape)


multi_margin = _Weighted(
    "multi_margin_loss",
    _multi_margin_kernel,
    shape=lambda x, target, *weight, p, margin, reduction: (
        target.shape if reduction == "none" else ()
    ),
    vjps=(_multi_margin_vjp, None),
    batch="loss.samples",
    doc="how far each class exceeds the right one less a margin",
)

# ---- several right classes ----------------------------------------------------------------------


def _pairs(x: Any, target: Any) -> Iterator[tuple[Any, Any]]:
    """For each place in the targets: the class there, and how far each wrong class exceeds it less 1.

    A sample's classes end before the first -1.
    """
    listed = np.logical_and.accumulate(target >= 0, axis=1)
    wrong = np.ones(x.shape, bool)
    np.put_along_axis(wrong, np.where(listed, target, target[:, :1]), False, 1)
    for place in range(x.shape[1]):
        counted = listed[:, place : place + 1]
        if not counted.any():
            break
        label = np.where(counted, target[:, place : place + 1], 0)
        gaps = 1 - np.take_along_axis(x, label, 1) + x
        yield label, np.where(wrong & counted & (gaps > 0), gaps, 0)


def _multilabel_kernel(x: Any, target: Any, reduction: Reduction) -> Any:
    shape = matrix(x.shape)
    losses = np.zeros(shape[0])
    for _, gaps in _pairs(x.reshape(shape), target.reshape(shape)):
        losses += gaps.sum(1, dtype=np.float64)
    return _reduced(losses / shape[1], reduction, x.dtype, x.shape[:-1])


def _multilabel_slope(x: Any, target: Any) -> Any:
    shape = matrix(x.shape)
    slope = np.zeros(shape, x.dtype)
    every = np.arange(shape[0])
    for label, gaps in _pairs(x.reshape(shape), target.reshape(shape)):
        slope += gaps > 0
        slope[every, label[:, 0]] -= (gaps > 0).sum(1)
    return slope.reshape(x.shape)


multilabel_margin_slope = Shaped(
    "multilabel_margin_slope",
    _multilabel_slope,
    shape=lambda x, target: x.shape,
    vjps=(None, None),
    batch="loss.samples",
    doc="how many pairs of classes pull each score up, less those that pull it down",
)


def _multilabel_vjp(g: Node, y: Node, x: Node, target: Node, reduction: Reduction) -> Node:
    slope = reshape(multilabel_margin_slope(x, target), matrix(x.shape))
    return reshape(slope * _flow(g, x, reduction), x.shape)


multilabel_margin = Shaped(
    "multilabel_margin_loss",
    _multilabel_kernel,
    shape=lambda x, target, reduction: x.shape[:-1] if reduction == "none" else (),
    vjps=(_multilabel_vjp, None),
    batch="loss.samples",
    doc="how far each wrong class exceeds each right one less 1",
)
