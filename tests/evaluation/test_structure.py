"""The graph as a record: against the recorded gradients, and against the nodes themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import MANUAL_SEED, seed_for

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.evaluation.structure import Graph, Vertex, depth, graph_in
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source

GOLDEN = Path(__file__).parent.parent / "golden" / "expressions.json"
# every 20th of the reference's answers that have gradients
RECORDS = [
    record
    for record in json.loads(GOLDEN.read_text())
    if record.get("grads") and record["shape"] is not None and 0 not in record["shape"]
][::20]


def graph(text: str, inputs: dict[str, Any] | None = None, **asked: Any) -> Graph:
    return graph_in(Source(text), inputs or {}, **asked)


def labelled(found: Graph) -> dict[str, Vertex]:
    return {vertex.label: vertex for vertex in found.vertices}


def numbers(value: Any) -> Any:
    """What JSON has strings for."""
    if isinstance(value, list):
        return [numbers(entry) for entry in value]
    return float(value.replace("Infinity", "inf")) if isinstance(value, str) else value


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r["expression"])
@pytest.mark.parametrize("fold", [False, True], ids=["nodes", "folded"])
def test_values_and_gradients_are_the_references(record: dict[str, Any], fold: bool) -> None:
    settings = Settings(dtype=record["default"], manual_seed=MANUAL_SEED)
    seed = seed_for(tuple(record["shape"]))
    found = graph(record["expression"], record["inputs"], seed=seed, fold=fold, settings=settings)
    (root,) = [found.vertices[at] for at in found.roots]
    assert root.grad_fn == record["grad_fn"]
    np.testing.assert_allclose(root.value, numbers(record["value"]), rtol=1e-5)
    leaves = {v.name: v.gradient for v in found.vertices if v.is_leaf}
    for name, gradient in record["grads"].items():
        if gradient is not None and name in leaves and np.size(gradient):
            np.testing.assert_allclose(
                np.asarray(leaves[name], float), np.asarray(numbers(gradient), float), 1e-5, 1e-6
            )


def test_there_are_records() -> None:
    assert len(RECORDS) > 20


def test_each_gradient_is_that_of_the_rest_of_the_text() -> None:
    """Chain rule, by hand: of mean(3*y*y), y = x + 2, at 1."""
    found = labelled(graph("y = x+2; z = y*y*3; z.mean()", {"x": "ones(2,2)"}))
    gradients = {label: vertex.gradient for label, vertex in found.items()}
    assert {label: np.unique(g).tolist() for label, g in gradients.items() if g is not None} == {
        "z.mean()": [1.0],
        "z = y*y*3": [1 / 4],
        "y*y": [3 / 4],
        "y = x+2": [2 * 3 * 3 / 4],
        "x": [4.5],
    }


def test_operands_are_the_text_that_is_read() -> None:
    found = graph("a*b + a", {"a": 2, "b": 3})
    edges = {v.label: [found.vertices[o].label for o in v.operands] for v in found.vertices}
    assert edges == {"a": [], "b": [], "a*b": ["a", "b"], "a*b + a": ["a*b", "a"]}


def test_the_same_text_twice_is_two_nodes_and_stays_so_when_folded() -> None:
    for fold in (False, True):
        labels = [v.label for v in graph("(x+1)*(x+1)", {"x": 1}, fold=fold).vertices]
        assert labels.count("x+1") == 2


def test_what_one_place_made_is_folded() -> None:
    asked: Any = {"inputs": {"x": [1, 2], "w": [[1, 0], [0, 1]]}, "seed": [1, 1]}
    assert {v.operation for v in graph("x@w", **asked).vertices} > {"mm", "unsqueeze"}
    folded = graph("x@w", fold=True, **asked)
    assert [(v.label, v.operands, v.count) for v in folded.vertices] == [
        ("x", (), 1), ("w", (), 1), ("x@w", (0, 1), 1),
    ]  # fmt: skip


def test_a_loop_is_folded_to_one_turn() -> None:
    text = "y = x\nfor k in range(7):\n    y = sin(y)*x\ny"
    found = graph(text, {"x": 0.5}, fold=True)
    by_label = labelled(found)
    assert (by_label["sin(y)"].count, by_label["y = sin(y)*x"].count) == (7, 7)
    sine, product = (
        next(at for at, v in enumerate(found.vertices) if v.operation == operation)
        for operation in ("sin", "mul")
    )
    assert product in found.vertices[sine].operands and sine in found.vertices[product].operands
    assert by_label["x"].gradient == pytest.approx(float(evaluate(text, x=0.5).grad["x"]))


def test_a_program_is_run_as_it_is_written() -> None:
    text = """import torch
w = torch.ones(2, requires_grad=True)
n = torch.nn.Linear(2, 1)
loss = n(w*x).sum()
loss.backward()
print(3)
loss"""
    printed: list[str] = []
    found = graph(text, {"x": [1, 2]}, write=printed.append)
    names = {v.name for v in found.vertices if v.is_leaf}
    assert names == {"w", "x", "n.weight", "n.bias"} and "".join(printed) == "3\n"
    assert labelled(found)["loss = n(w*x).sum()"].grad_fn == "SumBackward0"


def test_a_function_of_the_program_is_one_vertex_and_its_backward_a_graph() -> None:
    text = """import torch
class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x*2
    @staticmethod
    def backward(ctx, g): return g*5
Twice.apply(x).sum()"""
    found = graph(text, {"x": [1, 2]})
    assert [v.label for v in found.vertices] == ["x", "Twice.apply(x)", "Twice.apply(x).sum()"]
    assert found.vertices[0].gradient.tolist() == [5, 5]
    found = graph(text, {"x": [1, 2]}, backward=True)
    assert [found.vertices[at].value.tolist() for at in found.roots] == [[5, 5]]


@pytest.mark.parametrize(
    ("text", "inputs", "seed"),
    [("x*sin(x)", {"x": 2}, None), ("x@w", {"x": [1, 2], "w": [[1, 2], [3, 4]]}, [1, 3])],
)
def test_the_graph_of_the_gradients_ends_in_them(text: str, inputs: Any, seed: Any) -> None:
    found = graph(text, inputs, seed=seed, backward=True)
    expected = evaluate(text, inputs, seeds=[] if seed is None else [seed]).grad
    roots = [found.vertices[at] for at in found.roots]
    assert {v.name for v in roots} == {f"{name}.grad" for name in inputs}
    for vertex in roots:
        np.testing.assert_allclose(vertex.value, expected[vertex.name.removesuffix(".grad")], 1e-6)
    assert all(operand < at for at, v in enumerate(found.vertices) for operand in v.operands)


@pytest.mark.parametrize("backward", [False, True])
def test_long_chains(backward: bool) -> None:
    """Nothing recurses, and a summary has few nodes."""
    turns = 5_000
    text = f"y = x\nfor k in range({turns}):\n    y = y*1.0001 + k\ny"
    whole = graph(text, {"x": 1}, backward=backward)
    assert len(whole.vertices) > turns and depth(whole.vertices) > turns
    short = graph(text, {"x": 1}, backward=backward, most=200)
    assert len(short.vertices) < 10
    assert max(v.count for v in short.vertices) == turns
    assert "shown as one" in short.notices[0]


def test_a_long_text_is_summed_up_by_function() -> None:
    text = "+".join(f"sin({k}*x)" for k in range(1, 301))
    short = graph(text, {"x": 1}, most=200)
    counts = {v.label: v.count for v in short.vertices}
    assert counts == {"x": 1, "MulBackward0": 300, "SinBackward0": 300, "AddBackward0": 299}


def test_without_a_tensor_there_is_no_graph() -> None:
    with pytest.raises(AutodiffError, match="no tensor"):
        graph("3", {})
    with pytest.raises(AutodiffError, match="no gradient"):
        graph("x*2", {"x": [1, 2]}, backward=True)
