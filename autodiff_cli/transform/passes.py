"""What happens to a graph between its making and its execution."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.node import Node
from autodiff_cli.transform.factors import factors
from autodiff_cli.transform.fold import folded
from autodiff_cli.transform.rewrite import rewritten
from autodiff_cli.transform.scalars import narrowed
from autodiff_cli.transform.share import share
from autodiff_cli.transform.signs import signs
from autodiff_cli.transform.simplify import simplified


def locally(outputs: Sequence[Node]) -> list[Node]:
    """`fold`, `scalars` and `simplify` in one walk: each looks at a node and its operands alone."""
    return rewritten(outputs, lambda node, before: simplified(narrowed(folded(node))))


# In this order: numbers are found before rules look for them, and what is left is shared before
# the last two count how often it is used. Each makes what nobody needs unreachable: dead code falls away.
PASSES = (locally, share, signs, factors)


def prepared(outputs: Sequence[Node]) -> list[Node]:
    """Outputs of the same values, bit for bit, that cost less to compute.

    The values and all gradients go together, so that they share what they have in common. The result is for
    execution: it has no `grad_fn`s to show.

    Args:
        outputs: nodes of one graph; those that have a value are kept as they are.

    Returns:
        One node an output, of its shape and dtype.
    """
    nodes = list(outputs)
    for run in PASSES:
        nodes = run(nodes)
    return nodes
