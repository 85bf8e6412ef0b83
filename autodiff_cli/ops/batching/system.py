"""Matrices in leading dimensions that broadcast: systems of equations, distances, cross products."""

from __future__ import annotations

from autodiff_cli.ir.node import Node
from autodiff_cli.ops.batching.rows import Rows
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.reduce import vector_norm


def _broadcasting(rows: Rows, inner: tuple[int, ...]) -> list[Node]:
    """Operands whose last `inner` dimensions are their own, and whose others broadcast."""
    outer = [rows.ndim(position) - inner[position] for position in range(rows.count)]
    widest = max(outer)
    return [rows.aligned(at, widest + inner[at]) for at in range(rows.count)]


def solve(rows: Rows) -> Node:
    inner = (2, 1 if rows.params.get("vector") else 2)
    return rows.op(*_broadcasting(rows, inner), **rows.params)


def cdist(rows: Rows) -> Node:
    return rows.op(*_broadcasting(rows, (2, 2)), **rows.params)


def cross(rows: Rows) -> Node:
    """The dimension is counted in each operand, so that both must have as many."""
    ndim = len(rows.node.shape)
    operands = []
    for position in range(rows.count):
        operand = rows.either(position)
        lead = rows.size if rows.has(position) else 1
        shape = rows.shape(position)
        operands.append(reshape(operand, (lead, *(1,) * (ndim - len(shape)), *shape)))
    return rows.op(*operands, dim=rows.params["dim"] + 1)


def dist(rows: Rows) -> Node:
    ndim = max(rows.ndim(0), rows.ndim(1))
    gap = rows.aligned(0, ndim) - rows.aligned(1, ndim)
    flat = reshape(gap, (rows.size, gap.numel // rows.size if rows.size else 0))
    dtype = rows.node.dtype
    return vector_norm(flat, ord=rows.params["p"], dim=(1,), keepdim=False, dtype=dtype)
