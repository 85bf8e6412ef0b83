"""The live comparison: torch beside the tool, on the recorded cases and on random ones.

Runs with --reference, in an environment that has torch 2.13.0.
"""

from __future__ import annotations

import sys
import warnings
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import differences

pytestmark = [
    pytest.mark.reference,
    pytest.mark.filterwarnings("ignore"),  # the reference's own
]


@lru_cache(1)
def recorder() -> ModuleType:
    sys.path.insert(0, str(Path(__file__).parent / "golden"))
    try:
        import record_expressions
    finally:
        sys.path.pop(0)
    return record_expressions


def test_recorded_cases_live() -> None:
    """Every case of golden/cases.py, asked again of the reference."""
    wrong = []
    for record in recorder().answers():
        found = differences(record)
        if found:
            wrong.append((record["expression"], record["inputs"], record["default"], found))
    assert wrong == []


# fmt: off
UNARY = [
    "exp({})", "sin({})", "tanh({})", "sigmoid({})", "relu({})", "abs({})", "({})**2",
    "-({})", "({}).square()", "sqrt(abs({}) + 0.1)", "log1p(abs({}))", "({}) / 3", "2 - ({})",
    "1 / (2 + ({})**2)", "({}).clamp(-1, 1)", "softmax({}, -1)", "({}).T", "({}).flatten()",
    "({}).unsqueeze(0)", "({}).squeeze()", "({}).sum(-1)", "({}).mean(0)", "({})[0]", "({})[..., 0]",
    "({})[:, None]", "({}).norm(dim=-1)", "logsumexp({}, 0)", "({}).amax(-1, keepdim=True)",
    "({}).reshape(-1)", "({}).expand(2, *({}).shape)", "({}).transpose(0, -1)", "({}).max(0)[0]",
    "({}).prod(-1)", "stack([{}, {}])", "cat([{}, {}])", "log_softmax({}, 0)", "({}).view(-1)",
    "({}).contiguous()", "({})[({}) > 0]", "where({} > 0, {}, 0.5)",
]
# fmt: on
BINARY = [
    "({}) + ({})",
    "({}) - ({})",
    "({}) * ({})",
    "({}) / (2 + ({})**2)",
    "maximum({}, {})",
    "minimum({}, {})",
    "({}) @ ({})",
    "({}) @ ({}).T",
    "torch.matmul({}, {})",
    "F.mse_loss({}, {})",
    "where({} > 0, {}, 1.)",
]  # fmt: skip
VALUES = [
    "[[0.7, -1.3, 2.1], [0.4, 1.9, -0.6]]",
    "[0.9, -1.1, 1.6]",
    "[[1.0, 2.0, 2.0], [0.0, -1.0, 0.0], [3.0, 0.5, -2.0]]",
    "0.75",
    "(arange(12.)/5 - 0.87).reshape(2, 2, 3)",
]


def filled(template: str, *parts: str) -> str:
    count = template.count("{}")
    return template.format(*[parts[n % len(parts)] for n in range(count)])


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y"]),
    lambda inner: st.one_of(
        st.builds(filled, st.sampled_from(UNARY), inner),
        st.builds(filled, st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=6,
).filter(lambda text: len(text) < 400)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS, st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_random_expressions(text: str, x: str, y: str) -> None:
    import torch

    inputs: dict[str, str] = {}
    if "x" in text.replace("exp", "").replace("max", ""):
        inputs["x"] = x
    if "y" in text:
        inputs["y"] = y
    record: dict[str, Any] = {"expression": text, "inputs": inputs, "default": "float64"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record |= recorder().answer(text, inputs, torch.float64)
    assert differences(record) == [], (text, inputs)
