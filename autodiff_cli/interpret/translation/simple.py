"""Assignments and expressions, of which the text of an expression is, as Python's statements."""

from __future__ import annotations

import _ast as py
from collections.abc import Callable
from typing import Any

from autodiff_cli.interpret.translation.expressions import note_dropped
from autodiff_cli.interpret.translation.targets import is_starred
from autodiff_cli.interpret.translation.translator import NO_TYPES, Cut, Translator
from autodiff_cli.syntax import tree


def _expression_statement(t: Translator, x: tree.ExpressionStatement) -> list[py.stmt]:
    value = t.value(x.value)
    if x is not t.last:
        note_dropped(t, x.value)
    if t.scope.kind == "module":
        value = t.guard("echo", x.span, value)
    return [t.statement(value, x.span)]


def assign(t: Translator, x: tree.Assign) -> list[py.stmt]:
    value = t.value(x.value)
    after: list[py.stmt] = []
    first = x.targets[0]
    if len(x.targets) == 1 and isinstance(first, tree.Attribute):
        name = t.constant(t.private(first.name), first.span)
        t.affects("writes to an attribute", first.span)
        stored = t.guard("store_attribute", first.span, value, t.value(first.value), name)
        return [t.statement(stored, x.span)]
    if len(x.targets) == 1 and isinstance(first, tree.Subscript):
        t.affects("writes to an item", first.span)
        place = t.value(first.value), t.value(first.index)
        return [t.statement(t.guard("store_item", first.span, value, *place), x.span)]
    if len(x.targets) == 1 and isinstance(first, tree.Sequence) and is_starred(first):
        value = t.guard("counted", x.span, value)
        targets = [t.target_of_items(first, after)]
    else:
        targets = [t.target(target, after) for target in x.targets]
    return [py.Assign(targets=targets, value=value, **t.at(x.span)), *after]


def _cut(t: Translator, x: Cut) -> list[py.stmt]:
    at = t.at(x.span)
    value = t.value(x.value)
    if not x.is_called:
        target = t.place(x.name, x.span)
        return [t.assign(target, value, x.span)]
    nothing = t.parameters(tree.Parameters(x.span, ()))
    body: list[py.stmt] = [py.Return(value=value, **at)]
    return [
        py.FunctionDef(
            name=x.name, args=nothing, body=body, decorator_list=[], returns=None, **NO_TYPES, **at
        )
    ]


SIMPLE: dict[type, Callable[[Translator, Any], list[py.stmt]]] = {
    tree.ExpressionStatement: _expression_statement,
    tree.Assign: assign,
    Cut: _cut,
}
