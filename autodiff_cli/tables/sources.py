"""The files that paths name, as streams of bytes: globs, standard input, gzip and zstd."""

from __future__ import annotations

import glob
import io
import os
import select
import sys
import tempfile
import zlib
from collections.abc import Sequence
from typing import IO, BinaryIO, Protocol

from autodiff_cli.errors import InputError
from autodiff_cli.tables import formats
from autodiff_cli.tables.formats import Format

PATIENCE = 0.05  # seconds to wait for more of a slow pipe before the lines at hand are used
HEAD = 1 << 16  # bytes of standard input that may be looked at before it is read
GLOB_SIGNS = frozenset("*?[")


class Stream(Protocol):
    """What bytes are read from; b"" at the end."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class Damaged(Exception):
    """A stream breaks off or can't be read on; what came before it is right."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def files(paths: Sequence[str]) -> list[str]:
    """The paths with each glob in the place of its files, sorted; no path is standard input.

    Raises:
        InputError: a glob finds nothing, or standard input stands twice.
    """
    found: list[str] = []
    for path in paths or ["-"]:
        if path != "-" and not os.path.exists(path) and GLOB_SIGNS & set(path):
            matches = sorted(
                name for name in glob.glob(path, recursive=True) if os.path.isfile(name)
            )
            if not matches:
                raise InputError(f"no file matches '{path}'")
            found += matches
        else:
            found.append(path)
    if found.count("-") > 1:
        raise InputError("standard input ('-') can be read once")
    return found


def called(path: str) -> str:
    """A path as messages write it."""
    return "standard input" if path == "-" else path


def refused(path: str, error: OSError | ValueError) -> InputError:
    """Why a file can't be opened, as an error."""
    if isinstance(error, FileNotFoundError):
        return InputError(f"no such file: '{path}'")
    if isinstance(error, IsADirectoryError):
        return InputError(f"'{path}' is a folder, not a file", hint=f"its files: '{path}/*'")
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return InputError(f"'{path}' can't be read: {reason}")


class Input(io.RawIOBase):
    """Standard input, whose first bytes can be looked at without taking them.

    A read gives what a pipe holds after a short wait, so that a slow producer's rows aren't kept back.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.head = b""
        self.ended = False

    def peek(self) -> bytes:
        """The first bytes, up to the end of the first line if it is near."""
        while not self.ended and len(self.head) < HEAD and b"\n" not in self.head:
            self._more(HEAD)
        return self.head

    def _more(self, size: int) -> None:
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

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes: all of them unless the producer is slow or done."""
        parts, self.head = [self.head], b""
        length = len(parts[0])
        while length < size and not self.ended and (not length or self._ready()):
            data = self._some(size - length)
            self.ended = not data
            parts.append(data)
            length += len(data)
        whole = b"".join(parts)
        self.head = whole[size:]
        return whole[:size]

    def _ready(self) -> bool:
        try:
            return bool(select.select([self.stream], [], [], PATIENCE)[0])
        except (OSError, ValueError):  # no file descriptor, or not of a kind that can be waited for
            return True


_standard: tuple[BinaryIO, Input] | None = None


def standard_input() -> Input:
    """The process's standard input; the same object at each call, so that nothing looked at is lost.

    Raises:
        InputError: it is closed or the terminal.
    """
    global _standard
    if sys.stdin is None or sys.stdin.isatty():
        where = "closed" if sys.stdin is None else "the terminal"
        raise InputError(
            f"nothing on standard input: it is {where}",
            hint="name a file, or pipe the rows in: autodiff batch EXPR < x.csv",
        )
    if _standard is None or _standard[0] is not sys.stdin.buffer:
        # not by way of its buffer, whose lock a waiting thread would hold when the process ends
        _standard = (sys.stdin.buffer, Input(getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)))
    return _standard[1]


_spooled: tuple[Input, IO[bytes]] | None = None


def stored(path: str) -> str:
    """A path to read at any place: a file's own, or that of a temporary one with all of standard input.

    Raises:
        InputError: standard input is closed, or there is no room for it.
    """
    global _spooled
    if path != "-":
        return path
    stream = standard_input()
    if _spooled is None or _spooled[0] is not stream:
        file = tempfile.NamedTemporaryFile(prefix="autodiff-")  # noqa: SIM115
        _spooled = (stream, file)  # as long as the process, which removes it
        try:
            while data := stream.read(1 << 20):
                file.write(data)
            file.flush()
        except OSError as error:
            raise InputError(
                f"'{file.name}' can't be written: {(error.strerror or str(error)).lower()}",
                hint="standard input is kept there for this format: TMPDIR names another folder",
            ) from None
    return _spooled[1].name


def format_of(path: str, format: str | None) -> Format:
    """The format of a file by its suffix, of standard input by its first bytes."""
    if path != "-":
        return formats.of_path(path, format)
    if format is not None:
        formats.of_path(path, format)  # is it one?
    if _spooled is not None and _spooled[0] is standard_input():
        with open(_spooled[1].name, "rb") as file:
            seen = formats.of_bytes(file.read(HEAD))
    else:
        seen = formats.of_bytes(standard_input().peek())
    if seen.compression and format is None:
        raise InputError(
            f"standard input is compressed ({seen.compression}): its format can't be seen",
            hint=f"say it: --format {{{','.join(formats.TEXT)}}}",
        )
    return Format(format or seen.name, seen.compression)


def opened(path: str, compression: str | None) -> Stream:
    """The bytes of a file, decompressed.

    Raises:
        InputError: it can't be opened.
    """
    if path == "-":
        return _decompressed(standard_input(), compression)
    try:
        return _decompressed(open(path, "rb", buffering=0), compression)
    except (OSError, ValueError) as error:
        raise refused(path, error) from None


def _decompressed(stream: BinaryIO | io.RawIOBase, compression: str | None) -> Stream:
    if compression == "gzip":
        return Gzip(stream)
    if compression == "zstd":
        return Zstd(stream)
    return stream


def looked_at(compression: str | None) -> Stream:
    """The beginning of standard input, which stays to be read."""
    return _decompressed(io.BytesIO(standard_input().peek()), compression)


class Gzip:
    """The content of a gzip stream, of any number of members."""

    def __init__(self, stream: Stream | BinaryIO | io.RawIOBase) -> None:
        self.stream = stream
        self.state = zlib.decompressobj(wbits=31)
        self.begun = False  # within a member

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes.

        Raises:
            Damaged: the stream ends within a member or isn't gzip.
        """
        while True:
            data = self.state.unconsumed_tail or self.stream.read(1 << 18) or b""
            if not data:
                if self.begun:
                    raise Damaged("the gzip data break off: the file is truncated")
                return b""
            try:
                found = self._found(data, size)
            except zlib.error as error:
                raise Damaged(f"the gzip data are damaged ({_reason(error)})") from None
            if found:
                return found

    def _found(self, data: bytes, size: int) -> bytes:
        if self.state.eof:
            data = data.lstrip(b"\0")  # tape blocks are filled up so
            if not data:
                return b""
            self.state = zlib.decompressobj(wbits=31)
        self.begun = True
        found = self.state.decompress(data, size)
        if self.state.eof:
            self.begun = False
            rest = self.state.unused_data
            if rest.strip(b"\0"):
                return found + self._found(rest, size)
        return found

    def close(self) -> None:
        self.stream.close()


def _reason(error: zlib.error) -> str:
    return str(error).rpartition(": ")[2]


class Zstd:
    """The content of a zstd stream."""

    def __init__(self, stream: BinaryIO | io.RawIOBase) -> None:
        try:
            import zstandard
        except ImportError:
            raise InputError(
                "zstd needs the package zstandard",
                hint="pip install 'autodiff-cli[tables]', or zstd -dc FILE | autodiff batch EXPR -",
            ) from None
        self.failure: type[Exception] = zstandard.ZstdError
        self.stream = stream
        self.state = zstandard.ZstdDecompressor().decompressobj()
        self.fresh = zstandard.ZstdDecompressor
        self.begun = False

    def read(self, size: int, /) -> bytes:
        """Some bytes; not exactly up to `size`, as the library gives a block at once.

        Raises:
            Damaged: the stream ends within a frame or isn't zstd.
        """
        while True:
            data = self.stream.read(1 << 17) or b""
            if not data:
                if self.begun:
                    raise Damaged("the zstd data break off: the file is truncated")
                return b""
            try:
                found = self._found(data)
            except self.failure as error:
                raise Damaged(f"the zstd data are damaged ({error})") from None
            if found:
                return found

    def _found(self, data: bytes) -> bytes:
        parts = []
        while data:
            if not self.begun:
                self.state = self.fresh().decompressobj()
            self.begun = True
            parts.append(self.state.decompress(data))
            data = b""
            if self.state.eof:
                self.begun = False
                data = self.state.unused_data
        return b"".join(parts)

    def close(self) -> None:
        self.stream.close()
