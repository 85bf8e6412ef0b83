"""Constant folding: what depends on numbers and small constants alone is computed before the execution.

A tensor of one number stays a number with a shape (`full`) through elementwise operations, views, casts and
such sums as are exact in any order; it is never made an array. Inputs aren't folded, nor is what follows
from more than `MAX_ELEMENTS` elements. An operation that fails is left for the execution to report. Random
numbers are constants by the time that there is a graph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ops.constants import (
    MAX_ELEMENTS,
    computed,
    computed_of_splats,
    filled,
    known,
    splat,
    sum_of_splat,
)
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Elementwise, View
from autodiff_cli.ops.movement import sum_to
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.ops.selection import maximum, minimum
from autodiff_cli.transform.rewrite import rewritten

# Which of two equal zeros these give depends on the place in the tensor.
BY_PLACE = (minimum, maximum)


def fold(outputs: Sequence[Node]) -> list[Node]:
    """The graph with the results of its constant parts in their place."""
    return rewritten(outputs, lambda node, before: folded(node))


def folded(node: Node) -> Node:
    operands = node.operands
    if not operands:
        return (
            filled((), node.params["value"], node.dtype)
            if node.op is full and not node.shape
            else node
        )
    for operand in operands:  # most nodes have one that isn't constant
        if operand.operands or (operand.params and splat(operand) is None):
            return node
    result = _as_one_number(node)
    if result is None:
        result = _as_array(node)
    if result is None:
        return node
    result.span = node.span
    return result


def _as_one_number(node: Node) -> Node | None:
    op = node.op
    value = None
    if isinstance(op, Elementwise):
        value = computed_of_splats(node)
        if value == 0 and op in BY_PLACE:
            return None
    elif isinstance(op, View):
        value = splat(node.operands[0])
    elif (op is sum_ or op is sum_to) and node.dtype.is_floating:
        x = node.operands[0]
        one = splat(x)
        if one is not None and x.dtype is node.dtype and node.numel:
            value = sum_of_splat(one, math.prod(x.shape) // node.numel, x.numel, node.dtype)
    return None if value is None else filled(node.shape, value, node.dtype)


def _as_array(node: Node) -> Node | None:
    if node.numel > MAX_ELEMENTS:
        return None
    arrays = []
    for operand in node.operands:
        array = known(operand)
        if array is None:
            return None
        arrays.append(array)
    result = computed(node, arrays)
    return None if result is None else constant(result)
