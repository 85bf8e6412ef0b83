"""`warnings`: filters of a program's warnings, and `catch_warnings`.

What warns calls `warn` of the context; a filter stands in its place and hands on what it lets through.
Source: Python's own warnings module.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from typing import Any

from autodiff_cli.ir.context import own
from autodiff_cli.vocabulary.calls.handles import GIVEN, PUBLIC

ACTIONS = ("default", "error", "ignore", "always", "all", "module", "once")
Filter = tuple[str, str, type[Warning]]


class WarningMessage:
    """A warning that was caught."""

    def __init__(self, message: Warning, category: type[Warning]) -> None:
        self.message, self.category = message, category
        self.filename, self.lineno = "program", 0

    def __repr__(self) -> str:
        return f"{{message : {self.message!r}, category : {self.category.__name__!r}}}"


class Filtered:
    """Gives the warnings that its filters let through to `show`; the first one that fits decides."""

    def __init__(self, filters: tuple[Filter, ...], show: Callable[[str, Any], Any]) -> None:
        self.filters, self.show = filters, show

    def __call__(self, message: str, category: str | type[Warning]) -> None:
        kind = _class_of(category)
        for action, pattern, wanted in self.filters:
            if issubclass(kind, wanted) and re.match(pattern, message, re.IGNORECASE):
                if action == "error":
                    raise kind(message)
                if action == "ignore":
                    return
                break
        self.show(message, kind if isinstance(self.show, Keep) else kind.__name__)


class Keep:
    """Shows warnings by keeping them in a list."""

    def __init__(self) -> None:
        self.caught: list[WarningMessage] = []

    def __call__(self, message: str, kind: Any) -> None:
        self.caught.append(WarningMessage(kind(message), kind))


def _class_of(category: str | type[Warning]) -> type[Warning]:
    return category if isinstance(category, type) else getattr(builtins, category, UserWarning)


def warn(message: Any, category: Any = None, stacklevel: int = 1, source: Any = None) -> None:
    kind = type(message) if isinstance(message, Warning) else category or UserWarning
    _filters()(str(message), kind)


def _filters() -> Filtered:
    warn = own().warn
    return warn if isinstance(warn, Filtered) else Filtered((), warn)


def _add(action: str, pattern: str, category: Any, append: bool) -> None:
    if action not in ACTIONS:
        raise ValueError(f"invalid action: {action!r}")
    known, made = _filters(), (action, pattern, category)
    filters = (*known.filters, made) if append else (made, *known.filters)
    own().warn = Filtered(filters, known.show)


def filterwarnings(
    action: str,
    message: str = "",
    category: Any = Warning,
    module: str = "",
    lineno: int = 0,
    append: bool = False,
) -> None:
    _add(action, message, category, append)


def simplefilter(
    action: str, category: Any = Warning, lineno: int = 0, append: bool = False
) -> None:
    _add(action, "", category, append)


def resetwarnings() -> None:
    own().warn = _filters().show


class catch_warnings:
    """Inside, filters may be set for a while, and warnings are caught in a list where `record` says so."""

    __module__ = "warnings"

    def __init__(
        self, *, record: bool = False, module: Any = None, action: str | None = None, **rest: Any
    ) -> None:
        self.record, self.action, self.rest = record, action, rest

    def __enter__(self) -> list[WarningMessage] | None:
        context = self.context = own()
        self.before = context.warn
        keep = Keep()
        if self.record:
            context.warn = Filtered(_filters().filters, keep)
        if self.action is not None:
            simplefilter(self.action, **self.rest)
        return keep.caught if self.record else None

    def __exit__(self, *_: Any) -> None:
        self.context.warn = self.before


GIVEN.add(catch_warnings)
PUBLIC[catch_warnings] = frozenset(("__enter__", "__exit__"))
PUBLIC[WarningMessage] = frozenset(("message", "category", "filename", "lineno"))
