"""Threads over blocks. numpy lets other threads run while it computes. They see the caller's context.

The calling thread works too, so that Ctrl-C reaches it between two blocks. Which thread computes a block
doesn't matter to the result: blocks are cut the same way whatever the number of threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import copy_context

import numpy as np

from autodiff_cli.ir.context import current


def processors() -> int:
    """How many processors this process may use: its affinity, within its control group's quota."""
    count = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
        if quota != "max":
            count = min(count, max(1, -(-int(quota) // int(period))))
    except (OSError, ValueError):
        pass  # no control groups, or of the first version
    return count


def threads() -> int:
    """How many threads an execution uses: `--threads`, AUTODIFF_THREADS, or one a processor."""
    most = current().threads
    if most is not None:
        return most
    given = os.environ.get("AUTODIFF_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else processors()


class _Work:
    """The blocks of one walk: taken in order, each by the thread that is free."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.next = 0
        self.lock = threading.Lock()
        self.failure: tuple[int, BaseException] | None = None
        self.stopped = False

    def take(self) -> int | None:
        with self.lock:
            if self.stopped or self.next >= self.count:
                return None
            self.next += 1
            return self.next - 1

    def fail(self, number: int, error: BaseException) -> None:
        with self.lock:
            if self.failure is None or number < self.failure[0]:
                self.failure = number, error
            self.stopped = True


def each(
    count: int,
    worker: Callable[[], Callable[[int], None]],
    workers: int,
    done: Callable[[int], None] | None = None,
) -> None:
    """Run a function for each of the numbers below `count`.

    Args:
        count: how many blocks there are.
        worker: makes the function, once for each thread, with buffers of its own.
        workers: the most threads.
        done: called in the calling thread after each of its blocks, with the number begun so far.

    Raises:
        Whatever the function raised, for the first of the blocks at which it did.
    """
    work = _Work(count)

    def run(report: Callable[[int], None] | None) -> None:
        with np.errstate(all="ignore"):
            number: int | None = -1
            try:
                function = worker()
                while (number := work.take()) is not None:
                    function(number)
                    if report is not None:
                        report(work.next)
            except BaseException as error:
                work.fail(-1 if number is None else number, error)

    others = [
        threading.Thread(target=copy_context().run, args=(run, None), daemon=True)
        for _ in range(min(workers, count) - 1)
    ]
    for thread in others:
        thread.start()
    try:
        run(done)
    finally:
        work.stopped = True
        for thread in others:
            thread.join()
    if work.failure is not None:
        raise work.failure[1]
