"""Rows to CSV and JSON Lines cell by cell: the text that polars has to write too."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autodiff_cli.tables import cells
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.rows import Table, TextColumn

NEEDS_QUOTES = {separator: re.compile(f'["\r\n{separator}]') for separator in ",\t"}


def csv_line(fields: list[str], separator: str) -> bytes:
    """A line of CSV with its end.

    >>> csv_line(["a", 'b "c"'], ",")
    b'a,"b ""c\"""\\n'
    """
    return (separator.join(quoted(fields, separator)) + "\n").encode("utf-8", "surrogateescape")


def quoted(fields: Sequence[str], separator: str) -> list[str]:
    """Fields, those in quotes that need them."""
    needs = NEEDS_QUOTES[separator].search
    return ['"' + f.replace('"', '""') + '"' if needs(f) else f for f in fields]


def csv_text(table: Table, kept: Kept | None, separator: str) -> bytes:
    """Rows as CSV, without a header."""
    columns = [] if kept is None else [quoted(texts, separator) for texts in kept.texts().values()]
    columns += [
        quoted(texts, separator) if isinstance(table.get(name), TextColumn) else texts
        for name, texts in cells.flat_texts(table).items()
    ]
    lines = [separator.join(row) + "\n" for row in zip(*columns)]
    return "".join(lines).encode("utf-8", "surrogateescape")


def json_text(table: Table, kept: Kept | None) -> bytes:
    """Rows as JSON Lines."""
    return json_lines([b"{" + members + b"}" for members in cells.members(table)], kept)


def json_lines(objects: list[bytes], kept: Kept | None) -> bytes:
    """Objects as lines, with the kept members before their own."""
    if kept is None:
        return b"\n".join(objects) + b"\n" if objects else b""
    first, rest = kept.members(), [line[1:] for line in objects]
    if all(first) and first:
        return b"{" + b"\n{".join(map(b",".join, zip(first, rest))) + b"\n"
    return b"".join(
        b"{" + (members + b"," if members else b"") + line + b"\n"
        for members, line in zip(first, rest)
    )
