"""Diagonals, triangles, turns, windows, and a tensor in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import IndexFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ir.room import check_elements
from autodiff_cli.ir.shapes import infer_size, size_at, wrap_dim, wrap_dims
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import rearrange as re
from autodiff_cli.vocabulary.calls.registry import python, torch
from autodiff_cli.vocabulary.calls.signature import Overloads
from autodiff_cli.vocabulary.shaping import numbered

# ---- diagonals and triangles --------------------------------------------------------------------


def _triangle(name: str) -> None:
    op = re.tril if name == "tril" else re.triu

    @torch(f"{name}(Tensor input, SymInt diagonal = 0, *, Tensor out = None)", in_place="method")
    def triangle(input: Node, diagonal: int) -> Node:
        if input.ndim < 2:
            raise RuntimeFault(f"{name}: input tensor must have at least 2 dimensions")
        return op(input, diagonal=diagonal)

    rows = np.tril_indices if name == "tril" else np.triu_indices

    @torch(
        f"{name}_indices(int row, int col, int offset = 0, *, torch.dtype? dtype = None, "
        "torch.layout? layout = None, torch.device? device = None, bool? pin_memory = False, "
        "bool? requires_grad = False)",
        only="function",
    )
    def indices(row: int, col: int, offset: int, dtype: DType | None) -> Node:
        for size, which in ((row, "row"), (col, "col")):
            if size < 0:
                raise RuntimeFault(f"{which} must be non-negative, got{size}")
        check_elements((2, row, col))
        places = np.stack(rows(row, offset, col))
        return constant(places.astype((dtype or dtypes.int64).numpy))


_triangle("tril")
_triangle("triu")


@torch("diag(Tensor input, int diagonal = 0, *, Tensor out = None)")
def diag(input: Node, diagonal: int) -> Node:
    if input.ndim == 1:
        return diag_embed(input, diagonal, 0, 1)
    if input.ndim != 2:
        raise RuntimeFault(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return re.diagonal_copy(input, offset=diagonal, dim1=0, dim2=1)


@torch("diagflat(Tensor input, int offset = 0)")
def diagflat(input: Node, offset: int) -> Node:
    return diag(mv.reshape(input, (input.numel,)), offset)


@torch("diagonal(Tensor input, int offset = 0, int dim1 = 0, int dim2 = 1)")
def diagonal(input: Node, offset: int, dim1: int, dim2: int) -> Node:
    first, second = _two_dims(dim1, dim2, input.ndim)
    return re.diagonal(input, offset=offset, dim1=first, dim2=second)


@torch(
    "linalg.diagonal(Tensor A, *, int offset = 0, int dim1 = -2, int dim2 = -1)",
    only="function",
)
def linalg_diagonal(A: Node, offset: int, dim1: int, dim2: int) -> Node:
    return diagonal(A, offset, dim1, dim2)


@torch("diag_embed(Tensor input, int offset = 0, int dim1 = -2, int dim2 = -1)")
def diag_embed(input: Node, offset: int, dim1: int, dim2: int) -> Node:
    first, second = _two_dims(dim1, dim2, input.ndim + 1)
    size = input.shape[-1] + abs(offset)
    rest = iter(input.shape[:-1])
    shape = tuple(size if dim in (first, second) else next(rest) for dim in range(input.ndim + 1))
    return re.diag_embed(input, shape=shape, offset=offset, dim1=first, dim2=second)


def _two_dims(dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise RuntimeFault(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


@torch("trace(Tensor input)")
def trace(input: Node) -> Node:
    if input.ndim != 2:
        raise RuntimeFault(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return re.trace(input)


# ---- turns --------------------------------------------------------------------------------------


@torch("flip(Tensor input, tuple of ints dims)")
def flip(input: Node, dims: tuple[int, ...]) -> Node:
    return re.flip(input, dims=wrap_dims(dims, input.ndim) if input.ndim else ())


def _flipped(name: str, least: int) -> None:
    @torch(f"{name}(Tensor input)")
    def turned(input: Node) -> Node:
        if input.ndim < least:
            raise RuntimeFault(f"Input must be >= {least}-d.")
        return re.flip(input, dims=(least - 1,))


_flipped("fliplr", 2)
_flipped("flipud", 1)


@torch("roll(Tensor input, tuple of ints[1] shifts, tuple of ints[1] dims = {})")
def roll(input: Node, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Node:
    if not shifts:
        raise RuntimeFault("`shifts` required")
    if len(shifts) != len(dims) and (dims or len(shifts) > 1):
        raise RuntimeFault(
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
        )
    return re.roll(input, shifts=shifts, dims=tuple(wrap_dim(dim, input.ndim) for dim in dims))


@torch("rot90(Tensor input, int k = 1, tuple of ints dims = {0,1})")
def rot90(input: Node, k: int, dims: tuple[int, ...]) -> Node:
    if len(dims) != 2:
        raise RuntimeFault(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise RuntimeFault(f"expected total dims >= 2, but got total dims = {input.ndim}")
    first, second = (wrap_dim(dim, input.ndim) for dim in dims)
    if first == second:
        raise RuntimeFault(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    return re.rot90(input, k=k, dims=(first, second))


# ---- parts --------------------------------------------------------------------------------------


SPLIT_WITH_SIZES = Overloads(
    "split_with_sizes", ["split_with_sizes(Tensor input, tuple of ints split_sizes, int dim = 0)"]
)


def _splitting(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    size = given["split_size_or_sections"]
    given = {"input": given["tensor"], "split_size": size, "split_sizes": size, "dim": given["dim"]}
    if isinstance(size, int):
        first, second = (
            f"split(Tensor input, {kind} split_size, int dim = 0)"
            for kind in ("int", "tuple of ints")
        )
        return f"{first}\n{second}", given
    return "split_with_sizes(Tensor input, tuple of ints split_sizes, int dim = 0)", given


@python("split", method=True, calls=_splitting)
def split(
    tensor: Node, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Node, ...]:
    if isinstance(split_size_or_sections, Node) and split_size_or_sections.numel == 1:
        split_size_or_sections = int(force(split_size_or_sections).item())
    if not isinstance(split_size_or_sections, int):
        _, bound = SPLIT_WITH_SIZES.bind((tensor, split_size_or_sections, dim), {})
        sizes: tuple[int, ...] = bound["split_sizes"]  # type: ignore[assignment]
        return split_with_sizes(tensor, sizes, dim)
    size = split_size_or_sections
    if not tensor.ndim:
        raise RuntimeFault("split expects at least a 1-dimensional tensor")
    if size < 0:
        raise RuntimeFault(f"split expects split_size be non-negative, but got split_size={size}")
    at = wrap_dim(dim, tensor.ndim)
    length = tensor.shape[at]
    if not size and length:
        raise RuntimeFault(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {length}"
        )
    starts = range(0, length, size) if length else [0]
    return numbered(
        [
            mv.split(tensor, dim=at, start=start, stop=min(start + size, length), step=1)
            for start in starts
        ]
    )


@torch("split_with_sizes(Tensor input, tuple of ints split_sizes, int dim = 0)")
def split_with_sizes(input: Node, split_sizes: tuple[int, ...], dim: int) -> tuple[Node, ...]:
    if not input.ndim:
        raise RuntimeFault("split expects at least a 1-dimensional tensor")
    at = wrap_dim(dim, input.ndim)
    if any(size < 0 for size in split_sizes):
        raise RuntimeFault(
            "split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={list(split_sizes)}"
        )
    if sum(split_sizes) != input.shape[at]:
        raise RuntimeFault(
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[at]} (input "
            f"tensor's size at dimension {at}), but got split_sizes={list(split_sizes)}"
        )
    parts = []
    start = 0
    for size in split_sizes:
        parts.append(mv.split_with_sizes(input, dim=at, start=start, stop=start + size, step=1))
        start += size
    return numbered(parts)


@torch("chunk(Tensor input, int chunks, int dim = 0)")
def chunk(input: Node, chunks: int, dim: int) -> tuple[Node, ...]:
    if not input.ndim:
        raise RuntimeFault("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeFault(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input.shape[wrap_dim(dim, input.ndim)]
    if not size:
        return split_with_sizes(input, (0,) * chunks, dim)
    return split(input, -(-size // chunks), dim)


def _sliced(x: Node, dim: int, bounds: Sequence[int]) -> tuple[Node, ...]:
    """The parts between bounds, each an ordinary slice."""
    size = x.shape[dim]
    parts = []
    for start, stop in zip((0, *bounds), (*bounds, size)):
        first, last, _ = slice(start, stop).indices(size)
        parts.append(mv.slice_(x, dim=dim, start=first, stop=max(first, last), step=1))
    return tuple(parts)


def _split_dim(x: Node, dim: int) -> int:
    if not x.ndim:
        raise RuntimeFault(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    return wrap_dim(dim, x.ndim)


@torch("tensor_split(Tensor input, tuple of ints indices, int dim = 0)")
def tensor_split(input: Node, indices: tuple[int, ...], dim: int) -> tuple[Node, ...]:
    return _sliced(input, _split_dim(input, dim), indices)


@torch("tensor_split(Tensor input, Tensor tensor_indices_or_sections, int dim = 0)")
def tensor_split_tensor(
    input: Node, tensor_indices_or_sections: Node, dim: int
) -> tuple[Node, ...]:
    _split_dim(input, dim)
    places = tensor_indices_or_sections
    if places.dtype is not dtypes.int64:
        raise RuntimeFault(
            "tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
            f"{places.dtype.scalar_name}"
        )
    if places.ndim > 1:
        raise RuntimeFault(
            "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
            f"one-dimensional tensor, but got a tensor with {places.ndim} dims"
        )
    given = force(places)
    if not given.ndim:
        return tensor_split_sections(input, int(given), dim)
    return tensor_split(input, tuple(int(at) for at in given), dim)


@torch("tensor_split(Tensor input, SymInt sections, int dim = 0)")
def tensor_split_sections(input: Node, sections: int, dim: int) -> tuple[Node, ...]:
    at = _split_dim(input, dim)
    if sections <= 0:
        raise RuntimeFault(f"number of sections must be larger than 0, got {sections}")
    least, more = divmod(input.shape[at], sections)
    bounds = [least * part + min(part, more) for part in range(1, sections)]
    return _sliced(input, at, bounds)


def _axis_split(name: str, axis: int) -> None:
    def dim_of(x: Node) -> int:
        least = max(axis, 1) + (name != "hsplit")
        if x.ndim < (1 if name == "hsplit" else least):
            raise RuntimeFault(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with "
                f"{x.ndim} dimensions!"
            )
        return 0 if x.ndim == 1 else axis

    @torch(f"{name}(Tensor input, int sections)")
    def by_sections(input: Node, sections: int) -> tuple[Node, ...]:
        at = dim_of(input)
        if not sections or input.shape[at] % sections:
            raise RuntimeFault(
                f"torch.{name} attempted to split along dimension {at}, but the size of the "
                f"dimension {input.shape[at]} is not divisible by the split_size {sections}!"
            )
        return tensor_split_sections(input, sections, at)

    @torch(f"{name}(Tensor input, tuple of ints indices)")
    def by_indices(input: Node, indices: tuple[int, ...]) -> tuple[Node, ...]:
        return tensor_split(input, indices, dim_of(input))


_axis_split("hsplit", 1)
_axis_split("vsplit", 0)
_axis_split("dsplit", 2)


@torch("unflatten(Tensor input, int dim, tuple of ints sizes)")
def unflatten(input: Node, dim: int, sizes: tuple[int, ...]) -> Node:
    at = wrap_dim(dim, input.ndim)
    if not sizes:
        raise RuntimeFault("unflatten: sizes must be non-empty")
    try:
        shape = infer_size(sizes, size_at(input.shape, at))
    except IndexFault as error:
        raise RuntimeFault(f"unflatten got an unexpected error:\n{error.message}") from None
    except RuntimeFault:
        raise RuntimeFault(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {at} "
            f"({input.shape[at]}) in the input tensor"
        ) from None
    return mv.view(input, shape=(*input.shape[:at], *shape, *input.shape[at + 1 :]))


@torch("unfold(Tensor input, int dimension, int size, int step)", only="method")
def unfold(input: Node, dimension: int, size: int, step: int) -> Node:
    at = wrap_dim(dimension, input.ndim)
    most = input.shape[at] if input.ndim else 1
    if size < 0:
        raise RuntimeFault(f"size is {size} but must be >= 0")
    if size > most:
        raise RuntimeFault(
            f"maximum size for tensor at dimension {at} is {most} but size is {size}"
        )
    if step <= 0:
        raise RuntimeFault(f"step is {step} but must be > 0")
    return re.unfold(input, dim=at, size=size, step=step)
