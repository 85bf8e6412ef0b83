"""A progress bar on the terminal, for what takes longer than one likes to wait without a word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

from autodiff_cli.ir.context import changed

PATIENCE = 2.0  # seconds without a bar
INTERVAL = 0.1  # between two drawings
WIDTH = 30
ERASE = "\r\x1b[K"


class Bar:
    """Draws how far an execution is, and erases itself.

    Args:
        stream: a terminal.
        clock: gives seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self.stream = stream
        self.clock = clock
        self.started = clock()
        self.next = self.started + PATIENCE
        self.drawn = False

    def __call__(self, fraction: float) -> None:
        now = self.clock()
        if now < self.next:
            return
        self.next = now + INTERVAL
        fraction = min(max(fraction, 0.0), 1.0)
        full = round(WIDTH * fraction)
        bar = "#" * full + "." * (WIDTH - full)
        self._write(f"\r[{bar}] {100 * fraction:3.0f} %  {now - self.started:,.0f} s")
        self.drawn = True

    def erase(self) -> None:
        if self.drawn:
            self._write(ERASE)
            self.drawn = False

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:  # a terminal that went away must not cost the result
            self.next = float("inf")


@contextmanager
def progress(stream: TextIO) -> Iterator[None]:
    """Show how far the executions inside are."""
    bar = Bar(stream)
    try:
        with changed(progress=bar):
            yield
    finally:
        bar.erase()
