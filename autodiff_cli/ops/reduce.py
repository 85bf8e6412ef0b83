"""Reductions: sums, products, extremes, norms, and the softmax family.

`dim` is a sorted tuple of dimensions, or None for all of them (which is another autograd function in the
reference). Sums of float32 are accumulated in float64: never less accurate than the reference.
Derivatives: torch/csrc/autograd/FunctionsManual.cpp.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Rule, Shape
from autodiff_cli.ir.shapes import reduced
from autodiff_cli.ops.arithmetic import mul, pow_number
from autodiff_cli.ops.create import full
from autodiff_cli.ops.indexing import put_along
from autodiff_cli.ops.kinds import Shaped, precise
from autodiff_cli.ops.movement import cat, expand, reshape, slice_
from autodiff_cli.ops.pointwise import abs, as_dtype, exp, fill_where, is_zero, isnan, sign
from autodiff_cli.ops.selection import eq, gt, logical_and, logical_or, where
from autodiff_cli.ops.summation import add_reduce, total

Dims: TypeAlias = tuple[int, ...] | None


def _shape(x: Node, dim: Dims, keepdim: bool, **_: Any) -> Shape:
    dims = tuple(range(x.ndim)) if dim is None else dim
    return reduced(x.shape, dims, keepdim)


def _numbered(one: str, some: str) -> Callable[[Node], str]:
    """Torch numbers the overloads: one name for a full reduction, another for given dims."""
    return lambda node: one if node.params["dim"] is None else some


def keep(reduced_node: Node, x: Node, dim: Dims) -> Node:
    """A reduction's result with its reduced dimensions back, as size 1."""
    dims = tuple(range(x.ndim)) if dim is None else dim
    return reshape(reduced_node, reduced(x.shape, dims, True))


def spread(reduced_node: Node, x: Node, dim: Dims) -> Node:
    """A reduction's result repeated to the shape of what was reduced."""
    kept = keep(reduced_node, x, dim)
    return kept if kept.shape == x.shape else expand(kept, shape=x.shape)


def _count(x: Node, dim: Dims) -> int:
    return math.prod(x.shape if dim is None else [x.shape[d] for d in dim])


def _wide(x: Any) -> Any:
    return np.float64 if x.dtype.kind == "f" else None


def _sum(x: Any, dim: Dims, keepdim: bool, dtype: DType) -> Any:
    return total(np.asarray(x).astype(dtype.numpy, copy=False), dim, keepdim)


def _mean(x: Any, dim: Dims, keepdim: bool, dtype: DType) -> Any:
    count = x.size if dim is None else math.prod(x.shape[d] for d in dim)
    if dtype is dtypes.float16:  # neither the sum nor the count has to be within its range
        wide = total(np.asarray(x).astype(np.float32), dim, keepdim)
        return np.asarray(np.true_divide(wide, np.float32(count))).astype(np.float16)
    return np.true_divide(_sum(x, dim, keepdim, dtype), np.asarray(count, dtype.numpy))


def _given_dtype(x: Node, dtype: DType, **_: Any) -> DType:
    return dtype


sum_ = Shaped(
    "sum",
    _sum,
    shape=_shape,
    dtype=_given_dtype,
    vjps=(lambda g, y, x, dim, keepdim, dtype: spread(g, x, dim),),
    grad_fn=_numbered("SumBackward0", "SumBackward1"),
    linear=((0,),),
    on_arrays=True,
    batch="shape.along",
    doc="sum of the elements",
    latex=r"\sum {}",
)


def _mean_vjp(g: Node, y: Node, x: Node, dim: Dims, keepdim: bool, dtype: DType) -> Node:
    if type(g) is not Node:  # the same digits of an array, divided before it is repeated
        return spread(g / _count(x, dim), x, dim)
    return spread(g, x, dim) / _count(x, dim)


mean = Shaped(
    "mean",
    _mean,
    shape=_shape,
    dtype=_given_dtype,
    vjps=(_mean_vjp,),
    backward="DivBackward1",
    grad_fn=_numbered("MeanBackward0", "MeanBackward1"),
    linear=((0,),),
    on_arrays=True,
    batch="shape.along",
    doc="mean of the elements",
)


def _others(x: Node, dim: int) -> Node:
    """For each element, the product of all the others along `dim`.

    By a tree of products rather than `prod/x`, so that it is right at zeros, and so is its own
    derivative: only multiplications are left to differentiate.
    """

    def part(node: Node, start: int, stop: int) -> Node:
        return slice_(node, dim=dim, start=start, stop=stop, step=1)

    levels: list[tuple[Node, Node, Node | None]] = []
    level = x
    while level.shape[dim] > 1:
        size = level.shape[dim]
        half = size // 2
        first, second = part(level, 0, half), part(level, half, 2 * half)
        rest = part(level, 2 * half, size) if size % 2 else None
        levels.append((first, second, rest))
        level = mul(first, second)
        if rest is not None:
            level = cat(level, rest, dim=dim)
    others = full(shape=level.shape, value=1, dtype=x.dtype)
    for first, second, rest in reversed(levels):
        half = first.shape[dim]
        pair = part(others, 0, half)
        parts = [mul(pair, second), mul(pair, first)]
        if rest is not None:
            parts.append(part(others, half, half + 1))
        others = cat(*parts, dim=dim)
    return others


def _prod_vjp(g: Node, y: Node, x: Node, dim: Dims, keepdim: bool, dtype: DType) -> Node:
    x = as_dtype(x, dtype)
    if x.ndim == 0:
        return g
    if x.numel == 0:
        return spread(g, x, dim) * x
    if dim is None:
        others = _others(reshape(x, (x.numel,)), 0)
        # With two zeros every product of the others has a factor 0: nan and inf don't count.
        zeros = sum_(as_dtype(is_zero(x), x.dtype), dim=None, keepdim=False, dtype=x.dtype)
        others = fill_where(logical_and(isnan(others), gt(zeros, 1)), others)
        return reshape(others, x.shape) * spread(g, x, dim)
    return _others(x, dim[0]) * spread(g, x, dim)


prod = Shaped(
    "prod",
    lambda x, dim, keepdim, dtype: np.multiply.reduce(
        x, axis=dim, keepdims=keepdim, dtype=dtype.numpy
    ),
    shape=_shape,
    dtype=_given_dtype,
    vjps=(_prod_vjp,),
    grad_fn=_numbered("ProdBackward0", "ProdBackward1"),
    batch="shape.flattened",
    doc="product of the elements",
    latex=r"\prod {}",
)

# ---- extremes -----------------------------------------------------------------------------------


def _evenly(g: Node, y: Node, x: Node, dim: Dims, **_: Any) -> Node:
    """The gradient split evenly among the elements that attain the extreme."""
    top = spread(y, x, dim)
    attained = logical_or(eq(x, top), logical_and(isnan(x), isnan(top)))
    share = keep(g, x, dim) / _total(as_dtype(attained, x.dtype), dim)
    return where(attained, share, 0.0)


def _by_count(g: Node, y: Node, x: Node, dim: Dims, **_: Any) -> Node:
    """As `_evenly`, but nan where the extreme is nan: nothing equals it."""
    mask = as_dtype(eq(x, keep(y, x, dim)), x.dtype)
    return (keep(g, x, dim) / _total(mask, dim)) * mask


def _total(x: Node, dim: Dims) -> Node:
    return sum_(x, dim=dim, keepdim=True, dtype=dtypes.of(x))


def _extreme(
    name: str,
    kernel: Callable[..., Any],
    grad_fn: str,
    rule: Rule,
    doc: str,
    backward: str = "",
) -> Shaped:
    return Shaped(
        name,
        lambda x, dim, keepdim: kernel(x, axis=dim, keepdims=keepdim),
        shape=_shape,
        vjps=(rule,),
        grad_fn=grad_fn,
        backward=backward,
        batch="shape.along",
        doc=doc,
    )


amax = _extreme("amax", np.amax, "AmaxBackward0", _by_count, "greatest element, ties sharing")
amin = _extreme("amin", np.amin, "AminBackward0", _by_count, "least element, ties sharing")
FILLED, PUT = "MaskedFillBackward1", "ScatterBackward0"
max_ = _extreme("max", np.amax, "MaxBackward1", _evenly, "greatest of all elements", FILLED)
min_ = _extreme("min", np.amin, "MinBackward1", _evenly, "least of all elements", FILLED)


def _arg(kernel: Callable[..., Any], name: str, doc: str) -> Shaped:
    def evaluate(x: Any, dim: Dims, keepdim: bool) -> Any:
        if np.ndim(x) == 0:
            return np.zeros((), np.int64)
        axis = None if dim is None else dim[0]
        return kernel(x, axis=axis, keepdims=keepdim)

    return Shaped(
        name,
        evaluate,
        shape=_shape,
        dtype=lambda x, **_: dtypes.int64,
        batch="shape.flattened",
        doc=doc,
    )


argmax = _arg(np.argmax, "argmax", "index of the first greatest element")
argmin = _arg(np.argmin, "argmin", "index of the first least element")


def _at_index(arg: Shaped) -> Rule:
    """With a dimension, the gradient goes to the one index that the reference reports."""

    def rule(g: Node, y: Node, x: Node, dim: tuple[int, ...], keepdim: bool) -> Node:
        if x.ndim == 0:
            return g
        index = arg(x, dim=dim, keepdim=True)
        return put_along(keep(g, x, dim), index, shape=x.shape, dim=dim[0])

    return rule


max_dim = _extreme(
    "max_dim", np.amax, "MaxBackward0", _at_index(argmax), "greatest along a dimension", PUT
)
min_dim = _extreme(
    "min_dim", np.amin, "MinBackward0", _at_index(argmin), "least along a dimension", PUT
)

# ---- norms --------------------------------------------------------------------------------------


def _vector_norm(x: Any, ord: float, dim: Dims, keepdim: bool, dtype: DType) -> Any:
    size = np.abs(x)
    if ord == math.inf:
        result = np.amax(size, axis=dim, keepdims=keepdim)
    elif ord == -math.inf:
        result = np.amin(size, axis=dim, keepdims=keepdim)
    elif ord == 0:
        result = add_reduce(size != 0, axis=dim, keepdims=keepdim, dtype=np.float64)
    elif ord == 1:
        result = add_reduce(size, axis=dim, keepdims=keepdim, dtype=np.float64)
    else:
        powers = np.power(size, ord, dtype=np.float64)
        result = add_reduce(powers, axis=dim, keepdims=keepdim)
        # `**` would take the root of a scalar and of an array in different ways
        result = np.sqrt(result) if ord == 2 else np.power(result, 1 / ord)
    return np.asarray(result).astype(dtype.numpy)


def _vector_norm_vjp(
    g: Node, y: Node, x: Node, ord: float, dim: Dims, keepdim: bool, dtype: DType
) -> Node | None:
    if ord == 0:
        return None
    x = as_dtype(x, dtype)
    g, norm = keep(g, x, dim), keep(y, x, dim)
    if ord == 1:
        return sign(x) * g
    if ord == 2:
        return g * fill_where(is_zero(norm), x / norm)
    if math.isinf(ord):
        attained = logical_or(eq(abs(x), norm), isnan(x))
        mask = as_dtype(attained, x.dtype)
        return sign(x) * ((g / _total(mask, dim)) * mask)
    if ord < 1:
        slope = fill_where(is_zero(x), sign(x) * pow_number(abs(x), exponent=ord - 1))
        return slope * g * pow_number(norm, exponent=1 - ord)
    scale = fill_where(is_zero(norm), g / pow_number(norm, exponent=ord - 1))
    if ord < 2:
        return fill_where(is_zero(x), sign(x) * pow_number(abs(x), exponent=ord - 1)) * scale
    return x * pow_number(abs(x), exponent=ord - 2) * scale


vector_norm = Shaped(
    "linalg_vector_norm",
    _vector_norm,
    shape=_shape,
    dtype=_given_dtype,
    vjps=(_vector_norm_vjp,),
    batch="shape.along",
    doc="the vector p-norm",
    latex=r"\lVert {} \rVert",
)

# ---- exponentials -------------------------------------------------------------------------------


def _shift(x: Any, dim: Dims) -> Any:
    """The maximum, to subtract before exp; 0 where it is infinite, so that inf - inf does not occur."""
    top = np.amax(x, axis=dim, keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(top), top, np.asarray(0, x.dtype))


def _logsumexp(x: Any, dim: Dims, keepdim: bool) -> Any:
    shift = _shift(x, dim)
    total = _summed(_exp(x - shift), dim)
    result = np.asarray(_log(total) + shift)
    return result if keepdim else result.reshape(_kept_shape(x.shape, dim))


def _kept_shape(shape: Shape, dim: Dims) -> Shape:
    return reduced(shape, tuple(range(len(shape))) if dim is None else dim, False)


logsumexp = Shaped(
    "logsumexp",
    _logsumexp,
    shape=_shape,
    vjps=(lambda g, y, x, dim, keepdim: keep(g, x, dim) * exp(x - keep(y, x, dim)),),
    on_arrays=True,
    batch="shape.along",
    doc="log of the sum of exponentials",
)


def _softmax(x: Any, dim: int) -> Any:
    if np.ndim(x) == 0:
        return np.exp(np.subtract(x, x))
    powers = _below(x, dim)
    powers = _exp(powers, out=powers)
    powers *= np.reciprocal(_summed(powers, (dim,)))
    return powers


def _log_softmax(x: Any, dim: int) -> Any:
    if np.ndim(x) == 0:
        return np.subtract(x, x)
    shifted = _below(x, dim)
    shifted -= _log(_summed(_exp(shifted), (dim,)))
    return shifted


def _below(x: Any, dim: int) -> Any:
    """How much less than the greatest along a dimension."""
    return x - np.maximum.reduce(x, axis=dim, keepdims=True, initial=-math.inf)


_exp, _log = precise(np.exp), precise(np.log)


def _summed(x: Any, dim: Dims) -> Any:
    """A sum that keeps its dimensions, accumulated in float64 and rounded to the dtype of x."""
    return np.asarray(add_reduce(x, axis=dim, keepdims=True, dtype=_wide(x))).astype(x.dtype)


def _along(x: Node, dim: int) -> Dims:
    return (dim,) if x.ndim else None


softmax = Shaped(
    "softmax",
    _softmax,
    vjps=(lambda g, y, x, dim: y * (g - _total(g * y, _along(x, dim))),),
    backward="SoftmaxBackwardDataBackward0",
    on_arrays=True,
    batch="shape.along",
    doc="exponentials that sum to 1 along a dimension",
)
log_softmax = Shaped(
    "log_softmax",
    _log_softmax,
    vjps=(lambda g, y, x, dim: g - exp(y) * _total(g, _along(x, dim)),),
    backward="LogSoftmaxBackwardDataBackward0",
    on_arrays=True,
    batch="shape.along",
    doc="log of softmax",
)
