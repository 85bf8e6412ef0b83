"""Jacobians, Hessians and their products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from smooth_graphs import Graph, graphs, total

from autodiff_cli.execute import execute
from autodiff_cli.ir.legality import check
from autodiff_cli.ir.node import Node, constant, leaf
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import matrix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.tensors.derivatives import hessian, hvp, jacobian, tangents
from autodiff_cli.transform.reverse import reverse

CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-11}


def value(node: Node) -> np.ndarray[Any, Any]:
    return execute([node])[0]


def by_loop(y: Node, wrt: list[Node]) -> list[np.ndarray[Any, Any]]:
    """One backward pass for each element of the output."""
    found = [np.zeros((y.numel, *x.shape)) for x in wrt]
    for row in range(y.numel):
        seed = np.eye(y.numel)[row].reshape(y.shape)
        for result, g in zip(found, reverse([y], [constant(seed)], wrt), strict=True):
            if g is not None:
                result[row] = value(g)
    return [own.reshape((*y.shape, *x.shape)) for own, x in zip(found, wrt, strict=True)]


@settings(max_examples=80)
@given(graphs())
def test_jacobian_is_a_loop(graph: Graph) -> None:
    nodes = graph.leaves()
    y = graph.of(nodes)
    found = jacobian(y, nodes)
    check(found)
    for node, expected in zip(found, by_loop(y, nodes), strict=True):
        assert node.shape == expected.shape
        np.testing.assert_allclose(value(node), expected, **CLOSE)


@settings(max_examples=60)
@given(graphs())
def test_hessian_is_the_jacobian_of_the_gradient(graph: Graph) -> None:
    nodes = graph.leaves()
    y = total(graph.of(nodes))
    gradients = reverse([y], [constant(np.array(1.0))], nodes, create_graph=True)
    vectors = [constant(np.cos(1.0 + array)) for array in graph.arrays]
    products = hvp(y, nodes, vectors)
    for gradient, own, product, x in zip(
        gradients, hessian(y, nodes), products, nodes, strict=True
    ):
        loops = by_loop(x * 0.0 if gradient is None else gradient, nodes)
        expected_product = np.zeros(x.shape)
        for node, expected, other, v in zip(own, loops, nodes, vectors, strict=True):
            assert node.shape == x.shape + other.shape
            np.testing.assert_allclose(value(node), expected, **CLOSE)
            expected_product += np.tensordot(expected, value(v), other.ndim)
        assert product.shape == x.shape
        np.testing.assert_allclose(value(product), expected_product, **CLOSE)


@settings(max_examples=60)
@given(graphs())
def test_jvp_is_the_jacobian_times_the_tangent(graph: Graph) -> None:
    nodes = graph.leaves()
    y = graph.of(nodes)
    vectors = [constant(np.cos(1.0 + array)) for array in graph.arrays]
    (tangent,) = tangents([y], nodes, vectors)
    expected = sum(
        np.tensordot(value(j), value(t), t.ndim)
        for j, t in zip(jacobian(y, nodes), vectors, strict=True)
    )
    got = np.zeros(y.shape) if tangent is None else value(tangent)
    np.testing.assert_allclose(got, expected, **CLOSE)


def test_seven_ways_to_a_hessian() -> None:
    x = leaf(np.array([0.3, -0.7, 1.1]), requires_grad=True)
    a = constant(np.arange(9.0).reshape(3, 3) / 5)
    y = total(pw.tanh(matrix.mv(a, x)) * x)
    one = constant(np.array(1.0))
    (g,) = reverse([y], [one], [x], create_graph=True)
    assert g is not None
    (j,) = jacobian(y, [x], create_graph=True)
    basis = [constant(row) for row in np.eye(3)]
    columns = [tangents([g], [x], [v])[0] for v in basis]
    rows = [reverse([g], [v], [x])[0] for v in basis]
    ways = [
        value(hessian(y, [x])[0][0]),
        value(jacobian(g, [x])[0]),
        value(jacobian(j, [x])[0]),
        np.stack([value(hvp(y, [x], [v])[0]) for v in basis]),
        np.stack([value(c) for c in columns if c is not None], -1),
        np.stack([value(r) for r in rows if r is not None]),
        by_loop(g, [x])[0],
    ]
    for way in ways[1:]:
        np.testing.assert_allclose(way, ways[0], **CLOSE)
    np.testing.assert_allclose(ways[0], ways[0].T, **CLOSE)


def test_third_derivatives() -> None:
    x = leaf(np.array([0.3, -0.7]), requires_grad=True)
    (first,) = jacobian(total(x * x * x * x), [x], create_graph=True)
    (second,) = jacobian(first, [x], create_graph=True)
    (third,) = jacobian(second, [x])
    expected = np.zeros((2, 2, 2))
    expected[0, 0, 0], expected[1, 1, 1] = 24 * 0.3, 24 * -0.7
    np.testing.assert_allclose(value(third), expected)


def largest(nodes: list[Node]) -> int:
    return max(node.numel for node in topological(nodes))


def test_the_smaller_side_is_chosen() -> None:
    """Wide functions by rows, tall ones by columns: nothing grows to the square of the larger side."""
    wide = leaf(np.ones(100), requires_grad=True)
    tall = leaf(np.ones(2), requires_grad=True)
    few = pw.tanh(mv.slice_(pw.sin(wide), dim=0, start=0, stop=2, step=1))
    many = pw.sin(matrix.mv(constant(np.ones((100, 2))), tall))
    assert largest(jacobian(few, [wide])) == 200
    assert largest(jacobian(many, [tall])) == 200


def test_what_does_not_count_is_zero() -> None:
    x = leaf(np.ones((2, 3)), requires_grad=True)
    w = leaf(np.ones(4, np.float32), requires_grad=True)
    for y in (x * x, total(x * x), mv.expand(x, shape=(5, 2, 3))):
        _, none = jacobian(y, [x, w])
        assert (none.shape, none.dtype) == ((*y.shape, 4), w.dtype)
        assert not np.any(value(none))
    y = total(x * 3)  # its gradient doesn't depend on x
    assert not np.any(value(hessian(y, [x])[0][0]))
    assert not np.any(value(hvp(y, [x], [constant(np.ones((2, 3)))])[0]))
    assert tangents([y], [w], [constant(np.ones(4, np.float32))]) == [None]


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_no_elements(shape: tuple[int, ...]) -> None:
    x = leaf(np.ones(shape), requires_grad=True)
    w = leaf(np.ones(2), requires_grad=True)
    for y in (x * x, total(x) + w, pw.sin(w)):
        for node, own in zip(jacobian(y, [x, w]), [x, w], strict=True):
            assert value(node).shape == (*y.shape, *own.shape)


def test_the_dtype_is_that_of_the_input() -> None:
    x = leaf(np.ones(2, np.float32), requires_grad=True)
    d = leaf(np.ones(2), requires_grad=True)
    for y in (x * d, mv.expand(x * d, shape=(4, 2))):
        assert [node.dtype for node in jacobian(y, [x, d])] == [x.dtype, d.dtype]
