"""What a supervised process and its parent share: output that is not written yet, and why it is ended."""

from __future__ import annotations

import io
import mmap
import os
import select
import signal
import stat
import struct
import sys
from collections.abc import Iterator
from typing import Any

from autodiff_cli.cli.watch import ASK

# What stands at the beginning: where the text begins and ends, why the process is ended and a number for
# it, and the memory that it had at the start.
BEGIN, END, REASON, NUMBER, BASE, HEAD = 0, 8, 16, 24, 32, 40
SIZE = HEAD + (1 << 16)
PIPE = 4096  # bytes that go into a pipe all or none (PIPE_BUF)
HELD = (signal.SIGINT, ASK)

_number = struct.Struct("=Q")
_set = _number.pack_into


class Shared:
    """Shared memory; a process that is killed leaves it whole."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, SIZE)
        self.set(BEGIN, HEAD)
        self.set(END, HEAD)

    def number(self, at: int) -> int:
        """One of the numbers at the beginning."""
        found: int = _number.unpack_from(self.memory, at)[0]
        return found

    def set(self, at: int, number: int) -> None:
        """Change one of them."""
        _set(self.memory, at, number)

    def rest(self) -> bytes:
        """The output that isn't written."""
        return self.memory[max(self.number(BEGIN), HEAD) : self.number(END)]


class KeptOutput(io.BufferedIOBase):
    """A buffered file whose buffer outlives the process.

    Args:
        shared: the memory.
        stream: the text stream in whose place it stands, which would close its file when nobody has it.
    """

    def __init__(self, shared: Shared, stream: Any) -> None:
        self.stream = stream
        raw = getattr(stream.buffer, "raw", stream.buffer)
        self.shared = shared
        self.memory = shared.memory
        self.raw = raw
        self.end = HEAD
        # What goes into a pipe whole or not at all isn't written twice by who goes on with it.
        self.most = PIPE if stat.S_ISFIFO(os.fstat(raw.fileno()).st_mode) else SIZE

    def write(self, data: Any) -> int:
        size = len(data)
        end = self.end + size
        if end > SIZE:
            self.flush()
            if HEAD + size > SIZE:
                for _ in self._written(memoryview(data)):
                    pass
                return size
            end = HEAD + size
        self.memory[self.end : end] = data
        _set(self.memory, END, end)
        self.end = end
        return size

    def flush(self) -> None:
        if self.end == HEAD:
            return
        # none between a write and its count
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        try:
            for count in self._written(self.memory[self.shared.number(BEGIN) : self.end]):
                self.shared.set(BEGIN, self.shared.number(BEGIN) + count)
            self.end = HEAD
            self.shared.set(END, HEAD)
            self.shared.set(BEGIN, HEAD)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _written(self, data: Any) -> Iterator[int]:
        """Write all of it; how much at a time."""
        done = 0
        while done < len(data):
            count = self.raw.write(data[done : done + self.most])
            if count is None:  # it doesn't wait, and takes nothing at present
                select.select([], [self.raw], [])
                continue
            done += count
            yield count

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        number: int = self.raw.fileno()
        return number

    def isatty(self) -> bool:
        return bool(self.raw.isatty())


def keep(shared: Shared) -> None:
    """Let standard output go by way of the shared memory."""
    out: Any = sys.stdout
    out.flush()
    sys.stdout = io.TextIOWrapper(
        KeptOutput(shared, out),
        encoding=out.encoding,
        errors=out.errors,
        line_buffering=out.line_buffering or out.write_through,
        write_through=True,
    )
