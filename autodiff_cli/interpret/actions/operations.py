"""Operators, attributes, subscripts and calls."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from autodiff_cli.interpret import classes, guards
from autodiff_cli.interpret.actions.table import ACTIONS, action
from autodiff_cli.interpret.frames import Frame


@action
def unary(f: Frame, sign: str) -> None:
    f.stack[-1] = UNARY[sign](f.stack[-1])


def _binary(sign: str) -> Callable[[Frame, str], None]:
    compute = guards.binary(sign)

    def run(f: Frame, _: str) -> None:
        stack = f.stack
        right = stack.pop()
        stack[-1] = compute(stack[-1], right)

    return run


@action
def in_place(f: Frame, sign: str) -> None:
    right = f.stack.pop()
    f.stack[-1] = IN_PLACE[sign](f.stack[-1], right)


@action
def compare(f: Frame, sign: str) -> None:
    right = f.stack.pop()
    f.stack[-1] = COMPARE[sign](f.stack[-1], right)


@action
def compare_keeping(f: Frame, argument: tuple[str, int]) -> int | None:
    sign, end = argument
    right = f.stack.pop()
    held = COMPARE[sign](f.stack[-1], right)
    if held:
        f.stack[-1] = right
        return None
    f.stack[-1] = held
    return end


@action
def attribute(f: Frame, name: str) -> None:
    f.stack[-1] = guards.attribute(f.stack[-1], name)


@action
def store_attribute(f: Frame, name: str) -> None:
    target = f.stack.pop()
    guards.set_attribute(target, name, f.stack.pop())


@action
def delete_attribute(f: Frame, name: str) -> None:
    guards.delete_attribute(f.stack.pop(), name)


@action
def subscript(f: Frame, _: None) -> None:
    index = f.stack.pop()
    f.stack[-1] = guards.item(f.stack[-1], index)


@action
def store_subscript(f: Frame, _: None) -> None:
    index = f.stack.pop()
    target = f.stack.pop()
    guards.set_item(target, index, f.stack.pop())


@action
def delete_item(f: Frame, _: None) -> None:
    index = f.stack.pop()
    guards.delete_item(f.stack.pop(), index)


@action
def slice_(f: Frame, _: None) -> None:
    f.stack[-3:] = [slice(*f.stack[-3:])]


@action
def call_plain(f: Frame, count: int) -> None:
    stack = f.stack
    if count == 1:
        argument = stack.pop()
        stack[-1] = classes.callable_of(stack[-1])(argument)
        return
    first = len(stack) - count
    arguments = stack[first:]
    del stack[first:]
    stack[-1] = classes.callable_of(stack[-1])(*arguments)


@action
def call(f: Frame, shape: Any) -> None:
    stack = f.stack
    first = len(stack) - len(shape.kinds)
    values = stack[first:]
    del stack[first:]
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    function = classes.callable_of(stack[-1])
    for kind, value in zip(shape.kinds, values, strict=True):
        if kind is None:
            args.append(value)
        elif kind == "*":
            args.extend(guards.spread(value))
        elif kind == "**":
            for key in value:
                if key in kwargs:
                    raise TypeError(
                        f"{classes.shown_name(stack[-1])}() got multiple values for keyword argument "
                        f"'{key}'"
                    )
                kwargs[key] = value[key]
        else:
            kwargs[kind] = value
    stack[-1] = function(*args, **kwargs)


@action
def super_(f: Frame, _: None) -> None:
    function = f.function
    if function is None or function.owner is None or not f.code.parameters:
        raise RuntimeError("super(): no arguments")
    f.stack.append(classes.Super(function.owner, f.locals[f.code.parameters[0][0]]))


UNARY: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg,
    "+": operator.pos,
    "~": operator.invert,
    "not": operator.not_,
}
IN_PLACE = {sign: guards.in_place(sign) for sign in guards.IN_PLACE}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda a, b: guards.contains(b, a),
    "not in": lambda a, b: not guards.contains(b, a),
}

for _sign, _name in guards.NAMES.items():
    ACTIONS["binary_" + _name.rstrip("_")] = _binary(_sign)
