"""Writing `.npy` headers and `.npz` archives: uncompressed zip files of `.npy` members."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import numpy as np

from autodiff_cli.ir.node import Array, Shape

PIECE = 1 << 16  # elements of an array without a plain layout that are copied at a time
DATE = (1980, 1, 1, 0, 0, 0)  # always: the same arrays make the same file


class File(Protocol):
    """What bytes are written to; one can go back in it if it has `seek` and `tell`."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


def opened(file: File) -> zipfile.ZipFile:
    """An archive to add members to."""
    return zipfile.ZipFile(file, "w")


def write_archive(file: File, arrays: Mapping[str, Array]) -> None:
    """Write an archive that `numpy.load` reads.

    Args:
        file: open for writing.
        arrays: by name, of numbers.
    """
    with opened(file) as archive:
        for name, array in arrays.items():
            columns = array.flags.f_contiguous and not array.flags.c_contiguous
            head = npy_header(array.dtype, array.shape, fortran=columns)
            add_member(archive, name, head, _pieces(array.T if columns else array))


def add_member(
    archive: zipfile.ZipFile, name: str, head: bytes, pieces: Iterable[bytes | memoryview]
) -> None:
    """Add an array to an archive: its header, and its elements in pieces."""
    entry = zipfile.ZipInfo(f"{name}.npy", DATE)
    with archive.open(entry, "w", force_zip64=True) as member:
        member.write(head)
        for piece in pieces:
            member.write(piece)


def npy_header(dtype: np.dtype[np.generic], shape: Shape, *, fortran: bool = False) -> bytes:
    """What stands before an array's elements.

    Raises:
        ValueError: the dtype has more fields than the header holds.
    """
    head = io.BytesIO()
    described = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": fortran,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(head, described)
    return head.getvalue()


def _pieces(array: Array) -> Iterator[memoryview]:
    """The array's bytes by rows; without a copy of it all."""
    whole = array.flags.c_contiguous
    pieces: Iterator[Array] = (
        iter([array])
        if whole
        else np.nditer(  # type: ignore[assignment]
            array, ["external_loop", "buffered", "zerosize_ok"], buffersize=PIECE, order="C"
        )
    )
    for piece in pieces:
        yield np.ascontiguousarray(piece).reshape(-1).view(np.uint8).data


class Stream:
    """A function that writes as the file that zipfile writes to from the beginning to the end."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self.take = take

    def write(self, data: bytes) -> int:
        self.take(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
