"""Graph to arrays."""

from __future__ import annotations

from autodiff_cli.execute.whole import execute
from autodiff_cli.ir.node import Array, Node, Number


def force(node: Node) -> Array:
    """The node's value, computed now and kept: for a condition, an index, a printed value."""
    if node.value is None:
        node.value = execute([node])[0]
    return node.value  # type: ignore[return-value]


def item(node: Node) -> Number:
    """The one element of a node as a Python number."""
    value = force(node)
    return value.item() if hasattr(value, "item") else value  # type: ignore[no-any-return]


__all__ = ["execute", "force", "item"]
