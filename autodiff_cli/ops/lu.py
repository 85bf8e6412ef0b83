"""Triangular factors with pivots, what is solved by factors, and products of reflections.

Derivatives: torch/csrc/autograd/FunctionsManual.cpp (plu_backward_base, cholesky_solve_backward,
cholesky_inverse_backward).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops import nonfinite as nf
from autodiff_cli.ops.create import eye
from autodiff_cli.ops.heavy import Factored, heavily
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.linalg import triangular
from autodiff_cli.ops.matrix import bmm
from autodiff_cli.ops.movement import cat, matrix_t, slice_
from autodiff_cli.ops.rearrange import tril, triu


def lapack(name: str, *arrays: Any) -> Callable[..., Any]:
    """A function of LAPACK for the arrays' dtype.

    scipy brings a library of its own, whose threads aren't counted before it is loaded.
    """
    import scipy.linalg  # type: ignore[import-untyped]

    (function,) = scipy.linalg.get_lapack_funcs((name,), arrays)
    return function  # type: ignore[no-any-return]


def each_matrix(function: Callable[..., Any], x: Any, *others: Any) -> list[Any]:
    """What a function gives for each of stacked matrices, and of what belongs to each of them."""
    stacked = [x.reshape(-1, *x.shape[-2:]), *others]
    return [heavily(x[0].size * x.shape[-1] if len(x) else 0, function, *m) for m in zip(*stacked)]


def factored(x: Any) -> list[tuple[Any, Any, int]]:
    """L and U in one matrix, the pivots counted from 0, and the first column without one."""
    if not x.size:
        least = min(x.shape[-2:])
        return [(np.zeros(x.shape[-2:]), np.arange(least), 0)] * math.prod(x.shape[:-2])
    return each_matrix(lapack("getrf", x), x)


def _stacked(parts: list[Any], shape: Shape, dtype: Any) -> Any:
    return np.asarray(parts, dtype).reshape(shape)


def _pivots_shape(x: Node) -> Shape:
    return (*x.shape[:-2], min(x.shape[-2:]))


def _rows(pivots: Any, size: int) -> Any:
    """Which row of a matrix each row of its factors is, of pivots counted from 0."""
    rows = np.arange(size)
    for at, pivot in enumerate(pivots):
        rows[[at, pivot]] = rows[[pivot, at]]
    return rows


def _permutation(pivots: Any, size: int, dtype: DType) -> Any:
    flat = pivots.reshape(-1, pivots.shape[-1]) - 1
    lead = pivots.shape[:-1]
    result = np.zeros((len(flat), size, size), dtype.numpy)
    for matrix, own in zip(result, flat):
        matrix[_rows(own, size), np.arange(size)] = 1
    return result.reshape(*lead, size, size)


pivots = Shaped(
    "lu_pivots",
    lambda x: _stacked([f[1] + 1 for f in factored(x)], (*x.shape[:-2], min(x.shape[-2:])), "i4"),
    shape=_pivots_shape,
    dtype=lambda x: dtypes.int32,
    batch="shape.leading",
    doc="which rows are exchanged where a matrix is factored, counted from 1",
)
permutation = Shaped(
    "pivot_matrix",
    _permutation,
    shape=lambda pivots, size, dtype: (*pivots.shape[:-1], size, size),
    dtype=lambda pivots, size, dtype: dtype,
    batch="shape.leading",
    doc="the matrix that exchanges rows as pivots say",
)


def part(x: Node, rows: slice | None = None, columns: slice | None = None) -> Node:
    """Some rows and columns of matrices."""
    for dim, cut in ((x.ndim - 2, rows), (x.ndim - 1, columns)):
        if cut is not None:
            start, stop, step = cut.indices(x.shape[dim])
            x = slice_(x, dim=dim, start=start, stop=stop, step=step)
    return x


def lower(x: Node) -> Node:
    """L of both factors in one matrix: with ones on its diagonal."""
    least = min(x.shape[-2:])
    own = part(x, None, slice(0, least))
    return tril(own, diagonal=-1) + eye(n=own.shape[-2], m=least, dtype=x.dtype)


def upper(x: Node) -> Node:
    """U of both factors in one matrix."""
    return triu(part(x, slice(0, min(x.shape[-2:]))), diagonal=0)


def _lu_vjp(g: Node, y: Node, x: Node) -> Node:
    rows, columns = x.shape[-2:]
    k = min(rows, columns)
    both_l, both_u = lower(y), upper(y)
    by_l = tril(part(g, None, slice(0, k)), diagonal=-1)
    by_u = triu(part(g, slice(0, k)), diagonal=0)
    low, u = part(both_l, slice(0, k)), part(both_u, None, slice(0, k))
    rest: Node | None = None
    if rows > columns:  # L2 = B2 U^-1
        rest = triangular(matrix_t(u), part(by_l, slice(k, None)), upper=False, left=False)
        by_l = part(by_l, slice(0, k))
        by_u = by_u - triu(bmm(matrix_t(part(both_l, slice(k, None))), rest), diagonal=0)
    elif rows < columns:  # U2 = L^-1 B2
        rest = triangular(matrix_t(low), part(by_u, None, slice(k, None)), upper=True, left=True)
        by_u = part(by_u, None, slice(0, k))
        right = part(both_u, None, slice(k, None))
        by_l = by_l - tril(bmm(rest, matrix_t(right)), diagonal=-1)
    inner = tril(bmm(matrix_t(low), by_l), diagonal=-1) + triu(bmm(by_u, matrix_t(u)), diagonal=0)
    whole = triangular(matrix_t(low), inner, upper=True, left=True)
    whole = triangular(matrix_t(u), whole, upper=False, left=False)
    if rest is not None:
        whole = cat(whole, rest, dim=x.ndim - (2 if rows > columns else 1))
    return bmm(permutation(pivots(x), size=rows, dtype=x.dtype), whole)


lu = Shaped(
    "lu_factors",
    lambda x: _stacked([f[0] for f in factored(x)], x.shape, x.dtype),
    vjps=(_lu_vjp,),
    grad_fn="LinalgLuFactorExBackward0",
    batch="shape.leading",
    doc="L and U in one matrix, the rows exchanged as the pivots say",
)

# ---- by the triangle of Cholesky ----------------------------------------------------------------


def _triangle(a: Any, upper: bool) -> Any:
    return np.swapaxes(np.triu(a), -1, -2) if upper else np.tril(a)


def _cholesky_solve(a: Any, b: Any, upper: bool) -> Any:
    left = _triangle(a, upper)
    return np.linalg.solve(np.swapaxes(left, -1, -2), np.linalg.solve(left, b))


def _cholesky_solve_single(a: Any, b: Any, upper: bool) -> Any:
    left = _triangle(a, upper)
    half = nf.solve_triangular(left, b, upper=False, left=True)
    return nf.solve_triangular(left.T, half, upper=True, left=True)


def _by_triangle(a: Node, flow: Node, upper: bool) -> Node:
    """The gradient by the triangle that is read; the reference's isn't 0 in the other one."""
    if upper:
        return -triu(bmm(triu(a, diagonal=0), flow), diagonal=0)
    return -tril(bmm(flow, tril(a, diagonal=0)), diagonal=0)


def _cholesky_solve_vjp(g: Node, y: Node, a: Node, b: Node, upper: bool) -> Node:
    flow = bmm(cholesky_solve(a, g, upper=upper), matrix_t(y))
    return _by_triangle(a, flow + matrix_t(flow), upper)


cholesky_solve: Factored = Factored(
    "cholesky_solve",
    _cholesky_solve,
    _cholesky_solve_single,
    shape=lambda a, b, upper: (*broadcast(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]),
    vjps=(
        _cholesky_solve_vjp,
        lambda g, y, a, b, upper: cholesky_solve(a, g, upper=upper),
    ),
    linear=((1,),),
    batch="system.solve",
    doc="x with L L^T x = b",
)


def _cholesky_inverse_vjp(g: Node, y: Node, a: Node, upper: bool) -> Node:
    return _by_triangle(a, bmm(bmm(y, g + matrix_t(g)), y), upper)


cholesky_inverse = Factored(
    "cholesky_inverse",
    lambda a, upper: _cholesky_solve(a, np.eye(a.shape[-1], dtype=a.dtype), upper),
    lambda a, upper: _cholesky_solve_single(a, np.eye(a.shape[-1], dtype=a.dtype), upper),
    vjps=(_cholesky_inverse_vjp,),
    doc="the inverse of L L^T",
)
