"""Distances, and products of vectors in space."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir.dtypes import BY_NUMPY
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.reduce import _given_dtype, _shape, _vector_norm, _vector_norm_vjp, sum_

norm_dim = Shaped(
    "norm_dim",
    _vector_norm,
    shape=_shape,
    dtype=_given_dtype,
    vjps=(_vector_norm_vjp,),
    grad_fn="NormBackward1",
    batch="shape.along",
    doc="the vector p-norm, by torch.norm's own C++",
)


def _distance_vjp(g: Node, y: Node, a: Node, b: Node, p: float) -> Node | None:
    gap = a - b
    return _vector_norm_vjp(g, y, gap, ord=p, dim=None, keepdim=False, dtype=y.dtype)


def _negated(g: Node | None) -> Node | None:
    return None if g is None else -g


dist = Shaped(
    "dist",
    lambda a, b, p: _vector_norm(np.asarray(a - b), p, None, False, _dtype_of(a)),
    shape=lambda a, b, p: (),
    vjps=(
        lambda g, y, a, b, p: _distance_vjp(g, y, a, b, p),
        lambda g, y, a, b, p: _negated(_distance_vjp(g, y, a, b, p)),
    ),
    batch="system.dist",
    doc="the p-norm of a difference",
)


def _dtype_of(x: Any) -> Any:
    return BY_NUMPY[x.dtype]


AT_ONCE = 1 << 22  # differences that are held at a time


def _cdist(a: Any, b: Any, p: float) -> Any:
    rows = a.shape[-2]
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), rows, b.shape[-2])
    result = np.empty(shape, a.dtype)
    step = max(1, AT_ONCE * rows // max(1, math.prod(shape) * a.shape[-1]))
    for start in range(0, rows, step):
        gap = a[..., start : start + step, None, :] - b[..., None, :, :]
        part = _vector_norm(gap, p, (gap.ndim - 1,), False, _dtype_of(a))
        result[..., start : start + step, :] = part
    return result


def _cdist_shape(a: Node, b: Node, p: float) -> Shape:
    return (*broadcast(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-2])


def _cdist_flow(g: Node, y: Node, a: Node, b: Node, p: float, dim: int) -> Node | None:
    rows = reshape(a, (*a.shape[:-1], 1, a.shape[-1]))
    gap = rows - reshape(b, (*b.shape[:-2], 1, *b.shape[-2:]))
    flow = _vector_norm_vjp(g, y, gap, ord=p, dim=(gap.ndim - 1,), keepdim=False, dtype=y.dtype)
    if flow is None:
        return None
    return sum_(flow, dim=(gap.ndim + dim,), keepdim=False, dtype=flow.dtype)


cdist = Shaped(
    "cdist",
    _cdist,
    shape=_cdist_shape,
    vjps=(
        lambda g, y, a, b, p: _cdist_flow(g, y, a, b, p, -2),
        lambda g, y, a, b, p: _negated(_cdist_flow(g, y, a, b, p, -3)),
    ),
    batch="system.cdist",
    doc="the p-norm of the difference of every two rows",
)
cross: Shaped = Shaped(
    "linalg_cross",
    lambda a, b, dim: np.cross(a, b, axis=dim),
    shape=lambda a, b, dim: broadcast(a.shape, b.shape),
    vjps=(
        lambda g, y, a, b, dim: cross(b, g, dim=dim),
        lambda g, y, a, b, dim: cross(g, a, dim=dim),
    ),
    linear=((0,), (1,)),
    batch="system.cross",
    doc="the vector perpendicular to two",
)
