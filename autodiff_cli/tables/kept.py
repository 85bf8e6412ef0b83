"""Columns that pass from the input to the output, as the input writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import orjson

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import cells
from autodiff_cli.tables.json_numbers import NON_FINITE, column_of
from autodiff_cli.tables.rows import KINDS, Column, TextColumn, Untyped

JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
LEAST, MOST = -(2**63), 2**63 - 1
CSV_NON_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


OPENING, CLOSING = b"{}"


class Kept(Protocol):
    """Kept columns of some rows; a writer asks for the form that it needs."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def take(self, offsets: Array) -> Kept:
        """Those of some of the rows."""

    def ordered(self, names: tuple[str, ...]) -> Kept:
        """The same columns in another order."""

    def texts(self) -> Mapping[str, Sequence[str]]:
        """What the cells of a CSV file hold, without quotes."""

    def members(self) -> list[bytes]:
        """A row's members of a JSON object, such as '"S":1.50,"K":2'; empty if it has none."""

    def columns(self) -> Mapping[str, Column | TextColumn]:
        """Values, for formats that store them."""


class KeptTexts:
    """Cells of CSV."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = fields

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.fields)

    def take(self, offsets: Array) -> KeptTexts:
        rows = offsets.tolist()
        return KeptTexts({n: [texts[row] for row in rows] for n, texts in self.fields.items()})

    def ordered(self, names: tuple[str, ...]) -> KeptTexts:
        fields = self.fields
        return KeptTexts({name: fields[name] for name in names})

    def texts(self) -> Mapping[str, Sequence[str]]:
        return self.fields

    def members(self) -> list[bytes]:
        labels = [cells.label(name) for name in self.fields]
        return [
            b",".join(label + json_of(text) for label, text in zip(labels, row))
            for row in zip(*self.fields.values())
        ]

    def columns(self) -> Mapping[str, Column | TextColumn]:
        return {name: typed(texts) for name, texts in self.fields.items()}


def json_of(text: str) -> bytes:
    """A CSV cell as JSON: a number as it is written, null if empty, else a string."""
    if JSON_NUMBER.fullmatch(text):
        return text.encode()
    if not text:
        return b"null"
    if CSV_NON_FINITE.fullmatch(text):
        return cells.spelled(float(text))
    return cells.string(text)


def typed(texts: Sequence[str]) -> Untyped:
    """A CSV column; numbers if all its cells are, also those of later rows (empty ones are null)."""
    clean = [_utf_8(text) if text else None for text in texts]
    return Untyped(clean, kind_of([text for text in clean if text is not None]))


def kind_of(texts: Sequence[str]) -> str:
    """The first of `rows.KINDS` that holds the cells."""
    try:
        if all(map(INTEGER.fullmatch, texts)) and all(
            LEAST <= number <= MOST for number in map(int, texts)
        ):
            return "int64"
        np.array(list(map(float, texts)))
    except ValueError:
        return "text"
    return "float64" if plain_numbers(texts) else "text"


def plain_numbers(texts: Sequence[str]) -> bool:
    """Whether numbers are written without underscores and in ASCII digits, as other programs want them."""
    whole = "".join(texts)
    return whole.isascii() and "_" not in whole


def _utf_8(text: str) -> str:
    """Text with a question mark for what was no UTF-8 in the input."""
    return text.encode("utf-8", "replace").decode()


class KeptLines:
    """Whole lines of JSON Lines, of which all members or some are kept."""

    def __init__(
        self, lines: list[bytes], renamed: Mapping[str, str], some: tuple[str, ...] | None
    ) -> None:
        self.lines = lines
        self.renamed = renamed  # old to new
        self.some = some  # names, after renaming; None for all

    @property
    def names(self) -> tuple[str, ...]:
        if self.some is not None:
            return self.some
        found: dict[str, None] = {}
        for row in self.objects():
            found |= dict.fromkeys(row)
        return tuple(found)

    def take(self, offsets: Array) -> KeptLines:
        return KeptLines([self.lines[row] for row in offsets.tolist()], self.renamed, self.some)

    def ordered(self, names: tuple[str, ...]) -> KeptLines:
        return KeptLines(self.lines, self.renamed, names)

    def objects(self) -> list[dict[str, object]]:
        """The kept members of each row, parsed; a line that is no object has none."""
        found = []
        for line in self.lines:
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                row = {}
            if not isinstance(row, dict):
                row = {}
            if self.renamed:
                row = {self.renamed.get(name, name): value for name, value in row.items()}
            if self.some is not None:
                row = {name: row[name] for name in self.some if name in row}
            found.append(row)
        return found

    def texts(self) -> Mapping[str, Sequence[str]]:
        rows = self.objects()
        return {name: [cell_of(row.get(name)) for row in rows] for name in self.names}

    def members(self) -> list[bytes]:
        if self.some is None and not self.renamed:
            if all(line[0] == OPENING and line[-1] == CLOSING for line in self.lines):
                inner = [line[1:-1] for line in self.lines]
            else:
                inner = [line.strip() for line in self.lines]
                inner = [line[1:-1] if line[:1] == b"{" else b"" for line in inner]
            if any(map(bytes.isspace, inner)):
                inner = [members.strip() for members in inner]
            return inner
        return [orjson.dumps(row)[1:-1] for row in self.objects()]

    def columns(self) -> Mapping[str, Column | TextColumn]:
        rows = self.objects()
        found: dict[str, Column | TextColumn] = {}
        for name in self.names:
            values = [row.get(name) for row in rows]
            kinds = {_json_kind(value) for value in values if value is not None}
            if kinds and None not in kinds:
                texts = [None if value is None else cell_of(value) for value in values]
                found[name] = Untyped(texts, max(filter(None, kinds), key=KINDS.index))
                continue
            column, bad = column_of(values)
            if any(values[offset] is not None for offset in bad):
                found[name] = TextColumn([None if v is None else cell_of(v) for v in values])
            else:
                nulls = np.zeros(len(values), bool)
                nulls[list(bad)] = True
                found[name] = Column(column, nulls=nulls if bad else None)
        return found


def cell_of(value: object) -> str:
    """A JSON value as a cell of CSV: a string without quotes, null empty, the rest as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _json_kind(value: object) -> str | None:
    """The first of `rows.KINDS` that holds a JSON value; None of a list or an object."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "int64" if LEAST <= value <= MOST else "float64"
    if isinstance(value, float) or (isinstance(value, str) and value in NON_FINITE):
        return "float64"
    return None if isinstance(value, (list, dict)) else "text"


class KeptValues:
    """Columns of a file that stores values."""

    def __init__(self, values: Mapping[str, Column | TextColumn]) -> None:
        self.values = values

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.values)

    def take(self, offsets: Array) -> KeptValues:
        return KeptValues({name: column.take(offsets) for name, column in self.values.items()})

    def ordered(self, names: tuple[str, ...]) -> KeptValues:
        return KeptValues({name: self.values[name] for name in names})

    def texts(self) -> Mapping[str, Sequence[str]]:
        return cells.flat_texts(self.values)

    def members(self) -> list[bytes]:
        return cells.members(self.values)

    def columns(self) -> Mapping[str, Column | TextColumn]:
        return self.values
