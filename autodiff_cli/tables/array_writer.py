"""Rows to .npy and .npz: columns that wait until all rows are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.tables import archive, cells, outputs
from autodiff_cli.tables.kept import EXACT, Kept
from autodiff_cli.tables.outputs import Output
from autodiff_cli.tables.rows import Column, Table, TextColumn, Untyped, dtype_of, wider
from autodiff_cli.tables.waiting import Waiting
from autodiff_cli.tables.writing import Shapes, Writer, columns_change, merged

HELD = 1 << 20  # bytes of a column in memory


class Spool:
    """A column whose rows wait until all are there, as an array's length and dtype stand before it.

    Attributes:
        kind: of texts, the first of KINDS that holds them; None of numbers.
        dtype: numpy's common one of the values so far; in the end one that has nan, if there are nulls.
    """

    def __init__(self, name: str, rows: Waiting[Column | TextColumn]) -> None:
        self.name = name
        self.rows = rows
        self.kind: str | None = None
        self.dtype: np.dtype[np.generic] = np.dtype(np.float64)
        self.shown = False  # the dtype is that of values
        self.longest = 1  # of the texts
        self.nulls = False
        self.large = False  # there are whole numbers that no float64 holds

    def add(self, column: Column | TextColumn) -> None:
        """Further rows.

        Raises:
            InputError: they are text and others numbers; there are nulls, and whole numbers that are exact in
                no dtype that has nan; there is no room for them.
        """
        if isinstance(column, TextColumn):
            self._learn_texts(column)
        else:
            values = cells.stacked(self.name, column)
            self._learn(values, column.nulls)
            column = Column(values, nulls=column.nulls)
        self.rows.add(column)

    def _learn_texts(self, column: TextColumn) -> None:
        if self.shown:
            raise _changes(self.name)
        kind = column.kind if isinstance(column, Untyped) else "text"
        self.kind = wider(kind, self.kind or kind)
        texts = [text or "" for text in column.texts]
        self.longest = max(self.longest, *map(len, texts), 0)
        self.nulls = self.nulls or "" in texts
        self.large = self.large or kind == "int64"

    def _learn(self, values: Array, nulls: Array | None) -> None:
        null = np.zeros(len(values), bool) if nulls is None else nulls
        self.nulls = self.nulls or bool(null.any())
        if not null.all():
            if self.kind is not None:
                raise _changes(self.name)
            self.dtype = np.result_type(values.dtype, self.dtype if self.shown else values.dtype)
            self.shown = True
            self.large = self.large or _large(values[~null])
        elif not self.shown:
            self.dtype = values.dtype
        if self.kind is None and self.large and (self.nulls or self.dtype.kind == "f"):
            raise InputError(
                f"'{self.name}' has nulls or fractions beside whole numbers beyond 2**53, and NumPy no "
                "dtype that holds both",
                hint="--to parquet or jsonl",
            )

    def finish(self) -> None:
        """All rows are there: the dtype is known."""
        if self.kind is None:
            self.dtype = np.result_type(self.dtype, np.float32) if self.nulls else self.dtype
        elif self.kind == "text" or (self.nulls and self.large):
            self.dtype = np.dtype(f"U{self.longest}")
        else:
            self.dtype = np.dtype(np.float64 if self.nulls else dtype_of(self.kind))

    def arrays(self, shape: Shape) -> Iterator[Array]:
        """All rows, some at a time: of all columns of a table as many."""
        for column in self.rows.taken():
            if isinstance(column, TextColumn):
                yield self._of_texts(column.texts)
            elif _empty(column):
                fill = "" if self.dtype.kind == "U" else np.nan
                yield np.full((column.count, *shape), fill, self.dtype)
            else:
                values: Array = np.asarray(column.values).astype(self.dtype)
                if column.nulls is not None:
                    values[column.nulls] = np.nan
                yield values

    def _of_texts(self, texts: Sequence[str | None]) -> Array:
        if self.dtype.kind == "i":
            return np.array([int(text or 0) for text in texts], self.dtype)
        if self.dtype.kind == "f":
            return np.array([float(text) if text else np.nan for text in texts], self.dtype)
        return np.array([text or "" for text in texts], self.dtype)


def _large(values: Array) -> bool:
    """Whether there are whole numbers that aren't exact in float64."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8 or not values.size:
        return False
    return int(values.max()) > EXACT or int(values.min()) < -EXACT


class ArrayWriter(Writer):
    """One array a column in .npz; in .npy the only column, or records of all."""

    def __init__(self, output: Output, format: str) -> None:
        super().__init__(output)
        self.format = format
        self.shapes = Shapes()
        self.spools: dict[str, Spool] = {}
        self.count = 0

    def expect(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes.known |= shapes

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        table = merged(table, kept)
        if self.spools and set(table) != set(self.spools):
            raise columns_change(self.spools, table)
        self.shapes.learn(table)
        for name, column in table.items():
            if name not in self.spools:
                rows: Waiting[Column | TextColumn] = Waiting(None, self._no_room, HELD)
                self.spools[name] = Spool(name, rows)
            self.spools[name].add(column)
        self.count += next(iter(table.values())).count if table else 0

    def _no_room(self, _: str | None, error: OSError) -> InputError:
        return outputs.no_room(outputs.beside(self.output), error)

    def close(self) -> None:
        for spool in self.spools.values():
            spool.finish()
        if self.format == "npz":
            with archive.opened(archive.Stream(self.output.write)) as file:
                for spool in self.spools.values():
                    head = self._header(spool.dtype, self._shape(spool))
                    archive.add_member(
                        file, spool.name, head, (rows.tobytes() for rows in self._arrays(spool))
                    )
        elif len(self.spools) == 1:
            (spool,) = self.spools.values()
            self.output.write(self._header(spool.dtype, self._shape(spool)))
            for rows in self._arrays(spool):
                self.output.write(rows.tobytes())
        else:
            self._records()
        self._free()
        super().close()

    def _shape(self, spool: Spool) -> Shape:
        """Of a row."""
        return self.shapes.known[spool.name] or ()

    def _arrays(self, spool: Spool) -> Iterator[Array]:
        return spool.arrays(self._shape(spool))

    def _header(self, dtype: np.dtype[np.generic], shape: Shape) -> bytes:
        try:
            return archive.npy_header(dtype, (self.count, *shape))
        except ValueError:
            raise InputError("too many columns for .npy", hint="--to npz") from None

    def _records(self) -> None:
        columns = self.spools
        kind = np.dtype([(name, s.dtype, self._shape(s)) for name, s in columns.items()])
        self.output.write(self._header(kind, ()))
        for arrays in zip(*map(self._arrays, columns.values())):
            records = np.empty(len(arrays[0]), kind)
            for name, values in zip(columns, arrays):
                records[name] = values
            self.output.write(records.tobytes())

    def abort(self) -> None:
        self._free()
        super().abort()

    def _free(self) -> None:
        for spool in self.spools.values():
            spool.rows.close()


def _empty(column: Column | TextColumn) -> bool:
    """Whether all cells are null, and so of any kind."""
    return isinstance(column, Column) and column.nulls is not None and bool(column.nulls.all())


def _changes(name: str) -> InputError:
    return InputError(
        f"'{name}' holds numbers in one chunk and text in another",
        hint="only JSON Lines holds both: --to jsonl",
    )
