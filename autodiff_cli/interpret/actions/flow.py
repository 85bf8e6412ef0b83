"""Jumps, loops, functions, classes and generators."""

from __future__ import annotations

from typing import Any

from autodiff_cli.interpret import classes, guards
from autodiff_cli.interpret.actions.table import FINISHED, NULL, YIELDED, action
from autodiff_cli.interpret.compiler import Code
from autodiff_cli.interpret.frames import CLASS_BODY, Frame, UserFunction, UserGenerator
from autodiff_cli.interpret.limits import limits
from autodiff_cli.interpret.modules import ABSTRACT_META
from autodiff_cli.interpret.stands import STANDS


@action
def finish(f: Frame, _: None) -> int:
    return FINISHED


@action
def yield_value(f: Frame, _: None) -> int:
    return YIELDED


@action
def jump(f: Frame, to: int) -> int:
    return to


@action
def jump_if_false(f: Frame, to: int) -> int | None:
    return None if f.stack.pop() else to


@action
def jump_if_true(f: Frame, to: int) -> int | None:
    return to if f.stack.pop() else None


@action
def jump_if_true_or_pop(f: Frame, to: int) -> int | None:
    if f.stack[-1]:
        return to
    f.stack.pop()
    return None


@action
def jump_if_false_or_pop(f: Frame, to: int) -> int | None:
    if not f.stack[-1]:
        return to
    f.stack.pop()
    return None


@action
def iterate(f: Frame, _: None) -> None:
    f.stack[-1] = guards.iterate(f.stack[-1])


@action
def next_(f: Frame, end: int) -> int | None:
    limits.left -= 1
    if limits.left < 0:
        limits.checkpoint()
    value = next(f.stack[-1], NULL)
    if value is NULL:
        f.stack.pop()
        return end
    f.stack.append(value)
    return None


@action
def delegate(f: Frame, end: int) -> int | None:
    """The next value of another generator; its result when it has none left."""
    try:
        f.stack.append(next(f.stack[-1]))
    except StopIteration as stop:
        f.stack[-1] = stop.value
        return end
    return None


@action
def function(f: Frame, argument: tuple[Code, tuple[str, ...]]) -> None:
    code, names = argument
    first = len(f.stack) - len(names)
    defaults = dict(zip(names, f.stack[first:], strict=True))
    del f.stack[first:]
    f.stack.append(UserFunction(code, f.program, _enclosing(f), defaults))


def _enclosing(f: Frame) -> tuple[dict[str, Any], ...]:
    """The variables that functions made here can see, from the innermost."""
    if f.code.name == "<module>" or f.locals is f.program.globals:
        return ()
    if f.function is CLASS_BODY:
        return f.enclosing
    return (f.locals, *f.enclosing)


@action
def abstract_base(f: Frame, _: None) -> None:
    """`metaclass=ABCMeta`: of metaclasses only that of abstract classes exists, which is ABC's."""
    if f.stack[-1] is not ABSTRACT_META and f.stack[-1] is not STANDS.get(type):
        raise TypeError("a program's classes have no metaclass but ABCMeta")
    f.stack[-1] = classes.ABC if f.stack[-1] is ABSTRACT_META else object


@action
def make_class(f: Frame, argument: tuple[Code, int]) -> None:
    code, count = argument
    first = len(f.stack) - count
    bases = tuple(f.stack[first:])
    del f.stack[first:]
    body = Frame(code, f.program, {}, _enclosing(f), CLASS_BODY)
    body.run()
    f.stack.append(guards.make_class(code, bases, body.locals, UserFunction))


@action
def generator(f: Frame, code: Code) -> None:
    items = f.stack.pop()
    frame = Frame(code, f.program, {".0": items}, _enclosing(f), f.function)
    if f.function is CLASS_BODY:
        frame.function = None
    f.stack.append(UserGenerator(frame))
