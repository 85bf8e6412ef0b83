"""Columns that pass from the input to the output, as the input writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NoReturn, Protocol

import numpy as np
import orjson

from autodiff_cli.ir.node import Array
from autodiff_cli.tables import cells
from autodiff_cli.tables.dialect import USUAL, Dialect
from autodiff_cli.tables.json_numbers import NON_FINITE, column_of, nested
from autodiff_cli.tables.rows import Column, JsonColumn, TextColumn, Untyped

JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
# no leading zero, which says that the digits are a name, and no plus before a whole number: a telephone's
DECIMAL = re.compile(
    r"(?:-?|\+(?=\d*[.eE]))(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
)
LEAST, MOST = -(2**63), 2**63 - 1
EXACT = 1 << 53  # up to here float64 has every whole number
LONG = 400  # characters
CSV_NON_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
SIMPLE = re.compile(
    r"(?=.{1,15}\Z)-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII
)  # digits that any float64 keeps
# what JSON numbers may lose when they are read: exponents, many digits, -0, 0.00001, 1.50
WRITTEN = re.compile(rb"[0-9][eE]|[0-9.]{16}|-0[^.]|0\.0000|\.[0-9]+0[^0-9]")


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

    def __init__(self, fields: Mapping[str, Sequence[str]], dialect: Dialect = USUAL) -> None:
        self.fields = fields
        self.dialect = dialect

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.fields)

    def take(self, offsets: Array) -> KeptTexts:
        rows = offsets.tolist()
        found = {n: [texts[row] for row in rows] for n, texts in self.fields.items()}
        return KeptTexts(found, self.dialect)

    def ordered(self, names: tuple[str, ...]) -> KeptTexts:
        fields = self.fields
        return KeptTexts({name: fields[name] for name in names}, self.dialect)

    def texts(self) -> Mapping[str, Sequence[str]]:
        return self.fields

    def members(self) -> list[bytes]:
        labels = [cells.label(name) for name in self.fields]
        return [
            b",".join(label + json_of(text) for label, text in zip(labels, row))
            for row in zip(*map(self.dialect.kept_all, self.fields.values()))
        ]

    def columns(self) -> Mapping[str, Column | TextColumn]:
        return {name: typed(self.dialect.kept_all(texts)) for name, texts in self.fields.items()}


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
    """The first of `rows.KINDS` that holds the cells with every digit.

    >>> kind_of(["1", "2"]), kind_of(["1", "2.50"]), kind_of(["00501"]), kind_of(["9007199254740993"])
    ('int53', 'float64', 'text', 'int64')
    """
    if all(map(INTEGER.fullmatch, texts)):
        numbers = list(map(int, texts))
        least, most = min(numbers, default=0), max(numbers, default=0)
        if least >= -EXACT and most <= EXACT:
            return "int53"
        if least >= LEAST and most <= MOST:
            return "int64"
    others = (text for text in texts if not SIMPLE.fullmatch(text))
    return "float64" if all(map(_is_float, others)) else "text"


def _is_float(text: str) -> bool:
    """Whether a number reads the same as a float64 that is written with as many digits."""
    text = text.strip()
    if not DECIMAL.fullmatch(text):
        return CSV_NON_FINITE.fullmatch(text) is not None
    digits = re.split("[eE]", text)[0].lstrip("+-0.").replace(".", "")
    if not digits:
        return True
    if len(text) > LONG:
        return False
    value, written = float(text), Decimal(text)
    return written in (Decimal(repr(value)), Decimal(f"{value:.{len(digits) - 1}e}"))


def plain_numbers(texts: Sequence[str]) -> bool:
    """Whether numbers are written without underscores and in ASCII digits, as other programs want them."""
    whole = "".join(texts)
    return whole.isascii() and "_" not in whole


def _utf_8(text: str) -> str:
    """Text with a question mark for what was no UTF-8 in the input."""
    return text.encode("utf-8", "replace").decode()


class Written(str):
    """A number of JSON as it is written."""

    __slots__ = ()


class KeptLines:
    """Whole lines of JSON Lines, of which all members or some are kept."""

    def __init__(
        self, lines: list[bytes], renamed: Mapping[str, str], some: tuple[str, ...] | None
    ) -> None:
        self.lines = lines
        self.renamed = renamed  # old to new
        self.some = some  # names, after renaming; None for all
        self._all: list[dict[str, object]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        if self.some is not None:
            return self.some
        found: dict[str, None] = {}
        for row in self.whole():
            found |= dict.fromkeys(row)
        return tuple(found)

    def take(self, offsets: Array) -> KeptLines:
        rows = offsets.tolist()
        found = KeptLines([self.lines[row] for row in rows], self.renamed, self.some)
        found._all = None if self._all is None else [self._all[row] for row in rows]
        return found

    def ordered(self, names: tuple[str, ...]) -> KeptLines:
        found = KeptLines(self.lines, self.renamed, names)
        found._all = self._all
        return found

    def whole(self) -> list[dict[str, object]]:
        """All members of each row, renamed; a line that is no object has none."""
        if self._all is None:
            self._all = [
                _renamed(row, self.renamed) if self.renamed else row
                for row in map(_members, self.lines)
            ]
        return self._all

    def objects(self) -> list[dict[str, object]]:
        """The kept members of each row."""
        rows = self.whole()
        if self.some is None:
            return rows
        return [{name: row[name] for name in self.some if name in row} for row in rows]

    def uses(self, names: Collection[str]) -> tuple[str, ...]:
        """Those of some names that a row may have: all are looked at only if one stands anywhere."""
        text = b"\n".join(self.lines)
        new = self.renamed.values()
        if not any(name in new or cells.string(name) in text for name in names):
            return ()
        return self.names

    def others(self) -> Iterator[Collection[str]]:
        """The names of each row's members that aren't kept."""
        kept = set(self.names)
        rows = self.whole()
        return (() if row.keys() <= kept else [n for n in row if n not in kept] for row in rows)

    def texts(self) -> Mapping[str, Sequence[str]]:
        rows = self.whole()
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
        return [_dumped(row)[1:-1] for row in self.objects()]

    def columns(self) -> Mapping[str, Column | TextColumn]:
        rows = self.whole()
        return {name: _column([row.get(name) for row in rows]) for name in self.names}


def _members(line: bytes) -> dict[str, object]:
    """A row's members, numbers as they are written; none if it isn't an object."""
    try:
        row = orjson.loads(line)
        if WRITTEN.search(line) and _compact(orjson.dumps(row)) != _compact(line):
            row = json.loads(line, parse_int=Written, parse_float=Written, parse_constant=_refuse)
    except (ValueError, RecursionError):
        row = {}
    return row if isinstance(row, dict) else {}


def _compact(line: bytes) -> bytes:
    """JSON without the blanks that libraries write."""
    return line.strip().replace(b", ", b",").replace(b": ", b":")


def _renamed(row: dict[str, object], names: Mapping[str, str]) -> dict[str, object]:
    """A row's members by new names, with those of objects in it that have one."""
    found = {names.get(name, name): value for name, value in row.items()}
    for old, new in names.items():
        if "." in old and old not in row and (value := nested(row, old, None)) is not None:
            found[new] = value
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _column(values: Sequence[object]) -> Column | TextColumn:
    """The values of a JSON Lines column, of a kind that holds them all."""
    lists = any(isinstance(value, (list, dict)) for value in values)
    if not lists:
        texts = [None if value is None else cell_of(value) for value in values]
        return Untyped(texts, _json_kind(values))
    column, bad = column_of(orjson.loads(_dumped(values)))
    whole = [text for text in _numbers(values) if len(text) > 15]
    exact = kind_of(whole) in ("int53", "float64")
    if not exact or any(values[offset] is not None for offset in bad):
        return JsonColumn([None if v is None else _dumped(v).decode() for v in values])
    nulls = np.zeros(len(values), bool)
    nulls[list(bad)] = True
    return Column(column, nulls=nulls if bad else None)


def _numbers(value: object) -> Iterator[str]:
    """The numbers in nested lists that a float may not hold, as they were written."""
    if isinstance(value, (Written, int)):
        yield str(value)
    elif isinstance(value, list):
        for entry in value:
            yield from _numbers(entry)


def _json_kind(values: Sequence[object]) -> str:
    """The first of `rows.KINDS` that holds numbers, strings and nulls."""
    numbers: list[str] = []
    for value in values:
        if isinstance(value, (Written, int, float)) and not isinstance(value, bool):
            numbers.append(str(value))
        elif isinstance(value, str) and value in NON_FINITE:
            numbers.append(value)
        elif value is not None:
            return "text"
    return kind_of(numbers)


def _dumped(value: object) -> bytes:
    """A value as JSON, numbers as they were written."""
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def _fragment(number: object) -> orjson.Fragment:
    return orjson.Fragment(str(number))


def cell_of(value: object) -> str:
    """A JSON value as a cell of CSV: a string without quotes, null empty, the rest as JSON."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else _dumped(value).decode()


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
