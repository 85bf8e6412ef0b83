"""Values and variables: the stack, names, imports."""

from __future__ import annotations

from typing import Any

from autodiff_cli.interpret import builtins, guards
from autodiff_cli.interpret.actions.table import action
from autodiff_cli.interpret.frames import Frame
from autodiff_cli.interpret.limits import limits
from autodiff_cli.interpret.scopes import Place


@action
def statement(f: Frame, _: None) -> None:
    limits.left -= 1
    if limits.left < 0:
        limits.checkpoint()


@action
def push(f: Frame, value: Any) -> None:
    f.stack.append(value)


@action
def drop(f: Frame, _: None) -> None:
    f.stack.pop()


@action
def echo(f: Frame, _: None) -> None:
    f.program.echo(f.stack.pop())


@action
def duplicate(f: Frame, _: None) -> None:
    f.stack.append(f.stack[-1])


@action
def duplicate_two(f: Frame, _: None) -> None:
    f.stack.extend(f.stack[-2:])


@action
def swap(f: Frame, _: None) -> None:
    f.stack[-2:] = [f.stack[-1], f.stack[-2]]


@action
def rotate(f: Frame, _: None) -> None:
    f.stack[-3:] = [f.stack[-1], f.stack[-3], f.stack[-2]]


@action
def load_local(f: Frame, name: str) -> None:
    try:
        f.stack.append(f.locals[name])
    except KeyError:
        shown = name.partition(".")[0]
        raise UnboundLocalError(
            f"cannot access local variable '{shown}' where it is not associated with a value"
        ) from None


@action
def load_free(f: Frame, place: tuple[int, str]) -> None:
    depth, name = place
    try:
        f.stack.append(f.enclosing[depth][name])
    except KeyError:
        raise NameError(
            f"cannot access free variable '{name}' where it is not associated with a value in enclosing "
            "scope"
        ) from None


@action
def load_global(f: Frame, name: str) -> None:
    variables = f.program.globals
    f.stack.append(variables[name] if name in variables else builtins.lookup(name, variables))


@action
def load_class(f: Frame, name: str) -> None:
    if name in f.locals:
        f.stack.append(f.locals[name])
        return
    for variables in f.enclosing:
        if name in variables:
            f.stack.append(variables[name])
            return
    load_global(f, name)


@action
def store_local(f: Frame, name: str) -> None:
    f.locals[name] = f.stack.pop()


@action
def store_free(f: Frame, place: tuple[int, str]) -> None:
    f.enclosing[place[0]][place[1]] = f.stack.pop()


@action
def store_global(f: Frame, name: str) -> None:
    f.program.globals[name] = f.stack.pop()


def _variables(f: Frame, place: Place) -> dict[str, Any]:
    if place.kind == "free":
        return f.enclosing[place.depth]
    return f.locals if place.kind == "local" else f.program.globals


@action
def annotate(f: Frame, name: str) -> None:
    f.locals.setdefault("__annotations__", {})[name] = object


@action
def forget(f: Frame, place: Place) -> None:
    _variables(f, place).pop(place.name, None)


@action
def delete(f: Frame, place: Place) -> None:
    variables = _variables(f, place)
    if place.name not in variables:
        if place.kind == "local":
            raise UnboundLocalError(
                f"cannot access local variable '{place.name}' where it is not associated with a value"
            )
        raise NameError(f"name '{place.name}' is not defined")
    del variables[place.name]


@action
def import_module(f: Frame, argument: tuple[str, bool]) -> None:
    f.stack.append(guards.import_module(*argument))


@action
def import_name(f: Frame, argument: tuple[str, str]) -> None:
    f.stack.append(guards.import_name(*argument))


@action
def import_all(f: Frame, module: str) -> None:
    f.program.globals.update(guards.public_names(module))
