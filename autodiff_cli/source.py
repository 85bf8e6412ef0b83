"""Source text, spans of it, and the caret that points at them.

A `Span` is a half-open range of character offsets. It carries no text, so that a graph of a hundred
thousand nodes holds a hundred thousand small objects and one `Source`.
"""

from __future__ import annotations

MARGIN = 76  # columns of source shown in an error, so that it fits a terminal of 80


class Span:
    """Characters `start` (inclusive) to `end` (exclusive) of a source text."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and (self.start, self.end) == (other.start, other.end)

    def __hash__(self) -> int:
        return hash((self.start, self.end))

    def __repr__(self) -> str:
        return f"Span({self.start}, {self.end})"


class Source:
    """A text with a name for messages.

    Args:
        text: the program or expression.
        name: what to call it: an input's name, a file's path, or "" for the expression itself.
        first: the number of its first line, where it is a part of a file.
    """

    __slots__ = ("first", "name", "text")

    def __init__(self, text: str, name: str = "", first: int = 1) -> None:
        self.text = text
        self.name = name
        self.first = first

    def line(self, offset: int) -> tuple[int, int, str]:
        """The 1-based line number, 0-based column and text of the line that holds `offset`.

        >>> Source("y = x\\ny.men()").line(8)
        (2, 2, 'y.men()')
        """
        offset = min(offset, len(self.text))
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return (
            self.text.count("\n", 0, start) + self.first,
            offset - start,
            self.text[start : len(self.text) if end < 0 else end],
        )

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def caret(self, span: Span) -> str:
        """Two lines: the source line around `span`, and carets under it.

        A long line is cut to a window around the span; a span over several lines is underlined on
        its first.

        >>> print(Source("mean(3*men(x))").caret(Span(7, 10)))
        mean(3*men(x))
               ^^^
        """
        number, column, text = self.line(span.start)
        width = max(1, min(span.end, span.start - column + len(text)) - span.start)
        text = text.replace("\t", " ")
        if len(text) > MARGIN:
            first = max(0, min(column - MARGIN // 3, len(text) - MARGIN))
            head = "…" if first else ""
            tail = "…" if first + MARGIN < len(text) else ""
            text = head + text[first + len(head) : first + MARGIN - len(tail)] + tail
            column -= first
            width = min(width, MARGIN - column)
        label = f"line {number}: " if "\n" in self.text else ""
        return f"{label}{text}\n{' ' * (len(label) + column)}{'^' * width}"
