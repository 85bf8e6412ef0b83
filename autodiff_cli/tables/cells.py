"""Numbers as text, cell by cell: the shortest digits that read back to the same float of its dtype.

One library, orjson, gives all digits, in CSV as in JSON, so that they are equal to those of `--json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import orjson

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.tables.rows import Column, JsonColumn, TextColumn

NUMPY = orjson.OPT_SERIALIZE_NUMPY


def string(text: str) -> bytes:
    """A JSON string; what was no UTF-8 in the input becomes a question mark."""
    return orjson.dumps(text.encode("utf-8", "replace").decode())


def strings(texts: Sequence[str | None]) -> list[bytes]:
    """The JSON of many texts at once; none is null."""
    try:
        # a line each: no line end stands within a JSON string
        return orjson.dumps(texts, option=orjson.OPT_INDENT_2)[4:-2].split(b",\n  ")
    except orjson.JSONEncodeError:
        return [b"null" if text is None else string(text) for text in texts]


def label(name: str) -> bytes:
    """A member's name and its colon."""
    return string(name) + b":"


def spelled(number: float) -> bytes:
    """A non-finite number as JSON: a string."""
    return b'"NaN"' if math.isnan(number) else b'"Infinity"' if number > 0 else b'"-Infinity"'


def plain(number: float) -> str:
    """A non-finite number in CSV."""
    return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def writable(array: Array) -> Array:
    """The array as orjson takes it: in C order, of a dtype that it knows."""
    if array.dtype == np.float16:
        array = array.astype(np.float64)
    return np.ascontiguousarray(array)


def digits(flat: Array) -> list[bytes]:
    """The text of each number of one axis; non-finite ones are null."""
    if not len(flat):
        return []
    return orjson.dumps(writable(flat), option=NUMPY)[1:-1].split(b",")


def json_cells(column: Column | TextColumn) -> list[bytes]:
    """The JSON text of each row's cell."""
    if isinstance(column, JsonColumn):
        return [b"null" if text is None else text.encode() for text in column.texts]
    if isinstance(column, TextColumn):
        return strings(column.texts) if column.count else []
    if isinstance(column.values, np.ndarray):
        found = _array_cells(column.values)
    else:
        found = [_array_cells(value[None])[0] for value in column.values]
    if column.nulls is not None:
        for offset in np.flatnonzero(column.nulls).tolist():
            found[offset] = b"null"
    return found


def _array_cells(values: Array) -> list[bytes]:
    if not values.size and len(values):
        return [orjson.dumps(values[0].tolist())] * len(values)
    flat = values.reshape(-1)
    found = digits(flat)
    if values.dtype.kind == "f":
        for place in np.flatnonzero(~np.isfinite(flat)).tolist():
            found[place] = spelled(float(flat[place]))
    for size in reversed(values.shape[1:]):
        found = [b"[" + b",".join(row) + b"]" for row in zip(*[iter(found)] * size)]
    return found


def members(table: Mapping[str, Column | TextColumn]) -> list[bytes]:
    """The members of each row's JSON object, without its braces."""
    labels = [label(name).replace(b"%", b"%%") for name in table]
    pattern = b",".join(one + b"%b" for one in labels)
    return [pattern % row for row in zip(*map(json_cells, table.values()))]


def names_of(name: str, shape: Shape) -> list[str]:
    """The columns of a tensor's elements in CSV.

    >>> names_of("grad_x", (2, 2))
    ['grad_x_0_0', 'grad_x_0_1', 'grad_x_1_0', 'grad_x_1_1']
    """
    return ["_".join((name, *map(str, place))) for place in np.ndindex(*shape)]


def flat_texts(table: Mapping[str, Column | TextColumn]) -> dict[str, list[str]]:
    """The cells of a CSV file, tensors an element a column."""
    found: dict[str, list[str]] = {}
    for name, column in table.items():
        if isinstance(column, TextColumn):
            found[name] = ["" if text is None else text for text in column.texts]
            continue
        values = stacked(name, column)
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        for place, title in enumerate(names_of(name, values.shape[1:])):
            found[title] = csv_cells(flat[:, place], column.nulls)
    return found


def csv_cells(flat: Array, nulls: Array | None) -> list[str]:
    """The CSV text of each number of one axis."""
    found = [text.decode() for text in digits(flat)]
    if flat.dtype.kind == "f":
        for place in np.flatnonzero(~np.isfinite(flat)).tolist():
            found[place] = plain(float(flat[place]))
    if nulls is not None:
        for place in np.flatnonzero(nulls).tolist():
            found[place] = ""
    return found


def stacked(name: str, column: Column) -> Array:
    """The column as one array.

    Raises:
        InputError: its rows have several shapes.
    """
    if isinstance(column.values, np.ndarray):
        return column.values
    real = range(column.count) if column.nulls is None else np.flatnonzero(~column.nulls).tolist()
    shapes = {column.values[row].shape for row in real}
    if len(shapes) > 1:
        raise several_shapes(name, *sorted(shapes)[:2])
    shape = shapes.pop() if shapes else ()
    empty = np.full(shape, np.nan)
    rows = set(real)
    return np.array([v if row in rows else empty for row, v in enumerate(column.values)])


def several_shapes(name: str, one: Shape, other: Shape) -> InputError:
    """That a column's rows can't stand under one header."""
    return InputError(
        f"'{name}' has the shape {one} in one row and {other} in another",
        hint="only JSON Lines holds both: --to jsonl",
    )
