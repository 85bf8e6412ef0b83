"""Derivatives between two nodes of a graph: the chain rule's factors, with everything else held.

`transform.reverse` gives total derivatives: a gradient that has come to one of `wrt` flows on. Here it ends
at the stops, so that what flows to a node by another stop isn't counted: of `y = sin(x); y*x`, what flows to
x from the product alone is y.
"""

from __future__ import annotations

from collections.abc import Collection

from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Node
from autodiff_cli.transform.reverse import gradients


def between(output: Node, stops: Collection[int]) -> tuple[list[Node], list[Node]]:
    """The nodes that lead from stops to an output, operands first; and the stops that are reached.

    Args:
        output: it isn't a stop itself.
        stops: ids of nodes.
    """
    order: dict[int, Node] = {}
    reached: dict[int, Node] = {}
    waiting = [output]
    while waiting:
        node = waiting.pop()
        if id(node) in order:
            continue
        order[id(node)] = node
        for operand in node.operands:
            if not operand.requires_grad:
                continue
            if id(operand) in stops:
                reached[id(operand)] = operand
            else:
                waiting.append(operand)
    # operands are made before what takes them
    return sorted(order.values(), key=_number), sorted(reached.values(), key=_number)


def _number(node: Node) -> int:
    return node.number


def flows(output: Node, seed: Node, stops: Collection[int]) -> dict[int, Node]:
    """What flows from an output to the stops that it reaches, by their ids; through no stop.

    Args:
        output: the node to differentiate.
        seed: its cotangent, of its shape.
        stops: ids of nodes at which gradients end.
    """
    order, reached = between(output, stops)
    with changed(grad=False, span=None):
        found = gradients(order, [output], [seed], reached)
    return {id(node): flow for node, flow in zip(reached, found, strict=True) if flow is not None}
