"""The parent of a process that computes (`cli/apart.py`): it watches from outside, and renames files.

It ends the child where a limit is reached or a signal says so, and says why. What a child says behind the
wall is taken as a text's could be: it can name files that were announced before.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import struct
from time import monotonic
from typing import NoReturn

from autodiff_cli.cli.kept import BASE, NUMBER, REASON, Shared
from autodiff_cli.cli.resources import Limits
from autodiff_cli.cli.watch import ASK, GRACE, INTERVAL, too_long
from autodiff_cli.errors import Crash, Ended, LimitError
from autodiff_cli.tables.placing import HERE, Placement

TIME, MEMORY = 1, 2  # why the child is asked to end
ROOM = 32 << 20  # bytes past the limit, for what libraries need
EXPECT, BEHIND_THE_WALL, PLACE = b"+!="
TIDYING = 1.0  # seconds that a signal leaves
LARGEST = 1 << 14  # bytes of a message
FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP")
CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP", "SIGKILL")


def error_of(limits: Limits, reason: int, number: int) -> LimitError | None:
    """Why the child is ended; None if it isn't.

    Args:
        number: the memory that it used.
    """
    if reason == TIME and limits.seconds is not None:
        return too_long(limits.seconds)
    if reason == MEMORY and limits.bytes is not None:
        from autodiff_cli.interpret.limits import too_much_memory

        return too_much_memory(number, limits.bytes)
    return None


class Signals:
    """The parent's signals, as bytes in a pipe; those that are ignored stay so."""

    def __enter__(self) -> Signals:
        self.pipe, self.end = os.pipe()
        for end in (self.pipe, self.end):
            os.set_blocking(end, False)
        self.before = {}
        for name in ("SIGCHLD", *FORWARDED):
            number = getattr(signal, name)
            if name == "SIGCHLD" or signal.getsignal(number) is not signal.SIG_IGN:
                self.before[number] = signal.signal(number, lambda *_: None)
        self.waking = signal.set_wakeup_fd(self.end, warn_on_full_buffer=False)
        return self

    def taken(self) -> bytes:
        """The numbers of the signals since the last time."""
        try:
            return os.read(self.pipe, 64)
        except BlockingIOError:
            return b""

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self.waking)
        for number, handler in self.before.items():
            signal.signal(number, handler)
        os.close(self.pipe)
        os.close(self.end)


class Supervisor:
    """The parent's side."""

    def __init__(
        self, child: int, limits: Limits, shared: Shared, requests: int, answering: int,
        signals: Signals,
    ) -> None:  # fmt: skip
        self.child = child
        self.limits = limits
        self.shared = shared
        self.requests = requests
        self.answering = answering
        self.signals = signals
        self.received = b""
        self.files: list[Placement | None] = []
        self.trusted = True  # until the child is behind the wall
        self.memory = _Memory(child, shared) if limits.bytes is not None else None
        self.late: float | None = None  # when the time is over
        self.ending: float | None = None  # when the child is killed
        self.error: LimitError | None = None
        self.signal = 0  # that was forwarded
        self.status = 0

    def wait(self) -> None:
        """Wait for the child's end, and leave no file that isn't whole."""
        self._start_clock()
        for pipe in (self.requests, self.answering):
            os.set_blocking(pipe, False)
        waiting = select.poll()
        for pipe in (self.requests, self.signals.pipe):
            waiting.register(pipe, select.POLLIN)
        try:
            while True:
                for pipe, _ in waiting.poll(self._patience()):
                    if pipe == self.requests and not self._serve():
                        waiting.unregister(self.requests)
                for number in self.signals.taken():
                    self._forward(number)
                found, self.status = os.waitpid(self.child, os.WNOHANG)
                if found:
                    break
                self._look()
        finally:
            for placement in self.files:
                if placement is not None:
                    HERE.drop(placement)

    def _start_clock(self) -> None:
        seconds = self.limits.seconds
        self.late = None if seconds is None else monotonic() + seconds

    def _patience(self) -> float | None:
        """Milliseconds until the next look."""
        times = [time for time in (None if self.error else self.late, self.ending) if time]
        left = [max(0.0, time - monotonic()) for time in times]
        if self.memory is not None and self.error is None:
            left.append(INTERVAL)
        return min(left) * 1000 + 1 if left else None

    def _forward(self, number: int) -> None:
        if number == signal.SIGCHLD:
            return
        again = self.ending is not None and self.error is None
        self._kill(signal.SIGKILL if again else number)
        self.signal = self.signal or number
        self.ending = self.ending or monotonic() + TIDYING

    def _look(self) -> None:
        """Ask the child to end where a limit is reached, and end it when it doesn't."""
        now = monotonic()
        if self.ending is not None:
            if now >= self.ending:
                self._kill(signal.SIGKILL)
            return
        reason, number = 0, 0
        if self.late is not None and now >= self.late:
            reason = TIME
        elif self.memory is not None and self.limits.bytes is not None:
            number = self.memory.used()
            reason = MEMORY if number > self.limits.bytes + ROOM else 0
        if reason:
            self.error = error_of(self.limits, reason, number)
            self.shared.set(NUMBER, number)
            self.shared.set(REASON, reason)
            self._kill(ASK)
            self.ending = now + GRACE

    def _kill(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, number)

    # ---- files ------------------------------------------------------------------------------

    def _serve(self) -> bool:
        """Do what the child asks for; whether it may ask for more."""
        try:
            part = os.read(self.requests, 1 << 16)
        except BlockingIOError:
            return True
        self.received += part
        while len(self.received) >= 5:
            size, kind = struct.unpack_from("=IB", self.received)
            if size > LARGEST:
                self._kill(signal.SIGKILL)
                return False
            if len(self.received) < 4 + size:
                break
            self._answer(kind, self.received[5 : 4 + size])
            self.received = self.received[4 + size :]
        return bool(part)

    def _answer(self, kind: int, content: bytes) -> None:
        if kind == BEHIND_THE_WALL and self.trusted:
            self.trusted = False
            self._start_clock()  # what was read until now had as long
        elif kind == EXPECT and self.trusted:
            temporary, target = map(os.fsdecode, content[1:].split(b"\0"))
            self.files.append(Placement(temporary, target or None, bool(content[0])))
        elif kind == PLACE and len(content) == 4:
            answer = struct.pack("=I", self._place(*struct.unpack("=I", content)))
            with contextlib.suppress(BlockingIOError):  # it doesn't read them: it waits for none
                os.write(self.answering, answer)

    def _place(self, at: int) -> int:
        """Rename a file; the number of the error, or 0."""
        placement = self.files[at] if at < len(self.files) else None
        if placement is None or placement.target is None:
            return errno.EPERM
        try:
            HERE.place(placement)
        except OSError as error:
            return error.errno or errno.EIO
        self.files[at] = None
        return 0

    # ---- the end ----------------------------------------------------------------------------

    def finish(self) -> NoReturn:
        """End as the child did, or say why it was ended.

        Raises:
            Ended: it did its work.
            LimitError, Crash, KeyboardInterrupt: it was ended.
        """
        if os.WIFEXITED(self.status):
            raise Ended(os.WEXITSTATUS(self.status))
        number = os.WTERMSIG(self.status)
        if number == signal.SIGPIPE:
            _end_by(number)
        _write(self.shared.rest())
        if self.error is not None:
            raise self.error
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal and number == signal.SIGKILL:
            raise Ended(128 + self.signal)
        name = signal.Signals(number).name
        if name in CRASHES:
            raise Crash(_explained(name))
        _end_by(number)


def crash_of(status: int) -> Crash:
    """That a process that computes has ended by itself."""
    if os.WIFSIGNALED(status):
        return Crash(_explained(signal.Signals(os.WTERMSIG(status)).name))
    return Crash(f"the process that computes ended ({os.WEXITSTATUS(status)})")


def own_memory(pages: bytes) -> int:
    """The bytes that a process has for itself, files that it has mapped apart, by its `statm`."""
    numbers = pages.split()
    return (int(numbers[1]) - int(numbers[2])) * os.sysconf("SC_PAGE_SIZE")


class _Memory:
    """The memory of the child."""

    def __init__(self, process: int, shared: Shared) -> None:
        self.shared = shared
        try:
            self.file: int | None = os.open(f"/proc/{process}/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # not Linux
            self.file = None

    def used(self) -> int:
        """Bytes beyond those that it had when the text began; 0 before."""
        base = self.shared.number(BASE)
        if self.file is None or not base:
            return 0
        try:
            return max(0, own_memory(os.pread(self.file, 256, 0)) - base)
        except OSError:  # it has ended
            return 0


def _write(text: bytes) -> None:
    """Standard output that the child had not written yet."""
    while text:
        text = text[os.write(1, text) :]


def _explained(name: str) -> str:
    if name == "SIGKILL":
        return "the process that computes was killed (SIGKILL), as the system does when memory runs out"
    return f"the process that computes crashed ({name}): a defect of autodiff or of a library that it uses"


def _end_by(number: int) -> NoReturn:
    """End as the child did."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise Ended(128 + number)  # it is blocked
