"""JSON Lines, a line at a time: a piece of text to a chunk, or to the places of its bad fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import orjson

from autodiff_cli.ir.node import Array
from autodiff_cli.tables.bad import LONGEST, Findings, Reason, Reasons, end_of, shown
from autodiff_cli.tables.json_numbers import Shapeless, column_of, spread
from autodiff_cli.tables.kept import KeptLines
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.pieces import Piece
from autodiff_cli.tables.rows import Chunk, Column

KINDS = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
BARE = re.compile(rb"[:,\[]\s*-?(?:NaN|Infinity)\b")
MISSING = object()


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
        places = good[list(wrong)]
        bad = whole.copy()
        bad[places] = True
        found.add(rows[places], NoNumbers(name, list(wrong.values())))
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
    """That the cells of a column are no numbers, by what in them isn't."""

    def __init__(self, field: str, entries: list[object]) -> None:
        self.field = field
        self.entries = entries

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, at: int) -> Reason:  # type: ignore[override]
        return Reason(self.field, _no_number(self.entries[at]))

    def ends(self, at: Sequence[int]) -> list[str]:
        place = end_of(self.field, "")
        return [
            f"{place}{entry!r} is not a number"
            if type(entry) is str and len(entry) <= LONGEST
            else place + _no_number(entry)
            for entry in map(self.entries.__getitem__, at)
        ]


def _no_number(entry: object) -> str:
    if isinstance(entry, Shapeless):
        return entry.message
    if entry is MISSING:
        return "missing"
    if entry is None:
        return "null"
    if isinstance(entry, dict):
        return "an object is not a number"
    if isinstance(entry, bool):
        return f"{str(entry).lower()} is not a number"
    return f"{shown(str(entry))} is not a number"
