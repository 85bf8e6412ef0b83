"""A graph as a function of its inputs: built once for leaves without values, executed for many."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.execute.whole import execute
from autodiff_cli.ir.node import Array, Node


def execute_with(
    outputs: Sequence[Node], inputs: Sequence[Node], arrays: Sequence[Array]
) -> list[Array]:
    """Compute the outputs for these values of the inputs.

    Args:
        outputs: nodes of one graph.
        inputs: its placeholders, `ir.node.placeholder`; they are without values again afterwards.
        arrays: one for each input, of its shape and dtype.

    Raises:
        ExecutionError: as `execute`.
    """
    for node, array in zip(inputs, arrays, strict=True):
        node.value = array
    try:
        return execute(outputs)
    finally:
        for node in inputs:
            node.value = None
