"""`autodiff batch --check`: sampled rows, whose gradients are checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli.conftest import run

__all__ = ["run"]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file's name, as short as a line of the terminal takes it."""
    monkeypatch.chdir(tmp_path)
    path = Path("t.csv")
    path.write_text("x\n" + "\n".join(str(n / 8) for n in range(-400, 400)) + "\n")
    return str(path)


def test_sampled_rows_agree(run: Any, table: str) -> None:
    code, out, err = run("batch", "sin(x)*exp(a*x/50)", table, "a=2", "--check", "6", "--wrt", "x")
    assert (code, err) == (0, "")
    assert out.count(" ok\n") == 6
    assert out.endswith("6 of 6 rows agree, sampled from 800\n")
    assert run("batch", "sin(x)*exp(a*x/50)", table, "a=2", "--check", "6", "--wrt", "x")[1] == out


def test_samples_are_of_the_whole_table(run: Any, table: str) -> None:
    _, out, _ = run("batch", "x*x", table, "--check", "40")
    rows = [int(line.split("row ")[1].split()[0]) for line in out.splitlines() if ", row " in line]
    assert rows == sorted(set(rows)) and len(rows) == 40
    assert min(rows) < 100 and max(rows) > 700


def test_a_kink_and_a_bad_row(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n0\na\n-2\n")
    code, out, _ = run("batch", "abs(x)", str(path), "--check", "9")
    assert code == 3
    assert "kink" in out and "2 of 3 rows agree, sampled from 4" in out


def test_what_cant_be_evaluated_is_said(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"x": [1, 2]}\n{"x": [1, 2, 3]}\n')
    code, out, _ = run("batch", "(x*w).sum()", str(path), "w=[1,2]", "--check", "5")
    assert code == 3 and "1 of 2 rows agree" in out and "singleton" in out


def test_answers_arent_written(run: Any, table: str, tmp_path: Path) -> None:
    code, _, err = run("batch", "x*x", table, "--check", "3", "-o", str(tmp_path / "o.csv"))
    assert code == 2 and "--check writes no answers" in err
