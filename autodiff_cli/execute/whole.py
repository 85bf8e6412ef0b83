"""The plain executor: one numpy call a node, whole arrays. It is the definition of right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import FAILURES, AutodiffError
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.ir.walk import topological


class ExecutionError(Exception):
    """An operation failed while it was computed; carries the node, whose span says where."""

    def __init__(self, node: Node, error: AutodiffError) -> None:
        super().__init__(str(error))
        self.node = node
        self.error = error


def refused(node: Node, error: Exception) -> ExecutionError:
    """What is raised where numpy refuses to compute a node."""
    return ExecutionError(node, node.op.refusal(node, error))


def execute(outputs: Sequence[Node]) -> list[Array]:
    """Compute the outputs in one pass; what none of them needs is not computed.

    Args:
        outputs: nodes of one graph; the same node may stand more than once.

    Returns:
        One array an output, of its node's shape and dtype. Not to be written to: it may be shared.

    Raises:
        ExecutionError: an operation met a value outside its domain, as with an integer division by 0.
    """
    return computed(outputs, topological(outputs, through_values=False))


def computed(outputs: Sequence[Node], order: Sequence[Node]) -> list[Array]:
    """`execute`, by way of the nodes of `order`."""
    uses: dict[int, int] = {}
    for node in order:
        if node.value is None:
            for operand in node.operands:
                uses[id(operand)] = uses.get(id(operand), 0) + 1
    for output in outputs:
        uses[id(output)] = uses.get(id(output), 0) + 1

    values: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for node in order:
            if node.value is not None:
                values[id(node)] = node.value
                continue
            arrays = [values[id(operand)] for operand in node.operands]
            for operand in node.operands:
                uses[id(operand)] -= 1
                if not uses[id(operand)]:
                    values.pop(id(operand), None)
            values[id(node)] = value_of(node, arrays)
    return [np.asarray(values[id(output)], output.dtype.numpy) for output in outputs]


def value_of(node: Node, arrays: list[Any]) -> Any:
    """One operation on its operands' arrays; a result of the node's dtype."""
    try:
        result = node.op.evaluate(node, arrays)
    except AutodiffError as error:
        raise ExecutionError(node, error) from error
    except FAILURES as error:
        raise refused(node, error) from error
    return result if result.dtype == node.dtype.numpy else result.astype(node.dtype.numpy)
