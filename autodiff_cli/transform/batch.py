"""Batching: a leading axis of rows pushed through the graph.

What the graph computes for one row is computed for all of them at once. How an operation takes rows is
said where it is declared (`ops/batching`); what says nothing runs row by row inside its own node, so that
the graph never grows with the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.context import changed, current
from autodiff_cli.ir.node import INPUT, NO_PARAMS, Node, Op, Shape
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.batching import Rows, rule_of
from autodiff_cli.ops.mapped import Flags, Mapped
from autodiff_cli.ops.movement import expand
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.transform.replay import remade
from autodiff_cli.transform.reverse import fitted

# Families of rules that join the rows to one larger sum of products.
REORDERED = {"product", "system", "window"}


def batched(
    outputs: Sequence[Node],
    inputs: Sequence[Node],
    rows: Sequence[Node],
    *,
    since: int = 0,
    exact: bool = False,
) -> list[Node]:
    """The outputs for each row of the inputs.

    Args:
        outputs: the nodes to compute for each row.
        inputs: any nodes of the graph, leaves or not.
        rows: for each input its rows, `(size, *input.shape)`, of its dtype.
        since: the number of the first node that may depend on an input.
        exact: whether to leave to single rows what adds up in another order for many, so that the last
            digits are those of one row.

    Returns:
        One node for each output, `(size, *output.shape)`; repeated where it needs no input.
    """
    size = rows[0].shape[0]
    made = {id(node): own for node, own in zip(inputs, rows, strict=True)}
    return _pushed(outputs, made, {}, size, since, exact)


def _pushed(
    outputs: Sequence[Node],
    made: dict[int, Node],
    others: dict[int, Node],
    size: int,
    since: int = 0,
    exact: bool = False,
) -> list[Node]:
    """The rows of the outputs.

    Args:
        made: rows of nodes, by their ids; what is made is added.
        others: what stands for nodes that are the same in every row; what is made is added.
    """
    grad = current().grad
    with changed(grad=grad, span=None) as context:
        for node in topological(outputs, since=since):
            key = id(node)
            if key in made or key in others or node.number < since:
                continue
            context.span = node.span
            context.grad = grad and not _detached(node)
            rows = [made.get(id(operand)) for operand in node.operands]
            if any(own is not None for own in rows):
                operands = [others.get(id(operand), operand) for operand in node.operands]
                made[key] = _of_rows(Rows(node, operands, rows, size), exact)
            else:
                again = remade(node, others)
                if again is not node:
                    others[key] = again
    return [_rows_of(output, made, others, size) for output in outputs]


def _rows_of(node: Node, made: dict[int, Node], others: dict[int, Node], size: int) -> Node:
    rows = made.get(id(node))
    if rows is not None:
        return rows
    return expand(others.get(id(node), node), shape=(size, *node.shape))


def _detached(node: Node) -> bool:
    """Whether it was made without recording gradients that could flow."""
    if node.requires_grad or not node.dtype.is_floating or not node.op.vjps:
        return False
    if not any(operand.requires_grad for operand in node.operands):
        return False
    rules = node.op.rules(node.operands)
    return any(
        operand.requires_grad and rule is not None
        for operand, rule in zip(node.operands, rules, strict=True)
    )


def _of_rows(rows: Rows, exact: bool) -> Node:
    reordered = exact and rows.op.batch.partition(".")[0] in REORDERED
    rule = None if reordered else rule_of(rows.op)
    result = None if rule is None else rule(rows)
    if result is None:
        result = _mapped(rows)
    if result.shape != (rows.size, *rows.node.shape):
        raise ValueError(f"the rows of {rows.node} are {result}")
    return as_dtype(result, rows.node.dtype)


# ---- row by row ---------------------------------------------------------------------------------

_operations: dict[tuple[Op, Flags], Mapped] = {}


def _mapped(rows: Rows) -> Node:
    flags = tuple([own is not None for own in rows.rows])
    op = _operations.get((rows.op, flags))
    if op is None:
        op = _operations[rows.op, flags] = Mapped(rows.op, flags, _mapped_flow)
    return op(*[rows.either(position) for position in range(rows.count)], **rows.params)


def _stand_in(shape: Shape, like: Node) -> Node:
    return Node(INPUT, (), NO_PARAMS, shape, like.dtype)


def _mapped_flow(node: Node, g: Node, position: int) -> Node | None:
    """The rule of the operation on a single row, batched."""
    op = node.op
    assert isinstance(op, Mapped)
    operands = op.single(node.operands)
    row = Node(op.inner, operands, node.params, node.shape[1:], node.dtype)
    cotangent = _stand_in(row.shape, row)
    with changed(grad=False, eager=False):
        flow = op.inner.vjp(row, cotangent, position)
        if flow is None:
            return None
        flow = fitted(flow, operands[position])
    made = {id(cotangent): g, id(row): node}
    others: dict[int, Node] = {}
    for stand_in, operand, flag in zip(operands, node.kept or node.operands, op.flags, strict=True):
        (made if flag else others)[id(stand_in)] = operand
    (result,) = _pushed([flow], made, others, node.shape[0])
    if op.flags[position]:
        return result
    return sum_(result, dim=(0,), keepdim=False, dtype=result.dtype)
