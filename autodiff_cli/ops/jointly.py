"""Rules of operations whose gradients by all operands are computed at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, Rule, constant

Flows = tuple[Node, ...]


def jointly(
    count: int,
    backward: Callable[..., tuple[Any, ...]],
    graph: Callable[..., Flows],
) -> tuple[Rule, ...]:
    """One rule for each of `count` operands; what the first one computes waits for the others.

    Args:
        backward: `backward(y, g, *operands, **params)`: the gradients as arrays, of arrays and the node y.
        graph: `graph(g, y, operands, **params)`: the same as a graph, which can be differentiated, batched
            and printed.
    """

    def rule_of(position: int) -> Rule:
        def rule(g: Node, y: Node, *operands: Node, **params: Any) -> Node:
            context = current()
            key = (g, context.grad, context.eager)
            known = y.__dict__.get("flows")
            if known is None or known[0] != key:
                if context.eager and not context.grad and context.recording is None:
                    values = [node.value for node in operands]
                    flows = tuple(map(constant, backward(y, g.value, *values, **params)))
                else:
                    flows = graph(g, y, operands, **params)
                known = y.__dict__["flows"] = key, flows
            flow: Node = known[1][position]
            return flow

        return rule

    return tuple(rule_of(position) for position in range(count))
