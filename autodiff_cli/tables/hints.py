"""What to say of a text table that isn't written as it is read: found in its first lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autodiff_cli.errors import InputError
from autodiff_cli.tables import plain_csv
from autodiff_cli.tables.dialect import Dialect

OTHERS = (";", "\t", "|", ",", " ")
LOOKED_AT = 20  # lines
LONGEST = 4096  # bytes of each, about
SHOWN = 8  # columns that a hint names
COMMA = re.compile(r"\d,\d")


def named(titles: Sequence[str]) -> list[str]:
    """The titles; of several columns without one, as spreadsheets leave them, each is called by its place.

    >>> named(["x", "", ""])
    ['x', 'column_2', 'column_3']
    """
    if titles.count("") < 2:
        return list(titles)
    return [title or f"column_{place}" for place, title in enumerate(titles, 1)]


def check_header(titles: Sequence[str], data: bytes, dialect: Dialect, file: str) -> None:
    """Raise InputError if a header is none.

    Args:
        titles: its fields.
        data: how the file begins.
        dialect: as it is read.
        file: as people write it.
    """
    if any("\r" in title for title in titles):
        raise InputError(
            f"{file}: its lines end in a carriage return alone",
            hint="convert it: tr '\\r' '\\n' < FILE",
        )
    check_fields(data, dialect, file)
    if not any(titles):
        raise InputError(
            f"{file} has no header: its first line has no names",
            hint=f"--skip-lines {dialect.skip + 1} leaves it out",
        )
    if not len(plain_csv.numbers(dialect.plain_all(titles))[1]):
        count = len(titles)
        names = ",".join("abcdefgh"[:count]) if count <= SHOWN else f"a,b,… (all {count} of them)"
        raise InputError(
            f"{file} has no header: its first line is numbers",
            hint=f"name the columns: --columns {names}; if those are their names, "
            f"--skip-lines {dialect.skip + 1} too",
        )


def check_fields(data: bytes, dialect: Dialect, file: str) -> None:
    """Raise InputError if the first lines are a table with another delimiter, or from a later line on."""
    text = data[: LOOKED_AT * LONGEST].decode("utf-8", "replace")
    lines = [
        (number, line.rstrip("\r"))
        for number, line in enumerate(text.split("\n")[:LOOKED_AT], 1)
        if line.strip()
    ]
    first = lines[0][1] if lines else ""
    if not lines or (dialect.quote and dialect.quote in first):
        return
    width = len(first.split(dialect.delimiter))
    if width > 1 and any(len(line.split(dialect.delimiter)) == width for _, line in lines[1:]):
        return
    sep = re.fullmatch(r"sep=(.)", first)
    if sep is not None:  # of a spreadsheet
        raise InputError(
            f"{file}: its first line says that fields are separated by '{sep[1]}'",
            hint=f"{_option(sep[1])} --skip-lines {lines[0][0]}",
        )
    for mark in OTHERS if width == 1 else ():
        if mark != dialect.delimiter and _fits(lines, mark):
            raise InputError(
                f"{file}: fields seem to be separated by {_called(mark)}, not by "
                f"{_called(dialect.delimiter)}",
                hint=_option(mark) + _decimal(lines, mark, dialect),
            )
    for mark in (dialect.delimiter, *OTHERS[:3]):
        widths = [len(line.split(mark)) for _, line in lines]
        begin = next((at for at, width in enumerate(widths) if width > 1), len(widths))
        if 0 < begin < len(widths) - 1 and len(set(widths[begin:])) == 1:
            other = "" if mark == dialect.delimiter else f" {_option(mark)}"
            raise InputError(
                f"{file}: its first line is no header of those behind it, which have {widths[-1]} fields",
                hint=f"--skip-lines {lines[begin][0] - 1}{other} leaves out what stands before the header",
            )


def _fits(lines: Sequence[tuple[int, str]], mark: str) -> bool:
    """Whether the header and the first row have as many fields with this mark between them, and several."""
    rows = [line.split() if mark == " " else line.split(mark) for _, line in lines[:2]]
    if len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
        return False
    return mark != " " or (len(rows) > 1 and not len(plain_csv.numbers(rows[1])[1]))


def _decimal(lines: Sequence[tuple[int, str]], mark: str, dialect: Dialect) -> str:
    commas = mark != "," and dialect.decimal == "." and any(COMMA.search(s) for _, s in lines[1:])
    return " --decimal ," if commas else ""


def _called(mark: str) -> str:
    return {"\t": "tabs", " ": "blanks"}.get(mark, f"'{mark}'")


def _option(mark: str) -> str:
    return "--delimiter " + {"\t": "tab", " ": "blank"}.get(mark, f"'{mark}'")
