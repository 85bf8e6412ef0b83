"""Arrays with a leading axis of rows, .npy and .npz, in chunks of rows.

Nothing is ever unpickled.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.tables.bad import Bad
from autodiff_cli.tables.kept import KeptValues
from autodiff_cli.tables.layout import Choice, Naming
from autodiff_cli.tables.rows import Chunk, Column
from autodiff_cli.tables.sources import RowSource

KINDS = frozenset("fiub")
ONLY = "x"  # the column of a file that holds one array without a name


class Stored(NamedTuple):
    """An array in a file, read a few rows at a time."""

    name: str
    file: BinaryIO
    dtype: np.dtype[np.generic]
    shape: Shape
    fortran: bool

    @property
    def row_bytes(self) -> int:
        return max(1, self.dtype.itemsize * math.prod(self.shape[1:]))


def read(
    source: RowSource, choice: Choice, size: int, rows: tuple[int, int] | None = None
) -> Iterator[Chunk]:
    """The rows of a file, or those from one to before another, in chunks of about `size` bytes.

    Raises:
        InputError: it is damaged, holds objects, or has no such column.
    """
    with _opened(source) as arrays:
        columns = _named(arrays, choice.naming, source.name)
        want, keep = _chosen(columns, choice, source.name)
        yield from _chunks(arrays, columns, source.name, want, keep, size, rows)


def _chunks(
    arrays: list[Stored],
    columns: dict[str, Part],
    file: str,
    want: tuple[str, ...],
    keep: tuple[str, ...],
    size: int,
    part: tuple[int, int] | None,
) -> Iterator[Chunk]:
    count = arrays[0].shape[0]
    rows = max(1, size // sum(array.row_bytes for array in arrays))
    loaded = {id(array): _loaded(array, file) for array in arrays if array.fortran}
    first, last = part or (0, count)
    for array in arrays if first else ():
        if id(array) not in loaded:
            array.file.seek(first * array.row_bytes, io.SEEK_CUR)
    for start in range(first, last, rows):
        stop = min(start + rows, last)
        found = {
            array.name: loaded[id(array)][start:stop]
            if id(array) in loaded
            else _rows(array, stop - start, file)
            for array in arrays
        }
        values = {name: column.values(found) for name, column in columns.items()}
        yield Chunk(
            file,
            start + 1,
            stop - start,
            {name: Column(values[name]) for name in want},
            Bad(),
            KeptValues({name: Column(values[name]) for name in keep}) if keep else None,
            tuple(columns),
        )


def header(source: RowSource, choice: Choice) -> tuple[str, ...]:
    """The names of a file's columns, of which those that are wanted are numbers.

    Raises:
        InputError: it is damaged, or has no such column.
    """
    with _opened(source) as arrays:
        columns = _named(arrays, choice.naming, source.name)
        _chosen(columns, choice, source.name)
        return tuple(columns)


def _chosen(
    columns: dict[str, Part], choice: Choice, file: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns to parse, which are numbers, and those to keep."""
    want, keep = choice.of(tuple(columns), file)
    for name in want:
        _numeric(columns[name], name, file)
    return want, keep


def rows(source: RowSource) -> int:
    """How many rows a file has that can be read from anywhere; else 0.

    Raises:
        InputError: it is damaged.
    """
    with _opened(source) as arrays:
        packed = source.form.name == "npz" or arrays[0].fortran
        return 0 if packed else arrays[0].shape[0]


class Part(NamedTuple):
    """A column: an array, a field of its records, or one of the columns of a matrix."""

    array: Stored
    field: str | int | None

    def values(self, found: dict[str, Array]) -> Array:
        """The column's part of some rows."""
        rows = found[self.array.name]
        if isinstance(self.field, int):
            rows = rows[:, self.field]
        elif self.field is not None:
            rows = rows[self.field]
        return np.ascontiguousarray(rows, rows.dtype.newbyteorder("="))

    @property
    def dtype(self) -> np.dtype[np.generic]:
        fields = self.array.dtype.fields
        if isinstance(self.field, str) and fields is not None:
            return fields[self.field][0].base
        return self.array.dtype


def _numeric(part: Part, name: str, file: str) -> None:
    if part.dtype.kind not in KINDS or part.dtype.itemsize > 8:
        raise InputError(
            f"{file}: the column '{name}' has dtype {part.dtype}, which isn't real numbers"
        )


def _named(arrays: list[Stored], naming: Naming, file: str) -> dict[str, Part]:
    """The columns by name."""
    parts: list[Part] = []
    titles: list[str] = []
    for array in arrays:
        fields = array.dtype.names
        if fields:
            parts += [Part(array, field) for field in fields]
            titles += fields
        elif len(arrays) == 1 and len(naming.names) > 1 and array.shape[1:] == (len(naming.names),):
            parts += [Part(array, place) for place in range(len(naming.names))]
            titles += naming.names
        else:
            parts.append(Part(array, None))
            titles.append(array.name)
    names = naming.given(len(titles), file) if naming.names else naming.apply(titles, file)
    return dict(zip(names, parts))


@contextmanager
def _opened(source: RowSource) -> Iterator[list[Stored]]:
    """The arrays of a file, open behind their headers."""
    with source.file() as stream:
        arrays = _arrays(stream, source)
        try:
            yield arrays
        finally:
            for array in arrays:
                array.file.close()


def _arrays(stream: BinaryIO, source: RowSource) -> list[Stored]:
    file = source.name
    if source.form.name == "npy":
        arrays = [_behind_header(ONLY, stream, file)]
    else:
        try:
            archive = zipfile.ZipFile(stream)
            arrays = [
                _behind_header(name.removesuffix(".npy"), archive.open(name), file)  # type: ignore[arg-type]
                for name in archive.namelist()
            ]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise InputError(f"{file} is not a valid .npz file: {error}") from None
    if not arrays:
        raise InputError(f"{file} holds no array")
    for array in arrays:
        if not array.shape:
            raise InputError(f"{file}: '{array.name}' is a single number, not one a row")
        if array.shape[0] != arrays[0].shape[0]:
            raise InputError(
                f"{file}: '{arrays[0].name}' has {arrays[0].shape[0]} rows, "
                f"'{array.name}' has {array.shape[0]}"
            )
    return arrays


def _behind_header(name: str, stream: BinaryIO, file: str) -> Stored:
    """An array's header."""
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    except ValueError as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{file} is not a valid NumPy file: {reason}") from None
    if dtype.hasobject:
        raise InputError(
            f"{file} holds pickled objects, which are never loaded",
            hint="save plain numbers: np.save(path, np.asarray(x, dtype=float))",
        )
    return Stored(name, stream, dtype, shape, fortran and len(shape) > 1)


def _rows(array: Stored, count: int, file: str) -> Array:
    """The next rows."""
    size = count * array.dtype.itemsize * math.prod(array.shape[1:])
    try:
        data = array.file.read(size)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise InputError(f"{file} is damaged: {error}") from None
    if len(data) < size:
        raise InputError(f"{file} breaks off: '{array.name}' is truncated")
    return np.frombuffer(data, array.dtype).reshape(count, *array.shape[1:])


def _loaded(array: Stored, file: str) -> Array:
    """An array that is stored by columns, which has to be read whole."""
    flat = _rows(array._replace(shape=(array.shape[0], *array.shape[1:])), array.shape[0], file)
    return flat.reshape(-1).reshape(array.shape, order="F")
