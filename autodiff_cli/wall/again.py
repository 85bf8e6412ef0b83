"""Files of /proc/self that are read again and again: opened once, before the wall stands in the way.

The wall leaves no access to /proc/self, where the environment and the memory of the process are.
"""

from __future__ import annotations

import os

MEMORY, MAPS = "/proc/self/statm", "/proc/self/maps"
_opened: dict[str, tuple[int, int]] = {}  # the process that opened it, and the descriptor


def open_now() -> None:
    """Open them all, where the system has them."""
    for path in (MEMORY, MAPS):
        try:
            _descriptor(path)
        except OSError:  # no /proc
            return


def _descriptor(path: str) -> int:
    process = os.getpid()
    found = _opened.get(path)
    if found is None or found[0] != process:  # a fork has its parent's
        found = _opened[path] = process, os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    return found[1]


def contents(path: str) -> bytes:
    """What is in the file at present.

    Raises:
        OSError: there is none.
    """
    descriptor = _descriptor(path)
    parts: list[bytes] = []
    while part := os.pread(descriptor, 1 << 16, sum(map(len, parts))):
        parts.append(part)
    return b"".join(parts)
