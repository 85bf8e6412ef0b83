"""The plain executor."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from autodiff_cli.execute import execute, force, item, whole
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.ir.context import Deferred, changed
from autodiff_cli.ir.node import Array, Node, constant, leaf
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as rd


def test_the_same_node_twice() -> None:
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    y = x * x
    first, second, given = execute([y, y, x])
    np.testing.assert_array_equal(first, second)
    assert given is x.value


def test_results_have_their_nodes_shape_and_dtype() -> None:
    x = leaf(np.array(2.0, np.float32), requires_grad=True)
    (y,) = execute([pw.exp(x)])
    assert isinstance(y, np.ndarray) and (y.shape, y.dtype) == ((), np.float32)


def test_what_is_no_longer_needed_is_freed() -> None:
    size = 1_000_000
    y = leaf(np.ones(size), requires_grad=True)
    for _ in range(50):
        y = pw.sin(y)
    tracemalloc.start()
    execute([y])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 8 * size


def test_force_keeps_the_value_and_execute_uses_it() -> None:
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    y = x * 2
    array = force(y)
    assert force(y) is array or np.shares_memory(force(y), array)
    y.value = np.array([10.0, 20.0])
    np.testing.assert_array_equal(execute([y + 1])[0], [11.0, 21.0])
    assert item(constant(np.array(3))) == 3 and isinstance(item(constant(np.array(3))), int)


@pytest.mark.parametrize("size", [1, 100_000], ids=["small", "planned"])
def test_a_chain_whose_links_are_asked_for_is_computed_twice_at_most(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in `while y.sum() > 1: y = y*0.5`, of which nothing is computed until a condition is."""
    computed: list[int] = []

    def counted(outputs: Sequence[Node], order: Sequence[Node]) -> list[Array]:
        computed.append(sum(node.value is None for node in order))
        return whole.computed(outputs, order)

    monkeypatch.setattr("autodiff_cli.execute._computed", counted)
    y = leaf(np.ones(size), requires_grad=True)
    turns = 200
    with changed(deferred=Deferred()):
        for _ in range(turns):
            y = y * 0.5
            force(rd.sum_(y, dim=None, keepdim=False, dtype=y.dtype))
    assert max(computed) <= 6 and sum(computed) <= 6 * turns
    np.testing.assert_array_equal(force(y), np.full(size, 0.5**turns))


def test_a_failing_operation_is_named() -> None:
    t = constant(np.array([1, 0]))
    node = ar.div_floor(t, t)
    with pytest.raises(ExecutionError) as caught:
        execute([node * 2])
    assert caught.value.node is node


def test_leaves_are_not_written_to() -> None:
    data = np.array([1.0, 2.0])
    x = leaf(data, requires_grad=True)
    execute([x + 1, pw.clone(x), x * 0])
    np.testing.assert_array_equal(data, [1.0, 2.0])


def test_special_values_raise_no_warnings() -> None:
    x = leaf(np.array([0.0, np.inf, np.nan, -1.0]), requires_grad=True)
    execute([pw.log(x), x / 0, pw.sqrt(x), x - x, ar.pow_number(x, exponent=-1)])
