"""CSV and TSV on the standard library: a piece of text to a chunk, or to the places of its bad fields."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.tables.bad import NOWHERE, Bad, alike, because
from autodiff_cli.tables.dialect import Dialect
from autodiff_cli.tables.kept import KeptTexts, plain_numbers
from autodiff_cli.tables.layout import ColumnLayout
from autodiff_cli.tables.pieces import LONGEST_ROW, Piece, cut
from autodiff_cli.tables.rows import Chunk, Column

LONE_RETURN = re.compile(r"\r(?!\n|\Z)")
STAND_IN, END = "\ud800", "\ud801"  # for one, and a last line: no decoded text has them
BLANK = re.compile(rb"(?:[ \t\r]*\n)+")
ESCAPED = re.compile("[\udc80-\udcff]")  # what bytes become that aren't UTF-8
# what float() takes, in ASCII and without underscores: to catch its error takes four times as long
NUMBER = re.compile(
    r"\s*+[-+]?(?:(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:e[-+]?[0-9]++)?|inf(?:inity)?|nan)\s*+",
    re.ASCII | re.IGNORECASE,
).fullmatch


class Records(NamedTuple):
    """rows: the fields of each; lines: the number of each one's first line.

    unclosed: whether the last one ends within quotes, and so may hold rows.
    """

    rows: list[list[str]]
    lines: Sequence[int]
    unclosed: bool = False


def first_record(data: bytes, dialect: Dialect, file: str) -> tuple[list[str], int]:
    """The fields of the header, none where all is blank, and how many bytes it ends behind.

    Blank lines before it are no rows, as those between rows are none.

    Raises:
        InputError: it isn't UTF-8.
    """
    blank = BLANK.match(data)
    begin = blank.end() if blank else 0
    end = data.find(b"\n", begin) + 1 or len(data)
    while end < len(data) and begin + cut(data[begin:end], dialect)[0] < end:
        end = data.find(b"\n", end) + 1 or len(data)
    try:
        text = data[begin:end].decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file} is not UTF-8 text (byte {begin + error.start} of its header)",
            hint="convert it: iconv -f LATIN1 -t UTF-8 FILE",
        ) from None
    records = _quoted(text, dialect, 1)
    fields = [field.strip() for field in records.rows[0]] if records.rows else []
    return fields, end


def records(piece: Piece, dialect: Dialect) -> Records:
    """The rows of a piece; lines with nothing on them are no rows."""
    text = piece.data.decode("utf-8", "surrogateescape")
    if piece.quotes != "none":
        return _quoted(text, dialect, piece.line)
    lines = text.split("\n")
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    if not lines[-1]:
        lines.pop()
    numbers: Sequence[int] = range(piece.line, piece.line + len(lines))
    if "" in lines:
        numbers = [number for number, line in zip(numbers, lines) if line]
        lines = [line for line in lines if line]
    return Records([line.split(dialect.delimiter) for line in lines], numbers)


def _quoted(text: str, dialect: Dialect, number: int) -> Records:
    """Rows where fields may be in quotes, and so hold separators and line ends."""
    lone = LONE_RETURN.search(text) is not None
    if lone:  # which no field may have, as the library wants it
        text = LONE_RETURN.sub(STAND_IN, text)
    if not text.endswith("\n"):
        text += "\n"
    if csv.field_size_limit() < len(text):
        csv.field_size_limit(LONGEST_ROW)
    rows, numbers = [], []
    reader = csv.reader(
        io.StringIO(f"{text}{END}", newline="\n"),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    behind = 0
    for fields in reader:
        if fields:
            rows.append(fields)
            numbers.append(number + behind)
        behind = reader.line_num
    unclosed = rows[-1] != [END]
    if unclosed:
        rows[-1][-1] = rows[-1][-1].removesuffix(f"\n{END}").removesuffix("\r")
    else:
        del rows[-1], numbers[-1]
    if lone:
        rows = [[field.replace(STAND_IN, "\r") for field in fields] for fields in rows]
    return Records(rows, numbers, unclosed)


def chunk(piece: Piece, layout: ColumnLayout, row: int) -> Chunk:
    """The rows of a piece, the first of which has the number `row`."""
    rows, lines, unclosed = records(piece, layout.dialect)
    width = len(layout.names)
    found = Bad(layout.file, row, len(rows), lines)
    if not piece.data.isascii():
        strange = [at for at, fields in enumerate(rows) if any(map(ESCAPED.search, fields))]
        found.add(np.array(strange, np.int64), alike("", "not UTF-8 text"))
    if unclosed:
        found.add(
            np.array([len(rows) - 1]),
            alike("", f"a quote ({layout.dialect.quote}) is never closed"),
        )
    widths = np.fromiter(map(len, rows), np.int64, len(rows))
    add_ragged(found, widths, width)
    for offset in np.flatnonzero(widths != width).tolist():
        rows[offset] = (rows[offset] + [""] * width)[:width]
    across = list(zip(*rows)) if rows else [()] * width
    whole = found.wrong  # rows that are bad as such: so they are in each column
    columns = {}
    for name in layout.wanted:
        texts = across[layout.names.index(name)]
        values, none = numbers(layout.dialect.numbers_all(texts))
        fields = [texts[at] for at in none.tolist()]
        found.add(none, because(name, fields, layout.dialect.no_number, layout.dialect.hint))
        columns[name] = without(values, whole, none)
    kept = None
    if layout.kept or layout.everything:
        fields_of = {name: across[layout.names.index(name)] for name in layout.kept}
        kept = KeptTexts(fields_of, layout.dialect)
    return Chunk(layout.file, row, len(rows), columns, found, kept, layout.names)


def without(values: Array, whole: Array, none: Array) -> Column:
    """A column without values in the rows that are bad as such (a mask), and where there are none."""
    bad = whole.copy()
    bad[none] = True
    values[bad] = np.nan
    return Column(values, np.flatnonzero(bad))


def add_ragged(found: Bad, widths: Array, width: int) -> None:
    """Add the rows that are too short or too long to the findings."""
    for other in sorted(set(widths[widths != width].tolist())):
        fields = "1 field" if other == 1 else f"{other} fields"
        reason = alike("", f"{fields} where the header has {width}")
        found.add(np.flatnonzero(widths == other), reason)


def numbers(texts: Sequence[str]) -> tuple[Array, Array]:
    """Fields as floats, and the offsets of those that are none (they are NaN)."""
    plain = plain_numbers(texts)
    try:
        values = np.array(list(map(float, texts)), np.float64)
        if plain:
            return values, NOWHERE
    except ValueError:
        pass
    found = [float(text) if NUMBER(text) else None for text in texts]
    none = [at for at, number in enumerate(found) if number is None]
    return np.array(found, np.float64), np.array(none, np.int64)
