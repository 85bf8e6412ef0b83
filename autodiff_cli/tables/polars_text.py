"""Pieces of text by polars: a chunk at once where every row is as it should be, else the plain reader's.

polars reads leniently what this package doesn't (short rows, quotes in odd places, blank lines); such pieces
are the plain reader's too, so that both give the same rows. Where rows of CSV without quotes are too short or
too long, or fields are no numbers, polars reads them once more, and only those rows and fields are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import orjson
import polars

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import plain_csv, plain_json
from autodiff_cli.tables.bad import Bad, Findings, NotNumbers
from autodiff_cli.tables.kept import KeptTexts
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.pieces import QUOTE, RETURN, Piece, count
from autodiff_cli.tables.rows import Chunk, Column

REFUSALS = (polars.exceptions.PolarsError, polars.exceptions.PanicException)


def csv_chunk(piece: Piece, layout: Layout, row: int) -> Chunk:
    """The rows of a piece of CSV, the first of which has the number `row`."""
    if piece.quotes == "odd" or not layout.wanted or _lone_returns(piece.data):
        return plain_csv.chunk(piece, layout, row)
    frame = _csv_frame(piece, layout)
    data, bad = piece.data, Bad()
    if frame is not None:
        columns = {name: Column(frame[name].to_numpy()) for name in layout.wanted}
    elif piece.quotes == "none":
        lines = _lines(piece, layout)
        found = _with_bad_rows(lines, layout, row)
        if found is None:
            return plain_csv.chunk(piece, layout, row)
        data, (columns, bad) = lines.data, found
    else:
        return plain_csv.chunk(piece, layout, row)
    length = next(iter(columns.values())).count
    kept = None
    if layout.kept:
        texts = _csv(data, layout, dict.fromkeys(layout.names, polars.String()), layout.kept)
        if texts is None or len(texts) != length:
            return plain_csv.chunk(piece, layout, row)
        kept = KeptFrame(texts)
    return Chunk(layout.file, row, length, columns, bad, kept, layout.names)


def _lone_returns(data: bytes) -> bool:
    """Whether carriage returns stand elsewhere than at the ends of lines."""
    returns = count(data, RETURN)
    return bool(returns) and returns > data.count(b"\r\n")


def _csv_frame(piece: Piece, layout: Layout) -> polars.DataFrame | None:
    """The wanted columns as numbers; None if any row isn't as it should be.

    A blank line, which is no row, comes from polars as a row of nulls.
    """
    frame = _csv(piece.data, layout, _types(layout), None)
    if frame is None or any(frame[name].null_count() for name in layout.wanted):
        return None
    # a row that is too short looks as if its last fields were empty
    if len(layout.names) > 1 and frame[layout.names[-1]].null_count():
        if piece.quotes != "none":
            return None
        if count(piece.data, ord(layout.separator)) != len(frame) * (len(layout.names) - 1):
            return None
    return frame


def _types(layout: Layout) -> dict[str, polars.DataType]:
    return {
        name: polars.Float64() if name in layout.wanted else polars.String()
        for name in layout.names
    }


class Lines(NamedTuple):
    """The rows of a piece without quotes.

    data: lines of as many fields as there should be: what lacks is empty, what is too much is cut off.
    numbers: those of the lines in their file; widths: how many fields they had.
    """

    data: bytes
    numbers: Array
    widths: Array


def _lines(piece: Piece, layout: Layout) -> Lines:
    lines = piece.data.split(b"\n")
    if b"\r" in piece.data:
        lines = [line.removesuffix(b"\r") for line in lines]
    rows = np.flatnonzero(np.fromiter(map(len, lines), np.int64, len(lines)))  # not the blank ones
    if len(rows) < len(lines):
        lines = [lines[at] for at in rows.tolist()]
    separator, width = layout.separator.encode(), len(layout.names)
    widths = np.fromiter((line.count(separator) for line in lines), np.int64, len(lines)) + 1
    for at in np.flatnonzero(widths < width).tolist():
        lines[at] += separator * (width - int(widths[at]))
    for at in np.flatnonzero(widths > width).tolist():
        lines[at] = separator.join(lines[at].split(separator, width)[:width])
    return Lines(b"\n".join(lines) + b"\n", piece.line + rows, widths)


def _with_bad_rows(lines: Lines, layout: Layout, row: int) -> tuple[dict[str, Column], Bad] | None:
    """The wanted columns where some rows are too short or too long, or have fields that are no numbers.

    Only such fields are looked at in Python; None if polars refuses the text.
    """
    frame = _csv(lines.data, layout, _types(layout), layout.wanted, lenient=True)
    if frame is None or len(frame) != len(lines.numbers) or not _is_utf_8(lines.data):
        return None
    found = Findings(layout.file, row, len(frame), lines.numbers)
    plain_csv.add_ragged(found, lines.widths, len(layout.names))
    whole = found.rows()
    columns = {}
    for name in layout.wanted:
        values = frame[name].to_numpy().copy()
        offsets = np.flatnonzero(frame[name].is_null().to_numpy() & ~whole)
        fields = _fields(lines, layout, name, offsets)
        if fields is None:
            return None
        values[offsets], none = plain_csv.numbers(fields)
        found.add(offsets[none], NotNumbers(name, [fields[at] for at in none.tolist()]))
        columns[name] = plain_csv.without(values, whole, offsets[none])
    return columns, found.bad()


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _fields(lines: Lines, layout: Layout, name: str, offsets: Array) -> list[str] | None:
    """What stands in a column in some rows; None if polars can't say."""
    if not len(offsets):
        return []
    strings = dict.fromkeys(layout.names, polars.String())
    texts = _csv(lines.data, layout, strings, [name])
    if texts is None or len(texts) != len(lines.numbers):
        return None
    return texts[name].gather(offsets).fill_null("").to_list()


def _csv(
    data: bytes,
    layout: Layout,
    types: Mapping[str, polars.DataType],
    only: Sequence[str] | None,
    lenient: bool = False,
) -> polars.DataFrame | None:
    """A frame of a piece; None if polars refuses it. `lenient`: what is no number is null."""
    try:
        return polars.read_csv(
            data,
            has_header=False,
            separator=layout.separator,
            schema=dict(types),
            columns=None if only is None else [layout.names.index(name) for name in only],
            ignore_errors=lenient,
        )
    except REFUSALS:
        return None


class KeptFrame(KeptTexts):
    """Cells of CSV in a frame of strings, where an empty cell is null."""

    def __init__(self, frame: polars.DataFrame) -> None:
        self.frame = frame

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    @property
    def fields(self) -> Mapping[str, Sequence[str]]:  # type: ignore[override]
        return {name: self.frame[name].fill_null("").to_list() for name in self.frame.columns}

    def take(self, offsets: Array) -> KeptFrame:
        return KeptFrame(self.frame[offsets])

    def ordered(self, names: tuple[str, ...]) -> KeptFrame:
        return KeptFrame(self.frame.select(names))


def json_chunk(piece: Piece, layout: Layout, row: int) -> Chunk:
    """The rows of a piece of JSON Lines, the first of which has the number `row`."""
    columns = _json_columns(piece, layout)
    if columns is None:
        return plain_json.chunk(piece, layout, row)
    length = next(iter(columns.values())).count
    kept = None
    if layout.kept or layout.everything:
        kept = plain_json.kept_of(plain_json.lines_of(piece.data)[0], layout)
    return Chunk(layout.file, row, length, columns, Bad(), kept, layout.names)


def _json_columns(piece: Piece, layout: Layout) -> dict[str, Column] | None:
    """The wanted columns as numbers; None if any row isn't as it should be."""
    titles = {layout.title(name): name for name in layout.wanted}
    depths = _depths(piece.data, titles)
    if not depths:
        return None
    try:
        frame = polars.read_ndjson(piece.data, schema={t: _type(d) for t, d in depths.items()})
    except REFUSALS:
        return None
    if not len(frame) or _repeats(piece.data, titles, len(frame)):
        return None
    columns = {}
    for title, name in titles.items():
        values = array_of(frame[title], depths[title])
        if values is None:
            return None
        columns[name] = Column(values)
    return columns


def _repeats(data: bytes, titles: Mapping[str, str], rows: int) -> bool:
    """Whether an object may name a column twice: the last counts, and polars takes the first.

    Every row has all columns that are wanted. Where there are no quotes but theirs, no names are looked for.
    """
    if count(data, QUOTE) == rows * 2 * len(titles):
        return False
    return any(data.count(orjson.dumps(title)) > rows for title in titles)


def _first_line(data: bytes) -> bytes:
    """The first line that isn't blank."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        line = data[start:end].strip()
        if line:
            return line
        start = end
    return b""


def _depths(data: bytes, titles: Mapping[str, str]) -> dict[str, int] | None:
    """How deep the lists of each wanted column are nested in the first row."""
    line = _first_line(data)
    if not line:
        return None
    row = plain_json.object_of(line)[0]
    depths = {}
    for title in titles:
        value, depth = row.get(title), 0
        while isinstance(value, list):
            depth += 1
            value = value[0] if value else 0.0
        if value is None:
            return None
        depths[title] = depth
    return depths


def _type(depth: int) -> polars.DataType:
    found: polars.DataType = polars.Float64()
    for _ in range(depth):
        found = polars.List(found)
    return found


def array_of(series: polars.Series, depth: int) -> Array | None:
    """The numbers of a column of lists that all have one shape; None if there are others."""
    shape = [len(series)]
    for _ in range(depth):
        if series.null_count():
            return None
        lengths = series.list.len()
        size = int(lengths[0]) if len(lengths) else 0
        if not len(lengths) or not size or lengths.n_unique() > 1:
            return None
        shape.append(size)
        series = series.explode()
    if series.null_count():
        return None
    return np.ascontiguousarray(series.to_numpy()).reshape(shape)
