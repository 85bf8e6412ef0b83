"""Sums, means, products, extremes, norms and the softmax family."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff_cli.errors import (
    AttributeFault,
    IndexFault,
    RuntimeFault,
    ValueFault,
)
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.shapes import reduced, reduction_dims, wrap_dim
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full
from autodiff_cli.ops.movement import permute, unsqueeze
from autodiff_cli.ops.pointwise import as_dtype, as_floating
from autodiff_cli.vocabulary.calls.parameters import PYTHON_DTYPES, type_name
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, alias, python, torch
from autodiff_cli.vocabulary.calls.values import return_type
from autodiff_cli.vocabulary.pointwise import require_floating


def _summed_dtype(x: Node, dtype: DType | None) -> DType:
    if dtype is not None:
        if x.requires_grad and not dtype.is_floating:
            raise RuntimeFault(f"Autograd not support dtype: {dtype.scalar_name}")
        return dtype
    return x.dtype if x.dtype.is_floating else dtypes.int64


@torch("sum(Tensor input, *, torch.dtype? dtype = None)")
def sum_all(input: Node, dtype: DType | None) -> Node:
    return red.sum_(input, dim=None, keepdim=False, dtype=_summed_dtype(input, dtype))


@torch(
    "sum(Tensor input, tuple of ints[1]? dim, bool keepdim = False, *, torch.dtype? dtype = None, "
    "Tensor out = None)"
)
def sum_dim(input: Node, dim: tuple[int, ...] | None, keepdim: bool, dtype: DType | None) -> Node:
    dims = reduction_dims(dim, input.ndim)
    return red.sum_(input, dim=dims, keepdim=keepdim, dtype=_summed_dtype(input, dtype))


def _mean_dtype(x: Node, dtype: DType | None) -> DType:
    wanted = dtype or x.dtype
    if not wanted.is_floating:
        if dtype is None:
            raise RuntimeFault(
                "mean(): could not infer output dtype. Input dtype must be either a floating point or "
                f"complex dtype. Got: {x.dtype.scalar_name}",
                hint="convert first: mean(x.float())",
            )
        raise RuntimeFault(
            "mean(): could not infer output dtype. Optional dtype must be either a floating point or "
            f"complex dtype. Got: {dtype.scalar_name}"
        )
    return wanted


@torch("mean(Tensor input, *, torch.dtype? dtype = None, Tensor out = None)")
def mean_all(input: Node, dtype: DType | None) -> Node:
    return red.mean(input, dim=None, keepdim=False, dtype=_mean_dtype(input, dtype))


@torch(
    "mean(Tensor input, tuple of ints[1]? dim, bool keepdim = False, *, torch.dtype? dtype = None, "
    "Tensor out = None)"
)
def mean_dim(input: Node, dim: tuple[int, ...] | None, keepdim: bool, dtype: DType | None) -> Node:
    dtype = _mean_dtype(input, dtype)
    return red.mean(input, dim=reduction_dims(dim, input.ndim), keepdim=keepdim, dtype=dtype)


@torch("prod(Tensor input, *, torch.dtype? dtype = None)")
def prod_all(input: Node, dtype: DType | None) -> Node:
    return red.prod(input, dim=None, keepdim=False, dtype=_summed_dtype(input, dtype))


@torch(
    "prod(Tensor input, int dim, bool keepdim = False, *, torch.dtype? dtype = None, Tensor out = None)"
)
def prod_dim(input: Node, dim: int, keepdim: bool, dtype: DType | None) -> Node:
    return red.prod(input, dim=_one(input, dim), keepdim=keepdim, dtype=_summed_dtype(input, dtype))


def _one(x: Node, dim: int) -> tuple[int, ...]:
    wrapped = wrap_dim(dim, x.ndim)
    return (wrapped,) if x.ndim else ()


# ---- extremes -----------------------------------------------------------------------------------


def _nonempty(x: Node, name: str) -> None:
    if x.numel == 0:
        raise RuntimeFault(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )


def _nonempty_dims(x: Node, dims: tuple[int, ...], name: str) -> None:
    for dim in dims:
        if x.ndim and x.shape[dim] == 0:
            raise IndexFault(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


def _extreme(name: str) -> None:
    whole = red.max_ if name == "max" else red.min_
    along = red.max_dim if name == "max" else red.min_dim
    index = red.argmax if name == "max" else red.argmin
    pair = sel.maximum if name == "max" else sel.minimum
    result = return_type(name, ("values", "indices"))

    @torch(f"{name}(Tensor input, *, Tensor out = None)")
    def extreme(input: Node) -> Node:
        _nonempty(input, name)
        return whole(input, dim=None, keepdim=False)

    @torch(f"{name}(Tensor input, Tensor other, *, Tensor out = None)")
    def elementwise(input: Node, other: Node) -> Node:
        return pair(input, other)

    @torch(f"{name}(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)")
    def with_index(input: Node, dim: int, keepdim: bool) -> tuple[Any, ...]:
        dims = _one(input, dim)
        _nonempty_dims(input, dims, name)
        return result(
            along(input, dim=dims, keepdim=keepdim), index(input, dim=dims, keepdim=keepdim)
        )

    @torch(
        f"a{name}(Tensor input, tuple of ints[1]? dim = None, bool keepdim = False, *, Tensor out = None)"
    )
    def even(input: Node, dim: tuple[int, ...] | None, keepdim: bool) -> Node:
        if not dim:
            _nonempty(input, f"a{name}")
        dims = reduction_dims(dim, input.ndim)
        _nonempty_dims(input, dim or (), f"a{name}")  # named as they were given
        return (red.amax if name == "max" else red.amin)(input, dim=dims, keepdim=keepdim)

    @torch(f"arg{name}(Tensor input, int? dim = None, bool keepdim = False, *, Tensor out = None)")
    def position(input: Node, dim: int | None, keepdim: bool) -> Node:
        if input.dtype.category == dtypes.BOOL:
            raise RuntimeFault(f"arg{name}(): does not support bool input")
        if dim is None:
            if input.numel == 0:
                raise IndexFault(
                    f"arg{name}(): Expected reduction dim to be specified for input.numel() == 0."
                )
            return index(input, dim=None, keepdim=keepdim)
        dims = _one(input, dim)
        _nonempty_dims(input, dims, f"arg{name}")
        return index(input, dim=dims, keepdim=keepdim)


_extreme("max")
_extreme("min")

# ---- norms --------------------------------------------------------------------------------------


@torch(
    "linalg.vector_norm(Tensor input, Number ord = 2, tuple of ints[1]? dim = None, "
    "bool keepdim = False, *, torch.dtype? dtype = None, Tensor out = None)",
    only="function",
)
def vector_norm(
    input: Node, ord: float, dim: Sequence[int] | None, keepdim: bool, dtype: DType | None
) -> Node:
    x = input
    if not x.dtype.is_floating:
        raise RuntimeFault(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.scalar_name}",
            hint="convert first: norm(x.float())",
        )
    dims = reduction_dims(dim, x.ndim)
    if ord < 0 or ord == math.inf:
        shown = "inf" if ord == math.inf else "-inf" if ord == -math.inf else f"{ord:g}"
        if not dim and x.numel == 0:
            raise RuntimeFault(
                f"linalg.vector_norm cannot compute the {shown} norm on an empty tensor because the "
                "operation does not have an identity"
            )
        for d in dim or ():
            if x.ndim and x.shape[d] == 0:
                raise RuntimeFault(
                    f"linalg.vector_norm cannot compute the {shown} norm on the dimension {d}because "
                    "this dimension is empty and the operation does not have an identity"
                )
    if dtype is not None and not dtype.is_floating:
        raise RuntimeFault(
            "linalg.vector_norm: dtype should be floating point or complex, but got "
            f"{dtype.scalar_name}"
        )
    return red.vector_norm(x, ord=float(ord), dim=dims, keepdim=keepdim, dtype=dtype or x.dtype)


def matrix_norm(
    x: Node, ord: float | str, dim: Sequence[int], keepdim: bool, dtype: DType | None
) -> Node:
    """Norms of matrices that are made of vector norms and extremes."""
    row, column = (wrap_dim(d, x.ndim) for d in dim)
    if row == column:
        raise RuntimeFault(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return vector_norm(x, 2, (row, column), keepdim, dtype)
    if ord in ("nuc", 2, -2):
        return _spectral_norm(x, ord, (row, column), keepdim, dtype)
    if isinstance(ord, str) or abs(ord) not in (1, math.inf):
        raise RuntimeFault(
            f"linalg.matrix_norm: Order {ord} not supported.",
            hint="orders are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf",
        )
    summed, kept = (row, column) if abs(ord) == 1 else (column, row)
    if not x.shape[kept]:
        shape = reduced(x.shape, (row, column), keepdim)
        return full(shape=shape, value=0, dtype=dtype or x.dtype)
    sums = vector_norm(x, 1, (summed,), keepdim, dtype)
    if not keepdim and kept > summed:
        kept -= 1
    return (red.amax if ord > 0 else red.amin)(sums, dim=(kept,), keepdim=keepdim)


def _spectral_norm(
    x: Node, ord: float | str, dim: tuple[int, int], keepdim: bool, dtype: DType | None
) -> Node:
    """Norms of the singular values: their sum ('nuc'), greatest (2) or least (-2)."""
    if not x.dtype.is_floating:
        raise RuntimeFault(
            "linalg.matrix_norm: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.scalar_name}"
        )
    if dtype is not None:
        x = as_dtype(x, dtype)
    if x.dtype is dtypes.float16:
        raise RuntimeFault("linalg.matrix_norm: Low precision dtypes not supported. Got Half")
    if ord == -2 and 0 in (x.shape[dim[0]], x.shape[dim[1]]):
        raise IndexFault("amin(): Expected reduction dim -1 to have non-zero size.")
    if 0 in (x.shape[dim[0]], x.shape[dim[1]]):
        return full(shape=reduced(x.shape, dim, keepdim), value=0, dtype=x.dtype)
    others = tuple(d for d in range(x.ndim) if d not in dim)
    order = (*others, *dim)
    from autodiff_cli.ops.decompose import svdvals  # few norms need it

    values = svdvals(permute(x, dims=order))
    last = (values.ndim - 1,)
    if ord == "nuc":
        result = red.sum_(values, dim=last, keepdim=keepdim, dtype=values.dtype)
    else:
        result = (red.amax if ord == 2 else red.amin)(values, dim=last, keepdim=keepdim)
    if not keepdim:
        return result
    wide = unsqueeze(result, shape=(*result.shape, 1))
    return permute(wide, dims=tuple(order.index(d) for d in range(x.ndim)))


@python("norm", method=True)
def norm(
    input: Node,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    out: None = None,
    dtype: DType | None = None,
) -> Node:
    if not isinstance(input, Node):
        raise AttributeFault(f"'{type_name(input)}' object has no attribute 'layout'")
    dims = (dim,) if isinstance(dim, int) else dim
    if isinstance(p, str):
        if p != "fro":
            of_matrix = FUNCTIONS["linalg.matrix_norm"]
            if dims is None:
                if input.ndim != 2:
                    shown = " ".join(map(str, range(input.ndim)))
                    raise RuntimeFault(f"linalg.matrix_norm: dim must be a 2-tuple. Got {shown}")
                return of_matrix(input, p, keepdim=keepdim, dtype=dtype)  # type: ignore[no-any-return]
            return of_matrix(input, p, tuple(dims), keepdim, dtype=dtype)  # type: ignore[no-any-return]
        p = 2.0
    # The reference goes on by this function, whose errors are the ones a user sees.
    return FUNCTIONS["linalg.vector_norm"](  # type: ignore[no-any-return]
        input, 2.0 if p is None else p, dims, keepdim, dtype=dtype
    )


@torch(
    "linalg.norm(Tensor input, Number? ord = None, tuple of ints[1]? dim = None, bool keepdim = False, "
    "*, torch.dtype? dtype = None, Tensor out = None)",
    "linalg.norm(Tensor input, str ord, tuple of ints[1]? dim = None, bool keepdim = False, "
    "*, torch.dtype? dtype = None, Tensor out = None)",
    only="function",
)
def linalg_norm(
    input: Node,
    ord: float | str | None,
    dim: tuple[int, ...] | None,
    keepdim: bool,
    dtype: DType | None,
) -> Node:
    if dim is not None and len(dim) not in (1, 2) and ord is not None:
        raise RuntimeFault(
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}"
        )
    if ord is None:
        return vector_norm(input, 2.0, dim, keepdim, dtype)
    if dim is None and input.ndim not in (1, 2):
        raise RuntimeFault(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{input.ndim}D."
        )
    dims = dim if dim is not None else tuple(range(input.ndim))
    if len(dims) == 1:
        if isinstance(ord, str):
            raise RuntimeFault(f"linalg.norm: Order {ord} not supported for vectors.")
        return vector_norm(input, ord, dims, keepdim, dtype)
    return matrix_norm(input, ord, dims, keepdim, dtype)


@torch(
    "linalg.matrix_norm(Tensor input, Number ord, tuple of ints dim = {-2,-1}, bool keepdim = False, "
    "*, torch.dtype? dtype = None, Tensor out = None)",
    'linalg.matrix_norm(Tensor input, str ord = "fro", tuple of ints dim = {-2,-1}, '
    "bool keepdim = False, *, torch.dtype? dtype = None, Tensor out = None)",
    only="function",
)
def linalg_matrix_norm(
    input: Node, ord: float | str, dim: tuple[int, ...], keepdim: bool, dtype: DType | None
) -> Node:
    if input.ndim < 2:
        raise RuntimeFault(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    return matrix_norm(input, ord, dim, keepdim, dtype)


# ---- exponentials -------------------------------------------------------------------------------


@torch(
    "logsumexp(Tensor input, tuple of ints[1] dim, bool keepdim = False, *, Tensor out = None)",
)
def logsumexp(input: Node, dim: tuple[int, ...], keepdim: bool) -> Node:
    x = as_floating(input)
    if (
        not dim and x.ndim and x.numel
    ):  # the reference takes () for all dimensions, and then meets its own shape
        raise RuntimeFault(
            f"output with shape [] doesn't match the broadcast shape {[1] * x.ndim}",
            hint="name the dimensions: logsumexp(x, (0, 1))",
        )
    return red.logsumexp(x, dim=reduction_dims(dim, x.ndim), keepdim=keepdim)


def softmax_of(x: Node, dim: int, dtype: DType | None, log: bool) -> Node:
    if dtype is not None:
        x = as_dtype(x, PYTHON_DTYPES.get(dtype, dtype))  # type: ignore[call-overload]
    wrapped = wrap_dim(dim, x.ndim)
    last = "lastdim_" if wrapped == x.ndim - 1 or not x.ndim else ""
    require_floating(x, f"{'log_' if log else ''}softmax_{last}kernel_impl")
    return (red.log_softmax if log else red.softmax)(x, dim=wrapped)


@torch("softmax(Tensor input, int dim, torch.dtype? dtype = None, *, Tensor out = None)")
def softmax(input: Node, dim: int, dtype: DType | None) -> Node:
    return softmax_of(input, dim, dtype, log=False)


@torch("log_softmax(Tensor input, int dim, torch.dtype? dtype = None, *, Tensor out = None)")
def log_softmax(input: Node, dim: int, dtype: DType | None) -> Node:
    return softmax_of(input, dim, dtype, log=True)


def check_reduction(reduction: str) -> str:
    if reduction not in ("none", "mean", "sum"):
        raise ValueFault(f"{reduction} is not a valid value for reduction")
    return reduction


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction that the deprecated arguments ask for, if they are given."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


alias("special.logsumexp", of="logsumexp")
