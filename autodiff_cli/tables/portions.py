"""Files cut into portions of whole rows that can be read in any order, and by several processes.

surveyed   a file's columns, and how it may be cut           a look at its first rows
scans      where rows begin around each cut of a text file   `line_scan`, a range each
portions   what is read at once
read       a portion → chunks of rows, as `readers.read` gives them
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autodiff_cli.errors import InputError
from autodiff_cli.tables import plain_csv, readers
from autodiff_cli.tables.compressed import Stream
from autodiff_cli.tables.dialect import BOM
from autodiff_cli.tables.formats import TEXT
from autodiff_cli.tables.layout import Choice, ColumnLayout, Keep, naming
from autodiff_cli.tables.line_scan import Scan
from autodiff_cli.tables.pieces import pieces
from autodiff_cli.tables.rows import Chunk
from autodiff_cli.tables.sources import RowSource


class PortionedTable(NamedTuple):
    """What is asked of all files, as `readers.read` takes it."""

    columns: tuple[str, ...] | None
    wanted: tuple[str, ...]
    kept: Keep
    closed: bool
    chunk_rows: int | None
    chunk_bytes: int

    @property
    def choice(self) -> Choice:
        return Choice(naming(self.columns), self.wanted, self.kept, self.closed)


class Survey(NamedTuple):
    """A file and how it may be cut.

    Attributes:
        layout: of text.
        start: where the rows begin in text: the offset of the first one's line, of what is decompressed.
        line: that line's number, from 1.
        size: in bytes.
        rows: how many a format that stores values has; 0 if they can't be read from anywhere.
    """

    source: RowSource
    layout: ColumnLayout | None
    start: int
    line: int
    size: int
    rows: int


class Portion(NamedTuple):
    """Consecutive rows of a file.

    Attributes:
        start, stop: bytes of text, rows of other formats; up to the end if `stop` is None.
        row, line: the numbers of the first row and its line in the file, from 1.
        rows: how many, if it is known.
    """

    source: RowSource
    layout: ColumnLayout | None
    start: int
    stop: int | None
    row: int = 1
    line: int = 1
    rows: int | None = None


class Range(NamedTuple):
    """Bytes of a text file, to be scanned."""

    start: int
    stop: int
    first: bool


def check(sources: Sequence[RowSource]) -> None:
    """Raise InputError if one of the files can be read once only."""
    for source in sources:
        if not source.lasts:
            raise InputError(
                f"{source.name} can't be read by several processes at once",
                hint="write it to a file, and name that",
            )


# ---- how a file may be cut -----------------------------------------------------------------------


def surveyed(source: RowSource, table: PortionedTable) -> Survey:
    """How a file may be cut.

    Raises:
        InputError: it can't be read, or lacks a column.
    """
    name, compression = source.form
    size = os.path.getsize(source.path)
    if name not in TEXT:
        return Survey(source, None, 0, 1, size, readers.stored_by(name).rows(source))
    choice = table.choice
    first, layout = readers.looked_at(source, choice)
    start = 0 if first is None or _begins_with(source, BOM) is False else len(BOM)
    line = 1
    if first is not None and source.fields is not None and not choice.naming.names:
        end = plain_csv.first_record(first.data, source.fields, source.name)[1]
        start, line = start + end, line + first.data.count(b"\n", 0, end)
    return Survey(source, layout, start, line, 0 if compression or source.edits else size, 0)


def _begins_with(source: RowSource, mark: bytes) -> bool:
    stream = source.opened()
    try:
        return stream.read(len(mark)) == mark
    finally:
        stream.close()


def ranges(survey: Survey, size: int) -> list[Range]:
    """The ranges of a text file that have to be scanned before it is cut into portions of about `size`."""
    if survey.layout is None:
        return []
    end = survey.size + 1  # what stands behind the last byte is looked at too
    starts = range(survey.start, survey.size, size)
    return [Range(at, min(at + size, end), at == survey.start) for at in starts]


def portions(survey: Survey, scans: Sequence[Scan], size: int) -> list[Portion]:
    """The portions of a file, each of about `size` bytes.

    Args:
        scans: of its `ranges`; none if it is to be read at once.
    """
    whole = Portion(survey.source, survey.layout, survey.start, None, 1, survey.line)
    if survey.rows:
        step = max(1, survey.rows * size // survey.size)
        starts = range(0, survey.rows, step)
        stops = [*starts[1:], survey.rows]
        return [
            whole._replace(start=at, stop=stop, row=at + 1, rows=stop - at)
            for at, stop in zip(starts, stops)
        ]
    if not scans:
        return [whole]
    found: list[Portion] = []
    within, row, line = False, 1, survey.line
    for scan in scans:
        rows = scan.rows(within)
        if not rows.sound:
            return [whole]  # where a row ends can be told from the beginning only
        if rows.start is not None:
            if found:
                found[-1] = found[-1]._replace(stop=rows.start)
            found.append(
                Portion(
                    survey.source,
                    survey.layout,
                    rows.start,
                    None,
                    row,
                    line + rows.lines,
                    rows.number,
                )
            )
        row += rows.number
        line += scan.lines
        within ^= bool(scan.quotes % 2)
    return [whole] if within else found


# ---- reading ------------------------------------------------------------------------------------


def read(portion: Portion, table: PortionedTable) -> Iterator[Chunk]:
    """A portion's rows, in chunks.

    Raises:
        InputError: the file can't be read; after the rows before that.
    """
    for chunk in _text(portion, table) if portion.layout else _stored(portion, table):
        yield from chunk.parts(table.chunk_rows or readers.ROWS)


def _text(portion: Portion, table: PortionedTable) -> Iterator[Chunk]:
    source, layout = portion.source, portion.layout
    assert layout is not None
    name, compression = source.form
    stream = source.opened()
    try:
        part = Part(stream, portion.start, portion.stop, bool(compression) or source.edits)
        cut = pieces(part, table.chunk_bytes, source.fields, source.name, portion.line)
        yield from readers.parsed(cut, name, layout, row=portion.row)
    finally:
        stream.close()


class Part:
    """A part of a stream."""

    def __init__(self, stream: Stream, start: int, stop: int | None, compressed: bool) -> None:
        self.stream = stream
        self.left = None if stop is None else stop - start
        if not compressed:
            stream.seek(start)  # type: ignore[attr-defined]
        else:
            while start > 0 and (data := stream.read(start)):
                start -= len(data)

    def read(self, size: int, /) -> bytes:
        if self.left is None:
            return self.stream.read(size)
        data = self.stream.read(min(size, self.left))
        self.left -= len(data)
        return data

    def close(self) -> None:
        self.stream.close()


def _stored(portion: Portion, table: PortionedTable) -> Iterator[Chunk]:
    rows = None if portion.stop is None else (portion.start, portion.stop)
    return readers.stored(portion.source, table.choice, table.chunk_bytes, rows)


def counted(portion: Portion, table: PortionedTable) -> int:
    """How many rows a portion has.

    Raises:
        InputError: it can't be read.
    """
    if portion.rows is not None:
        return portion.rows
    return sum(chunk.count for chunk in read(portion, table))
