"""What formulas are compared by: the digits that a derivative has, and no others."""

from __future__ import annotations

import pytest

from autodiff_cli.evaluation.derivation import Declared, derive
from autodiff_cli.evaluation.points import Points
from autodiff_cli.evaluation.question import Question, Wanted
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import started
from autodiff_cli.source import Source


def points(text: str, **given: str | Declared) -> Points:
    question = Question(Source(text), given, None, None, Wanted())
    return Points(question, [output.name for output in question.outputs()])


@pytest.mark.parametrize(
    ("text", "given", "right", "wrong"),
    [
        ("a*x", {"a": "6e-34", "x": "3e-20"}, "x, a", "x, 2*a"),  # nothing is too small to be wrong
        ("sum(a*x)", {"a": "[1e12, 1.]", "x": "[1., 1.]"}, "x, a", "x, a + tensor([0., 1e-3])"),
        ("maximum(x, tensor(0.5)).sum()", {"x": "[0.5, 1.]"}, "tensor([0.5, 1.])", "1.*(x >= 0.5)"),
    ],
)
def test_what_differs_is_found(text: str, given: dict[str, str], right: str, wrong: str) -> None:
    with started(dtype=dtypes.float64):
        known = points(text, **given)
        assert not known.compare(wrong).agrees
        if "maximum" not in text:
            assert known.compare(right).agrees


def test_points_at_which_nothing_is_known_do_not_count() -> None:
    """A@A.T has no inverse where A has more rows than columns."""
    derivation = derive("logdet(A@A.T)", {"A": Declared(("n", "m"))})
    assert derivation.text == "2*inverse(A@A.T)@A"
    assert derivation.formulas[0].conditions == ("det(A@A.T) > 0",)


def test_given_values_always_count() -> None:
    assert derive("det(A)", {"A": "[[1.,2.],[2.,4.]]"}).call
