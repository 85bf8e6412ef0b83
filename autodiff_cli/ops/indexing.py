"""Gathers, scatters and masks, in adjoint pairs.

Index tensors are operands, so that they are computed with the rest; their values have been checked by
who makes the node (vocabulary/indexing.py), so the kernels only gather.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Op, Params, Rule, Shape
from autodiff_cli.ir.shapes import broadcast_all
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import reshape


def _along(x: Any, index: Any, dim: int) -> tuple[Any, ...]:
    """The advanced index that `take_along_axis` stands for."""
    places = list(np.ogrid[tuple(slice(size) for size in index.shape)])
    places[dim] = index
    return tuple(places)


def _put_along(x: Any, index: Any, shape: Shape, dim: int) -> Any:
    result = np.zeros(shape or (1,), x.dtype)
    _add_at(result, _along(x, np.atleast_1d(index), dim), x)
    return result.reshape(shape)


def _add_at(result: Any, index: tuple[Any, ...], x: Any) -> None:
    """`np.add.at` of an index for each dimension, by one for all: numpy has a loop of its own for that."""
    steps = [math.prod(result.shape[at + 1 :]) for at in range(result.ndim)]
    terms = [place * step for place, step in zip(index, steps, strict=True)]
    flat: Any = sum(sorted(terms, key=np.size), 0)  # the full size last
    np.add.at(result.reshape(-1), flat.reshape(-1), np.broadcast_to(x, flat.shape).reshape(-1))


def _take_along(x: Any, index: Any, dim: int) -> Any:
    wide = np.atleast_1d(index)
    return np.atleast_1d(x)[_along(x, wide, dim)].reshape(np.shape(index))


take_along: Shaped = Shaped(
    "gather",
    _take_along,
    shape=lambda x, index, dim: index.shape,
    vjps=(
        lambda g, y, x, index, dim: put_along(g, index, shape=x.shape, dim=dim),
        None,
    ),
    linear=((0,),),
    batch="shape.along",
    on_arrays=True,
    doc="elements picked along a dimension, one for each index",
)
put_along: Shaped = Shaped(
    "put_along",
    _put_along,
    shape=lambda x, index, shape, dim: shape,
    vjps=(lambda g, y, x, index, shape, dim: take_along(g, index, dim=dim), None),
    grad_fn="ScatterAddBackward0",
    linear=((0,),),
    batch="shape.along",
    doc="zeros, with elements added where the indices say: the adjoint of gather",
)


class _Indexed(Op):
    """Operand 0 with index tensors for some of its dimensions; the others are taken whole."""

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.vjps + (None,) * (len(operands) - 1)

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        return self.kernel(arrays[0], place(arrays[1:], node.params["dims"]), **node.params)


def place(indices: list[Any], dims: tuple[int, ...]) -> tuple[Any, ...]:
    """The numpy index that puts `indices` at `dims`."""
    result: list[Any] = [slice(None)] * (max(dims) + 1)
    for dim, index in zip(dims, indices, strict=True):
        result[dim] = index
    return tuple(result)


class _Index(_Indexed):
    __slots__ = ()

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        x, dims = operands[0], params["dims"]
        picked = broadcast_all(index.shape for index in operands[1:])
        adjacent = all(b - a == 1 for a, b in zip(dims, dims[1:], strict=False))
        kept = [(dim, size) for dim, size in enumerate(x.shape) if dim not in dims]
        before = dims[0] if adjacent else 0
        head = tuple(size for dim, size in kept if dim < before)
        tail = tuple(size for dim, size in kept if dim >= before)
        return head + picked + tail, x.dtype


class _IndexBackward(_Indexed):
    __slots__ = ()

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        return params["shape"], operands[0].dtype


def _scatter(g: Any, index: tuple[Any, ...], dims: tuple[int, ...], shape: Shape) -> Any:
    result = np.zeros(shape or (1,), g.dtype)
    np.add.at(result, index, g)
    return result.reshape(shape)


index = _Index(
    "index",
    lambda x, at, dims: x[at],
    vjps=(lambda g, y, x, *at, dims: index_backward(g, *at, dims=dims, shape=x.shape),),
    backward="IndexPutImplBackward0",
    linear=((0,),),
    batch="indexing.index",
    doc="elements picked by index tensors",
)
masked_select = _Index(
    "masked_select",
    lambda x, at, dims: np.atleast_1d(x)[at],
    vjps=(lambda g, y, x, *at, dims: index_backward(g, *at, dims=dims, shape=x.shape),),
    backward="MaskedScatterBackward0",
    linear=((0,),),
    batch="indexing.index",
    doc="elements picked by a mask, in order",
)
index_backward: _IndexBackward = _IndexBackward(
    "index_backward",
    _scatter,
    vjps=(
        lambda g, y, x, *at, dims, shape: (index if g.ndim else masked_select)(g, *at, dims=dims),
    ),
    grad_fn="IndexPutBackward0",
    linear=((0,),),
    batch="indexing.index_backward",
    doc="zeros, with elements added where index tensors say: the adjoint of index",
)


def _index_select(x: Any, at: Any, dim: int) -> Any:
    return np.take(x, np.ravel(at), axis=dim) if np.ndim(x) else np.asarray(x)


def _index_select_shape(x: Node, at: Node, dim: int) -> Shape:
    return x.shape[:dim] + (at.numel,) + x.shape[dim + 1 :] if x.ndim else ()


index_select = Shaped(
    "index_select",
    _index_select,
    shape=_index_select_shape,
    vjps=(
        lambda g, y, x, at, dim: (
            index_backward(g, reshape(at, (at.numel,)), dims=(dim,), shape=x.shape) if x.ndim else g
        ),
        None,
    ),
    backward="IndexAddBackward0",
    linear=((0,),),
    batch="indexing.index_select",
    doc="some indices of a dimension, in a given order",
)
