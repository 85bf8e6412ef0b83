"""Variances, counts, truth, running sums, and reductions without nan."""

from __future__ import annotations

import math

import numpy as np

from autodiff_cli.errors import IndexFault, NotImplementedFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import BOOL, DType
from autodiff_cli.ir.node import Node, Number, Op, constant
from autodiff_cli.ir.room import check_elements
from autodiff_cli.ir.shapes import reduction_dims, wrap_dim, wrap_dims
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import scan
from autodiff_cli.ops import statistics as st
from autodiff_cli.ops.pointwise import clone, detach, isnan
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.ops.selection import logical_not, logical_xor
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.registry import Only, torch
from autodiff_cli.vocabulary.calls.values import return_type
from autodiff_cli.vocabulary.reductions import _one, _summed_dtype
from autodiff_cli.vocabulary.shaping import cat

Dims = tuple[int, ...] | None


def _moments(name: str, *ops: Op, only: Only = None) -> None:
    """The three overloads of a variance; with two operations, of its pair with the mean."""
    out = ", Tensor out = None" if len(ops) == 1 else ""

    def moments(x: Node, dim: Dims, correction: Number, keepdim: bool) -> Node | tuple[Node, ...]:
        if not x.dtype.is_floating:
            found = "std and var" if len(ops) == 1 else name
            raise RuntimeFault(f"{found} only support floating point and complex dtypes")
        dims = None if dim is None else reduction_dims(dim, x.ndim)
        if math.prod(x.shape if not dims else [x.shape[d] for d in dims]) <= correction:
            warn(
                f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
                "reduction factor (input numel divided by output numel). (Triggered internally at "
                "/__w/pytorch/pytorch/aten/src/ATen/native/ReduceOps.cpp:1861.)"
            )
        results = tuple(op(x, dim=dims, keepdim=keepdim, correction=correction) for op in ops)
        return results if len(results) > 1 else results[0]

    @torch(
        f"{name}(Tensor input, tuple of ints[1]? dim, bool unbiased = True, bool keepdim = False"
        f"{', *' + out if out else ''})",
        only=only,
    )
    def along(input: Node, dim: Dims, unbiased: bool, keepdim: bool) -> Node | tuple[Node, ...]:
        return moments(input, dim, int(unbiased), keepdim)

    @torch(
        f"{name}(Tensor input, tuple of ints[1]? dim = None, *, Number? correction = None, "
        f"bool keepdim = False{out})",
        only=only,
    )
    def corrected(
        input: Node, dim: Dims, correction: Number | None, keepdim: bool
    ) -> Node | tuple[Node, ...]:
        return moments(input, dim, 1 if correction is None else correction, keepdim)

    @torch(f"{name}(Tensor input, bool unbiased = True)", only=only)
    def whole(input: Node, unbiased: bool) -> Node | tuple[Node, ...]:
        return moments(input, None, int(unbiased), False)


_moments("std", st.std)
_moments("var", st.var)
_moments("std_mean", st.std_of_pair, st.mean_of_std, only="function")
_moments("var_mean", st.var_of_pair, st.mean_of_var, only="function")

# ---- truth and counts ---------------------------------------------------------------------------


def _truth(name: str, op: Op) -> None:
    @torch(f"{name}(Tensor input, *, Tensor out = None)")
    def whole(input: Node) -> Node:
        return op(input, dim=None, keepdim=False)

    @torch(
        f"{name}(Tensor input, tuple of ints? dim = None, bool keepdim = False, *, Tensor out = None)"
    )
    def along_several(input: Node, dim: Dims, keepdim: bool) -> Node:
        dims = None if dim is None else tuple(sorted(wrap_dims(dim, input.ndim)))
        return op(input, dim=dims if input.ndim else None, keepdim=keepdim)

    @torch(f"{name}(Tensor input, int dim, bool keepdim = False, *, Tensor out = None)")
    def along(input: Node, dim: int, keepdim: bool) -> Node:
        return op(input, dim=_one(input, dim), keepdim=keepdim)


_truth("any", st.any_)
_truth("all", st.all_)


@torch("count_nonzero(Tensor input, int? dim = None)")
def count_nonzero(input: Node, dim: int | None) -> Node:
    dims = None if dim is None else _one(input, dim)
    return st.count_nonzero(input, dim=dims, keepdim=False)


@torch("count_nonzero(Tensor input, tuple of ints dim)")
def count_nonzero_dims(input: Node, dim: tuple[int, ...]) -> Node:
    return st.count_nonzero(input, dim=reduction_dims(dim, input.ndim), keepdim=False)


NANSUM = (
    "(Tensor input, tuple of ints[1]? dim = None, bool keepdim = False, *, "
    "torch.dtype? dtype = None, Tensor out = None)"
)


@torch(f"nansum{NANSUM}")
def nansum(input: Node, dim: Dims, keepdim: bool, dtype: DType | None) -> Node:
    dims = reduction_dims(dim, input.ndim)
    return st.nansum(input, dim=dims, keepdim=keepdim, dtype=_summed_dtype(input, dtype))


@torch(f"nanmean{NANSUM}")
def nanmean(input: Node, dim: Dims, keepdim: bool, dtype: DType | None) -> Node:
    if not input.dtype.is_floating:
        raise RuntimeFault(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype.scalar_name}"
        )
    dims = reduction_dims(dim, input.ndim)
    numbers = logical_not(isnan(detach(input)))
    count = sum_(numbers, dim=dims, keepdim=keepdim, dtype=dtypes.int64)
    return ar.div(nansum(input, dim, keepdim, dtype), count)


_aminmax = return_type("aminmax", ("min", "max"))


@torch(
    "aminmax(Tensor input, *, int? dim = None, bool keepdim = False, tuple of Tensors out = None)"
)
def aminmax(input: Node, dim: int | None, keepdim: bool) -> tuple[Node, ...]:
    dims = None if dim is None else _one(input, dim)
    if dims is None and not input.numel:
        raise RuntimeFault(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
            "identity."
        )
    for at in dims or ():
        if not input.shape[at]:
            raise IndexFault(f"aminmax: Expected reduction dim {at} to have non-zero size.")
    return _aminmax(
        st.aminmax_min(input, dim=dims, keepdim=keepdim),
        st.aminmax_max(input, dim=dims, keepdim=keepdim),
    )


# ---- running ------------------------------------------------------------------------------------


def _running(name: str, op: Op) -> None:
    @torch(
        f"{name}(Tensor input, int dim, *, torch.dtype? dtype = None, Tensor out = None)",
        in_place="method",
    )
    def running(input: Node, dim: int, dtype: DType | None) -> Node:
        at = wrap_dim(dim, input.ndim)
        return op(input, dim=at, dtype=_summed_dtype(input, dtype))


_running("cumsum", scan.cumsum)
_running("cumprod", scan.cumprod)


@torch("logcumsumexp(Tensor input, int dim, *, Tensor out = None)")
def logcumsumexp(input: Node, dim: int) -> Node:
    at = wrap_dim(dim, input.ndim)
    if not input.dtype.is_floating:
        raise NotImplementedFault(
            f"\"logcumsumexp_out_cpu\" not implemented for '{input.dtype.scalar_name}'"
        )
    return scan.logcumsumexp(input, dim=at)


@torch(
    "diff(Tensor input, int n = 1, int dim = -1, Tensor? prepend = None, Tensor? append = None, *, "
    "Tensor out = None)"
)
def diff(input: Node, n: int, dim: int, prepend: Node | None, append: Node | None) -> Node:
    if not input.ndim:
        raise RuntimeFault("diff expects input to be at least one-dimensional")
    at = wrap_dim(dim, input.ndim)
    for other in (prepend, append):
        if other is not None and other.ndim != input.ndim:
            raise RuntimeFault("diff expects prepend or append to be the same dimension as input")
    if n < 0:
        raise RuntimeFault(f"order must be non-negative but got {n}")
    joined = [part for part in (prepend, input, append) if part is not None]
    result = cat(tuple(joined), at) if len(joined) > 1 else input
    if not n:
        return clone(result) if result is input else result
    for _ in range(min(n, result.shape[at])):
        size = result.shape[at]
        later = mv.slice_(result, dim=at, start=1, stop=size, step=1)
        earlier = mv.slice_(result, dim=at, start=0, stop=size - 1, step=1)
        if input.dtype.category == BOOL:
            result = logical_xor(later, earlier)
        else:
            result = ar.sub(later, earlier, alpha=1)
    return result


# ---- histograms ---------------------------------------------------------------------------------


@torch("bincount(Tensor input, Tensor? weights = None, SymInt minlength = 0)")
def bincount(input: Node, weights: Node | None, minlength: int) -> Node:
    if input.dtype.is_floating or input.dtype.category == BOOL:
        raise NotImplementedFault(
            f"\"bincount_cpu\" not implemented for '{input.dtype.scalar_name}'"
        )
    if minlength < 0:
        raise RuntimeFault("minlength should be >= 0")
    counted = force(input)
    if counted.ndim != 1 or (counted < 0).any():
        raise RuntimeFault("bincount only supports 1-d non-negative integral inputs.")
    check_elements((max(minlength, int(counted.max()) + 1 if counted.size else 0),))
    if weights is None:
        return constant(np.bincount(counted, minlength=minlength).astype(np.int64))
    if weights.shape != input.shape:
        raise RuntimeFault("weights should be 1-d and have the same length as input")
    dtype = np.float32 if weights.dtype is dtypes.float32 else np.float64
    return constant(np.bincount(counted, force(weights), minlength).astype(dtype))


@torch("histc(Tensor input, int bins = 100, Number min = 0, Number max = 0, *, Tensor out = None)")
def histc(input: Node, bins: int, min: Number, max: Number) -> Node:
    if not input.dtype.is_floating:
        raise NotImplementedFault(
            f"\"histogram_cpu\" not implemented for '{input.dtype.scalar_name}'"
        )
    if bins <= 0:
        raise RuntimeFault(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    check_elements((bins,))
    x = force(input).reshape(-1)
    low, high = float(min), float(max)
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        shown = ", ".join("-nan" if np.isnan(bound) else f"{bound:g}" for bound in (low, high))
        raise RuntimeFault(f"torch.histc: range of [{shown}] is not finite")
    if low > high:
        raise RuntimeFault("torch.histc: max must be larger than min")
    inside = x[(x >= low) & (x <= high)]
    places = ((inside - low) / (high - low) * bins).astype(np.int64)
    counts = np.bincount(np.minimum(places, bins - 1), minlength=bins)
    return constant(counts.astype(input.dtype.numpy))
