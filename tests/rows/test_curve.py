"""Curves: against the functions themselves, and their remarkable places against calculus."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from autodiff_cli.errors import AutodiffError
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.curve import Curve, Range, curve
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source

SETTINGS = Settings("float64")
PI = math.pi
# text, from, to, points; kind, place, and value of what is remarkable
MARKS = [
    ("x**x", 0.01, 2, 201, [("minimum", math.exp(-1), math.exp(-math.exp(-1)))]),
    ("x**2", -1, 2, 200, [("minimum", 0, 0)]),
    ("x**2", -1, 1, 201, [("minimum", 0, 0)]),
    ("-(x-1)**4", 0, 3, 101, [("maximum", 1, 0)]),
    ("x**3", -1, 1, 200, [("inflection", 0, 0)]),
    ("x**3", -1, 1, 201, [("inflection", 0, 0)]),
    ("sin(x)", -4, 4, 201, [("minimum", -PI / 2, -1), ("maximum", PI / 2, 1)]),
    ("x**4 - 3*x**3 + 2", -1, 3, 201, [("inflection", 0, 2), ("minimum", 9 / 4, 2 - 27 * 81 / 256)]),
    ("abs(x)", -1, 1, 200, [("kink", 0, 0)]),
    ("sqrt(abs(x-0.3))", -1, 1, 200, [("kink", 0.3, 0)]),
    ("1/x", -1, 1, 200, [("pole", 0, None)]),
    ("1/x", -1, 1, 201, [("pole", 0, None)]),
    ("1/(x-0.1)**2", -1, 1, 200, [("pole", 0.1, None)]),
    ("tan(x)", -2, 2, 201, [("pole", -PI / 2, None), ("pole", PI / 2, None)]),
    ("log(abs(x))", -1, 1, 200, [("pole", 0, None)]),
    ("floor(x)", -0.6, 1.3, 200, [("jump", 0, None), ("jump", 1, None)]),
    ("where(x > 0.25, x**2, x - 1)", -1, 1, 200, [("jump", 0.25, None)]),
    ("sin(x)/x", -1, 1, 201, [("gap", 0, None)]),
    ("log(x)", -1, 3, 200, [("gap", (-1, 0), None)]),
    ("asin(x)", -2, 2, 201, [("gap", (-2, -1), None), ("gap", (1, 2), None)]),
    ("relu(x)", -1, 1, 201, [("flat", (-1, 0), 0)]),
    ("x + 10", -1, 1, 50, []),
    ("exp(x)", -5, 5, 201, []),
    ("tanh(100*x)*2", -0.1, 0.1, 20, []),
]  # fmt: skip


def sampled(text: str, low: float, high: float, count: int, **asked: bool) -> Curve:
    ranges = (Range("x", np.linspace(low, high, count)),)
    return curve(Source(text), ranges, {}, settings=SETTINGS, **asked)


@pytest.mark.parametrize(("text", "low", "high", "count", "expected"), MARKS)
def test_marks(
    text: str, low: float, high: float, count: int, expected: list[tuple[str, float, float]]
) -> None:
    found = sampled(text, low, high, count).marks
    assert [mark.kind for mark in found] == [kind for kind, _, _ in expected]
    for mark, (_, place, value) in zip(found, expected):
        begin, end = place if isinstance(place, tuple) else (place, place)
        assert (mark.at, mark.until) == pytest.approx((begin, end), abs=1e-9)
        assert (
            mark.value == pytest.approx(value, abs=1e-9)
            if value is not None
            else math.isnan(mark.value)
        )


def product(x: Array) -> list[Array]:
    return [np.sin(x) * x, np.cos(x) * x + np.sin(x), 2 * np.cos(x) - x * np.sin(x)]


def bell(x: Array) -> list[Array]:
    return [np.exp(-x * x), -2 * x * np.exp(-x * x), (4 * x * x - 2) * np.exp(-x * x)]


def branch(x: Array) -> list[Array]:
    return [np.where(x > 0, x**3, x), np.where(x > 0, 3 * x * x, 1), np.where(x > 0, 6 * x, 0)]


TEXTS = [
    ("sin(x)*x", product),
    ("exp(-x**2)", bell),
    ("y = x\nif x > 0:\n    y = x**3\ny", branch),
]


@pytest.mark.parametrize(("text", "known"), TEXTS, ids=["product", "bell", "branch"])
def test_columns(text: str, known: Callable[[Array], list[Array]]) -> None:
    found = sampled(text, -2, 2, 40, second=True)
    expected = known(found.ranges[0].points)
    for name, column in zip(("value", "grad_x", "second_x"), expected):
        np.testing.assert_allclose(found.columns[name], column, 1e-12, 1e-12)


def test_several_components_have_a_derivative_each() -> None:
    found = sampled("stack([sin(x), x**2])", 0, 1, 5)
    x = found.ranges[0].points
    np.testing.assert_allclose(found.columns["value"], [np.sin(x), x * x], 1e-14)
    np.testing.assert_allclose(found.columns["grad_x"], [np.cos(x), 2 * x], 1e-14)


def test_two_ranges() -> None:
    ranges = (Range("x", np.linspace(0, 2, 5)), Range("y", np.linspace(1, 2, 3)))
    found = curve(Source("a*x*y**2"), ranges, {"a": 3}, settings=SETTINGS)
    x, y = np.meshgrid(ranges[0].points, ranges[1].points)
    np.testing.assert_allclose(found.columns["value"], 3 * x * y**2)
    np.testing.assert_allclose(found.columns["grad_x"], 3 * y**2)
    np.testing.assert_allclose(found.columns["grad_y"], 6 * x * y)


def test_a_constant_is_flat_whatever_rounding_does() -> None:
    marks = sampled("3.*x/x", -1, 1, 200).marks
    assert {mark.kind for mark in marks} <= {"flat"}


def test_one_batch_computes_all_points(monkeypatch: pytest.MonkeyPatch) -> None:
    from autodiff_cli.rows.engine import Engine

    counts: list[int] = []
    answers = Engine.answers
    monkeypatch.setattr(
        Engine, "answers", lambda self, cells, n: (counts.append(n), answers(self, cells, n))[1]
    )
    sampled("exp(x)", 0, 1, 500)
    assert counts == [500]


def test_what_fails_everywhere_is_an_error() -> None:
    with pytest.raises(AutodiffError, match="not defined"):
        sampled("x + men(x)", 0, 1, 5)
    with pytest.raises(AutodiffError, match="doesn't read"):
        curve(Source("2*y"), (Range("x", np.linspace(0, 1, 3)),), {"y": 1}, settings=SETTINGS)


def test_what_has_no_derivative_has_values() -> None:
    found = sampled("floor(x) > 0", -1, 2, 7)
    assert set(found.columns) == {"value"} and found.columns["value"].tolist() == [0] * 4 + [1] * 3
    assert "no derivative" in found.notices[-1]
    assert sampled("x.reshape(1)*2", 0, 1, 3).columns["grad_x"].tolist() == [2, 2, 2]


def test_values_that_overflow_or_are_nowhere_finite() -> None:
    marks = sampled("exp(x)", 0, 1000, 201).marks
    assert [mark.kind for mark in marks] == ["gap"] and marks[0].at == pytest.approx(
        math.log(1.7976931348623157e308)
    )
    with pytest.raises(AutodiffError, match="no value is finite for x from -3 to -1"):
        sampled("sqrt(x)", -3, -1, 9)
