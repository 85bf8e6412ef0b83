"""JSON Lines, a line at a time: a piece of text to a chunk, or to the places of its bad fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
import orjson

from autodiff_cli.ir.node import Array
from autodiff_cli.tables.kept import KeptLines
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.pieces import Piece
from autodiff_cli.tables.rows import Chunk, Column, RowError, in_order, shown

NON_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
KINDS = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
BARE = re.compile(rb"[:,\[]\s*-?(?:NaN|Infinity)\b")
PLAIN = {int, float}
MISSING = object()
NESTING = 32  # dimensions that an array may have


def lines_of(data: bytes) -> tuple[list[bytes], Sequence[int]]:
    """The lines that aren't blank, and how many lines stand before each."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if all(lines) and not any(map(bytes.isspace, lines)):
        return lines, range(len(lines))
    offsets = [offset for offset, line in enumerate(lines) if line and not line.isspace()]
    return [lines[offset] for offset in offsets], offsets


def chunk(piece: Piece, layout: Layout, row: int) -> Chunk:
    """The rows of a piece, the first of which has the number `row`."""
    lines, offsets = lines_of(piece.data)
    bad: dict[int, RowError] = {}
    objects: list[dict[str, object]] = []

    def fault(offset: int, field: str, message: str) -> RowError:
        line = piece.line + offsets[offset]
        hint = None if field else hint_of(lines[offset])
        error = RowError(layout.file, row + offset, field, message, hint, line)
        return bad.setdefault(offset, error)

    for offset, line in enumerate(lines):
        found, message = object_of(line)
        objects.append(found)
        if message:
            fault(offset, "", message)
    whole = dict(bad)
    columns = {}
    for name in layout.wanted:
        title = layout.title(name)
        values, wrong = column_of([found.get(title, MISSING) for found in objects])
        errors = dict(whole)
        for offset, message in wrong.items():
            if offset not in whole:
                fault(offset, name, message)
                line_number = piece.line + offsets[offset]
                errors[offset] = RowError(
                    layout.file, row + offset, name, message, None, line_number
                )
        columns[name] = Column(values, in_order(errors))
    if whole:  # of a line that is no object, nothing passes on
        lines = [b"{}" if offset in whole else line for offset, line in enumerate(lines)]
    kept = kept_of(lines, layout)
    return Chunk(layout.file, row, len(lines), columns, in_order(bad), kept, layout.names)


def kept_of(lines: list[bytes], layout: Layout) -> KeptLines | None:
    """What passes through of some lines."""
    if not layout.kept and not layout.everything:
        return None
    renamed = {old: new for old, new in zip(layout.titles, layout.names) if old != new}
    return KeptLines(lines, renamed, None if layout.everything else layout.kept)


def object_of(line: bytes) -> tuple[dict[str, object], str]:
    """A line's members, or none and what is wrong with it."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {}, f"invalid JSON: {error.msg} (character {error.pos + 1})"
    if isinstance(found, dict):
        return found, ""
    return {}, f"{KINDS.get(type(found), 'a value')} where an object is expected"


def hint_of(line: bytes) -> str | None:
    """What to do about a line that isn't JSON, or no object."""
    if BARE.search(line):
        return 'JSON has no NaN and no Infinity: write "NaN", "Infinity" or "-Infinity"'
    if line.lstrip()[:1] == b"[" or line.strip() == b"{":
        return "JSON Lines has an object on each line: jq -c '.[]' FILE, or jq -c . FILE"
    return None


def column_of(cells: list[object]) -> tuple[Array | list[Array], dict[int, str]]:
    """JSON values as numbers, and what is wrong with those that are none.

    The values are an array if all rows have one shape, else a list of arrays.
    """
    whole = _uniform(cells)
    if whole is not None:
        return whole, {}
    arrays: list[Array | None] = []
    wrong: dict[int, str] = {}
    for offset, cell in enumerate(cells):
        array = _uniform([cell])
        if array is None:
            array, message = _careful(cell)
            if message:
                wrong[offset] = message
            arrays.append(array)
        else:
            arrays.append(array[0])
    shapes = {array.shape for array in arrays if array is not None}
    if len(shapes) > 1:
        return [np.empty(0) if array is None else array for array in arrays], wrong
    empty = np.full(shapes.pop() if shapes else (), np.nan)
    return np.array([empty if array is None else array for array in arrays]), wrong


def _uniform(cells: list[object]) -> Array | None:
    """An array of numbers and of nested lists that all have one shape; None for anything else."""
    shape = [len(cells)]
    flat: list[object] = cells
    kinds = set(map(type, flat))
    while kinds == {list} and len(shape) <= NESTING:
        lengths = set(map(len, flat))  # type: ignore[arg-type]
        if len(lengths) > 1:
            return None
        shape.append(lengths.pop())
        flat = list(chain.from_iterable(flat))  # type: ignore[arg-type]
        kinds = set(map(type, flat))
    if not kinds <= PLAIN:
        return None
    return np.array(flat, np.float64).reshape(shape)


def _careful(cell: object) -> tuple[Array | None, str]:
    """A value with spelled numbers in it, or what is wrong with it."""
    flat = [cell]
    shape: list[int] = []
    while flat and any(isinstance(entry, list) for entry in flat):
        if not all(isinstance(entry, list) for entry in flat):
            return None, "numbers and lists are mixed in a list"
        lengths = set(map(len, flat))  # type: ignore[arg-type]
        if len(lengths) > 1:
            return None, "lists of unequal length"
        shape.append(lengths.pop())
        if len(shape) > NESTING:
            return None, f"lists nested more than {NESTING} deep"
        flat = list(chain.from_iterable(flat))  # type: ignore[arg-type]
    numbers = []
    for entry in flat:
        if isinstance(entry, str) and entry in NON_FINITE:
            numbers.append(NON_FINITE[entry])
        elif isinstance(entry, bool) or not isinstance(entry, (int, float)):
            return None, _no_number(entry)
        else:
            numbers.append(float(entry))
    return np.array(numbers, np.float64).reshape(shape), ""


def _no_number(entry: object) -> str:
    if entry is MISSING:
        return "missing"
    if entry is None:
        return "null"
    if isinstance(entry, dict):
        return "an object is not a number"
    if isinstance(entry, bool):
        return f"{str(entry).lower()} is not a number"
    return f"{shown(str(entry))} is not a number"
