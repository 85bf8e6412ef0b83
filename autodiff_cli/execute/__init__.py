"""Graph to arrays."""

from __future__ import annotations

import numpy as np

from autodiff_cli.execute import blas
from autodiff_cli.execute.whole import execute
from autodiff_cli.ir.node import Array, Node, Number

blas.install()


def force(node: Node) -> Array:
    """The node's value, computed now and kept: for a condition, an index, a printed value."""
    if node.value is None:
        node.value = execute([node])[0]
    return np.asarray(node.value)


def item(node: Node) -> Number:
    """The one element of a node as a Python number."""
    number: Number = force(node).item()
    return number


__all__ = ["execute", "force", "item"]
