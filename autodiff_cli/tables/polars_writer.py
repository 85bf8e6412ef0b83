"""Rows to Parquet and Arrow IPC by polars, in row groups as they come; tensors as list columns."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import polars
from polars.io.plugins import register_io_source

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Shape
from autodiff_cli.tables import cells
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.outputs import Output, Replacing, beside, no_room
from autodiff_cli.tables.placing import place
from autodiff_cli.tables.polars_kept import KeptSeries, SeriesColumn
from autodiff_cli.tables.polars_text import REFUSALS
from autodiff_cli.tables.polars_written import text_series
from autodiff_cli.tables.rows import Column, Table, TextColumn, Untyped, dtype_of, wider
from autodiff_cli.tables.waiting import Waiting
from autodiff_cli.tables.writing import Writer, distinct, merged

TEXT = np.dtype(object)
COPIED = 1 << 20  # bytes at once
SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


class FrameWriter(Writer):
    """Hands frames to polars, which writes them in a thread of its own."""

    demand = "depth"

    def __init__(self, output: Output, format: str, waiting: Waiting[Table]) -> None:
        super().__init__(output)
        self.format = format
        self.path = self._beside()
        self.apart = self.path != getattr(output, "temporary", None)  # and copied in the end
        self.handed: queue.Queue[polars.DataFrame | None] = queue.Queue(1)
        self.thread: threading.Thread | None = None
        self.schema: polars.Schema | None = None
        self.error: BaseException | None = None
        self.waiting = waiting  # until all depths, dtypes and kinds are known
        self.depths: dict[str, int | None] = {}
        self.dtypes: dict[str, np.dtype[np.generic]] = {}  # of the first values
        self.kinds: dict[str, str] = {}  # of texts, which the last row decides
        self.types: dict[str, polars.DataType] = {}  # of columns that pass through as they are

    def _beside(self) -> str:
        """A file that polars can write: the one that is renamed at the end, or a temporary one."""
        if isinstance(self.output, Replacing) and place.scratch is None:
            return self.output.temporary
        try:
            handle, path = tempfile.mkstemp(suffix=f".{self.format}")
        except OSError as error:
            raise no_room(beside(self.output), error) from None
        os.close(handle)
        return path

    def expect(self, shapes: Mapping[str, Shape]) -> None:
        self.depths |= {name: len(shape) for name, shape in shapes.items()}

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        if isinstance(kept, KeptSeries):
            distinct(kept.names, tuple(table))
            table = {**kept.series(), **table}
        else:
            table = merged(table, kept)
        for name, column in table.items():
            self._learn(name, column)
        for rows in self.waiting.passed(table, not self.kinds and table.keys() <= self.known):
            self._put(rows)

    @property
    def known(self) -> set[str]:
        """The columns whose types are known."""
        return {name for name in self.dtypes if self.depths.get(name) is not None} | set(self.types)

    def _learn(self, name: str, column: Column | TextColumn) -> None:
        """Note what a column shows of its type."""
        if isinstance(column, SeriesColumn):
            if column.series.dtype != polars.Null():
                self.types.setdefault(name, column.series.dtype)
            return
        if isinstance(column, Untyped):
            self.kinds[name] = wider(column.kind, self.kinds.get(name, column.kind))
        elif name in self.kinds and _depth(column) is not None:  # another file has its values
            other = "text" if isinstance(column, TextColumn) else "float64"
            self.kinds[name] = wider(other, self.kinds[name])
        if self.depths.get(name) is None:
            self.depths[name] = _depth(column)
        if name not in self.dtypes and (dtype := _dtype(column)) is not None:
            self.dtypes[name] = dtype

    def _put(self, table: Table) -> None:
        frame = polars.DataFrame(
            [self._series_of(name, column).alias(name) for name, column in table.items()]
        )
        if self.schema is None:
            self._begin(frame.schema)
        if frame.schema != self.schema:
            frame = self._fitted(frame)
        self._hand(frame)
        self._check()

    def _series_of(self, name: str, column: Column | TextColumn) -> polars.Series:
        if isinstance(column, SeriesColumn):
            if column.series.dtype == polars.Null() and name in self.types:
                return column.series.cast(self.types[name])
            if column.series.dtype != polars.Null() or name not in self.dtypes:
                return column.series
            column = Column(np.zeros(column.count), nulls=np.ones(column.count, bool))
        if isinstance(column, Untyped):
            column = column.typed(self.kinds[name])
        if self._is_text(name) and _depth(column) is None:
            return _series(name, TextColumn.nulls(column.count), 0)
        return _series(name, column, self.depths[name] or 0, self.dtypes.get(name))

    def _is_text(self, name: str) -> bool:
        return self.dtypes.get(name) is TEXT

    def _fitted(self, frame: polars.DataFrame) -> polars.DataFrame:
        """The frame with the columns of those before it, if they hold what it has."""
        schema = self.schema or frame.schema
        with contextlib.suppress(*REFUSALS):
            fitted = frame.select(list(schema)).cast(dict(schema))  # type: ignore[arg-type]
            if fitted.cast(dict(frame.schema)).equals(frame.select(list(schema))):  # type: ignore[arg-type]
                return fitted
        raise InputError(
            f"the columns change from {dict(schema)} to {dict(frame.schema)}",
            hint="only JSON Lines holds both: --to jsonl",
        )

    def _begin(self, schema: polars.Schema) -> None:
        self.schema = schema
        self.thread = threading.Thread(target=self._run, args=(schema,), daemon=True)
        self.thread.start()

    def _run(self, schema: polars.Schema) -> None:
        def frames(*_: object) -> Iterator[polars.DataFrame]:
            while (frame := self.handed.get()) is not None:
                yield frame

        try:
            table = register_io_source(frames, schema=schema)
            (table.sink_parquet if self.format == "parquet" else table.sink_ipc)(self.path)
        except BaseException as raised:  # it is raised by the next call
            self.error = raised

    def _hand(self, frame: polars.DataFrame | None) -> None:
        """Hand something over, unless the thread has ended."""
        while self.thread is not None and self.thread.is_alive():
            try:
                self.handed.put(frame, timeout=0.1)
                return
            except queue.Full:
                continue

    def _check(self) -> None:
        if self.error is None:
            return
        number = SYSTEM_ERROR.search(str(self.error))
        if number:
            error = OSError(int(number[1]), os.strerror(int(number[1])))
            raise no_room(beside(self.output), error) from None
        reason = str(self.error).split("\n")[0]
        raise InputError(f"{self.format} can't be written: {reason}") from None

    def close(self) -> None:
        self.depths = {name: depth or 0 for name, depth in self.depths.items()}
        for name, kind in self.kinds.items():
            self.dtypes[name] = TEXT if kind == "text" else np.dtype(dtype_of(kind))
        for table in self.waiting.taken():
            self._put(table)
        self.waiting.close()
        if self.thread is None:
            self._begin(polars.Schema({}))
        self._end()
        self._check()
        if self.apart:
            with Path(self.path).open("rb") as file:
                while data := file.read(COPIED):
                    self.output.write(data)
            os.unlink(self.path)
        super().close()

    def _end(self) -> None:
        self._hand(None)
        if self.thread is not None:
            self.thread.join()

    def abort(self) -> None:
        self.waiting.close()
        self._end()
        if self.apart and os.path.exists(self.path):
            os.unlink(self.path)
        super().abort()


def _depth(column: Column | TextColumn) -> int | None:
    """How deep the lists of a column are nested; None where all is null."""
    if isinstance(column, TextColumn):
        return 0
    if column.nulls is not None and column.nulls.all():
        return None
    if isinstance(column.values, np.ndarray):
        return column.values.ndim - 1
    return max((value.ndim for value in column.values), default=None)


def _dtype(column: Column | TextColumn) -> np.dtype[np.generic] | None:
    """The dtype of a column's values, object of text; None where there are none."""
    if isinstance(column, TextColumn):
        return TEXT
    real = np.ones(column.count, bool) if column.nulls is None else ~column.nulls
    if not real.any():
        return None
    if isinstance(column.values, np.ndarray):
        return column.values.dtype
    return column.values[int(np.argmax(real))].dtype


def _series(
    name: str,
    column: Column | TextColumn,
    depth: int,
    dtype: np.dtype[np.generic] | None = None,
) -> polars.Series:
    """A column for polars; of nulls alone it has the dtype."""
    if isinstance(column, TextColumn):
        return text_series(column).alias(name)
    values = column.values
    if column.nulls is not None and column.nulls.all():
        if dtype is not None or not isinstance(values, np.ndarray) or values.ndim != depth + 1:
            values = np.zeros((column.count, *(1,) * depth), dtype)
    if isinstance(values, np.ndarray) and (values.ndim == 1 or values.size):
        series = polars.Series(name, cells.writable(values))
        kind: polars.DataType = polars.Series(values.reshape(-1)[:0].copy()).dtype
    else:
        kind = polars.Series(np.empty(0, values[0].dtype) if len(values) else np.empty(0)).dtype
        series = polars.Series(name, [v.tolist() for v in values], dtype=_lists(kind, depth))
    if depth:
        series = series.cast(_lists(kind, depth))
    if column.nulls is not None and column.nulls.any():
        mask = polars.Series(~column.nulls)
        series = polars.select(polars.when(mask).then(series).alias(name)).to_series()
    return series


def _lists(kind: polars.DataType, depth: int) -> polars.DataType:
    for _ in range(depth):
        kind = polars.List(kind)
    return kind
