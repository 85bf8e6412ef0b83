"""Where rows begin in the middle of a text file: many ranges of it can be looked at in any order.

Whether a line end within CSV ends a row depends on the quotes before it. So a range is scanned under both
assumptions, that it begins outside quotes and inside them, and scans are joined to those of longer ranges.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

import numpy as np

from autodiff_cli.ir.node import Array
from autodiff_cli.tables.dialect import Dialect
from autodiff_cli.tables.doors import refused
from autodiff_cli.tables.pieces import NEWLINE, RETURN
from autodiff_cli.tables.sources import RowSource

BLOCK = 1 << 22  # bytes that are looked at once
TAIL = 1 << 16  # bytes behind them that show whether a line is blank
SPACES = np.frombuffer(b" \t\r\v\f", np.uint8)


class Rows(NamedTuple):
    """The rows that begin in a range.

    sound: whether all quotes open or close a field, or stand for one by being doubled.
    number: of rows; blank lines are none.
    start: where the first line of a row begins; None if none does.
    lines: how many line ends stand in the range before it.
    """

    sound: bool
    number: int
    start: int | None
    lines: int


class Scan(NamedTuple):
    """lines: how many line ends there are; outside, inside: by what the range begins with."""

    lines: int
    quotes: int
    outside: Rows
    inside: Rows

    def rows(self, within: bool) -> Rows:
        return self.inside if within else self.outside


NOTHING = Scan(0, 0, Rows(True, 0, None, 0), Rows(True, 0, None, 0))


def scanned(
    source: RowSource, start: int, stop: int, dialect: Dialect | None, *, first: bool
) -> Scan:
    """The rows that begin from `start` to before `stop`.

    Args:
        dialect: of fields that may be quoted; None where a line is a row.
        first: whether a row begins at `start`, whatever stands before it.

    Raises:
        InputError: the file can't be read.
    """
    found = NOTHING
    try:
        with source.file() as file:
            for place in range(start, stop, BLOCK):
                end = min(place + BLOCK, stop)
                block = _block(file, place, end, dialect, first and place == start)
                found = joined(found, block)
    except OSError as error:
        raise refused(source.name, error) from None
    return found


def joined(left: Scan, right: Scan) -> Scan:
    """The scan of two ranges, one behind the other."""
    cases = []
    for within in (False, True):
        before = left.rows(within)
        behind = right.rows(within ^ bool(left.quotes % 2))
        begins = before if before.start is not None else behind
        cases.append(
            Rows(
                before.sound and behind.sound,
                before.number + behind.number,
                begins.start,
                begins.lines + (left.lines if begins is behind else 0),
            )
        )
    return Scan(left.lines + right.lines, left.quotes + right.quotes, *cases)


def _block(file: BinaryIO, start: int, stop: int, dialect: Dialect | None, first: bool) -> Scan:
    """The scan of a range that fits in memory.

    A row begins behind a line end, so that the bytes looked at are those from start - 1 to before stop - 1;
    with one more in front, and some behind.
    """
    lead = max(0, start - 2)
    file.seek(lead)
    data = _read(file, stop - lead + TAIL)
    data = (b"\n" * max(0, 2 - start)) + data
    if first:
        data = b"\n\n" + data[2:]
    size = min(stop - start, len(data) - 1)
    array = np.frombuffer(data + b"\n\n", np.uint8)  # the end of a file is like a blank line
    own = array[1 : 1 + size]
    ends = np.flatnonzero(own == NEWLINE) + 1
    begins = _begins(data, array, ends, dialect)
    offset = start - 2  # of the array in the file
    virtual = int(first or start == 0)  # a line end that isn't there
    marks = np.empty(0, np.int64)
    if dialect is not None and dialect.quote:
        marks = np.flatnonzero(own == ord(dialect.quote)) + 1
    cases = [
        _rows(array, ends, begins, marks, dialect, within, (offset, virtual))
        for within in (False, True)
    ]
    return Scan(len(ends) - virtual, len(marks), *cases)


def _read(file: BinaryIO, size: int) -> bytes:
    parts = []
    while size > 0 and (data := file.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def _begins(data: bytes, array: Array, ends: Array, dialect: Dialect | None) -> Array:
    """Whether a row begins behind each line end: the line there isn't blank."""
    behind = array[ends + 1]
    begins: Array = behind != NEWLINE
    if dialect is not None:
        begins &= ~((behind == RETURN) & (array[ends + 2] == NEWLINE))
        return begins
    for at in np.flatnonzero(np.isin(behind, SPACES)).tolist():
        place = int(ends[at]) + 1
        stop = data.find(b"\n", place)
        if data[place : stop if stop >= 0 else len(data)].isspace():
            begins[at] = False
    return begins


def _rows(
    array: Array,
    ends: Array,
    begins: Array,
    marks: Array,
    dialect: Dialect | None,
    within: bool,
    place: tuple[int, int],
) -> Rows:
    """The rows under one of the assumptions."""
    offset, virtual = place
    sound = True
    rows = np.full(len(ends), not within)
    if dialect is not None and len(marks):
        fence, quote = ord(dialect.delimiter), ord(dialect.quote)
        before = array[marks - 1][int(within) :: 2]
        behind = array[marks + 1][1 - int(within) :: 2]
        opens = np.isin(before, [fence, NEWLINE, quote])
        closes = np.isin(behind, [fence, NEWLINE, RETURN, quote])
        sound = bool(opens.all() and closes.all())
        rows = (np.searchsorted(marks, ends) + within) % 2 == 0
    chosen = np.flatnonzero(rows & begins)
    if not len(chosen):
        return Rows(sound, 0, None, 0)
    at = int(chosen[0])
    return Rows(sound, len(chosen), offset + int(ends[at]) + 1, at + 1 - virtual)
