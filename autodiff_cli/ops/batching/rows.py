"""What a batch rule is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff_cli.ir.node import Node, Op, Params, Shape
from autodiff_cli.ops.movement import expand, reshape


class Rows:
    """One operation, some of whose operands have rows.

    Attributes:
        node: the operation as it is on a single row; only its shapes, dtypes and parameters count.
        operands: its operands, for those that are the same in every row.
        rows: for each operand its rows, `(size, *shape)`; None where it is the same in every row.
        size: how many rows.
    """

    __slots__ = ("node", "operands", "rows", "size")

    def __init__(
        self, node: Node, operands: Sequence[Node], rows: Sequence[Node | None], size: int
    ) -> None:
        self.node = node
        self.operands = operands
        self.rows = rows
        self.size = size

    @property
    def op(self) -> Op:
        return self.node.op

    @property
    def params(self) -> Params:
        return self.node.params

    @property
    def count(self) -> int:
        """How many operands there are."""
        return len(self.operands)

    def has(self, position: int) -> bool:
        """Whether an operand differs from row to row."""
        return self.rows[position] is not None

    def shape(self, position: int) -> Shape:
        """An operand's shape in a single row."""
        return self.operands[position].shape

    def ndim(self, position: int) -> int:
        return len(self.operands[position].shape)

    def at(self, position: int) -> Node:
        """An operand's rows; repeated where it is the same in every row."""
        rows = self.rows[position]
        if rows is not None:
            return rows
        held = self.operands[position]
        return expand(held, shape=(self.size, *held.shape))

    def all(self) -> list[Node]:
        return [self.at(position) for position in range(self.count)]

    def either(self, position: int) -> Node:
        """An operand's rows, or the operand itself where it is the same in every row."""
        rows = self.rows[position]
        return self.operands[position] if rows is None else rows

    def aligned(self, position: int, ndim: int) -> Node:
        """As `either`, with rows that broadcast as the operand would among shapes of `ndim` dimensions."""
        rows = self.rows[position]
        if rows is None:
            return self.operands[position]
        missing = ndim - (len(rows.shape) - 1)
        if missing <= 0:
            return rows
        return reshape(rows, (rows.shape[0], *(1,) * missing, *rows.shape[1:]))

    def result(self, node: Node) -> Node:
        """A rule's result, in the shape that it has to have."""
        return reshape(node, (self.size, *self.node.shape))

    def like(self, op: Op, positions: Sequence[int], shape: Shape, **params: Any) -> Rows:
        """Another operation on some of the operands, of a single row's shape; it isn't computed."""
        operands = tuple([self.operands[position] for position in positions])
        node = Node(op, operands, params, shape, self.node.dtype)
        return Rows(node, operands, [self.rows[position] for position in positions], self.size)
