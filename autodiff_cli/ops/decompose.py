"""The singular value decomposition, x = U diag(S) Vh, reduced: k = min(m, n) singular values.

Source of the derivatives: torch/csrc/autograd/FunctionsManual.cpp, `svd_backward`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.dtypes import bool_
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import nonfinite as nf
from autodiff_cli.ops.arithmetic import sub
from autodiff_cli.ops.create import eye
from autodiff_cli.ops.heavy import Factored
from autodiff_cli.ops.matrix import bmm
from autodiff_cli.ops.movement import matrix_t, reshape
from autodiff_cli.ops.selection import where


def _svd(x: Any, part: int) -> Any:
    return np.linalg.svd(x, full_matrices=False)[part]


def _rank(x: Node) -> int:
    return min(x.shape[-2:])


def _column(s: Node) -> Node:
    return reshape(s, (*s.shape, 1))


def _row(s: Node) -> Node:
    return reshape(s, (*s.shape[:-1], 1, s.shape[-1]))


def _rotation(product: Node, s: Node) -> Node:
    """(P - P^T)_ij / (s_j^2 - s_i^2), 0 on the diagonal: how singular vectors turn."""
    skew = product - matrix_t(product)
    squares = s * s
    gaps = sub(_row(squares), _column(squares), alpha=1)
    diagonal = eye(n=s.shape[-1], m=s.shape[-1], dtype=bool_)
    return where(diagonal, 0.0, skew / where(diagonal, 1.0, gaps))


def _singular_values_vjp(g: Node, s: Node, x: Node) -> Node:
    return bmm(svd_u(x), _column(g) * svd_vh(x))


def _left_vjp(g: Node, u: Node, x: Node) -> Node:
    s, vh = svdvals(x), svd_vh(x)
    inner = bmm(u, _rotation(bmm(matrix_t(u), g), s) * _row(s))
    if x.shape[-2] > _rank(x):  # what of g is outside the span of U
        inner = inner + (g - bmm(u, bmm(matrix_t(u), g))) / _row(s)
    return bmm(inner, vh)


def _right_vjp(g: Node, vh: Node, x: Node) -> Node:
    s, u = svdvals(x), svd_u(x)
    inner = bmm(_column(s) * _rotation(bmm(vh, matrix_t(g)), s), vh)
    if x.shape[-1] > _rank(x):
        inner = inner + (g - bmm(bmm(g, matrix_t(vh)), vh)) / _column(s)
    return bmm(u, inner)


svdvals: Factored = Factored(
    "linalg_svdvals",
    lambda x: np.linalg.svd(x, compute_uv=False),
    lambda x: nf.svd(x)[1],
    shape=lambda x: (*x.shape[:-2], _rank(x)),
    vjps=(_singular_values_vjp,),
    grad_fn="LinalgSvdBackward0",
    doc="singular values of matrices, from the greatest",
)
svd_u: Factored = Factored(
    "svd_u",
    lambda x: _svd(x, 0),
    lambda x: nf.svd(x)[0],
    shape=lambda x: (*x.shape[:-1], _rank(x)),
    vjps=(_left_vjp,),
    grad_fn="LinalgSvdBackward0",
    doc="left singular vectors, as columns",
)
svd_vh: Factored = Factored(
    "svd_vh",
    lambda x: _svd(x, 2),
    lambda x: nf.svd(x)[2],
    shape=lambda x: (*x.shape[:-2], _rank(x), x.shape[-1]),
    vjps=(_right_vjp,),
    grad_fn="LinalgSvdBackward0",
    doc="right singular vectors, as rows",
)
