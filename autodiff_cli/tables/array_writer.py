"""Rows to .npy and .npz: columns collected in temporary files, as an array's length stands before it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO

import numpy as np
import orjson

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.tables import archive, cells, outputs
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.outputs import Output
from autodiff_cli.tables.rows import KINDS, Column, Table, TextColumn, Untyped, wider
from autodiff_cli.tables.waiting import Waiting
from autodiff_cli.tables.writing import Shapes, columns_change, merged

ROWS = 1 << 16  # that are copied at once
EXACT = 1 << 53  # up to here float64 has every whole number


class Spool:
    """A column: its rows in a temporary file, each chunk's in its own dtype, or its texts.

    dtype: numpy's common one of the values so far; in the end one that has nan, if there are nulls.
    """

    def __init__(self, name: str, shape: Shape, kind: str | None = None) -> None:
        self.name = name
        self.shape = shape
        self.kind = kind  # of texts, a JSON string a line; numbers if all of them are
        self.dtype: np.dtype[np.generic] = np.dtype(np.float64)
        self.shown = False  # the dtype is that of values
        self.longest = 1
        self.nulls = False
        self.large = False  # there are whole numbers that no float64 holds
        self.chunks: list[tuple[np.dtype[np.void] | None, int]] = []  # None: nulls, or texts
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115

    def add_texts(self, column: TextColumn) -> None:
        """Rows of text."""
        kind = column.kind if isinstance(column, Untyped) else "text"
        self.kind = wider(kind, self.kind or kind)
        texts = [text or "" for text in column.texts]
        if not texts:
            return
        self.longest = max(self.longest, *map(len, texts))
        self.nulls = self.nulls or "" in texts
        self.large = self.large or (kind == "int64" and not all(map(_fits, texts)))
        self.chunks.append((None, len(texts)))
        self.file.write(b"\n".join(cells.strings(texts)) + b"\n")

    def add(self, values: Array, nulls: Array | None) -> None:
        """Rows of numbers.

        Raises:
            InputError: there are nulls, and whole numbers that are exact in no dtype that has nan.
        """
        null = np.zeros(len(values), bool) if nulls is None else nulls
        self.nulls = self.nulls or bool(null.any())
        if not null.all():
            self.dtype = np.result_type(values.dtype, self.dtype if self.shown else values.dtype)
            self.shown = True
            self.large = self.large or _large(values[~null])
        elif not self.shown:
            self.dtype = values.dtype
        if self.large and (self.nulls or self.dtype.kind == "f"):
            raise InputError(
                f"'{self.name}' has nulls or fractions beside whole numbers beyond 2**53, and NumPy no "
                "dtype that holds both",
                hint="--to parquet or jsonl",
            )
        if null.all():
            self.chunks.append((None, len(values)))
            return
        mask = [("null", "?")] if null.any() else []
        rows = np.empty(len(values), np.dtype([("value", values.dtype, self.shape), *mask]))
        rows["value"] = values
        if mask:
            rows["null"] = null
        self.chunks.append((rows.dtype, len(rows)))
        self.file.write(rows.tobytes())

    def finish(self) -> None:
        """All rows are there: the dtype is known."""
        if self.kind is None:
            self.dtype = np.result_type(self.dtype, np.float32) if self.nulls else self.dtype
        elif self.kind == "text" or (self.nulls and self.large):
            self.dtype = np.dtype(f"U{self.longest}")
        else:
            self.dtype = np.dtype(np.float64 if self.nulls else self.kind)
        self.file.flush()

    def rows(self) -> Iterator[Array]:
        """All rows, some at a time: of all columns of a table as many."""
        self.file.seek(0)
        for stored, count in self.chunks:
            for start in range(0, count, ROWS):
                part = min(ROWS, count - start)
                if self.kind is not None:
                    yield self._texts(part)
                else:
                    yield self._values(stored, part)

    def _texts(self, count: int) -> Array:
        texts = [orjson.loads(line) for line in islice(self.file, count)]
        if self.dtype.kind == "i":
            return np.array(list(map(int, texts)), self.dtype)
        if self.dtype.kind == "f":
            return np.array([float(text) if text else np.nan for text in texts], self.dtype)
        return np.array(texts, self.dtype)

    def _values(self, stored: np.dtype[np.void] | None, count: int) -> Array:
        if stored is None:
            return np.full((count, *self.shape), np.nan, self.dtype)
        if not stored.itemsize:
            return np.empty((count, *self.shape), self.dtype)
        found = np.frombuffer(self.file.read(count * stored.itemsize), stored)
        values: Array = found["value"].astype(self.dtype)
        if "null" in (stored.names or ()):
            values[found["null"]] = np.nan
        return values


def _fits(text: str) -> bool:
    """Whether a whole number is exact in float64."""
    return len(text) < len(str(EXACT)) or -EXACT <= int(text) <= EXACT


def _large(values: Array) -> bool:
    """Whether there are whole numbers that aren't exact in float64."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8 or not values.size:
        return False
    return int(values.max()) > EXACT or int(values.min()) < -EXACT


class ArrayWriter:
    """One array a column in .npz; in .npy the only column, or records of all."""

    def __init__(self, output: Output, format: str, waiting: Waiting[Table]) -> None:
        self.output = output
        self.format = format
        self.shapes = Shapes()
        self.spools: dict[str, Spool] = {}
        self.waiting = waiting  # until all shapes are known
        self.count = 0
        self.names: tuple[str, ...] = ()
        self.texts: set[str] = set()  # columns of text

    def expect(self, shapes: Mapping[str, Shape]) -> None:
        """Columns have these shapes, also if all their cells are null."""
        self.shapes.known |= shapes

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        table = merged(table, kept)
        if self.names and set(table) != set(self.names):
            raise columns_change(self.names, table)
        self.names = self.names or tuple(table)
        self.texts |= {name for name, column in table.items() if isinstance(column, TextColumn)}
        for rows in self.waiting.passed(table, ready=self.shapes.learn(table)):
            self._put(rows)

    def _put(self, table: Table) -> None:
        for name, column in self.shapes.fit(table).items():
            if name in self.texts and _empty(column):
                self._add(name, Untyped([None] * column.count, KINDS[0]))
            else:
                self._add(name, column)
        self.count += next(iter(table.values())).count if table else 0

    def _add(self, name: str, column: Column | TextColumn) -> None:
        texts = isinstance(column, TextColumn)
        values = None if isinstance(column, TextColumn) else cells.stacked(name, column)
        if name not in self.spools:
            shape = () if values is None else values.shape[1:]
            with self._explained():
                self.spools[name] = Spool(name, shape, KINDS[0] if texts else None)
        spool = self.spools[name]
        if (spool.kind is not None) != texts:
            raise _changes(name)
        with self._explained():
            if isinstance(column, TextColumn):
                spool.add_texts(column)
            elif values is not None:
                spool.add(values, column.nulls)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise outputs.no_room(outputs.beside(self.output), error) from None

    def cut_off(self) -> None:
        pass  # a part of it is no array file

    def close(self) -> None:
        for table in self.waiting.taken():
            self._put(table)
        with self._explained():
            for spool in self.spools.values():
                spool.finish()
        if self.format == "npz":
            self._archive()
        elif len(self.spools) == 1:
            self._array(next(iter(self.spools.values())))
        else:
            self._records()
        self._free()
        self.output.close()

    def _free(self) -> None:
        self.waiting.close()
        for spool in self.spools.values():
            with contextlib.suppress(OSError):  # what a full disk didn't take is tried again
                spool.file.close()

    def _array(self, spool: Spool) -> None:
        self.output.write(_header(spool.dtype, (self.count, *spool.shape)))
        for rows in spool.rows():
            self.output.write(rows.tobytes())

    def _records(self) -> None:
        kind = np.dtype([(name, s.dtype, s.shape) for name, s in self.spools.items()])
        self.output.write(_header(kind, (self.count,)))
        for parts in zip(*(spool.rows() for spool in self.spools.values())):
            self._write_records(kind, dict(zip(self.spools, parts)), len(parts[0]))

    def _write_records(
        self, kind: np.dtype[np.void], columns: dict[str, Array], count: int
    ) -> None:
        records = np.empty(count, kind)
        for name, values in columns.items():
            records[name] = values
        self.output.write(records.tobytes())

    def _archive(self) -> None:
        with archive.opened(archive.Stream(self.output.write)) as file:
            for name, spool in self.spools.items():
                head = _header(spool.dtype, (self.count, *spool.shape))
                archive.add_member(file, name, head, (rows.tobytes() for rows in spool.rows()))

    def abort(self) -> None:
        self._free()
        self.output.abort()


def _empty(column: Column | TextColumn) -> bool:
    """Whether all cells are null, and so of any kind."""
    return isinstance(column, Column) and column.nulls is not None and bool(column.nulls.all())


def _changes(name: str) -> InputError:
    return InputError(
        f"'{name}' holds numbers in one chunk and text in another",
        hint="only JSON Lines holds both: --to jsonl",
    )


def _header(dtype: np.dtype[np.generic], shape: Shape) -> bytes:
    try:
        return archive.npy_header(dtype, shape)
    except ValueError:
        raise InputError("too many columns for .npy", hint="--to npz") from None
