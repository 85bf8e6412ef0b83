"""The bad rows of a table: where they are, as arrays, and why, in words made when somebody asks for them.

A table can be bad in every row. So nothing here is an object a row: a finding that many rows share is there
once, and one that repeats a field is made of the field.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array

T = TypeVar("T")  # what is wrong with a row
V = TypeVar("V")  # the same with the row's place
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


class Reasons(Sequence[T]):
    """What is wrong with some rows, made when somebody asks of a value for each.

    Args:
        values: such as what stands in a field.
        make: what is wrong with a row, of its value.
        end: how the sentence about it ends, behind the row's place.
        field: the column; "" where whole rows are bad.
    """

    def __init__(
        self,
        values: Sequence[Any],
        make: Callable[[Any], T],
        end: Callable[[Any], str],
        field: str = "",
    ) -> None:
        self.values = values
        self.make = make
        self.end = end
        self.field = field

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, at: int) -> T:  # type: ignore[override]
        return self.make(self.values[at])

    def ends(self, at: Sequence[int]) -> list[str]:
        """How the sentences of some of them end."""
        return list(map(self.end, map(self.values.__getitem__, at)))


def because(
    field: str,
    values: Sequence[Any],
    message: Callable[[Any], str],
    hint: Callable[[Any], str | None] = lambda value: None,
) -> Reasons[Reason]:
    """That fields hold such values."""
    place = end_of(field, "")
    return Reasons(
        values,
        lambda value: Reason(field, message(value), hint(value)),
        lambda value: place + message(value),
        field,
    )


def alike(field: str, message: str) -> Reasons[Reason]:
    """The same for all rows."""
    return because(field, [message], str)


def no_number(text: str) -> str:
    """That a field is no number."""
    return f"{shown(text)} is not a number" if text.strip() else "the field is empty"


class Found(Mapping[int, V], Generic[T, V]):
    """What is wrong with consecutive rows, by their offsets in ascending order.

    Attributes:
        codes: each row's, counted through all `reasons`; GOOD where nothing is wrong. There may be none where
            nothing is wrong with any.
        reasons: which rows share, or have each for itself.
    """

    def __init__(self, count: int) -> None:
        self.codes = np.full(count, GOOD, np.int64)
        self.reasons: list[Reasons[T]] = []
        self.begins: list[int] = []  # the code of the first of each
        self.next = 0  # code

    def add(self, offsets: Array, reasons: Reasons[T]) -> None:
        """Rows with which something is wrong, the same or something each; the first that is found counts."""
        if len(offsets):
            self.mark(offsets, self.noted(reasons) + np.arange(len(reasons)))

    def noted(self, reasons: Reasons[T]) -> int:
        """The code of the first of some reasons."""
        self.reasons.append(reasons)
        self.begins.append(self.next)
        self.next += len(reasons)
        return self.begins[-1]

    def mark(self, offsets: Array, codes: Array) -> None:
        """Rows that have these codes, unless they have others."""
        free = self.codes[offsets] == GOOD
        self.codes[offsets[free]] = codes[free] if len(codes) > 1 else codes

    @property
    def wrong(self) -> Array:
        """Whether something is wrong with each row."""
        found: Array = self.codes != GOOD
        return found

    @property
    def offsets(self) -> Array:
        return np.flatnonzero(self.wrong)

    def __len__(self) -> int:
        return int(np.count_nonzero(self.wrong))

    def __iter__(self) -> Iterator[int]:
        return iter(self.offsets.tolist())

    def __getitem__(self, offset: int) -> V:
        code = int(self.codes[offset]) if 0 <= offset < len(self.codes) else GOOD
        if code == GOOD:
            raise KeyError(offset)
        return self._of(offset, self.reason(code))

    def _of(self, offset: int, reason: T) -> V:
        raise NotImplementedError

    def reason(self, code: int) -> T:
        """What a code means."""
        part = bisect_right(self.begins, code) - 1
        return self.reasons[part][code - self.begins[part]]

    def distinct(self) -> set[T]:
        """What is wrong with any of the rows."""
        return set(map(self.reason, np.unique(self.codes[self.offsets]).tolist()))

    def ends(self, offsets: Array) -> tuple[list[str], Array]:
        """How the sentences about bad rows end, and which of them each row has."""
        used, codes = np.unique(self.codes[offsets], return_inverse=True)
        fences = np.searchsorted(used, [*self.begins, self.next])
        found: list[str] = []
        for reasons, begin, start, stop in zip(self.reasons, self.begins, fences, fences[1:]):
            found += reasons.ends((used[start:stop] - begin).tolist())
        return found, codes


class Bad(Found[Reason, RowError]):
    """The bad ones of consecutive rows of a file.

    Args:
        file: as people write it.
        row: the number of the first row in its file, from 1.
        count: of rows.
        lines: the number of each row's first line, where there are lines.
    """

    def __init__(
        self,
        file: str = "",
        row: int = 1,
        count: int = 0,
        lines: Sequence[int] | Array | None = None,
    ) -> None:
        super().__init__(count)
        self.file = file
        self.row = row
        self.lines = lines

    def _of(self, offset: int, reason: Reason) -> RowError:
        line = None if self.lines is None else int(self.lines[offset])
        return RowError(
            self.file, self.row + offset, reason.field, reason.message, reason.hint, line
        )

    @property
    def whole(self) -> Array:
        """The offsets of the rows that are bad as such, and not only in a field."""
        offsets = self.offsets
        parts = np.searchsorted(self.begins, self.codes[offsets], side="right") - 1
        whole = np.array([not reasons.field for reasons in self.reasons], bool)
        return np.compress(whole[parts], offsets)

    def within(self, start: int, stop: int) -> Bad:
        """The same of the rows from `start` to before `stop`, by their offsets behind `start`."""
        lines = None if self.lines is None else self.lines[start:stop]
        found = Bad(self.file, self.row + start, 0, lines)
        found.codes = self.codes[start:stop]
        found.reasons, found.begins, found.next = self.reasons, self.begins, self.next
        return found
