"""Reverse mode: from the graph of a value to the graph of its gradients.

The result is made of ordinary nodes, so it can be differentiated again, printed, or run in the same
execution as the value itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autodiff_cli.ir.context import changed, own
from autodiff_cli.ir.node import INPUT, Node, Op, Rule
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.movement import sum_to
from autodiff_cli.ops.pointwise import as_dtype


def reverse(
    outputs: Sequence[Node],
    seeds: Sequence[Node],
    wrt: Sequence[Node],
    *,
    create_graph: bool = False,
    instead: Mapping[Op, Rule] | None = None,
) -> list[Node | None]:
    """Gradients of the outputs, weighted by the seeds, with respect to each of `wrt`.

    Args:
        outputs: the nodes to differentiate.
        seeds: one cotangent an output, of its shape.
        wrt: any nodes of the graph, leaves or not.
        create_graph: whether the gradients can be differentiated again.
        instead: rules for operations of one operand, in the place of their own.

    Returns:
        One node for each of `wrt`, of its shape and dtype; None where no gradient flows.
    """
    with changed(grad=create_graph, span=None):
        return gradients(topological(outputs), outputs, seeds, wrt, instead)


def gradients(
    order: Sequence[Node],
    outputs: Sequence[Node],
    seeds: Sequence[Node],
    wrt: Sequence[Node],
    instead: Mapping[Op, Rule] | None = None,
) -> list[Node | None]:
    """`reverse` through the nodes of `order` alone, in the present mode."""
    wanted = {id(node) for node in wrt}
    needed = set(wanted)  # nodes that lead to one of `wrt`
    for node in order:
        if node.requires_grad and any(id(operand) in needed for operand in node.operands):
            needed.add(id(node))

    context = own()
    cotangents: dict[int, Node] = {}
    for output, seed in zip(outputs, seeds, strict=True):
        _accumulate(cotangents, output, seed)
    for node in reversed(order):
        key = id(node)
        g = cotangents.get(key)
        if g is None or node.op is INPUT or not node.requires_grad or key not in needed:
            continue
        if key not in wanted:
            del cotangents[key]
        context.span = node.span
        for position, operand in enumerate(node.operands):
            if operand.requires_grad and id(operand) in needed:
                if instead and node.op in instead:
                    flow = instead[node.op](g, node, *node.operands, **node.params)
                else:
                    flow = node.op.vjp(node, g, position)
                if flow is not None:
                    _accumulate(cotangents, operand, fitted(flow, operand))
    return [cotangents.get(id(node)) for node in wrt]


def _accumulate(cotangents: dict[int, Node], node: Node, flow: Node) -> None:
    held = cotangents.get(id(node))
    cotangents[id(node)] = flow if held is None else held + flow


def fitted(flow: Node, operand: Node) -> Node:
    """A gradient brought to its operand's shape and dtype: what broadcasting repeated is summed."""
    if flow.shape != operand.shape:
        flow = sum_to(flow, shape=operand.shape)
    return as_dtype(flow, operand.dtype)
