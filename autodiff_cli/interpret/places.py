"""Where in a text code of its own stands that runs, or that raised."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from types import CodeType, FrameType
from typing import TypeAlias

from autodiff_cli.record import Record
from autodiff_cli.source import Source, Span

MACHINERY = "__builtins__"  # the variable in which Python keeps the names that are no variables
RUNNING = ".program"  # in the builtins of such code: what is known of it
PROGRAM_FILE = "<program>"  # where such code says that it comes from
Place: TypeAlias = tuple[str, Source, Span]  # the function, its text, the place in it


class Running(Record):
    """What is known of code that runs.

    Attributes:
        source: the text.
        spans: where each line of the code comes from.
    """

    source: Source
    spans: Sequence[Span]

    def span_at(self, code: CodeType, instruction: int) -> Span:
        """The text that an instruction comes from; `f_lineno` would walk the code up to it each time."""
        found = self._lines.get(id(code))  # its hash would walk it, too
        if found is None:
            ranges = list(code.co_lines())
            starts = [start for start, _, _ in ranges]
            found = self._lines[id(code)] = code, starts, [line or 1 for _, _, line in ranges]
        _, starts, lines = found
        return self.spans[lines[bisect_right(starts, instruction) - 1] - 1]

    @cached_property
    def _lines(self) -> dict[int, tuple[CodeType, list[int], list[int]]]:
        """For each code object, by its id, where its lines begin, and which they are."""
        return {}


def here() -> Span | None:
    """Where the text is that runs; None if none does."""
    for frame, running in frames():
        return running.span_at(frame.f_code, frame.f_lasti)
    return None


def frames() -> Iterator[tuple[FrameType, Running]]:
    """The frames of code of a text's own, from the inside out, and what is known of it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == PROGRAM_FILE:
            running: Running | None = frame.f_builtins.get(RUNNING)
            if running is not None:
                yield frame, running
        frame = frame.f_back


def places(error: BaseException) -> list[Place]:
    """Where an exception came through in the program, from the outside in."""
    found: list[Place] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        running = trace.tb_frame.f_builtins.get(RUNNING)
        if code.co_filename == PROGRAM_FILE and running is not None:
            span = running.spans[trace.tb_lineno - 1]
            if code.co_name[0] == "." and found:  # a piece of an expression
                found[-1] = (found[-1][0], running.source, span)
            else:
                found.append((code.co_name, running.source, span))
        trace = trace.tb_next
    return found
