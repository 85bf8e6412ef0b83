"""A progress bar on the terminal, for what takes longer than one likes to wait without a word."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import IO, TYPE_CHECKING

from autodiff_cli.ir.context import changed

if TYPE_CHECKING:
    from autodiff_cli.render.progress import Line

PATIENCE = 1.0  # seconds without a bar
INTERVAL = 0.1  # between two drawings
CLEAR = "\r\x1b[K"


class Bar:
    """One line that is written over: a bar, per cent, what is finished, and the time that is left.

    Args:
        stream: nothing is drawn if it is no terminal.
        hidden: whether to draw and to say nothing.
        limit: how many rows there are at most, if known.
        clock: gives seconds.
    """

    def __init__(
        self,
        stream: IO[str],
        *,
        hidden: bool = False,
        limit: int | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.stream = stream
        self.hidden = hidden
        self.draws = not hidden and stream.isatty() and os.environ.get("TERM") != "dumb"
        self.limit = limit
        self.clock = clock
        self.started = clock()
        self.next = self.started + PATIENCE
        self.visible = False
        self.line: Line | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._clear()

    def __call__(self, share: float) -> None:
        """So much of all is done, of 1."""
        self._show(share, "")

    def moved(self, rows: int, share: float) -> None:
        """So many rows are finished, which are that share of all; 0 if nobody knows."""
        if self.limit:
            share = max(share, rows / self.limit)
        pace = rows / max(self.clock() - self.started, 1e-9)
        self._show(share, f"{rows:,} rows  {pace:,.0f} rows/s")

    def note(self, text: str) -> None:
        """Say something on a line of its own."""
        if not self.hidden:
            self._clear()
            self.stream.write(f"{text}\n")
            self.stream.flush()

    def _show(self, share: float, done: str) -> None:
        now = self.clock()
        if not self.draws or now < self.next:
            return
        self.next = now + INTERVAL
        if self.line is None:
            from autodiff_cli.render.progress import Line

            self.line = Line(self.clock)
        self._write(CLEAR + self.line.text(min(max(share, 0.0), 1.0), done))
        self.visible = True

    def _clear(self) -> None:
        if self.visible:
            self._write(CLEAR)
            self.visible = False

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:  # a terminal that went away must not cost the result
            self.draws = False


@contextmanager
def shown() -> Iterator[None]:
    """Show on standard error how far the execution inside is."""
    with Bar(sys.stderr) as bar, changed(progress=bar if bar.draws else None):
        yield
