"""What backward passes keep, against the reference's recorded answers."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from autodiff_cli.program import run_text
from autodiff_cli.source import Source

GOLDEN = Path(__file__).parent.parent / "golden"
RECORDS: dict[str, str] = json.loads((GOLDEN / "saved.json").read_text())
spec = importlib.util.spec_from_file_location("record_saved", GOLDEN / "record_saved.py")
assert spec is not None and spec.loader is not None
recorder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recorder)


def test_every_expression_is_recorded() -> None:
    assert list(RECORDS) == recorder.expressions()


@pytest.mark.parametrize("expression", RECORDS)
def test_second_backward_raises_where_the_references_does(expression: str) -> None:
    out: list[str] = []
    source = Source(recorder.program(expression), "p.py")
    assert run_text(source, write=out.append, complain=out.append) == 0, "".join(out)
    assert "".join(out).strip() == RECORDS[expression]
