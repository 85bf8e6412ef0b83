"""Losses: of each element first, then reduced in each row."""

from __future__ import annotations

from autodiff_cli.ir.node import Node
from autodiff_cli.ops.batching.rows import Rows
from autodiff_cli.ops.create import full
from autodiff_cli.ops.loss import nll_loss as nll_loss_
from autodiff_cli.ops.margins import matrix
from autodiff_cli.ops.movement import expand, reshape
from autodiff_cli.ops.reduce import mean, sum_


def _reduced(values: Node, reduction: str) -> Node:
    if reduction == "none" or values.ndim == 1:
        return values
    reduce = mean if reduction == "mean" else sum_
    dims = tuple(range(1, values.ndim))
    return reduce(values, dim=dims, keepdim=False, dtype=values.dtype)


def pointwise(rows: Rows) -> Node:
    """Losses of broadcast operands; the first two give the shape."""
    ndim = max(rows.ndim(0), rows.ndim(1))
    operands = [rows.aligned(position, ndim) for position in range(rows.count)]
    if not rows.has(0):
        shape = (rows.size, *(1,) * (ndim - rows.ndim(0)), *rows.shape(0))
        operands[0] = expand(operands[0], shape=shape)
    values = rows.op(*operands, **rows.params | {"reduction": "none"})
    return _reduced(values, rows.params["reduction"])


def _merged(rows: Rows, position: int) -> Node:
    """An operand of (N, ...) as (size*N, ...)."""
    count, *rest = rows.shape(position)
    return reshape(rows.at(position), (rows.size * count, *rest))


def _counts(target: Node, weight: list[Node], ignore_index: int, scores: Node) -> Node:
    """What each target counts: the loss where every score is -1."""
    ones = full(shape=scores.shape, value=-1, dtype=scores.dtype)
    return nll_loss_(ones, target, *weight, reduction="none", ignore_index=ignore_index)


def nll_loss(rows: Rows) -> Node | None:
    if rows.ndim(0) == 1 or any(rows.has(position) for position in range(2, rows.count)):
        return None
    reduction, ignore_index = rows.params["reduction"], rows.params["ignore_index"]
    scores, target, weight = _merged(rows, 0), _merged(rows, 1), list(rows.operands[2:])
    values = nll_loss_(scores, target, *weight, reduction="none", ignore_index=ignore_index)
    values = reshape(values, (rows.size, *rows.shape(1)))
    if reduction != "mean":
        return _reduced(values, reduction)
    counts = _counts(target, weight, ignore_index, scores)
    counts = _reduced(reshape(counts, values.shape), "sum")
    return _reduced(values, "sum") / counts


def nll_loss_backward(rows: Rows) -> Node | None:
    shape = rows.params["shape"]
    if len(shape) == 1 or any(rows.has(position) for position in range(2, rows.count)):
        return None
    reduction, ignore_index = rows.params["reduction"], rows.params["ignore_index"]
    g, target, weight = rows.at(0), _merged(rows, 1), list(rows.operands[2:])
    per_target = (rows.size, *rows.shape(1))
    merged = (rows.size * shape[0], *shape[1:])
    if reduction == "mean":
        scores = full(shape=merged, value=-1, dtype=g.dtype)
        counts = _counts(target, weight, ignore_index, scores)
        g = g / _reduced(reshape(counts, per_target), "sum")
    if reduction != "none":
        g = expand(reshape(g, (rows.size, *(1,) * rows.ndim(1))), shape=per_target)
    flow = rows.op(
        reshape(g, target.shape),
        target,
        *weight,
        reduction="none",
        ignore_index=ignore_index,
        shape=merged,
    )
    return rows.result(flow)


def samples(rows: Rows) -> Node | None:
    """Operations on a matrix of samples and on their targets: those of all rows are one matrix."""
    if any(rows.has(position) for position in range(2, rows.count)):
        return None
    count, classes = matrix(rows.shape(0))
    every = rows.size * count
    several = rows.operands[1].numel == count * classes
    x = reshape(rows.at(0), (every, classes))
    target = reshape(rows.at(1), (every, classes) if several else (every,))
    reduction = rows.params.get("reduction")
    if reduction is None:
        return rows.result(rows.op(x, target))
    values = rows.op(x, target, *rows.operands[2:], **rows.params | {"reduction": "none"})
    if reduction == "none":
        return rows.result(values)
    return _reduced(reshape(values, (rows.size, count)), reduction)
