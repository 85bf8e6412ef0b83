"""Matrices that are hard to factor, against what `golden/record_matrices.py` recorded of the reference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import differences, ours

from autodiff_cli.errors import AutodiffError

RECORDS = json.loads((Path(__file__).parents[1] / "golden" / "matrices.json").read_text())
BY_OPERATION: dict[str, list[dict[str, Any]]] = {}
for _record in RECORDS:
    BY_OPERATION.setdefault(_record["expression"], []).append(_record)


# What isn't compared, by the operations' beginning.
SINGULAR = {"singular", "stack singular"}
NAN = {"nan first", "nan last", "stack nan", "stack of stacks"}
EMPTY = {"none", "0x3", "3x0"}
APART = {
    "digits of rounding alone": (
        ("pinverse", "linalg.qr(x)[0]", "linalg.cond", "linalg.norm(x, -2)"),
        SINGULAR,
    ),
    "the true derivative stands": (("det",), SINGULAR),
    "numbers that the reference makes of nan": (
        ("linalg.eig", "linalg.qr", "qr", "linalg.matrix_rank(x, hermitian"),
        NAN,
    ),
    "an error of the backward pass": (("cholesky",), EMPTY),
    "the graph of nothing": (("x.norm", "linalg.matrix_norm"), EMPTY),
}


def compared(record: dict[str, Any]) -> bool:
    return not any(
        record["expression"].startswith(operations) and record["matrix"] in matrices
        for operations, matrices in APART.values()
    )


def differing(record: dict[str, Any]) -> list[str]:
    inputs = {"x": record["x"]}
    if "none" in record or ("lstsq" in record["expression"] and "inf" in record["matrix"]):
        # a crash of the reference's, or what its kernels make of infinities
        answer = ours(record["expression"], inputs, record["default"])
        if isinstance(answer, AutodiffError):
            return [] if answer.kind == "_LinAlgError" else [answer.message]
        return [] if np.isnan(answer.value.array).any() else ["neither an error nor nan"]
    return differences({**record, "inputs": inputs})


@pytest.mark.parametrize("operation", BY_OPERATION)
def test_hard_matrices_have_the_reference_s_answers(operation: str) -> None:
    wrong = [
        (record["matrix"], record["default"], found)
        for record in BY_OPERATION[operation]
        if compared(record) and (found := differing(record))
    ]
    assert wrong == []
