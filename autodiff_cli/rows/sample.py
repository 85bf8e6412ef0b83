"""A job's first rows, for a look before it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.job import Job
from autodiff_cli.rows.question import statements
from autodiff_cli.rows.run import begun
from autodiff_cli.rows.table import answered
from autodiff_cli.tables import readers
from autodiff_cli.tables.rows import Column

SHOWN = 3  # rows


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        place: such as "x.csv, row 1".
        cells: its values, by column; a column that can't be read isn't there.
        answers: by name; None where nothing flows, or the row is bad.
        error: what is wrong with it.
    """

    place: str
    cells: dict[str, Array]
    answers: dict[str, Array | None]
    error: str | None


class Sample(NamedTuple):
    """What a job does, and its first rows' answers.

    Attributes:
        statements: the expression as it was understood, a part each.
        inputs: the columns that the expression names.
        others: the columns that options name.
        fixed: the inputs that are the same for every row, and what they were given.
        idle: the columns that nothing names.
        rows: the first ones, up to one that ends the job.
        fault: what ends it there.
        singly: whether rows are computed one at a time.
    """

    statements: tuple[str, ...]
    inputs: tuple[str, ...]
    others: tuple[str, ...]
    fixed: dict[str, str]
    idle: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    fault: AutodiffError | None = None
    singly: bool = False


def sample(job: Job, warn: Callable[[str], None]) -> Sample:
    """Answer the question for the first rows, and write nothing.

    Raises:
        AutodiffError: as `run`, before the first row; a bad one is in the record.
    """
    engine = begun(job, warn)
    inputs = engine.asked.inputs
    found = Sample(
        statements(job.question.expression),
        inputs,
        tuple(name for name in engine.wanted if name not in inputs),
        {name: str(given) for name, given in job.question.given.items()},
        tuple(name for name in engine.columns if name not in engine.wanted),
    )
    dtype = job.question.settings.dtype
    most = SHOWN if job.limit is None else min(SHOWN, job.limit)
    rows: list[Row] = []
    fault = None
    chunks = readers.read(job.sources, columns=job.columns, wanted=engine.wanted, chunk_rows=1)
    for chunk in chunks:
        if fault is not None or len(rows) >= most:
            break
        table = answered(engine, chunk, "null", 1)
        if table.bad and job.on_error == "fail":
            fault = answered(engine, chunk, "fail", 1).fault
        cells = {
            name: _in_dtype(column.values[0], dtype)
            for name, column in chunk.columns.items()
            if not len(column.bad)
        }
        answers = {
            name: None if _null(column) else column.values[0]
            for name, column in table.columns.items()
        }
        error = None if table.errors is None else table.errors.texts[0]
        rows.append(Row(f"{chunk.file}, row {chunk.start}", cells, answers, error))
    return found._replace(rows=tuple(rows), fault=fault, singly=engine.single)


def _null(column: Column) -> bool:
    return column.nulls is not None and bool(column.nulls[0])


def _in_dtype(cell: Array, dtype: str) -> Array:
    cell = np.asarray(cell)
    return cell if cell.dtype.kind == "b" else cell.astype(dtype)
