"""Answers against the reference's, recorded in golden/expressions.json and live."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import reference

GOLDEN = Path(__file__).parent / "golden"
RECORDS: list[dict[str, Any]] = json.loads((GOLDEN / "expressions.json").read_text())


def name(record: dict[str, Any]) -> str:
    inputs = " ".join(f"{key}={value}" for key, value in record["inputs"].items())
    return f"{record['expression']} {inputs} {record['default']}"


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_answer_is_the_references(record: dict[str, Any]) -> None:
    assert reference.differences(record) == []
