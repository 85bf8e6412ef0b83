"""The files of a table as they were found: looked up once, opened once if they can't be opened again.

resolved    paths and patterns → a `RowSource` each, which all stages take; files are looked up here only
RowSource   what a file is called, its format, what was looked at of it; `opened` gives its bytes
"""

from __future__ import annotations

import glob
import os
import select
import sys
import tempfile
import weakref
from collections.abc import Sequence
from functools import cached_property
from typing import IO, BinaryIO

from autodiff_cli.errors import InputError
from autodiff_cli.tables import formats
from autodiff_cli.tables.compressed import Damaged, Stream, decompressed
from autodiff_cli.tables.dialect import DELIMITERS, Dialect, Edited
from autodiff_cli.tables.doors import Door, door, refused
from autodiff_cli.tables.formats import Format
from autodiff_cli.tables.unfolded import Unfolded

PATIENCE = 0.05  # seconds to wait for more of a slow pipe before the lines at hand are used
HEAD = 1 << 16  # bytes of a pipe that are looked at for its format
GLOB_SIGNS = frozenset("*?[")
OPEN_FILES = "/dev/fd"


def resolved(
    paths: Sequence[str], format: str | None = None, dialect: Dialect | None = None
) -> tuple[RowSource, ...]:
    """The files that paths name, each pattern in the place of its own, sorted; no path is standard input.

    Nothing is waited for: a pipe isn't opened before its rows are asked for.

    Args:
        format: of all of them; None goes by each suffix, for what has none and is a pipe by its first bytes.
        dialect: of text among them; None is the usual one.

    Raises:
        InputError: a file doesn't exist, or isn't one, or its format is unknown; a pattern finds nothing.
    """
    found: list[RowSource] = []
    for path in paths or ["-"]:
        if path != "-" and not os.path.lexists(path) and GLOB_SIGNS & set(path):
            matches = sorted(
                name for name in glob.glob(path, recursive=True) if os.path.isfile(name)
            )
            if not matches:
                raise InputError(f"no file matches '{path}'")
            found += [
                RowSource(door(name)._replace(pattern=path), format, dialect) for name in matches
            ]
        else:
            found.append(RowSource(door(path), format, dialect))
    return tuple(found)


class RowSource:
    """A file of rows, or whatever else has them, as it was found.

    It can be pickled if it `lasts`.

    Args:
        format: that was asked for.
        dialect: of text; None is the usual one.

    Attributes:
        name: as messages call it.
        path: where it can be opened, wherever a process stands.
        lasts: whether it can be opened again and again; all else is opened once, and what is looked at of
            it stays to be read.

    Raises:
        InputError: its format is unknown.
    """

    def __init__(
        self, found: Door, format: str | None = None, dialect: Dialect | None = None
    ) -> None:
        self.door = found
        self._dialect = dialect
        self.format = format
        self.name = found.name
        self.lasts = not found.once
        self.path = os.path.realpath(found.path) if self.lasts else found.path
        self._input: Input | None = None
        self._copy: IO[bytes] | None = None
        if self.lasts or format is not None:
            formats.of_path(found.path, format)  # whether there is such a format

    def __repr__(self) -> str:
        return f"RowSource({self.name!r}, {self.path!r}, {self.form!r})"

    @cached_property
    def form(self) -> Format:
        """The format, by the suffix; of a pipe without one by its first bytes, which are waited for.

        Raises:
            InputError: neither says it.
        """
        if self.lasts or formats.suffix_of(self.door.path) in (*formats.SUFFIXES, formats.JSON):
            said = formats.of_path(self.door.path, self.format)
            if said.compression or said.name not in formats.TEXT or not self.lasts:
                return said
            with self._file() as file:
                return formats.seen_as(said, file.read(formats.LONGEST_MAGIC), self.name)
        try:
            seen = formats.of_bytes(self._stream().peek())
            if seen.compression and self.format is None:
                inner = decompressed(Beginning(self._stream()), seen.compression)
                seen = seen._replace(name=formats.of_bytes(inner.read(HEAD)).name)
        except OSError as error:  # such as a pipe's other end
            raise refused(self.name, error) from None
        except Damaged as error:
            raise InputError(f"{self.name}: {error}", hint=error.hint) from None
        said = Format(self.format or seen.name, seen.compression)
        return formats.checked(said, self.name)

    @property
    def dialect(self) -> Dialect:
        """How text is written."""
        usual = DELIMITERS.get(self.form.name, ",")
        given = self._dialect or Dialect("")
        return given if given.delimiter else given._replace(delimiter=usual)

    @property
    def fields(self) -> Dialect | None:
        """The dialect of text whose lines have fields; None where a line is a JSON object."""
        return None if self.form.name == "jsonl" else self.dialect

    def opened(self) -> Stream:
        """The bytes, decompressed; once only, unless it lasts.

        Raises:
            InputError: it can't be opened.
        """
        return self.decoded(self.stored())

    @cached_property
    def size(self) -> int:
        """The bytes of a file that lasts.

        Raises:
            InputError: it is gone.
        """
        try:
            return os.path.getsize(self.path)
        except OSError as error:
            raise refused(self.name, error) from None

    def stored(self) -> BinaryIO | Input:
        """The bytes as they are; once only, unless it lasts.

        Raises:
            InputError: it can't be opened.
        """
        return self._file(buffering=0) if self.lasts else self._stream()

    def decoded(self, stored: BinaryIO | Input) -> Stream:
        """The bytes of text: decompressed, and without what the dialect leaves out."""
        return self._edited(decompressed(stored, self.form.compression))

    def beginning(self) -> Stream:
        """The bytes from the first, decompressed, which stay to be read.

        Raises:
            InputError: it can't be opened.
        """
        if self.lasts:
            return self.opened()
        return self._edited(decompressed(Beginning(self._stream()), self.form.compression))

    @property
    def edits(self) -> bool:
        """Whether lines aren't those of the file."""
        return self.dialect.edits or self._unfolds

    @property
    def _unfolds(self) -> bool:
        return self.form.name == "jsonl" and formats.suffix_of(self.door.path) == formats.JSON

    def _edited(self, stream: Stream) -> Stream:
        if self._unfolds:
            return Unfolded(stream)
        return Edited(stream, self.dialect) if self.dialect.edits else stream

    def file(self) -> BinaryIO:
        """The file itself, to be read at any place: a temporary one with all of a pipe.

        Raises:
            InputError: it can't be opened, or there is no room for it.
        """
        file = self._file()
        file.seek(0)  # where /dev/fd gives the open file itself
        return file

    def _file(self, buffering: int = -1) -> BinaryIO:
        try:
            return open(self.seekable(), "rb", buffering=buffering)
        except (OSError, ValueError) as error:
            raise refused(self.name, error) from None

    def seekable(self) -> str:
        """The path of `file`.

        Raises:
            InputError: there is no room for it.
        """
        if self.lasts:
            return self.path
        if self._copy is None:
            self._copy = self._copied()
            weakref.finalize(self, self._copy.close)
        shown = os.path.exists(OPEN_FILES)
        return f"{OPEN_FILES}/{self._copy.fileno()}" if shown else self._copy.name

    def _copied(self) -> IO[bytes]:
        """All bytes in a temporary file, which ends with the process, however that ends."""
        try:
            file = tempfile.TemporaryFile(prefix="autodiff-")  # noqa: SIM115
            while data := self._stream().read(1 << 20):
                file.write(data)
            file.flush()
        except OSError as error:
            raise InputError(
                f"{self.name} can't be kept in {tempfile.gettempdir()}: "
                f"{(error.strerror or str(error)).lower()}",
                hint="this format is read at any place; TMPDIR names another folder",
            ) from None
        return file

    def _stream(self) -> Input:
        """What is opened once."""
        if self._input is None:
            if self.door.number == 0:
                _check_standard_input()
            self._input = Input(self.door.opened(), owned=self.door.number != 0)
            weakref.finalize(self, self._input.close)
        return self._input


def _check_standard_input() -> None:
    if sys.stdin is None or sys.stdin.isatty():
        where = "closed" if sys.stdin is None else "the terminal"
        raise InputError(
            f"nothing on standard input: it is {where}",
            hint="name a file, or pipe the rows in: autodiff batch EXPR < x.csv",
        )


class Input:
    """A stream, whose first bytes can be looked at without taking them.

    A read gives what a pipe holds after a short wait, so that a slow producer's rows aren't kept back.

    Args:
        owned: whether closing this closes it.
    """

    def __init__(self, stream: BinaryIO, owned: bool = True) -> None:
        self.stream = stream
        self.owned = owned
        self.head = bytearray()  # seen, and not taken
        self.ended = False

    def peek(self) -> bytes:
        """The first bytes, up to the end of the first line if it is near."""
        while not self.ended and len(self.head) < HEAD and b"\n" not in self.head:
            self.more(HEAD)
        return bytes(self.head)

    def more(self, size: int) -> None:
        """Look at more bytes, up to `size` of them; there are none at the end."""
        data = self._some(size)
        self.ended = not data
        self.head += data

    def _some(self, size: int) -> bytes:
        read1 = getattr(self.stream, "read1", self.stream.read)
        while True:
            data: bytes | None = read1(size)
            if data is not None:
                return data
            select.select([self.stream], [], [])  # it doesn't wait by itself

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes: all of them unless the producer is slow or done."""
        parts = [bytes(self.head)]
        length = len(parts[0])
        while length < size and not self.ended and (not length or self._ready()):
            data = self._some(size - length)
            self.ended = not data
            parts.append(data)
            length += len(data)
        whole = b"".join(parts)
        self.head = bytearray(whole[size:])
        return whole[:size]

    def _ready(self) -> bool:
        try:
            return bool(select.select([self.stream], [], [], PATIENCE)[0])
        except (OSError, ValueError):  # no file descriptor, or not of a kind that can be waited for
            return True

    def close(self) -> None:
        if self.owned:
            self.stream.close()


class Beginning:
    """What an input begins with, read without being taken."""

    def __init__(self, whole: Input) -> None:
        self.whole = whole
        self.place = 0

    def read(self, size: int, /) -> bytes:
        if self.place == len(self.whole.head) and not self.whole.ended:
            self.whole.more(size)
        data = bytes(self.whole.head[self.place : self.place + size])
        self.place += len(data)
        return data

    def close(self) -> None:
        pass
