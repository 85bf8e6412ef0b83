"""Why rows have no answer, with one error for all rows that fail alike."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.interpret.graph import located
from autodiff_cli.ir.node import Array
from autodiff_cli.program import ProgramError
from autodiff_cli.source import Source
from autodiff_cli.tables.bad import Found, Reasons


class Faults(Found[AutodiffError, AutodiffError]):
    """The rows without an answer."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.known: dict[tuple[object, ...], int] = {}

    def _of(self, offset: int, reason: AutodiffError) -> AutodiffError:
        return reason

    @property
    def first(self) -> int:
        """The first row without an answer; the number of rows if each has one."""
        wrong = self.wrong
        return int(np.argmax(wrong)) if wrong.any() else len(wrong)

    def fail(self, offsets: Array, error: AutodiffError) -> None:
        """Rows that fail in the same way."""
        key = (type(error), error.kind, error.message, error.hint, error.span)
        if key not in self.known:
            self.known[key] = self.noted(each([light(error)], lambda same: same))
        self.mark(offsets, np.array([self.known[key]]))


def each(values: Sequence[Any], make: Callable[[Any], AutodiffError]) -> Reasons[AutodiffError]:
    """Errors that are made, when somebody asks, of a value a row."""
    return Reasons(values, make, lambda value: end_of(make(value)))


def end_of(error: AutodiffError) -> str:
    r"""What a row fails with, in a line behind its place.

    >>> end_of(AutodiffError("one thing,\nand another"))
    ': error: one thing, and another'
    """
    return " ".join([f": {error.kind}:", *error.message.split()]).removesuffix(":")


def light(error: AutodiffError) -> AutodiffError:
    """The error without the frames that it came through, which hold all that was computed there."""
    if isinstance(error, ProgramError) and isinstance(error.error, Exception):
        error = located(error.error, Source(""))
    found = copy.copy(error)  # which takes the frames along where a library has taught it to
    found.__traceback__ = found.__context__ = found.__cause__ = None
    found.where = ()
    return found
