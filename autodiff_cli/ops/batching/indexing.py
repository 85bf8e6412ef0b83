"""Gathers and scatters, with rows of elements, of indices, or of both.

Where indices have rows, the row's own number is one more index, of dimension 0.
"""

from __future__ import annotations

import numpy as np

from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ops import indexing
from autodiff_cli.ops.batching.rows import Rows
from autodiff_cli.ops.batching.shape import moved
from autodiff_cli.ops.movement import permute, reshape


class _Places:
    """The index operands of an operation, from `first` on.

    The result of indexing one row has `head` dimensions, then `picked` ones, then the rest. Where the
    indexed dimensions aren't neighbours, the picked ones come first.
    """

    def __init__(self, rows: Rows, first: int) -> None:
        self.dims: tuple[int, ...] = rows.params["dims"]
        self.size = rows.size
        positions = range(first, rows.count)
        self.picked = max(rows.ndim(position) for position in positions)
        self.adjacent = all(b - a == 1 for a, b in zip(self.dims, self.dims[1:], strict=False))
        self.head = self.dims[0] if self.adjacent else 0
        self.vary = any(rows.has(position) for position in positions)
        self.operands = [rows.aligned(position, self.picked) for position in positions]

    @property
    def shifted(self) -> tuple[int, ...]:
        return tuple([dim + 1 for dim in self.dims])

    def numbered(self) -> list[Node]:
        """The indices, the row's number first."""
        numbers = np.arange(self.size).reshape(self.size, *(1,) * self.picked)
        return [constant(numbers), *self.operands]


def _swapped(node: Node, first: int, second: int) -> Node:
    """(size, first dimensions, second dimensions, rest) as (size, second, first, rest)."""
    if not first or not second:
        return node
    middle = 1 + first
    end = middle + second
    order = (0, *range(middle, end), *range(1, middle), *range(end, node.ndim))
    return permute(node, dims=order)


def index(rows: Rows) -> Node | None:
    if not rows.ndim(0):  # of a mask on a single element
        return None
    places = _Places(rows, 1)
    if not places.vary:
        picked = rows.op(rows.at(0), *places.operands, dims=places.shifted)
        return picked if places.adjacent else moved(picked, places.picked, 0)
    if not rows.has(0):
        picked = rows.op(rows.operands[0], *places.operands, dims=places.dims)
        return moved(picked, places.head, 0)
    picked = rows.op(rows.at(0), *places.numbered(), dims=(0, *places.shifted))
    return _swapped(picked, places.picked, places.head)


def index_backward(rows: Rows) -> Node | None:
    shape = rows.params["shape"]
    if not shape:
        return None
    places = _Places(rows, 1)
    g, wide = rows.at(0), (rows.size, *shape)
    if places.vary:
        g = _swapped(g, places.head, places.picked)
        return rows.op(g, *places.numbered(), dims=(0, *places.shifted), shape=wide)
    if not places.adjacent:
        g = moved(g, 0, places.picked)
    return rows.op(g, *places.operands, dims=places.shifted, shape=wide)


def index_put(rows: Rows) -> Node | None:
    if not rows.ndim(0):
        return None
    places = _Places(rows, 2)
    if not places.adjacent or (places.vary and places.head):
        return None
    picked = rows.ndim(0) - len(places.dims) + places.picked
    values = rows.aligned(1, picked)
    indices, dims = places.operands, places.shifted
    if places.vary:
        indices, dims = places.numbered(), (0, *dims)
    return rows.op(rows.at(0), values, *indices, **rows.params | {"dims": dims})


def index_select(rows: Rows) -> Node | None:
    dim = rows.params["dim"]
    if not rows.ndim(0):
        return rows.at(0)
    if not rows.has(1):
        return rows.op(rows.at(0), rows.operands[1], dim=dim + 1)
    if rows.ndim(1) != 1:
        return None
    return index(rows.like(indexing.index, (0, 1), rows.node.shape, dims=(dim,)))


def take(rows: Rows) -> Node:
    if not rows.has(0):
        return rows.op(rows.operands[0], rows.at(1))
    flat = reshape(rows.at(0), (rows.size, rows.operands[0].numel))
    count = rows.operands[1].numel
    if rows.has(1):
        places = reshape(rows.at(1), (rows.size, count))
        return rows.result(indexing.take_along(flat, places, dim=1))
    places = reshape(rows.operands[1], (count,))
    return rows.result(indexing.index_select(flat, places, dim=1))


def held_index(rows: Rows) -> Node | None:
    """Writes at one index tensor of a dimension, the same in every row."""
    if rows.has(1) or not rows.ndim(0):
        return None
    operands = [rows.at(0), rows.operands[1]]
    for position in range(2, rows.count):
        if rows.ndim(position) not in (0, rows.ndim(0)):
            return None
        operands.append(rows.aligned(position, rows.ndim(0)))
    return rows.op(*operands, **rows.params | {"dim": rows.params["dim"] + 1})


def embedding(rows: Rows) -> Node | None:
    if not rows.has(0):
        return rows.op(rows.operands[0], rows.at(1), **rows.params)
    if rows.params["padding"] >= 0:  # its gradient leaves rows of the table out
        return None
    return index(rows.like(indexing.index, (0, 1), rows.node.shape, dims=(0,)))
