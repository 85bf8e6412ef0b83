"""Walking the graph, without recursion: chains of 100,000 operations are ordinary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autodiff_cli.errors import LimitError
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


MAX_ENTRIES = 1_000_000  # of a result that is a list: short programs can name far longer ones


def nodes_in(value: Any) -> list[Node]:
    """The nodes in a value, which may be nested lists and tuples.

    Raises:
        LimitError: more values than a result may have.
    """
    found: list[Node] = []
    entries = 0
    pending = [value]
    while pending:
        entry = pending.pop()
        if isinstance(entry, Node):
            found.append(entry)
        elif isinstance(entry, (list, tuple)):
            entries += len(entry)
            if entries > MAX_ENTRIES:
                raise LimitError(
                    f"a result of more than {MAX_ENTRIES:,} Python values",
                    hint="make it a tensor: tensor([...])",
                )
            pending.extend(reversed(entry))
    return found
