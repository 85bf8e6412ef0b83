"""A tensor with some of its elements replaced or added to.

Linear in the tensor and in what is put into it. Index tensors and masks are operands without a
derivative; their values have been checked by who makes the node.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Op, Params, Rule, Shape
from autodiff_cli.ops.arithmetic import scaled
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.indexing import _along, index, index_select, place, put_along, take_along
from autodiff_cli.ops.kinds import Shaped, like
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.selection import masked_fill, where


def _replaced(x: Any, at: tuple[Any, ...], value: Any, add: bool = False) -> Any:
    result = np.array(np.atleast_1d(x))
    if add:
        np.add.at(result, at, value)
    else:
        result[at] = value
    return result.reshape(np.shape(x))


def _one_dim(index: Any, dim: int) -> tuple[Any, ...]:
    return (slice(None),) * dim + (np.atleast_1d(index),)


scatter = Shaped(
    "scatter",
    lambda x, index, src, dim: _replaced(x, _along(x, np.atleast_1d(index), dim), src),
    vjps=(
        lambda g, y, x, index, src, dim: scatter_number(g, index, dim=dim, value=0),
        None,
        lambda g, y, x, index, src, dim: take_along(g, index, dim=dim),
    ),
    linear=((0, 2),),
    batch="shape.along",
    doc="with elements replaced where indices along a dimension say",
)
scatter_number: Shaped = Shaped(
    "scatter_number",
    lambda x, index, dim, value: _replaced(x, _along(x, np.atleast_1d(index), dim), like(x, value)),
    vjps=(lambda g, y, x, index, dim, value: scatter_number(g, index, dim=dim, value=0), None),
    grad_fn="ScatterBackward1",
    batch="shape.along",
    doc="with a number where indices along a dimension say",
)
scatter_add = Shaped(
    "scatter_add",
    lambda x, index, src, dim: _replaced(x, _along(x, np.atleast_1d(index), dim), src, add=True),
    vjps=(
        lambda g, y, x, index, src, dim: g,
        None,
        lambda g, y, x, index, src, dim: take_along(g, index, dim=dim),
    ),
    linear=((0, 2),),
    batch="shape.along",
    doc="with elements added where indices along a dimension say",
)

# ---- whole indices of a dimension ---------------------------------------------------------------


index_add = Shaped(
    "index_add",
    lambda x, index, source, dim, alpha: _replaced(
        x, _one_dim(index, dim), source if alpha == 1 else source * like(x, alpha), add=True
    ),
    vjps=(
        lambda g, y, x, index, source, dim, alpha: g,
        None,
        lambda g, y, x, index, source, dim, alpha: scaled(
            reshape(index_select(g, index, dim=dim), source.shape), alpha
        ),
    ),
    linear=((0, 2),),
    batch="indexing.held_index",
    doc="with tensors added at indices of a dimension",
)
index_copy = Shaped(
    "index_copy",
    lambda x, index, source, dim: _replaced(x, _one_dim(index, dim), source),
    vjps=(
        lambda g, y, x, index, source, dim: index_fill_number(g, index, dim=dim, value=0),
        None,
        lambda g, y, x, index, source, dim: reshape(index_select(g, index, dim=dim), source.shape),
    ),
    linear=((0, 2),),
    batch="indexing.held_index",
    doc="with tensors in the place of indices of a dimension",
)
index_fill_number: Shaped = Shaped(
    "index_fill_number",
    lambda x, index, dim, value: _replaced(x, _one_dim(index, dim), like(x, value)),
    vjps=(lambda g, y, x, index, dim, value: index_fill_number(g, index, dim=dim, value=0), None),
    grad_fn="IndexFillBackward0",
    batch="indexing.held_index",
    doc="with a number at indices of a dimension",
)
index_fill = Shaped(
    "index_fill",
    lambda x, index, value, dim: _replaced(x, _one_dim(index, dim), value),
    vjps=(
        lambda g, y, x, index, value, dim: index_fill_number(g, index, dim=dim, value=0),
        None,
        # whatever shape is left is summed to the value's
        lambda g, y, x, index, value, dim: g - index_fill_number(g, index, dim=dim, value=0),
    ),
    grad_fn="IndexFillBackward1",
    linear=((0, 2),),
    batch="indexing.held_index",
    doc="with a 0-dim tensor at indices of a dimension",
)


class _IndexPut(Op):
    """Operands: the tensor, the values, and index tensors for the dimensions `dims`."""

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.vjps + (None,) * (len(operands) - 2)

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        return operands[0].shape, operands[0].dtype

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        at = place(arrays[2:], node.params["dims"])
        return _replaced(arrays[0], at, arrays[1], add=node.params["accumulate"])


def _put_nothing(
    g: Node, y: Node, x: Node, values: Node, *at: Node, dims: tuple[int, ...], accumulate: bool
) -> Node:
    return g if accumulate else index_put(g, zeros_like(values), *at, dims=dims, accumulate=False)


index_put: _IndexPut = _IndexPut(
    "index_put",
    _replaced,
    vjps=(
        _put_nothing,
        lambda g, y, x, values, *at, dims, accumulate: index(g, *at, dims=dims),
    ),
    linear=((0, 1),),
    batch="indexing.index_put",
    doc="with values where index tensors say",
)

# ---- masks and flat indices ---------------------------------------------------------------------


def _masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    return _replaced(x, (np.atleast_1d(mask),), np.ravel(source)[: np.count_nonzero(mask)])


def _masked_gather(g: Any, mask: Any, shape: Shape) -> Any:
    result = np.zeros(shape, g.dtype)
    picked = g[mask]
    result.reshape(-1)[: picked.size] = picked
    return result


masked_scatter = Shaped(
    "masked_scatter",
    _masked_scatter,
    vjps=(
        lambda g, y, x, mask, source: masked_fill(g, mask, value=0),
        None,
        lambda g, y, x, mask, source: masked_gather(g, mask, shape=source.shape),
    ),
    linear=((0, 2),),
    doc="with another tensor's elements, in order, where a mask holds",
)
masked_gather: Shaped = Shaped(
    "masked_scatter_backward",
    _masked_gather,
    shape=lambda g, mask, shape: shape,
    vjps=(lambda g, y, x, mask, shape: masked_scatter(zeros_like(x), mask, g), None),
    linear=((0,),),
    doc="the masked elements in order, then zeros: the adjoint of masked_scatter",
)
masked_fill_tensor = Shaped(
    "masked_fill_tensor",
    lambda x, mask, value: np.where(mask, value.astype(x.dtype), x),
    vjps=(
        lambda g, y, x, mask, value: where(mask, 0.0, g),
        None,
        lambda g, y, x, mask, value: where(mask, g, 0.0),
    ),
    grad_fn="MaskedFillBackward1",
    linear=((0, 2),),
    batch="pointwise.masked_fill_tensor",
    doc="with a 0-dim tensor where the mask holds",
)
take = Shaped(
    "take",
    lambda x, index: np.ravel(x)[index],
    shape=lambda x, index: index.shape,
    vjps=(
        lambda g, y, x, index: reshape(
            put_along(
                reshape(g, (g.numel,)), reshape(index, (index.numel,)), shape=(x.numel,), dim=0
            ),
            x.shape,
        ),
        None,
    ),
    backward="PutBackward0",
    linear=((0,),),
    batch="indexing.take",
    doc="elements picked as if the tensor were flat",
)
