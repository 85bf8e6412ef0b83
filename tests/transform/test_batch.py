"""Batching as a transform of the graph: against loops, and with the other transforms."""

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
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops.order import median
from autodiff_cli.transform.batch import batched
from autodiff_cli.transform.forward import forward
from autodiff_cli.transform.reverse import reverse

CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-11}


def rows_of(array: Any) -> Any:
    return np.stack([array, 0.9 * array, -array])


def ones(x: Node) -> Node:
    return constant(np.ones(x.shape))


def gradients(y: Node, wrt: list[Node], create_graph: bool = False) -> list[Node]:
    found = reverse([y], [ones(y)], wrt, create_graph=create_graph)
    return [x * 0.0 if g is None else g for g, x in zip(found, wrt, strict=True)]


@settings(max_examples=60)
@given(graphs())
def test_batched_is_a_loop(graph: Graph) -> None:
    nodes = graph.leaves()
    y = graph.of(nodes)
    rows = [rows_of(array) for array in graph.arrays]
    (found,) = batched([y], nodes, [constant(own) for own in rows])
    check([found])
    (got,) = execute([found])
    for row in range(3):
        (expected,) = execute([graph.of([constant(own[row]) for own in rows])])
        np.testing.assert_allclose(got[row], expected, **CLOSE)


@settings(max_examples=60)
@given(graphs())
def test_one_input_in_rows_the_others_held(graph: Graph) -> None:
    nodes = graph.leaves()
    rows = rows_of(graph.arrays[0])
    (got,) = execute(batched([graph.of(nodes)], nodes[:1], [constant(rows)]))
    for row in range(3):
        (expected,) = execute([graph.of([constant(rows[row]), *nodes[1:]])])
        np.testing.assert_allclose(got[row], expected, **CLOSE)


@settings(max_examples=60)
@given(graphs())
def test_the_gradient_of_a_batch_is_the_batch_of_the_gradient(graph: Graph) -> None:
    nodes = graph.leaves()
    rows = [leaf(rows_of(array), requires_grad=True) for array in graph.arrays]
    (ys,) = batched([graph.of(nodes)], nodes, list(rows))
    of_batch = gradients(ys, rows)
    batch_of = batched(gradients(graph.of(nodes), nodes), nodes, list(rows))
    for got, expected in zip(execute(of_batch), execute(batch_of), strict=True):
        np.testing.assert_allclose(got, expected, **CLOSE)


@settings(max_examples=60)
@given(graphs())
def test_the_tangent_of_a_batch_is_the_batch_of_the_tangent(graph: Graph) -> None:
    nodes = graph.leaves()
    y = graph.of(nodes)
    rows = [leaf(rows_of(array), requires_grad=True) for array in graph.arrays]
    (ys,) = batched([y], nodes, list(rows))
    (of_batch,) = forward([ys], rows, [pw.sin(own) for own in rows])
    (single,) = forward([y], nodes, [pw.sin(node) for node in nodes])
    assert (of_batch is None) == (single is None)
    if of_batch is not None and single is not None:
        got, expected = execute([of_batch, *batched([single], nodes, list(rows))])
        np.testing.assert_allclose(got, expected, **CLOSE)


@settings(max_examples=40)
@given(graphs())
def test_second_gradients_of_rows(graph: Graph) -> None:
    """Batch the gradient with its graph, then differentiate by the rows: no row reaches another."""
    nodes = graph.leaves()
    first = gradients(total(graph.of(nodes)), nodes, create_graph=True)[0]
    rows = [leaf(rows_of(array), requires_grad=True) for array in graph.arrays]
    (firsts,) = batched([first], nodes, list(rows))
    second = gradients(total(first), nodes)
    expected = execute(batched(second, nodes, list(rows)))
    for got, own in zip(execute(gradients(total(firsts), rows)), expected, strict=True):
        np.testing.assert_allclose(got, own, **CLOSE)


def test_what_needs_no_row_is_repeated() -> None:
    x, w = leaf(np.ones(2), requires_grad=True), leaf(np.array([3.0]), requires_grad=True)
    (found,) = batched([pw.sin(w)], [x], [constant(np.ones((4, 2)))])
    assert found.shape == (4, 1)
    np.testing.assert_array_equal(execute([found])[0], np.full((4, 1), np.sin(3.0)))


def test_of_inner_nodes() -> None:
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    inner = x * 2
    (found,) = batched([inner * inner], [inner], [constant(np.array([[1.0, 2.0], [3.0, 4.0]]))])
    np.testing.assert_array_equal(execute([found])[0], [[1, 4], [9, 16]])


def test_no_rows() -> None:
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    (found,) = batched([pw.sin(x) * 2], [x], [constant(np.ones((0, 2)))])
    assert execute([found])[0].shape == (0, 2)


def test_the_graph_does_not_grow_with_the_rows() -> None:
    x = leaf(np.arange(6.0), requires_grad=True)
    sizes = []
    for count in (2, 50):
        (found,) = batched([median(pw.sin(x), dim=None)], [x], [constant(np.ones((count, 6)))])
        sizes.append(len(topological([found])))
    assert sizes[0] == sizes[1]


def test_what_was_made_without_gradients_stays_so() -> None:
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    rows = leaf(np.ones((3, 2)), requires_grad=True)
    (g,) = reverse([total(x * x * x)], [constant(np.array(1.0))], [x])
    assert g is not None
    assert not batched([g], [x], [rows])[0].requires_grad
    assert batched([x * x], [x], [rows])[0].requires_grad


def test_a_long_chain() -> None:
    x = leaf(np.array([0.5]), requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + x
    (found,) = batched([y], [x], [constant(np.array([[1.0], [2.0]]))])
    np.testing.assert_array_equal(execute([found])[0], [[20_001.0], [40_002.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_numbers_without_dimensions_keep_their_weakness(dtype: Any) -> None:
    """0-dim operands count for less in promotion; their rows have a dimension."""
    x = leaf(np.asarray(2, dtype), requires_grad=False)
    w = leaf(np.ones(3, np.float32), requires_grad=True)
    y = mv.expand(x, shape=(3,)) if dtype is np.float32 else x
    node = w * y
    (found,) = batched([node], [x], [constant(np.array([2, 3], dtype))])
    assert found.dtype is node.dtype
    np.testing.assert_array_equal(execute([found])[0], [[2, 2, 2], [3, 3, 3]])
