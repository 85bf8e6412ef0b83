"""CSV and TSV on the standard library: a piece of text to a chunk, or to the places of its bad fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.tables.kept import KeptTexts, plain_numbers
from autodiff_cli.tables.layout import Layout
from autodiff_cli.tables.pieces import Piece, cut
from autodiff_cli.tables.rows import Chunk, Column, RowError, in_order, shown

ESCAPED = re.compile("[\udc80-\udcff]")  # what bytes become that aren't UTF-8


class Records(NamedTuple):
    """rows: the fields of each; lines: the number of each one's first line.

    unclosed: whether the last one ends within quotes, and so may hold rows.
    """

    rows: list[list[str]]
    lines: Sequence[int]
    unclosed: bool = False


def first_record(data: bytes, separator: str, file: str) -> tuple[list[str], int]:
    """The fields of the header, and how many bytes it takes.

    Raises:
        InputError: it isn't UTF-8.
    """
    end = data.find(b"\n") + 1 or len(data)
    while end < len(data) and b'"' in data[:end] and cut(data[:end], separator)[0] < end:
        end = data.find(b"\n", end) + 1 or len(data)
    try:
        text = data[:end].decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file} is not UTF-8 text (byte {error.start} of its header)",
            hint="convert it: iconv -f LATIN1 -t UTF-8 FILE",
        ) from None
    records = _quoted(text, separator, 1)
    fields = [field.strip() for field in records.rows[0]] if records.rows else []
    return fields, end


def records(piece: Piece, separator: str) -> Records:
    """The rows of a piece; lines with nothing on them are no rows."""
    text = piece.data.decode("utf-8", "surrogateescape")
    if piece.quotes != "none":
        return _quoted(text, separator, piece.line)
    lines = text.split("\n")
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    if not lines[-1]:
        lines.pop()
    numbers: Sequence[int] = range(piece.line, piece.line + len(lines))
    if "" in lines:
        numbers = [number for number, line in zip(numbers, lines) if line]
        lines = [line for line in lines if line]
    return Records([line.split(separator) for line in lines], numbers)


def _quoted(text: str, separator: str, number: int) -> Records:
    """Rows where fields may be in quotes, and so hold separators and line ends."""
    rows, numbers = [], []
    closed = True
    for record, line, closed in _joined(text.split("\n"), separator, number):  # noqa: B007
        if record:
            rows.append(_fields(record, separator) if '"' in record else record.split(separator))
            numbers.append(line)
    return Records(rows, numbers, not closed)


def _joined(lines: list[str], separator: str, number: int) -> Iterator[tuple[str, int, bool]]:
    """Lines, those joined whose end is within quotes; the first one's number; whether quotes close."""
    if not lines[-1]:
        lines.pop()
    parts: list[str] = []
    inside = False
    start = number
    for offset, line in enumerate(lines):
        if not parts:
            start = number + offset
        if inside or '"' in line:
            inside = _inside(line, separator, inside)
        parts.append(line)
        if not inside:
            yield "\n".join(parts).removesuffix("\r"), start, True
            parts = []
    if parts:
        yield "\n".join(parts).removesuffix("\r"), start, False


def _inside(line: str, separator: str, inside: bool) -> bool:
    """Whether the end of a line is within quotes."""
    place = 0
    while True:
        mark = line.find('"', place)
        if mark < 0:
            return inside
        place = mark + 1
        if not inside:
            inside = (mark == 0) or line[mark - 1] == separator
        elif line[place : place + 1] == '"':
            place += 1
        else:
            inside = False


def _fields(record: str, separator: str) -> list[str]:
    """The fields of a row; a quote counts at the beginning of a field only."""
    fields = []
    place = 0
    while True:
        parts = []
        if record[place : place + 1] == '"':
            place += 1
            while True:
                mark = record.find('"', place)
                if mark < 0:  # never closed
                    parts.append(record[place:])
                    place = len(record)
                    break
                parts.append(record[place:mark])
                place = mark + 1
                if record[place : place + 1] != '"':
                    break
                parts.append('"')
                place += 1
        end = record.find(separator, place)
        if end < 0:
            fields.append("".join((*parts, record[place:])))
            return fields
        fields.append("".join((*parts, record[place:end])))
        place = end + 1


def chunk(piece: Piece, layout: Layout, row: int) -> Chunk:
    """The rows of a piece, the first of which has the number `row`."""
    rows, lines, unclosed = records(piece, layout.separator)
    width = len(layout.names)
    bad: dict[int, RowError] = {}

    def fault(offset: int, field: str, message: str) -> None:
        place = RowError(layout.file, row + offset, field, message, None, lines[offset])
        bad.setdefault(offset, place)

    if not piece.data.isascii():
        for offset, fields in enumerate(rows):
            if any(map(ESCAPED.search, fields)):
                fault(offset, "", "not UTF-8 text")
    if unclosed:
        fault(len(rows) - 1, "", 'a quote (") is never closed')
    for offset, fields in enumerate(rows):
        if len(fields) != width:
            fault(offset, "", _ragged(len(fields), width))
            rows[offset] = (fields + [""] * width)[:width]
    across = list(zip(*rows)) if rows else [()] * width
    whole = dict(bad)  # rows that are bad as such: so they are in each column
    columns = {}
    for name in layout.wanted:
        values, wrong = numbers(across[layout.names.index(name)])
        errors = dict(whole)
        for offset, message in wrong.items():
            if offset not in whole:
                fault(offset, name, message)
                place = RowError(layout.file, row + offset, name, message, None, lines[offset])
                errors[offset] = place
        values[list(errors)] = np.nan
        columns[name] = Column(values, in_order(errors))
    kept = None
    if layout.kept or layout.everything:
        kept = KeptTexts({name: across[layout.names.index(name)] for name in layout.kept})
    return Chunk(layout.file, row, len(rows), columns, in_order(bad), kept, layout.names)


def _ragged(count: int, width: int) -> str:
    fields = "1 field" if count == 1 else f"{count} fields"
    return f"{fields} where the header has {width}"


def numbers(texts: Sequence[str]) -> tuple[Array, dict[int, str]]:
    """Fields as floats, and what is wrong with those that are none (they are NaN)."""
    try:
        values = np.array(list(map(float, texts)), np.float64)
        if plain_numbers(texts):
            return values, {}
    except ValueError:
        pass
    values = np.full(len(texts), np.nan)
    wrong = {}
    for offset, text in enumerate(texts):
        try:
            values[offset] = float(text) if plain_numbers(text) else float("")
        except ValueError:
            wrong[offset] = (
                f"{shown(text)} is not a number" if text.strip() else "the field is empty"
            )
    return values, wrong
