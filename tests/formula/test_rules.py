"""Every rule: its example needs it, and what it makes is the gradient."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff_cli.evaluation.derivation import derive
from autodiff_cli.formula.rules import RULES, Rule

MATRIX = np.array([[0.7, 0.4, 0.9], [0.3, 0.8, 0.6]])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_used_and_holds(rule: Rule) -> None:
    """`derive` compares: a rule that doesn't hold is undone, and said to be."""
    derivation = derive(rule.example, {"x": MATRIX}, steps=True, seed="g")
    assert derivation.call == "" and derivation.left_out == ()
    assert rule.name in derivation.rules


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("expression", "value", "text", "rule"),
    [
        ("norm(x)", "[0.,0.]", "where(norm(x) == 0, 0, x/norm(x))", "guard of a special value"),
        (
            "maximum(x, tensor(0.5))",
            "[0.5,1.]",
            "where(x < 1/2, 0, where(x == 1/2, 1/2, 1))",
            "mask",
        ),
        ("F.softplus(x)", "20.5", "where(x > 20, 1, sigmoid(x))", "saturation"),
    ],
)
def test_a_rule_that_does_not_hold_is_undone_and_said(
    expression: str, value: str, text: str, rule: str
) -> None:
    derivation = derive(expression, {"x": value})
    assert derivation.text == text
    assert rule in derivation.left_out and derivation.reason
