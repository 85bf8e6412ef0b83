"""How far a run over rows is, on a terminal's standard error."""

from __future__ import annotations

import os
import shutil
from time import monotonic
from types import TracebackType
from typing import IO

INTERVAL = 0.1  # seconds between two looks
PATIENCE = 0.5  # seconds before a run is worth a line
WIDTH = 24
CLEAR = "\r\x1b[K"


class Progress:
    """One line that is written over: rows, rows a second, and a bar if the end is known.

    Args:
        stream: nothing is drawn if it is no terminal.
        hidden: whether to draw and to say nothing.
        total: how many rows there are at most, if known.
    """

    def __init__(self, stream: IO[str], *, hidden: bool = False, total: int | None = None) -> None:
        self.stream = stream
        self.hidden = hidden
        self.draws = not hidden and stream.isatty() and os.environ.get("TERM") != "dumb"
        self.total = total
        self.parts = (0, 0)  # finished, of how many
        self.rows = 0
        self.started = monotonic()
        self.drawn = self.started + PATIENCE - INTERVAL
        self.visible = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._clear()

    def moved(self, rows: int) -> None:
        """So many rows more are finished."""
        self.rows += rows
        now = monotonic()
        if self.draws and now - self.drawn >= INTERVAL:
            self.drawn = now
            self.visible = True
            self.stream.write(CLEAR + self.line(now - self.started))
            self.stream.flush()

    def reached(self, done: int, total: int) -> None:
        """So many parts of all are finished."""
        self.parts = (done, total)

    def note(self, text: str) -> None:
        """Say something on a line of its own."""
        if not self.hidden:
            self._clear()
            self.stream.write(f"{text}\n")
            self.stream.flush()

    def line(self, seconds: float) -> str:
        """The line that stands after so much time."""
        text = f"{self.rows:,} rows  {self.rows / max(seconds, 1e-9):,.0f} rows/s"
        done, total = self.parts if self.parts[1] else (self.rows, self.total)
        if self.parts[1]:
            text = f"{done:,} of {total:,} parts  {text}"
        if total:
            full = min(WIDTH, WIDTH * done // total)
            text = f"{'━' * full}{'╌' * (WIDTH - full)} {text}"
        return text[: shutil.get_terminal_size().columns - 1]

    def _clear(self) -> None:
        if self.visible:
            self.stream.write(CLEAR)
            self.stream.flush()
            self.visible = False
