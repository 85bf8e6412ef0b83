"""Broadcasts of a scalar are kept scalars: elementwise operations broadcast by themselves.

A tensor of one number becomes the number, and `expand` goes away, wherever an elementwise operation then
still has the shape and works in the dtype that it had. (Numbers and 0-dim tensors count for less in type
promotion, so that not every operation does.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autodiff_cli.ir.node import NUMBER, Node, number
from autodiff_cli.ops.constants import filled, splat
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.ops.movement import expand
from autodiff_cli.transform.rewrite import made, rewritten


def scalars(outputs: Sequence[Node]) -> list[Node]:
    """The graph with its elementwise operations on the smallest operands that will do."""
    return rewritten(outputs, lambda node, before: narrowed(node))


def narrowed(node: Node) -> Node:
    op = node.op
    if len(node.operands) < 2 or not isinstance(op, Elementwise):
        return node
    operands = node.operands
    for position, operand in enumerate(operands):
        for smaller in _smaller(operand, position < op.conditions):
            others = (*operands[:position], smaller, *operands[position + 1 :])
            if op.infer(others, node.params) == (node.shape, node.dtype) and (
                op.compute_dtype(others, node.params) is op.compute_dtype(operands, node.params)
            ):
                operands = others
                break
    return node if operands is node.operands else made(op, operands, node.params, node)


def _smaller(operand: Node, condition: bool) -> Iterator[Node]:
    """What may stand for an operand, the smallest first."""
    if operand.op is expand:
        yield operand.operands[0]
    elif operand.op is not NUMBER and not condition:
        value = splat(operand)
        if value is not None:
            yield number(value)
            if operand.shape:
                yield filled((), value, operand.dtype)
