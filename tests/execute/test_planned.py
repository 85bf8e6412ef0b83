"""Plans that are used again give what plans made anew give, for whatever the arrays hold."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from graphs import built
from hypothesis import given
from random_graphs import assert_same_bits, graphs

from autodiff_cli.execute import planned
from autodiff_cli.execute.plan import Plan
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.ir.node import Node, constant, leaf, number
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.source import Span


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "_plans", {})


def run(outputs: list[Node]) -> list[Any]:
    return planned.run(outputs, topological(outputs, through_values=False))


def kept() -> int:
    return sum(plan is not None for plan in planned._plans.values())


def test_other_values_of_the_same_expression() -> None:
    generator = np.random.default_rng(0)
    for _ in range(4):
        arrays = {
            "x": generator.random((300, 7), np.float32),
            "c": generator.random(7, np.float32),
            "t": generator.integers(0, 7, 300),
        }
        inputs = {n: leaf(a, requires_grad=a.dtype.kind == "f", name=n) for n, a in arrays.items()}
        outputs = built("gradients of F.cross_entropy(x*c, t)", inputs)[0]
        for one, other in zip(run(outputs), Plan(outputs).run(), strict=True):
            assert_same_bits(one, other)
    assert kept() == 1


@given(graphs())
def test_random_graphs(outputs: list[Node]) -> None:
    expected = Plan(outputs).run()
    for _ in range(3):
        for one, other in zip(run(outputs), expected, strict=True):
            assert_same_bits(one, other)


@pytest.mark.parametrize("factor", [number(2), number(2.0), number(-0.0), constant(np.array(3.0))])
def test_numbers_and_small_constants_belong_to_the_structure(factor: Node) -> None:
    x = np.linspace(-1, 1, 50)
    for other in (number(0.0), factor, constant(np.array(4.0))):
        for _ in range(3):
            outputs = [ar.mul(leaf(x, requires_grad=False), other)]
            assert_same_bits(run(outputs)[0], Plan(outputs).run()[0])


def test_shapes_and_dtypes_belong_to_it() -> None:
    for shape, dtype in (((50,), np.float32), ((5, 10), np.float32), ((50,), np.float64)):
        for _ in range(2):
            (found,) = run([pw.exp(leaf(np.zeros(shape, dtype), requires_grad=False))])
            assert (found.shape, found.dtype) == (shape, dtype)
    assert kept() == 3


def test_constants_that_are_not_small_are_planned_anew() -> None:
    for value in (1.0, 2.0, 3.0):
        x = leaf(np.ones(100), requires_grad=False)
        (found,) = run([ar.mul(x, constant(np.full(100, value)))])
        np.testing.assert_array_equal(found, value)
    assert not planned._plans


def test_nobodys_arrays_are_held() -> None:
    held = []
    for _ in range(3):
        array = np.ones(100_000)
        held.append(weakref.ref(array))
        run([pw.exp(leaf(array, requires_grad=False))])
        del array
    gc.collect()
    assert kept() == 1 and not any(ref() is not None for ref in held)


def test_no_more_than_some_are_kept() -> None:
    for size in range(1, 2 * planned.KEPT):
        for _ in range(2):
            run([pw.exp(leaf(np.ones(size), requires_grad=False))])
    assert len(planned._plans) == planned.KEPT


def test_an_error_has_its_place_in_the_source() -> None:
    for place in (2, 2, 2, 9):
        t = leaf(np.array([3, 0] * 10), requires_grad=False)
        node = ar.div_floor(ar.add(t, t, alpha=1), t)
        node.span = Span(place, 12)
        with pytest.raises(ExecutionError, match="ZeroDivisionError") as caught:
            run([ar.mul(node, 2)])
        assert caught.value.node.span == node.span
