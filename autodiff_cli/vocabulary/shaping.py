"""Shapes: views, orders of dimensions, repetition, parts and joins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff_cli.errors import IndexFault, RuntimeFault, TypeFault, ValueFault
from autodiff_cli.execute import force, item
from autodiff_cli.ir import layout
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Shape, constant
from autodiff_cli.ir.room import check_room
from autodiff_cli.ir.shapes import broadcast_all, expanded, infer_size, size_at, wrap_dim, wrap_dims
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.pointwise import clone
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import alias, python, torch


def reshape_to(x: Node, shape: Sequence[int]) -> Node:
    """Torch's reshape: a view where the layout allows one, else a copy."""
    sizes = infer_size(shape, x.numel)
    if layout.is_contiguous(x):
        return mv.view(x, shape=sizes)
    if layout.view_strides(x.shape, layout.strides_of(x), sizes) is not None:
        return mv.reshape_alias(x, shape=sizes)
    return mv.unsafe_view(clone_contiguous(x), shape=sizes)


def clone_contiguous(x: Node) -> Node:
    copy = clone(x)
    copy.strides = layout.contiguous_strides(x.shape)
    if isinstance(copy.value, np.ndarray) and not copy.value.flags.c_contiguous:
        copy.value = copy.value.copy()  # its views are those of its memory
    return copy


@torch("reshape(Tensor input, tuple of ints shape)")
def reshape(input: Node, shape: Shape) -> Node:
    return reshape_to(input, shape)


@torch("view(Tensor input, torch.dtype dtype)", only="method")
def view_dtype(input: Node, dtype: DType) -> Node:
    if dtype is input.dtype:
        return mv.alias(input, shape=input.shape)
    if input.ndim == 0 and dtype.numpy.itemsize != input.dtype.numpy.itemsize:
        raise RuntimeFault(
            "self.dim() cannot be 0 to view "
            f"{input.dtype.scalar_name} as {dtype.scalar_name} (different element sizes)"
        )
    old, new = input.dtype.numpy.itemsize, dtype.numpy.itemsize
    if new > old and input.shape[-1] % (new // old):
        raise RuntimeFault(
            f"self.size(-1) must be divisible by {new // old} to view {input.dtype.scalar_name} as "
            f"{dtype.scalar_name} (different element sizes), but got {input.shape[-1]}"
        )
    return constant(np.ascontiguousarray(force(input)).view(dtype.numpy))


@torch("view(Tensor input, tuple of ints size)", only="method")
def view(input: Node, size: Shape) -> Node:
    sizes = infer_size(size, input.numel)
    if layout.view_strides(input.shape, layout.strides_of(input), sizes) is None:
        raise RuntimeFault(
            "view size is not compatible with input tensor's size and stride (at least one dimension "
            "spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return mv.view(input, shape=sizes)


@torch("view_as(Tensor input, Tensor other)", only="method")
def view_as(input: Node, other: Node) -> Node:
    return view(input, other.shape)


@torch("reshape_as(Tensor input, Tensor other)", only="method")
def reshape_as(input: Node, other: Node) -> Node:
    return reshape_to(input, other.shape)


@torch("flatten(Tensor input, int start_dim = 0, int end_dim = -1)")
def flatten(input: Node, start_dim: int, end_dim: int) -> Node:
    start, end = wrap_dim(start_dim, input.ndim), wrap_dim(end_dim, input.ndim)
    if start > end:
        raise RuntimeFault("flatten() has invalid args: start_dim cannot come after end_dim")
    if not input.ndim:
        return reshape_to(input, (1,))
    if start == end:
        return input
    merged = 1
    for size in input.shape[start : end + 1]:
        merged *= size
    return reshape_to(input, input.shape[:start] + (merged,) + input.shape[end + 1 :])


@torch("ravel(Tensor input)")
def ravel(input: Node) -> Node:
    return reshape_to(input, (-1,))


@torch("contiguous(Tensor input, *, torch.memory_format memory_format = None)", only="method")
def contiguous(input: Node) -> Node:
    return input if layout.is_contiguous(input) else clone_contiguous(input)


@torch("squeeze(Tensor input)", in_place="shape")
def squeeze(input: Node) -> Node:
    return mv.squeeze(input, shape=tuple(size for size in input.shape if size != 1))


@torch("squeeze(Tensor input, int dim)")
def squeeze_dim(input: Node, dim: int) -> Node:
    at = wrap_dim(dim, input.ndim)
    shape = input.shape
    if input.ndim and shape[at] == 1:
        shape = shape[:at] + shape[at + 1 :]
    return mv.squeeze_dim(input, shape=shape)


@torch("squeeze(Tensor input, tuple of ints dim)")
def squeeze_dims(input: Node, dim: tuple[int, ...]) -> Node:
    dims = wrap_dims(dim, input.ndim)
    shape = tuple(size for at, size in enumerate(input.shape) if not (at in dims and size == 1))
    return mv.squeeze_dims(input, shape=shape)


@torch("unsqueeze(Tensor input, int dim)", in_place="shape")
def unsqueeze(input: Node, dim: int) -> Node:
    at = wrap_dim(dim, input.ndim + 1)
    return mv.unsqueeze(input, shape=input.shape[:at] + (1,) + input.shape[at:])


# ---- order --------------------------------------------------------------------------------------


@torch("transpose(Tensor input, int dim0, int dim1)", in_place="shape")
def transpose(input: Node, dim0: int, dim1: int) -> Node:
    a, b = wrap_dim(dim0, input.ndim), wrap_dim(dim1, input.ndim)
    return mv.transpose(input, dims=mv.swap(input.ndim, a, b) if input.ndim else ())


@torch("swapaxes(Tensor input, int axis0, int axis1)", in_place="shape")
def swapaxes(input: Node, axis0: int, axis1: int) -> Node:
    return transpose(input, axis0, axis1)


@torch("t(Tensor input)", in_place="shape")
def t(input: Node) -> Node:
    if input.ndim > 2:
        raise RuntimeFault(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D",
            hint="x.mT transposes the last two dimensions",
        )
    return mv.t(input, dims=tuple(reversed(range(input.ndim))))


@torch("permute(Tensor input, tuple of ints dims)")
def permute(input: Node, dims: tuple[int, ...]) -> Node:
    if len(dims) != input.ndim:
        raise RuntimeFault(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of "
            f"the desired ordering of dimensions i.e. input.dim() = {input.ndim} is not equal to "
            f"len(dims) = {len(dims)}"
        )
    wrapped = tuple(wrap_dim(dim, input.ndim) for dim in dims)
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeFault("permute(): duplicate dims are not allowed.")
    return mv.permute(input, dims=wrapped)


@torch("movedim(Tensor input, int source, int destination)")
def movedim(input: Node, source: int, destination: int) -> Node:
    return movedims(input, (source,), (destination,))


@torch("movedim(Tensor input, tuple of ints source, tuple of ints destination)")
def movedims(input: Node, source: tuple[int, ...], destination: tuple[int, ...]) -> Node:
    if len(source) != len(destination):
        raise RuntimeFault(
            "movedim: Invalid source or destination dims: source "
            f"({list(source)} dims) should contain the same number of dims as destination "
            f"({list(destination)} dims)"
        )
    moved = tuple(wrap_dim(dim, input.ndim) for dim in source)
    places = tuple(wrap_dim(dim, input.ndim) for dim in destination)
    for dims, which, given in ((moved, "source", source), (places, "destination", destination)):
        if len(set(dims)) != len(dims):
            raise RuntimeFault(f"movedim: repeated dim in `{which}` ({list(given)})")
    if not input.ndim:
        return mv.alias(input, shape=())
    order = dict(zip(places, moved, strict=True))
    rest = iter(dim for dim in range(input.ndim) if dim not in moved)
    return mv.permute(
        input, dims=tuple(order[at] if at in order else next(rest) for at in range(input.ndim))
    )


# ---- repetition ---------------------------------------------------------------------------------


@torch("expand(Tensor input, tuple of ints size, *, bool implicit = False)", only="method")
def expand(input: Node, size: Shape) -> Node:
    return mv.expand(input, shape=check_expandable(input, size))


def check_expandable(input: Node, size: Shape) -> Shape:
    """The shape that a tensor is expanded to."""
    if len(size) < input.ndim:
        name = input.dtype.scalar_name
        kind = "CPUBoolType" if name == "Bool" else f"torch.{name}Tensor"
        raise RuntimeFault(
            f"expand({kind}{{{list(input.shape)}}}, "
            f"size={list(size)}): the number of sizes provided ({len(size)}) must be greater or equal "
            f"to the number of dimensions in the tensor ({input.ndim})"
        )
    return expanded(input.shape, size)


@torch("expand_as(Tensor input, Tensor other)", only="method")
def expand_as(input: Node, other: Node) -> Node:
    return expand(input, other.shape)


@torch("broadcast_to(Tensor input, tuple of ints size)")
def broadcast_to(input: Node, size: Shape) -> Node:
    return expand(input, size)


@torch("repeat(Tensor input, tuple of ints repeats)", only="method")
def repeat(input: Node, repeats: Shape) -> Node:
    if len(repeats) < input.ndim:
        raise RuntimeFault(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    for size in repeats:
        if size < 0:
            raise RuntimeFault(
                f"Trying to create tensor with negative dimension {size}: {list(repeats)}"
            )
    return mv.repeat(input, repeats=repeats)


@torch("tile(Tensor input, tuple of ints dims)")
def tile(input: Node, dims: Shape) -> Node:
    return repeat(input, (1,) * (input.ndim - len(dims)) + dims)


# ---- parts --------------------------------------------------------------------------------------


@torch("select(Tensor input, int dim, SymInt index)")
def select(input: Node, dim: int, index: int) -> Node:
    if not input.ndim:
        raise IndexFault("select() cannot be applied to a 0-dim tensor.")
    at = wrap_dim(dim, input.ndim)
    size = input.shape[at]
    if not -size <= index < size:
        raise IndexFault(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at "
            f"dimension {at}"
        )
    return mv.select(input, dim=at, index=index % size)


@torch("narrow(Tensor input, int dim, Tensor start, SymInt length)")
def narrow_at_tensor(input: Node, dim: int, start: Node, length: int) -> Node:
    if start.ndim or start.dtype.is_floating:
        raise RuntimeFault("start must be an 0-dim integral Tensor.")
    return narrow(input, dim, int(item(start)), length)


@torch("narrow(Tensor input, int dim, SymInt start, SymInt length)")
def narrow(input: Node, dim: int, start: int, length: int) -> Node:
    if not input.ndim:
        raise RuntimeFault("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeFault("narrow(): length must be non-negative.")
    at = wrap_dim(dim, input.ndim)
    size = input.shape[at]
    if not -size <= start <= size:
        raise IndexFault(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        )
    first = start + size if start < 0 else start
    if first + length > size:
        raise RuntimeFault(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return mv.slice_(input, dim=at, start=first, stop=first + length, step=1)


def unbound(x: Node, dim: int = 0) -> tuple[Node, ...]:
    """The tensors along a dimension, as iterating over a tensor gives them."""
    if not x.ndim:
        raise TypeFault("iteration over a 0-d tensor")
    check_room(BYTES_OF_TENSOR * x.shape[dim], f"walking {x.shape[dim]:,} rows")
    return numbered([mv.unbind(x, dim=dim, index=index) for index in range(x.shape[dim])])


BYTES_OF_TENSOR = 1000  # and more: a node, its array, and what a program sees of it


def numbered(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The results of one operation."""
    for output, node in enumerate(nodes):
        if output:
            node.output = output
    return tuple(nodes)


@torch("unbind(Tensor input, int dim = 0)")
def unbind(input: Node, dim: int) -> tuple[Node, ...]:
    size_at(input.shape, dim)
    return unbound(input, wrap_dim(dim, input.ndim))


# ---- joins --------------------------------------------------------------------------------------


def check_tensors(tensors: Sequence[object]) -> None:
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, Node):
            raise TypeFault(
                f"expected Tensor as element {position} in argument 0, but got {type_name(tensor)}"
            )


@torch("cat(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)", only="function")
def cat(tensors: tuple[Node, ...], dim: int) -> Node:
    check_tensors(tensors)
    if not tensors:
        raise ValueFault("torch.cat(): expected a non-empty list of Tensors")
    for position, tensor in enumerate(tensors):
        if not tensor.ndim:
            raise RuntimeFault(
                f"zero-dimensional tensor (at position {position}) cannot be concatenated",
                hint="stack joins 0-dim tensors",
            )
    kept = [tensor for tensor in tensors if tensor.shape != (0,)]
    first = kept[0] if kept else tensors[0]
    at = wrap_dim(dim, first.ndim)
    for position, tensor in enumerate(tensors):
        if tensor.shape == (0,):
            continue
        if tensor.ndim != first.ndim:
            raise RuntimeFault(
                f"Tensors must have same number of dimensions: got {first.ndim} and {tensor.ndim}"
            )
        for d, (size, wanted) in enumerate(zip(tensor.shape, first.shape, strict=True)):
            if d != at and size != wanted:
                raise RuntimeFault(
                    f"Sizes of tensors must match except in dimension {at}. Expected size {wanted} but "
                    f"got size {size} for tensor number {position} in the list."
                )
    return mv.cat(*tensors, dim=at)


@torch("stack(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)", only="function")
def stack(tensors: tuple[Node, ...], dim: int) -> Node:
    check_tensors(tensors)
    if not tensors:
        raise RuntimeFault("stack expects a non-empty TensorList")
    at = wrap_dim(dim, tensors[0].ndim + 1)
    for position, tensor in enumerate(tensors):
        if tensor.shape != tensors[0].shape:
            raise RuntimeFault(
                "stack expects each tensor to be equal size, but got "
                f"{list(tensors[0].shape)} at entry 0 and {list(tensor.shape)} at entry {position}"
            )
    return mv.stack(*tensors, dim=at)


@python("broadcast_tensors", calls="broadcast_tensors(tuple of Tensors tensors)")
def broadcast_tensors(*tensors: Node) -> tuple[Node, ...]:
    check_tensors(tensors)
    shape = broadcast_all(tensor.shape for tensor in tensors)
    return tuple(mv.expand(tensor, shape=shape) for tensor in tensors)


alias("swapdims", of="transpose")
alias("concat", "concatenate", of="cat")
alias("moveaxis", of="movedim")
