"""The clock and the memory of a running program: what ends it where counting statements can't.

A signal looks at both a few times a second, between two steps of Python. A step that takes longer, such as
the decomposition of a large matrix, is ended by a thread, with the whole process.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from autodiff_cli.errors import LimitError

INTERVAL = 0.1  # seconds between looks
GRACE = 1.0  # seconds that one step may take past the limit


def check_timeout(seconds: float | None) -> None:
    """Refuse a limit that is no time.

    Raises:
        UsageError: not a positive finite number.
    """
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise click.UsageError("--timeout takes a positive number of seconds, such as --timeout 10")


def _too_long(seconds: float) -> LimitError:
    from autodiff_cli.errors import LimitError

    return LimitError(
        f"the program has run for {seconds:g} seconds, which is the limit",
        hint="--timeout SECONDS raises the limit",
    )


@contextmanager
def watched(timeout: float | None, max_bytes: int) -> Iterator[None]:
    """Run what is inside within a time and an amount of memory.

    Raises:
        LimitError: inside, when a limit is reached.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    from autodiff_cli.interpret.limits import check_memory

    started = monotonic()
    done = threading.Event()

    def look(number: int, frame: FrameType | None) -> None:
        if timeout is not None and monotonic() - started > timeout:
            raise _too_long(timeout)
        check_memory(max_bytes)

    def end() -> None:
        assert timeout is not None
        if not done.wait(timeout + GRACE):
            error = _too_long(timeout)
            sys.stdout.flush()
            sys.stderr.write(f"{error.report()}\n")
            sys.stderr.flush()
            os._exit(1)

    before = signal.signal(signal.SIGALRM, look)
    interval = INTERVAL if timeout is None else min(INTERVAL, timeout / 4)
    signal.setitimer(signal.ITIMER_REAL, interval, interval)
    if timeout is not None:
        threading.Thread(target=end, daemon=True).start()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        done.set()
