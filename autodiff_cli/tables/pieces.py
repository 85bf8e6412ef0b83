"""Text in pieces of whole rows: cut at line ends, for CSV only at those outside quotes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.tables.compressed import Damaged, Stream
from autodiff_cli.tables.dialect import BOM, Dialect

UTF16 = (b"\xff\xfe", b"\xfe\xff")
NEWLINE, RETURN = 10, 13
LONGEST_ROW = 64 << 20  # bytes
COUNTED = 1 << 18  # bytes that are compared at once: what a processor's cache holds


class Piece(NamedTuple):
    """Whole rows.

    data: the bytes, with the end of the last line unless the file lacks it.
    line: the number of the first line in its file, from 1.
    lines: how many line ends there are.
    quotes: "none", "clean" (each opens or closes a field, or stands for itself by being doubled) or
        "odd" (also within fields that don't begin with one).
    """

    data: bytes
    line: int
    lines: int
    quotes: str


def count(data: bytes, byte: int) -> int:
    """How often a byte occurs; several times as fast as bytes.count."""
    array = np.frombuffer(data, np.uint8)
    return sum(
        int(np.count_nonzero(array[start : start + COUNTED] == byte))
        for start in range(0, len(array), COUNTED)
    )


def pieces(
    stream: Stream, size: int, dialect: Dialect | None, name: str, line: int = 1
) -> Iterator[Piece]:
    """The text in pieces of about `size` bytes, at least a row each.

    Args:
        dialect: of fields that may be quoted; None where a line is a row.
        name: the file's, for errors.
        line: the number of the first line, where the stream begins within a file.

    Raises:
        InputError: the stream is damaged (behind the rows before it), or a row never ends.
    """
    first = line == 1
    rest: list[bytes] = []  # read, and without a row's end
    length = 0
    while True:
        try:
            data = stream.read(size)
            while first and data and _may_be_mark(data) and (more := stream.read(size)):
                data += more
        except (Damaged, OSError) as error:
            yield from _last(b"".join(rest), line, dialect, whole=False)
            raise _broken(error, name) from None
        if first and data:
            data = _begun(data, name)
            first = False
        if not data:
            yield from _last(b"".join(rest), line, dialect, whole=True)
            return
        end = data.rfind(b"\n") + 1
        if end and not any(_quoted(part, dialect) for part in (*rest, data)):
            taken = b"".join((*rest, memoryview(data)[:end]))
            lines = count(taken, NEWLINE)
            yield Piece(taken, line, lines, "none")
            line += lines
            rest = [data[end:]]
            length = len(data) - end
            continue
        rest.append(data)
        length += len(data)
        if not end and length <= LONGEST_ROW:
            continue
        whole = rest[0] if len(rest) == 1 else b"".join(rest)
        end, quotes = cut(whole, dialect)
        if not end and length > LONGEST_ROW:
            raise InputError(
                f"{name}, line {line}: a row longer than {LONGEST_ROW >> 20} MB",
                hint=f"a quote ({dialect.quote}) that is never closed takes in all that follows it"
                if dialect is not None and quotes != "none"
                else None,
            )
        if end:
            taken = whole[:end]
            lines = count(taken, NEWLINE)
            yield Piece(taken, line, lines, quotes)
            line += lines
        rest = [whole[end:]] if end < len(whole) else []
        length = len(whole) - end


def _quoted(data: bytes, dialect: Dialect | None) -> bool:
    """Whether there are quotes in it."""
    return dialect is not None and bool(dialect.quote) and dialect.quote.encode() in data


def _may_be_mark(data: bytes) -> bool:
    """Whether these few bytes may become a mark of an encoding, which a pipe may give in parts."""
    return any(mark.startswith(data) and mark != data for mark in (BOM, *UTF16))


def _begun(data: bytes, name: str) -> bytes:
    """The first bytes without a mark of their encoding."""
    if data.startswith(UTF16):
        raise InputError(f"{name} is UTF-16 text", hint="convert it: iconv -f UTF-16 -t UTF-8 FILE")
    return data.removeprefix(BOM)


def _broken(error: Damaged | OSError, name: str) -> InputError:
    if isinstance(error, Damaged):
        return InputError(f"{name}: {error}", hint=error.hint)
    return InputError(f"{name} can't be read on: {(error.strerror or str(error)).lower()}")


def _last(data: bytes, line: int, dialect: Dialect | None, whole: bool) -> Iterator[Piece]:
    """What is left at the end; of a stream that breaks off, only its whole lines."""
    if not whole:
        data = data[: cut(data, dialect)[0]]
    if data:
        kind, marks = quoting(data, dialect)
        yield Piece(data, line, count(data, NEWLINE), "odd" if len(marks) % 2 else kind)


def cut(data: bytes, dialect: Dialect | None) -> tuple[int, str]:
    """How many bytes are whole rows, and what the quotes among them are like.

    >>> from autodiff_cli.tables.dialect import USUAL
    >>> cut(b'1,"a\\nb"\\n2,"c\\n', USUAL)
    (8, 'clean')
    """
    end = data.rfind(b"\n") + 1
    kind, marks = quoting(data[:end] if end < len(data) else data, dialect)
    if kind == "none" or not end:
        return end, kind
    # a line end is a row's where an even number of marks stands before it
    while end and np.searchsorted(marks, end) % 2:
        end = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
    return end, kind


def quoting(data: bytes, dialect: Dialect | None) -> tuple[str, Array]:
    """What the quotes are like, and where those stand that open or close a field, alternately."""
    if dialect is None or not _quoted(data, dialect):
        return "none", np.empty(0, np.int64)
    array = np.frombuffer(data, np.uint8)
    mark = ord(dialect.quote)
    marks = np.flatnonzero(array == mark)
    before = np.concatenate(([NEWLINE], array[:-1]))[marks]  # the data begin as a line does
    behind = np.concatenate((array[1:], [NEWLINE]))[marks]
    fence = ord(dialect.delimiter)
    opening, closing = before[::2], behind[1::2]
    doubled = np.diff(marks, prepend=-2)[::2] == 1  # a closing one before it: both stand for one
    opens = (opening == fence) | (opening == NEWLINE) | doubled
    closes = (closing == fence) | (closing == NEWLINE) | (closing == RETURN) | (closing == mark)
    if opens.all() and closes.all():
        return "clean", marks
    return "odd", _alternating(marks, before == fence, before == NEWLINE, behind == mark)


def _alternating(marks: Array, fenced: Array, begun: Array, pairs: Array) -> Array:
    """The quotes that open or close a field, where others stand within fields as themselves."""
    found: list[int] = []
    inside, skip = False, False
    for mark, opens, pair in zip(marks.tolist(), (fenced | begun).tolist(), pairs.tolist()):
        if skip:
            skip = False
        elif not inside:
            if opens:
                inside = True
                found.append(mark)
        elif pair:
            skip = True  # doubled: it stands for one
        else:
            inside = False
            found.append(mark)
    return np.array(found, np.int64)
