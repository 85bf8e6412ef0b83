"""Determinants, and the first two derivatives of them: right of matrices without an inverse, too.

Source: torch/csrc/autograd/FunctionsManual.cpp (`linalg_det_backward`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node
from autodiff_cli.ops import nonfinite as nf
from autodiff_cli.ops.heavy import Factored
from autodiff_cli.ops.matrix import bmm
from autodiff_cli.ops.movement import matrix_t, reshape
from autodiff_cli.ops.reduce import sum_


def _turned(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _number_as_matrix(g: Node) -> Node:
    return reshape(g, (*g.shape, 1, 1))


plain_inv: Factored = Factored(
    "plain_inv",
    np.linalg.inv,
    nf.plain_inv,
    vjps=(lambda g, y, x: -bmm(matrix_t(y), bmm(g, matrix_t(y))),),
    doc="inverse of matrices, with infinities and nan where there is none",
)


def _cofactor(x: Any) -> Any:
    """det(x) inv(x)^T, also where x has no inverse: by its singular values."""
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.stack([np.prod(np.delete(s, at, -1), -1) for at in range(n)], -1) if n else s
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return (sign[..., None, None] * ((u * others[..., None, :]) @ vh)).astype(x.dtype)


def _bend(x: Any, h: Any) -> Any:
    """How the cofactors of x change along h: products of all singular values but two.

    With x = U diag(s) V^T and H = U^T h V, entry (i, i) is the sum over k of H_kk P_ik, entry (i, j) is
    -H_ji P_ij, where P_ij is the product of the singular values other than those of i and j.
    """
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    turned = _turned(u) @ h @ _turned(vh)
    others = np.zeros_like(turned)
    for i, j in np.ndindex(n, n):
        if i != j:
            others[..., i, j] = np.prod(np.delete(s, (i, j), -1), -1)
    bent = -_turned(turned) * others
    along = (others @ np.diagonal(turned, axis1=-2, axis2=-1)[..., None])[..., 0]
    bent[..., range(n), range(n)] = along
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * (u @ bent @ vh)


def _bend_vjp(g: Node, y: Node, x: Node, h: Node) -> Node:
    """The third derivative of det, for matrices that have an inverse X.

    d(det (a b - c)), where a = tr(X h), b = tr(X g), c = tr(X h X g).
    """
    matrix = (x.ndim - 2, x.ndim - 1)
    inverse_t = plain_inv(matrix_t(x))

    def between(z: Node) -> Node:
        return bmm(inverse_t, bmm(matrix_t(z), inverse_t))

    def along(z: Node, of: Node) -> Node:
        return sum_(z * of, dim=matrix, keepdim=True, dtype=z.dtype)

    a, b = along(h, inverse_t), along(g, inverse_t)
    by_h, by_g = between(h), between(g)
    twice = bmm(by_h, bmm(matrix_t(g), inverse_t)) + bmm(by_g, bmm(matrix_t(h), inverse_t))
    flat = (a * b - along(g, by_h)) * inverse_t
    return _number_as_matrix(det(x)) * (flat - b * by_h - a * by_g + twice)


def _bend_by_inverse(x: Node, h: Node) -> Node:
    inverse_t = plain_inv(matrix_t(x))
    along = sum_(h * inverse_t, dim=(x.ndim - 2, x.ndim - 1), keepdim=True, dtype=h.dtype)
    bent = along * inverse_t - bmm(inverse_t, bmm(matrix_t(h), inverse_t))
    return _number_as_matrix(det(x)) * bent


cofactor_bend: Factored = Factored(
    "cofactor_bend",
    _bend,
    nf.cofactor_bend,
    vjps=(_bend_vjp, lambda g, y, x, h: cofactor_bend(x, g)),
    linear=((1,),),
    made_of=_bend_by_inverse,
    doc="the derivative of the cofactors along a matrix",
)


cofactor: Factored = Factored(
    "cofactor",
    _cofactor,
    nf.cofactor,
    vjps=(lambda g, y, x: cofactor_bend(x, g),),
    doc="the derivative of the determinant",
)


def _signed(found: Any, x: Any, single: Any) -> Any:
    """Zeros with the sign that the pivots give them, which numpy's haven't."""
    found = np.asarray(found)
    for at in map(tuple, np.argwhere(found == 0)):
        found[at] = np.copysign(0, single(x[at]))
    return found


det: Factored = Factored(
    "linalg_det",
    lambda x: _signed(np.linalg.det(x), x, nf.det),
    nf.det,
    shape=lambda x: x.shape[:-2],
    vjps=(lambda g, y, x: _number_as_matrix(g) * cofactor(x),),
    backward="LinalgSolveExBackward0",
    doc="determinant",
    latex=r"\det {}",
)
det_sign = Factored(
    "det_sign",
    lambda x: _signed(np.linalg.slogdet(x)[0], x, nf.det_sign),
    nf.det_sign,
    shape=lambda x: x.shape[:-2],
    vjps=(lambda g, y, x: None,),
    grad_fn="LinalgSlogdetBackward0",
    doc="sign of the determinant",
)
log_abs_det = Factored(
    "log_abs_det",
    lambda x: np.linalg.slogdet(x)[1],
    nf.log_abs_det,
    shape=lambda x: x.shape[:-2],
    vjps=(lambda g, y, x: _number_as_matrix(g) * plain_inv(matrix_t(x)),),
    backward="LinalgSolveExBackward0",
    grad_fn="LinalgSlogdetBackward0",
    doc="log of the absolute determinant",
)
