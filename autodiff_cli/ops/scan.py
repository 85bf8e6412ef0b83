"""Running sums, products and extremes along a dimension.

The derivatives of running products are first-order recurrences, which are closed under differentiation:
`recurrence` and `recurrence_back` are each other's adjoint. No division, so zeros are no exception.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import cat, slice_
from autodiff_cli.ops.pointwise import as_dtype, exp
from autodiff_cli.ops.rearrange import flip


def _given_dtype(x: Node, dim: int, dtype: DType) -> DType:
    return dtype


def _wide(x: Any, dtype: DType) -> Any:
    return x.astype(np.float64 if dtype.is_floating else dtype.numpy)


def previous(x: Node, dim: int, first: Number) -> Node:
    """Each element's predecessor along `dim`; `first` has none."""
    if not x.ndim:
        return full(shape=(), value=first, dtype=x.dtype)
    head = full(shape=(*x.shape[:dim], 1, *x.shape[dim + 1 :]), value=first, dtype=x.dtype)
    return cat(head, slice_(x, dim=dim, start=0, stop=x.shape[dim] - 1, step=1), dim=dim)


def _recurrence(c: Any, b: Any, dim: int) -> Any:
    """r_i = b_i + c_i r_(i-1), from the start."""
    if not b.ndim:
        return b.copy()
    result = np.array(np.moveaxis(b, dim, 0))
    factors = np.moveaxis(c, dim, 0)
    for at in range(1, len(result)):
        result[at] += factors[at] * result[at - 1]
    return np.moveaxis(result, 0, dim)


def _recurrence_back(c: Any, b: Any, dim: int) -> Any:
    """r_i = b_i + c_(i+1) r_(i+1), from the end."""
    if not b.ndim:
        return b.copy()
    result = np.array(np.moveaxis(b, dim, 0))
    factors = np.moveaxis(c, dim, 0)
    for at in reversed(range(len(result) - 1)):
        result[at] += factors[at + 1] * result[at + 1]
    return np.moveaxis(result, 0, dim)


recurrence: Shaped = Shaped(
    "recurrence",
    _recurrence,
    vjps=(
        lambda g, y, c, b, dim: recurrence_back(c, g, dim=dim) * previous(y, dim, 0),
        lambda g, y, c, b, dim: recurrence_back(c, g, dim=dim),
    ),
    linear=((1,),),
    batch="shape.along",
    doc="r_i = b_i + c_i r_(i-1) along a dimension",
)
recurrence_back: Shaped = Shaped(
    "recurrence_back",
    _recurrence_back,
    vjps=(
        lambda g, y, c, b, dim: previous(recurrence(c, g, dim=dim), dim, 0) * y,
        lambda g, y, c, b, dim: recurrence(c, g, dim=dim),
    ),
    linear=((1,),),
    batch="shape.along",
    doc="r_i = b_i + c_(i+1) r_(i+1) along a dimension: the adjoint of recurrence",
)


def _cumsum(x: Any, dim: int, dtype: DType) -> Any:
    if not np.ndim(x):
        return np.array(x).astype(dtype.numpy)
    return np.cumsum(_wide(x, dtype), axis=dim).astype(dtype.numpy)


def _cumsum_vjp(g: Node, y: Node, x: Node, dim: int, dtype: DType) -> Node:
    if not x.ndim:
        return g
    return flip(cumsum(flip(g, dims=(dim,)), dim=dim, dtype=g.dtype), dims=(dim,))


cumsum: Shaped = Shaped(
    "cumsum",
    _cumsum,
    dtype=_given_dtype,
    vjps=(_cumsum_vjp,),
    linear=((0,),),
    batch="shape.along",
    doc="running sum",
)


def _cumprod(x: Any, dim: int, dtype: DType) -> Any:
    if not np.ndim(x):
        return np.array(x).astype(dtype.numpy)
    return np.cumprod(_wide(x, dtype), axis=dim).astype(dtype.numpy)


def _cumprod_vjp(g: Node, y: Node, x: Node, dim: int, dtype: DType) -> Node:
    x = as_dtype(x, dtype)
    if not x.ndim:
        return g
    return previous(y, dim, 1) * recurrence_back(x, g, dim=dim)


cumprod = Shaped(
    "cumprod",
    _cumprod,
    dtype=_given_dtype,
    vjps=(_cumprod_vjp,),
    backward="DivBackward0",
    batch="shape.along",
    doc="running product",
)


def _logcumsumexp(x: Any, dim: int) -> Any:
    if not np.ndim(x):
        return np.array(x)
    return np.logaddexp.accumulate(x.astype(np.float64), axis=dim).astype(x.dtype)


def _logcumsumexp_vjp(g: Node, y: Node, x: Node, dim: int) -> Node:
    if not x.ndim:
        return g
    fading = exp(previous(y, dim, 0) - y)
    return exp(x - y) * recurrence_back(fading, g, dim=dim)


logcumsumexp = Shaped(
    "logcumsumexp",
    _logcumsumexp,
    vjps=(_logcumsumexp_vjp,),
    backward="SubBackward0",
    batch="shape.along",
    doc="log of the running sum of exponentials",
)


def _running(name: str, later: Any, doc: str) -> Shaped:
    """The index of the running extreme: the last of equal ones, or the last nan."""

    def kernel(x: Any, dim: int) -> Any:
        if not np.ndim(x):
            return np.zeros((), np.int64)
        rows = np.moveaxis(x, dim, 0)
        result = np.zeros(rows.shape, np.int64)
        if not len(rows):
            return np.moveaxis(result, 0, dim)
        best = rows[0].copy()
        for at in range(1, len(rows)):
            row = rows[at]
            takes = (row != row) | ((best == best) & later(row, best))
            best = np.where(takes, row, best)
            result[at] = np.where(takes, at, result[at - 1])
        return np.moveaxis(result, 0, dim)

    return Shaped(
        name,
        kernel,
        dtype=lambda x, dim: dtypes.int64,
        batch="shape.along",
        doc=doc,
    )


argcummax = _running("argcummax", np.greater_equal, "index of the running maximum")
argcummin = _running("argcummin", np.less_equal, "index of the running minimum")
