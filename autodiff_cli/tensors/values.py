"""Derivative rules on bare values: what most nodes of a backward pass need, without nodes.

A rule is written with operators and operations on nodes. Where it names nothing else, the same text gives
the same digits on numpy's numbers and arrays of one dtype, as long as no graph is wanted of it.
"""

from __future__ import annotations

import math
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.ir.dtypes import float32, float64
from autodiff_cli.ir.node import NUMBER, Node, Op, Rule
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.kinds import Elementwise

VALUES = (np.ndarray, np.float32, np.float64)
DTYPES = (float32, float64)


class ValueRules(NamedTuple):
    """The rules of an operation that can be run on values.

    Attributes:
        rules: one for each operand.
        call: whether they call operations, besides using operators.
    """

    rules: tuple[Rule | None, ...]
    call: bool


_known: dict[Op, ValueRules | None] = {}


def value_rules(op: Op) -> ValueRules | None:
    """The operation's rules, if all of them can be run on values."""
    try:
        return _known[op]
    except KeyError:
        found = _known[op] = _examined(op)
        return found


def _examined(op: Op) -> ValueRules | None:
    if not isinstance(op, Elementwise) or not op.plain or op.conditions or not op.vjps:
        return None
    calls = False
    seen: set[Any] = set()
    pending: list[Any] = [getattr(rule, "partial", rule) for rule in op.vjps if rule is not None]
    while pending:
        function = pending.pop()
        if function in seen:
            continue
        seen.add(function)
        if not isinstance(function, FunctionType) or function.__code__.co_freevars:
            return None
        names = function.__code__.co_names
        named = [function.__globals__.get(name) for name in names]
        for name, known in zip(names, named, strict=True):
            if known is zeros_like or (isinstance(known, Elementwise) and known.plain):
                calls = True
            elif isinstance(known, FunctionType):
                pending.append(known)
            elif known is not math and (math not in named or not hasattr(math, name)):
                return None
    return ValueRules(op.vjps, calls)


def suits(node: Node, rules: ValueRules) -> bool:
    """Whether the operation's rules can be run on what this node was made of.

    That is one dtype; and Python numbers only for operators, as operations make nodes of them.
    """
    dtype = node.dtype
    if dtype is not float32 and dtype is not float64:
        return False
    for operand in node.operands:
        if operand.op is NUMBER:
            if rules.call:
                return False
        elif operand.dtype is not dtype:
            return False
    return True
