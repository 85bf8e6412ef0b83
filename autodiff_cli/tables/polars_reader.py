"""Parquet and Arrow IPC (Feather) by polars, in chunks of rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars

from autodiff_cli.errors import InputError
from autodiff_cli.tables.bad import NOWHERE, Bad, alike
from autodiff_cli.tables.formats import STREAM
from autodiff_cli.tables.json_numbers import column_of
from autodiff_cli.tables.layout import Choice
from autodiff_cli.tables.polars_kept import KeptSeries, inner_of, is_wide
from autodiff_cli.tables.polars_text import REFUSALS, array_of
from autodiff_cli.tables.rows import Chunk, Column
from autodiff_cli.tables.sources import RowSource

SMALLEST = 1024  # rows of a chunk
DATES = (polars.Date, polars.Datetime)
MICROSECONDS = 86_400e6  # of a day


def read(
    source: RowSource, choice: Choice, size: int, rows: tuple[int, int] | None = None
) -> Iterator[Chunk]:
    """The rows of a file, or those from one to before another, in chunks of about `size` bytes.

    Raises:
        InputError: it is damaged, or has no such column of numbers.
    """
    file = source.name
    table, schema = _scanned(source)
    titles = tuple(schema)
    names, want, keep = _chosen(schema, choice, source)
    used = [name for name in names if name in want or name in keep]
    table = table.select([polars.col(t).alias(n) for t, n in zip(titles, names) if n in used])
    row = 1
    if rows is not None:
        table = table.slice(rows[0], rows[1] - rows[0])
        row += rows[0]
    try:
        for frame in table.collect_batches(
            chunk_size=max(SMALLEST, size // (8 * max(1, len(used)))), maintain_order=True
        ):
            yield _chunk(frame, file, row, want, keep, names, source.dialect.kinds)
            row += len(frame)
    except REFUSALS as error:
        raise InputError(f"{file} is damaged: {_line(error)}") from None


def header(source: RowSource, choice: Choice) -> tuple[str, ...]:
    """The names of a file's columns, of which those that are wanted are numbers.

    Raises:
        InputError: it is damaged, or has no such column.
    """
    return _chosen(_scanned(source)[1], choice, source)[0]


def rows(source: RowSource) -> int:
    """How many rows a file has that can be read from anywhere; else 0.

    Raises:
        InputError: it is damaged.
    """
    table = _scanned(source)[0]
    return 0 if _is_stream(source) else int(table.select(polars.len()).collect().item())


def _chosen(
    schema: polars.Schema, choice: Choice, source: RowSource
) -> tuple[tuple[str, ...], ...]:
    """The names of the columns, those to parse, which are numbers, and those to keep."""
    naming, file = choice.naming, source.name
    names = naming.given(len(schema), file) if naming.names else naming.apply(list(schema), file)
    want, keep = choice.of(names, file)
    types = dict(zip(names, schema.values()))
    for name in want:
        if types[name].is_temporal() and types[name] in DATES:
            if "date" in source.dialect.kinds:
                continue
            raise InputError(
                f"{file}: the column '{name}' holds {types[name]}, not numbers",
                hint="--as-numbers date takes a date for its days since 1970-01-01",
            )
        if not _numeric(types[name]):
            raise InputError(f"{file}: the column '{name}' holds {types[name]}, not numbers")
    return names, want, keep


def _scanned(source: RowSource) -> tuple[polars.LazyFrame, polars.Schema]:
    name, path = source.form.name, source.seekable()
    try:
        if _is_stream(source):
            whole = polars.read_ipc_stream(path).lazy()
            return whole, whole.collect_schema()
        scan = polars.scan_parquet if name == "parquet" else polars.scan_ipc
        table = scan(path, glob=False) if name == "parquet" else scan(path)
        return table, table.collect_schema()
    except (*REFUSALS, OSError) as error:
        kind = "Parquet" if name == "parquet" else "Arrow IPC"
        raise InputError(f"{source.name} is not a valid {kind} file: {_line(error)}") from None


def _is_stream(source: RowSource) -> bool:
    """Whether a file has no directory at its end, and so has to be read whole."""
    with source.file() as file:  # which says in this package's words whether it can be read
        return file.read(len(STREAM)) == STREAM


def _line(error: BaseException) -> str:
    return str(error).split("\n")[0]


def _numeric(kind: polars.DataType) -> bool:
    """Whether cells are numbers, or none of them is anything."""
    kind = inner_of(kind)[0]
    return kind.is_numeric() or kind in (polars.Boolean(), polars.Null())


def _chunk(
    frame: polars.DataFrame,
    file: str,
    row: int,
    want: tuple[str, ...],
    keep: tuple[str, ...],
    names: tuple[str, ...],
    kinds: frozenset[str],
) -> Chunk:
    columns: dict[str, Column] = {}
    found = Bad(file, row, len(frame))
    for name in want:
        column = _column(_counted(frame[name], kinds))
        null = NOWHERE if column.nulls is None else np.flatnonzero(column.nulls)
        found.add(null, alike(name, "null"))
        columns[name] = Column(column.values, null)
    kept = KeptSeries(frame.select(keep)) if keep else None
    return Chunk(file, row, len(frame), columns, found, kept, names)


def _counted(series: polars.Series, kinds: frozenset[str]) -> polars.Series:
    """A column as the numbers that it counts as: dates as days since 1970-01-01."""
    kind = series.dtype
    if kind == polars.Date:
        return series.to_physical().cast(polars.Float64)
    if kind == polars.Datetime:
        return series.dt.epoch("us").cast(polars.Float64) / MICROSECONDS
    if kind == polars.Boolean and "bool" in kinds:
        return series.cast(polars.Float64)
    return series


def _column(series: polars.Series) -> Column:
    """A column with its null cells: those that are null, or have a null in their list."""
    kind, depth = inner_of(series.dtype)
    if is_wide(kind) or kind == polars.Null():
        kind = polars.Float64()
    wanted: polars.DataType = kind
    for _ in range(depth):
        wanted = polars.List(wanted)
    series = series.cast(wanted)
    if not depth:
        if not series.null_count():
            return Column(series.to_numpy())
        filler = float("nan") if kind.is_float() else False if kind == polars.Boolean() else 0
        return Column(series.fill_null(filler).to_numpy(), nulls=series.is_null().to_numpy())
    values = array_of(series, depth)
    if values is not None:
        return Column(values)
    dtype = polars.Series(dtype=kind).to_numpy().dtype
    cells, wrong = column_of(series.to_list())
    nulls = np.zeros(len(series), bool)
    nulls[list(wrong)] = True
    if isinstance(cells, np.ndarray):
        if dtype.kind != "f":
            cells[nulls] = 0
        return Column(cells.astype(dtype), nulls=nulls if wrong else None)
    return Column([cell.astype(dtype) for cell in cells], nulls=nulls if wrong else None)
