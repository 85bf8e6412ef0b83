"""Checks: the right gradients are right, wrong ones are found, and it is said where digits go."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from samples import SAMPLES

from autodiff_cli.checking.check import check
from autodiff_cli.checking.graph import Terms, checked
from autodiff_cli.checking.records import DIFFERS, KINK, NOT_FINITE, OK, UNSURE, Check
from autodiff_cli.checking.slopes import slope
from autodiff_cli.evaluation import evaluate
from autodiff_cli.ir.node import Node, Op, constant, leaf
from autodiff_cli.ops.pointwise import as_dtype

NAMES = sorted(
    name
    for name, op in Op.registry.items()
    if op.vjps and not op.is_foreign and op.grad_fn != "NotImplemented" and name in SAMPLES
)


def checked_sample(name: str, operands: list[Any], params: dict[str, Any]) -> Check | None:
    """The check of an operation on sample operands; None if no gradient flows."""
    op = Op.registry[name]
    plain = [constant(np.asarray(array)) for array in operands]
    rules = op.rules(tuple(plain))
    nodes = [
        leaf(np.array(array, np.float64), requires_grad=True, name=f"x{at}")
        if np.asarray(array).dtype.kind == "f" and rule is not None
        else node
        for at, (array, node, rule) in enumerate(zip(operands, plain, rules, strict=True))
    ]
    value = op(*nodes, **params)
    if not value.requires_grad:
        return None
    leaves = {f"x{at}": node for at, node in enumerate(nodes) if node.requires_grad}
    return checked(value, leaves, None, lambda node: node.op.name, Terms())


@pytest.mark.parametrize("name", NAMES)
def test_right_gradients_are_called_right(name: str) -> None:
    for operands, params in SAMPLES[name]:
        found = checked_sample(name, operands, params)
        if found is not None:
            assert found.verdict == OK, (params, found.rows, found.kinks)


# ---- wrong ones ---------------------------------------------------------------------------------


def times(factor: float) -> Any:
    return lambda flow, g, y, operands: flow * factor


def plus(other: Any) -> Any:
    return lambda flow, g, y, operands: flow + other(g, y, operands)


WRONG = {  # of an operation, what is made of a right flow
    "sin": times(-1.0),
    "cos": times(-1.0),
    "exp": times(1.001),
    "log": times(2.0),
    "tanh": plus(lambda g, y, operands: g * y * 1e-4),
    "sigmoid": plus(lambda g, y, operands: g * y),
    "sqrt": times(0.5),
    "atan": plus(lambda g, y, operands: g * operands[0] * 0.01),
    "mul": times(1 + 1e-5),
    "div": times(-1.0),
    "pow_number": times(1.1),
    "mm": times(2.0),
    "softmax": plus(lambda g, y, operands: g * y * 0.1),
    "log_softmax": plus(lambda g, y, operands: g * 1e-3),
    "logsumexp": times(0.99),
    "mean": times(2.0),
    "prod": times(-1.0),
    "cumsum": times(3.0),
    "linalg_vector_norm": times(0.9),
    "erf": times(math.pi / 3),
    "linalg_det": times(1.01),
}
assert len(WRONG) >= 20


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a copy of its declaration, one rule gives something else; forward mode is wrong with it."""
    op = Op.registry[name]
    right = op.vjps

    def spoiled(rule: Any) -> Any:
        def vjp(g: Node, y: Node, *operands: Node, **params: Any) -> Node:
            flow = WRONG[name](rule(g, y, *operands, **params), g, y, operands)
            return as_dtype(flow, y.dtype)

        return vjp

    monkeypatch.setattr(op, "vjps", (spoiled(right[0]), *right[1:]))
    found = [made for sample in SAMPLES[name][:3] if (made := checked_sample(name, *sample))]
    assert DIFFERS in [made.rows[0].verdict for made in found], found


def test_one_wrong_element_of_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    op = Op.registry["sin"]
    (right,) = op.vjps
    spot = np.zeros((30, 40))
    spot[17, 23] = 1e-2
    assert right is not None

    def vjp(g: Node, y: Node, x: Node) -> Node:
        flow = right(g, y, x)
        assert flow is not None
        return flow + constant(spot)

    monkeypatch.setattr(op, "vjps", (vjp,))
    (row,) = check("sin(x).sum()", {"x": np.linspace(-1, 1, 1200).reshape(30, 40)}).rows
    assert (row.verdict, row.at) == (DIFFERS, (17, 23))


# ---- digits -------------------------------------------------------------------------------------


def test_a_difference_that_cancels() -> None:
    found = check("(1 - cos(x))/x**2", {"x": 0.0001})
    (row,) = found.rows
    assert row.verdict == DIFFERS and row.digits is not None and row.digits < 1
    assert math.isclose(row.numeric, -1e-4 / 12, rel_tol=1e-5)  # (1 - cos x)/x**2 = 1/2 - x**2/24
    lost = {loss.text: loss for loss in found.losses}
    # the condition number of 1 - cos(x) is (1 + cos(x))/(1 - cos(x)), nearly 4/x**2
    assert math.isclose(lost["1 - cos(x)"].digits, math.log10(4e8), abs_tol=0.01)
    assert lost["1 - cos(x)"].phase == "forward" and lost["sum at x"].phase == "backward"
    assert "write 2*sin(x/2)**2 for 1 - cos(x)" in found.hints
    better = check("2*sin(x/2)**2/x**2", {"x": 0.0001})
    assert abs(better.rows[0].analytic + 1e-4 / 12) < 1e-8


LOSING = [
    ("exp(x) - 1", {"x": 1e-9}),
    ("1 - exp(x)", {"x": 1e-9}),
    ("log(1 + x)", {"x": 1e-9}),
    ("log(1 - x)", {"x": 1e-9}),
    ("sqrt(x + 1) - sqrt(x)", {"x": 1e12}),
    ("1 - cos(x)", {"x": 1e-5}),
    ("1 - sigmoid(x)", {"x": 30.0}),
    ("1 - erf(x)", {"x": 5.0}),
    ("1 - tanh(x)**2", {"x": 15.0}),
    ("1 - cos(x)**2", {"x": 1e-6}),
    ("x**2 - y**2", {"x": 1e5 + 1, "y": 1e5}),
    ("mean(x**2) - mean(x)**2", {"x": [1000.3, 1001.7]}),
]


@pytest.mark.parametrize(("text", "inputs"), LOSING, ids=[text for text, _ in LOSING])
def test_what_to_write_instead_is_said_and_the_same(text: str, inputs: dict[str, Any]) -> None:
    """It is equal where nothing is lost."""
    found = check(f"({text})*1.", inputs)
    instead = [hint.removeprefix("write ").removesuffix(f" for {text}") for hint in found.hints]
    assert len(instead) == 1, found
    near = {"x": [0.3, 0.45], "y": [0.2, 0.1]}
    near = {name: near[name] for name in inputs}
    ours, theirs = (
        evaluate(t, near, dtype="float64", grad=False).value.array for t in (text, instead[0])
    )
    assert np.allclose(ours, theirs, rtol=1e-12)


# ---- kinks, infinities --------------------------------------------------------------------------

KINKS = [
    ("sum(abs(x))", {"x": [-1, 0, 2]}, (1,), (-1, 1, 0)),
    ("relu(x)", {"x": 0}, (), (0, 1, 0)),
    ("maximum(x, y)", {"x": 1, "y": "tensor(1.)"}, (), (0, 1, 0.5)),
    ("clamp(x, min=0)", {"x": 0}, (), (0, 1, 1)),
]


@pytest.mark.parametrize(("text", "inputs", "at", "slopes"), KINKS, ids=[k[0] for k in KINKS])
def test_kinks(text: str, inputs: Any, at: Any, slopes: Any) -> None:
    found = check(text, inputs, wrt=["x"])
    (kink,) = found.kinks
    assert found.verdict == KINK and kink.at == at
    assert np.allclose((kink.left, kink.right, kink.taken), slopes, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("1/x", 1e-10),  # differences with large steps go over the pole, and agree with each other
        ("tanh(x*1e8)", 1e-8),
        ("exp(x)", 300),
        ("exp(x)", -300),
        ("log(x)", 1e-300),
        ("x**3*1e9", 1e3),
        ("sin(1e6*x)", 1),
        ("floor(x)", 2.5),
    ],
)
def test_scales_of_all_sizes(text: str, x: float) -> None:
    assert check(text, {"x": x}).verdict == OK


@pytest.mark.parametrize(("text", "x"), [("floor(x)", 2), ("sign(x)", 0), ("x.half()", 1.0)])
def test_what_cant_be_told_is_said(text: str, x: float) -> None:
    """At a jump, and where the text computes with three digits."""
    assert check(text, {"x": x}).verdict == UNSURE


def test_smooth_points_are_no_kinks() -> None:
    for x in (1e-8, 1e-3, 0.1, 3.0, 1e6):
        assert check("x**2*sin(x) + abs(x)", {"x": x}).kinks == ()


def test_a_masked_logarithm() -> None:
    found = check("sum(where(x>0, log(x), 0.))", {"x": [0, 1]})
    assert found.verdict == NOT_FINITE
    forward, backward = found.non_finite
    assert (forward.phase, forward.text, forward.value) == ("forward", "log(x)", -math.inf)
    assert (forward.operand, forward.at, forward.number) == ("x", (0,), 0)
    assert backward.phase == "backward" and math.isnan(backward.value) and backward.gradient == 0
    (hint,) = found.hints
    instead = hint.removeprefix("mask before the function: ")
    text = f"sum(where(x>0, {instead}, 0.))"
    assert evaluate(text, {"x": [0, 1]}).grad["x"].tolist() == [0, 1]


def test_the_first_nan_of_a_chain() -> None:
    """pytorch #160016: it begins at the inner root."""
    found = check("sqrt(sqrt(x-2))", {"x": 1})
    assert found.non_finite[0].text == "sqrt(x-2)"
    assert (found.non_finite[0].operand, found.non_finite[0].number) == ("x-2", -1)


# ---- differences --------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [1e-6, 0.01, 1.0, 40.0])
def test_slopes_and_their_estimates(x: float) -> None:
    for function, wanted in (
        (math.sin, math.cos(x)),
        (math.log, 1 / x),
        (lambda t: t**3, 3 * x**2),
        (math.atan, 1 / (1 + x * x)),
    ):

        def along(t: float, function: Any = function) -> tuple[float, float]:
            try:
                value = function(x + t)
            except ValueError:
                value = math.nan
            return value, abs(value)

        found = slope(along, x)
        assert not found.is_kink
        assert abs(found.value - wanted) <= max(5 * found.estimate, 1e-12 * abs(wanted))
        assert found.estimate <= 1e-7 * abs(wanted)


def test_a_jump_is_no_slope() -> None:
    found = slope(lambda t: (float(t >= 0), 1.0), 1.0)
    assert (
        not math.isfinite(found.value) or found.estimate > 1e-3 * abs(found.value) or found.is_kink
    )


def test_nothing_else_is_wrong_with_an_expression_of_many_inputs() -> None:
    found = check(
        "F.binary_cross_entropy_with_logits(x@w+b, y)",
        {"x": "tensor([1.,1.])", "w": [[1, -1], [0, 2]], "b": [0.5, 0], "y": "tensor([0.,1.])"},
    )
    assert found.verdict == OK and found.hints == () and found.losses == ()
    assert all(row.difference < 1e-10 and row.digits and row.digits > 6 for row in found.rows)
    assert re.fullmatch("float32", found.dtype)
