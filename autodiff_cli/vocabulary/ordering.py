"""Sorting, ranks, medians, quantiles, and what is different in a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import IndexFault, NotImplementedFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Node, Op, constant
from autodiff_cli.ir.shapes import size_at, wrap_dim
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import order, scan
from autodiff_cli.ops.blend import lerp
from autodiff_cli.ops.indexing import take_along
from autodiff_cli.vocabulary.calls.registry import python, torch
from autodiff_cli.vocabulary.calls.values import return_type

_sorted = return_type("sort", ("values", "indices"))
_topk = return_type("topk", ("values", "indices"))
_mode = return_type("mode", ("values", "indices"))
_kthvalue = return_type("kthvalue", ("values", "indices"))


@torch(
    "argsort(Tensor input, *, bool stable, int dim = -1, bool descending = False, "
    "Tensor out = None)",
    "argsort(Tensor input, int dim = -1, bool descending = False)",
)
def argsort(input: Node, dim: int, descending: bool) -> Node:
    return order.argsort(input, dim=wrap_dim(dim, input.ndim), descending=descending)


def _sort(op: Op, input: Node, dim: int, descending: bool) -> tuple[Node, ...]:
    at = wrap_dim(dim, input.ndim)
    index = order.argsort(input, dim=at, descending=descending)
    return _sorted(op(input, index, dim=at), index)


@torch(
    "sort(Tensor input, *, bool? stable, int dim = -1, bool descending = False, "
    "tuple of Tensors out = None)"
)
def sort_stable(input: Node, dim: int, descending: bool) -> tuple[Node, ...]:
    return _sort(order.sort_stable, input, dim, descending)


@torch("sort(Tensor input, int dim = -1, bool descending = False, *, tuple of Tensors out = None)")
def sort(input: Node, dim: int, descending: bool) -> tuple[Node, ...]:
    return _sort(order.sort, input, dim, descending)


@torch("msort(Tensor input, *, Tensor out = None)")
def msort(input: Node) -> Node:
    return sort(input, 0, False)[0]


@torch(
    "topk(Tensor input, SymInt k, int dim = -1, bool largest = True, bool sorted = True, *, "
    "tuple of Tensors out = None)"
)
def topk(input: Node, k: int, dim: int, largest: bool) -> tuple[Node, ...]:
    at = wrap_dim(dim, input.ndim)
    if not 0 <= k <= (input.shape[at] if input.ndim else 1):
        raise RuntimeFault("selected index k out of range")
    if input.dtype.category == BOOL:
        raise RuntimeFault("topk does not support bool dtypes on CPU")
    index = order.argsort(input, dim=at, descending=largest)
    if input.ndim:
        index = mv.slice_(index, dim=at, start=0, stop=k, step=1)
    return _topk(order.topk(input, index, dim=at), index)


@torch(
    "kthvalue(Tensor input, SymInt k, int dim = -1, bool keepdim = False, *, "
    "tuple of Tensors out = None)"
)
def kthvalue(input: Node, k: int, dim: int, keepdim: bool) -> tuple[Node, ...]:
    at = wrap_dim(dim, input.ndim)
    if not 1 <= k <= (input.shape[at] if input.ndim else 1):
        raise RuntimeFault(f"kthvalue(): selected number k out of range for dimension {at}")
    index = order.argkth(input, dim=at, rank=k - 1)
    return _kthvalue(
        order.kthvalue(input, index, dim=at, keepdim=keepdim), _shown(index, at, keepdim)
    )


@torch("mode(Tensor input, int dim = -1, bool keepdim = False, *, tuple of Tensors out = None)")
def mode(input: Node, dim: int, keepdim: bool) -> tuple[Node, ...]:
    at = wrap_dim(dim, input.ndim)
    if input.ndim and not input.shape[at]:
        raise IndexFault(f"mode(): Expected reduction dim {at} to have non-zero size.")
    index = order.argmode(input, dim=at)
    return _mode(order.mode(input, index, dim=at, keepdim=keepdim), _shown(index, at, keepdim))


def _shown(index: Node, dim: int, keepdim: bool) -> Node:
    """An index tensor as it is returned: without its dimension unless that is kept."""
    if keepdim or not index.ndim:
        return index
    return mv.squeeze_dim(index, shape=index.shape[:dim] + index.shape[dim + 1 :])


def _median(name: str, whole: Op, along: Op) -> None:
    result = return_type(name, ("values", "indices"))
    skip = name.startswith("nan")

    def check(x: Node) -> None:
        if x.dtype.category == BOOL:
            raise NotImplementedFault("\"median_cpu\" not implemented for 'Bool'")

    @torch(f"{name}(Tensor input)")
    def of_all(input: Node) -> Node:
        check(input)
        return whole(input, dim=None)

    @torch(f"{name}(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)")
    def of_dim(input: Node, dim: int, keepdim: bool) -> tuple[Node, ...]:
        at = wrap_dim(dim, input.ndim)
        if input.ndim and not input.shape[at]:
            raise IndexFault(f"median(): Expected reduction dim {at} to have non-zero size.")
        check(input)
        index = order.argmedian(input, dim=at, skip_nan=skip)
        return result(along(input, index, dim=at, keepdim=keepdim), _shown(index, at, keepdim))


_median("median", order.median, order.median_dim)
_median("nanmedian", order.nanmedian, order.nanmedian_dim)


def _running(name: str, index_op: Op, op: Op) -> None:
    result = return_type(name, ("values", "indices"))

    @torch(f"{name}(Tensor input, int dim, *, tuple of Tensors out = None)")
    def running(input: Node, dim: int) -> tuple[Node, ...]:
        at = wrap_dim(dim, input.ndim)
        index = index_op(input, dim=at)
        return result(op(input, index, dim=at), index)


_running("cummax", scan.argcummax, order.cummax)
_running("cummin", scan.argcummin, order.cummin)

# ---- quantiles ----------------------------------------------------------------------------------

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name: str, skip_nan: bool) -> None:
    tail = (
        'int? dim = None, bool keepdim = False, *, str interpolation = "linear", Tensor out = None)'
    )

    @torch(f"{name}(Tensor input, Tensor q, {tail}")
    def several(input: Node, q: Node, dim: int | None, keepdim: bool, interpolation: str) -> Node:
        _check_quantiles(input, q, dim, interpolation)
        values = force(q).astype(np.float64)
        if not ((values >= 0) & (values <= 1)).all():
            raise RuntimeFault("quantile() q values must be in the range [0, 1]")
        return quantiles(input, q, dim, keepdim, interpolation, skip_nan)

    @torch(f"{name}(Tensor input, float q, {tail}")
    def one(input: Node, q: float, dim: int | None, keepdim: bool, interpolation: str) -> Node:
        if not 0 <= q <= 1:
            raise RuntimeFault(f"quantile() q must be in the range [0, 1] but got {q:g}")
        node = constant(np.asarray(q, input.dtype.numpy))
        _check_quantiles(input, node, dim, interpolation)
        return quantiles(input, node, dim, keepdim, interpolation, skip_nan)


def _check_quantiles(x: Node, q: Node, dim: int | None, interpolation: str) -> None:
    if interpolation not in INTERPOLATIONS:
        raise RuntimeFault(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    wrap_dim(dim or 0, x.ndim)
    if not x.numel:
        raise RuntimeFault("quantile() input tensor must be non-empty")
    if q.ndim > 1:
        raise RuntimeFault("quantile() q must be a scalar or 1D tensor")
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeFault("quantile() input tensor must be either float or double dtype")
    if q.dtype is not x.dtype:
        raise RuntimeFault("quantile() q tensor must be same dtype as the input tensor")


def quantiles(
    x: Node, q: Node, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool
) -> Node:
    """The reference's composite: sort, gather two neighbours of each rank, interpolate."""
    at = wrap_dim(dim or 0, x.ndim)
    if dim is None:
        flat = mv.reshape(x, (x.numel,))
        kept: tuple[int, ...] = (1,) * x.ndim if keepdim else ()
    else:
        last = tuple(d for d in range(x.ndim) if d != at) + ((at,) if x.ndim else ())
        flat = mv.permute(x, dims=last) if x.ndim else mv.reshape(x, (1,))
        sizes = x.shape[:at] + (1,) * (keepdim and x.ndim > 0) + x.shape[at + 1 :]
        kept = sizes
    ordered = sort(flat, -1, False)[0]
    array = force(ordered)
    size = array.shape[-1]
    values = force(q).reshape(-1)
    if skip_nan:
        ranks = values * (np.sum(~np.isnan(array), -1, keepdims=True) - 1).astype(array.dtype)
        ranks = np.maximum(ranks, 0)
    else:
        missing = np.isnan(array).any(-1, keepdims=True)
        ranks = np.where(missing, size - 1, values * np.asarray(size - 1, array.dtype))
    ranks = ranks.astype(array.dtype)
    rounding: dict[str, Any] = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}
    if interpolation in rounding:
        ranks = rounding[interpolation](ranks)
    below = np.floor(ranks).astype(np.int64)
    dim = ordered.ndim - 1
    result = take_along(ordered, constant(below), dim=dim)
    if interpolation in ("linear", "midpoint"):
        above = take_along(ordered, constant(np.ceil(ranks).astype(np.int64)), dim=dim)
        share = np.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - below
        result = lerp(result, above, constant(share.astype(array.dtype)))
    if not q.ndim:
        return mv.squeeze_product(result, shape=kept)
    front = (dim, *range(dim))
    turned = mv.permute(result, dims=front)
    return mv.squeeze_product(turned, shape=(values.size, *kept))


_quantile("quantile", False)
_quantile("nanquantile", True)

# ---- different elements -------------------------------------------------------------------------


def _looking_for_one(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    flags = "bool sorted, bool return_inverse, bool return_counts)"
    if given["dim"] is None:
        return f"_unique2(Tensor input, *, {flags}", given
    return f"unique_dim(Tensor input, int dim, *, {flags}", given


@python("unique", method=True, calls=_looking_for_one)
def unique(
    input: Node,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Node | tuple[Node, ...]:
    x = force(input)
    axis = None
    if dim is not None:
        size_at(input.shape, dim)
        axis = wrap_dim(dim, input.ndim)
    values, inverse, counts = np.unique(
        x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    shape = x.shape if axis is None else (x.shape[axis],)
    results = [constant(values)]
    if return_inverse:
        results.append(constant(inverse.reshape(shape).astype(np.int64)))
    if return_counts:
        results.append(constant(counts.astype(np.int64)))
    return tuple(results) if len(results) > 1 else results[0]


@python(
    "unique_consecutive",
    method=True,
    calls="unique_consecutive(Tensor input, *, bool return_inverse, bool return_counts, int? dim)",
)
def unique_consecutive(
    input: Node, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Node | tuple[Node, ...]:
    if dim is not None:
        size_at(input.shape, dim)
    x = force(input)
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, wrap_dim(dim, input.ndim), 0)
    count = len(rows)
    changes = np.ones(count, bool)
    differs = rows[1:] != rows[:-1]
    if count > 1:
        changes[1:] = differs.reshape(count - 1, -1).any(1)
    values = rows[changes]
    groups = np.cumsum(changes) - 1
    results = [constant(values if dim is None else np.moveaxis(values, 0, dim))]
    if return_inverse:
        results.append(constant(groups.reshape(x.shape if dim is None else -1)))
    if return_counts:
        results.append(constant(np.bincount(groups).astype(np.int64)))
    return tuple(results) if len(results) > 1 else results[0]
