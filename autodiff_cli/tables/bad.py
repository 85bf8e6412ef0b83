"""The bad rows of a table: where they are, as arrays, and why, in words made when somebody asks for them.

A table can be bad in every row. So nothing here is an object a row: a finding that many rows share is there
once, and one that repeats a field is made of the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array

LONGEST = 60  # characters of a field that a message repeats
NOWHERE: Array = np.empty(0, np.int64)
GOOD = -1  # the code of a row that nothing is wrong with


class RowError(NamedTuple):
    """Why a row, or one field of it, can't be used.

    file: as people write it, or "standard input".
    row: the data row in that file, from 1.
    field: the column; "" where the whole row is bad.
    line: the line of text in that file, from 1, where there are lines.
    """

    file: str
    row: int
    field: str
    message: str
    hint: str | None = None
    line: int | None = None

    def text(self) -> str:
        """In one line, place first.

        >>> RowError("x.csv", 7, "S", "'abc' is not a number", line=8).text()
        "x.csv, row 7 (line 8), column 'S': 'abc' is not a number"
        """
        return place_of(self.file, self.row, self.line) + end_of(self.field, self.message)

    def fault(self) -> RowFault:
        """The error to raise."""
        return RowFault(self)


def place_of(file: str, row: int, line: int | None) -> str:
    """A row as the beginning of a sentence; its line where one is known.

    >>> place_of("x.csv", 7, 8)
    'x.csv, row 7 (line 8)'
    """
    return f"{file}, row {row} (line {line})" if line else f"{file}, row {row}"


def end_of(field: str, message: str) -> str:
    """What is wrong with a row as the end of a sentence.

    >>> end_of("S", "null")
    ", column 'S': null"
    """
    return f", column '{field}': {message}" if field else f": {message}"


class RowFault(InputError):
    """One row of a table is bad, and the rows behind it are not read."""

    def __init__(self, error: RowError) -> None:
        super().__init__(error.text(), hint=error.hint)
        self.error = error

    def __reduce__(self) -> tuple[type[RowFault], tuple[RowError]]:
        return RowFault, (self.error,)


def shown(text: str) -> str:
    """A field in quotes for a message, cut if it is long, control characters spelled.

    >>> shown("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' (100 characters)"
    """
    if len(text) > LONGEST:
        return f"{repr(text[:LONGEST])[:-1]}…' ({len(text):,} characters)"
    return repr(text)


class Reason(NamedTuple):
    """What is wrong with a row, or with one field of it; `field` is "" where the whole row is bad."""

    field: str
    message: str
    hint: str | None = None


class Reasons(Sequence[Reason]):
    """Reasons of many rows."""

    def ends(self, at: Sequence[int]) -> list[str]:
        """How the sentences of some of them end: all behind the row's place."""
        return [end_of(reason.field, reason.message) for reason in map(self.__getitem__, at)]


class Listed(list[Reason], Reasons):
    """Reasons that there are few of."""


class NotNumbers(Reasons):
    """That fields of a column are no numbers, by what stands in them."""

    def __init__(self, field: str, texts: Sequence[str]) -> None:
        self.field = field
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, at: int) -> Reason:  # type: ignore[override]
        return Reason(self.field, self._message(self.texts[at]))

    @staticmethod
    def _message(text: str) -> str:
        return f"{shown(text)} is not a number" if text.strip() else "the field is empty"

    def ends(self, at: Sequence[int]) -> list[str]:
        place = end_of(self.field, "")
        return [
            f"{place}{text!r} is not a number"
            if len(text) <= LONGEST and text.strip()
            else place + self._message(text)
            for text in map(self.texts.__getitem__, at)
        ]


class Bad(Mapping[int, RowError]):
    """The bad ones of consecutive rows, by their offsets in ascending order.

    Attributes:
        file: as people write it.
        offsets: of the bad rows.
        numbers: of the same rows in their file, from 1; lines: those of the text, where there are lines.
        codes: of their reasons, which are counted through all of `reasons`.
    """

    __slots__ = ("codes", "file", "lines", "numbers", "offsets", "reasons")

    def __init__(
        self,
        file: str = "",
        offsets: Array = NOWHERE,
        numbers: Array = NOWHERE,
        lines: Array | None = None,
        codes: Array = NOWHERE,
        reasons: Sequence[Reasons] = (),
    ) -> None:
        self.file = file
        self.offsets = offsets
        self.numbers = numbers
        self.lines = lines
        self.codes = codes
        self.reasons = reasons

    def __len__(self) -> int:
        return len(self.offsets)

    def __iter__(self) -> Iterator[int]:
        return iter(self.offsets.tolist())

    def __contains__(self, offset: object) -> bool:
        return bool((self.offsets == offset).any())

    def __getitem__(self, offset: int) -> RowError:
        at = int(np.searchsorted(self.offsets, offset))
        if at == len(self.offsets) or self.offsets[at] != offset:
            raise KeyError(offset)
        return self.errors(at, at + 1)[0]

    def errors(self, start: int = 0, stop: int | None = None) -> list[RowError]:
        """What is wrong with the bad rows, or with those from one to before another of them."""
        return [
            RowError(self.file, number, reason.field, reason.message, reason.hint, line)
            for number, line, reason in self._findings(slice(start, stop))
        ]

    def ends(self) -> tuple[list[str], Array]:
        """How the sentences about the rows end, and which of them each row has."""
        used, codes = np.unique(self.codes, return_inverse=True)
        first = np.cumsum([0, *map(len, self.reasons)])
        found: list[str] = []
        for reasons, start, stop in zip(self.reasons, first, first[1:]):
            own = used[np.searchsorted(used, start) : np.searchsorted(used, stop)] - start
            found += reasons.ends(own.tolist())
        return found, codes

    def _findings(self, some: slice) -> Iterator[tuple[int, int | None, Reason]]:
        numbers = self.numbers[some].tolist()
        lines = repeat(None) if self.lines is None else self.lines[some].tolist()
        return zip(numbers, lines, self._reasons(self.codes[some]))

    def distinct(self) -> set[Reason]:
        """What is wrong with any of the rows."""
        return set(self._reasons(self.codes))

    def _reasons(self, codes: Array) -> Iterator[Reason]:
        first = np.cumsum([0, *map(len, self.reasons)])
        parts = np.searchsorted(first, codes, side="right") - 1
        for part, at in zip(parts.tolist(), (codes - first[parts]).tolist()):
            yield self.reasons[part][at]

    def take(self, offsets: Array) -> Bad:
        """The bad ones among rows that were chosen, by their new offsets."""
        if not len(self):
            return self
        at = np.searchsorted(self.offsets, offsets).clip(max=len(self) - 1)
        chosen = np.flatnonzero(self.offsets[at] == offsets)
        return self._some(chosen, at[chosen])

    def within(self, start: int, stop: int) -> Bad:
        """The bad ones of the rows from `start` to before `stop`, by their offsets behind `start`."""
        at = np.arange(*np.searchsorted(self.offsets, [start, stop]))
        return self._some(self.offsets[at] - start, at)

    def _some(self, offsets: Array, at: Array) -> Bad:
        lines = None if self.lines is None else self.lines[at]
        return Bad(self.file, offsets, self.numbers[at], lines, self.codes[at], self.reasons)


class Findings:
    """Collects what is wrong with rows; of several findings in a row the first counts.

    Args:
        file: as people write it.
        row: the number of the first row in its file, from 1.
        count: of rows.
        lines: the number of each row's first line, where there are lines.
    """

    def __init__(
        self, file: str, row: int, count: int, lines: Sequence[int] | Array | None = None
    ) -> None:
        self.file = file
        self.row = row
        self.lines = lines
        self.codes = np.full(count, GOOD, np.int64)
        self.reasons: list[Reasons] = []
        self.count = 0  # of reasons
        self.whole = np.zeros(count, bool)  # bad as such, and so in each column

    def add_whole(self, offsets: Array, reasons: Reason | Reasons) -> None:
        """What is wrong with some rows as such."""
        self.add(offsets, reasons)
        self.whole[offsets] = True

    def add(self, offsets: Array, reasons: Reason | Reasons) -> None:
        """What is wrong with some rows: the same, or a reason for each."""
        if not len(offsets):
            return
        if isinstance(reasons, Reason):
            self._add(offsets, np.zeros(len(offsets), np.int64), Listed([reasons]))
        else:
            self._add(offsets, np.arange(len(offsets)), reasons)

    def _add(self, offsets: Array, codes: Array, reasons: Reasons) -> None:
        free = self.codes[offsets] == GOOD
        self.codes[offsets[free]] = self.count + codes[free]
        self.reasons.append(reasons)
        self.count += len(reasons)

    def rows(self) -> Array:
        """Whether something is wrong with each row."""
        wrong: Array = self.codes != GOOD
        return wrong

    def bad(self) -> Bad:
        """What was found, by row."""
        offsets = np.flatnonzero(self.rows())
        lines = None if self.lines is None else np.asarray(self.lines)[offsets]
        numbers = self.row + offsets
        return Bad(self.file, offsets, numbers, lines, self.codes[offsets], self.reasons)
