"""Jacobians, Hessians and products with vectors: each against the others, and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff_cli.evaluation.leaves as package
import autodiff_cli.execute as execution
from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import Result, evaluate
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Array

X, Y = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]]), np.array([0.5, 1.5, -0.8])
ALONG_X, ALONG_Y = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]]), np.array([-2.0, 0.25, 1.0])
EXPRESSIONS = [
    "x * y",
    "tanh(x @ y)",
    "softmax(x * y, dim=1)",
    "x.sum(0) ** 3 / (1 + y ** 2)",
    "cat([x.T @ x, outer(y, y)]).exp()",
    "sum(x ** 3 * y)",
    "norm(x @ y)",
    "logsumexp(x + y, dim=(0, 1))",
    "where(x > 0, x * y, sin(y)).mean(0)",
    "x.detach() * y",
    "(x * 2).float() + y[0]",
]
FUNCTION = """
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3, -x
    @staticmethod
    def backward(ctx, g, h):
        (x,) = ctx.saved_tensors
        return 3 * x * x * g - h if g.abs().sum() > 0 else -h  # looks at numbers
a, b = Cube.apply(x)
"""
PROGRAMS = [
    FUNCTION + "(a * y).sin() + b",
    "s = 0\nfor row in x:\n    s = s + (row * y).exp()\ns",
    "z = x * y\nz.register_hook(lambda g: g * 2)\nz.sin()",
    "z = x * y\nz[0] = (z[1] * 2).exp()\nz",
]


def asked(text: str, **options: Any) -> Result:
    return evaluate(text, {"x": X, "y": Y}, dtype="float64", **options)


def jacobian_by_seeds(text: str) -> dict[str, Array]:
    """Each row of a Jacobian is the gradient for a seed."""
    value = asked(text, grad=False).value
    rows: dict[str, list[Array]] = {"x": [], "y": []}
    for basis in np.eye(value.array.size, dtype=value.dtype).reshape(-1, *value.shape):
        by_input = asked(text, seeds=[basis]).gradients[0].by_input
        for name, like in (("x", X), ("y", Y)):
            row = by_input[name]
            rows[name].append(np.zeros_like(like) if row is None else row.array)
    return {
        name: np.array(found).reshape(*value.shape, *like.shape)
        for (name, found), like in zip(rows.items(), (X, Y), strict=True)
    }


def near(found: Array, expected: Array) -> None:
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("text", EXPRESSIONS + PROGRAMS)
def test_a_jacobian_is_the_gradients_of_the_elements(text: str) -> None:
    found = asked(text, jacobian=True).jacobian
    assert found is not None and list(found) == ["x", "y"]
    for name, expected in jacobian_by_seeds(text).items():
        near(found[name].array, expected)


@pytest.mark.parametrize("text", EXPRESSIONS + PROGRAMS)
def test_a_tangent_is_the_jacobian_times_the_vectors(text: str) -> None:
    result = asked(text, jacobian=True, jvp={"x": ALONG_X, "y": ALONG_Y})
    assert result.jvp is not None and result.jacobian is not None
    assert result.jvp.dtype == result.value.dtype
    jacobian = {name: tensor.array for name, tensor in result.jacobian.items()}
    by_x = np.tensordot(jacobian["x"], ALONG_X, 2)
    near(result.jvp.array, by_x + np.tensordot(jacobian["y"], ALONG_Y, 1))
    alone = asked(text, jvp={"x": ALONG_X})
    assert alone.jvp is not None and alone.jacobian is None
    near(alone.jvp.array, by_x)


# What finite differences see of gradients: not detach(), nor that a hook is run for each derivative.
DIFFERENCES = [
    text for text in EXPRESSIONS + PROGRAMS if "detach" not in text and "hook" not in text
]


@pytest.mark.parametrize("text", DIFFERENCES)
def test_a_hessian_is_the_jacobian_of_the_gradient(text: str) -> None:
    *before, last = text.split("\n")
    text = "\n".join([*before, f"sum({last})"])
    result = asked(text, hessian=True, hvp={"x": ALONG_X, "y": ALONG_Y})
    step = 1e-6
    assert result.hessian is not None and result.hvp is not None
    for name, like in (("x", X), ("y", Y)):
        columns = []
        for index in np.ndindex(like.shape):
            ends = []
            for sign in (1, -1):
                inputs = {"x": X.copy(), "y": Y.copy()}
                inputs[name][index] += sign * step
                by_input = evaluate(text, inputs, dtype="float64").gradients[0].by_input
                ends.append([
                    np.zeros_like(other) if tensor is None else tensor.array
                    for tensor, other in zip(by_input.values(), (X, Y), strict=True)
                ])  # fmt: skip
            columns.append([(up - down) / (2 * step) for up, down in zip(*ends, strict=True)])
        for position, other in enumerate(("x", "y")):
            rows = np.stack([column[position] for column in columns], -1)
            found = result.hessian[other][name].array
            tolerance = 1e-2 if "float" in text else 1e-6
            np.testing.assert_allclose(found, rows.reshape(found.shape), rtol=1e-5, atol=tolerance)
    rows = {
        name: {other: t.array for other, t in row.items()} for name, row in result.hessian.items()
    }
    for name in ("x", "y"):
        expected = np.tensordot(rows[name]["x"], ALONG_X, 2) + np.tensordot(
            rows[name]["y"], ALONG_Y, 1
        )
        near(result.hvp[name].array, expected)
    alone = asked(text, hvp={"y": ALONG_Y}).hvp
    assert alone is not None
    near(alone["x"].array, np.tensordot(rows["x"]["y"], ALONG_Y, 1))


@pytest.mark.parametrize("text", EXPRESSIONS + PROGRAMS)
def test_several_seeds_are_each_alone(text: str) -> None:
    value = asked(text, grad=False).value
    generator = np.random.default_rng(0)
    seeds = [generator.normal(size=value.shape).astype(value.dtype) for _ in range(3)]
    together = asked(text, seeds=seeds)
    for seed, gradients in zip(seeds, together.gradients, strict=True):
        alone = asked(text, seeds=[seed]).gradients[0]
        assert gradients.seed is not None
        np.testing.assert_array_equal(gradients.seed.array, seed)
        for name, tensor in alone.by_input.items():
            found = gradients.by_input[name]
            assert (found is None) == (tensor is None)
            if found is not None and tensor is not None:
                near(found.array, tensor.array)


@pytest.mark.parametrize(
    "options",
    [{"seeds": ["[1,0]", "[0,1]", "[1,1]"]}, {"jacobian": True, "seeds": ["[1,1]"]}],
)
def test_one_execution(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
    calls = []
    execute = package.execute
    monkeypatch.setattr(package, "execute", lambda nodes: calls.append(0) or execute(nodes))
    evaluate("x * x", {"x": [1, 2]}, **options)
    assert len(calls) == 1


def test_what_needs_no_seed() -> None:
    result = asked("x * y", jacobian=True)
    assert result.gradients == ()
    result = asked("sum(x * y)", jacobian=True)
    assert result.jacobian is not None and result.gradients[0].by_input["y"] is not None
    np.testing.assert_array_equal(
        result.jacobian["y"].array, result.gradients[0].by_input["y"].array
    )
    result = asked("sum(x * y)", hessian=True, grad=False)
    assert result.gradients == () and result.hessian is not None


def test_wrt() -> None:
    result = asked("sum(x * y)", jacobian=True, hessian=True, wrt=["y"])
    assert list(result.jacobian or ()) == ["y"]
    assert [(name, list(row)) for name, row in (result.hessian or {}).items()] == [("y", ["y"])]


def test_names() -> None:
    result = asked("sum(x * y)", jacobian=True, hessian=True, jvp={"x": X}, hvp={"x": X})
    assert list(result.derivatives()) == [
        "jacobian.x", "jacobian.y", "hessian.x.x", "hessian.x.y", "hessian.y.x", "hessian.y.y",
        "jvp", "hvp.x", "hvp.y",
    ]  # fmt: skip


def test_dtypes_are_the_inputs() -> None:
    inputs = {"x": np.ones(2, np.float32), "y": np.ones(2)}
    result = evaluate("sum(x * x * y)", inputs, jacobian=True, hessian=True, jvp={"x": [1, 2]})
    dtypes = {name: tensor.dtype for name, tensor in result.derivatives().items()}
    assert dtypes["jacobian.x"] == "float32" and dtypes["jacobian.y"] == "float64"
    assert dtypes["hessian.x.y"] == "float64" and dtypes["hessian.y.x"] == "float32"
    assert dtypes["jvp"] == result.value.dtype == "float64"


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_empty_inputs(shape: tuple[int, ...]) -> None:
    inputs = {"x": np.zeros(shape)}
    result = evaluate("x * 2", inputs, jacobian=True, jvp={"x": np.zeros(shape)})
    assert result.jacobian is not None and result.jacobian["x"].shape == (*shape, *shape)
    assert result.jvp is not None and result.jvp.shape == shape
    result = evaluate("sum(x * 2)", inputs, hessian=True)
    assert result.hessian is not None and result.hessian["x"]["x"].shape == (*shape, *shape)


def test_a_program_that_went_backward_has_nothing_left() -> None:
    text = "z = (x * x).sum()\nz.backward()\nz"
    with pytest.raises(AutodiffError, match="backward through the graph a second time"):
        evaluate(text, {"x": [1, 2]}, jacobian=True)
    kept = text.replace("backward()", "backward(retain_graph=True)")
    result = evaluate(kept, {"x": [1, 2]}, jacobian=True)
    assert result.jacobian is not None and result.jacobian["x"].array.tolist() == [2, 4]


def test_a_program_that_wrote_to_what_is_needed() -> None:
    text = "z = x.exp()\ny = z * z\nwith torch.no_grad():\n    z.mul_(2)\ny"
    with pytest.raises(AutodiffError, match="modified by an inplace operation"):
        evaluate(text, {"x": [1, 2]}, jacobian=True)


@pytest.mark.parametrize("text", ["x * 2", "for i in range(2):\n    x = x * 2\nx"])
def test_threads_and_memory_reach_the_execution(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    seen = set()
    run = execution.execute

    def recorded(nodes: Any) -> Any:
        seen.add((current().threads, current().max_memory))
        return run(nodes)

    monkeypatch.setattr(package, "execute", recorded)
    monkeypatch.setattr(execution, "execute", recorded)
    before = current().threads, current().max_memory
    evaluate(text, {"x": [1, 2]}, jacobian=True, threads=3, max_memory=1 << 33)
    assert seen == {(3, 1 << 33)}
    assert (current().threads, current().max_memory) == before


@pytest.mark.reference
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_references(text: str) -> None:
    import torch
    from torch.autograd import functional

    names = {name: getattr(torch, name) for name in dir(torch)}

    def function(x: Any, y: Any) -> Any:
        return eval(text, names | {"x": x, "y": y, "sum": torch.sum})

    def scalar(x: Any, y: Any) -> Any:
        return function(x, y).sum()

    def same(found: Any, expected: Any) -> None:
        np.testing.assert_allclose(found.array, expected.numpy(), rtol=1e-6, atol=1e-7)

    inputs, vectors = (
        (torch.tensor(X), torch.tensor(Y)),
        (torch.tensor(ALONG_X), torch.tensor(ALONG_Y)),
    )
    result = asked(text, jacobian=True, jvp={"x": ALONG_X, "y": ALONG_Y})
    for found, expected in zip(
        (result.jacobian or {}).values(), functional.jacobian(function, inputs), strict=True
    ):
        same(found, expected)
    same(result.jvp, functional.jvp(function, inputs, vectors)[1])
    result = asked(f"sum({text})", hessian=True, hvp={"x": ALONG_X, "y": ALONG_Y})
    for row, references in zip(
        (result.hessian or {}).values(), functional.hessian(scalar, inputs), strict=True
    ):
        for found, expected in zip(row.values(), references, strict=True):
            same(found, expected)
    for found, expected in zip(
        (result.hvp or {}).values(), functional.hvp(scalar, inputs, vectors)[1], strict=True
    ):
        same(found, expected)
