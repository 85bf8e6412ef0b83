"""Rows of a table as columns of numbers, with what is wrong in them.

A chunk is some consecutive rows of one file. A row that can't be read is no error here: it is in the
chunk's `bad`, with its place, and whoever reads decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from autodiff_cli.ir.node import Array
from autodiff_cli.tables.bad import GOOD, NOWHERE, Bad, place_of

if TYPE_CHECKING:
    from autodiff_cli.tables.kept import Kept


class Column:
    """One column of consecutive rows.

    values: (count, *shape) where all rows have one shape; else a list of an array a row.
    bad: the offsets where there is no value, ascending; it is NaN there, an empty array in a list.
    nulls: (count,) of bool: the cells that are written as null; None for no such cell.
    """

    __slots__ = ("bad", "nulls", "values")

    def __init__(
        self, values: Array | list[Array], bad: Array = NOWHERE, nulls: Array | None = None
    ) -> None:
        self.values = values
        self.bad = bad
        self.nulls = nulls

    @property
    def count(self) -> int:
        return len(self.values)

    def take(self, offsets: Array) -> Column:
        """The column of some of the rows, in the order of `offsets`."""
        values: Array | list[Array]
        if isinstance(self.values, np.ndarray):
            values = self.values[offsets]
        else:
            values = [self.values[offset] for offset in offsets]
        bad = np.flatnonzero(np.isin(offsets, self.bad)) if len(self.bad) else NOWHERE
        return Column(values, bad, None if self.nulls is None else self.nulls[offsets])

    def part(self, start: int, stop: int) -> Column:
        """The rows from `start` to before `stop`."""
        nulls = None if self.nulls is None else self.nulls[start:stop]
        bad = self.bad[(self.bad >= start) & (self.bad < stop)] - start
        return Column(self.values[start:stop], bad, nulls)


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

    def take(self, offsets: Array) -> TextColumn:
        """The column of some of the rows, in the order of `offsets`."""
        return TextColumn([self.texts[offset] for offset in offsets.tolist()])


class Sentences(TextColumn):
    """What is wrong with consecutive rows, in parts: many may be bad, and few ways to be so.

    file: as people write it; start: the number of the first row in it.
    lines: the number of each row's line of text, 0 where it isn't known; None if it isn't for any.
    ends: how the sentences end, behind the place.
    codes: which end each row has; GOOD where nothing is wrong.
    """

    __slots__ = ("codes", "ends", "file", "lines", "start")

    def __init__(
        self, file: str, start: int, lines: Array | None, ends: list[str], codes: Array
    ) -> None:
        self.file = file
        self.start = start
        self.lines = lines
        self.ends = ends
        self.codes = codes

    @property
    def count(self) -> int:
        return len(self.codes)

    @property
    def texts(self) -> list[str | None]:  # type: ignore[override]
        """The sentences, made anew."""
        rows = range(self.start, self.start + self.count)
        lines = repeat(0) if self.lines is None else self.lines.tolist()
        return [
            None if code == GOOD else place_of(self.file, row, line) + self.ends[code]
            for row, line, code in zip(rows, lines, self.codes.tolist())
        ]

    def __reduce__(self) -> tuple[type[Sentences], tuple[object, ...]]:
        return Sentences, (self.file, self.start, self.lines, self.ends, self.codes)

    def take(self, offsets: Array) -> TextColumn:
        texts = self.texts
        return TextColumn([texts[offset] for offset in offsets.tolist()])


class JsonColumn(TextColumn):
    """A column whose texts are JSON: of lists and structs, and numbers that no dtype of ours holds."""

    __slots__ = ()

    def take(self, offsets: Array) -> JsonColumn:
        return JsonColumn([self.texts[offset] for offset in offsets.tolist()])


class Untyped(TextColumn):
    """A column of text whose kind is known only when all its rows are.

    kind: the first of KINDS that holds the cells of these rows; None is a null of any kind.
    """

    __slots__ = ("kind",)

    def __init__(self, texts: Sequence[str | None], kind: str) -> None:
        super().__init__(texts)
        self.kind = kind

    def typed(self, kind: str) -> Column | TextColumn:
        """The column as one of KINDS that holds it."""
        if kind == "text":
            return TextColumn(self.texts)
        read = float if kind == "float64" else int
        nulls = np.array([text is None for text in self.texts], bool)
        values = np.array([read(text or 0) for text in self.texts], dtype_of(kind))
        return Column(values, nulls=nulls if nulls.any() else None)


Table: TypeAlias = Mapping[str, Column | TextColumn]

# int53 are the whole numbers that float64 holds; each kind holds those before it, except float64 all of int64
KINDS = ("int53", "int64", "float64", "text")


def wider(one: str, other: str) -> str:
    """The kind that holds both, with every digit.

    >>> wider("float64", "int53"), wider("float64", "int64")
    ('float64', 'text')
    """
    if {one, other} == {"int64", "float64"}:
        return "text"
    return max(one, other, key=KINDS.index)


def dtype_of(kind: str) -> str:
    """The dtype of a kind of numbers.

    >>> dtype_of("int53")
    'int64'
    """
    return "int64" if kind == "int53" else kind


class Chunk:
    """Consecutive rows of one file.

    file: the file as people write it.
    start: the number of the first row in its file, from 1.
    columns: those that were wanted.
    bad: offset to the first error of the row over all wanted columns.
    kept: what passes from the input to the output.
    names: all columns of the file, wanted or not.
    share: which part of all that is read these rows are, about, as in (0.25, 0.5); (0, 0) if nobody knows.
    """

    __slots__ = ("bad", "columns", "count", "file", "kept", "names", "share", "start")

    def __init__(
        self,
        file: str,
        start: int,
        count: int,
        columns: dict[str, Column],
        bad: Bad,
        kept: Kept | None,
        names: tuple[str, ...],
        share: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.file = file
        self.start = start
        self.count = count
        self.columns = columns
        self.bad = bad
        self.kept = kept
        self.names = names
        self.share = share

    def parts(self, most: int) -> Iterator[Chunk]:
        """The rows as chunks of at most so many."""
        if self.count <= most:
            yield self
        else:
            for start in range(0, self.count, most):
                yield self.part(start, start + most)

    def part(self, start: int, stop: int) -> Chunk:
        """The rows from `start` to before `stop`, as a chunk of their own."""
        stop = min(stop, self.count)
        begun, ended = self.share
        each = (ended - begun) / self.count
        return Chunk(
            self.file,
            self.start + start,
            stop - start,
            {name: column.part(start, stop) for name, column in self.columns.items()},
            self.bad.within(start, stop),
            None if self.kept is None else self.kept.take(np.arange(start, stop)),
            self.names,
            (begun + start * each, begun + stop * each),
        )
