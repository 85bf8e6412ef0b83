"""Walking the graph, without recursion: chains of 100,000 operations are ordinary."""

from __future__ import annotations

from collections.abc import Iterable

from autodiff_cli.ir.node import Node


def topological(
    outputs: Iterable[Node], *, through_values: bool = True, since: int = 0
) -> list[Node]:
    """Every node the outputs need, operands before the operations that use them.

    Args:
        outputs: the nodes to start from.
        through_values: whether to go on above a node whose value is known already.
        since: the number of the first node to go on above; those made before it end the walk.
    """
    order: list[Node] = []
    done: set[int] = set()
    for output in outputs:
        stack = [(output, False)]
        while stack:
            node, ready = stack.pop()
            key = id(node)
            if key in done:
                continue
            if (
                ready
                or not node.operands
                or node.number < since
                or (node.value is not None and not through_values)
            ):
                done.add(key)
                order.append(node)
                continue
            stack.append((node, True))
            for operand in reversed(node.operands):
                if id(operand) not in done:
                    stack.append((operand, False))
    return order
