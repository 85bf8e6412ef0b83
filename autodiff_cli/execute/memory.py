"""Memory of large results that is used again.

A fresh array of many pages costs about as much as copying it, as the system clears each page at its first
use. A process that executes more than once gives the memory of results that nobody holds any longer to the
next ones.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Shape

LARGE = 1 << 22  # bytes from which on arrays have pages of their own
KEPT = 1 << 27  # bytes that are kept at most
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
FROM_HEAP = 1 << 25  # bytes: the most that it lets one set


def keep_pages(room: int) -> None:
    """Have the C library keep what is freed, instead of taking fresh pages for each large array.

    It would give back what is free at the end of its memory: in a loop whose arrays have megabytes a third of
    the time is the system's clearing of pages. Only glibc has such a setting.

    Args:
        room: the bytes that the process may use; an eighth is kept at most.
    """
    with contextlib.suppress(OSError, AttributeError):
        settings = ctypes.CDLL(None).mallopt
        settings(M_MMAP_THRESHOLD, FROM_HEAP)
        settings(M_TRIM_THRESHOLD, min(2 * FROM_HEAP, room // 8))


class _Memory(np.ndarray[Any, Any]):
    """Bytes that are lent; a class of its own, so that numpy leaves the lease between it and the result."""

    __slots__ = ()


class _Lease(np.ndarray[Any, Any]):
    """What a result and its views keep alive."""

    __slots__ = ()

    def __del__(self) -> None:
        memory = self.base
        if isinstance(memory, _Memory):
            store.keep(memory)


class Store:
    """The memory that is kept, for all threads. A lease may end within any step, so that there are no locks.

    Attributes:
        kept: free memory, by its id: whoever removes an entry has it.
        limit: the most bytes to keep; 0 until a first execution is over, so that a process that
            executes once holds on to nothing.
    """

    def __init__(self) -> None:
        self.kept: dict[int, _Memory] = {}
        self.limit = 0

    def keep(self, memory: _Memory) -> None:
        """Keep memory that nobody holds, if there is room."""
        if sum([other.size for other in list(self.kept.values())]) + memory.size <= self.limit:
            self.kept[id(memory)] = memory

    def take(self, size: int) -> _Memory:
        """Memory of at least `size` bytes, and at most a fourth more."""
        for memory in list(self.kept.values()):
            if size <= memory.size <= size + size // 4:
                if self.kept.pop(id(memory), None) is memory:
                    return memory
        return np.ndarray.__new__(_Memory, (size,), np.uint8)


store = Store()


def empty(shape: Shape, dtype: np.dtype[Any]) -> Any:
    """`np.empty`, of memory that was used before if there is some.

    >>> empty((2, 3), np.dtype(np.float32)).shape
    (2, 3)
    """
    size = math.prod(shape) * dtype.itemsize
    if size < LARGE or not store.limit:
        return np.empty(shape, dtype)
    memory = store.take(size)
    lease = np.ndarray.__new__(_Lease, (memory.size,), np.uint8, memory)
    return np.ndarray(shape, dtype, lease)
