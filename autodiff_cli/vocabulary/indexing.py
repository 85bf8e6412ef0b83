"""Indexing and slicing: what `x[...]` means.

The reference takes an index apart from left to right: an int is a select, a slice a slice, None an
unsqueeze; tensors, lists and masks are gathered in one `index` at the end.
Source: torch/csrc/autograd/python_variable_indexing.cpp, ATen/TensorIndexing.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import IndexFault, RuntimeFault, TypeFault, ValueFault
from autodiff_cli.execute import force, item
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Array, Node, constant
from autodiff_cli.ir.shapes import broadcast, wrap_dim
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import torch
from autodiff_cli.vocabulary.creation import tensor_from


def subscript(x: Node, index: Any) -> Node:
    """`x[index]` for a tensor."""
    if index is Ellipsis:
        return mv.alias(x, shape=x.shape)
    if isinstance(index, int) and not isinstance(index, bool):
        return _select_first(x, _int64(index))
    if isinstance(index, slice):
        return _slice(x, 0, index, skip_whole=False)
    return _apply(x, checked_entries(x, index))


def checked_entries(x: Node, index: Any) -> tuple[Any, ...]:
    """`entries_of` an index of x; of several wrong entries the error is of the one that the reference meets.

    It counts the entries, and then goes through them from left to right.
    """
    try:
        return entries_of(index)
    except (IndexFault, RuntimeFault, TypeFault, ValueFault) as error:
        if _is_several(index):
            if sum(_dims_taken(entry) for entry in index) > x.ndim:
                raise IndexFault(f"too many indices for tensor of dimension {x.ndim}") from None
            good: list[Any] = []
            for entry in index:
                try:
                    good.append(_as_tensor(entry))
                except (IndexFault, RuntimeFault, TypeFault, ValueFault):
                    break
            located(x, tuple(good))
        elif x.ndim == 0 and isinstance(index, float):
            raise IndexFault("too many indices for tensor of dimension 0") from None
        raise error


def _int64(index: int) -> int:
    if not -(2**63) <= index < 2**63:
        raise ValueFault("Overflow when unpacking long long")
    return index


def _apply(x: Node, items: tuple[Any, ...]) -> Node:
    result, gathered = located(x, items)
    if gathered:
        return _gather(result, gathered)
    return mv.alias(x, shape=x.shape) if result is x else result


def located(x: Node, items: tuple[Any, ...]) -> tuple[Node, list[tuple[int, Node]]]:
    """The view that the plain entries of an index show, and the index tensors for its dimensions."""
    specified = sum(_dims_taken(entry) for entry in items)
    if specified > x.ndim:
        raise IndexFault(f"too many indices for tensor of dimension {x.ndim}")
    result = x
    dim = original = 0  # the dimension of the result so far, and of x
    gathered: list[tuple[int, Node]] = []
    for entry in items:
        if entry is Ellipsis:
            dim += x.ndim - specified
            original += x.ndim - specified
        elif entry is None:
            result = _unsqueeze(result, dim)
            dim += 1
        elif isinstance(entry, bool):
            result = _unsqueeze(result, dim)
            gathered.append((dim, constant(np.zeros(int(entry), np.int64))))
            dim += 1
        elif isinstance(entry, int):
            result = _select(result, dim, _int64(entry), original)
            original += 1
        elif isinstance(entry, slice):
            result = _slice(result, dim, entry)
            dim += 1
            original += 1
        elif isinstance(entry, Node) and not entry.ndim and not _is_mask(entry):
            result = _select(result, dim, int(force(_integers(entry)).item()), original)
            original += 1
        elif isinstance(entry, Node):
            if not entry.ndim:  # a 0-dim mask keeps or drops a new dimension
                result = _unsqueeze(result, dim)
            taken = _indices(entry, result, dim)
            gathered += [(dim + at, indices) for at, indices in enumerate(taken)]
            dim += len(taken)
            original += entry.ndim if _is_mask(entry) else 1
        else:
            raise _invalid(entry)
    return result, gathered


def entries_of(index: Any) -> tuple[Any, ...]:
    """The entries of an index, lists among them as index tensors."""
    items = tuple(index) if _is_several(index) else (index,)
    return tuple([_as_tensor(entry) for entry in items])


def _is_several(index: Any) -> bool:
    """Whether an index is a tuple of indices: as NumPy once did, so is a short list of non-numbers."""
    if not isinstance(index, list):
        return isinstance(index, tuple)
    return len(index) < 32 and any(
        entry is None or entry is Ellipsis or isinstance(entry, (Node, list, tuple, slice, str))
        for entry in index
    )


def _as_tensor(entry: Any) -> Any:
    """Lists, and ranges of numbers in them, as index tensors."""
    if isinstance(entry, (list, tuple)):
        try:
            node = tensor_from(entry, None)
        except ValueFault as error:  # of tensors in a list only single integers are numbers
            if error.message != "only one element tensors can be converted to Python scalars":
                raise
            raise TypeFault(
                "only integer tensors of a single element can be converted to an index"
            ) from None
        # a list is an index of integers, whatever numbers stand in it
        return constant(force(node).astype(np.int64)) if node.dtype.is_floating else node
    if isinstance(entry, (float, str)):
        if isinstance(entry, str):
            raise TypeFault("new(): invalid data type 'str'")
        raise _invalid(entry)
    return entry


def _invalid(entry: object) -> IndexFault:
    return IndexFault(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
        f"indices (got {type_name(entry)})"
    )


def _is_mask(entry: Node) -> bool:
    return entry.dtype.category == BOOL or entry.dtype is dtypes.uint8


def _dims_taken(entry: Any) -> int:
    if entry is None or entry is Ellipsis or isinstance(entry, bool):
        return 0
    if isinstance(entry, Node) and _is_mask(entry):
        return entry.ndim
    return 1


def _unsqueeze(x: Node, dim: int) -> Node:
    return mv.unsqueeze(x, shape=x.shape[:dim] + (1,) + x.shape[dim:])


def _select_first(x: Node, index: int) -> Node:
    if not x.ndim:
        if index:
            raise IndexFault(f"index {index} is out of bounds for dimension 0 with size 0")
        raise IndexFault(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in "
            "C++ to convert a 0-dim tensor to a number"
        )
    return _select(x, 0, index, 0)


def _select(x: Node, dim: int, index: int, original: int) -> Node:
    size = x.shape[dim]
    if not -size <= index < size:
        raise IndexFault(
            f"index {index} is out of bounds for dimension {original} with size {size}"
        )
    return mv.select(x, dim=dim, index=index % size)


def _slice(x: Node, dim: int, entry: slice, skip_whole: bool = True) -> Node:
    """A slice of a dimension; among other indices, the whole of it is no operation."""
    for bound in (entry.start, entry.stop, entry.step):
        if isinstance(bound, (float, str, list, tuple)):
            raise TypeFault("slice indices must be integers or None or have an __index__ method")
        if isinstance(bound, Node) and (bound.numel != 1 or bound.dtype.is_floating):
            raise TypeFault("only integer tensors of a single element can be converted to an index")
    start, stop, step = (
        int(item(bound)) if isinstance(bound, Node) else bound
        for bound in (entry.start, entry.stop, entry.step)
    )
    if step == 0:
        raise ValueFault("slice step cannot be zero")
    if step is not None and step < 0:
        raise ValueFault("step must be greater than zero", hint="flip with an index list instead")
    if not x.ndim:
        raise IndexFault("slice() cannot be applied to a 0-dim tensor.")
    first, last, stride = slice(start, stop, step).indices(x.shape[dim])
    if skip_whole and (first, last, stride) == (0, x.shape[dim], 1):
        return x
    return mv.slice_(x, dim=dim, start=first, stop=max(first, last), step=stride)


def _integers(entry: Node) -> Node:
    if entry.dtype.is_floating or entry.dtype.name in ("int8", "int16"):
        raise IndexFault("tensors used as indices must be long, int, byte or bool tensors")
    return entry


def _indices(entry: Node, x: Node, dim: int) -> list[Node]:
    """The integer index tensors an entry stands for: itself, or the places where a mask holds."""
    if not _is_mask(entry):
        return [_integers(entry)]
    mask = force(entry)
    if dim + entry.ndim > x.ndim and entry.ndim:
        raise IndexFault(f"too many indices for tensor of dimension {x.ndim}")
    shape = x.shape[dim : dim + entry.ndim] if entry.ndim else (1,)
    for at, size in enumerate(mask.shape):
        if size != shape[at]:
            raise IndexFault(
                f"The shape of the mask {list(mask.shape)} at index {at} does not match the shape of "
                f"the indexed tensor {list(x.shape)} at index {dim + at}"
            )
    return [constant(places) for places in np.nonzero(np.atleast_1d(mask))]


def _gather(x: Node, gathered: list[tuple[int, Node]]) -> Node:
    dims, indices = checked_indices(x, gathered)
    return ix.index(x, *map(constant, indices), dims=dims)


def checked_indices(
    x: Node, gathered: list[tuple[int, Node]]
) -> tuple[tuple[int, ...], list[Array]]:
    """The dimensions that index tensors pick from, and their places, from 0 and in range."""
    places = [force(index).astype(np.int64) for _, index in gathered]
    try:
        np.broadcast_shapes(*(index.shape for index in places))
    except ValueError:
        shapes = ", ".join(str(list(index.shape)) for index in places)
        raise IndexFault(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        ) from None
    dims = tuple(dim for dim, _ in gathered)
    indices = [
        _in_range(index, position, x.shape[dim])  # the reference counts the index tensors
        for position, (index, dim) in enumerate(zip(places, dims, strict=True))
    ]
    return dims, indices


def outside(places: Array, low: int, high: int) -> int | None:
    """The first place that isn't from `low` to before `high`, if there is one."""
    wrong = (places < low) | (places >= high)
    return int(places[wrong].flat[0]) if wrong.any() else None


def check_places(places: Array, dim: int, size: int) -> None:
    """Refuse places that a dimension doesn't have."""
    wrong = outside(places, 0, size)
    if wrong is not None:
        raise RuntimeFault(f"index {wrong} is out of bounds for dimension {dim} with size {size}")


def _in_range(index: Array, position: int, size: int) -> Array:
    if index.size and not size:
        raise IndexFault("index is out of bounds for dimension with size 0")
    wrong = outside(index, -size, size)
    if wrong is not None:
        raise IndexFault(
            f"index {wrong} is out of bounds for dimension {position} with size {size}"
        )
    return np.where(index < 0, index + size, index)


def nonzero_indices(condition: Node) -> tuple[Node, ...]:
    """Where a condition holds: one index tensor for each dimension."""
    return tuple(
        constant(places) for places in np.nonzero(np.atleast_1d(force(condition, "nonzero")))
    )


@torch("index_select(Tensor input, int dim, Tensor index, *, Tensor out = None)")
def index_select(input: Node, dim: int, index: Node) -> Node:
    at = wrap_dim(dim, input.ndim)
    if index.ndim > 1:
        raise IndexFault("index_select(): Index is supposed to be a vector")
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeFault("index_select(): Expected dtype int32 or int64 for index")
    places = force(index).astype(np.int64)
    if not input.ndim and places.size != 1:
        raise RuntimeFault(
            f"index_select(): Index to scalar can have only 1 value, got {places.size} value(s)"
        )
    size = input.shape[at] if input.ndim else 1
    if places.size and not size:
        raise RuntimeFault("index_select(): self indexing axis dim should be positive")
    wrong = outside(places, 0, size)
    if wrong is not None:
        if at == 0:
            raise IndexFault("index out of range in self")
        raise RuntimeFault(f"INDICES element is out of DATA bounds, id={wrong} axis_dim={size}")
    return ix.index_select(input, constant(places), dim=at)


@torch(
    "gather(Tensor input, int dim, Tensor index, *, bool sparse_grad = False, Tensor out = None)"
)
def gather(input: Node, dim: int, index: Node) -> Node:
    at = wrap_dim(dim, input.ndim)
    if index.numel and index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeFault("gather(): Expected dtype int32/int64 for index")
    if index.numel and max(index.ndim, 1) != max(input.ndim, 1):
        raise RuntimeFault("Index tensor must have the same number of dimensions as input tensor")
    for d, (wanted, size) in enumerate(zip(index.shape, input.shape, strict=False)):
        if d != at and wanted > size:
            raise RuntimeFault(
                f"Size does not match at dimension {d} expected index {list(index.shape)} to be no "
                f"larger than self {list(input.shape)} apart from dimension {at}"
            )
    places = force(index).astype(np.int64)
    check_places(places, at, input.shape[at] if input.ndim else 1)
    return ix.take_along(input, constant(places), dim=at)


@torch("masked_select(Tensor input, Tensor mask, *, Tensor out = None)")
def masked_select(input: Node, mask: Node) -> Node:
    if mask.dtype.category != BOOL:
        raise RuntimeFault("masked_select: expected BoolTensor for mask")
    shape = broadcast(mask.shape, input.shape)
    x = input if input.shape == shape else mv.expand(input, shape=shape)
    places = np.nonzero(np.atleast_1d(np.broadcast_to(force(mask), shape)))
    return ix.masked_select(x, *map(constant, places), dims=tuple(range(max(x.ndim, 1))))


@torch("argwhere(Tensor input)")
def nonzero(input: Node) -> Node:
    places = np.argwhere(force(input, "nonzero"))
    return constant(places.reshape(len(places), input.ndim).astype(np.int64))


@torch("nonzero(Tensor input, *, bool as_tuple = False, Tensor out = None)")
def nonzero_tuple(input: Node, as_tuple: bool) -> Node | tuple[Node, ...]:
    return nonzero_indices(input) if as_tuple else nonzero(input)
