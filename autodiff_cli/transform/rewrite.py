"""The mechanism of the passes before execution: a graph rewritten node by node, operands first.

A pass gives new outputs of the same values; what they don't need isn't reached from them, so dead code
falls away by itself. The graphs are for execution: the new nodes don't require grad, and have no tape.
Nodes that have a value already, inputs among them, are where the graph begins, and stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from autodiff_cli.ir.node import NO_PARAMS, Node, Op, Params
from autodiff_cli.ir.walk import topological

Rule: TypeAlias = Callable[[Node, Node], Node]


def rewritten(outputs: Sequence[Node], rule: Rule) -> list[Node]:
    """The outputs of a graph in which every node is what `rule` makes of it.

    Args:
        outputs: nodes of one graph.
        rule: `rule(node, before)`, called with a node whose operands are rewritten already, and with that
            node as it was; gives a node of the same shape, dtype and value, or `node` itself.
    """
    new: dict[int, Node] = {}
    for before in topological(outputs, through_values=False):
        if before.value is not None:
            new[id(before)] = before
            continue
        node = before
        for operand in before.operands:
            if new[id(operand)] is not operand:
                operands = tuple([new[id(operand)] for operand in before.operands])
                node = made(before.op, operands, before.params, before)
                break
        new[id(before)] = rule(node, before)
    return [new[id(output)] for output in outputs]


def made(op: Op, operands: tuple[Node, ...], params: Params, of: Node) -> Node:
    """A node that takes the place of another: of its shape and dtype, from its place in the source."""
    node = Node(op, operands, params, of.shape, of.dtype)
    node.span = of.span
    return node


def fitting(
    op: Op, operands: tuple[Node, ...], of: Node, params: Params = NO_PARAMS
) -> Node | None:
    """`made`, if the operation gives the shape and dtype of what it is to replace; else None."""
    shape, dtype = op.infer(operands, params)
    if shape != of.shape or dtype is not of.dtype:
        return None
    return made(op, operands, params, of)


def in_place_of(node: Node, operand: Node) -> Node | None:
    """The operand instead of the node, if it has its shape and dtype."""
    same = operand.shape == node.shape and operand.dtype is node.dtype
    return operand if same else None


def use_counts(outputs: Iterable[Node]) -> dict[int, int]:
    """How often each node is an operand or an output, by id."""
    outputs = tuple(outputs)
    counts: dict[int, int] = {}
    for node in topological(outputs, through_values=False):
        if node.value is None:
            for operand in node.operands:
                counts[id(operand)] = counts.get(id(operand), 0) + 1
    for output in outputs:
        counts[id(output)] = counts.get(id(output), 0) + 1
    return counts
