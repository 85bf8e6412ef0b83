"""Displays of lists, tuples, sets and dicts; comprehensions; unpacking; f-strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.interpret import guards
from autodiff_cli.interpret.actions.table import NULL, action
from autodiff_cli.interpret.counting import counted
from autodiff_cli.interpret.frames import Frame
from autodiff_cli.vocabulary.parameters import type_name


@action
def tuple_(f: Frame, count: int) -> None:
    first = len(f.stack) - count
    f.stack[first:] = [tuple(f.stack[first:])]


@action
def list_(f: Frame, count: int) -> None:
    first = len(f.stack) - count
    f.stack[first:] = [f.stack[first:]]


def _gathered(f: Frame, kinds: tuple[bool, ...]) -> list[Any]:
    first = len(f.stack) - len(kinds)
    items: list[Any] = []
    for spread, value in zip(kinds, f.stack[first:], strict=True):
        if spread:
            items.extend(guards.spread(value))
        else:
            items.append(value)
    del f.stack[first:]
    return items


@action
def tuple_spread(f: Frame, kinds: tuple[bool, ...]) -> None:
    f.stack.append(tuple(_gathered(f, kinds)))


@action
def list_spread(f: Frame, kinds: tuple[bool, ...]) -> None:
    f.stack.append(_gathered(f, kinds))


@action
def set_spread(f: Frame, kinds: tuple[bool, ...]) -> None:
    f.stack.append(set(_gathered(f, kinds)))


@action
def dict_(f: Frame, kinds: tuple[bool, ...]) -> None:
    count = sum(1 if spread else 2 for spread in kinds)
    first = len(f.stack) - count
    values = iter(f.stack[first:])
    result: dict[Any, Any] = {}
    for spread in kinds:
        if spread:
            result.update(next(values))
        else:
            key = next(values)
            result[key] = next(values)
    del f.stack[first:]
    f.stack.append(result)


@action
def new_list(f: Frame, _: None) -> None:
    f.stack.append([])


@action
def new_set(f: Frame, _: None) -> None:
    f.stack.append(set())


@action
def new_dict(f: Frame, _: None) -> None:
    f.stack.append({})


@action
def append_to(f: Frame, clauses: int) -> None:
    value = f.stack.pop()
    f.stack[-clauses - 1].append(value)


@action
def add_to(f: Frame, clauses: int) -> None:
    value = f.stack.pop()
    f.stack[-clauses - 1].add(value)


@action
def put_in(f: Frame, clauses: int) -> None:
    value = f.stack.pop()
    key = f.stack.pop()
    f.stack[-clauses - 1][key] = value


@action
def unpack(f: Frame, shape: tuple[int, int]) -> None:
    count, star = shape
    value = f.stack.pop()
    try:
        items = iter(value)
    except TypeError:
        raise TypeError(f"cannot unpack non-iterable {type_name(value)} object") from None
    if star < 0:
        taken: list[Any] = []
        for _ in range(count):
            item = next(items, NULL)
            if item is NULL:
                raise ValueError(
                    f"not enough values to unpack (expected {count}, got {len(taken)})"
                )
            taken.append(item)
        if next(items, NULL) is not NULL:
            raise ValueError(f"too many values to unpack (expected {count})")
    else:
        everything = list(counted(items))
        after = count - star - 1
        if len(everything) < count - 1:
            raise ValueError(
                f"not enough values to unpack (expected at least {count - 1}, got {len(everything)})"
            )
        end = len(everything) - after
        taken = [*everything[:star], everything[star:end], *everything[end:]]
    f.stack.extend(reversed(taken))


@action
def format_(f: Frame, conversion: str) -> None:
    spec = f.stack.pop()
    value = f.stack[-1]
    if conversion:
        value = CONVERSIONS[conversion](value)
    f.stack[-1] = guards.formatted(value, spec)


@action
def join(f: Frame, count: int) -> None:
    first = len(f.stack) - count
    f.stack[first:] = ["".join(f.stack[first:])]


CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}
