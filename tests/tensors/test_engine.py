"""The backward pass of programs against the graph transform, and what it must not hold on to."""

from __future__ import annotations

import gc
import io
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.evaluation import Tensor, evaluate
from autodiff_cli.program import Session
from autodiff_cli.source import Source


def session() -> Session:
    out = io.StringIO()
    return Session(write=out.write, complain=out.write)


def run(text: str) -> dict[str, Any]:
    with session() as running:
        running.run(Source("import torch\n" + text, "p.py"))
        return running.variables


ATOMS = st.sampled_from(
    ["x", "y", "x*y", "x+2", "x.exp()", "y.sin()", "x/y", "torch.tanh(x)", "x**2"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda p: f"({p}).sigmoid()"),
        inner.map(lambda p: f"({p}).reshape(-1)[::2].sum()"),
        inner.map(lambda p: f"({p}).mean()"),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_gradients_are_those_of_expressions(text: str) -> None:
    inputs = {"x": "[0.5, 1.5, -1.0]", "y": "[2.0, 0.25, 1.25]"}
    whole = f"({text}).sum() + 0*x.sum() + 0*y.sum()"
    expected = evaluate(whole, inputs, dtype="float64").gradients[0].by_input
    program = "".join(
        f"{name} = torch.tensor({value}, dtype=torch.float64, requires_grad=True)\n"
        for name, value in inputs.items()
    )
    variables = run(f"{program}({whole}).backward()\n")
    for name in inputs:
        wanted = expected[name]
        assert isinstance(wanted, Tensor)
        np.testing.assert_allclose(variables[name].grad.array, wanted.array, rtol=1e-12)


def test_a_loop_without_gradients_holds_no_graph() -> None:
    variables = run(
        "w = torch.ones(3)\nfirst = w\nwith torch.no_grad():\n    for i in range(50):\n"
        "        w = (w * 0.5).view(3)[:]\n"
    )
    assert variables["w"].node.operands == ()


def test_a_graph_is_freed_with_its_result() -> None:
    with session() as running:
        running.run(
            Source("import torch\nx = torch.ones(3, requires_grad=True)\ny = (x * 2).exp()", "p")
        )
        inner = weakref.ref(running.variables["y"].node.operands[0])
        running.run(Source("del y", "p"))
        gc.collect()
        assert inner() is None


@pytest.mark.parametrize("turns", [10, 50_000])
def test_long_chains(turns: int) -> None:
    variables = run(
        f"x = torch.ones(1, requires_grad=True)\ny = x\nfor i in range({turns}):\n    y = y + x\n"
        "y.sum().backward()\n"
    )
    assert variables["x"].grad.array.tolist() == [turns + 1.0]


def test_the_newest_node_comes_first() -> None:
    variables = run(
        "order = []\nx = torch.ones(1, requires_grad=True)\na = x * 1\nb = x * 2\nc = a * b\n"
        "for name, t in (('a', a), ('b', b), ('x', x)):\n"
        "    t.register_hook(lambda g, name=name: order.append(name))\n"
        "c.sum().backward()\n"
    )
    assert variables["order"] == ["b", "a", "x"]


def test_views_share_memory_and_versions() -> None:
    variables = run("x = torch.zeros(2, 3)\nv = x[1]\nw = v.view(3, 1)\nw += 1\nv[0] = 5\n")
    x, v, w = (variables[name] for name in "xvw")
    assert x.array.tolist() == [[0, 0, 0], [5, 1, 1]]
    assert np.shares_memory(x.array, w.array) and np.shares_memory(x.array, v.array)
    assert x.version == v.version == w.version == 2


def test_data_is_written_unnoticed_and_detach_is_not() -> None:
    variables = run("x = torch.zeros(2)\nd = x.data\ne = x.detach()\nd += 1\ne += 1\n")
    assert variables["x"].array.tolist() == [2, 2]
    assert variables["x"].version == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y = x.exp()\ny += 1\ny.sum().backward()", "modified by an inplace operation"),
        ("y = (x * 2).sum()\ny.backward()\ny.backward()", "a second time"),
        ("x += 1", "leaf Variable that requires grad"),
        ("x[0] += 1", "view of a leaf Variable"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(Exception, match=says):
        run("x = torch.ones(2, requires_grad=True)\n" + text)
