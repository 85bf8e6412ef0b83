"""Warnings of programs, to standard error, in the reference's words."""

from __future__ import annotations

from collections.abc import Callable

# Of a conversion of a tensor that requires grad to a number: no gradient flows through it.
CUT = "a Python number has no gradient"


class Warnings:
    """Where warnings go, and which were given already.

    Attributes:
        emit: called with (message, category), such as ("The .grad …", "UserWarning").
    """

    __slots__ = ("emit", "given")

    def __init__(self) -> None:
        self.emit: Callable[[str, str], None] = _ignore
        self.given: set[str] = set()


def _ignore(message: str, category: str) -> None:
    return None


warnings = Warnings()


def warn(message: str, category: str = "UserWarning", once: bool = False) -> None:
    """Give a warning; `once` in a program's run, or at every occurrence."""
    if once:
        if message in warnings.given:
            return
        warnings.given.add(message)
    warnings.emit(message, category)
