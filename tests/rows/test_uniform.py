"""Rows whose answers have another shape than those before them: bad where the output can't hold both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_cli.errors import AutodiffError
from autodiff_cli.rows import Job, Question
from autodiff_cli.rows.faults import Faults
from autodiff_cli.rows.run import run
from autodiff_cli.rows.uniform import Uniform, without
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column
from autodiff_cli.tables.sources import resolved

ROWS = [
    [1, 2],
    [1, 2, 3],
    [3, 4],
    [[5, 6]],
    [7, 8],
]  # the second and the fourth don't fit the first
SAME_SHAPE = ("csv", "tsv", "npy", "npz")
SAME_DEPTH = ("parquet", "arrow")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"x": row}) + "\n" for row in ROWS))
    return path


def job(rows: Path, to: str, **options: Any) -> Job:
    output = str(rows.with_name(f"out.{to}"))
    return Job(Question(Source("sum(x)")), resolved([str(rows)]), output=output, **options)


def values(path: str) -> list[float | None]:
    """The column `value` of an output, null as None."""
    if path.endswith(("csv", "tsv")):
        separator = "," if path.endswith("csv") else "\t"
        fields = [line.split(separator)[0] for line in Path(path).read_text().splitlines()[1:]]
        return [float(field) if field else None for field in fields]
    if path.endswith(("npy", "npz")):
        found = np.load(path)["value"].tolist()
        return [None if np.isnan(value) else value for value in found]
    polars = pytest.importorskip("polars")
    read = polars.read_parquet if path.endswith("parquet") else polars.read_ipc
    return read(path)["value"].to_list()  # type: ignore[no-any-return]


@pytest.mark.parametrize("chunk_rows", [1, 2, None])
@pytest.mark.parametrize("to", [*SAME_SHAPE, *SAME_DEPTH])
def test_they_are_left_out_or_null(rows: Path, to: str, chunk_rows: int | None) -> None:
    if to in SAME_DEPTH:
        pytest.importorskip("polars")
    fits = [to in SAME_DEPTH or np.shape(row) == (2,) for row in ROWS]
    fits[3] = False
    skipped = job(rows, to, on_error="skip", chunk_rows=chunk_rows)
    assert run(skipped).bad == fits.count(False)
    sums = [float(np.sum(row)) for row in ROWS]
    assert values(str(skipped.output)) == [s for s, fit in zip(sums, fits) if fit]
    nulled = job(rows, to, on_error="null", chunk_rows=chunk_rows)
    assert run(nulled).bad == fits.count(False)
    assert values(str(nulled.output)) == [s if fit else None for s, fit in zip(sums, fits)]


@pytest.mark.parametrize("to", [*SAME_SHAPE, *SAME_DEPTH])
def test_the_first_of_them_ends_the_run_by_name(rows: Path, to: str) -> None:
    if to in SAME_DEPTH:
        pytest.importorskip("polars")
    row = 4 if to in SAME_DEPTH else 2
    with pytest.raises(AutodiffError) as raised:
        run(job(rows, to))
    assert f"rows.jsonl, row {row}: 'grad_x' has the shape" in raised.value.message


def test_the_rows_before_are_written(rows: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AutodiffError):
        run(job(rows, "csv")._replace(output=None, to="csv"))
    assert capfd.readouterr().out == "value,grad_x_0,grad_x_1\n3.0,1.0,1.0\n"


def test_json_lines_hold_all(rows: Path) -> None:
    done = job(rows, "jsonl")
    assert run(done).bad == 0
    grads = [json.loads(line)["grad_x"] for line in Path(str(done.output)).read_text().splitlines()]
    assert grads == [np.ones_like(row).tolist() for row in ROWS]


def test_a_row_that_fits_in_one_column_alone_decides_nothing() -> None:
    uniform = Uniform("shape")
    cells = [np.zeros(2), np.zeros(3), np.zeros(2)]
    late = Column([np.zeros(0), np.zeros(5), np.zeros(1)], nulls=np.array([True, False, False]))
    faults = Faults(3)
    assert uniform.check({"a": Column(cells), "b": late}, faults).tolist() == list(faults) == [1]
    assert uniform.known == {"a": (2,), "b": (1,)}


def test_infinities_of_rows_that_do_not_fit_are_not_counted(rows: Path) -> None:
    rows.write_text('{"x":[1,2]}\n{"x":[0,2,3]}\n{"x":[0,1]}\n')
    done = job(rows, "csv", on_error="skip")
    found = run(done._replace(question=Question(Source("sum(log(x))"))))
    assert (found.rows, found.bad, found.non_finite) == (3, 1, 1)


def test_columns_without_some_rows() -> None:
    column = without(Column([np.ones(2), np.ones(3), np.ones(2)]), np.array([1]))
    assert isinstance(column.values, np.ndarray) and column.values.shape == (3, 2)
    assert column.nulls is not None and column.nulls.tolist() == [False, True, False]
