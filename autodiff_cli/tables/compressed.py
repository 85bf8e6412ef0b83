"""Compressed streams of bytes: gzip, bzip2, xz and zstd."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol, TypeAlias

from autodiff_cli.errors import InputError

READ = 1 << 18  # compressed bytes at once


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
        compression: "gzip", "bzip2", "xz", "zstd" or None.

    Raises:
        InputError: what reads zstd isn't installed.
    """
    if compression == "gzip":
        return Decompressed(stream, compression, lambda: zlib.decompressobj(wbits=31), zlib.error)
    if compression == "bzip2":
        import bz2

        return Decompressed(stream, compression, bz2.BZ2Decompressor, OSError)
    if compression == "xz":
        import lzma

        return Decompressed(stream, compression, lzma.LZMADecompressor, lzma.LZMAError)
    if compression == "zstd":
        try:
            import zstandard
        except ImportError:
            raise InputError(
                "zstd needs the package zstandard",
                hint="pip install 'autodiff-cli[tables]', or zstd -dc FILE | autodiff batch EXPR -",
            ) from None
        fresh = zstandard.ZstdDecompressor().decompressobj
        return Decompressed(stream, compression, fresh, zstandard.ZstdError)
    return stream


class Decompressed:
    """The content of a compressed stream, of any number of members, or frames.

    Args:
        name: of the compression.
        fresh: makes what decompresses a member.
        failure: what that raises.
    """

    def __init__(
        self, stream: Raw, name: str, fresh: Callable[[], Any], failure: type[Exception]
    ) -> None:
        self.stream = stream
        self.name = name
        self.fresh = fresh
        self.failure = failure
        self.state: Any = None  # of the member that has begun
        self.rest = b""  # that was read already

    def read(self, size: int, /) -> bytes:
        """Some bytes: up to `size`, of zstd what its library gives at once.

        Raises:
            Damaged: the stream ends within a member, or isn't compressed so.
        """
        while (
            data := self.rest or (b"" if self._holds() else self.stream.read(READ))
        ) or self._holds():
            try:
                found = self._found(data, size)
            except self.failure as error:
                reason = str(error).rpartition(": ")[2]
                raise Damaged(f"the {self.name} data are damaged ({reason})") from None
            if found:
                return found
        if self.state is not None:
            raise Damaged(f"the {self.name} data break off: the file is truncated")
        return b""

    def _found(self, data: bytes, size: int) -> bytes:
        self.rest = b""
        if self.state is None:
            if self.name == "gzip":
                data = data.lstrip(b"\0")  # tape blocks are filled up so
            if not data:
                return b""
            self.state = self.fresh()
        most = [] if self.name == "zstd" else [size]
        found: bytes = self.state.decompress(data, *most)
        if self.state.eof:
            self.rest, self.state = self.state.unused_data, None
        elif self.name == "gzip":
            self.rest = self.state.unconsumed_tail
        return found

    def _holds(self) -> bool:
        """Whether the member's own buffer has bytes that weren't asked for."""
        return self.state is not None and not getattr(self.state, "needs_input", True)

    def close(self) -> None:
        self.stream.close()
