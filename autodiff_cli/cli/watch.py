"""What ends a command's work when a limit is reached.

Who watches the clock and the memory first asks, by a signal: the work is interrupted between two steps of
Python, with the place where it was. A step that doesn't come to its end, such as a loop inside the linear
algebra library, is ended with the whole process. In a process of the command's own, its parent watches
(`cli/apart.py`); where there is none (a process of somebody who imports the package, a system without
fork), a thread does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

from autodiff_cli.cli.resources import Limits
from autodiff_cli.errors import LimitError

INTERVAL = 0.02  # seconds between looks at the memory
GRACE = 0.5  # seconds that one step may take past the limit
ASK = getattr(signal, "SIGALRM", signal.SIGTERM)


def too_long(seconds: float) -> LimitError:
    """That the time is over."""
    return LimitError(
        f"the program has run for {seconds:g} seconds, which is the limit",
        hint="--timeout SECONDS raises the limit",
    )


@contextmanager
def asked_by_signal(reason: Callable[[], LimitError | None]) -> Iterator[None]:
    """Let ASK raise an error inside.

    Args:
        reason: the error; None if there is no reason.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        error = reason()
        if error is not None:
            raise error

    before = signal.signal(ASK, stop)
    try:
        yield
    finally:
        signal.signal(ASK, before)


@contextmanager
def watched(limits: Limits) -> Iterator[None]:
    """Run what is inside within limits, by a thread of this process.

    Raises:
        LimitError: inside, when a limit is reached.
    """
    main = threading.main_thread()
    if threading.current_thread() is not main or not limits:
        yield
        return
    from autodiff_cli.interpret.limits import too_much_memory
    from autodiff_cli.ir.room import resident_bytes

    started, had = monotonic(), resident_bytes()
    done = threading.Event()
    found: list[LimitError] = []

    def reached() -> LimitError | None:
        if limits.seconds is not None and monotonic() - started > limits.seconds:
            return too_long(limits.seconds)
        if limits.bytes is not None and (used := resident_bytes() - had) > limits.bytes:
            return too_much_memory(used, limits.bytes)
        return None

    def watch() -> None:
        while not done.wait(INTERVAL):
            error = reached()
            if error is None:
                continue
            found.append(error)
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(main.ident or 0, ASK)
            else:
                import _thread

                _thread.interrupt_main(ASK)
            if not done.wait(GRACE):
                if sys.stdout is not None:
                    sys.stdout.flush()
                sys.stderr.write(f"{error.report()}\n")
                sys.stderr.flush()
                os._exit(1)

    with asked_by_signal(lambda: found[0] if found and not done.is_set() else None):
        thread = threading.Thread(target=watch, name="watching limits", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()  # so that no signal comes when nobody handles it
