"""The machine-checked definition of a legal graph; run by the tests on every graph they build."""

from __future__ import annotations

from collections.abc import Iterable

from autodiff_cli.ir.node import CONSTANT, INPUT, NUMBER, Array, Node
from autodiff_cli.ir.walk import topological

SOURCES = (INPUT, CONSTANT, NUMBER)


def check(outputs: Iterable[Node]) -> None:
    """Raise ValueError, naming the node, if a graph breaks a rule of the representation."""
    for node in topological(outputs):
        for ok, rule in (
            (type(node.shape) is tuple, "a shape is a tuple"),
            (all(type(size) is int and size >= 0 for size in node.shape), "sizes are ints >= 0"),
            (
                bool(node.operands) or node.op in SOURCES or bool(node.params),
                "only sources lack operands",
            ),
            (node.op not in SOURCES or node.value is not None, "a source has its value"),
            (
                not node.requires_grad or node.dtype.is_floating,
                "only floating nodes need gradients",
            ),
            (
                not node.requires_grad
                or node.op is INPUT
                or any(operand.requires_grad for operand in node.operands),
                "a gradient flows to some operand",
            ),
            (
                not node.op.vjps or len(node.op.rules(node.operands)) == len(node.operands),
                "one derivative rule an operand",
            ),
        ):
            if not ok:
                raise ValueError(f"{node}: {rule}")
        if node.operands and (node.shape, node.dtype) != node.op.infer(node.operands, node.params):
            raise ValueError(f"{node}: shape and dtype are those the operation infers")
        value = node.value
        if value is not None and node.op is not NUMBER:
            array: Array = value  # type: ignore[assignment]
            if array.shape != node.shape or array.dtype != node.dtype.numpy:
                raise ValueError(f"{node}: its value is a {array.dtype} of {array.shape}")
