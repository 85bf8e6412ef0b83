"""JSON Lines, a line at a time: a piece of text to a chunk, or to the places of its bad fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import orjson

from autodiff_cli.ir.node import Array
from autodiff_cli.tables.bad import Bad, because, shown
from autodiff_cli.tables.dialect import Dialect, word_hint
from autodiff_cli.tables.json_numbers import Shapeless, column_of, nested, spread
from autodiff_cli.tables.kept import KeptLines
from autodiff_cli.tables.layout import ColumnLayout
from autodiff_cli.tables.pieces import Piece
from autodiff_cli.tables.rows import Chunk, Column

KINDS = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
BARE = re.compile(rb"[:,\[]\s*-?(?:NaN|Infinity)\b")
MISSING = object()
OBJECTS = 100  # whose keys are the columns
LATE = "JSON Lines holds every key: --to jsonl"


def lines_of(data: bytes) -> tuple[list[bytes], Sequence[int]]:
    """The lines that aren't blank, and how many lines stand before each."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if all(lines) and not any(map(bytes.isspace, lines)):
        return lines, range(len(lines))
    offsets = [offset for offset, line in enumerate(lines) if line and not line.isspace()]
    return [lines[offset] for offset in offsets], offsets


def chunk(piece: Piece, layout: ColumnLayout, row: int) -> Chunk:
    """The rows of a piece, the first of which has the number `row`."""
    lines, before = lines_of(piece.data)
    found = Bad(layout.file, row, len(lines), np.asarray(before, np.int64) + piece.line)
    columns = columns_of(lines, np.arange(len(lines)), layout, found)
    return chunk_of(lines, columns, layout, found)


def chunk_of(
    lines: list[bytes], columns: dict[str, Column], layout: ColumnLayout, found: Bad
) -> Chunk:
    """The chunk of lines whose columns have been read."""
    if layout.kept or layout.everything:
        for offset in found.whole.tolist():  # nothing of it passes on
            lines[offset] = b"{}"
    kept = kept_of(lines, layout)
    if kept is not None and layout.closed:
        late: dict[str, list[int]] = {}
        for offset, names in enumerate(kept.others()):
            for name in names:
                late.setdefault(name, []).append(offset)
        for name, offsets in late.items():
            found.add(np.array(offsets), because(name, [None], _late, lambda _: LATE))
    return Chunk(layout.file, found.row, len(lines), columns, found, kept, layout.names)


def columns_of(
    lines: list[bytes], rows: Array, layout: ColumnLayout, found: Bad
) -> dict[str, Column]:
    """The wanted columns of some lines; what is wrong with them goes to the findings, by their `rows`."""
    objects, none, kinds = objects_of(lines)
    what = [(kind, lines[offset]) for kind, offset in zip(kinds, none)]
    found.add(rows[none], because("", what, lambda value: _no_object(value[0]), _hint))
    whole = np.zeros(len(lines), bool)
    whole[none] = True
    good = np.flatnonzero(~whole)
    columns = {}
    for name in layout.wanted:
        title = layout.title(name)
        cells = [members.get(title, MISSING) for members in objects]
        if "." in title:
            cells = [
                nested(row, title, MISSING) if c is MISSING else c for row, c in zip(objects, cells)
            ]
        if layout.dialect.kinds:
            cells = [_counted(cell, layout.dialect) for cell in cells]
        values, wrong = column_of(cells)
        places = good[list(wrong)]
        bad = whole.copy()
        bad[places] = True
        found.add(rows[places], because(name, list(wrong.values()), _no_number, _word))
        if none:
            values = spread(values, good, len(lines))
        columns[name] = Column(values, np.flatnonzero(bad))
    return columns


def _counted(cell: object, dialect: Dialect) -> object:
    """A value as the number that it counts as, if it does."""
    if isinstance(cell, bool) and "bool" in dialect.kinds:
        return float(cell)
    number = dialect.number_of(cell) if isinstance(cell, str) else None
    return cell if number is None else number


def kept_of(lines: list[bytes], layout: ColumnLayout) -> KeptLines | None:
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


def _hint(value: tuple[object, bytes]) -> str | None:
    return hint_of(value[1])


def hint_of(line: bytes) -> str | None:
    """What to do about a line that isn't JSON, or no object."""
    if BARE.search(line):
        return 'JSON has no NaN and no Infinity: write "NaN", "Infinity" or "-Infinity"'
    if line.lstrip()[:1] == b"[" or line.strip() == b"{":
        return "JSON Lines has an object on each line: jq -c '.[]' FILE, or jq -c . FILE"
    return None


def _late(_: object) -> str:
    return f"the key isn't among those of the first {OBJECTS} objects"


def _word(entry: object) -> str | None:
    """How a value that is no number could count as one."""
    return word_hint(str(entry)) if isinstance(entry, (str, bool)) else None


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
