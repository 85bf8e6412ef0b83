"""Solving, inverting and factoring matrices.

Derivatives: torch/csrc/autograd/FunctionsManual.cpp. Those of `cholesky` and `eigh` are on symmetric
matrices, of which the kernels read one triangle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops import nonfinite as nf
from autodiff_cli.ops.create import eye, full
from autodiff_cli.ops.decompose import _column, _row
from autodiff_cli.ops.heavy import Factored
from autodiff_cli.ops.matrix import bmm
from autodiff_cli.ops.movement import cat, matrix_t, reshape, slice_
from autodiff_cli.ops.rearrange import tril, triu
from autodiff_cli.ops.selection import where


def _turned(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _last(x: Node, size: int) -> Node:
    """The first `size` columns."""
    return slice_(x, dim=x.ndim - 1, start=0, stop=size, step=1)


def _number_as_matrix(g: Node) -> Node:
    return reshape(g, (*g.shape, 1, 1))


# ---- inverse ------------------------------------------------------------------------------------

inv: Factored = Factored(
    "linalg_inv",
    np.linalg.inv,
    nf.inv,
    vjps=(lambda g, y, x: -bmm(matrix_t(y), bmm(g, matrix_t(y))),),
    grad_fn="LinalgInvExBackward0",
    doc="inverse of matrices",
    latex="{}^{{-1}}",
)


# ---- equations ----------------------------------------------------------------------------------


def _solve_kernel(a: Any, b: Any, left: bool, vector: bool) -> Any:
    if vector:
        return np.linalg.solve(a, b[..., None])[..., 0]
    if left:
        return np.linalg.solve(a, b)
    return _turned(np.linalg.solve(_turned(a), _turned(b)))


def _solve_shape(a: Node, b: Node, left: bool, vector: bool) -> Shape:
    if vector:
        return (*broadcast(a.shape[:-2], b.shape[:-1]), b.shape[-1])
    return (*broadcast(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])


def _solve_right_vjp(g: Node, y: Node, a: Node, b: Node, left: bool, vector: bool) -> Node:
    return _adjoint_solve(a, g, left, vector)


def _adjoint_solve(a: Node, g: Node, left: bool, vector: bool) -> Node:
    """x with a^T x = g, or x a^T = g, by the factors of a itself."""
    if vector:
        row = reshape(g, (*g.shape[:-1], 1, g.shape[-1]))
        return reshape(solve(a, row, left=False, vector=False), g.shape)
    return matrix_t(solve(a, matrix_t(g), left=not left, vector=False))


def _solve_matrix_vjp(g: Node, y: Node, a: Node, b: Node, left: bool, vector: bool) -> Node:
    adjoint = _adjoint_solve(a, g, left, vector)
    if vector:
        return -(_column(adjoint) * _row(y))
    if left:
        return -bmm(adjoint, matrix_t(y))
    return -bmm(matrix_t(y), adjoint)


solve: Factored = Factored(
    "linalg_solve",
    _solve_kernel,
    nf.solve,
    shape=_solve_shape,
    vjps=(_solve_matrix_vjp, _solve_right_vjp),
    grad_fn="LinalgSolveExBackward0",
    linear=((1,),),
    batch="system.solve",
    doc="x with a x = b, or x a = b",
)


def _triangular_matrix_vjp(g: Node, y: Node, a: Node, b: Node, upper: bool, left: bool) -> Node:
    adjoint = triangular(matrix_t(a), g, upper=not upper, left=left)
    return -bmm(adjoint, matrix_t(y)) if left else -bmm(matrix_t(y), adjoint)


triangular: Factored = Factored(
    "solve_triangular",
    lambda a, b, upper, left: _solve_kernel(a, b, left, vector=False),
    nf.solve_triangular,
    shape=lambda a, b, upper, left: _solve_shape(a, b, left, vector=False),
    vjps=(
        _triangular_matrix_vjp,
        lambda g, y, a, b, upper, left: triangular(matrix_t(a), g, upper=not upper, left=left),
    ),
    grad_fn="LinalgSolveTriangularBackward0",
    linear=((1,),),
    batch="system.solve",
    doc="x with a x = b, or x a = b, of a triangle a; infinities and nan where it is singular",
)


# ---- factors ------------------------------------------------------------------------------------


def _lower_rule(g: Node, lower: Node) -> Node:
    """The gradient by a = L L^T from that by L: 1/2 L^-T (P + P^T) L^-1, P the triangle of L^T g."""
    inner = bmm(matrix_t(lower), g)
    inner = tril(inner, diagonal=0) + matrix_t(tril(inner, diagonal=-1))
    half = triangular(matrix_t(lower), inner, upper=True, left=True)
    return 0.5 * triangular(lower, half, upper=False, left=False)


def _cholesky_vjp(g: Node, y: Node, x: Node, upper: bool) -> Node:
    return _lower_rule(matrix_t(g), matrix_t(y)) if upper else _lower_rule(g, y)


def _cholesky(x: Any, upper: bool) -> Any:
    return _turned(np.linalg.cholesky(_turned(x))) if upper else np.linalg.cholesky(x)


def _factor(name: str, shown: str, grad_fn: str) -> Factored:
    def single(x: Any, upper: bool) -> Any:
        return nf.cholesky(x.T, shown).T if upper else nf.cholesky(x, shown)

    return Factored(
        name,
        _cholesky,
        single,
        vjps=(_cholesky_vjp,),
        grad_fn=grad_fn,
        doc="the triangle L with L L^T = x",
    )


cholesky = _factor("linalg_cholesky", "linalg.cholesky", "LinalgCholeskyExBackward0")
cholesky_old = _factor("cholesky", "cholesky", "CholeskyBackward0")


def _doubled(x: Node) -> Node:
    """x + x^T with its diagonal once."""
    both = x + matrix_t(x)
    diagonal = eye(n=x.shape[-1], m=x.shape[-1], dtype=dtypes.bool_)
    return where(diagonal, 0.5 * both, both)


def _qr_square(gq: Node | None, gr: Node | None, q: Node, r: Node) -> Node:
    """For at least as many rows as columns: (gQ + Q M) R^-T, M of the triangle of gR R^T - Q^T gQ."""
    if gr is None:
        assert gq is not None
        inner = -bmm(matrix_t(q), gq)
    else:
        inner = bmm(gr, matrix_t(r))
        if gq is not None:
            inner = inner - bmm(matrix_t(q), gq)
    whole = bmm(q, _doubled(triu(inner, diagonal=0)))
    if gq is not None:
        whole = whole + gq
    return triangular(matrix_t(r), whole, upper=False, left=False)


def _qr_vjp(gq: Node | None, gr: Node | None, x: Node) -> Node:
    rows, columns = x.shape[-2:]
    q, r = qr_q(x), qr_r(x)
    if rows >= columns:
        return _qr_square(gq, gr, q, r)
    last = x.ndim - 1

    def right(node: Node) -> Node:
        return slice_(node, dim=last, start=rows, stop=columns, step=1)

    if gr is None:
        left = _qr_square(gq, None, q, _last(r, rows))
        rest = full(shape=right(x).shape, value=0, dtype=x.dtype)
    else:
        beside = bmm(right(x), matrix_t(right(gr)))
        left = _qr_square(beside, _last(gr, rows), q, _last(r, rows))
        rest = bmm(q, right(gr))
    return cat(left, rest, dim=last)


qr_q: Factored = Factored(
    "qr_q",
    lambda x: np.linalg.qr(x)[0],
    lambda x: nf.qr(x, complete=False)[0],
    shape=lambda x: (*x.shape[:-1], min(x.shape[-2:])),
    vjps=(lambda g, y, x: _qr_vjp(g, None, x),),
    grad_fn="LinalgQrBackward0",
    doc="the orthonormal columns Q of x = Q R",
)
qr_r: Factored = Factored(
    "qr_r",
    lambda x: np.linalg.qr(x)[1],
    lambda x: nf.qr(x, complete=False)[1],
    shape=lambda x: (*x.shape[:-2], min(x.shape[-2:]), x.shape[-1]),
    vjps=(lambda g, y, x: _qr_vjp(None, g, x),),
    grad_fn="LinalgQrBackward0",
    doc="the triangle R of x = Q R",
)


def _eigenvector_vjp(g: Node, v: Node, x: Node, uplo: str) -> Node:
    values = eigenvalues(x, uplo=uplo)
    gaps = _row(values) - _column(values)
    diagonal = eye(n=x.shape[-1], m=x.shape[-1], dtype=dtypes.bool_)
    along = bmm(matrix_t(v), g)
    turn = where(diagonal, 0.0, 0.5 * (along - matrix_t(along)) / where(diagonal, 1.0, gaps))
    return bmm(v, bmm(turn, matrix_t(v)))


def _eigenvalue_vjp(g: Node, y: Node, x: Node, uplo: str) -> Node:
    v = eigenvectors(x, uplo=uplo)
    return bmm(v * _row(g), matrix_t(v))


eigenvalues: Factored = Factored(
    "eigh_values",
    lambda x, uplo: np.linalg.eigvalsh(x, uplo),
    lambda x, uplo: nf.eigh(x, uplo)[0],
    shape=lambda x, uplo: x.shape[:-1],
    vjps=(_eigenvalue_vjp,),
    grad_fn="LinalgEighBackward0",
    doc="eigenvalues of symmetric matrices, from the least",
)
eigenvectors: Factored = Factored(
    "eigh_vectors",
    lambda x, uplo: np.linalg.eigh(x, uplo)[1],
    lambda x, uplo: nf.eigh(x, uplo)[1],
    vjps=(_eigenvector_vjp,),
    grad_fn="LinalgEighBackward0",
    doc="eigenvectors of symmetric matrices, as columns",
)


def _expm(x: Any) -> Any:
    import scipy.linalg  # type: ignore[import-untyped]

    return scipy.linalg.expm(x)


class _Exponential(Factored):
    __slots__ = ()

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        # scipy brings a library of its own, whose threads aren't counted before it is loaded
        import scipy.linalg  # noqa: F401

        return super().evaluate(node, arrays)


def _expm_vjp(g: Node, y: Node, x: Node) -> Node:
    """The upper right block of exp [[x^T, g], [0, x^T]]."""
    last, rows = x.ndim - 1, x.ndim - 2
    size = x.shape[-1]
    zero = full(shape=x.shape, value=0, dtype=x.dtype)
    top = cat(matrix_t(x), g, dim=last)
    block = matrix_exp(cat(top, cat(zero, matrix_t(x), dim=last), dim=rows))
    upper = slice_(block, dim=rows, start=0, stop=size, step=1)
    return slice_(upper, dim=last, start=size, stop=2 * size, step=1)


matrix_exp: Factored = _Exponential(
    "linalg_matrix_exp",
    _expm,
    nf.matrix_exp,
    vjps=(_expm_vjp,),
    doc="exponential of matrices",
)
