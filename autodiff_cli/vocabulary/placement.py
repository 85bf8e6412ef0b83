"""Tensors with some elements replaced: masks, scatters, and indices of a dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import IndexFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Array, Node, Number, constant
from autodiff_cli.ir.shapes import broadcast, size_at, wrap_dim
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import scatter as sc
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full
from autodiff_cli.vocabulary.calls.registry import torch
from autodiff_cli.vocabulary.indexing import _in_range, _indices, check_places, outside
from autodiff_cli.vocabulary.shaping import reshape_to

INTEGERS = (dtypes.int64, dtypes.int32)

# ---- masks --------------------------------------------------------------------------------------


def _boolean(function: str, mask: Node) -> None:
    if mask.dtype.category != BOOL:
        raise RuntimeFault(
            f"{function} only supports boolean masks, but got mask with dtype {mask.dtype.c_name}"
        )


@torch("masked_fill(Tensor input, Tensor mask, Tensor value)", in_place="method apart")
def masked_fill_tensor(input: Node, mask: Node, value: Node) -> Node:
    mask, x = mv.together(mask, input)
    if value.ndim:
        raise RuntimeFault(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s)."
        )
    _boolean("masked_fill_", mask)
    if value.requires_grad and not input.dtype.is_floating:
        raise RuntimeFault(f"Autograd not support dtype: {input.dtype.scalar_name}")
    return sc.masked_fill_tensor(x, mask, value)


@torch("masked_fill(Tensor input, Tensor mask, Number value)")
def masked_fill(input: Node, mask: Node, value: Number) -> Node:
    mask, x = mv.together(mask, input)
    _boolean("masked_fill_", mask)
    return sel.masked_fill(x, mask, value=x.dtype.numpy.type(value).item())


@torch("masked_scatter(Tensor input, Tensor mask, Tensor source)", in_place="method apart")
def masked_scatter(input: Node, mask: Node, source: Node) -> Node:
    mask, x = mv.together(mask, input)
    if input.dtype is not source.dtype:
        raise RuntimeFault(
            "masked_scatter: expected self and source to have same dtypes but got"
            f"{input.dtype.scalar_name} and {source.dtype.scalar_name}"
        )
    _boolean("masked_scatter_", mask)
    if source.numel < np.count_nonzero(force(mask)):
        raise RuntimeFault("Number of elements of source < number of ones in mask")
    return sc.masked_scatter(x, mask, source)


# ---- scatter ------------------------------------------------------------------------------------


def _scattered_index(x: Node, dim: int, index: Node, src: Node | None) -> tuple[int, Node]:
    """The dimension and the index of a scatter, checked in the reference's order."""
    at = wrap_dim(dim, x.ndim)
    if index.numel and index.dtype not in INTEGERS:
        raise RuntimeFault("scatter(): Expected dtype int32/int64 for index")
    if src is not None and src.dtype is not x.dtype:
        raise RuntimeFault("scatter(): Expected self.dtype to be equal to src.dtype")
    if index.numel:
        _check_sizes(x, at, index, src)
    places = force(index).astype(np.int64)
    check_places(places, at, x.shape[at] if x.ndim else 1)
    return at, constant(places)


def _check_sizes(x: Node, dim: int, index: Node, src: Node | None) -> None:
    if max(index.ndim, 1) != max(x.ndim, 1):
        raise RuntimeFault("Index tensor must have the same number of dimensions as self tensor")
    if src is not None and max(src.ndim, 1) != max(x.ndim, 1):
        raise RuntimeFault("Index tensor must have the same number of dimensions as src tensor")
    too_wide = any(
        wanted > size
        for d, (wanted, size) in enumerate(zip(index.shape, x.shape, strict=False))
        if d != dim
    )
    beyond = src is not None and any(
        wanted > size for wanted, size in zip(index.shape, src.shape, strict=False)
    )
    if too_wide or beyond:
        text = (
            f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart "
            f"from dimension {dim}"
        )
        if src is not None:
            text += f" and to be no larger size than src {list(src.shape)}"
        raise RuntimeFault(text)


def _cut(src: Node, index: Node) -> Node:
    """The part of the source that the index asks for."""
    for dim, (size, wanted) in enumerate(zip(src.shape, index.shape, strict=False)):
        if size != wanted:
            src = mv.slice_(src, dim=dim, start=0, stop=wanted, step=1)
    return mv.reshape(src, index.shape)


SCATTER = "Tensor input, int dim, Tensor index"


@torch(f"scatter({SCATTER}, Tensor src, *, Tensor out = None)", in_place="method apart")
def scatter(input: Node, dim: int, index: Node, src: Node) -> Node:
    at, index = _scattered_index(input, dim, index, src)
    return sc.scatter(input, index, _cut(src, index), dim=at)


@torch(f"scatter({SCATTER}, Tensor src, *, str reduce, Tensor out = None)")
def scatter_reducing(input: Node, dim: int, index: Node, src: Node, reduce: str) -> Node:
    wrap_dim(dim, input.ndim)
    if reduce != "add":
        raise RuntimeFault(
            "reduce argument must be either add or multiply."
            if reduce != "multiply"
            else "scatter(reduce='multiply') does not exist here",
            hint="scatter_add adds",
        )
    return scatter_add(input, dim, index, src)


@torch(f"scatter({SCATTER}, Number value, *, Tensor out = None)")
def scatter_number(input: Node, dim: int, index: Node, value: Number) -> Node:
    at, index = _scattered_index(input, dim, index, None)
    return sc.scatter_number(input, index, dim=at, value=value)


@torch(f"scatter({SCATTER}, Number value, *, str reduce, Tensor out = None)")
def scatter_number_reducing(input: Node, dim: int, index: Node, value: Number, reduce: str) -> Node:
    src = full(shape=index.shape, value=value, dtype=input.dtype)
    return scatter_reducing(input, dim, index, src, reduce)


@torch(f"scatter_add({SCATTER}, Tensor src, *, Tensor out = None)", in_place="method apart")
def scatter_add(input: Node, dim: int, index: Node, src: Node) -> Node:
    at, index = _scattered_index(input, dim, index, src)
    return sc.scatter_add(input, index, _cut(src, index), dim=at)


# ---- indices of a dimension ---------------------------------------------------------------------


def _counted(index: Node) -> Array:
    return np.atleast_1d(force(index).astype(np.int64))


@torch(
    f"index_add({SCATTER}, Tensor source, *, Number alpha = 1, Tensor out = None)",
    in_place="method apart",
)
def index_add(input: Node, dim: int, index: Node, source: Node, alpha: Number) -> Node:
    at = wrap_dim(dim, input.ndim)
    if index.dtype not in INTEGERS:
        raise RuntimeFault(
            f"index_add_(): Expected dtype int32/int64 for index but got: {index.dtype.scalar_name}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeFault(
            f"index_add_(): self ({input.dtype.scalar_name}) and source ({source.dtype.scalar_name}) "
            "must have the same scalar type"
        )
    if index.ndim > 1:
        raise IndexFault(
            f"index_add_(): Index is supposed to be a vector, but got dim: {index.ndim} with type: "
            f"{index.dtype.scalar_name} and size: {list(index.shape)}"
        )
    places = _counted(index)
    if at >= max(source.ndim, 1):
        raise RuntimeFault(
            f"index_add_(): Indexing dim {at} is out of bounds of the source tensor with dim "
            f"{source.ndim}"
        )
    width = source.shape[at] if source.ndim else 1
    if places.size != width:
        raise RuntimeFault(
            f"index_add_(): Number of indices ({places.size}) should be equal to source.size(dim): "
            f"({size_at(source.shape, at)}), for dim: {at}"
        )
    own, given = input.shape, source.shape
    if own and given:
        own, given = (shape[:at] + shape[at + 1 :] for shape in (own, given))
    if own != given:
        raise RuntimeFault(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(input.shape)} source.shape = {list(source.shape)}"
        )
    check_places(places, at, input.shape[at] if input.ndim else 1)
    return sc.index_add(input, constant(places), source, dim=at, alpha=alpha)


@torch(f"index_copy({SCATTER}, Tensor source, *, Tensor out = None)", in_place="method apart")
def index_copy(input: Node, dim: int, index: Node, source: Node) -> Node:
    at = wrap_dim(dim, input.ndim)
    if index.dtype is not dtypes.int64:
        raise RuntimeFault(
            f"index_copy_(): Expected a long tensor for index, but got {index.dtype.scalar_name}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeFault(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input.dtype.scalar_name} and (source) {source.dtype.scalar_name}"
        )
    places = _counted(index)
    _check_copied(input, at, index, source)
    width = source.shape[at] if source.ndim else 1
    if places.size != width:
        raise IndexFault(
            f"index_copy_(): Number of indices ({places.size}) should be equal to source.size(dim) "
            f"({width})"
        )
    size = input.shape[at] if input.ndim else 1
    wrong = outside(places, 0, size)
    if wrong is not None:
        raise IndexFault(
            f"index_copy_(): index {wrong} is out of bounds for dimension {at} with size {size}"
        )
    return sc.index_copy(input, constant(places), source, dim=at)


def _check_copied(x: Node, dim: int, index: Node, source: Node) -> None:
    """Source: ATen/native/TensorAdvancedIndexing.cpp (`index_copy`)."""
    if index.ndim > 1:
        raise IndexFault(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if not source.ndim and index.numel != 1:
        raise IndexFault(
            f"index_copy_(): When source is scalar, index should have one element (got {index.numel})"
        )
    if source.ndim and x.ndim and source.ndim != x.ndim:
        raise IndexFault(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. "
            f"Source dimensionality ({source.ndim}), destination dimensionality ({x.ndim})"
        )
    own, given = (shape[:dim] + shape[dim + 1 :] for shape in (x.shape, source.shape))
    if own != given:
        raise RuntimeFault(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice "
            f"shape: {' '.join(map(str, own))} at dimension {dim} and source slice shape: "
            f"{' '.join(map(str, given))} at dimension 0."
        )


def _filled_index(x: Node, dim: int, index: Node) -> tuple[int, Node]:
    at = wrap_dim(dim, x.ndim)
    if index.dtype is not dtypes.int64:
        raise IndexFault("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        raise RuntimeFault("Index has to be a vector/scalar")
    size = x.shape[at] if x.ndim else 1
    places = _counted(index)
    wrong = outside(places, -size, size)
    if wrong is not None:
        raise IndexFault(f"index {wrong} is out of bounds for dimension {at} with size {size}")
    return at, constant(np.where(places < 0, places + size, places))


@torch("index_fill(Tensor input, int dim, Tensor index, Tensor value)", in_place="method apart")
def index_fill(input: Node, dim: int, index: Node, value: Node) -> Node:
    if value.ndim:
        raise RuntimeFault(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s)."
        )
    at, index = _filled_index(input, dim, index)
    return sc.index_fill(input, index, value, dim=at)


@torch("index_fill(Tensor input, int dim, Tensor index, Number value)")
def index_fill_number(input: Node, dim: int, index: Node, value: Number) -> Node:
    at, index = _filled_index(input, dim, index)
    return sc.index_fill_number(input, index, dim=at, value=value)


@torch(
    "index_put(Tensor input, tuple of Tensors indices, Tensor values, bool accumulate = False)",
    in_place="function apart",
)
def index_put(input: Node, indices: tuple[Node, ...], values: Node, accumulate: bool) -> Node:
    gathered: list[tuple[int, Any]] = []
    dim = 0
    for entry in indices:
        if dim + max(entry.ndim if entry.dtype.category == BOOL else 1, 1) > input.ndim:
            raise IndexFault(
                f"too many indices for tensor of dimension {input.ndim} (got {len(indices)})"
            )
        taken = _indices(entry, input, dim)
        gathered += [(dim + at, force(part).astype(np.int64)) for at, part in enumerate(taken)]
        dim += len(taken)
    if values.dtype is not input.dtype:
        raise RuntimeFault(
            "Index put requires the source and destination dtypes match, got "
            f"{input.dtype.scalar_name} for the destination and {values.dtype.scalar_name} for the "
            "source."
        )
    dims = tuple(at for at, _ in gathered)
    parts = [constant(part) for _, part in gathered]
    result = ix.index.infer((input, *parts), {"dims": dims})[0] if dims else input.shape
    lead = len(result) - values.ndim
    if lead < 0 or any(n not in (1, result[lead + at]) for at, n in enumerate(values.shape)):
        raise RuntimeFault(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to "
            f"indexing result of shape {list(result)}"
        )
    places = [
        constant(_in_range(part, position, input.shape[at]))
        for position, (at, part) in enumerate(gathered)
    ]
    return sc.index_put(input, values, *places, dims=dims, accumulate=accumulate)


# ---- picking ------------------------------------------------------------------------------------


def _check_flat(places: Array, size: int) -> None:
    """Refuse places that a tensor doesn't have among all its elements."""
    wrong = outside(places, -size, size)
    if wrong is not None:
        raise IndexFault(
            f"out of range: tried to access index {wrong} on a tensor of {size} elements."
        )


@torch("take(Tensor input, Tensor index, *, Tensor out = None)")
def take(input: Node, index: Node) -> Node:
    if index.dtype is not dtypes.int64:
        raise RuntimeFault(
            f"take(): Expected a long tensor for index, but got {index.dtype.scalar_name}"
        )
    places = force(index)
    _check_flat(places, input.numel)
    wrapped = np.where(places < 0, places + input.numel, places)
    return sc.take(input, constant(wrapped))


@torch("take_along_dim(Tensor input, Tensor indices, int? dim = None, *, Tensor out = None)")
def take_along_dim(input: Node, indices: Node, dim: int | None) -> Node:
    if dim is None:
        if indices.numel and indices.dtype not in INTEGERS:
            raise RuntimeFault("gather(): Expected dtype int32/int64 for index")
        flat = reshape_to(input, (-1,))
        places = _wrapped(force(indices).reshape(-1), flat.shape[0])
        return ix.take_along(flat, constant(places), dim=0)
    if indices.ndim != input.ndim:
        raise RuntimeFault(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    if indices.dtype is not dtypes.int64:
        raise RuntimeFault(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            f"{indices.dtype.scalar_name}"
        )
    at = wrap_dim(dim, input.ndim)
    along, along_index = (_without(node.shape, at) for node in (input, indices))
    shape = broadcast(along, along_index)
    wide = mv.expand(input, shape=(*shape[:at], input.shape[at], *shape[at + 1 :]))
    index = np.broadcast_to(force(indices), (*shape[:at], indices.shape[at], *shape[at + 1 :]))
    return ix.take_along(wide, constant(_wrapped(index, input.shape[at])), dim=at)


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], 1, *shape[dim + 1 :])


def _wrapped(index: Array, size: int) -> Array:
    """Indices counted from the front; as the reference, modulo the size."""
    return np.remainder(index, size) if size else index


@torch(
    "put(Tensor input, Tensor index, Tensor source, bool accumulate = False)",
    in_place="method apart",
)
def put(input: Node, index: Node, source: Node, accumulate: bool) -> Node:
    """Elements by their place among all."""
    if index.dtype is not dtypes.int64:
        raise RuntimeFault(
            f"put_(): Expected a long tensor for index, but got {index.dtype.scalar_name}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeFault(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input.dtype.scalar_name} and source.dtype = {source.dtype.scalar_name}"
        )
    if source.numel != index.numel:
        raise IndexFault(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.numel}, index.numel() = {index.numel}"
        )
    if index.numel and not input.numel:
        raise IndexFault("put_(): Tried to put elements into an empty tensor")
    _check_flat(force(index), input.numel)
    flat = mv.reshape(input, (input.numel,))
    given = mv.reshape(source, (source.numel,))
    places = (mv.reshape(index, (index.numel,)),)
    result = mv.reshape(index_put(flat, places, given, accumulate), input.shape)
    if result.requires_grad:
        result.named = "PutBackward0"
    return result
