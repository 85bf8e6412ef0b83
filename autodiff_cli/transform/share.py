"""Common subexpressions: of several nodes that compute the same, one is kept.

The same means: the same operation, the same operands (after sharing), equal parameters. 1, 1.0 and True
are different parameters, and so are 0.0 and -0.0. Tensors that are given, random ones among them, are the
same only if they are the same node; numbers and 0-dim constants are if their bits are.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import CONSTANT, INPUT, NUMBER, Node, Op
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.arithmetic import add, mul
from autodiff_cli.ops.selection import eq, logical_and, logical_or, ne
from autodiff_cli.transform.rewrite import made

# a*b is b*a bit for bit. (Not maximum: of 0.0 and -0.0 it takes one.)
COMMUTATIVE = (mul, eq, ne, logical_and, logical_or)


def share(outputs: Sequence[Node]) -> list[Node]:
    """The graph with each result computed once."""
    new: dict[int, Node] = {}
    seen: dict[Hashable, Node] = {}
    for node in topological(outputs, through_values=False):
        operands = tuple([new[id(operand)] for operand in node.operands if id(operand) in new])
        if node.value is not None or node.op is INPUT:
            operands = ()
            key = _of_value(node)
        else:
            ids = [id(operand) for operand in operands]
            if node.op in COMMUTATIVE or (node.op is add and node.params["alpha"] == 1):
                ids.sort()
            key = (node.op, tuple(ids), frozen(node.params), node.dtype)
        kept = seen.get(key)
        if kept is None:
            kept = node
            if node.value is None and any(a is not b for a, b in zip(operands, node.operands)):
                kept = made(node.op, operands, node.params, node)
            seen[key] = kept
        new[id(node)] = kept
    return [new[id(output)] for output in outputs]


def _of_value(node: Node) -> Hashable:
    """What tells a node with a value from another."""
    if node.op is NUMBER:
        return (NUMBER, frozen(node.value), node.dtype)
    if node.op is CONSTANT and not node.shape:
        return (CONSTANT, node.value.tobytes(), node.dtype)  # type: ignore[union-attr]
    return id(node)


def frozen(value: Any) -> Hashable:
    """A parameter as something that is equal only to what means the same.

    >>> frozen(0.0) == frozen(-0.0), frozen(1) == frozen(True), frozen((1, 2)) == frozen((1, 2))
    (False, False, True)
    """
    kind = type(value)
    if kind is int or kind is bool:
        return (kind, value)
    if kind is float:
        return (kind, value.hex())
    if value is None or kind is str or kind is DType or isinstance(value, Op):
        return (value,)
    if kind is tuple or kind is list:
        return (kind, *[frozen(entry) for entry in value])
    if kind is dict:
        return tuple([(name, frozen(entry)) for name, entry in value.items()])
    if kind is slice:
        return (slice, frozen(value.start), frozen(value.stop), frozen(value.step))
    return (kind, id(value))  # an array, say: itself
