"""Where results go: a file beside its place that is renamed when it is whole, or standard output."""

from __future__ import annotations

import os
import select
import sys
import zlib
from typing import BinaryIO, Protocol

from autodiff_cli.errors import InputError
from autodiff_cli.tables import placing
from autodiff_cli.tables.files import check_writable, is_special, opened_special

GZIP_LEVEL = 4  # twice the default's speed, within a twentieth of its size


class Output(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            InputError: the disk is full, or whatever the system says.
            BrokenPipeError: nobody reads on.
        """

    def close(self) -> None:
        """The output is whole."""

    def abort(self) -> None:
        """The output stays unfinished: nothing is left of a file."""


def opened(path: str | None, compression: str | None) -> Output:
    """The output for a path; None and "-" are standard output.

    Raises:
        InputError: it can't be written there.
    """
    found = StandardOutput() if path is None or path == "-" else file_output(path)
    if compression == "gzip":
        return GzipOutput(found)
    if compression == "zstd":
        return ZstdOutput(found)
    return found


def file_output(path: str) -> Output:
    """A file, or a pipe or a device that is written through."""
    if is_special(path):
        try:
            return Through(opened_special(path, buffering=0), path)
        except OSError as error:
            raise refused(path, error) from None
    return Replacing(path)


def roomy(path: str | None) -> str | None:
    """The path itself if its disk is to hold what is needed meanwhile; None of what is on none."""
    return None if path is None or is_special(path) else path


def refused(path: str, error: OSError) -> InputError:
    """Why something can't be written, as an error."""
    where = "standard output" if path == "-" else f"'{path}'"
    return InputError(f"{where} can't be written: {(error.strerror or str(error)).lower()}")


def beside(output: Output) -> str | None:
    """The path beside which are files that are needed meanwhile; None: in the system's folder."""
    return output.path if isinstance(output, Replacing) else None


def no_room(beside: str | None, error: OSError) -> InputError:
    """Why files that are needed meanwhile can't be made or written, as an error.

    Args:
        beside: the path of the output that they are beside, or None, as from `roomy` and `beside`.
    """
    if beside is not None:
        return refused(beside, error)
    return InputError(
        f"the folder for temporary files can't be written: {(error.strerror or str(error)).lower()}",
        hint="TMPDIR names another folder",
    )


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write to an unbuffered file, which may take less than all at a time."""
    view = memoryview(data)
    while view:
        count: int | None = file.write(view)
        if count is None:  # it doesn't wait, and takes nothing at present
            select.select([], [file], [])
        else:
            view = view[count:]


class Through:
    """An open file of any kind, written at once."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self.file = file
        self.path = path

    def write(self, data: bytes) -> None:
        try:
            write_all(self.file, data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise refused(self.path, error) from None

    def close(self) -> None:
        try:
            self.file.close()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise refused(self.path, error) from None

    def abort(self) -> None:
        self.file.close()


class StandardOutput(Through):
    """Standard output, which stays open."""

    def __init__(self) -> None:
        if sys.stdout is None:
            raise InputError("standard output is closed", hint="name a file: --output FILE")
        sys.stdout.flush()
        # unbuffered, so that whole rows are out whatever comes next, and nothing is left for the exit
        super().__init__(getattr(sys.stdout.buffer, "raw", sys.stdout.buffer), "-")

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


class Replacing:
    """A file that takes its name when it is whole."""

    def __init__(self, path: str) -> None:
        check_writable(path)
        self.path = path
        try:
            handle, self.placement = placing.begun(path)
        except OSError as error:
            raise refused(path, error) from None
        self.file = os.fdopen(handle, "wb", buffering=0)

    @property
    def temporary(self) -> str:
        """Where the file is until then."""
        return self.placement.temporary

    def write(self, data: bytes) -> None:
        try:
            write_all(self.file, data)
        except OSError as error:
            raise refused(self.path, error) from None

    def close(self) -> None:
        try:
            self.file.close()
            placing.place.placer.place(self.placement)
        except OSError as error:
            self.abort()
            raise refused(self.path, error) from None

    def abort(self) -> None:
        self.file.close()
        placing.place.placer.drop(self.placement)


class GzipOutput:
    """gzip around an output."""

    def __init__(self, inner: Output) -> None:
        self.inner = inner
        self.state = zlib.compressobj(GZIP_LEVEL, wbits=31)

    def write(self, data: bytes) -> None:
        self.inner.write(self.state.compress(data))

    def close(self) -> None:
        self.inner.write(self.state.flush())
        self.inner.close()

    def abort(self) -> None:
        self.inner.abort()


class ZstdOutput:
    """zstd around an output."""

    def __init__(self, inner: Output) -> None:
        try:
            import zstandard
        except ImportError:
            inner.abort()
            raise InputError(
                "zstd needs the package zstandard", hint="pip install 'autodiff-cli[tables]'"
            ) from None
        self.inner = inner
        self.state = zstandard.ZstdCompressor().compressobj()

    def write(self, data: bytes) -> None:
        self.inner.write(self.state.compress(data))

    def close(self) -> None:
        self.inner.write(self.state.flush())
        self.inner.close()

    def abort(self) -> None:
        self.inner.abort()
