"""Signs move outwards, until an addition, a number or another sign takes them up.

`a + (-b)*c` becomes `a - b*c`, `-(2*x)` becomes `-2*x`, and of the negated terms of a sum each costs
nothing: `sum(-x)` is `0 - sum(x)` (which gives the 0.0 that a sum gives, where `-sum(x)` gives -0.0).
Rounding is symmetric, so no bit changes. A negation that something else needs as well stays where it is:
moving it would make two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from autodiff_cli.ir.node import Node, Op, number
from autodiff_cli.ops.arithmetic import add, div, mul, neg, rsub_number, sub
from autodiff_cli.ops.constants import splat
from autodiff_cli.ops.movement import sum_to
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.transform.rewrite import fitting, made, rewritten, use_counts
from autodiff_cli.transform.simplify import is_plain

Alone: TypeAlias = Callable[[int], bool]
Rule: TypeAlias = Callable[[Node, Alone], Node | None]


EXACT = 2**53  # integers up to here are floats of the same value


def signs(outputs: Sequence[Node]) -> list[Node]:
    """The graph with fewer negations."""
    uses = use_counts(outputs)

    def rule(node: Node, before: Node) -> Node:
        found = RULES.get(node.op)
        if found is None or not node.dtype.is_floating:
            return node

        def alone(position: int) -> bool:
            return uses[id(before.operands[position])] == 1

        return found(node, alone) or node

    return rewritten(outputs, rule)


def _negated(x: Node, of: Node) -> Node | None:
    """What `x` is the negative of, if that is of the size and dtype of the result `of`."""
    if x.op is not neg or x.value is not None or x.dtype is not of.dtype or x.shape != of.shape:
        return None
    return x.operands[0]


def _opposite(x: Node) -> Node | None:
    """A number with its sign changed, where `x` is one that stands in an operation on floats."""
    value = splat(x)
    if value is None or x.shape or isinstance(value, bool) or abs(value) > EXACT:
        return None
    return number(-float(value))  # a float, as -0 is 0


def _product(node: Node, alone: Alone) -> Node | None:
    """(-a)*b is -(a*b), for a number b it is a*(-b), and (-a)*(-b) is a*b; quotients likewise."""
    a, b = node.operands
    both = _negated(a, node), _negated(b, node)
    if both[0] is not None and both[1] is not None:
        return fitting(node.op, (both[0], both[1]), node)
    for position, (x, other) in enumerate(((a, b), (b, a))):
        inner = _negated(x, node)
        if inner is None:
            continue
        opposite = _opposite(other)
        factors = (inner, opposite or other)
        result = fitting(node.op, factors if position == 0 else factors[::-1], node)
        if result is None:
            continue
        if opposite is not None:
            return result
        if alone(position):
            return _take_up(made(neg, (result,), {}, node))
    return None


def _take_up(node: Node) -> Node:
    """-(-a) is a."""
    (x,) = node.operands
    return x.operands[0] if x.op is neg and x.value is None else node


def _neg(node: Node, alone: Alone) -> Node | None:
    """-(a*2) is a*(-2), if nothing else needs a*2."""
    (x,) = node.operands
    if x.op is neg and x.value is None:
        return x.operands[0]
    if x.op not in (mul, div) or x.value is not None or not alone(0):
        return None
    a, b = x.operands
    for factors in ((a, _opposite(b)), (_opposite(a), b)):
        first, second = factors
        if first is not None and second is not None:
            return fitting(x.op, (first, second), node)
    return None


def _add(node: Node, alone: Alone) -> Node | None:
    """a + (-b) is a - b."""
    a, b = node.operands
    for x, other in ((b, a), (a, b)):
        inner = _negated(x, node)
        if inner is not None and is_plain(node):
            return fitting(sub, (other, inner), node, node.params)
    return None


def _sub(node: Node, alone: Alone) -> Node | None:
    """a - (-b) is a + b."""
    a, b = node.operands
    inner = _negated(b, node)
    return (
        fitting(add, (a, inner), node, node.params)
        if inner is not None and is_plain(node)
        else None
    )


def _sum(node: Node, alone: Alone) -> Node | None:
    """A sum of two or more negatives is 0 minus the sum."""
    (x,) = node.operands
    if x.op is not neg or x.value is not None or x.dtype is not node.dtype or not alone(0):
        return None
    if not node.numel or math.prod(x.shape) < 2 * node.numel:
        return None
    summed = made(node.op, x.operands, node.params, node)
    return made(rsub_number, (summed,), {"other": 0, "alpha": 1}, node)


RULES: dict[Op, Rule] = {
    mul: _product,
    div: _product,
    neg: _neg,
    add: _add,
    sub: _sub,
    sum_: _sum,
    sum_to: _sum,
}
