"""What loops, searches and exceptions of programs go through."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import Any

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES
from autodiff_cli.interpret.counting import SMALL as FEW
from autodiff_cli.interpret.counting import THERE, Counted, check_spread, counted
from autodiff_cli.interpret.limits import limits, out_of_memory
from autodiff_cli.interpret.stands import real
from autodiff_cli.ir.context import Unknown


class Container:
    """A value in which a program searches."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __contains__(self, value: Any) -> bool:
        return contains(self.value, value)


def container(value: Any) -> Any:
    """What stands right of `in`: the value itself where that needs no guard, as it may be left of more."""
    kind = type(value)
    if kind in THERE or kind in PROGRAM_CLASSES or (kind is range and len(value) < FEW):
        return value
    return Container(value)


def contains(container: Any, value: Any) -> bool:
    """`value in container`."""
    if type(container) is range and type(value) not in (int, bool):
        if isinstance(value, float):
            return value.is_integer() and int(value) in container
        return value in Counted(container)
    return value in counted(container)


def iterate(value: Any) -> Any:
    """What a loop walks, which counts its turns itself."""
    return value.inner if type(value) is Counted else value


def spread(value: Any) -> Any:
    """The items of `*value`."""
    check_spread(value, 0)
    return counted(value)


# What a program can't catch; `Unknown` is its own graph's, which isn't computed yet.
ENDING = (LimitError, MemoryError, KeyboardInterrupt, Unknown)


def ended() -> bool:
    """Whether an exception ends the program, on its way through a `try`; it is noted, and to be raised again.

    Raises:
        LimitError: there is no more memory.
    """
    error = sys.exc_info()[1]
    if isinstance(error, MemoryError):
        error = out_of_memory()
        limits().end(error)
        raise error from None
    if isinstance(error, LimitError):
        limits().end(error)
    return isinstance(error, ENDING)


def kinds(kind: Any) -> Any:
    """The classes behind `except`."""
    return tuple(map(real, kind)) if isinstance(kind, tuple) else real(kind)


class Managed:
    """A context manager that could swallow an exception, and mustn't swallow what ends the program."""

    __slots__ = ("enter", "leave", "shows_trace")

    def __init__(self, enter: Any, leave: Any, shows_trace: bool) -> None:
        self.enter = enter
        self.leave = leave
        self.shows_trace = shows_trace

    def __enter__(self) -> Any:
        return self.enter()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        if kind is not None and issubclass(kind, ENDING):
            ended()
            return False
        return self.leave(kind, error, trace if self.shows_trace else None)


def manager(value: Any) -> Any:
    """What `with` enters and leaves."""
    is_programs = type(value) in PROGRAM_CLASSES
    if is_programs or isinstance(value, SWALLOWING):
        enter, leave = of_class(value, "__enter__"), of_class(value, "__exit__")
        if enter is not None and leave is not None:
            # contextlib's gives the trace back to its error, and no program sees it there
            return Managed(enter, leave, not is_programs)
    return value


def of_class(value: Any, name: str) -> Any:
    """A special method of an object, found as Python finds it: by its class alone; None if there is none."""
    kind = type(value)
    for base in kind.__mro__:
        if name in base.__dict__:
            entry = base.__dict__[name]
            bind = getattr(type(entry), "__get__", None)
            return entry if bind is None else bind(entry, value, kind)
    return None


@contextmanager
def _of_generator() -> Any:
    yield


SWALLOWING: tuple[type, ...] = (suppress, type(_of_generator()))


def undefined(name: str) -> None:
    """A name with double underscores that means nothing in a program.

    Raises:
        NameError: always.
    """
    raise NameError(f"name '{name}' is not defined", name=name)


def no_super() -> None:
    """`super()` outside of a method.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("super(): no arguments")


def annotate(notes: Any, name: str) -> None:
    """`name: annotation` in a class, whose annotations are dropped but for their names."""
    if type(notes) is dict:
        notes[name] = object
