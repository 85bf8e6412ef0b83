"""Operations whose parameters name dimensions or sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.ir.node import Node, Params
from autodiff_cli.ops import movement, rearrange
from autodiff_cli.ops.batching.rows import Rows
from autodiff_cli.ops.mapped import Mapped
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.reduce import sum_


def _next(dims: Any, size: int) -> Any:
    return dims + 1 if isinstance(dims, int) else tuple([dim + 1 for dim in dims])


# What a leading axis of `size` rows does to a parameter, by the parameter's name.
SHIFTS: dict[str, Callable[[Any, int], Any]] = {
    "dim": _next,
    "dim1": _next,
    "dim2": _next,
    "dims": _next,
    "shape": lambda shape, size: (size, *shape),
    "grouped": lambda shape, size: (size, *shape),
    "margins": lambda margins, size: ((0, 0), *margins),
}


def shifted_params(rows: Rows) -> Params:
    return {
        name: SHIFTS[name](value, rows.size) if name in SHIFTS else value
        for name, value in rows.params.items()
    }


def leading(rows: Rows) -> Node:
    """Operations on the last dimensions, for any number of leading ones."""
    return rows.op(*rows.all(), **rows.params)


def shifted(rows: Rows) -> Node:
    return rows.op(*rows.all(), **shifted_params(rows))


def along(rows: Rows) -> Node | None:
    """Along dimensions of the first operand; a 0-dim one counts as having one."""
    operands = rows.all()
    if rows.params["dim" if "dim" in rows.params else "dims"] is None:
        operands[0] = reshape(operands[0], (rows.size, *(rows.shape(0) or (1,))))
        dims = tuple(range(1, operands[0].ndim))
        return rows.result(rows.op(*operands, **rows.params | {"dim": dims}))
    if any(rows.ndim(position) != rows.ndim(0) for position in range(1, rows.count)):
        return None
    if rows.ndim(0):
        return rows.op(*operands, **shifted_params(rows))
    if any(rows.shape(position) for position in range(rows.count)):
        return None
    operands = [reshape(operand, (rows.size, 1)) for operand in operands]
    params = shifted_params(rows)
    if "shape" in params:
        params["shape"] = (rows.size, 1)
    return rows.result(rows.op(*operands, **params))


def flattened(rows: Rows) -> Node | None:
    """Reductions over all elements or along one dimension, but not over several."""
    if rows.params["dim"] is not None:
        return along(rows)
    flat = reshape(rows.at(0), (rows.size, rows.operands[0].numel))
    return rows.result(rows.op(flat, **rows.params | {"dim": (1,)}))


# ---- views and their adjoints -------------------------------------------------------------------


def permute(rows: Rows) -> Node:
    return rows.op(rows.at(0), dims=(0, *_next(rows.params["dims"], 0)))


def expand(rows: Rows) -> Node:
    shape = rows.node.shape
    return rows.op(rows.aligned(0, len(shape)), shape=(rows.size, *shape))


def sum_to(rows: Rows) -> Node:
    shape = rows.node.shape
    missing = rows.ndim(0) - len(shape)
    return rows.result(rows.op(rows.at(0), shape=(rows.size, *(1,) * missing, *shape)))


def repeat(rows: Rows) -> Node:
    repeats = rows.params["repeats"]
    return rows.op(rows.aligned(0, len(repeats)), repeats=(1, *repeats))


def cat(rows: Rows) -> Node:
    """Operands of one element dimension and size 0 are skipped whatever the others' shapes are."""
    kept = [
        rows.at(position)
        for position in range(rows.count)
        if rows.shape(position) != (0,) or rows.node.shape == (0,)
    ]
    return rows.op(*kept, dim=rows.params["dim"] + 1)


def unfold_backward(rows: Rows) -> Node | None:
    return shifted(rows) if rows.params["shape"] else None


def unfold(rows: Rows) -> Node:
    return shifted(rows) if rows.ndim(0) else rows.result(rows.at(0))


def roll(rows: Rows) -> Node:
    if rows.params["dims"]:
        return shifted(rows)
    flat = reshape(rows.at(0), (rows.size, rows.operands[0].numel))
    return rows.result(rows.op(flat, shifts=rows.params["shifts"], dims=(1,)))


def trace(rows: Rows) -> Node:
    diagonal = rearrange.diagonal(rows.at(0), offset=0, dim1=1, dim2=2)
    return sum_(diagonal, dim=(1,), keepdim=False, dtype=rows.node.dtype)


def folded(rows: Rows) -> Node:
    """Operations on a batch of their own: the rows become more of it."""
    params = rows.params
    if "shape" in params:
        count, *rest = params["shape"]
        params = params | {"shape": (rows.size * count, *rest)}
    operands = [
        reshape(rows.at(position), (rows.size * shape[0], *shape[1:]))
        for position in range(rows.count)
        if (shape := rows.shape(position))
    ]
    return rows.result(rows.op(*operands, **params))


def moved(node: Node, source: int, target: int) -> Node:
    """With one dimension in another place."""
    if source == target:
        return node
    order = [dim for dim in range(node.ndim) if dim != source]
    order.insert(target, source)
    return movement.permute(node, dims=tuple(order))


def mapped(rows: Rows) -> Node:
    """Rows of rows, one after the other."""
    op = rows.op
    assert isinstance(op, Mapped)
    inner = op.size(rows.node.operands)
    flags = tuple([own or rows.has(position) for position, own in enumerate(op.flags)])
    operands = []
    for position, (own, flag) in enumerate(zip(op.flags, flags, strict=True)):
        operand = rows.at(position) if flag else rows.operands[position]
        if flag and not own:
            row = rows.shape(position)
            spaced = reshape(operand, (rows.size, 1, *row))
            operand = movement.expand(spaced, shape=(rows.size, inner, *row))
        if flag:
            operand = reshape(operand, (rows.size * inner, *operand.shape[2:]))
        operands.append(operand)
    return rows.result(op.on(flags)(*operands, **rows.params))
