"""What a batch job would do, and its first rows, as a person reads it."""

from __future__ import annotations

import numpy as np

from autodiff_cli.evaluation.report import Paint, labelled
from autodiff_cli.ir.node import Array
from autodiff_cli.render.document import Table
from autodiff_cli.render.document_text import table
from autodiff_cli.rows.sample import Row, Sample

LONGEST = 24  # characters of a cell


def sample_text(sample: Sample, width: int, paint: Paint = str) -> str:
    """The expression, what its names are bound to, and the first rows with their answers.

    Args:
        sample: what was found.
        width: of the terminal.
        paint: wraps labels, for colour.
    """
    lines = [labelled("expression", "\n".join(sample.statements), paint)]
    lines.append(labelled("columns", ", ".join(sample.inputs), paint))
    if sample.others:
        lines.append(labelled("columns of options", ", ".join(sample.others), paint))
    if sample.fixed:
        fixed = ", ".join(f"{name}={given}" for name, given in sample.fixed.items())
        lines.append(labelled("the same for every row", fixed, paint))
    if sample.idle:
        lines.append(labelled("columns not read", ", ".join(sample.idle), paint))
    if sample.singly:
        lines.append(labelled("computed", "a row at a time", paint))
    if not sample.rows:
        lines.append(labelled("first rows", "there are none", paint))
        return "\n".join(lines)
    lines.append(labelled("first rows", _places(sample.rows), paint))
    lines.append(table(_table(sample.rows), width))
    if sample.fault is None:
        lines += [labelled("error", row.error, paint) for row in sample.rows if row.error]
    return "\n".join(lines)


def _places(rows: tuple[Row, ...]) -> str:
    """Where the rows are: the first one with its file, others by their number where it is the same."""
    said, last = [], ""
    for row in rows:
        file, _, number = row.place.rpartition(", ")
        said.append(number.removeprefix("row ") if file == last else row.place)
        last = file
    return ", ".join(said)


def _table(rows: tuple[Row, ...]) -> Table:
    """A line for each column and answer, with its type and its value in each row."""
    values = [{**row.cells, **row.answers} for row in rows]
    lines = []
    for name in dict.fromkeys(name for row in values for name in row):
        arrays = [row.get(name) for row in values]
        kind = next((_type(array) for array in arrays if array is not None), "")
        lines.append((name, kind, *map(_cell, arrays)))
    return Table("", ("", "type", *("" for _ in rows)), tuple(lines))


def _type(array: Array) -> str:
    shape = ", ".join(map(str, np.shape(array)))
    return f"{np.asarray(array).dtype}{f' [{shape}]' if shape else ''}"


def _cell(array: Array | None) -> str:
    """A value in a few characters."""
    if array is None:
        return "-"
    text = np.array2string(
        np.asarray(array),
        precision=5,
        separator=", ",
        threshold=6,
        edgeitems=2,
        max_line_width=1000,
    )
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
