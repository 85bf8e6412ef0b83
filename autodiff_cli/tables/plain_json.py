"""JSON Lines, a line at a time: a piece of text to a chunk, or to the places of its bad fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import orjson

from autodiff_cli.ir.node import Array
from autodiff_cli.tables.bad import LONGEST, Findings, Reason, Reasons, end_of, shown
from autodiff_cli.tables.kept import KeptLines
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.pieces import Piece
from autodiff_cli.tables.rows import Chunk, Column

NON_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
KINDS = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
BARE = re.compile(rb"[:,\[]\s*-?(?:NaN|Infinity)\b")
PLAIN = {int, float}
SOUND = {int, float, list}
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
    columns = columns_of(lines, np.arange(len(lines)), layout, found)
    return chunk_of(lines, columns, layout, found)


def chunk_of(
    lines: list[bytes], columns: dict[str, Column], layout: Layout, found: Findings
) -> Chunk:
    """The chunk of lines whose columns have been read."""
    if layout.kept or layout.everything:
        for offset in np.flatnonzero(found.whole).tolist():  # nothing of it passes on
            lines[offset] = b"{}"
    kept = kept_of(lines, layout)
    return Chunk(layout.file, found.row, len(lines), columns, found.bad(), kept, layout.names)


def columns_of(
    lines: list[bytes], rows: Array, layout: Layout, found: Findings
) -> dict[str, Column]:
    """The wanted columns of some lines; what is wrong with them goes to the findings, by their `rows`."""
    objects, none, kinds = objects_of(lines)
    found.add_whole(rows[none], NoObjects([lines[offset] for offset in none], kinds))
    whole = np.zeros(len(lines), bool)
    whole[none] = True
    good = np.flatnonzero(~whole)
    columns = {}
    for name in layout.wanted:
        title = layout.title(name)
        cells = [members.get(title, MISSING) for members in objects]
        values, wrong = column_of(cells)
        bad = whole.copy()
        bad[good[wrong]] = True
        found.add(rows[good[wrong]], NoNumbers(name, [cells[at] for at in wrong]))
        if none:
            values = spread(values, good, len(lines))
        columns[name] = Column(values, np.flatnonzero(bad))
    return columns


def kept_of(lines: list[bytes], layout: Layout) -> KeptLines | None:
    """What passes through of some lines."""
    if not layout.kept and not layout.everything:
        return None
    renamed = {old: new for old, new in zip(layout.titles, layout.names) if old != new}
    return KeptLines(lines, renamed, None if layout.everything else layout.kept)


def objects_of(
    lines: list[bytes],
) -> tuple[list[dict[str, object]], list[int], list[type | Invalid]]:
    """The members of each line that is an object; the offsets of the others, and what each of those is."""
    found: list[object]
    try:
        found = list(map(orjson.loads, lines))
    except orjson.JSONDecodeError:
        found = list(map(_loaded, lines))
    none = [offset for offset, members in enumerate(found) if type(members) is not dict]
    if not none:
        return found, [], []  # type: ignore[return-value]
    kinds: list[type | Invalid] = [
        what if isinstance(what, Invalid) else type(what) for what in map(found.__getitem__, none)
    ]
    objects = [members for members in found if isinstance(members, dict)]
    return objects, none, kinds


class Invalid(NamedTuple):
    """That a line isn't JSON; `place` counts characters from 1, and is 0 for the line."""

    message: str
    place: int


def _loaded(line: bytes) -> object:
    # most such lines are cut off, and to raise and catch an error takes four times as long
    if line[:1] == b"{" and line[-1:] != b"}" and not line[-1:].isspace():
        return UNCLOSED
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Invalid(error.msg, error.pos + 1)


UNCLOSED = Invalid("it begins with { and doesn't end with }", 0)


class NoObjects(Reasons):
    """That lines are no objects, by the lines and what each of them is."""

    def __init__(self, lines: list[bytes], kinds: list[type | Invalid]) -> None:
        self.lines = lines
        self.kinds = kinds

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, at: int) -> Reason:  # type: ignore[override]
        return Reason("", _no_object(self.kinds[at]), hint_of(self.lines[at]))

    def ends(self, at: Sequence[int]) -> list[str]:
        known = {kind: end_of("", _no_object(kind)) for kind in set(self.kinds)}
        return [known[self.kinds[place]] for place in at]


def _no_object(kind: type | Invalid) -> str:
    if isinstance(kind, type):
        return f"{KINDS.get(kind, 'a value')} where an object is expected"
    place = f" (character {kind.place})" if kind.place else ""
    return f"invalid JSON: {kind.message}{place}"


def object_of(line: bytes) -> tuple[dict[str, object], str]:
    """A line's members, or none and what is wrong with it."""
    found = _loaded(line)
    if isinstance(found, dict):
        return found, ""
    return {}, _no_object(found if isinstance(found, Invalid) else type(found))


def hint_of(line: bytes) -> str | None:
    """What to do about a line that isn't JSON, or no object."""
    if BARE.search(line):
        return 'JSON has no NaN and no Infinity: write "NaN", "Infinity" or "-Infinity"'
    if line.lstrip()[:1] == b"[" or line.strip() == b"{":
        return "JSON Lines has an object on each line: jq -c '.[]' FILE, or jq -c . FILE"
    return None


class NoNumbers(Reasons):
    """That the cells of a column are no numbers, by the cells."""

    def __init__(self, field: str, cells: list[object]) -> None:
        self.field = field
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, at: int) -> Reason:  # type: ignore[override]
        return Reason(self.field, _wrong(self.cells[at]))

    def ends(self, at: Sequence[int]) -> list[str]:
        place = end_of(self.field, "")
        return [
            f"{place}{cell!r} is not a number"
            if type(cell) is str and len(cell) <= LONGEST
            else place + _wrong(cell)
            for cell in map(self.cells.__getitem__, at)
        ]


def column_of(cells: list[object]) -> tuple[Array | list[Array], list[int]]:
    """JSON values as numbers, and the offsets of those that are none.

    The values are an array if all rows have one shape, else a list of arrays.
    """
    whole = _uniform(cells)
    if whole is not None:
        return whole, []
    sound: dict[int, object] = {}  # numbers, and lists of whatever
    for offset, cell in enumerate(cells):
        if type(cell) in SOUND:
            sound[offset] = cell
        elif type(cell) is str and cell in NON_FINITE:
            sound[offset] = NON_FINITE[cell]
    whole = _uniform(list(sound.values()))
    if whole is not None:
        offsets = np.fromiter(sound, np.int64, len(sound))
        wrong = np.delete(np.arange(len(cells)), offsets).tolist()
        return spread(whole, offsets, len(cells)), wrong
    arrays: dict[int, Array] = {}
    for offset, cell in sound.items():
        one = _uniform([cell])
        array = _careful(cell)[0] if one is None else one[0]
        if array is not None:
            arrays[offset] = array
    wrong = [offset for offset in range(len(cells)) if offset not in arrays]
    if len({array.shape for array in arrays.values()}) > 1:
        nothing = np.empty(0)
        return [arrays.get(offset, nothing) for offset in range(len(cells))], wrong
    offsets = np.fromiter(arrays, np.int64, len(arrays))
    return spread(np.array(list(arrays.values())), offsets, len(cells)), wrong


def spread(values: Array | list[Array], offsets: Array, count: int) -> Array | list[Array]:
    """The values of some rows among those of all; the others are NaN, empty arrays in a list."""
    if isinstance(values, list):
        found = [np.empty(0)] * count
        for offset, value in zip(offsets.tolist(), values):
            found[offset] = value
        return found
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


def _wrong(cell: object) -> str:
    """Why a cell is no number and no array of numbers."""
    return _careful(cell)[1] if isinstance(cell, list) else _no_number(cell)


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
