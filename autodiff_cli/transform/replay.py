"""The same operations on other nodes."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import INPUT, Node
from autodiff_cli.ir.walk import topological


def replayed(outputs: Sequence[Node], others: dict[int, Node], since: int = 0) -> list[Node]:
    """The outputs as they would be with `others` in the place of the nodes of those ids.

    Args:
        outputs: the nodes to make again.
        others: what stands for a node, by its id; what is made is added to it.
        since: the number of the first node that may have to be made again.
    """
    for node in topological(outputs, since=since):
        if id(node) not in others and node.number >= since:
            again = remade(node, others)
            if again is not node:
                others[id(node)] = again
    return [others.get(id(output), output) for output in outputs]


def remade(node: Node, others: dict[int, Node]) -> Node:
    """The node on other operands, or itself; where nodes are computed as they are made, with a value."""
    operands = tuple([others.get(id(operand), operand) for operand in node.operands])
    valued = node.value is not None or node.op is INPUT or node.op.is_joint
    if operands == node.operands and (valued or not current().eager):
        return node
    return node.op(*operands, **node.params)
