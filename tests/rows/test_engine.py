"""Answers for rows are those of `evaluate` for each row, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.evaluation import Tensor, evaluate
from autodiff_cli.rows import Answers, Engine, Question
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column

BLACK_SCHOLES = (
    "d1 = (log(S/K) + (r + sigma**2/2)*T) / (sigma*sqrt(T)); d2 = d1 - sigma*sqrt(T); "
    "S*0.5*(1 + erf(d1/2**0.5)) - K*exp(-r*T)*0.5*(1 + erf(d2/2**0.5))"
)


def table(count: int, seed: int = 1) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    return {
        "S": draw.uniform(50, 150, count),
        "K": draw.uniform(50, 150, count),
        "T": draw.uniform(0.1, 2, count),
        "r": draw.uniform(0, 0.1, count),
        "sigma": draw.uniform(0.1, 0.5, count),
        "x": draw.normal(size=(count, 16)),
        "w": draw.normal(size=(count, 16)),
        "u": draw.uniform(0, 1, (count, 5)),
        "A": draw.normal(size=(count, 4, 4)),
        "b": draw.normal(size=(count, 4)),
        "i": draw.integers(0, 4, count).astype(float),
        "image": draw.normal(size=(count, 1, 1, 8, 8)),
    }


def answers(
    expression: str, columns: Mapping[str, Any], warn: Any = lambda text: None, **options: Any
) -> Answers:
    settings = Settings(**{name: options.pop(name) for name in Settings.fields if name in options})
    question = Question(Source(expression), settings=settings, **options)
    engine = Engine(question, tuple(columns), warn)
    wanted = {name: Column(columns[name]) for name in engine.wanted}
    return engine.answers(wanted, len(next(iter(columns.values()))))


def cell(found: Answers, name: str, row: int) -> Any:
    column = found.columns[name]
    if column.nulls is not None and column.nulls[row]:
        return None
    return np.asarray(column.values[row])


def same_as_evaluate(
    expression: str, columns: Mapping[str, Any], rows: Any, **options: Any
) -> None:
    found = answers(expression, columns, **options)
    names = Engine(Question(Source(expression)), tuple(columns)).wanted
    for row in rows:
        inputs = {name: columns[name][row].tolist() for name in names}
        try:
            result = evaluate(expression, inputs, **options)
        except AutodiffError as error:
            assert found.faults[row].message == error.message
            assert cell(found, "value", row) is None
            continue
        value = result.value
        expected = {"value": np.asarray(value.array if isinstance(value, Tensor) else value)}
        for name, gradient in result.gradients[0].by_input.items() if result.gradients else ():
            expected[f"grad_{name}"] = None if gradient is None else gradient.array
        assert row not in found.faults
        for name, array in expected.items():
            got = cell(found, name, row)
            if array is None:
                assert got is None
                continue
            assert (got.dtype, got.shape) == (array.dtype, array.shape), name
            np.testing.assert_array_equal(got, array, err_msg=f"{name} of row {row}")


@pytest.mark.parametrize(
    "expression",
    [BLACK_SCHOLES, "sum((x*w)**2)", "logsumexp(x*S, 0) + norm(w)", "(A@b).sum() / (1 + T)"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_thousand_sampled_rows(expression: str, dtype: str) -> None:
    columns = table(20_000)
    rows = np.random.default_rng(2).choice(20_000, 1_000, replace=False).tolist()
    same_as_evaluate(expression, columns, rows, dtype=dtype)


@pytest.mark.parametrize(
    "expression",
    [
        "mean(x)",
        "x@w",
        "x.max()",
        "x.sort()[0][2]",
        "softmax(x, 0)[3]",
        "linalg.inv(A).sum()",
        "linalg.solve(A, b).norm()",
        "det(A)",
        "prod(u)",
        "cumsum(u, 0)[3]",
        "where(x > 0, x, w).sum()",
        "relu(x).sum() + S",
        "std(x)",
        "topk(x, 3)[0].sum()",
        "F.layer_norm(x, [16])[2]",
        "F.conv2d(image, ones(1, 1, 3, 3)).square().mean()",
        "x.view(4, 4).t().reshape(16)[3]",
        "cat([x, w]).square().sum()",
        "outer(x, w).sum()",
        "sqrt(S-K)",
        "u.sum()/0",
        "S*0 + 1",
        "T + S.item()*0",
        "[S, K][0]",
        "S if S > K else K",
        "x[x > 0].sum()",
        "b[i.long()]",
        "abs(x).sum().item()*S",
        "x.long().sum()",
        "x > 0",
        "x[i.long() + 14]",
        "S*rand(1)[0]",
        "dropout(x, 0.5).sum()",
        "for j in range(3):\n    S = S * T\nS",
        "total = 0\nwhile S > 20:\n    S = S / 2\n    total = total + S\ntotal",
        "if S > K:\n    y = S * T\nelse:\n    y = K\ny",
    ],
)
def test_same_as_evaluate(expression: str) -> None:
    same_as_evaluate(expression, table(12), range(12), manual_seed=5)


def test_rows_of_several_shapes_keep_their_order() -> None:
    cells = [np.arange(1.0, 1.0 + n) for n in (3, 1, 3, 2, 1)]
    found = answers("sum(x*x)", {"x": cells})
    assert found.columns["value"].values.tolist() == [14, 1, 14, 5, 1]  # type: ignore[union-attr]
    assert [g.tolist() for g in found.columns["grad_x"].values] == [
        (2 * cell).tolist() for cell in cells
    ]


def test_rows_of_many_shapes_chunk_after_chunk() -> None:
    """Plans are kept by shape, and no more of them than the bound."""
    engine = Engine(Question(Source("sum(x*x)/sum(w)")), ("x", "w"))
    draw = np.random.default_rng(3)
    for _ in range(3):
        sizes = draw.integers(1, 40, (30, 2)).tolist()
        cells = {n: [draw.normal(size=size[i]) for size in sizes] for i, n in enumerate("xw")}
        made = engine.answers({name: Column(values) for name, values in cells.items()}, 30)
        for row in range(30):
            inputs = {name: values[row].tolist() for name, values in cells.items()}
            alone = evaluate("sum(x*x)/sum(w)", inputs)
            assert cell(made, "value", row) == alone.value.array
            for name, gradient in alone.gradients[0].by_input.items():
                assert gradient is not None
                np.testing.assert_array_equal(cell(made, f"grad_{name}", row), gradient.array)


def test_plans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autodiff_cli.rows.engine.MOST_PLANS", 4)
    engine = Engine(Question(Source("sum(x*x)")), ("x",))
    for size in (1, 2, 3, 4, 1, 5, 1, 6):
        found = engine.answers({"x": Column(np.ones((1, size)))}, 1)
        assert cell(found, "value", 0) == size
    kept = [dict(key)["x"].shape for key in engine.plans]
    assert kept == [(4,), (5,), (1,), (6,)]


def test_a_row_that_fails_leaves_the_others() -> None:
    columns = {"n": np.array([2.0, 3.0, 0.0, 4.0]), "x": np.ones(4)}
    found = answers("x*(12 // n.long())", columns)
    assert list(found.faults) == [2]
    assert "ZeroDivisionError" in found.faults[2].message
    assert [cell(found, "value", row) for row in (0, 1, 2, 3)] == [6, 4, None, 3]
    assert cell(found, "grad_x", 2) is None


def test_row_by_row_is_said_once() -> None:
    said: list[str] = []
    engine = Engine(Question(Source("S[S > 1].sum() + S")), ("S",), said.append)
    for _ in range(2):
        engine.answers({"S": Column(np.array([1.0, 2.0, 3.0]))}, 3)
    assert len(said) == 1 and "a row at a time" in said[0]


def test_what_is_the_same_for_every_row_has_gradients_too() -> None:
    columns = {"x": np.array([[1.0, 2.0], [3.0, 4.0]])}
    found = answers("sum(w*x) + 0*c", columns, given={"w": [5, 6], "c": "tensor(1)"})
    assert found.columns["value"].values.tolist() == [17, 39]  # type: ignore[union-attr]
    assert cell(found, "grad_w", 1).tolist() == [3, 4]
    assert list(found.columns) == ["value", "grad_x", "grad_w"]


def test_chosen_gradients() -> None:
    columns = {"x": np.array([1.0, 2.0]), "y": np.array([3.0, 4.0])}
    assert list(answers("x*y", columns, wrt=("y",)).columns) == ["value", "grad_y"]
    assert list(answers("x*y", columns, values_only=True).columns) == ["value"]


def test_seeds() -> None:
    columns = {"x": np.array([[1.0, 2.0], [3.0, 4.0]]), "v": np.array([[1.0, 0.0], [0.0, 2.0]])}
    same = answers("x*x", columns, seed="[1, 10]")
    assert cell(same, "grad_x", 1).tolist() == [6, 80]
    own = answers("x*x", columns, seed="@v")
    assert cell(own, "grad_x", 1).tolist() == [0, 16]
    assert cell(own, "value", 1).tolist() == [9, 16]


def test_a_seed_of_another_shape_is_each_rows_error() -> None:
    columns = {"x": np.ones((2, 2)), "v": np.ones((2, 3))}
    found = answers("x*x", columns, seed="@v")
    assert "Mismatch in shape" in found.faults[0].message and "'v'" in str(found.faults[1].hint)


def test_derivative_along_a_direction() -> None:
    columns = {"x": np.array([2.0, 3.0]), "y": np.array([5.0, 7.0]), "t": np.array([1.0, 0.5])}
    found = answers("x*x*y", columns, tangents={"x": "@t", "y": "2"})
    gradients = [(20, 4), (42, 9)]
    expected = [a * t + b * 2 for (a, b), t in zip(gradients, columns["t"])]
    assert [cell(found, "jvp", row) for row in (0, 1)] == expected


def test_deviation_of_the_result() -> None:
    columns = {"x": np.array([2.0, 3.0]), "y": np.array([5.0, 7.0]), "s": np.array([0.3, 0.4])}
    found = answers("x*y", columns, deviations={"x": "0.1", "y": "@s"}, values_only=True)
    assert list(found.columns) == ["value", "sigma"]
    expected = np.hypot(columns["y"] * 0.1, columns["x"] * columns["s"])
    np.testing.assert_allclose(found.columns["sigma"].values, expected, rtol=1e-6)


def test_deviation_over_the_elements_of_an_input() -> None:
    columns = {"x": np.array([[1.0, 2.0], [3.0, 4.0]]), "s": np.array([[0.1, 0.2], [0.3, 0.4]])}
    for text, sigma in (("@s", columns["s"]), ("[0.1, 0.2]", np.array([0.1, 0.2]))):
        found = answers("sum(x**2)", columns, deviations={"x": text}, dtype="float64")
        expected = np.sqrt(((2 * columns["x"] * sigma) ** 2).sum(axis=1))
        np.testing.assert_allclose(found.columns["sigma"].values, expected, rtol=1e-12)


def test_a_deviation_below_zero_is_none() -> None:
    columns = {"x": np.array([1.0, 2.0, 3.0, 4.0]), "s": np.array([0.0, -0.5, np.nan, np.inf])}
    found = answers("x*x", columns, deviations={"x": "@s"})
    assert sorted(found.faults) == [1, 2]
    assert found.faults[1].message.startswith("--propagate x: -0.5 in column 's'")
    assert [cell(found, "sigma", row) for row in range(4)] == [0, None, None, np.inf]
    ragged = {"x": [np.ones(2), np.ones(1)], "s": [np.array([1.0, -1.0]), np.ones(1)]}
    assert list(answers("sum(x)", ragged, deviations={"x": "@s"}).faults) == [0]


def test_bools_are_constants() -> None:
    columns = {"x": np.array([1.0, 2.0]), "m": np.array([True, False])}
    found = answers("where(m, x*x, x)", columns)
    assert list(found.columns) == ["value", "grad_x"]
    assert cell(found, "grad_x", 0) == 2 and cell(found, "grad_x", 1) == 1


def test_non_finite_rows_are_counted() -> None:
    found = answers("log(x)", {"x": np.array([1.0, 0.0, -1.0, 2.0])})
    assert found.non_finite == 2 and not found.faults


def test_rows_that_are_bad_already_are_not_computed() -> None:
    engine = Engine(Question(Source("x*x")), ("x",))
    found = engine.answers({"x": Column(np.array([1.0, np.nan, 3.0]))}, 3, [1])
    nulls = found.columns["value"].nulls
    assert nulls is not None and nulls.tolist() == [False, True, False]
    assert found.non_finite == 0
    nothing = engine.answers({"x": Column(np.array([np.nan]))}, 1, [0])
    assert list(nothing.columns) == ["value", "grad_x"]


def test_what_a_program_prints_is_not_among_the_results(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = answers("print('hello')\nS*2", {"S": np.array([1.0, 2.0])})
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\nhello\n")
    assert cell(found, "grad_S", 1) == 2


@pytest.mark.parametrize(
    ("expression", "options", "words"),
    [
        ("x*y", {"given": {"x": 1}}, "is a column of the table, and bound"),
        ("x", {"given": {"z": 1}}, "z"),
        ("x", {"wrt": ("q",)}, "--wrt names 'q'"),
        ("x", {"seed": "@q"}, "--seed names the column 'q'"),
        ("x", {"deviations": {"q": "1"}}, "--propagate names 'q'"),
        ("x", {"deviations": {"x": "'a'"}}, "--propagate x"),
        ("x", {"deviations": {"x": "-1"}}, "--propagate x: -1 is no standard deviation"),
        ("x", {"deviations": {"x": "[1, nan]"}}, "--propagate x: nan is no standard deviation"),
    ],
)
def test_a_wrong_question(expression: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(AutodiffError, match=words):
        answers(expression, {"x": np.ones(2), "y": np.ones(2)}, **options)


def test_a_row_has_one_value() -> None:
    found = answers("(x, x)", {"x": np.ones(2)})
    assert isinstance(found.faults[0], InputError) and "one tensor" in found.faults[0].message
