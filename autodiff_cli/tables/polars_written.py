"""Rows to CSV and JSON Lines by polars: the same text as cell by cell, several times as fast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from io import BytesIO

import numpy as np
import polars

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import cells, plain_written
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.polars_text import KeptFrame
from autodiff_cli.tables.rows import Column, Sentences, Table, TextColumn

PROBES = (0.1, -1.0, 1e16, 1.5e-7, 1e-5, 123456.789, 1e22, -0.0, 1e15, 3.4e38, 1.2e-38)


@cache
def same_digits() -> bool:
    """Whether this version of polars writes numbers as orjson does: 1e-7 and 1e16 have many spellings."""
    for dtype in (np.float64, np.float32):
        probes = np.array(PROBES, dtype)
        expected = cells.digits(probes)
        frame = polars.DataFrame({"a": probes})
        if _csv(frame, ",").split() != expected:
            return False
        if _json(frame) != [b'{"a":' + text + b"}" for text in expected]:
            return False
    return True


def csv_text(table: Table, kept: Kept | None, separator: str) -> bytes:
    """Rows as CSV, without a header."""
    try:
        return _csv_text(table, kept, separator)
    except UnicodeEncodeError:  # bytes that aren't UTF-8 pass through
        return plain_written.csv_text(table, kept, separator)


def _csv_text(table: Table, kept: Kept | None, separator: str) -> bytes:
    found: dict[str, polars.Series] = {}
    if isinstance(kept, KeptFrame):
        found |= {name: kept.frame[name] for name in kept.names}
    elif kept is not None:
        found |= {name: _texts(texts) for name, texts in kept.texts().items()}
    for name, column in table.items():
        if isinstance(column, TextColumn):
            found[name] = text_series(column).replace("", None)
            continue
        values = cells.stacked(name, column)
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        for place, title in enumerate(cells.names_of(name, values.shape[1:])):
            found[title] = _csv_series(flat[:, place], column.nulls)
    if len(found) == 1 and next(iter(found.values())).null_count():
        return plain_written.csv_text(
            table, kept, separator
        )  # polars puts a lone empty cell in quotes
    return _csv(polars.DataFrame(found), separator)


def _texts(texts: Sequence[str]) -> polars.Series:
    """Text without a difference between none and empty."""
    return polars.Series([text or None for text in texts], dtype=polars.String())


def text_series(column: TextColumn) -> polars.Series:
    """A column of text; sentences are made of their parts all at once.

    Raises:
        UnicodeEncodeError: there are bytes in it that aren't UTF-8.
    """
    if not isinstance(column, Sentences):
        return polars.Series(list(column.texts), dtype=polars.String())
    ends = polars.Series([*column.ends, None], dtype=polars.String())
    frame = polars.DataFrame({"end": ends.gather(column.codes % len(ends))})  # GOOD: the last one
    rows = polars.int_range(column.start, column.start + column.count).cast(polars.String())
    parts = [polars.lit(f"{column.file}, row "), rows, polars.col("end")]
    if column.lines is not None:
        frame = frame.with_columns(line=polars.Series(column.lines))
        line = polars.format(" (line {})", "line")
        parts.insert(2, polars.when(polars.col("line") > 0).then(line).otherwise(polars.lit("")))
    return frame.select(polars.concat_str(parts)).to_series()


def _csv_series(values: Array, nulls: Array | None) -> polars.Series:
    series = polars.Series(cells.writable(values))
    if values.dtype.kind == "f" and np.isnan(values).any():
        nan = polars.Series(np.isnan(values))
        series = series.cast(polars.String()).set(nan, "nan")
    if nulls is not None and nulls.any():
        series = series.set(polars.Series(nulls), None)
    return series


def _csv(frame: polars.DataFrame, separator: str) -> bytes:
    text = BytesIO()
    frame.write_csv(text, include_header=False, separator=separator)
    return text.getvalue()


def json_text(table: Table, kept: Kept | None) -> bytes:
    """Rows as JSON Lines."""
    try:
        return _json_text(table, kept)
    except UnicodeEncodeError:
        return plain_written.json_text(table, kept)


def _json_text(table: Table, kept: Kept | None) -> bytes:
    series = {name: _json_series(column) for name, column in table.items()}
    frame = polars.DataFrame({name: one for name, one in series.items() if one is not None})
    if len(frame.columns) < len(table) or not len(frame):
        return plain_written.json_text(table, kept)
    special = _special(table)
    if not len(special) and kept is None:
        text = BytesIO()
        frame.write_ndjson(text)
        return text.getvalue()
    objects = _json(frame)
    if len(special):
        rows = {name: column.take(special) for name, column in table.items()}
        for offset, text_of in zip(special.tolist(), cells.members(rows)):
            objects[offset] = b"{" + text_of + b"}"
    return plain_written.json_lines(objects, kept)


def _json_series(column: Column | TextColumn) -> polars.Series | None:
    """The column for polars; None if it has a form that polars doesn't write as JSON should be."""
    if isinstance(column, TextColumn):
        return text_series(column)
    if not isinstance(column.values, np.ndarray) or not column.values.size:
        return None
    series = polars.Series(cells.writable(column.values))
    if column.nulls is not None and column.nulls.any():
        present = polars.Series(~column.nulls)
        series = polars.select(polars.when(present).then(series)).to_series()
    return series


def _special(table: Table) -> Array:
    """The rows that polars writes as something else: those with a number that isn't finite."""
    found = np.zeros(0, bool)
    for column in table.values():
        if isinstance(column, TextColumn):
            continue
        values = np.asarray(column.values)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            wrong = ~np.isfinite(values.reshape(len(values), math.prod(values.shape[1:]))).all(
                axis=1
            )
            if column.nulls is not None:
                wrong &= ~column.nulls
            found = wrong if not len(found) else found | wrong
    return np.flatnonzero(found)


def _json(frame: polars.DataFrame) -> list[bytes]:
    text = BytesIO()
    frame.write_ndjson(text)
    return text.getvalue().splitlines()
