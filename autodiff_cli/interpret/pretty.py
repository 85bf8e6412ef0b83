"""What a notebook shows of a cell's value: IPython's printed form.

Containers that don't fit a line have an item a line, classes and functions their full names. What a line
breaks at is decided from the outside in: a container is broken if its text doesn't fit, those within it
only if theirs still doesn't.

Source: IPython/lib/pretty.py (Oppen, "Prettyprinting", 1980).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from types import FunctionType, MethodType
from typing import Any

from autodiff_cli.interpret.allowed import PROGRAM_CLASSES
from autodiff_cli.interpret.stands import Stand, real
from autodiff_cli.vocabulary.python.ordered import OrderedDict

WIDTH = 79
MOST_ITEMS = 1000  # of a container; IPython's max_seq_length
BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("frozenset({", "})"),
}  # fmt: skip
CALLS: dict[type, Callable[[Any], tuple[Any, ...]]] = {  # written as what makes them
    OrderedDict: lambda value: (list(value.items()),) if value else (),
    Counter: lambda value: (dict(value.most_common()),) if value else (),
    defaultdict: lambda value: (value.default_factory, dict(value)),
}
ANY_OBJECT = re.compile(r"<([\w.]+) object at (0x[0-9a-f]+)>")
CLASS_TEXTS = (type.__repr__, Stand.__repr__)


def pretty(value: Any) -> str:
    """What IPython shows of a value.

    >>> print(pretty({"a": list(range(12)), "b": "x" * 50}))
    {'a': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
     'b': 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'}
    >>> pretty(int), pretty((1,)), pretty({3, 1, 2})
    ('int', '(1,)', '{1, 2, 3}')
    """
    layout = _Layout()
    _Printer(layout).show(value)
    return layout.finished()


class _Group:
    """A container's text on its way: where it may be broken, and whether it is."""

    __slots__ = ("breaks", "depth", "is_broken")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.breaks = 0  # that wait in the buffer
        self.is_broken = False


class _Layout:
    """Text whose groups are broken, the outermost first, as soon as a line gets too long."""

    def __init__(self) -> None:
        self.output: list[str] = []
        self.column = 0
        self.buffer: deque[str | tuple[_Group, int]] = (
            deque()
        )  # texts, and breaks with their indent
        self.waiting = 0  # characters in the buffer
        self.groups = [_Group(0)]
        self.unbroken: list[list[_Group]] = []  # by depth
        self.indent = 0

    def text(self, text: str) -> None:
        if self.buffer:
            self.buffer.append(text)
            self.waiting += len(text)
            self._fit()
        else:
            self.output.append(text)
            self.column += len(text)

    def line(self) -> None:
        """A line's end that is there in any case; it breaks what it stands in."""
        self._break_outermost()
        self._end_line()

    def may_break(self) -> None:
        """A blank, or a line's end if the group is broken."""
        group = self.groups[-1]
        if group.is_broken:
            self._end_line()
            return
        group.breaks += 1
        self.buffer.append((group, self.indent))
        self.waiting += 1
        self._fit()

    def begin(self, text: str) -> None:
        self.text(text)
        group = _Group(self.groups[-1].depth + 1)
        self.groups.append(group)
        while len(self.unbroken) <= group.depth:
            self.unbroken.append([])
        self.unbroken[group.depth].append(group)
        self.indent += len(text)

    def end(self, text: str, indent: int) -> None:
        self.indent -= indent
        group = self.groups.pop()
        if not group.breaks:
            self._forget(group)
        self.text(text)

    def finished(self) -> str:
        while self.buffer:
            self._out()
        return "".join(self.output)

    def _end_line(self) -> None:
        while self.buffer:
            self._out()
        self._new_line(self.indent)

    def _new_line(self, indent: int) -> None:
        self.output.append("\n" + " " * indent)
        self.column = indent

    def _fit(self) -> None:
        while self.column + self.waiting > WIDTH and self._break_outermost():
            pass

    def _break_outermost(self) -> bool:
        """Break the outermost group that has something to break at; and all around it, from now on."""
        for groups in self.unbroken:
            for group in reversed(groups):
                if group.breaks:
                    group.is_broken = True
                    groups.remove(group)
                    while group.breaks or (self.buffer and isinstance(self.buffer[0], str)):
                        self._out()
                    return True
            for group in groups:
                group.is_broken = True
            groups.clear()
        return False

    def _forget(self, group: _Group) -> None:
        if group in self.unbroken[group.depth]:
            self.unbroken[group.depth].remove(group)

    def _out(self) -> None:
        """Write the first thing of the buffer."""
        first = self.buffer.popleft()
        if isinstance(first, str):
            self.waiting -= len(first)
            self.output.append(first)
            self.column += len(first)
            return
        group, indent = first
        self.waiting -= 1
        group.breaks -= 1
        if group.is_broken:
            self._new_line(indent)
        else:
            self.output.append(" ")
            self.column += 1
            if not group.breaks:
                self._forget(group)


class _Printer:
    """What is written of each kind of value."""

    def __init__(self, layout: _Layout) -> None:
        self.layout = layout
        self.around: set[int] = set()  # containers that are being written

    def show(self, value: Any) -> None:
        kind: Any = type(value)
        if kind in BRACKETS and value:
            opening, closing = BRACKETS[kind]
            ending = "," if kind is tuple and len(value) == 1 else ""
            items = _ordered(value) if kind in (set, frozenset) else value
            self._items(value, items, opening, ending + closing, self.show)
        elif kind is dict:
            self._items(value, value.items(), "{", "}", self._entry)
        elif kind in CALLS:
            self._items(value, CALLS[kind](value), f"{kind.__qualname__}(", ")", self.show)
        elif isinstance(value, type) and type(value).__repr__ in CLASS_TEXTS:
            self.layout.text(full_name(real(value)))
        elif kind is FunctionType or kind is MethodType:
            self.layout.text(_function(value))
        elif kind.__repr__ is object.__repr__:
            self.layout.text(f"<{full_name(kind)} at {id(value):#x}>")
        else:
            first, *rest = _text(value).splitlines() or [""]
            self.layout.begin("")
            self.layout.text(first)
            for line in rest:
                self.layout.line()
                self.layout.text(line)
            self.layout.end("", 0)

    def _entry(self, entry: tuple[Any, Any]) -> None:
        key, value = entry
        self.show(key)
        self.layout.text(": ")
        self.show(value)

    def _items(
        self,
        value: Any,
        items: Iterable[Any],
        opening: str,
        closing: str,
        show: Callable[[Any], None],
    ) -> None:
        if id(value) in self.around:
            self.layout.text(f"{opening}...{closing}")
            return
        self.around.add(id(value))
        layout = self.layout
        layout.begin(opening)
        for place, item in enumerate(items):
            if place:
                layout.text(",")
                layout.may_break()
            if place == MOST_ITEMS:
                layout.text("...")
                break
            show(item)
        layout.end(closing, len(opening))
        self.around.discard(id(value))


def _text(value: Any) -> str:
    """The value's own text. Where it is Python's for any object, IPython leaves out a word."""
    text = repr(value)
    if type(value) not in PROGRAM_CLASSES and (match := ANY_OBJECT.fullmatch(text)):
        return f"<{match[1]} at {match[2]}>"
    return text


def full_name(kind: type) -> str:
    """A class's name behind its module's, but for Python's own.

    >>> full_name(int), full_name(OrderedDict)
    ('int', 'collections.OrderedDict')
    """
    module = kind.__module__
    name = kind.__qualname__
    return name if module in ("builtins", "exceptions", None) else f"{module}.{name}"


def _function(function: Any) -> str:
    """A function of the program, with its parameters."""
    from inspect import signature

    name = f"{function.__module__}.{function.__qualname__}"
    return f"<function {name}{signature(function)}>"


def _ordered(items: Any) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        return list(items)
