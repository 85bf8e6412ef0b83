"""Deviations of results: first order against mathematics and draws, covariances, budgets, bad ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.errors import AutodiffError
from autodiff_cli.rows.columns import batch

COUNT = 12


def columns(**more: Any) -> dict[str, Any]:
    draw = np.random.default_rng(3)
    own = {name: draw.uniform(1, 2, COUNT) for name in ("x", "y", "z")}
    return own | {"s": draw.uniform(0.1, 0.2, COUNT)} | more


def sigma(text: str, rows: Any, propagate: Any = None, **more: Any) -> dict[str, Any]:
    return batch(text, rows, propagate=propagate, grad=False, **more)


def covariances(count: int) -> Any:
    half = np.random.default_rng(5).normal(size=(count, count))
    return half @ half.T * 0.01


@pytest.mark.parametrize("wrt", [None, ["z", "x", "y"]])
def test_a_matrix_is_between_the_gradients(wrt: list[str] | None) -> None:
    rows, matrix = columns(), covariances(3)
    found = sigma("x*y*sin(z)", rows, covariance=matrix, wrt=wrt)
    x, y, z = rows["x"], rows["y"], rows["z"]
    slopes = {"x": y * np.sin(z), "y": x * np.sin(z), "z": x * y * np.cos(z)}
    g = np.stack([slopes[name] for name in wrt or ["x", "y", "z"]])
    expected = np.sqrt(np.einsum("ir,ij,jr->r", g, matrix, g))
    np.testing.assert_allclose(found["sigma"], expected, rtol=1e-12)


def test_a_matrix_has_the_elements_of_vectors() -> None:
    rows = {"x": np.random.default_rng(1).normal(size=(COUNT, 2)), "y": columns()["y"]}
    matrix = covariances(3)
    found = sigma("y*sum(x**2)", rows, covariance=matrix, budget=True)
    g = np.column_stack([2 * rows["x"] * rows["y"][:, None], (rows["x"] ** 2).sum(axis=1)])
    np.testing.assert_allclose(found["sigma"] ** 2, np.einsum("ri,ij,rj->r", g, matrix, g))
    own = np.einsum("ri,ij,rj->r", g[:, :2], matrix[:2, :2], g[:, :2])
    np.testing.assert_allclose(found["sigma_x"] ** 2, own)
    np.testing.assert_allclose(found["sigma_y"] ** 2, g[:, 2] ** 2 * matrix[2, 2])


@pytest.mark.parametrize("effect", ["", "print(end='')\n"])
def test_a_pair_is_a_matrix(effect: str) -> None:
    rows = columns()
    pairs = {"x": "0.1", "z": "@s", "y": "0.2", "x~y": "-0.01"}
    found = sigma(effect + "x*y + z**2", rows, pairs, budget=True)
    terms = {"x": rows["y"] * 0.1, "y": rows["x"] * 0.2, "z": 2 * rows["z"] * rows["s"]}
    square = sum(term**2 for term in terms.values()) - 2 * rows["x"] * rows["y"] * 0.01
    np.testing.assert_allclose(found["sigma"], np.sqrt(square), rtol=1e-12)
    for name, term in terms.items():
        np.testing.assert_allclose(found[f"sigma_{name}"], term, rtol=1e-12)
    assert list(found) == ["value", "sigma", "sigma_x", "sigma_z", "sigma_y"]


def test_independent_budgets_add_up() -> None:
    found = sigma("x*y/z", columns(), {"x": "5%", "y": "@s", "z": "0.1"}, budget=True)
    parts = np.stack([found[f"sigma_{name}"] for name in "xyz"])
    np.testing.assert_allclose(found["sigma"], np.sqrt((parts**2).sum(axis=0)), rtol=1e-12)


def test_deviations_that_are_computed() -> None:
    rows = columns(x=np.linspace(-3, 2, COUNT))
    for text, expected in {
        "5%": 0.05 * abs(rows["x"]),
        "@s%": rows["s"] * abs(rows["x"]) / 100,
        "0.1*sqrt(y)": 0.1 * np.sqrt(rows["y"]),
        "s*k": rows["s"] * 0.5,
        "k**2": np.full(COUNT, 0.25),
        "0.1 if x > 0 else 0.2": np.where(rows["x"] > 0, 0.1, 0.2),
    }.items():
        found = sigma("3*x*k", rows, {"x": text}, k=0.5)
        np.testing.assert_allclose(found["sigma"], 1.5 * expected, rtol=1e-12, err_msg=text)
    found = sigma("x*k", rows, {"k": "10%"}, k=0.5)
    np.testing.assert_allclose(found["sigma"], abs(rows["x"]) * 0.05, rtol=1e-12)


@given(st.integers(-300, 300), st.integers(-300, 300))
def test_nothing_overflows_on_the_way(value: int, off: int) -> None:
    scale, deviation = 10.0**value, 10.0**off
    if not -300 <= value + off <= 300:
        return
    rows = {"x": np.array([1.0]), "y": np.array([1.0])}
    deviations = {"x": repr(deviation), "y": repr(deviation)}
    found = sigma("k*x + k*y", rows, deviations, k=np.float64(scale), dtype="float64")
    assert found["sigma"][0] == pytest.approx(2**0.5 * scale * deviation, rel=1e-12)


def test_draws_agree_with_the_first_order_where_the_text_is_linear() -> None:
    rows, samples = columns(), 20_000
    pairs = {"x": "0.1", "y": "@s", "x~y": "0.005"}
    found = sigma("3*x - 2*y + z", rows, pairs, monte_carlo=samples, manual_seed=1)
    np.testing.assert_allclose(found["sigma_mc"], found["sigma"], rtol=5 / samples**0.5)
    assert (abs(found["mean_mc"] - found["value"]) < 5 * found["sigma"] / samples**0.5).all()


def test_draws_see_more_than_the_first_order() -> None:
    """x**2 at 0 is 0 to first order; its mean is the variance, its deviation sqrt(2) times that."""
    rows = {"x": np.zeros(2)}
    found = sigma("x**2", rows, {"x": "0.5"}, monte_carlo=100_000, manual_seed=3)
    assert found["sigma"].tolist() == [0, 0]
    np.testing.assert_allclose(found["mean_mc"], 0.25, rtol=0.02)
    np.testing.assert_allclose(found["sigma_mc"], 0.25 * 2**0.5, rtol=0.02)


def test_draws_of_vectors_branches_and_fixed_inputs() -> None:
    rows = {"x": np.ones((3, 2)), "y": np.array([1.0, -1.0, 1.0])}
    text = "k*x.sum() if y > 0 else x.prod()*0"
    options: dict[str, Any] = {"monte_carlo": 30_000, "manual_seed": 2, "k": 2.0}
    found = sigma(text, rows, {"x": "[0.1, 0.2]", "k": "0.3"}, **options)
    expected = np.sqrt((2 * 0.1) ** 2 + (2 * 0.2) ** 2 + (2 * 0.3) ** 2)
    np.testing.assert_allclose(found["sigma"], [expected, 0, expected], rtol=1e-6)
    np.testing.assert_allclose(found["sigma_mc"], [expected, 0, expected], rtol=0.05)
    matrix = np.array([[0.01, 0.01, 0], [0.01, 0.04, 0], [0, 0, 0]])
    found = sigma("x.sum()*y**2", rows, covariance=matrix, monte_carlo=30_000, manual_seed=2)
    np.testing.assert_allclose(found["sigma"], 0.07**0.5, rtol=1e-12)
    np.testing.assert_allclose(found["sigma_mc"], 0.07**0.5, rtol=0.05)


def test_draws_do_not_depend_on_the_chunks() -> None:
    rows = columns()
    options: dict[str, Any] = {"monte_carlo": 50, "manual_seed": 7}
    whole = sigma("exp(x)*y", rows, {"x": "@s", "y": "1%"}, **options)
    for row in range(COUNT):
        one = {name: column[row : row + 1] for name, column in rows.items()}
        found = sigma("exp(x)*y", one, {"x": "@s", "y": "1%"}, **options)
        for name, column in found.items():
            assert column[0] == pytest.approx(whole[name][row], rel=1e-12)


def test_bad_deviations_are_bad_rows() -> None:
    rows = {"x": np.array([1.0, 2.0, 3.0, 4.0]), "s": np.array([0.1, -1.0, np.nan, 0.2])}
    for text in ("@s", "2*s", "@s%"):
        found = sigma("x**2", rows, {"x": text}, on_error="null")
        assert [error is None for error in found["error"]] == [True, False, False, True]
        assert "is no standard deviation" in found["error"][1]
    pair = {"x": "0.1", "y": "0.1", "x~y": "@s"}
    found = sigma("x*y", rows | {"y": rows["x"]}, pair, on_error="null")
    assert "no inputs with these deviations have these covariances" in found["error"][0]
    rows["A"] = np.stack([np.eye(2), np.zeros((2, 2)), np.eye(2), np.eye(2)])
    found = sigma("x**2", rows, {"x": "linalg.inv(A).sum()"}, on_error="null")
    assert [error is None for error in found["error"]] == [True, False, True, True]
    assert "--propagate x" in found["error"][1] and "singular" in found["error"][1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"propagate": {"q": "1"}}, "--propagate names 'q'"),
        ({"propagate": {"x": "0.1*q"}}, "name 'q' is not defined"),
        ({"propagate": {"x": "%"}}, "no number before %"),
        ({"propagate": {"x": "-5%"}}, "no standard deviation"),
        ({"propagate": {"x~y": "0.1"}}, "covariance of two inputs that have deviations"),
        ({"propagate": {"x": "1", "x~x": "1"}}, "covariance of two inputs"),
        ({"propagate": {"x": "1", "y": "1", "x~y": "1.1"}}, "no inputs with these deviations"),
        ({"propagate": {"v": "1", "y": "1", "v~y": "0.1"}}, "covariances x~y are of numbers"),
        ({"covariance": np.eye(2)}, "a matrix of 2 rows for x, y, v, which have 4 elements"),
        ({"covariance": np.eye(2)[:1]}, "no square matrix"),
        ({"covariance": -np.eye(4)}, "below 0"),
        ({"covariance": np.ones((4, 4)) + np.eye(4)[::-1]}, "positive semidefinite"),
        ({"covariance": [[1, 0.1], [0.2, 1]], "wrt": ["x", "y"]}, "symmetric"),
        ({"covariance": np.eye(1), "propagate": {"x": "2"}}, "says the deviations 1 of x"),
        ({"covariance": np.eye(1), "propagate": {"x": "@y"}}, "the same for every row"),
        ({"budget": True}, "--budget needs"),
        ({"monte_carlo": 5}, "--monte-carlo needs"),
        ({"propagate": {"x": "1"}, "monte_carlo": 5, "seed": "1"}, "without --seed"),
    ],
)
def test_what_is_no_deviation(options: dict[str, Any], words: str) -> None:
    rows = {"x": np.ones(2), "y": np.ones(2), "v": np.ones((2, 2))}
    with pytest.raises(AutodiffError, match=words):
        batch("x*y*v.sum()", rows, **options)
