"""Rows to .npy and .npz: columns collected in temporary files, as an array's length stands before it."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, cast

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.tables import cells, outputs
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.outputs import Output
from autodiff_cli.tables.rows import Column, TextColumn
from autodiff_cli.tables.writers import Shapes, Table, distinct

ROWS = 1 << 16  # that are copied at once


class Spool:
    """A column: its rows in a temporary file, or its texts."""

    def __init__(self, dtype: np.dtype[np.generic], shape: Shape) -> None:
        self.dtype = dtype
        self.shape = shape
        self.texts: list[str] | None = None
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115

    def rows(self) -> Iterator[Array]:
        """All rows, some at a time."""
        if self.texts is not None:
            yield np.array(self.texts, self.dtype)
            return
        self.file.seek(0)
        row = np.dtype((self.dtype, self.shape))
        while data := self.file.read(ROWS * max(1, row.itemsize)):
            yield np.frombuffer(data, self.dtype).reshape(-1, *self.shape)


class ArrayWriter:
    """One array a column in .npz; in .npy the only column, or records of all."""

    def __init__(self, output: Output, format: str) -> None:
        self.output = output
        self.format = format
        self.shapes = Shapes()
        self.spools: dict[str, Spool] = {}
        self.waiting: list[Table] = []
        self.count = 0

    def expect(self, shapes: Mapping[str, Shape]) -> None:
        """Columns have these shapes, also if all their cells are null."""
        self.shapes.known |= shapes

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        if kept is not None:
            distinct(kept.names, tuple(table))
            table = {**kept.columns(), **table}
        self.waiting.append(table)
        if self.shapes.learn(table):
            self._flush()

    def _flush(self) -> None:
        for table in self.waiting:
            for name, column in self.shapes.fit(table).items():
                self._add(name, column)
            self.count += next(iter(table.values())).count if table else 0
        self.waiting = []

    def _add(self, name: str, column: Column | TextColumn) -> None:
        if isinstance(column, TextColumn):
            if name not in self.spools:
                self.spools[name] = Spool(np.dtype("U1"), ())
            spool = self.spools[name]
            spool.texts = [*(spool.texts or ()), *(text or "" for text in column.texts)]
            spool.dtype = np.dtype(f"U{max(1, *map(len, spool.texts))}")
            return
        values = cells.stacked(name, column)
        if column.nulls is not None and column.nulls.any():
            values = values.astype(np.result_type(values, np.float32))
            values[column.nulls] = np.nan
        if name not in self.spools:
            self.spools[name] = Spool(values.dtype, values.shape[1:])
        spool = self.spools[name]
        try:
            spool.file.write(np.ascontiguousarray(values, spool.dtype).tobytes())
        except OSError as error:
            raise outputs.refused(tempfile.gettempdir(), error) from None

    def close(self) -> None:
        self._flush()
        if self.format == "npz":
            self._archive()
        elif len(self.spools) == 1:
            self._array(next(iter(self.spools.values())))
        else:
            self._records()
        self._free()
        self.output.close()

    def _free(self) -> None:
        for spool in self.spools.values():
            spool.file.close()

    def _array(self, spool: Spool) -> None:
        self.output.write(_header(spool.dtype, (self.count, *spool.shape)))
        for rows in spool.rows():
            self.output.write(rows.tobytes())

    def _records(self) -> None:
        kind = np.dtype([(name, s.dtype, s.shape) for name, s in self.spools.items()])
        self.output.write(_header(kind, (self.count,)))
        if any(spool.texts is not None for spool in self.spools.values()):
            columns = {
                n: np.concatenate(list(s.rows())) for n, s in self.spools.items() if self.count
            }
            self._write_records(kind, columns, self.count)
            return
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
        with zipfile.ZipFile(cast("IO[bytes]", Unseekable(self.output)), "w") as archive:
            for name, spool in self.spools.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    member.write(_header(spool.dtype, (self.count, *spool.shape)))
                    for rows in spool.rows():
                        member.write(rows.tobytes())

    def abort(self) -> None:
        self._free()
        self.output.abort()


class Unseekable:
    """An output as the file that zipfile writes to from the beginning to the end."""

    def __init__(self, output: Output) -> None:
        self.output = output

    def write(self, data: bytes) -> int:
        self.output.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass


def _header(dtype: np.dtype[np.generic], shape: Shape) -> bytes:
    head = io.BytesIO()
    record = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    try:
        np.lib.format.write_array_header_1_0(head, record)
    except ValueError:
        raise InputError("too many columns for .npy", hint="--to npz") from None
    return head.getvalue()
