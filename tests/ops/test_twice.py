"""Gradients that are differentiated again, against the reference's, at edges of every operation."""

from __future__ import annotations

import io
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from autodiff_cli.program import run_text
from autodiff_cli.source import Source

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDS = json.loads((GOLDEN / "twice.json").read_text())
WHAT = ("requires grad", "grad_fn", "gradients", "second gradients")


def program(expression: str, values: dict[str, str]) -> str:
    sys.path.insert(0, str(GOLDEN))
    try:
        from cases_twice import program as made
    finally:
        sys.path.pop(0)
    return str(made(expression, values))


def close(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-10)
    return bool(a == b)


@pytest.mark.parametrize(
    ("expression", "values", "lines"), RECORDS, ids=[f"{r[0]} {at}" for at, r in enumerate(RECORDS)]
)
def test_as_the_reference(expression: str, values: dict[str, str], lines: list[str]) -> None:
    output, errors = io.StringIO(), io.StringIO()
    text = program(expression, values)
    assert not run_text(Source(text, "case.py"), write=output.write, complain=errors.write), (
        errors.getvalue()
    )
    for what, mine, theirs in zip(WHAT, output.getvalue().splitlines(), lines, strict=True):
        found, expected = (
            eval(line, {"nan": math.nan, "inf": math.inf}) for line in (mine, theirs)
        )
        assert close(found, expected), f"{what}: {mine}, and not {theirs}"
