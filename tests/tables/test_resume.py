"""Going on where an interrupted run stopped."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from autodiff_cli.errors import InputError
from autodiff_cli.tables.readers import read
from autodiff_cli.tables.resume import begin
from autodiff_cli.tables.rows import Column
from autodiff_cli.tables.writers import open_writer

JOB = {"expression": "a*2", "inputs": "x.csv"}


def run(output: str, stop_after: int | None = None) -> int:
    """The job on x.csv, given up after some chunks; the rows that were computed."""
    progress = begin(output, JOB)
    writer = open_writer(output, resume=progress)
    computed = 0
    for number, chunk in enumerate(read(["x.csv"], skip=progress.rows, chunk_rows=10)):
        if number == stop_after:
            writer.abort()
            return computed
        values = chunk.columns["a"].values
        assert isinstance(values, np.ndarray)
        computed += chunk.count
        writer.write({"value": Column(values * 2)}, None, chunk.count)
    writer.close()
    return computed


@pytest.mark.parametrize("output", ["o.csv", "o.jsonl"])
def test_a_resumed_run_is_the_same_as_a_whole_one(here: Path, output: str) -> None:
    Path("x.csv").write_text("a\n" + "".join(f"{i}\n" for i in range(95)))
    assert run(output) == 95
    whole = Path(output).read_bytes()
    os.unlink(output)
    assert run(output, stop_after=3) == 30
    assert sorted(os.listdir()) == [f"{output}.partial", f"{output}.partial.state", "x.csv"]
    with open(f"{output}.partial", "ab") as file:
        file.write(b"half a ro")  # a row that a lost machine left unfinished
    assert run(output, stop_after=0) == 0
    assert run(output, stop_after=2) == 20
    assert run(output) == 45
    assert Path(output).read_bytes() == whole
    assert sorted(os.listdir()) == [output, "x.csv"]


def test_another_job_is_not_gone_on_with(here: Path) -> None:
    Path("x.csv").write_text("a\n" + "1\n" * 95)
    run("o.csv", stop_after=3)
    with pytest.raises(InputError, match=r"its expression was 'a\*2', now it is 'a\*3'") as caught:
        begin("o.csv", {**JOB, "expression": "a*3"})
    assert "rm " in (caught.value.hint or "")
    Path("o.csv.partial").write_bytes(b"")
    with pytest.raises(InputError, match="shorter than its state says"):
        begin("o.csv", JOB)
    Path("o.csv.partial.state").write_bytes(b"{")
    with pytest.raises(InputError, match="is damaged"):
        begin("o.csv", JOB)


@pytest.mark.parametrize("output", ["o.csv.gz", "o.npz", "o.parquet"])
def test_formats_that_cannot_be_continued(here: Path, output: str) -> None:
    with pytest.raises(InputError, match="--resume can't go on with"):
        open_writer(output, resume=begin(output, JOB))
