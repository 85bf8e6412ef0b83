"""Operations on each element of broadcast operands."""

from __future__ import annotations

from autodiff_cli.ir.node import Node
from autodiff_cli.ops.batching.rows import Rows
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.ops.selection import where


def elementwise(rows: Rows) -> Node:
    op, node = rows.op, rows.node
    assert isinstance(op, Elementwise)
    ndim = len(node.shape)
    operands = [rows.aligned(position, ndim) for position in range(rows.count)]
    for position in range(op.conditions, rows.count):
        if rows.has(position) and not rows.shape(position):
            # Of a single row it is 0-dim, and counts for less in type promotion than its rows would.
            common = op.compute_dtype(node.operands, node.params)
            operands[position] = as_dtype(operands[position], common)
    return op(*operands, **node.params)


def source(rows: Rows) -> Node:
    return rows.at(0)


def copy(rows: Rows) -> Node:
    """Operand 0 gives the shape and dtype, the others are broadcast to it."""
    first = rows.at(0)
    others = [rows.aligned(position, rows.ndim(0)) for position in range(1, rows.count)]
    return rows.op(first, *others, **rows.params)


def masked_fill_tensor(rows: Rows) -> Node:
    ndim = rows.ndim(0)
    x, mask, value = (rows.aligned(position, ndim) for position in range(3))
    return where(mask, as_dtype(value, x.dtype), x)
