"""Graph to arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff_cli.execute import whole
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Array, Node, Number
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.kinds import LARGE

PAYS = LARGE  # elements from which on planning costs less than it gains


def execute(outputs: Sequence[Node]) -> list[Array]:
    """Compute the outputs in one pass; what none of them needs is not computed.

    Graphs of small arrays are computed node by node, those with large ones by a plan.

    Args:
        outputs: nodes of one graph; the same node may stand more than once.

    Returns:
        One array an output, of its node's shape and dtype. Not to be written to: it may be shared.

    Raises:
        ExecutionError: an operation met a value outside its domain, as with an integer division by 0.
        LimitError: more memory is needed than the context's `max_memory`.
    """
    return _computed(outputs, topological(outputs, through_values=False))


def _computed(outputs: Sequence[Node], order: Sequence[Node]) -> list[Array]:
    for node in order:
        if node.shape and node.numel >= PAYS and node.value is None and not node.op.is_view:
            from autodiff_cli.execute.planned import run

            return run(outputs, order)
    return whole.computed(outputs, order)


def force(node: Node, use: str = "") -> Array:
    """The node's value, computed now and kept: for a condition, an index, a printed value.

    What it is computed from is kept when it is met for the second time, and goes on to something new: a loop
    that ends by a value computes each of its steps twice, however long it is.

    Args:
        node: any.
        use: as of `Context.reads`.
    """
    context = current()
    context.reads(node, use)
    if node.value is None:
        order = topological([node], through_values=False)
        kept = [node] if context.deferred is None else [node, *context.deferred.met(order)]
        for one, array in zip(kept, _computed(kept, order), strict=True):
            one.value = array
    return np.asarray(node.value)


def item(node: Node) -> Number:
    """The one element of a node as a Python number."""
    number: Number = force(node, "item").item()
    return number


def truth(node: Node) -> bool:
    """Whether the one element of a node counts as true: what a branch depends on."""
    deferred = current().deferred
    if node.value is None and deferred is not None and deferred.choose is not None:
        return deferred.choose(node)
    return bool(force(node, "truth").item())


__all__ = ["execute", "force", "item", "truth"]
