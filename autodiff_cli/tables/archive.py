"""Writing `.npz` archives: uncompressed zip files of `.npy` members.

NumPy writes them through zipfile, in pieces, each added to the checksum by Python before it goes out; here a
member goes out whole while a thread adds it up. The format is PKWARE's APPNOTE.TXT (4.3.7, 4.3.12, 4.3.14 to
4.3.16, 4.5.3).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple
from zlib import crc32

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Array

LARGE = 1 << 20  # bytes of a member from which a thread pays
PIECE = 1 << 16  # elements of an array without a plain layout that are copied at a time

LIMIT_16, LIMIT_32 = 0xFFFF, 0xFFFFFFFF  # a field with these says: look into the zip64 record
FROM = LIMIT_32  # bytes from which sizes and places stand in those
VERSION, VERSION_ZIP64 = 20, 45
UTF_8 = 1 << 11  # the flag of a name that isn't ASCII
DATE = (1 << 5) | 1  # 1980-01-01 always: the same arrays make the same file
UNIX = 3 << 8  # who made the archive: says what the permissions mean
PERMISSIONS = 0o600 << 16

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
END_ZIP64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
CHECKSUM_AT = 14  # in the local header


class _Member(NamedTuple):
    name: bytes
    size: int
    checksum: int
    start: int

    @property
    def flags(self) -> int:
        return 0 if self.name.isascii() else UTF_8

    def local(self) -> bytes:
        """The header that stands before the member."""
        size, extra = self.size, b""
        if self.size >= FROM:
            size, extra = LIMIT_32, _zip64(self.size, self.size)
        version = VERSION_ZIP64 if extra else VERSION
        return (
            LOCAL.pack(b"PK\3\4", version, self.flags, 0, 0, DATE, self.checksum, size, size,
                       len(self.name), len(extra))
            + self.name + extra
        )  # fmt: skip

    def central(self) -> bytes:
        """The entry in the directory behind the members."""
        large = [self.size] * 2 if self.size >= FROM else []
        far = [self.start] if self.start >= FROM else []
        size = LIMIT_32 if large else self.size
        start = LIMIT_32 if far else self.start
        extra = _zip64(*large, *far) if large or far else b""
        version = VERSION_ZIP64 if extra else VERSION
        return (
            CENTRAL.pack(b"PK\1\2", UNIX | version, version, self.flags, 0, 0, DATE, self.checksum,
                         size, size, len(self.name), len(extra), 0, 0, 0, PERMISSIONS, start)
            + self.name + extra
        )  # fmt: skip


def _zip64(*fields: int) -> bytes:
    return struct.pack(f"<2H{len(fields)}Q", 1, 8 * len(fields), *fields)


def write_archive(file: BinaryIO, arrays: Mapping[str, Array], *, seekable: bool = True) -> None:
    """Write an archive that `numpy.load` reads.

    Args:
        file: open for writing, at its start.
        arrays: by name, of numbers.
        seekable: whether one can go back in the file; not in a pipe.
    """
    members = []
    position = 0
    for name, array in arrays.items():
        head = _npy_header(array)
        member = _Member(f"{name}.npy".encode(), len(head) + array.nbytes, 0, position)
        if seekable and array.nbytes >= LARGE and current().threads != 1:
            member = _written_at_once(file, member, head, array)
        else:
            member = member._replace(checksum=_checksum(head, array))
            file.write(member.local())
            _write(file, head, array)
        members.append(member)
        position += len(member.local()) + member.size
    _write_directory(file, members, position)


def _written_at_once(file: BinaryIO, member: _Member, head: bytes, array: Array) -> _Member:
    """Write a member while its checksum is being computed, which is put in afterwards."""
    from threading import Thread

    found: list[int] = []
    thread = Thread(target=lambda: found.append(_checksum(head, array)))
    thread.start()
    try:
        file.write(member.local())
        _write(file, head, array)
    finally:
        thread.join()
    member = member._replace(checksum=found[0])
    file.seek(member.start + CHECKSUM_AT)
    file.write(struct.pack("<L", member.checksum))
    file.seek(0, io.SEEK_END)
    return member


def _write_directory(file: BinaryIO, members: list[_Member], start: int) -> None:
    directory = b"".join(member.central() for member in members)
    file.write(directory)
    count, size = len(members), len(directory)
    if count >= LIMIT_16 or size >= FROM or start >= FROM:
        file.write(
            END_ZIP64.pack(b"PK\6\6", END_ZIP64.size - 12, VERSION_ZIP64, VERSION_ZIP64, 0, 0,
                           count, count, size, start)
        )  # fmt: skip
        file.write(LOCATOR.pack(b"PK\6\7", 0, start + size, 1))
        count, size, start = min(count, LIMIT_16), LIMIT_32, LIMIT_32
    file.write(END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0))


# ---- members ------------------------------------------------------------------------------------


def _npy_header(array: Array) -> bytes:
    stream = io.BytesIO()
    described = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.getvalue()


def _write(file: BinaryIO, head: bytes, array: Array) -> None:
    file.write(head)
    for piece in _pieces(array):
        file.write(piece)


def _checksum(head: bytes, array: Array) -> int:
    checksum = crc32(head)
    for piece in _pieces(array):
        checksum = crc32(piece, checksum)
    return checksum


def _pieces(array: Array) -> Iterator[memoryview]:
    """The array's bytes in the order of its `.npy` form; without a copy of it all."""
    if array.flags.c_contiguous:
        yield _bytes_of(array)
    elif array.flags.f_contiguous:  # the header says so
        yield _bytes_of(array.T)
    else:
        pieces: Iterator[Array] = np.nditer(  # type: ignore[assignment]
            array, ["external_loop", "buffered", "zerosize_ok"], buffersize=PIECE, order="C"
        )
        for piece in pieces:
            yield _bytes_of(np.ascontiguousarray(piece))


def _bytes_of(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
