"""Reverse mode as a transform of the graph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.evaluation import evaluate
from autodiff_cli.execute import execute
from autodiff_cli.ir.legality import check
from autodiff_cli.ir.node import Node, Op, constant, leaf
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import selection as sel
from autodiff_cli.transform.reverse import reverse


def total(x: Node) -> Node:
    return red.sum_(x, dim=None, keepdim=False, dtype=x.dtype)


def one() -> Node:
    return constant(np.array(1.0))


def grad(y: Node, *wrt: Node, create_graph: bool = False) -> list[Node]:
    found = reverse([y], [one()], wrt, create_graph=create_graph)
    assert all(node is not None for node in found)
    return found  # type: ignore[return-value]


def vector(*values: float) -> Node:
    return leaf(np.array(values), requires_grad=True)


def value(node: Node) -> np.ndarray:
    return execute([node])[0]


def test_hundred_thousand_operations() -> None:
    x = vector(0.5, -0.5)
    y = x
    for _ in range(100_000):
        y = y + x
    (g,) = grad(total(y), x)
    np.testing.assert_array_equal(value(g), [100_001.0, 100_001.0])
    check([g])


def test_a_chain_and_its_second_derivative() -> None:
    x = vector(0.3)
    y = x
    for _ in range(200):
        y = pw.sin(y)
    (g,) = grad(total(y), x, create_graph=True)
    (h,) = grad(total(g), x)

    def slope(at: float) -> float:
        product, here = 1.0, at
        for _ in range(200):
            product, here = product * math.cos(here), math.sin(here)
        return product

    expected = (slope(0.3 + 1e-6) - slope(0.3 - 1e-6)) / 2e-6
    np.testing.assert_allclose(value(h), [expected], rtol=1e-6)


def test_no_gradient_flows_is_none() -> None:
    x, w = vector(1.0), vector(2.0)
    assert reverse([total(pw.detach(x) * w)], [one()], [x, w])[0] is None


def test_of_an_inner_node_and_of_the_output_itself() -> None:
    x = vector(1.0, 2.0)
    y = x * x
    z = total(y * 3)
    gy, gz = grad(z, y, z)
    np.testing.assert_array_equal(value(gy), [3.0, 3.0])
    np.testing.assert_array_equal(value(gz), 1.0)


def test_several_outputs_add_up() -> None:
    x = vector(1.0, 2.0)
    found = reverse([total(x * 2), total(x * x)], [one(), constant(np.array(10.0))], [x])
    assert found[0] is not None
    np.testing.assert_array_equal(value(found[0]), [22.0, 42.0])


def test_gradients_need_no_gradient_unless_asked() -> None:
    x = vector(1.0, 2.0)
    assert not grad(total(x * x * x), x)[0].requires_grad
    assert grad(total(x * x * x), x, create_graph=True)[0].requires_grad


def test_gradient_dtype_is_the_leafs() -> None:
    x = leaf(np.array([1.0, 2.0], np.float32), requires_grad=True)
    d = vector(3.0, 4.0)
    gx, gd = grad(total(x * d), x, d)
    assert (gx.dtype.name, gd.dtype.name) == ("float32", "float64")


def test_derived_nodes_know_their_source() -> None:
    from autodiff_cli.ir.context import changed
    from autodiff_cli.source import Span

    x = vector(1.0)
    with changed(span=Span(3, 7)):
        y = pw.sin(x)
    (g,) = grad(total(y), x)
    assert g.span == Span(3, 7)


def test_value_and_gradients_share_one_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    evaluate_node = Op.registry["exp"].evaluate.__func__  # type: ignore[attr-defined]

    def counted(self: Op, node: Node, arrays: list[Any]) -> Any:
        calls.append(self.name)
        return evaluate_node(self, node, arrays)

    monkeypatch.setattr(type(pw.exp), "evaluate", counted)
    evaluate("exp(x)", {"x": [1.0, 2.0]}, seeds=["[1,0]", "[0,1]"], trace=True)
    assert calls.count("exp") == 1


def test_dead_code_never_runs() -> None:
    result = evaluate("y = t // 0; x * 2", {"x": 3.0, "t": "tensor([1])"})
    assert result.value.array == 6.0
    with pytest.raises(RuntimeFault, match="ZeroDivisionError"):
        evaluate("y = t // 0; x * y", {"x": 3.0, "t": "tensor([1])"}, grad=False)


def hessian_by_columns(f: Any, x: np.ndarray) -> np.ndarray:
    node = leaf(x, requires_grad=True)
    (g,) = grad(f(node), node, create_graph=True)
    rows = []
    for at in range(x.size):
        basis = constant(np.eye(x.size)[at])
        found = reverse([g], [basis], [node])[0]
        rows.append(np.zeros(x.size) if found is None else value(found))
    return np.array(rows)


@settings(max_examples=30)
@given(st.lists(st.floats(0.2, 2.0), min_size=2, max_size=4))
def test_hessians_are_symmetric_and_right(values: list[float]) -> None:
    x = np.array(values)
    h = hessian_by_columns(lambda n: total(pw.log(n) * n) + total(n) * total(n * n), x)
    expected = np.diag(1 / x + 2 * x.sum()) + 2 * (x[:, None] + x[None, :])
    np.testing.assert_allclose(h, expected, rtol=1e-9)


def test_product_is_right_at_two_zeros_twice() -> None:
    """Where two factors are 0 only the mixed second derivative is left."""
    h = hessian_by_columns(
        lambda n: red.prod(n, dim=None, keepdim=False, dtype=n.dtype), np.array([0.0, 2.0, 0.0])
    )
    np.testing.assert_array_equal(h, [[0, 0, 2], [0, 0, 0], [2, 0, 0]])


SHAPES = st.sampled_from([(), (1,), (3,), (2, 3), (2, 1), (1, 3), (4, 1, 3), (0, 3)])


@given(SHAPES, SHAPES, st.sampled_from(["add", "mul", "div", "maximum", "where"]))
def test_what_broadcasting_repeated_is_summed(
    a: tuple[int, ...], b: tuple[int, ...], name: str
) -> None:
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        return
    x = leaf(np.full(a, 2.0), requires_grad=True)
    y = leaf(np.full(b, 3.0), requires_grad=True)
    node = {
        "add": lambda: x + y,
        "mul": lambda: x * y,
        "div": lambda: x / y,
        "maximum": lambda: sel.maximum(x, y),
        "where": lambda: sel.where(constant(np.array(True)), x, y),
    }[name]()
    assert node.shape == shape
    gx, gy = grad(total(node), x, y)
    repeats = (math.prod(shape) / max(x.numel, 1), math.prod(shape) / max(y.numel, 1))
    slopes = {
        "add": (1, 1), "mul": (3, 2), "div": (1 / 3, -2 / 9), "maximum": (0, 1), "where": (1, 0)
    }[name]  # fmt: skip
    np.testing.assert_allclose(value(gx), np.full(a, slopes[0] * repeats[0]))
    np.testing.assert_allclose(value(gy), np.full(b, slopes[1] * repeats[1]))
