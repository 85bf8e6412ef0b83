"""A chunk to the table of its answers: which rows stay, in what order, and what ends the job."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from autodiff_cli.rows import Engine, Job, Question
from autodiff_cli.rows.table import answered
from autodiff_cli.source import Source
from autodiff_cli.tables.bad import NOWHERE, Bad, RowFault, alike
from autodiff_cli.tables.rows import Chunk, Column
from autodiff_cli.tables.sources import resolved


def chunk() -> Chunk:
    """Rows 11 to 15 of a file; row 13 can't be read, and row 14 can't be computed."""
    found = Bad("'t.csv'", 11, 5, range(12, 17))
    found.add(np.array([2]), alike("x", "'abc' is not a number"))
    columns = {
        "x": Column(np.array([1.0, 2.0, np.nan, 4.0, 5.0]), np.array([2])),
        "n": Column(np.array([1.0, 1.0, 1.0, 0.0, 1.0])),
    }
    return Chunk("'t.csv'", 11, 5, columns, found, None, ("x", "n"))


def engine() -> Engine:
    return Engine(Question(Source("x*(2 // n.long())")), ("x", "n"))


def test_fail_keeps_the_rows_before() -> None:
    table = answered(engine(), chunk(), "fail")
    assert table.columns["value"].values.tolist() == [2, 4]  # type: ignore[union-attr]
    assert table.rows == 2
    assert isinstance(table.fault, RowFault)
    assert table.fault.message == "'t.csv', row 13 (line 14), column 'x': 'abc' is not a number"


def test_fail_names_the_row_that_could_not_be_computed() -> None:
    part = chunk()
    part.bad = Bad()
    part.columns["x"].bad = NOWHERE
    table = answered(engine(), part, "fail")
    assert table.rows == 3
    assert table.fault is not None and table.fault.message.startswith("'t.csv', row 14: ")


def test_skip_leaves_them_out() -> None:
    table = answered(engine(), chunk(), "skip")
    assert table.columns["value"].values.tolist() == [2, 4, 10]  # type: ignore[union-attr]
    assert (table.rows, table.bad, table.errors, table.fault) == (5, 2, None, None)


def test_null_keeps_them_with_their_errors() -> None:
    table = answered(engine(), chunk(), "null")
    nulls = table.columns["grad_x"].nulls
    assert nulls is not None and nulls.tolist() == [False, False, True, True, False]
    assert table.errors is not None
    texts = table.errors.texts
    assert [text is None for text in texts] == [True, True, False, False, True]
    assert "column 'x'" in str(texts[2]) and "row 14: RuntimeError: " in str(texts[3])
    assert list(table.written) == ["value", "grad_x", "grad_n", "error"]


@pytest.mark.parametrize(("limit", "values"), [(1, [2]), (2, [2, 4]), (3, [2, 4])])
def test_limit(limit: int, values: list[float]) -> None:
    table = answered(engine(), chunk(), "skip", limit)
    assert table.columns["value"].values.tolist() == values  # type: ignore[union-attr]
    assert table.rows == limit


def test_a_job_can_be_done_elsewhere(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("x,n\n1,2\n")
    job = Job(Question(Source("x*(2 // n.long())"), {"w": np.ones(2)}), resolved([str(table)]))
    copy = pickle.loads(pickle.dumps(job))
    assert copy.question.expression.text == job.question.expression.text
    assert copy._replace(question=job.question, sources=job.sources) == job
    assert repr(copy.sources) == repr(job.sources)
    again = Engine(copy.question._replace(given={}), ("x", "n"))
    there = answered(again, chunk(), "skip").columns["value"].values
    here = answered(engine(), chunk(), "skip").columns["value"].values
    assert np.array_equal(there, here)
