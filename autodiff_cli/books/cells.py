"""A text as its cells: a program is one; a notebook, and a text with code between prose, have many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from autodiff_cli.record import Record
from autodiff_cli.source import Source


class Cell(Record):
    """A piece of code that is run as a whole, and shows the value of its last expression.

    Attributes:
        source: its code.
        lines: the first and the last line of its code in the file; None in a notebook's own format.
        stored: what the book says that it printed; None if it says nothing.
        is_whole: whether `stored` is that and nothing else; else prose may follow.
        is_prompt: whether it is typed at Python's prompt, which shows every expression.
    """

    source: Source
    lines: tuple[int, int] | None = None
    stored: str | None = None
    is_whole: bool = True
    is_prompt: bool = False


class Book(Record):
    """What stands in a file.

    Attributes:
        kind: "program", "session" of our own prompt, or what else it is, for notices.
        cells: in their order.
    """

    kind: str
    cells: tuple[Cell, ...]

    @property
    def is_program(self) -> bool:
        return self.kind == "program"

    def pieces(self) -> Iterator[tuple[Source, dict[str, Any]]]:
        """The texts, each with how `Session.run` shows its values: a notebook's cell its last one."""
        for cell in self.cells:
            how = {} if self.is_program else {"echo": True, "last_only": not cell.is_prompt}
            yield cell.source, how

    @property
    def sources(self) -> list[Source]:
        return [cell.source for cell in self.cells]


def ranges_of(cells: Sequence[Cell]) -> str:
    """The lines of a text that were taken for code.

    >>> ranges_of([Cell(Source(""), (2, 3)), Cell(Source(""), (8, 8))])
    'lines 2-3, 8'
    """
    found = [cell.lines for cell in cells if cell.lines is not None]
    ranges = ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in found)
    return f"lines {ranges}" if set(ranges) & set(",-") else f"line {ranges}"
