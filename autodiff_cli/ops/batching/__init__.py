"""How operations take operands with a leading axis of rows, one file a family of rules.

A rule makes the node of all rows at once: `rule(rows: Rows) -> Node | None`, of the shape
`(size, *node.shape)`; None where it doesn't know how, and the operation then runs row by row. Operations
name their rule (`batch="shape.shifted"`), so that the rules are imported when somebody batches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from autodiff_cli.ir.node import Node, Op
from autodiff_cli.ops.batching.rows import Rows

Rule: TypeAlias = Callable[[Rows], Node | None]

_rules: dict[str, Rule] = {}


def rule_of(op: Op) -> Rule | None:
    """The rule that the operation names."""
    if not op.batch:
        return None
    rule = _rules.get(op.batch)
    if rule is None:
        from importlib import import_module

        module, name = op.batch.split(".")
        rule = _rules[op.batch] = getattr(import_module(f"{__name__}.{module}"), name)
    return rule


__all__ = ["Rows", "Rule", "rule_of"]
