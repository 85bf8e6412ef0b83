"""Going on where an interrupted run stopped."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from reading import read

from autodiff_cli.errors import InputError
from autodiff_cli.tables.resume import begin
from autodiff_cli.tables.rows import Column
from autodiff_cli.tables.writers import check_resumable, open_writer

JOB = {"expression": "a*2", "inputs": "x.csv"}


def run(output: str, stop_after: int | None = None) -> int:
    """The job on x.csv, given up after some chunks; the rows that were computed."""
    progress = begin(output, JOB)
    writer = open_writer(output, resume=progress)
    computed = 0
    chunks = read(["x.csv"], skip=progress.rows, skipped=progress.skipped, chunk_rows=10)
    try:
        for number, chunk in enumerate(chunks):
            if number == stop_after:
                writer.abort()
                return computed
            values = chunk.columns["a"].values
            assert isinstance(values, np.ndarray)
            computed += chunk.count
            progress.read(chunk, chunk.count)
            writer.write({"value": Column(values * 2)}, None, chunk.count)
    except InputError:
        writer.abort()
        raise
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
        check_resumable(output)
    with pytest.raises(InputError, match="--resume can't go on with"):
        open_writer(output, resume=begin(output, JOB))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n" + "2\n" * 95, "the first 30 rows have changed since the run that made '"),
        ("a\n" + "1\n" * 29 + "2\n" * 66, "the first 30 rows have changed"),
        ("a\n" + "1\n" * 20, "the input has 20 rows, and 30 were finished"),
    ],
)
def test_a_changed_input_is_not_gone_on_with(here: Path, text: str, message: str) -> None:
    Path("x.csv").write_text("a\n" + "1\n" * 95)
    run("o.csv", stop_after=3)
    before = Path("o.csv.partial").read_bytes()
    Path("x.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        run("o.csv")
    assert Path("o.csv.partial").read_bytes() == before
    Path("x.csv").write_text("a\n" + "1\n" * 30 + "5\n")  # rows behind may be mended
    assert run("o.csv") == 1


def test_fewer_rows_than_were_finished(here: Path) -> None:
    Path("x.csv").write_text("a\n" + "1\n" * 9)
    assert list(read(["x.csv"], skip=9)) == []
    with pytest.raises(InputError, match="the input has 9 rows, and 10 were finished"):
        list(read(["x.csv"], skip=10))


def test_two_runs_cannot_write_one_output(here: Path) -> None:
    Path("x.csv").write_text("a\n" + "1\n" * 95)
    first = begin("o.csv", JOB)
    with pytest.raises(InputError, match=r"partial' is being written by another run"):
        begin("o.csv", JOB)
    first.close()
    assert run("o.csv") == 95


@pytest.mark.parametrize("alone", [True, False])
def test_a_whole_output_leaves_no_unfinished_one(here: Path, alone: bool) -> None:
    Path("x.csv").write_text("a\n" + "1\n" * 95)
    run("o.csv", stop_after=3)
    running = None if alone else begin("o.csv", JOB)
    writer = open_writer("o.csv")
    writer.write({"value": Column(np.ones(3))})
    writer.close()
    left = [] if alone else ["o.csv.partial", "o.csv.partial.state"]
    assert sorted(os.listdir()) == ["o.csv", *left, "x.csv"]
    if running is not None:
        running.close()
