"""Matrices that are hard to factor, against what `golden/record_matrices.py` recorded of the reference."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import differences, ours

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import evaluate

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
REGULAR = 1e6  # the condition from which on a matrix counts as singular


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
    return differences({**record, "inputs": inputs}, condition(record["x"]))


def condition(text: str) -> float:
    """The condition of a matrix, or the largest of a stack's: inf if there are infinities or nan.

    It is 0 of what is singular, whose answers are recorded where they follow from the matrix alone.
    """
    tensor = evaluate("as_tensor(x)", {"x": text}, grad=False, dtype="float64").value
    matrix = np.asarray(tensor.array, np.float64)
    if not np.isfinite(matrix).all():
        return math.inf
    if not matrix.size:
        return 0.0
    found = float(np.max(np.linalg.cond(matrix)))
    return found if found < REGULAR else 0.0


def test_the_condition_is_that_of_the_matrix() -> None:
    assert condition("[[4.,7],[2,5]]") == pytest.approx(15.6, abs=0.1)
    assert condition("[[[4.,1],[1,3]],[[4.,7],[2,5]]]") == pytest.approx(15.6, abs=0.1)
    assert condition("[[1.,2],[2,4]]") == condition("zeros(0, 3)") == 0
    assert condition("[[1.,nan],[2,4]]") == condition("[[inf,0],[2,4]]") == math.inf


@pytest.mark.parametrize("operation", BY_OPERATION)
def test_hard_matrices_have_the_reference_s_answers(operation: str) -> None:
    wrong = [
        (record["matrix"], record["default"], found)
        for record in BY_OPERATION[operation]
        if compared(record) and (found := differing(record))
    ]
    assert wrong == []
