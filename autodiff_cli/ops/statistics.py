"""Variance, standard deviation, counts and sums without nan.

Derivatives: torch/csrc/autograd/FunctionsManual.cpp (`var_backward`, `std_backward`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.pointwise import as_dtype, fill_where, is_zero, isnan
from autodiff_cli.ops.reduce import Dims, _count, _shape, _total, keep, mean, spread
from autodiff_cli.ops.selection import eq, logical_not, where
from autodiff_cli.ops.summation import add_reduce, total


def _var(x: Any, dim: Dims, keepdim: bool, correction: Number, root: bool = False) -> Any:
    wide = x.astype(np.float64)
    count = x.size if dim is None else math.prod(x.shape[d] for d in dim)
    centre = add_reduce(wide, axis=dim, keepdims=True) / np.float64(count)
    squares = add_reduce(np.square(wide - centre), axis=dim, keepdims=keepdim)
    result = np.true_divide(squares, np.float64(max(count - correction, 0)))
    return np.asarray(np.sqrt(result) if root else result).astype(x.dtype)


def _std(x: Any, dim: Dims, keepdim: bool, correction: Number) -> Any:
    return _var(x, dim, keepdim, correction, root=True)


def _var_vjp(g: Node, y: Node, x: Node, dim: Dims, keepdim: bool, correction: Number) -> Node:
    if x.dtype is dtypes.float16:  # small shares of large counts
        g, x = as_dtype(g, dtypes.float32), as_dtype(x, dtypes.float32)
    kept = dim if x.ndim and dim is not None else tuple(range(x.ndim))
    centred = x - mean(x, dim=kept, keepdim=True, dtype=x.dtype)
    freedom = _count(x, dim) - correction
    if freedom <= 0 and (dim is None or not x.ndim):
        return keep(g, x, dim) * where(is_zero(centred), math.nan, math.inf)
    return (2.0 / freedom if freedom else math.inf) * keep(g, x, dim) * centred


def _std_vjp(g: Node, y: Node, x: Node, dim: Dims, keepdim: bool, correction: Number) -> Node:
    # A deviation of 0 has no slope: the reference gives 0.
    of_variance = fill_where(is_zero(y), g / (2 * y))
    return _var_vjp(of_variance, y, x, dim, keepdim, correction)


def _moment(name: str, kernel: Any, rule: Any, grad_fn: str, doc: str) -> Shaped:
    return Shaped(
        name, kernel, shape=_shape, vjps=(rule,), grad_fn=grad_fn, batch="shape.along", doc=doc
    )


var = _moment("var", _var, _var_vjp, "VarBackward0", "variance")
std = _moment("std", _std, _std_vjp, "StdBackward0", "standard deviation")
var_of_pair = _moment("var_of_pair", _var, _var_vjp, "VarMeanBackward0", "var_mean's variance")
std_of_pair = _moment("std_of_pair", _std, _std_vjp, "StdMeanBackward0", "std_mean's deviation")


def _mean(x: Any, dim: Dims, keepdim: bool, correction: Number) -> Any:
    total = np.asarray(np.sum(x, axis=dim, keepdims=keepdim, dtype=np.float64))
    count = x.size if dim is None else math.prod(x.shape[at] for at in dim)
    return np.divide(total, count).astype(x.dtype)  # np.mean warns of an average of nothing


def _mean_vjp(g: Node, y: Node, x: Node, dim: Dims, keepdim: bool, correction: Number) -> Node:
    return spread(g, x, dim) / _count(x, dim)


mean_of_var = _moment("mean_of_var", _mean, _mean_vjp, "VarMeanBackward0", "var_mean's mean")
mean_of_std = _moment("mean_of_std", _mean, _mean_vjp, "StdMeanBackward0", "std_mean's mean")

# ---- sums and counts ----------------------------------------------------------------------------


def _nansum(x: Any, dim: Dims, keepdim: bool, dtype: DType) -> Any:
    return total(np.where(np.isnan(x), 0, x).astype(dtype.numpy), dim, keepdim)


nansum = Shaped(
    "nansum",
    _nansum,
    shape=_shape,
    dtype=lambda x, dtype, **_: dtype,
    vjps=(
        lambda g, y, x, dim, keepdim, dtype: (
            as_dtype(spread(g, x, dim), x.dtype) * logical_not(isnan(x))
        ),
    ),
    batch="shape.along",
    doc="sum of what is a number",
)


def _truth_dtype(x: Node, **_: Any) -> DType:
    return dtypes.uint8 if x.dtype is dtypes.uint8 else dtypes.bool_


def _truth(name: str, kernel: Any, doc: str) -> Shaped:
    def evaluate(x: Any, dim: Dims, keepdim: bool) -> Any:
        result = kernel(x != 0, axis=dim, keepdims=keepdim)
        return np.asarray(result).astype(np.uint8 if x.dtype == np.uint8 else bool)

    return Shaped(name, evaluate, shape=_shape, dtype=_truth_dtype, batch="shape.along", doc=doc)


any_ = _truth("any", np.logical_or.reduce, "whether an element is not 0")
all_ = _truth("all", np.logical_and.reduce, "whether no element is 0")
count_nonzero = Shaped(
    "count_nonzero",
    lambda x, dim, keepdim: np.asarray(add_reduce(x != 0, axis=dim, dtype=np.int64)),
    shape=_shape,
    dtype=lambda x, **_: dtypes.int64,
    batch="shape.along",
    doc="how many elements are not 0",
)

# ---- both extremes ------------------------------------------------------------------------------


def _aminmax_vjp(g: Node, y: Node, x: Node, dim: Dims, keepdim: bool) -> Node:
    """Split evenly among the elements that attain the extreme."""
    mask = as_dtype(eq(x, keep(y, x, dim)), x.dtype)
    return (keep(g, x, dim) * mask) / _total(mask, dim)


def _of_aminmax(name: str, kernel: Any) -> Shaped:
    return Shaped(
        name,
        lambda x, dim, keepdim: kernel(x, axis=dim, keepdims=keepdim),
        shape=_shape,
        vjps=(_aminmax_vjp,),
        grad_fn="AminmaxBackward0",
        batch="shape.along",
        doc="one of the results of aminmax",
    )


aminmax_min = _of_aminmax("aminmax_min", np.amin)
aminmax_max = _of_aminmax("aminmax_max", np.amax)
