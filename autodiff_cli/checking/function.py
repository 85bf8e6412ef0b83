"""The graph of a number as a function of its inputs' arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from autodiff_cli.execute import whole
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.ir.node import NUMBER, Array, Node
from autodiff_cli.ir.walk import topological

# What reads one triangle of a matrix, and gives a gradient that is spread over both, as the reference does.
TRIANGLES = {"linalg_cholesky", "cholesky", "eigh_values", "eigh_vectors"}

EPSILON = np.finfo(np.float64).eps


class Function:
    """A weighted sum of a graph's result.

    Args:
        value: the result; what was computed of its graph on the way is forgotten, inputs and constants apart.
        leaves: inputs, by name, whose values are changed meanwhile.
        weights: of the result's shape.

    Attributes:
        order: the graph's nodes, operands first.
        coarseness: the unit of its least precise dtype, in those of float64.
        reads_triangles: whether its matrices are taken to be symmetric.
    """

    def __init__(self, value: Node, leaves: Mapping[str, Node], weights: Array) -> None:
        self.value = value
        self.leaves = dict(leaves)
        self.weights = weights
        self.order = topological([value])
        computed = [n for n in self.order if n.dtype.is_floating and n.op is not NUMBER]
        self.coarseness = float(max(np.finfo(n.dtype.numpy).eps for n in computed) / EPSILON)
        self.reads_triangles = any(node.op.name in TRIANGLES for node in self.order)
        for node in self.order:
            if node.operands:
                node.value = None

    def at(self, name: str, array: Array) -> tuple[float, float]:
        """The number with another value of an input, and the size of the terms that it is summed from."""
        leaf = self.leaves[name]
        held = leaf.value
        leaf.value = array
        try:
            (result,) = whole.computed([self.value], self.order)
        except ExecutionError:  # outside what the operation is defined for
            return np.nan, np.nan
        finally:
            leaf.value = held
        terms = np.asarray(result, np.float64) * self.weights
        return float(terms.sum()), float(np.abs(terms).sum()) * self.coarseness

    def all(self, nodes: Sequence[Node]) -> list[Array]:
        """The values of nodes, which may be of the graphs of its derivatives."""
        return arrays_of(nodes)


def arrays_of(nodes: Sequence[Node]) -> list[Array]:
    """The values of nodes.

    Raises:
        AutodiffError: one can't be computed.
    """
    try:
        return whole.computed(nodes, topological(nodes))
    except ExecutionError as error:
        raise error.error from None
