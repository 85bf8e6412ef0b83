"""Pseudo-inverses, and the least squares that they solve.

Derivatives: torch/csrc/autograd/FunctionsManual.cpp (`pinv_backward`, `linalg_lstsq_backward`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node
from autodiff_cli.ops import nonfinite as nf
from autodiff_cli.ops.create import Attached
from autodiff_cli.ops.decompose import _column, _row
from autodiff_cli.ops.heavy import Factored
from autodiff_cli.ops.matrix import bmm
from autodiff_cli.ops.movement import matrix_t, reshape
from autodiff_cli.ops.reduce import sum_


def pinv_vjp(g: Node, y: Node, x: Node) -> Node:
    g_t, y_t = matrix_t(g), matrix_t(y)
    if x.shape[-2] <= x.shape[-1]:
        k = bmm(g_t, y)
        turned = bmm(k, y_t)
        rest = bmm(bmm(y_t, y), g_t - bmm(k, x))
        return -matrix_t(bmm(y, k)) + turned - bmm(bmm(x, y), turned) + rest
    k = bmm(y, g_t)
    turned = bmm(y_t, k)
    rest = bmm(bmm(g_t - bmm(x, k), y), y_t)
    return -matrix_t(bmm(k, y)) + rest + turned - bmm(bmm(turned, y), x)


def _pinv_rule(g: Node, y: Node, x: Node, rtol: float, hermitian: bool) -> Node:
    return pinv_vjp(g, y, x)


pinv: Factored = Factored(
    "linalg_pinv",
    lambda x, rtol, hermitian: np.linalg.pinv(x, rcond=rtol, hermitian=hermitian),
    nf.pinv,
    shape=lambda x, rtol, hermitian: (*x.shape[:-2], x.shape[-1], x.shape[-2]),
    vjps=(_pinv_rule,),
    doc="pseudo-inverse",
)


def _by_pinv(a: Node, rtol: float) -> Node:
    return pinv(a, rtol=rtol, hermitian=False)


def _columns(x: Node, vector: bool) -> Node:
    return _column(x) if vector else x


def _numbers(x: Node, vector: bool) -> Node:
    return reshape(x, x.shape[:-1]) if vector else x


def _lstsq(a: Any, b: Any, rtol: float, vector: bool) -> Any:
    found = np.linalg.pinv(a, rcond=rtol) @ (b[..., None] if vector else b)
    return found[..., 0] if vector else found


def _lstsq_matrix_vjp(g: Node, y: Node, a: Node, b: Node, rtol: float, vector: bool) -> Node:
    outer = bmm(_columns(g, vector), matrix_t(_columns(b, vector)))
    return pinv_vjp(outer, _by_pinv(a, rtol), a)


def _lstsq_right_vjp(g: Node, y: Node, a: Node, b: Node, rtol: float, vector: bool) -> Node:
    return _numbers(bmm(matrix_t(_by_pinv(a, rtol)), _columns(g, vector)), vector)


lstsq: Factored = Factored(
    "linalg_lstsq",
    _lstsq,
    nf.lstsq,
    shape=lambda a, b, rtol, vector: (
        *a.shape[:-2],
        a.shape[-1],
        *(() if vector else b.shape[-1:]),
    ),
    vjps=(_lstsq_matrix_vjp, _lstsq_right_vjp),
    made_of=lambda a, b, rtol, vector: _numbers(
        bmm(_by_pinv(a, rtol), _columns(b, vector)), vector
    ),
    doc="the x of least |a x - b|",
)


def _gap(a: Node, b: Node, rtol: float, vector: bool) -> Node:
    b = _columns(b, vector)
    return b - bmm(a, lstsq(a, b, rtol=rtol, vector=False))


def _residuals(a: Any, b: Any, rtol: float, vector: bool) -> Any:
    b = b[..., None] if vector else b
    return np.sum((b - a @ (np.linalg.pinv(a, rcond=rtol) @ b)) ** 2, -2)


def _residuals_matrix_vjp(g: Node, y: Node, a: Node, b: Node, rtol: float, vector: bool) -> Node:
    solution = lstsq(a, _columns(b, vector), rtol=rtol, vector=False)
    return bmm(-2 * _row(g) * _gap(a, b, rtol, vector), matrix_t(solution))


def _residuals_right_vjp(g: Node, y: Node, a: Node, b: Node, rtol: float, vector: bool) -> Node:
    return _numbers(2 * _row(g) * _gap(a, b, rtol, vector), vector)


def _squared_gap(a: Node, b: Node, rtol: float, vector: bool) -> Node:
    gap = _gap(a, b, rtol, vector)
    return sum_(gap * gap, dim=(gap.ndim - 2,), keepdim=False, dtype=gap.dtype)


residuals: Factored = Factored(
    "lstsq_residuals",
    _residuals,
    nf.residuals,
    shape=lambda a, b, rtol, vector: (*a.shape[:-2], 1 if vector else b.shape[-1]),
    vjps=(_residuals_matrix_vjp, _residuals_right_vjp),
    made_of=_squared_gap,
    grad_fn="LinalgLstsqBackward0",
    doc="the least |a x - b|**2, for each column of b",
)
no_residuals = Attached(
    "no_residuals",
    lambda none, *others: none,
    vjps=(lambda g, y, none, *others: g,),
    linear=((0,),),
    batch="pointwise.source",
    grad_fn="LinalgLstsqBackward0",
    doc="what `lstsq` gives where residuals aren't asked for, part of the graph all the same",
)
