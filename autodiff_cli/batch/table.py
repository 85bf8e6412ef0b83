"""A chunk of rows to the table of their answers: a function of its arguments alone, on whatever machine."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autodiff_cli.batch.engine import Answers, Engine
from autodiff_cli.batch.job import OnError
from autodiff_cli.batch.uniform import Uniform, non_finite, without
from autodiff_cli.errors import AutodiffError
from autodiff_cli.interpret.traceback import HEADING
from autodiff_cli.ir.node import Array
from autodiff_cli.tables.kept import Kept, KeptTexts
from autodiff_cli.tables.rows import Chunk, Column, RowError, TextColumn


class Table(NamedTuple):
    """What is written of a chunk.

    Attributes:
        columns: the answers.
        errors: what is wrong with each row, if bad rows stay.
        kept: the input's columns of the same rows.
        rows: how many of the chunk's rows are finished by it.
        bad: how many of those have no answer.
        non_finite: how many have an infinity or nan in their answer.
        fault: what ends the job behind these rows.
    """

    columns: dict[str, Column]
    errors: TextColumn | None
    kept: Kept | None
    rows: int
    bad: int
    non_finite: int
    fault: AutodiffError | None

    @property
    def written(self) -> dict[str, Column | TextColumn]:
        """The columns in the order in which they are written."""
        return {**self.columns, **({} if self.errors is None else {"error": self.errors})}


def answered(
    engine: Engine,
    chunk: Chunk,
    on_error: OnError,
    limit: int | None = None,
    uniform: Uniform | None = None,
) -> Table:
    """The answers for a chunk's rows, in their order.

    Args:
        engine: of the question.
        chunk: with the engine's wanted columns.
        on_error: what a bad row does.
        limit: how many of the chunk's rows count, from its first; None for all.
        uniform: what the output demands of the rows' shapes, and has had up to now; None: nothing.
    """
    count = chunk.count if limit is None else min(limit, chunk.count)
    answers = engine.answers(chunk.columns, chunk.count, [*chunk.bad, *range(count, chunk.count)])
    if uniform is not None:
        answers = _fitting(answers, uniform)
    bad: dict[int, RowError | AutodiffError] = dict(answers.faults)
    bad |= {at: error for at, error in chunk.bad.items() if at < count}
    rows = np.arange(count)
    if on_error == "fail" and bad:
        first = min(bad)
        table = _table(chunk, answers, rows[:first])
        return table._replace(fault=_fault(bad[first], chunk, first))
    if on_error == "null":
        texts: list[str | None] = [None] * count
        for at, error in bad.items():
            texts[at] = _text(error, chunk, at)
        table = _table(chunk, answers, rows)._replace(errors=TextColumn(texts))
    else:
        good = np.setdiff1d(rows, list(bad), assume_unique=True) if bad else rows
        table = _table(chunk, answers, good)
    return table._replace(rows=count, bad=len(bad))


def table_of_none(engine: Engine, on_error: OnError, keep: bool) -> Table:
    """The columns for a text file that has a header and no rows."""
    errors = TextColumn([]) if on_error == "null" else None
    kept = KeptTexts({name: [] for name in engine.columns}) if keep else None
    return Table(engine.empty(), errors, kept, 0, 0, 0, None)


def _fitting(answers: Answers, uniform: Uniform) -> Answers:
    """The answers without those of rows that don't fit into the output."""
    faults = uniform.faults(answers.columns)
    if not faults:
        return answers
    rows = np.array(sorted(faults))
    return Answers(
        {name: without(column, rows) for name, column in answers.columns.items()},
        answers.faults | faults,
        answers.non_finite - non_finite(answers.columns, rows),
    )


def _table(chunk: Chunk, answers: Answers, offsets: Array) -> Table:
    """The answers of some of a chunk's rows."""
    if len(offsets) == chunk.count:
        columns = answers.columns
        kept = chunk.kept
    else:
        columns = {name: column.take(offsets) for name, column in answers.columns.items()}
        kept = None if chunk.kept is None else chunk.kept.take(offsets)
    return Table(columns, None, kept, len(offsets), 0, answers.non_finite, None)


def _place(chunk: Chunk, offset: int) -> str:
    return f"{chunk.file}, row {chunk.start + offset}"


def _fault(error: RowError | AutodiffError, chunk: Chunk, offset: int) -> AutodiffError:
    """The error that ends the job, with the row's place."""
    if isinstance(error, RowError):
        return error.fault()
    error.message = f"{_place(chunk, offset)}: {error.message}"
    return error


def _text(error: RowError | AutodiffError, chunk: Chunk, offset: int) -> str:
    """The error in one line."""
    if isinstance(error, RowError):
        return error.text()
    message = " ".join(_last(error.message).split())
    if error.message.startswith(HEADING):
        return f"{_place(chunk, offset)}: {message}"
    return f"{_place(chunk, offset)}: {error.kind}: {message}"


def _last(message: str) -> str:
    """What a traceback ends with, without the hint behind it; another message as it is.

    >>> _last("Traceback (most recent call last):\\n  File \\"x\\"\\nLimitError: many\\nhint: fewer\\n")
    'LimitError: many'
    """
    if not message.startswith(HEADING):
        return message
    lines = message.rstrip().split("\n")
    inner = [number for number, line in enumerate(lines) if line.startswith(" ")]
    rest = lines[max(inner, default=0) + 1 :]
    return "\n".join(line for line in rest if not line.startswith("hint: "))
