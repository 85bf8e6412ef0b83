"""Compressed streams of bytes: gzip and zstd."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO, Protocol, TypeAlias

from autodiff_cli.errors import InputError


class Stream(Protocol):
    """What bytes are read from; b"" at the end."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


Raw: TypeAlias = "Stream | BinaryIO | io.RawIOBase"


class Damaged(Exception):
    """A stream breaks off or can't be read on; what came before it is right."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def decompressed(stream: Raw, compression: str | None) -> Stream:
    """The content of a stream.

    Args:
        compression: "gzip", "zstd" or None.
    """
    if compression == "gzip":
        return Gzip(stream)
    if compression == "zstd":
        return Zstd(stream)
    return stream


class Gzip:
    """The content of a gzip stream, of any number of members."""

    def __init__(self, stream: Raw) -> None:
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

    def __init__(self, stream: Raw) -> None:
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
