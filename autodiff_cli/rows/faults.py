"""Why rows have no answer, with one error for all rows that fail alike."""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.interpret.graph import located
from autodiff_cli.ir.node import Array
from autodiff_cli.program import ProgramError
from autodiff_cli.source import Source
from autodiff_cli.tables.bad import GOOD


class Errors(Sequence[AutodiffError]):
    """Errors of many rows."""

    def texts(self) -> list[str]:
        """What the rows fail with, each in one line."""
        return list(map(in_one_line, self))


class Listed(list[AutodiffError], Errors):
    """Errors that there are few of."""


class Faults(Mapping[int, AutodiffError]):
    """The rows without an answer among `count`, by their offsets in ascending order."""

    def __init__(self, count: int) -> None:
        self.codes = np.full(count, GOOD, np.int64)  # of each row's error, counted through `errors`
        self.errors: list[Errors] = []
        self.begins: list[int] = []  # the code of the first of each
        self.count = 0  # of errors
        self.known: dict[tuple[object, ...], int] = {}

    def __len__(self) -> int:
        return int(np.count_nonzero(self.codes != GOOD))

    def __iter__(self) -> Iterator[int]:
        return iter(self.offsets.tolist())

    def __getitem__(self, offset: int) -> AutodiffError:
        code = int(self.codes[offset]) if 0 <= offset < len(self.codes) else GOOD
        if code == GOOD:
            raise KeyError(offset)
        return self.error(code)

    def error(self, code: int) -> AutodiffError:
        part = bisect_right(self.begins, code) - 1
        return self.errors[part][code - self.begins[part]]

    @property
    def offsets(self) -> Array:
        return np.flatnonzero(self.codes != GOOD)

    @property
    def first(self) -> int:
        """The first row without an answer; the number of rows if each has one."""
        wrong = self.codes != GOOD
        return int(np.argmax(wrong)) if wrong.any() else len(wrong)

    def add(self, offsets: Array | int, errors: AutodiffError | Errors) -> None:
        """Rows that fail, in the same way or each in its own; one that has failed keeps its error."""
        chosen = np.atleast_1d(offsets)
        if isinstance(errors, AutodiffError):
            key = (type(errors), errors.kind, errors.message, errors.hint, errors.span)
            if key not in self.known:
                self.known[key] = self._next(Listed([light(errors)]))
            codes = np.full(len(chosen), self.known[key])
        else:
            codes = self._next(errors) + np.arange(len(chosen))
        free = self.codes[chosen] == GOOD
        self.codes[chosen[free]] = codes[free]

    def texts(self) -> list[str]:
        """What rows fail with, each in one line, by code."""
        return [text for errors in self.errors for text in errors.texts()]

    def _next(self, errors: Errors) -> int:
        """The code of the first of some more errors."""
        self.errors.append(errors)
        self.begins.append(self.count)
        self.count += len(errors)
        return self.begins[-1]


def in_one_line(error: AutodiffError) -> str:
    r"""What a row fails with.

    >>> in_one_line(AutodiffError("one thing,\nand another"))
    'error: one thing, and another'
    """
    return " ".join([f"{error.kind}:", *error.message.split()]).removesuffix(":")


def light(error: AutodiffError) -> AutodiffError:
    """The error without the frames that it came through, which hold all that was computed there."""
    if isinstance(error, ProgramError) and isinstance(error.error, Exception):
        error = located(error.error, Source(""))
    found = copy.copy(error)  # which takes the frames along where a library has taught it to
    found.__traceback__ = found.__context__ = found.__cause__ = None
    found.where = ()
    return found
