"""A chunk of rows to the table of their answers: a function of its arguments alone, on whatever machine."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation.quantities import significant
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.engine import Answers, Engine
from autodiff_cli.rows.job import OnError
from autodiff_cli.rows.uniform import Uniform, non_finite, without
from autodiff_cli.tables.bad import GOOD
from autodiff_cli.tables.kept import Kept, KeptTexts
from autodiff_cli.tables.rows import Chunk, Column, Sentences, TextColumn


class AnswerTable(NamedTuple):
    """What is written of a chunk.

    Attributes:
        columns: the answers.
        errors: what is wrong with each row, if bad rows stay.
        kept: the input's columns of the same rows.
        rows: how many of the chunk's rows are finished by it.
        bad: how many of those have no answer.
        non_finite: how many have an infinity or nan in their answer.
        fault: what ends the job behind these rows.
        digits: of numbers that are written, at most; None: all that read back.
    """

    columns: dict[str, Column]
    errors: TextColumn | None
    kept: Kept | None
    rows: int
    bad: int
    non_finite: int
    fault: AutodiffError | None
    digits: int | None = None

    @property
    def written(self) -> dict[str, Column | TextColumn]:
        """The columns in the order in which they are written."""
        columns = {name: with_digits(column, self.digits) for name, column in self.columns.items()}
        return {**columns, **({} if self.errors is None else {"error": self.errors})}


def with_digits(column: Column, digits: int | None) -> Column:
    """A column whose numbers have so many significant digits; None: all."""
    if digits is None:
        return column
    many = digits

    def of(array: Array) -> Array:
        return significant(array, many).astype(array.dtype) if array.dtype.kind == "f" else array

    values = column.values
    shorter = list(map(of, values)) if isinstance(values, list) else of(values)
    return Column(shorter, column.bad, column.nulls)


def answered(
    engine: Engine,
    chunk: Chunk,
    on_error: OnError,
    limit: int | None = None,
    uniform: Uniform | None = None,
    digits: int | None = None,
) -> AnswerTable:
    """The answers for a chunk's rows, in their order.

    Args:
        engine: of the question.
        chunk: with the engine's wanted columns.
        on_error: what a bad row does.
        limit: how many of the chunk's rows count, from its first; None for all.
        uniform: what the output demands of the rows' shapes, and has had up to now; None: nothing.
        digits: of numbers that are written, at most.
    """
    count = chunk.count if limit is None else min(limit, chunk.count)
    unread = chunk.bad.offsets
    stops = on_error == "fail"
    if stops and len(unread):
        count = min(count, int(unread[0]) + 1)  # what is behind it isn't needed
    without = np.concatenate((unread[unread < count], np.arange(count, chunk.count)))
    answers = engine.answers(chunk.columns, chunk.count, without, to_first=stops)
    if uniform is not None:
        answers = _fitting(answers, uniform)
    wrong = answers.faults.wrong[:count]
    wrong[unread[unread < count]] = True
    if stops and wrong.any():
        first = int(np.argmax(wrong))
        return _table(chunk, answers, np.arange(first))._replace(
            fault=_fault(chunk, answers, first), digits=digits
        )
    if on_error == "null":
        table = _table(chunk, answers, np.arange(count))
        table = table._replace(errors=_sentences(chunk, answers, count))
    else:
        table = _table(chunk, answers, np.flatnonzero(~wrong))
    return table._replace(rows=count, bad=int(np.count_nonzero(wrong)), digits=digits)


def table_of_none(engine: Engine, on_error: OnError, keep: bool) -> AnswerTable:
    """The columns for a text file that has a header and no rows."""
    errors = TextColumn([]) if on_error == "null" else None
    kept = KeptTexts({name: [] for name in engine.columns}) if keep else None
    return AnswerTable(engine.empty(), errors, kept, 0, 0, 0, None)


def _fitting(answers: Answers, uniform: Uniform) -> Answers:
    """The answers without those of rows that don't fit into the output."""
    rows = uniform.check(answers.columns, answers.faults)
    if not len(rows):
        return answers
    return answers._replace(
        columns={name: without(column, rows) for name, column in answers.columns.items()},
        non_finite=answers.non_finite - non_finite(answers.columns, rows),
    )


def _table(chunk: Chunk, answers: Answers, offsets: Array) -> AnswerTable:
    """The answers of some of a chunk's rows."""
    if len(offsets) == chunk.count:
        columns = answers.columns
        kept = chunk.kept
    else:
        columns = {name: column.take(offsets) for name, column in answers.columns.items()}
        kept = None if chunk.kept is None else chunk.kept.take(offsets)
    return AnswerTable(columns, None, kept, len(offsets), 0, answers.non_finite, None)


def _place(chunk: Chunk, offset: int) -> str:
    return f"{chunk.file}, row {chunk.start + offset}"


def _fault(chunk: Chunk, answers: Answers, offset: int) -> AutodiffError:
    """The error that ends the job, with the row's place."""
    if offset in chunk.bad:
        return chunk.bad[offset].fault()
    error = copy.copy(answers.faults[offset])
    place = _place(chunk, offset)
    error.message = f"{place}: {error.message}" if error.message else place
    return error


def _sentences(chunk: Chunk, answers: Answers, count: int) -> Sentences:
    """What is wrong with each of a chunk's first rows."""
    codes, lines = np.full(count, GOOD, np.int64), None
    ends: list[str] = []
    for found in (answers.faults, chunk.bad):
        offsets = found.offsets[found.offsets < count]
        own, chosen = found.ends(offsets)
        codes[offsets] = len(ends) + chosen
        ends += own
    if chunk.bad.lines is not None:
        lines = np.zeros(count, np.int64)
        lines[offsets] = np.asarray(chunk.bad.lines)[offsets]
    return Sentences(chunk.file, chunk.start, lines, ends, codes)
