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
        return _place(self.file, self.row, self.line) + _end(self.field, self.message)

    def fault(self) -> RowFault:
        """The error to raise."""
        return RowFault(self)


def _place(file: str, row: int, line: int | None) -> str:
    return f"{file}, row {row}" if line is None else f"{file}, row {row} (line {line})"


def _end(field: str, message: str) -> str:
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


class NotNumbers(Sequence[Reason]):
    """That fields of a column are no numbers, by what stands in them."""

    def __init__(self, field: str, texts: Sequence[str]) -> None:
        self.field = field
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, at: int) -> Reason:  # type: ignore[override]
        text = self.texts[at]
        message = f"{shown(text)} is not a number" if text.strip() else "the field is empty"
        return Reason(self.field, message)


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
        reasons: Sequence[Sequence[Reason]] = (),
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

    def texts(self) -> list[str]:
        """The same, each in one line."""
        return [
            _place(self.file, number, line) + _end(reason.field, reason.message)
            for number, line, reason in self._findings(slice(None))
        ]

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
        self.reasons: list[Sequence[Reason]] = []
        self.count = 0  # of reasons

    def add(self, offsets: Array, reasons: Reason | Sequence[Reason]) -> None:
        """What is wrong with some rows: the same, or a reason for each."""
        if not len(offsets):
            return
        if isinstance(reasons, Reason):
            self._add(offsets, np.zeros(len(offsets), np.int64), [reasons])
        else:
            self._add(offsets, np.arange(len(offsets)), reasons)

    def add_each(self, wrong: Mapping[int, Reason]) -> None:
        """What is wrong with some rows, by their offsets; a reason that many have is kept once."""
        known: dict[Reason, int] = {}
        codes = [known.setdefault(reason, len(known)) for reason in wrong.values()]
        offsets = np.fromiter(wrong, np.int64, len(wrong))
        self._add(offsets, np.array(codes, np.int64), list(known))

    def _add(self, offsets: Array, codes: Array, reasons: Sequence[Reason]) -> None:
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
