"""The progress bar: what it shows, when, and that it leaves nothing behind."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

import autodiff_cli.evaluation.leaves as evaluate_package
from autodiff_cli.cli.progress import CLEAR, INTERVAL, PATIENCE, Bar
from autodiff_cli.ir.context import current
from autodiff_cli.render.progress import WIDTH
from autodiff_cli.rows.job import Job
from autodiff_cli.rows.question import Question
from autodiff_cli.rows.run import run as run_rows
from autodiff_cli.source import Source
from autodiff_cli.tables import readers
from autodiff_cli.tables.sources import resolved


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


def lines(stream: io.StringIO) -> list[str]:
    """What stood in the line, one after the other, without what sets attributes."""
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    return shown.split(CLEAR)


def test_a_bar_after_a_while() -> None:
    stream, now = Terminal(), [0.0]
    with Bar(stream, clock=lambda: now[0]) as bar:
        bar(0.1)
        assert stream.getvalue() == ""
        now[0] = PATIENCE
        bar(0.5)
        now[0] += INTERVAL / 2
        bar(0.6)  # too soon to draw again
        now[0] = PATIENCE + 1
        bar(0.75)
        now[0] += 1
        bar(1.7)
    first, half, more, whole, last = lines(stream)
    assert (first, last) == ("", "")
    assert re.fullmatch(rf"[━╸]{{{WIDTH // 2}}}[━╺ ]{{{WIDTH // 2}}}  50%\s*", half)
    assert re.fullmatch(r"━+ +75% 0:01 left", more)
    assert re.fullmatch(rf"━{{{WIDTH}}} 100% 0:00 left", whole)


def test_rows_their_pace_and_the_time_that_is_left() -> None:
    stream, now = Terminal(), [0.0]
    with Bar(stream, clock=lambda: now[0]) as bar:
        now[0] = 2.0
        bar.moved(2_000, 0.25)
        now[0] = 4.0
        bar.moved(4_000, 0.5)
    assert lines(stream)[-2][WIDTH:].strip() == "50% 4,000 rows  1,000 rows/s  0:04 left"


def test_without_an_end_that_is_known() -> None:
    stream, now = Terminal(), [0.0]
    with Bar(stream, clock=lambda: now[0]) as bar:
        now[0] = 2.0
        bar.moved(2_000, 0)
        now[0] = 4.0
        bar.moved(2_500, 0)
    line = lines(stream)[-2]
    assert "2,500 rows  625 rows/s" in line and "%" not in line and "left" not in line


def test_a_limit_of_rows_is_an_end() -> None:
    stream, now = Terminal(), [0.0]
    with Bar(stream, limit=100, clock=lambda: now[0]) as bar:
        now[0] = 2.0
        bar.moved(75, 0.01)
    assert " 75%" in lines(stream)[-2]


def test_a_note_stands_on_a_line_of_its_own() -> None:
    stream, now = Terminal(), [0.0]
    with Bar(stream, clock=lambda: now[0]) as bar:
        now[0] = 2.0
        bar(0.5)
        bar.note("note: a row")
    assert lines(stream)[-1] == "note: a row\n"
    with Bar(stream, hidden=True) as bar:
        bar.note("another")
    assert "another" not in stream.getvalue()


def test_narrow_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream, now = Terminal(), [0.0]
    with Bar(stream, clock=lambda: now[0]) as bar:
        now[0] = 2.0
        bar.moved(123_456_789, 0.5)
    assert all(len(line) <= 30 and "\n" not in line for line in lines(stream))


def test_a_terminal_that_went_away() -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    now = [0.0]
    with Bar(Gone(), clock=lambda: now[0]) as bar:
        now[0] = 10.0
        bar(0.5)
        assert not bar.draws


def test_no_bar_without_a_terminal(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    execute = evaluate_package.execute
    monkeypatch.setattr(
        evaluate_package,
        "execute",
        lambda nodes: found.append(current().progress) or execute(nodes),
    )
    run("sum(x)", "x=1")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    run("sum(x)", "x=1")
    run("sum(x)", "x=1", "--quiet")
    monkeypatch.setenv("TERM", "dumb")
    run("sum(x)", "x=1")
    none = type(None)
    assert [type(bar) for bar in found] == [none, Bar, none, none]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "npy", "parquet"])
def test_which_share_of_files_is_read(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = 3_000
    if ending == "parquet":
        polars = pytest.importorskip("polars")
        polars.DataFrame({"x": [1.5] * rows}).write_parquet("t.parquet", row_group_size=500)
    elif ending == "npy":
        import numpy as np

        np.save("t.npy", np.ones((rows, 1)))
    elif ending == "jsonl":
        Path("t.jsonl").write_text('{"x": 1.5}\n' * rows)
    else:
        import gzip

        text = b"x\n" + b"1.5\n" * rows
        Path(f"t.{ending}").write_bytes(gzip.compress(text) if ending.endswith("gz") else text)
    sources = resolved([f"t.{ending}", f"t.{ending}"])
    named = ["x"] if ending == "npy" else None
    shares = [
        chunk.share
        for chunk in readers.read(sources, columns=named, wanted=["x"], chunk_bytes=1_000)
    ]
    assert shares[0][0] == 0 and shares[-1][1] == 1
    assert all(one[1] == other[0] for one, other in zip(shares, shares[1:]))
    assert any(begun == 0.5 for begun, _ in shares)
    assert ending == "csv.gz" or len(shares) > 4


def test_rows_that_are_computed_one_by_one_are_told_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x\n1\n2\n3\n4\n")
    told: list[tuple[int, float]] = []
    question = Question(Source("float(x)*x"))
    job = Job(question, resolved(["t.csv"]), output="o.csv")
    run_rows(job, lambda rows, share: told.append((rows, share)))
    assert told == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0), (4, 1.0)]
