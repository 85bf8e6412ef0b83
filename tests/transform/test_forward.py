"""Forward mode as a transform of the graph."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from smooth_graphs import Graph, graphs, total

from autodiff_cli.execute import execute
from autodiff_cli.ir.legality import check
from autodiff_cli.ir.node import Node, constant, leaf
from autodiff_cli.ops import linalg, matrix
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops.rearrange import pad
from autodiff_cli.transform.forward import forward
from autodiff_cli.transform.reverse import reverse

CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-11}


def value(node: Node) -> np.ndarray[Any, Any]:
    return execute([node])[0]


def tangents_of(graph: Graph) -> list[Node]:
    return [constant(np.cos(1.0 + array)) for array in graph.arrays]


@settings(max_examples=80)
@given(graphs())
def test_forward_is_reverse_transposed(graph: Graph) -> None:
    nodes, tangents = graph.leaves(), tangents_of(graph)
    y = graph.of(nodes)
    (tangent,) = forward([y], nodes, tangents)
    w = constant(np.sin(1.0 + np.arange(y.numel)).reshape(y.shape))
    found = reverse([y], [w], nodes)
    expected = sum(
        float(np.sum(value(g) * value(t)))
        for g, t in zip(found, tangents, strict=True)
        if g is not None
    )
    got = 0.0
    if tangent is not None:
        check([tangent])
        assert (tangent.shape, tangent.dtype) == (y.shape, y.dtype)
        got = float(np.sum(value(tangent) * value(w)))
    np.testing.assert_allclose(got, expected, **CLOSE)


@settings(max_examples=40)
@given(graphs())
def test_second_derivatives_agree_in_every_order(graph: Graph) -> None:
    """v . H v: forward over reverse, reverse over forward, forward over forward."""
    nodes, vs = graph.leaves(), tangents_of(graph)
    y = total(graph.of(nodes))
    one = constant(np.array(1.0))

    def along(parts: list[Node | None]) -> float:
        return sum(
            float(np.sum(value(part) * value(v)))
            for part, v in zip(parts, vs, strict=True)
            if part is not None
        )

    gradients = reverse([y], [one], nodes, create_graph=True)
    moving = [g for g in gradients if g is not None]
    second = iter(forward(moving, nodes, vs))
    by_reverse = along([None if g is None else next(second) for g in gradients])
    (tangent,) = forward([y], nodes, vs, create_graph=True)
    if tangent is None:
        assert by_reverse == 0
        return
    by_forward = along(reverse([tangent], [one], nodes)) if tangent.requires_grad else 0.0
    (twice,) = forward([tangent], nodes, vs)
    np.testing.assert_allclose(by_forward, by_reverse, **CLOSE)
    np.testing.assert_allclose(0 if twice is None else value(twice), by_reverse, **CLOSE)


def test_no_tangent_flows_is_none() -> None:
    x, w = leaf(np.ones(2), requires_grad=True), leaf(np.ones(2), requires_grad=True)
    assert forward([pw.detach(x) * w, x * w], [x], [constant(np.ones(2))])[0] is None


def test_of_an_inner_node_and_of_the_output_itself() -> None:
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    y = x * x
    t = constant(np.array([1.0, 10.0]))
    found = forward([y * 3, y], [y], [t])
    assert found[0] is not None
    np.testing.assert_array_equal(value(found[0]), [3, 30])
    assert found[1] is t


def test_tangents_need_no_gradient_unless_asked() -> None:
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    t = constant(np.ones(2))
    for create in (False, True):
        (tangent,) = forward([x * x * x], [x], [t], create_graph=create)
        assert tangent is not None
        assert tangent.requires_grad == create


def test_dtypes_on_the_way() -> None:
    x = leaf(np.array([1.0, 2.0], np.float32), requires_grad=True)
    d = leaf(np.array([3.0, 4.0]), requires_grad=True)
    y = pw.as_dtype(x * d, x.dtype)
    (tangent,) = forward([y], [x], [constant(np.ones(2, np.float32))])
    assert tangent is not None
    assert tangent.dtype.name == "float32"
    np.testing.assert_array_equal(value(tangent), [3, 4])


def test_what_is_linear_is_applied() -> None:
    """No transposes of transposes: a product's tangent is a product."""
    x = leaf(np.eye(2), requires_grad=True)
    (tangent,) = forward([matrix.mm(x, constant(np.ones((2, 2))))], [x], [constant(np.eye(2))])
    assert tangent is not None
    assert tangent.op is matrix.mm


def test_an_affine_operation_is_not_applied_to_tangents() -> None:
    x = leaf(np.ones(2), requires_grad=True)
    y = pad(x, margins=((1, 1),), value=7)
    (tangent,) = forward([y], [x], [constant(np.array([2.0, 3.0]))])
    assert tangent is not None
    np.testing.assert_array_equal(value(tangent), [0, 2, 3, 0])


def test_hundred_thousand_operations() -> None:
    x = leaf(np.array([0.5]), requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + x
    (tangent,) = forward([y], [x], [constant(np.array([2.0]))])
    assert tangent is not None
    np.testing.assert_array_equal(value(tangent), [200_002.0])


def test_the_derivative_of_an_inverse() -> None:
    x = leaf(np.array([[2.0, 1.0], [0.0, 4.0]]), requires_grad=True)
    t = np.array([[0.3, -1.0], [2.0, 0.5]])
    (tangent,) = forward([linalg.inv(x)], [x], [constant(t)])
    assert tangent is not None
    inverse = np.linalg.inv(value(x))
    np.testing.assert_allclose(value(tangent), -inverse @ t @ inverse)


def test_a_chain_of_sines() -> None:
    x = leaf(np.array(0.3), requires_grad=True)
    y = x
    for _ in range(50):
        y = pw.sin(y)
    (tangent,) = forward([y], [x], [constant(np.array(1.0))])
    product, at = 1.0, 0.3
    for _ in range(50):
        product, at = product * math.cos(at), math.sin(at)
    assert tangent is not None
    np.testing.assert_allclose(value(tangent), product)
