"""Files cut into portions of whole rows that can be read in any order, and by several processes.

surveyed   a file's columns, and how it may be cut           a look at its first rows
scans      where rows begin around each cut of a text file   `line_scan`, a range each
portions   what is read at once
read       a portion → chunks of rows, as `readers.read` gives them
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from autodiff_cli.errors import InputError
from autodiff_cli.tables import array_reader, plain_csv, readers, sources
from autodiff_cli.tables import layout as layouts
from autodiff_cli.tables.formats import TEXT
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.line_scan import Scan
from autodiff_cli.tables.pieces import BOM, pieces
from autodiff_cli.tables.row_groups import row_groups
from autodiff_cli.tables.rows import Chunk, RowError
from autodiff_cli.tables.sources import Stream


class Place(NamedTuple):
    """A file. name: as people write it; path: wherever one stands; format and compression: its own."""

    name: str
    path: str
    format: str
    compression: str | None

    @property
    def here(self) -> str:
        """The name, if it says the same file in this process, else the path."""
        return self.name if os.path.realpath(self.name) == self.path else self.path

    @contextmanager
    def called(self) -> Iterator[None]:
        """Errors have the name, wherever the process stands."""
        try:
            yield
        except InputError as error:
            error.message = error.message.replace(self.path, self.name)
            raise


class Table(NamedTuple):
    """What is asked of all files, as `readers.read` takes it."""

    columns: tuple[str, ...] | None
    wanted: tuple[str, ...]
    kept: bool
    chunk_rows: int | None
    chunk_bytes: int


class Survey(NamedTuple):
    """A file and how it may be cut.

    Attributes:
        layout: of text.
        start: where the rows begin in text: the offset of the first one's line, of what is decompressed.
        line: that line's number, from 1.
        size: of text in bytes; 0 if it can't be cut.
        groups: rows and bytes of what a format that stores values can be cut into; none if it can't be cut.
    """

    place: Place
    layout: Layout | None
    start: int
    line: int
    size: int
    groups: tuple[tuple[int, int], ...]


class Portion(NamedTuple):
    """Consecutive rows of a file.

    Attributes:
        start, stop: bytes of text, rows of other formats; up to the end if `stop` is None.
        row, line: the numbers of the first row and its line in the file, from 1.
        rows: how many, if it is known.
    """

    place: Place
    layout: Layout | None
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


def places(paths: Sequence[str], format: str | None) -> list[Place]:
    """The files that paths and globs name.

    Raises:
        InputError: as for `readers.read`; or standard input is among them.
    """
    found = []
    for name in sources.files(paths):
        if name == "-":
            raise InputError("standard input can't be read by several processes at once")
        kind = sources.format_of(name, format)
        found.append(Place(name, os.path.realpath(name), kind.name, kind.compression))
    return found


# ---- how a file may be cut -----------------------------------------------------------------------


def surveyed(place: Place, table: Table) -> Survey:
    """How a file may be cut.

    Raises:
        InputError: it can't be read, or lacks a column.
    """
    with place.called():
        if place.format not in TEXT:
            return Survey(place, None, 0, 1, 0, _groups(place))
        return _of_text(place, table)


def _of_text(place: Place, table: Table) -> Survey:
    naming = layouts.naming(table.columns)
    stream = sources.opened(place.here, place.compression)
    try:
        separator = readers.separator_of(place.format)
        first = next(pieces(stream, table.chunk_bytes, separator, place.name), None)
    finally:
        stream.close()
    kept = "all" if table.kept else None
    layout = readers.layout_of(first, place.format, naming, table.wanted, kept, place.name)[0]
    size = 0 if place.compression else os.path.getsize(place.path)
    start = 0 if first is None or _begins_with(place, BOM) is False else len(BOM)
    line = 1
    if first is not None and separator is not None and not naming.names:
        end = plain_csv.first_record(first.data, separator, place.name)[1]
        start, line = start + end, line + first.data.count(b"\n", 0, end)
    return Survey(place, layout, start, line, size, ())


def _begins_with(place: Place, mark: bytes) -> bool:
    stream = sources.opened(place.here, place.compression)
    try:
        return stream.read(len(mark)) == mark
    finally:
        stream.close()


def _groups(place: Place) -> tuple[tuple[int, int], ...]:
    """Rows and bytes of the pieces that rows of values are stored in."""
    if place.format == "parquet":
        return tuple(row_groups(place.here))
    if place.format == "npy":
        return array_reader.rows_and_size(place.here)
    return ()


def ranges(survey: Survey, size: int) -> list[Range]:
    """The ranges of a text file that have to be scanned before it is cut into portions of about `size`."""
    end = survey.size + 1  # what stands behind the last byte is looked at too
    starts = range(survey.start, survey.size, size)
    return [Range(at, min(at + size, end), at == survey.start) for at in starts]


def portions(survey: Survey, scans: Sequence[Scan], size: int) -> list[Portion]:
    """The portions of a file, each of about `size` bytes.

    Args:
        scans: of its `ranges`; none if it is to be read at once.
    """
    whole = Portion(survey.place, survey.layout, survey.start, None, 1, survey.line)
    if survey.groups:
        return _of_groups(whole, survey.groups, size)
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
                    survey.place,
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


def _of_groups(whole: Portion, groups: Sequence[tuple[int, int]], size: int) -> list[Portion]:
    """Rows of values: a group, or several small ones."""
    found: list[Portion] = []
    start, rows, length = 0, 0, 0
    for count, weight in groups:
        if rows and length + weight > size:
            found.append(whole._replace(start=start, stop=start + rows, row=start + 1, rows=rows))
            start, rows, length = start + rows, 0, 0
        rows, length = rows + count, length + weight
    if rows:
        found.append(whole._replace(start=start, stop=start + rows, row=start + 1, rows=rows))
    return found


# ---- reading ------------------------------------------------------------------------------------


def read(portion: Portion, table: Table) -> Iterator[Chunk]:
    """A portion's rows, in chunks.

    Raises:
        InputError: the file can't be read; after the rows before that.
    """
    with portion.place.called():
        for chunk in _text(portion, table) if portion.layout else _stored(portion, table):
            if table.chunk_rows is None or chunk.count <= table.chunk_rows:
                yield chunk
            else:
                for start in range(0, chunk.count, table.chunk_rows):
                    yield chunk.part(start, start + table.chunk_rows)


def _text(portion: Portion, table: Table) -> Iterator[Chunk]:
    place, layout = portion.place, portion.layout
    assert layout is not None
    stream = sources.opened(place.here, place.compression)
    try:
        part = Part(stream, portion.start, portion.stop, bool(place.compression))
        separator = readers.separator_of(place.format)
        parse = readers.parser(place.format, "auto")
        row = portion.row
        for piece in pieces(part, table.chunk_bytes, separator, place.name, portion.line):
            chunk = parse(piece, layout, row)
            if row == 1 and place.format == "jsonl":
                readers.some_of_each(chunk, layout)
            row += chunk.count
            if chunk.count:
                yield chunk
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


def _stored(portion: Portion, table: Table) -> Iterator[Chunk]:
    place = portion.place
    naming = layouts.naming(table.columns)
    kept = "all" if table.kept else None
    rows = None if portion.stop is None else (portion.start, portion.stop)
    for chunk in readers.stored(
        place.here, place.format, naming, table.wanted, kept, table.chunk_bytes, rows
    ):
        chunk.file = place.name
        chunk.bad = _named(chunk.bad, place.name)
        for column in chunk.columns.values():
            column.bad = _named(column.bad, place.name)
        yield chunk


def _named(bad: Mapping[int, RowError], name: str) -> dict[int, RowError]:
    return {offset: error._replace(file=name) for offset, error in bad.items()}


def counted(portion: Portion, table: Table) -> int:
    """How many rows a portion has.

    Raises:
        InputError: it can't be read.
    """
    if portion.rows is not None:
        return portion.rows
    return sum(chunk.count for chunk in read(portion, table))
