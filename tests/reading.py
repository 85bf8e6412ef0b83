"""`tables.readers` by paths, as the tests of readers and writers name files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from autodiff_cli.tables import readers
from autodiff_cli.tables.rows import Chunk
from autodiff_cli.tables.sources import resolved


def read(paths: Sequence[str], format: str | None = None, **options: Any) -> Iterator[Chunk]:
    """The chunks of the files."""
    return readers.read(resolved(paths, format), **options)


def header(paths: Sequence[str], format: str | None = None, **options: Any) -> tuple[str, ...]:
    """The columns of the first one."""
    return readers.header(resolved(paths, format)[0], **options)


class Standard:
    """Standard input with given bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)

    def isatty(self) -> bool:
        return False
