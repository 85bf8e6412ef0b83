"""The first wall: no text reaches a file, a process, memory or the interpreter behind it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from doors import DOORS

from autodiff_cli.batch import Engine, Question
from autodiff_cli.batch.table import answered
from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluate import evaluate
from autodiff_cli.program import Settings, run_text
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Chunk, Column

LIMITS = Settings(max_steps=10**6, max_elements=10**7, max_bytes=2 << 30)
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

    chunk = Chunk("'t.csv'", 1, 1, {"row": Column(np.array([1.0]))}, {}, None, ("row",))
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
