"""The row groups of a Parquet file, from its footer, which polars doesn't tell.

The footer is Thrift's compact protocol (thrift-compact-protocol.md); of what it says (parquet.thrift,
FileMetaData and RowGroup) only sizes are looked at.
"""

from __future__ import annotations

import os
from typing import NamedTuple, TypeAlias

from autodiff_cli.tables.doors import refused
from autodiff_cli.tables.sources import RowSource

Value: TypeAlias = "int | list[Value] | dict[int, Value] | None"

DEEPEST = 32  # structures within structures
ROW_GROUPS, GROUP_BYTES, GROUP_ROWS = 4, 2, 3  # numbers of fields


class RowGroup(NamedTuple):
    """rows: how many; size: in bytes, not compressed."""

    rows: int
    size: int


def row_groups(source: RowSource) -> list[RowGroup]:
    """The groups in order; none if the footer can't be understood.

    Raises:
        InputError: the file can't be read.
    """
    try:
        with source.file() as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - 8))
            end = file.read(8)
            size = int.from_bytes(end[:4], "little")
            if end[4:] != b"PAR1" or size > length - 8:
                return []
            file.seek(length - 8 - size)
            footer = _Compact(file.read(size))
    except OSError as error:
        raise refused(source.name, error) from None
    try:
        groups = footer.structure(0).get(ROW_GROUPS)
    except (IndexError, _Unknown):
        return []
    found = []
    for group in groups if isinstance(groups, list) else ():
        if not isinstance(group, dict):
            return []
        rows, size_ = group.get(GROUP_ROWS), group.get(GROUP_BYTES)
        if not isinstance(rows, int) or not isinstance(size_, int):
            return []
        found.append(RowGroup(rows, size_))
    return found


class _Unknown(Exception):
    """The bytes aren't what they should be."""


class _Compact:
    """Bytes of the compact protocol, read from the beginning to the end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def structure(self, depth: int) -> dict[int, Value]:
        """The integers, lists and structures of a structure, by field."""
        if depth > DEEPEST:
            raise _Unknown
        found: dict[int, Value] = {}
        field = 0
        while (head := self._byte()) != 0:
            step, kind = head >> 4, head & 15
            field = field + step if step else self._integer()
            # a field that is a bool has it in its kind
            found[field] = 2 - kind if kind in (1, 2) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Value:
        if kind in (1, 2, 3):
            return self._byte()
        if kind in (4, 5, 6):
            return self._integer()
        if kind in (7, 8):
            length = 8 if kind == 7 else self._unsigned()
            self.place += length
            return None
        if kind in (9, 10):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._unsigned()
            if count > len(self.data):
                raise _Unknown
            return [
                self.structure(depth + 1) if head & 15 == 12 else self._value(head & 15, depth + 1)
                for _ in range(count)
            ]
        if kind == 12:
            return self.structure(depth + 1)
        raise _Unknown

    def _byte(self) -> int:
        self.place += 1
        return self.data[self.place - 1]

    def _unsigned(self) -> int:
        found, shift = 0, 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7

    def _integer(self) -> int:
        found = self._unsigned()
        return found >> 1 ^ -(found & 1)
