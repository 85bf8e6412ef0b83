"""Pieces of text by polars: a chunk at once where every row is as it should be, else the plain reader's.

polars reads leniently what this package doesn't (short rows, quotes in odd places, blank lines); such pieces
are the plain reader's too, so that both give the same rows. Where rows of CSV without quotes are too short or
too long, or fields are no numbers, polars reads them once more, and only those rows and fields are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
import orjson
import polars

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import plain_csv, plain_json
from autodiff_cli.tables.bad import Bad, because
from autodiff_cli.tables.dialect import NO_NUMBER, USUAL, Dialect
from autodiff_cli.tables.kept import KeptTexts
from autodiff_cli.tables.layout import ColumnLayout
from autodiff_cli.tables.pieces import NEWLINE, RETURN, Piece, count
from autodiff_cli.tables.rows import Chunk, Column

NUMBER, TEXT = polars.Float64(), polars.String()
REFUSALS = (polars.exceptions.PolarsError, polars.exceptions.PanicException)


def csv_chunk(piece: Piece, layout: ColumnLayout, row: int) -> Chunk:
    """The rows of a piece of CSV, the first of which has the number `row`."""
    if piece.quotes == "odd" or not layout.wanted or _lone_returns(piece.data):
        return plain_csv.chunk(piece, layout, row)
    worded = layout.dialect.numbers or layout.dialect.kinds
    frame = None if worded else _csv_frame(piece, layout)
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
        texts = _csv(data, layout, dict.fromkeys(layout.names, TEXT), layout.kept)
        if texts is None or len(texts) != length:
            return plain_csv.chunk(piece, layout, row)
        kept = KeptFrame(texts, layout.dialect)
    return Chunk(layout.file, row, length, columns, bad, kept, layout.names)


def _lone_returns(data: bytes) -> bool:
    """Whether carriage returns stand elsewhere than at the ends of lines."""
    returns = count(data, RETURN)
    return bool(returns) and returns > data.count(b"\r\n")


def _csv_frame(piece: Piece, layout: ColumnLayout) -> polars.DataFrame | None:
    """The wanted columns as numbers; None if any row isn't as it should be.

    A blank line, which is no row, comes from polars as a row of nulls.
    """
    types = {n: NUMBER if n in layout.wanted else TEXT for n in layout.names}
    frame = _csv(piece.data, layout, types, None)
    if frame is None or any(frame[name].null_count() for name in layout.wanted):
        return None
    # a row that is too short looks as if its last fields were empty
    if len(layout.names) > 1 and frame[layout.names[-1]].null_count():
        if piece.quotes != "none":
            return None
        if count(piece.data, ord(layout.dialect.delimiter)) != len(frame) * (len(layout.names) - 1):
            return None
    return frame


class Lines(NamedTuple):
    """The rows of a piece without quotes.

    data: lines of as many fields as there should be: what lacks is empty, what is too much is cut off.
    numbers: those of the lines in their file; widths: how many fields they had.
    """

    data: bytes
    numbers: Array
    widths: Array


def _lines(piece: Piece, layout: ColumnLayout) -> Lines:
    separator, width = layout.dialect.delimiter.encode(), len(layout.names)
    lengths, widths = _measured(piece.data, separator)
    if lengths.all() and (widths == width).all() and b"\r" not in piece.data:
        return Lines(piece.data, piece.line + np.arange(len(widths)), widths)
    lines = piece.data.split(b"\n")
    if b"\r" in piece.data:
        lines = [line.removesuffix(b"\r") for line in lines]
    rows = np.flatnonzero(np.fromiter(map(len, lines), np.int64, len(lines)))  # not the blank ones
    if len(rows) < len(lines):
        lines = [lines[at] for at in rows.tolist()]
        widths = widths[rows]
    for at in np.flatnonzero(widths < width).tolist():
        lines[at] += separator * (width - int(widths[at]))
    for at in np.flatnonzero(widths > width).tolist():
        lines[at] = separator.join(lines[at].split(separator, width)[:width])
    return Lines(b"\n".join(lines) + b"\n", piece.line + rows, widths)


def _measured(data: bytes, separator: bytes) -> tuple[Array, Array]:
    """The length of each line, and how many fields it has."""
    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array == NEWLINE)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    fences = np.searchsorted(np.flatnonzero(array == ord(separator)), ends)
    return np.diff(ends, prepend=-1) - 1, np.diff(fences, prepend=0) + 1


def _with_bad_rows(
    lines: Lines, layout: ColumnLayout, row: int
) -> tuple[dict[str, Column], Bad] | None:
    """The wanted columns where some rows are too short or too long, or have fields that are no numbers.

    Only such fields are looked at in Python; None if polars refuses the text.
    """
    frame = _csv(lines.data, layout, dict.fromkeys(layout.names, TEXT), layout.wanted)
    if frame is None or len(frame) != len(lines.numbers):
        return None
    found = Bad(layout.file, row, len(frame), lines.numbers)
    plain_csv.add_ragged(found, lines.widths, len(layout.names))
    whole = found.wrong
    columns = {}
    for name in layout.wanted:
        texts = frame[name]
        series = _plain(texts, layout.dialect).cast(NUMBER, strict=False)
        values = series.to_numpy().copy()
        offsets = np.flatnonzero(series.is_null().to_numpy() & ~whole)
        fields = texts.gather(offsets).fill_null("").to_list()
        values[offsets], none = plain_csv.numbers(layout.dialect.numbers_all(fields))
        wrong = [fields[at] for at in none.tolist()]
        reasons = because(name, wrong, layout.dialect.no_number, layout.dialect.hint)
        found.add(offsets[none], reasons)
        columns[name] = plain_csv.without(values, whole, offsets[none])
    return columns, found


def _csv(
    data: bytes,
    layout: ColumnLayout,
    types: Mapping[str, polars.DataType],
    only: Sequence[str] | None,
) -> polars.DataFrame | None:
    """A frame of a piece; None if polars refuses it."""
    try:
        return polars.read_csv(
            data,
            has_header=False,
            separator=layout.dialect.delimiter,
            quote_char=layout.dialect.quote or None,
            schema=dict(types),
            columns=None if only is None else [layout.names.index(name) for name in only],
        )
    except REFUSALS:
        return None


def _plain(texts: polars.Series, dialect: Dialect) -> polars.Series:
    """Numbers as Python writes them, as `Dialect.plain` does; null where they are missing."""
    if not dialect.numbers:
        return texts
    if dialect.na:
        missing = texts.str.strip_chars().is_in(list(dialect.na))
        texts = texts.set(missing.fill_null(False), None)
    if dialect.thousands:
        marked = texts.str.contains(dialect.thousands, literal=True).fill_null(False)
        good = texts.str.contains(dialect.grouped).fill_null(True)
        texts = texts.str.replace_all(dialect.thousands, "", literal=True).set(marked & ~good, None)
    if dialect.decimal != ".":
        texts = texts.str.replace_all(".", NO_NUMBER, literal=True)
        texts = texts.str.replace_all(dialect.decimal, ".", literal=True)
    return texts


class KeptFrame(KeptTexts):
    """Cells of CSV in a frame of strings, where an empty cell is null."""

    def __init__(self, frame: polars.DataFrame, dialect: Dialect = USUAL) -> None:
        self.frame = frame
        self.dialect = dialect

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    @property
    def fields(self) -> Mapping[str, Sequence[str]]:  # type: ignore[override]
        return {name: self.frame[name].fill_null("").to_list() for name in self.frame.columns}

    def take(self, offsets: Array) -> KeptFrame:
        return KeptFrame(self.frame[offsets], self.dialect)

    def ordered(self, names: tuple[str, ...]) -> KeptFrame:
        return KeptFrame(self.frame.select(names), self.dialect)


def json_chunk(piece: Piece, layout: ColumnLayout, row: int) -> Chunk:
    """The rows of a piece of JSON Lines, the first of which has the number `row`."""
    titles = {layout.title(name): name for name in layout.wanted}
    depths = None if any("." in title for title in titles) else _depths(piece.data, titles)
    frame = _json(piece.data, depths) if depths else None
    if not depths or frame is None or not len(frame):
        return plain_json.chunk(piece, layout, row)
    arrays: dict[str, Array] = {}
    odd = np.zeros(len(frame), bool)
    for title, name in titles.items():
        arrays[name], own = _arrays(frame[title], depths[title])
        odd |= own
    if odd.all():
        return plain_json.chunk(piece, layout, row)
    lines: list[bytes] = []
    before: Sequence[int] = ()
    data = piece.data
    if layout.kept or layout.everything or layout.closed or odd.any():
        lines, before = plain_json.lines_of(data)
        if len(lines) != len(frame):
            return plain_json.chunk(piece, layout, row)
    if odd.any():
        data = b"\n".join(compress(lines, ~odd))
    if _repeats(data, titles, len(frame) - int(np.count_nonzero(odd))):
        return plain_json.chunk(piece, layout, row)
    columns = {name: Column(values) for name, values in arrays.items()}
    if not odd.any() and not layout.closed:
        kept = plain_json.kept_of(lines, layout)
        return Chunk(layout.file, row, len(frame), columns, Bad(), kept, layout.names)
    found = Bad(layout.file, row, len(lines), piece.line + np.asarray(before, np.int64))
    if not odd.any():
        return plain_json.chunk_of(lines, columns, layout, found)
    rows = np.flatnonzero(odd)
    others = plain_json.columns_of([lines[at] for at in rows.tolist()], rows, layout, found)
    columns = {name: _merged(arrays[name], rows, others[name]) for name in arrays}
    return plain_json.chunk_of(lines, columns, layout, found)


def _json(data: bytes, depths: Mapping[str, int]) -> polars.DataFrame | None:
    """A frame of a piece, null where a row isn't as it should be; None if polars refuses it."""
    schema = {title: _type(depth) for title, depth in depths.items()}
    try:
        return polars.read_ndjson(data, schema=schema, ignore_errors=True)
    except REFUSALS:
        return None


def _arrays(series: polars.Series, depth: int) -> tuple[Array, Array]:
    """A column's numbers, and a mask of the rows that have none, or in another shape than the first."""
    values = array_of(series, depth)
    if values is not None:
        return values, np.zeros(len(series), bool)
    odd = _odd(series, depth)
    values = array_of(series.filter(polars.Series(~odd)), depth)
    if values is None:
        return np.full(len(series), np.nan), np.ones(len(series), bool)
    whole = np.full((len(series), *values.shape[1:]), np.nan)
    whole[~odd] = values
    return whole, odd


def _odd(series: polars.Series, depth: int) -> Array:
    """The rows whose cell has a null in it, or lists of another length than the first one's."""
    odd = np.zeros(len(series), bool)
    rows = np.arange(len(series))  # of the entries at this depth
    for _ in range(depth):
        lengths = series.list.len().fill_null(0).to_numpy()
        fits = (lengths > 0) & (lengths == lengths[:1])
        odd[rows[~fits]] = True
        rows = np.repeat(rows[fits], lengths[fits])
        series = series.filter(polars.Series(fits)).explode(empty_as_null=False)
    odd[rows[series.is_null().to_numpy()]] = True
    return odd


def _merged(values: Array, rows: Array, others: Column) -> Column:
    """A column of which some rows were read by themselves."""
    values, bad = np.array(values), rows[others.bad]  # polars' own memory can't be written to
    if isinstance(others.values, np.ndarray) and others.values.shape[1:] == values.shape[1:]:
        values[rows] = others.values
    elif len(bad) == len(rows):
        values[rows] = np.nan
    else:
        cells = list(values)
        for at, cell in zip(rows.tolist(), others.values):
            cells[at] = cell
        for at in bad.tolist():
            cells[at] = np.empty(0)
        return Column(cells, bad)
    return Column(values, bad)


def _repeats(data: bytes, titles: Mapping[str, str], rows: int) -> bool:
    """Whether an object may name a column twice: the last counts, and polars takes the first.

    Every row has all columns that are wanted. Where there are no quotes but theirs, no names are looked for.
    """
    if count(data, ord('"')) == rows * 2 * len(titles):
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
        series = series.explode(empty_as_null=False)
    if series.null_count():
        return None
    return np.ascontiguousarray(series.to_numpy()).reshape(shape)
