"""Sorting and what is picked by order: the indices first, then the elements that they pick."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops.indexing import _take_along, put_along
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.reduce import Dims, _evenly


def _index_dtype(x: Node, **_: Any) -> DType:
    return dtypes.int64


def _argsort(x: Any, dim: int, descending: bool) -> Any:
    if not np.size(x):
        return np.zeros((*x.shape[:dim], 1, *x.shape[dim + 1 :]), np.int64)
    if not np.ndim(x):
        return np.zeros((), np.int64)
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    # Sorted backwards, so that equal elements keep their order and nan comes first.
    back = np.argsort(np.flip(x, dim), axis=dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(back, dim)


argsort = Shaped(
    "argsort",
    _argsort,
    dtype=_index_dtype,
    batch="shape.along",
    doc="the indices that sort along a dimension",
)


def _rank_index(x: Any, dim: int, rank: int) -> Any:
    if not np.ndim(x):
        return np.zeros((), np.int64)
    return np.take(_argsort(x, dim, False), [rank], axis=dim)


def _kept(x: Node, dim: int) -> Shape:
    return (*x.shape[:dim], 1, *x.shape[dim + 1 :]) if x.ndim else ()


argkth = Shaped(
    "argkth",
    _rank_index,
    shape=lambda x, dim, rank: _kept(x, dim),
    dtype=_index_dtype,
    batch="shape.along",
    doc="the index of the element of a rank",
)


def _median_index(x: Any, dim: int, skip_nan: bool) -> Any:
    if not np.ndim(x):
        return np.zeros((), np.int64)
    order = _argsort(x, dim, False)
    missing = np.isnan(x)
    count = np.sum(~missing, axis=dim, keepdims=True)
    rank = np.maximum(count - 1, 0) // 2
    if not skip_nan:
        rank = np.where(count < x.shape[dim], count, rank)  # the first nan
    return np.take_along_axis(order, rank, axis=dim)


argmedian = Shaped(
    "argmedian",
    _median_index,
    shape=lambda x, dim, skip_nan: _kept(x, dim),
    dtype=_index_dtype,
    batch="shape.along",
    doc="the index of the lower median",
)


def _mode_index(x: Any, dim: int) -> Any:
    """Of the most frequent elements the least, and where it stands last."""
    if not np.ndim(x):
        return np.zeros((), np.int64)

    def last(row: Any) -> int:
        values, counts = np.unique(row, return_counts=True)
        return int(np.flatnonzero(row == values[np.argmax(counts)])[-1])

    return np.expand_dims(np.apply_along_axis(last, dim, x).astype(np.int64), dim)


argmode = Shaped(
    "argmode",
    _mode_index,
    shape=lambda x, dim: _kept(x, dim),
    dtype=_index_dtype,
    batch="shape.along",
    doc="the index of the most frequent element",
)


def _picker(name: str, grad_fn: str, doc: str, backward: str = "ScatterBackward0") -> Shaped:
    """The elements of x at an index tensor along `dim`, as `gather`, under the reference's name."""
    return Shaped(
        name,
        lambda x, index, dim: _take_along(x, index, dim),
        shape=lambda x, index, dim: index.shape,
        vjps=(
            lambda g, y, x, index, dim: put_along(g, index, shape=x.shape, dim=dim),
            None,
        ),
        grad_fn=grad_fn,
        backward=backward,
        linear=((0,),),
        batch="shape.along",
        doc=doc,
    )


sort = _picker("sort", "SortBackward0", "sorted along a dimension")
sort_stable = _picker("sort_stable", "SortBackward1", "sorted, asked to be stable")
topk = _picker("topk", "TopkBackward0", "the greatest or least elements along a dimension")
cummax = _picker("cummax", "CummaxBackward0", "running maximum", "ScatterAddBackward0")
cummin = _picker("cummin", "CumminBackward0", "running minimum", "ScatterAddBackward0")


def _one_picker(name: str, grad_fn: str, doc: str) -> Shaped:
    """As `_picker`, for one element along `dim`, which goes away unless it is kept."""

    def shape(x: Node, index: Node, dim: int, keepdim: bool) -> Shape:
        return _kept(x, dim) if keepdim or not x.ndim else x.shape[:dim] + x.shape[dim + 1 :]

    def kernel(x: Any, index: Any, dim: int, keepdim: bool) -> Any:
        picked = _take_along(x, index, dim)
        return picked if keepdim or not np.ndim(x) else np.squeeze(picked, dim)

    return Shaped(
        name,
        kernel,
        shape=shape,
        vjps=(
            lambda g, y, x, index, dim, keepdim: put_along(
                reshape(g, index.shape), index, shape=x.shape, dim=dim
            ),
            None,
        ),
        grad_fn=grad_fn,
        backward="ScatterBackward0",
        linear=((0,),),
        batch="shape.along",
        doc=doc,
    )


kthvalue = _one_picker("kthvalue", "KthvalueBackward0", "the k-th least element")
mode = _one_picker("mode", "ModeBackward0", "the most frequent element")
median_dim = _one_picker("median_dim", "MedianBackward1", "the lower median along a dimension")
nanmedian_dim = _one_picker(
    "nanmedian_dim", "NanmedianBackward1", "the lower median of the numbers along a dimension"
)


def _median(x: Any, dim: Dims, skip_nan: bool) -> Any:
    flat = np.ravel(x)
    if not flat.size:
        return np.asarray(np.nan, x.dtype) if x.dtype.kind == "f" else np.zeros((), x.dtype)
    return flat[_median_index(flat, 0, skip_nan)].reshape(())


median = Shaped(
    "median",
    lambda x, dim: _median(x, dim, False),
    shape=lambda x, dim: (),
    vjps=(_evenly,),
    backward="MaskedFillBackward1",
    doc="the lower median of all elements",
)
nanmedian = Shaped(
    "nanmedian",
    lambda x, dim: _median(x, dim, True),
    shape=lambda x, dim: (),
    vjps=(_evenly,),
    backward="MaskedFillBackward1",
    doc="the lower median of all numbers",
)
