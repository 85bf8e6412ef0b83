"""Columns that pass from the input to the output, as the input writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import cells
from autodiff_cli.tables.rows import Column, TextColumn

JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
NON_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


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
    if NON_FINITE.fullmatch(text):
        return cells.spelled(float(text))
    return cells.string(text)


def typed(texts: Sequence[str]) -> Column | TextColumn:
    """A CSV column as numbers if all its cells are (empty ones are null), else as text."""
    try:
        values = np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return TextColumn([text or None for text in texts])
    nulls = np.array([not text for text in texts])
    return Column(values, nulls=nulls if nulls.any() else None)


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
        import orjson

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
        import orjson

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
        from autodiff_cli.tables.plain_json import column_of

        rows = self.objects()
        found: dict[str, Column | TextColumn] = {}
        for name in self.names:
            values = [row.get(name) for row in rows]
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
    import orjson

    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


class KeptValues:
    """Columns of a file that stores values."""

    def __init__(self, values: Mapping[str, Column | TextColumn]) -> None:
        self.values = values

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.values)

    def take(self, offsets: Array) -> KeptValues:
        found: dict[str, Column | TextColumn] = {}
        for name, column in self.values.items():
            if isinstance(column, Column):
                found[name] = column.take(offsets)
            else:
                found[name] = TextColumn([column.texts[row] for row in offsets.tolist()])
        return KeptValues(found)

    def ordered(self, names: tuple[str, ...]) -> KeptValues:
        return KeptValues({name: self.values[name] for name in names})

    def texts(self) -> Mapping[str, Sequence[str]]:
        return cells.flat_texts(self.values)

    def members(self) -> list[bytes]:
        return cells.members(self.values)

    def columns(self) -> Mapping[str, Column | TextColumn]:
        return self.values
