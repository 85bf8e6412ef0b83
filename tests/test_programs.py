"""Whole programs in torch's syntax against what torch prints for them, recorded and live.

What is recorded holds for every version of Python. Programs in words that differ between versions are judged
by the Python that runs the tests.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autodiff_cli.books.cells import Cell
from autodiff_cli.source import Source

PROGRAMS = Path(__file__).parent / "golden" / "programs"
RECORDS: dict[str, dict[str, Any]] = json.loads((PROGRAMS / "recorded.json").read_text())
PYTHONS = sorted(PROGRAMS.glob("python/*.py"))
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def run_program(path: Path) -> tuple[str, str, int]:
    """What `autodiff run FILE` prints on stdout and on stderr, and its exit code."""
    from autodiff_cli.books.reading import book_of
    from autodiff_cli.program import Session, ended

    stdout, stderr = io.StringIO(), io.StringIO()
    book = book_of(path.read_text(encoding="utf-8"), path)
    book = book.replaced(cells=tuple(_by_name(cell, path.name) for cell in book.cells))
    streams = {"write": stdout.write, "complain": stderr.write}
    with Session(**streams, implicit=not book.is_program) as session:
        code = ended(session, book.pieces(), stderr.write)
    return stdout.getvalue(), stderr.getvalue(), code


def _by_name(cell: Cell, name: str) -> Cell:
    return cell.replaced(source=Source(cell.source.text, name))


def normalised(text: str) -> str:
    return ADDRESS.sub("0x…", text)


def last_line(text: str) -> str:
    return text.rstrip("\n").rpartition("\n")[2]


def test_every_program_has_a_judge() -> None:
    found = {p for p in PROGRAMS.glob("*/*") if p.suffix in (".py", ".ipynb")} - set(PYTHONS)
    assert sorted(p.relative_to(PROGRAMS).as_posix() for p in found) == sorted(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_program_prints_what_torch_prints(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record = RECORDS[name]
    path = PROGRAMS / name
    monkeypatch.chdir(path.parent)
    stdout, stderr, code = run_program(path)
    assert normalised(stdout) == record["stdout"]
    assert code == record["exit"]
    if code:
        assert last_line(normalised(stderr)) == record["stderr_last"]


@pytest.mark.parametrize("path", PYTHONS, ids=lambda path: path.name)
def test_program_prints_what_this_python_prints(path: Path) -> None:
    judge = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-W", "ignore", path],
        capture_output=True,
        encoding="utf-8",
    )
    stdout, stderr, code = run_program(path)
    assert (stdout, last_line(stderr), code) == (
        judge.stdout,
        last_line(judge.stderr),
        judge.returncode,
    )


@pytest.mark.reference
def test_recorded_programs_live() -> None:
    """The programs run again with the reference, each in a fork of one process."""
    command = [sys.executable, str(PROGRAMS / "record.py"), "--check"]
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PYTHONWARN")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
