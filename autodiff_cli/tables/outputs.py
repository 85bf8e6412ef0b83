"""Where results go: a file beside its place that is renamed when it is whole, or standard output."""

from __future__ import annotations

import os
import select
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.tables import placing
from autodiff_cli.tables.archive import Stream, write_archive
from autodiff_cli.tables.doors import stream_of

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


def open_output(path: str | None, compression: str | None) -> Output:
    """The output for a path; None and "-" are standard output.

    Raises:
        InputError: it can't be written there.
    """
    state: Compressor | None = None  # before there is a file, as its library may be missing
    if compression == "gzip":
        state = zlib.compressobj(GZIP_LEVEL, wbits=31)
    elif compression == "bzip2":
        import bz2

        state = bz2.BZ2Compressor()
    elif compression == "xz":
        import lzma

        state = lzma.LZMACompressor()
    elif compression == "zstd":
        state = _zstd()
    found: Output = StandardOutput() if path is None or path == "-" else file_output(path)
    return found if state is None else Compressed(found, state)


def file_output(path: str) -> Through | Replacing:
    """A file, or a pipe or a device that is written through."""
    if is_special(path):
        with errors_of(path):
            return Through(opened_special(path, buffering=0), path)
    return Replacing(path)


def is_special(path: str) -> bool:
    """Whether a path is a pipe or a device, which may have any name and is never replaced.

    A file that a shell has opened as /dev/stdout is one too.
    """
    if stream_of(path) is not None:
        return True
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def opened_special(path: str, buffering: int = -1) -> BinaryIO:
    """A pipe, a device or a stream to write to; what stands in an open file stays there."""
    stream = stream_of(path)
    return open(path if stream is None else os.dup(stream), "wb", buffering=buffering)


def check_writable(path: str) -> None:
    """Raise InputError if nothing could be written there at all."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"'{path}' can't be written: it is a folder")
    if not target.parent.is_dir():
        folder = os.path.dirname(path) or target.parent
        raise InputError(f"'{path}' can't be written: there is no folder '{folder}'")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise InputError(f"'{path}' can't be written: permission denied")


def roomy(path: str | None) -> str | None:
    """The path itself if its disk is to hold what is needed meanwhile; None of what is on none."""
    return None if path is None or is_special(path) else path


def refused(path: str, error: OSError) -> InputError:
    """Why something can't be written, as an error."""
    where = "standard output" if path == "-" else f"'{path}'"
    return InputError(f"{where} can't be written: {(error.strerror or str(error)).lower()}")


@contextmanager
def errors_of(path: str) -> Iterator[None]:
    """Within, what the system says of writing is said of the path; except that nobody reads on."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise refused(path, error) from None


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


class _Open:
    """An unbuffered file, and the path that errors name."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self.file = file
        self.path = path

    def write(self, data: bytes) -> None:
        with errors_of(self.path):
            write_all(self.file, data)


class Through(_Open):
    """An open file of any kind: what is written has left."""

    def close(self) -> None:
        with errors_of(self.path):
            self.file.close()

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


class Replacing(_Open):
    """A file that takes its name when it is whole."""

    def __init__(self, path: str) -> None:
        check_writable(path)
        with errors_of(path):
            handle, self.placement = placing.begun(path)
        super().__init__(os.fdopen(handle, "wb", buffering=0), path)

    @property
    def temporary(self) -> str:
        """Where the file is until then."""
        return self.placement.temporary

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


class Compressor(Protocol):
    """What makes compressed bytes of others."""

    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class Compressed:
    """Compression around an output."""

    def __init__(self, inner: Output, state: Compressor) -> None:
        self.inner = inner
        self.state = state

    def write(self, data: bytes) -> None:
        self.inner.write(self.state.compress(data))

    def close(self) -> None:
        self.inner.write(self.state.flush())
        self.inner.close()

    def abort(self) -> None:
        self.inner.abort()


def _zstd() -> Compressor:
    try:
        import zstandard
    except ImportError:
        raise InputError(
            "zstd needs the package zstandard", hint="pip install 'autodiff-cli[tables]'"
        ) from None
    state: Compressor = zstandard.ZstdCompressor().compressobj()
    return state


class WholeFile:
    """A file, open before it is known what it holds; it takes its name when it is whole.

    Leaving the `with` block gives up what hasn't been written.

    Raises:
        InputError: the file can't be made.
    """

    def __init__(self, path: str) -> None:
        self.output = file_output(path)
        self.whole = False

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            InputError: it can't be written; nothing is left behind.
        """
        self.output.write(data)
        self._close()

    def _close(self) -> None:
        self.output.close()
        self.whole = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.whole:
            self.output.abort()


class ArchiveFile(WholeFile):
    """An `.npz` archive."""

    def save(self, arrays: Mapping[str, Array]) -> None:
        """Write it.

        Raises:
            InputError: it can't be written; nothing is left behind.
        """
        output = self.output
        with errors_of(output.path):
            if isinstance(output, Replacing):  # where one can go back
                with open(output.file.fileno(), "wb", closefd=False) as file:
                    write_archive(file, arrays)
            else:
                write_archive(Stream(output.write), arrays)
        self._close()
