"""Columns of polars' types that pass through: as they are, or as text and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import polars

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import cells
from autodiff_cli.tables.kept import KeptValues
from autodiff_cli.tables.polars_text import array_of
from autodiff_cli.tables.rows import Column, JsonColumn, TextColumn


class SeriesColumn(TextColumn):
    """A column of a type that it keeps, such as dates."""

    __slots__ = ("series",)

    def __init__(self, series: polars.Series) -> None:
        self.series = series

    @property
    def texts(self) -> list[str | None]:  # type: ignore[override]
        return leaf_texts(self.series)

    @property
    def count(self) -> int:
        return len(self.series)

    def take(self, offsets: Array) -> SeriesColumn:
        return SeriesColumn(self.series[offsets])

    def __reduce__(self) -> tuple[type[SeriesColumn], tuple[polars.Series]]:
        return SeriesColumn, (self.series,)


class KeptSeries(KeptValues):
    """Columns of a Parquet or Arrow file."""

    def __init__(self, frame: polars.DataFrame) -> None:
        self.frame = frame

    @cached_property
    def values(self) -> Mapping[str, Column | TextColumn]:  # type: ignore[override]
        return {name: _values(self.frame[name]) for name in self.frame.columns}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    def take(self, offsets: Array) -> KeptSeries:
        return KeptSeries(self.frame[offsets])

    def ordered(self, names: tuple[str, ...]) -> KeptSeries:
        return KeptSeries(self.frame.select(names))

    def series(self) -> dict[str, SeriesColumn]:
        """The columns as they are."""
        return {name: SeriesColumn(self.frame[name]) for name in self.frame.columns}


def is_wide(kind: polars.DataType) -> bool:
    """Whether a number is of a type that numpy doesn't have."""
    return kind.is_decimal() or kind in (polars.Int128(), polars.UInt128())


def inner_of(kind: polars.DataType) -> tuple[polars.DataType, int]:
    """What lists hold, and how deep they are nested."""
    depth = 0
    while isinstance(kind, (polars.List, polars.Array)):
        kind, depth = kind.inner, depth + 1  # type: ignore[assignment]
    return kind, depth


def _values(series: polars.Series) -> Column | TextColumn:
    """A column for formats that have numbers, text and JSON."""
    kind, depth = inner_of(series.dtype)
    number = (kind.is_numeric() and not is_wide(kind)) or kind == polars.Boolean()
    if not depth and number:
        nulls = series.is_null().to_numpy() if series.null_count() else None
        filler = float("nan") if kind.is_float() else False if kind == polars.Boolean() else 0
        return Column(
            (series if nulls is None else series.fill_null(filler)).to_numpy(), nulls=nulls
        )
    if depth and number:
        found = _lists(series, depth)
        if found is not None:
            return found
    if depth or isinstance(kind, polars.Struct) or is_wide(kind):
        return JsonColumn([None if c == b"null" else c.decode() for c in json_cells(series)])
    return TextColumn(leaf_texts(series))


def _lists(series: polars.Series, depth: int) -> Column | None:
    """Lists of numbers; None if a number among them is null, or lists are of unequal length in a row."""
    series = series.cast(_as_list(series.dtype))
    nulls = series.is_null().to_numpy()
    if not nulls.any():
        values = array_of(series, depth)
        if values is not None:
            return Column(values)
    rows = [array_of(series[at : at + 1], depth) for at in np.flatnonzero(~nulls).tolist()]
    if not rows or any(row is None for row in rows):
        return None
    found = [row[0] for row in rows if row is not None]
    places = nulls if nulls.any() else None
    if len({row.shape for row in found}) == 1:
        whole = np.zeros((len(series), *found[0].shape), found[0].dtype)
        whole[~nulls] = found
        return Column(whole, nulls=places)
    given = iter(found)
    empty = np.empty(0, found[0].dtype)
    return Column([empty if null else next(given) for null in nulls.tolist()], nulls=places)


def _as_list(kind: polars.DataType) -> polars.DataType:
    if isinstance(kind, (polars.List, polars.Array)):
        return polars.List(_as_list(kind.inner))  # type: ignore[arg-type]
    return kind


def leaf_texts(series: polars.Series) -> list[str | None]:
    """The text of cells that hold no others."""
    if series.dtype == polars.Duration():
        return series.dt.to_string("iso").to_list()
    if series.dtype == polars.Binary():  # often text; other bytes are spelled
        return [
            None if c is None else c.decode("utf-8", "backslashreplace") for c in series.to_list()
        ]
    return series.cast(polars.String()).to_list()


def json_cells(series: polars.Series) -> list[bytes]:
    """The JSON of each cell, with all digits, whatever its type."""
    kind = series.dtype
    if isinstance(kind, (polars.List, polars.Array)):
        lists = series.cast(_as_list(kind))
        lengths = lists.list.len().fill_null(0).to_list()
        inner = iter(json_cells(lists.drop_nulls().explode(empty_as_null=False)))
        found = [b"[" + b",".join(next(inner) for _ in range(n)) + b"]" for n in lengths]
    elif isinstance(kind, polars.Struct):
        parts = [json_cells(series.struct.field(field.name)) for field in kind.fields]
        labels = [cells.label(field.name) for field in kind.fields]
        rows = zip(*parts) if parts else [()] * len(series)
        found = [
            b"{" + b",".join(label + cell for label, cell in zip(labels, row)) + b"}"
            for row in rows
        ]
    elif is_wide(kind):
        found = [b"null" if text is None else text.encode() for text in leaf_texts(series)]
    elif kind.is_numeric() or kind == polars.Boolean():
        found = cells.json_cells(_values(series))
    else:
        found = cells.strings(leaf_texts(series)) if len(series) else []
    if series.null_count():
        for at in np.flatnonzero(series.is_null().to_numpy()).tolist():
            found[at] = b"null"
    return found
