"""The first wall: no text reaches a file, a process, memory or the interpreter behind it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import growing
import pytest
from console import ROOT
from doors import DOORS, table

from autodiff_cli.errors import AutodiffError, LimitError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.program import Settings, run_text
from autodiff_cli.rows import Engine, Question
from autodiff_cli.rows.table import answered
from autodiff_cli.source import Source
from autodiff_cli.tables.bad import Bad
from autodiff_cli.tables.rows import Chunk, Column

LIMITS = Settings(max_steps=10**6, max_elements=10**7, max_memory=2 << 30)
REACHED = "REACHED"


def whole(text: str) -> str:
    return f"{text}\nprint('{REACHED}')\n0.0\n"


def by_run(text: str) -> str:
    """What `run` says about a program, which must end in an error."""
    out, err = io.StringIO(), io.StringIO()
    code = run_text(Source(whole(text), "p.py"), LIMITS, write=out.write, complain=err.write)
    assert code == 1, out.getvalue()
    return out.getvalue() + err.getvalue()


def by_eval(text: str) -> str:
    out = io.StringIO()
    with pytest.raises(AutodiffError) as caught:
        evaluate(whole(text), {"row": 1.0}, max_steps=10**6, write=out.write)
    return out.getvalue() + str(caught.value)


def by_batch(text: str) -> str:
    import numpy as np

    chunk = Chunk("'t.csv'", 1, 1, {"row": Column(np.array([1.0]))}, Bad(), None, ("row",))
    table = answered(Engine(Question(Source(whole(text))), ("row",)), chunk, "fail")
    assert table.rows == 0 and table.fault is not None
    return table.fault.message


WAYS = {"run": by_run, "eval": by_eval, "batch": by_batch}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("door", DOORS)
def test_a_door_is_shut(door: str, way: str) -> None:
    said = WAYS[way](DOORS[door])
    assert REACHED not in said
    assert "autodiff_cli" not in said.replace("import autodiff_cli", "").replace(
        "'autodiff_cli'", ""
    )


@pytest.fixture
def bounded() -> Iterator[None]:
    """Let what slips through fail, and not the machine."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize("text", [*growing.PROGRAMS, *growing.HELD])
def test_a_limit_ends_the_program(text: str, bounded: None) -> None:
    out, err = io.StringIO(), io.StringIO()
    code = run_text(
        Source(f"{text}\nprint('{REACHED}')\n", "p.py"),
        Settings(max_steps=2 * 10**5, max_memory=1 << 30),
        write=out.write,
        complain=err.write,
    )
    assert (code, out.getvalue()) == (1, "")
    assert "\nLimitError: " in err.getvalue() and "out of memory" not in err.getvalue()


@pytest.mark.parametrize("text", growing.EXPRESSIONS)
def test_a_limit_ends_the_expression(text: str, bounded: None) -> None:
    with pytest.raises(LimitError):
        evaluate(text, {}, max_memory=1 << 30)


@pytest.mark.parametrize("text", growing.NESTED)
def test_nothing_nested_ends_the_process(text: str) -> None:
    """A value, or an error, a RecursionError mostly; no crash of Python's own."""
    done = subprocess.run(
        [sys.executable, "-m", "autodiff_cli", "run", "-"],
        input=text,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode in (0, 1), done.stderr
    assert ("Error" in done.stderr) == bool(done.returncode)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("np.array([2024, 1050, 1999])", "[2024 1050 1999]"),
        ("np.mean([120000, 95000, 101000])", "105333.33333333333"),
        ("np.random.seed(2_000_000_000)", "None"),
        ("np.sum([10**9, 10**9])", "2000000000"),
        ("np.full((2,), 10**12)", "[1000000000000 1000000000000]"),
        ("np.arange(10**12, 10**12 + 2)", "[1000000000000 1000000000001]"),
        ("np.linspace(0, 10**12, 2)", "[0.e+00 1.e+12]"),
        ("np.random.RandomState(0).randint(10**9, 10**9 + 1, 2)", "[1000000000 1000000000]"),
        ("np.clip([5], 10**9, 2 * 10**9)", "[1000000000]"),
        ("'%d of 5000000' % 3", "3 of 5000000"),
        ("'%*d' % (5, 10**9)", "1000000000"),
        ("f'{10**9:>12}'", "  1000000000"),
        ("1.5 in range(10**12), 7.0 in range(10**12), True in range(10**12)", "False True True"),
        ("range(10**12).index(5.0)", "5"),
    ],
)
def test_values_are_no_sizes(text: str, expected: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    source = Source(f"import numpy as np\nprint({text})\n", "p.py")
    code = run_text(source, write=out.write, complain=err.write)
    assert (code, out.getvalue().rstrip("\n")) == (0, expected), err.getvalue()


def test_the_page_has_the_table() -> None:
    assert table() in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_nothing_is_opened_run_or_imported() -> None:
    """All doors, in a process that notes what Python's own audit events say."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parents[1] / "audited.py")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
