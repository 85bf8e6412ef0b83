"""JSON Lines, a line at a time: a piece of text to a chunk, or to the places of its bad fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
import orjson

from autodiff_cli.ir.node import Array
from autodiff_cli.tables.bad import Findings, Reason, shown
from autodiff_cli.tables.kept import KeptLines
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.pieces import Piece
from autodiff_cli.tables.rows import Chunk, Column

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
    lines, before = lines_of(piece.data)
    found = Findings(layout.file, row, len(lines), np.asarray(before, np.int64) + piece.line)
    objects, none = objects_of(lines)
    found.add(np.array(none, np.int64), NoObjects([lines[offset] for offset in none]))
    whole = set(none)
    columns = {}
    for name in layout.wanted:
        title = layout.title(name)
        values, wrong = column_of([members.get(title, MISSING) for members in objects])
        own = {at: Reason(name, message) for at, message in wrong.items() if at not in whole}
        found.add_each(own)
        columns[name] = Column(values, np.fromiter(wrong, np.int64, len(wrong)))
    for offset in none:  # of a line that is no object, nothing passes on
        lines[offset] = b"{}"
    kept = kept_of(lines, layout)
    return Chunk(layout.file, row, len(lines), columns, found.bad(), kept, layout.names)


def kept_of(lines: list[bytes], layout: Layout) -> KeptLines | None:
    """What passes through of some lines."""
    if not layout.kept and not layout.everything:
        return None
    renamed = {old: new for old, new in zip(layout.titles, layout.names) if old != new}
    return KeptLines(lines, renamed, None if layout.everything else layout.kept)


def objects_of(lines: list[bytes]) -> tuple[list[dict[str, object]], list[int]]:
    """The members of each line, and the offsets of the lines that have none."""
    found: list[object]
    try:
        found = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        found = list(map(_loaded, lines))
    none = [offset for offset, members in enumerate(found) if type(members) is not dict]
    for offset in none:
        found[offset] = {}
    return found, none  # type: ignore[return-value]


def _loaded(line: bytes) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


class NoObjects(Sequence[Reason]):
    """That lines are no objects, by the lines."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, at: int) -> Reason:  # type: ignore[override]
        line = self.lines[at]
        return Reason("", object_of(line)[1], hint_of(line))


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
    wrong: dict[int, str] = {}
    sound: dict[int, object] = {}  # numbers, and lists of whatever
    for offset, cell in enumerate(cells):
        if type(cell) in PLAIN or type(cell) is list:
            sound[offset] = cell
        elif isinstance(cell, str) and cell in NON_FINITE:
            sound[offset] = NON_FINITE[cell]
        else:
            wrong[offset] = _no_number(cell)
    whole = _uniform(list(sound.values()))
    if whole is not None:
        return _spread(whole, list(sound), len(cells)), wrong
    arrays: dict[int, Array] = {}
    for offset, cell in sound.items():
        one = _uniform([cell])
        array, message = _careful(cell) if one is None else (one[0], "")
        if array is None:
            wrong[offset] = message
        else:
            arrays[offset] = array
    wrong = dict(sorted(wrong.items()))
    if len({array.shape for array in arrays.values()}) > 1:
        nothing = np.empty(0)
        return [arrays.get(offset, nothing) for offset in range(len(cells))], wrong
    return _spread(np.array(list(arrays.values())), list(arrays), len(cells)), wrong


def _spread(values: Array, offsets: list[int], count: int) -> Array:
    """The values of some rows among those of all, which are NaN."""
    whole = np.full((count, *values.shape[1:]), np.nan)
    whole[offsets] = values
    return whole


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
