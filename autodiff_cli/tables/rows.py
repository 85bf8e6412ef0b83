"""Rows of a table as columns of numbers, with what is wrong in them.

A chunk is some consecutive rows of one file. A row that can't be read is no error here: it is in the
chunk's `bad`, with its place, and whoever reads decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape

if TYPE_CHECKING:
    from autodiff_cli.tables.kept import Kept

LONGEST = 60  # characters of a field that a message repeats


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
        line = "" if self.line is None else f" (line {self.line})"
        column = f", column '{self.field}'" if self.field else ""
        return f"{self.file}, row {self.row}{line}{column}: {self.message}"

    def fault(self) -> RowFault:
        """The error to raise."""
        return RowFault(self)


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


Bad: TypeAlias = Mapping[int, RowError]


class Column:
    """One column of consecutive rows.

    values: (count, *shape) where all rows have one shape; else a list of an array a row.
    bad: offset in the column to what is wrong there; the value there is NaN, an empty array in a list.
    nulls: (count,) of bool: the cells that are written as null; None for no such cell.
    """

    __slots__ = ("bad", "nulls", "values")

    def __init__(
        self, values: Array | list[Array], bad: Bad | None = None, nulls: Array | None = None
    ) -> None:
        self.values = values
        self.bad: Bad = {} if bad is None else bad
        self.nulls = nulls

    @property
    def count(self) -> int:
        return len(self.values)

    def shapes(self) -> dict[Shape, Array]:
        """The offsets of the good rows by their shape."""
        if isinstance(self.values, np.ndarray):
            offsets = np.arange(self.count)
            if self.bad:
                offsets = np.delete(offsets, list(self.bad))
            return {self.values.shape[1:]: offsets}
        groups: dict[Shape, list[int]] = {}
        for offset, value in enumerate(self.values):
            if offset not in self.bad:
                groups.setdefault(value.shape, []).append(offset)
        return {shape: np.array(found) for shape, found in groups.items()}

    def take(self, offsets: Array) -> Column:
        """The column of some of the rows, in the order of `offsets`."""
        values: Array | list[Array]
        if isinstance(self.values, np.ndarray):
            values = self.values[offsets]
        else:
            values = [self.values[offset] for offset in offsets]
        bad = taken(self.bad, offsets) if self.bad else None
        return Column(values, bad, None if self.nulls is None else self.nulls[offsets])

    def part(self, start: int, stop: int) -> Column:
        """The rows from `start` to before `stop`."""
        nulls = None if self.nulls is None else self.nulls[start:stop]
        return Column(self.values[start:stop], within(self.bad, start, stop), nulls)


class TextColumn:
    """A column of text, such as the errors of bad rows; None is written as null."""

    __slots__ = ("texts",)

    def __init__(self, texts: Sequence[str | None]) -> None:
        self.texts = texts

    @classmethod
    def nulls(cls, count: int) -> TextColumn:
        """A column without text."""
        return TextColumn([None] * count)

    @property
    def count(self) -> int:
        return len(self.texts)


class Untyped(TextColumn):
    """A column of text whose kind is known only when all its rows are.

    kind: the first of KINDS that holds the cells of these rows; None is a null of any kind.
    """

    __slots__ = ("kind",)

    def __init__(self, texts: Sequence[str | None], kind: str) -> None:
        super().__init__(texts)
        self.kind = kind


KINDS = ("int64", "float64", "text")  # each holds those before it


def wider(one: str, other: str) -> str:
    """The kind that holds both.

    >>> wider("float64", "int64")
    'float64'
    """
    return max(one, other, key=KINDS.index)


def taken(bad: Bad, offsets: Array) -> dict[int, RowError]:
    """The bad rows among those that were chosen, by their new offsets."""
    return {new: bad[old] for new, old in enumerate(offsets.tolist()) if old in bad}


def within(bad: Bad, start: int, stop: int) -> dict[int, RowError]:
    """The bad rows of a part of a chunk, by their offsets in the part."""
    return {offset - start: error for offset, error in bad.items() if start <= offset < stop}


def in_order(bad: Bad) -> dict[int, RowError]:
    """The bad rows, the first one first."""
    return {offset: bad[offset] for offset in sorted(bad)}


class Chunk:
    """Consecutive rows of one file.

    file: the file as people write it.
    start: the number of the first row in its file, from 1.
    columns: those that were wanted.
    bad: offset to the first error of the row over all wanted columns.
    kept: what passes from the input to the output.
    names: all columns of the file, wanted or not.
    """

    __slots__ = ("bad", "columns", "count", "file", "kept", "names", "start")

    def __init__(
        self,
        file: str,
        start: int,
        count: int,
        columns: dict[str, Column],
        bad: Bad,
        kept: Kept | None,
        names: tuple[str, ...],
    ) -> None:
        self.file = file
        self.start = start
        self.count = count
        self.columns = columns
        self.bad = bad
        self.kept = kept
        self.names = names

    def part(self, start: int, stop: int) -> Chunk:
        """The rows from `start` to before `stop`, as a chunk of their own."""
        stop = min(stop, self.count)
        return Chunk(
            self.file,
            self.start + start,
            stop - start,
            {name: column.part(start, stop) for name, column in self.columns.items()},
            within(self.bad, start, stop),
            None if self.kept is None else self.kept.take(np.arange(start, stop)),
            self.names,
        )
