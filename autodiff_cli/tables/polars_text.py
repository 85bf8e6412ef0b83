"""Pieces of text by polars: a chunk at once where every field is as it should be, else the plain reader's.

polars reads leniently what this package doesn't (short rows, quotes in odd places, blank lines); such pieces
are the plain reader's too, so that both give the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import orjson
import polars

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import plain_csv, plain_json
from autodiff_cli.tables.kept import KeptTexts
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.pieces import QUOTE, RETURN, Piece, count
from autodiff_cli.tables.rows import Chunk, Column

REFUSALS = (polars.exceptions.PolarsError, polars.exceptions.PanicException)


def csv_chunk(piece: Piece, layout: Layout, row: int) -> Chunk:
    """The rows of a piece of CSV, the first of which has the number `row`."""
    frame = _csv_frame(piece, layout)
    if frame is None:
        return plain_csv.chunk(piece, layout, row)
    columns = {name: Column(frame[name].to_numpy()) for name in layout.wanted}
    kept = None
    if layout.kept:
        texts = _csv(piece.data, layout, dict.fromkeys(layout.names, polars.String()), layout.kept)
        if texts is None or len(texts) != len(frame):
            return plain_csv.chunk(piece, layout, row)
        kept = KeptFrame(texts)
    return Chunk(layout.file, row, len(frame), columns, {}, kept, layout.names)


def _csv_frame(piece: Piece, layout: Layout) -> polars.DataFrame | None:
    """The wanted columns as numbers; None if any row isn't as it should be.

    A blank line, which is no row, comes from polars as a row of nulls.
    """
    data = piece.data
    if piece.quotes == "odd" or not layout.wanted:
        return None
    returns = count(data, RETURN)
    if returns and returns > data.count(b"\r\n"):  # some are no part of a line's end
        return None
    types = {
        name: polars.Float64() if name in layout.wanted else polars.String()
        for name in layout.names
    }
    frame = _csv(data, layout, types, None)
    if frame is None or any(frame[name].null_count() for name in layout.wanted):
        return None
    # a row that is too short looks as if its last fields were empty
    if len(layout.names) > 1 and frame[layout.names[-1]].null_count():
        if piece.quotes != "none":
            return None
        if count(data, ord(layout.separator)) != len(frame) * (len(layout.names) - 1):
            return None
    return frame


def _csv(
    data: bytes,
    layout: Layout,
    types: Mapping[str, polars.DataType],
    only: Sequence[str] | None,
) -> polars.DataFrame | None:
    try:
        return polars.read_csv(
            data,
            has_header=False,
            separator=layout.separator,
            schema=dict(types),
            columns=None if only is None else [layout.names.index(name) for name in only],
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


def json_chunk(piece: Piece, layout: Layout, row: int) -> Chunk:
    """The rows of a piece of JSON Lines, the first of which has the number `row`."""
    columns = _json_columns(piece, layout)
    if columns is None:
        return plain_json.chunk(piece, layout, row)
    length = next(iter(columns.values())).count
    kept = None
    if layout.kept or layout.everything:
        kept = plain_json.kept_of(plain_json.lines_of(piece.data)[0], layout)
    return Chunk(layout.file, row, length, columns, {}, kept, layout.names)


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

    Where all rows have as many quotes as the first, as is usual, no names are looked for.
    """
    first = _first_line(data)
    if count(data, QUOTE) == rows * first.count(b'"'):
        return any(first.count(orjson.dumps(title)) > 1 for title in titles)
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
