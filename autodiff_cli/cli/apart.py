"""A command's work in a process of its own, behind the second wall.

The parent forks before anything large is imported, and then only watches (`cli/supervisor.py`): limits hold
for what Python can't interrupt, a crash has a message, and a file takes its name, which the child can't
give it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import sys
from collections.abc import Iterator

from autodiff_cli.cli import confining
from autodiff_cli.cli.kept import BASE, NUMBER, REASON, Shared, keep
from autodiff_cli.cli.resources import Limits
from autodiff_cli.cli.supervisor import (
    BEHIND_THE_WALL,
    EXPECT,
    PLACE,
    ROOM,
    Signals,
    Supervisor,
    error_of,
    own_memory,
)
from autodiff_cli.cli.watch import asked_by_signal, watched
from autodiff_cli.errors import LimitError
from autodiff_cli.tables import placing
from autodiff_cli.tables.placing import Placement
from autodiff_cli.wall import wall

PARENT_DIES = 1  # PR_SET_PDEATHSIG
STACK = 8 << 20  # bytes that the memory of a thread counts for


@contextlib.contextmanager
def supervised(limits: Limits, *, apart: bool = True) -> Iterator[None]:
    """Do what is inside within limits, in a child process where that can be.

    Args:
        limits: of time and memory.
        apart: whether a child is wanted where there are no limits.

    Raises:
        LimitError: a limit was reached.
        Ended: in the parent, when the child has done the work.
        Crash: in the parent, when the system ended the child.
    """
    if not limits and not apart:
        yield
    elif wall.own and hasattr(os, "fork"):
        with _in_child(limits):
            yield
    else:
        with watched(limits):
            yield


@contextlib.contextmanager
def _in_child(limits: Limits) -> Iterator[None]:
    shared = Shared()
    requests, asking = os.pipe()
    replies, answering = os.pipe()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    parent = os.getpid()
    with Signals() as signals:
        child = os.fork()
        if child:
            os.close(asking)
            os.close(replies)
            supervisor = Supervisor(child, limits, shared, requests, answering, signals)
            supervisor.wait()
    if child:
        supervisor.finish()
    os.close(requests)
    os.close(answering)
    die_with(parent)
    keep(shared)
    placing.place.placer = placer = _Asking(asking, replies)
    confining.before = (lambda: _hold_memory(limits, shared), placer.behind_the_wall)
    _interrupted_once()

    def reason() -> LimitError | None:
        return error_of(limits, shared.number(REASON), shared.number(NUMBER))

    with asked_by_signal(reason):
        yield


def die_with(parent: int) -> None:
    """A parent that is killed must not leave the child behind."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PARENT_DIES, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _interrupted_once() -> None:
    """Ctrl-C reaches the child twice, by the terminal and by the parent."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)


class _Asking:
    """The child's side: asks the parent to rename files."""

    def __init__(self, requests: int, replies: int) -> None:
        self.requests = requests
        self.replies = replies
        self.expected: list[Placement] = []

    def _send(self, kind: int, content: bytes = b"") -> None:
        os.write(self.requests, struct.pack("=IB", 1 + len(content), kind) + content)

    def expect(self, placement: Placement) -> None:
        temporary, target, resumable = placement
        paths = b"\0".join(map(os.fsencode, (temporary, target or "")))
        self._send(EXPECT, struct.pack("=B", resumable) + paths)
        self.expected.append(placement)

    def behind_the_wall(self) -> None:
        """Nothing is announced from now on."""
        self._send(BEHIND_THE_WALL)

    def place(self, placement: Placement) -> None:
        self._send(PLACE, struct.pack("=I", self.expected.index(placement)))
        number = struct.unpack("=I", os.read(self.replies, 4))[0]
        if number:
            raise OSError(number, os.strerror(number))

    def drop(self, placement: Placement) -> None:
        pass  # the parent does that of all that aren't whole at the end


def _hold_memory(limits: Limits, shared: Shared) -> None:
    """Let the system refuse what is past the limit, where the parent's looks would come too late."""
    from autodiff_cli.wall.again import MEMORY, contents

    try:
        pages = contents(MEMORY)
    except OSError:  # not Linux
        return
    shared.set(BASE, max(1, own_memory(pages)))
    if limits.bytes is not None:
        hold_memory(limits.bytes, pages)


def hold_memory(more: int, pages: bytes) -> None:
    """Let the system refuse this process memory.

    Args:
        more: bytes that it may have beyond what it has.
        pages: its `statm`.
    """
    import resource

    from autodiff_cli.interpret.limits import held
    from autodiff_cli.threads.pool import threads

    has = int(pages.split()[5]) * os.sysconf("SC_PAGE_SIZE")
    most = has + more + 2 * ROOM + threads() * STACK
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    held.bytes = more
