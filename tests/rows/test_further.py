"""Jacobians, Hessians and their products for every row: those of `evaluate`, and of mathematics."""

from __future__ import annotations

from math import exp, log, pi, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.ir.node import Array
from autodiff_cli.rows import Answers, Engine, Question
from autodiff_cli.rows.columns import batch
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column

BLACK_SCHOLES = (
    "d1 = (log(S/K) + (r + sigma**2/2)*T) / (sigma*sqrt(T)); d2 = d1 - sigma*sqrt(T); "
    "S*0.5*(1 + erf(d1/2**0.5)) - K*exp(-r*T)*0.5*(1 + erf(d2/2**0.5))"
)
RANGES = {"S": (50, 150), "K": (50, 150), "T": (0.1, 2), "r": (0, 0.1), "sigma": (0.1, 0.5)}
COUNT = 40
VECTORS = {"x": "[1, -2, 0.5]"}
SCALARS = [
    "x.sum()*y**2",
    "exp(x*y).sum() + y",
    "(x@x)**2 / y",
    "(A@x).norm()*y",
    "softmax(x, 0)[1] * y",
    "relu(x).square().sum() + x.prod()*y",
    "x.max()**2 + y*0",
    "x.sum()**2 if y > 0 else x.prod()*y",
    "def f(a):\n    for k in range(3): a = a*x.sum().sin()\n    return a\nf(y)",
    "n = 0\nwhile y > 0.1:\n    y = y/2\n    n = n + 1\nx.square().sum()*y + n*y**3",
    "torch.func.grad(lambda a: a**3)(y) * x.sum()",
    "print(end='')\nx.square().sum()*y",  # row by row
    "x[x > 0].square().sum() + y*y",
    "class C:\n    a = 2\nC.a*x.prod()*y",
]
OTHERS = ["x*y", "stack((x.sum(), y**2))", "outer(x, x)*y", "A@x + y", "x if y > 0 else x*y"]


def table(count: int = COUNT) -> dict[str, Array]:
    draw = np.random.default_rng(4)
    return {
        "x": draw.normal(size=(count, 3)),
        "y": draw.normal(size=count),
        "A": draw.normal(size=(count, 3, 3)),
    }


def answers(expression: str, columns: dict[str, Array], step: int, **options: Any) -> list[Answers]:
    """The answers of chunks of so many rows."""
    question = Question(Source(expression), settings=Settings(dtype="float64"), **options)
    engine = Engine(question, tuple(columns))
    count = len(next(iter(columns.values())))
    return [
        engine.answers({n: Column(columns[n][at : at + step]) for n in engine.wanted}, min(step, count - at))
        for at in range(0, count, step)
    ]  # fmt: skip


def same_as_evaluate(expression: str, step: int, **options: Any) -> None:
    columns = table()
    found = answers(expression, columns, step, **options)
    asked = {"hvp" if n == "vectors" else n: v for n, v in options.items() if n != "values_only"}
    wanted = Engine(Question(Source(expression)), tuple(columns)).wanted
    for row in range(COUNT):
        inputs = {name: columns[name][row] for name in wanted}
        chunk, at = found[row // step], row % step
        try:
            result = evaluate(expression, inputs, dtype="float64", **asked)
        except AutodiffError as error:
            assert chunk.faults[at].message == error.message
            continue
        assert at not in chunk.faults
        expected = {
            name.replace("jacobian", "jac").replace("hessian", "hess").replace(".", "_"): tensor
            for name, tensor in result.derivatives().items()
        }
        assert list(expected) == [n for n in chunk.columns if n[:4] in ("jac_", "hess", "hvp_")]
        for name, tensor in expected.items():
            values = np.asarray(chunk.columns[name].values[at])
            assert values.shape == tensor.array.shape
            np.testing.assert_array_equal(values, tensor.array, err_msg=f"{name} of row {row}")


@pytest.mark.parametrize("step", [1, 7, COUNT])
@pytest.mark.parametrize("expression", SCALARS)
def test_scalars_are_as_evaluated(expression: str, step: int) -> None:
    same_as_evaluate(expression, step, hessian=True, jacobian=True, vectors=VECTORS)


@pytest.mark.parametrize("expression", OTHERS)
def test_others_are_as_evaluated(expression: str) -> None:
    same_as_evaluate(expression, COUNT, jacobian=True)
    (found,) = answers(expression, table(), COUNT, jacobian=True)
    assert not [name for name in found.columns if name.startswith("grad_")]


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30), st.integers(1, 30))
def test_any_rows_in_any_chunks(values: list[float], step: int) -> None:
    """The second derivatives of sin(a)*a**2, whatever rows are computed together."""
    a = np.array(values)
    parts = answers("sin(a)*a**2", {"a": a}, step, hessian=True)
    found = np.concatenate([part.columns["hess_a_a"].values for part in parts])
    expected = 2 * np.sin(a) + 4 * a * np.cos(a) - a**2 * np.sin(a)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def options(count: int) -> dict[str, Array]:
    draw = np.random.default_rng(6)
    return {name: draw.uniform(*limits, count) for name, limits in RANGES.items()}


@pytest.mark.parametrize(
    "text", [BLACK_SCHOLES, "def f():\n    " + BLACK_SCHOLES.replace("; S*", "; return S*") + "\nf()"]
)  # fmt: skip
def test_greeks_are_their_closed_forms(text: str) -> None:
    columns = options(50)
    found = batch(text, columns, wrt=["S", "sigma"], hessian=True)
    for row in range(50):
        S, K, T, r, sigma = (float(column[row]) for column in columns.values())
        d1 = (log(S / K) + (r + sigma**2 / 2) * T) / (sigma * sqrt(T))
        d2 = d1 - sigma * sqrt(T)
        density = exp(-d1 * d1 / 2) / sqrt(2 * pi)
        vega = S * density * sqrt(T)
        expected = {
            "grad_sigma": vega,
            "hess_S_S": density / (S * sigma * sqrt(T)),  # Gamma
            "hess_S_sigma": -density * d2 / sigma,  # Vega of Delta
            "hess_sigma_S": -density * d2 / sigma,
            "hess_sigma_sigma": vega * d1 * d2 / sigma,
        }
        for name, value in expected.items():
            assert found[name][row] == pytest.approx(value, rel=1e-8, abs=1e-12), name


def test_which_columns() -> None:
    columns = {"x": np.array([1.0, 2.0]), "y": np.array([3.0, 4.0])}

    def names(**asked: Any) -> list[str]:
        return list(batch("x**2*y*k", columns, k=2.0, **asked))

    assert names(hessian=True, wrt=["x"]) == ["value", "grad_x", "hess_x_x"]
    assert names(hessian=True, wrt=["k", "x"], grad=False) == [
        "value", "hess_k_k", "hess_k_x", "hess_x_k", "hess_x_x",
    ]  # fmt: skip
    assert names(jacobian=True, grad=False) == ["value", "jac_x", "jac_y", "jac_k"]
    assert names(hvp={"x": "1"}, grad=False) == ["value", "hvp_x", "hvp_y", "hvp_k"]


def test_a_product_with_a_column() -> None:
    columns = {"x": np.array([1.0, 2.0]), "y": np.array([3.0, 4.0]), "v": np.array([5.0, 6.0])}
    found = batch("x**2*y", columns, hvp={"x": "@v", "y": "2"})
    np.testing.assert_array_equal(
        found["hvp_x"], 2 * columns["y"] * columns["v"] + 4 * columns["x"]
    )
    np.testing.assert_array_equal(found["hvp_y"], 2 * columns["x"] * columns["v"])


def test_together() -> None:
    said: list[str] = []
    engine = Engine(Question(Source(SCALARS[8]), hessian=True), ("x", "y", "A"), said.append)
    columns = table()
    engine.answers({name: Column(columns[name]) for name in engine.wanted}, COUNT)
    assert not engine.single and not said


def test_rows_that_fail_leave_the_others() -> None:
    columns = table() | {"A": np.tile(np.eye(3), (COUNT, 1, 1))}
    columns["A"][5] = 0
    found = batch("linalg.inv(A).sum()*y**2", columns, hessian=True, wrt=["y"], on_error="null")
    nan = np.isnan(found["hess_y_y"])
    assert np.flatnonzero(nan).tolist() == [5]
    assert np.asarray(found["hess_y_y"])[~nan].tolist() == [6] * (COUNT - 1)


@pytest.mark.parametrize(
    ("expression", "asked", "words"),
    [
        ("x*v", {"hessian": True}, "hessian should contain a single element"),
        ("x*y", {"hvp": {"q": "1"}}, "--hvp names 'q', which is not an input"),
        ("x*y", {"hvp": {"x": "1"}, "wrt": ["y"]}, "--hvp names 'x', which --wrt leaves out"),
        ("x*y", {"hvp": {"x": "[1, 2]"}}, "a vector of shape .2. for an input of shape"),
        ("x*y", {"hvp": {"x": "@q"}}, "--hvp x names the column 'q'"),
        ("a*a_b*b_a", {"hessian": True}, "called hess_a_b_a"),
    ],
)
def test_what_there_is_not(expression: str, asked: dict[str, Any], words: str) -> None:
    columns = {name: np.ones(2) for name in ("x", "y", "a", "a_b", "b_a")} | {"v": np.ones((2, 2))}
    with pytest.raises(AutodiffError, match=words):
        batch(expression, columns, **asked)
