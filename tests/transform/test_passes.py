"""The passes before execution: what each makes of a graph, and that it changes no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import Fixture, built, declared, fixtures
from hypothesis import example, given
from hypothesis import strategies as st
from random_graphs import SPECIAL, assert_same_bits, graphs

from autodiff_cli.execute import execute
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.legality import check
from autodiff_cli.ir.node import Node, constant, leaf, number
from autodiff_cli.ir.text import graph_text
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.constants import splat
from autodiff_cli.source import Span
from autodiff_cli.transform.factors import factors
from autodiff_cli.transform.fold import fold
from autodiff_cli.transform.passes import locally, prepared
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.transform.scalars import scalars
from autodiff_cli.transform.share import share
from autodiff_cli.transform.signs import signs
from autodiff_cli.transform.simplify import simplify

Pass = Callable[[Sequence[Node]], list[Node]]
FOLDER = Path(__file__).parent / "fixtures"
SMALL = (fold, scalars, simplify, share, signs, factors)
BY_NAME: dict[str, Pass] = {**{run.__name__: run for run in SMALL}, "passes": prepared}
FIXTURES = [
    pytest.param(name, fixture, id=f"{name}: {fixture.title}")
    for name in BY_NAME
    for fixture in fixtures(FOLDER / f"{name}.txt")
]


@pytest.mark.parametrize("name, fixture", FIXTURES)
def test_fixture(name: str, fixture: Fixture) -> None:
    outputs, names = built(fixture.expression, declared(fixture.declarations))
    after = BY_NAME[name](outputs)
    check(after)
    assert graph_text(after, names) == fixture.expected


def test_every_file_is_read() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(BY_NAME)


# ---- values stay ----------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [*SMALL, locally, prepared], ids=lambda run: run.__name__)
@given(graphs())
def test_no_bit_changes(run: Pass, outputs: list[Node]) -> None:
    after = run(outputs)
    check(after)
    for before_array, after_array in zip(execute(outputs), execute(after)):
        assert_same_bits(before_array, after_array)


@given(graphs())
def test_shapes_and_dtypes_stay(outputs: list[Node]) -> None:
    after = prepared(outputs)
    check(after)
    assert [(n.shape, n.dtype) for n in after] == [(n.shape, n.dtype) for n in outputs]
    assert len(topological(after)) <= len(topological(outputs)) + len(outputs)


EXTREME = [1e38, 3e38, 1e-38, 1e-20, 1e20, 5e-324, 1e-40, 1e300, 1e-300, 6e4, 6e-5, 6e-8]
FACTORS = st.one_of(
    st.sampled_from([1.0, -1.0, 2.0, -4.0, 16.0, 2.0**100, 0.5, -0.25, 1.5, 3.0, 0.1, *EXTREME]),
    st.floats(-1e6, 1e6),
    st.integers(-100, 100),
)


def values_near_the_ends(dtype: Any, chain: list[float]) -> list[float]:
    """What a product of these numbers takes to the greatest and the least numbers of a dtype."""
    info = np.finfo(dtype)
    ends = [float(info.max), float(info.smallest_normal), float(info.smallest_subnormal)]
    steps = np.cumprod([1.0, *chain], dtype=np.float64).tolist()
    found = [end / step for end in ends for step in steps if step]
    return [*found, *(np.nextafter(found, 0).tolist()), *ends, *(5 * end for end in ends)]


@pytest.mark.parametrize(
    "dtype", [dtypes.float16, dtypes.float32, dtypes.float64], ids=lambda d: d.name
)
@given(st.lists(FACTORS, min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
@example([1.0, 64.40625], [False] * 5)  # a number that no float16 is
@example([2.0, 32.421875], [False] * 5)
def test_products_of_numbers(dtype: Any, chain: list[float], left: list[bool]) -> None:
    """The same bits: above all, what is infinite or zero stays that, and what isn't doesn't become it."""
    with np.errstate(all="ignore"):
        array = np.array([*SPECIAL, *values_near_the_ends(dtype.numpy, chain)]).astype(dtype.numpy)
    y = leaf(np.concatenate([array, -array]), requires_grad=True)
    for value, first in zip(chain, left):
        y = ar.mul(number(value), y) if first else ar.mul(y, number(value))
    for run in (factors, prepared):
        for before, after in zip(execute([y]), execute(run([y]))):
            assert_same_bits(before, after)


@pytest.mark.parametrize("count", [1 << 15, 50_001, 3**11])
@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float64], ids=lambda d: d.name)
def test_large_sums_of_what_was_repeated(dtype: Any, count: int) -> None:
    with np.errstate(all="ignore"):
        x = leaf(np.array([*SPECIAL, 0.1, 1e38]).astype(dtype.numpy), requires_grad=True)
    rows = mv.expand(x, shape=(count, x.numel))
    column = mv.expand(mv.view(x, shape=(x.numel, 1)), shape=(x.numel, count))
    outputs = [
        red.sum_(rows, dim=(0,), keepdim=True, dtype=dtype),
        red.sum_(column, dim=(1,), keepdim=False, dtype=dtype),
        mv.sum_to(rows, shape=x.shape),
    ]
    after = simplify(outputs)
    assert (after[2].op is ar.add) is (dtype is dtypes.float32)
    for one, other in zip(execute(outputs), execute(after)):
        assert_same_bits(one, other)


# ---- what else passes promise -----------------------------------------------------------------------


def test_computed_nodes_are_where_the_graph_begins() -> None:
    x = leaf(np.ones(3), requires_grad=True)
    y = x * 2
    y.value = execute([y])[0]
    (after,) = prepared([ar.neg(ar.neg(y)) * 1])
    assert after is y


def test_inputs_are_not_constants() -> None:
    x = leaf(np.array(2.0), requires_grad=False)
    assert splat(x) is None
    assert prepared([x * 3])[0].value is None


def test_errors_are_left_to_the_execution() -> None:
    zero = constant(np.array(0))
    node = ar.div_floor(zero, zero)
    node.span = Span(2, 5)
    after = prepared([node + 1])
    with pytest.raises(ExecutionError, match="ZeroDivisionError") as caught:
        execute(after)
    assert caught.value.node.span == node.span


def test_new_nodes_keep_their_place_in_the_source() -> None:
    outputs, _ = built("(x + 2) * 1 - 1", declared("x: float32[3]"))
    (after,) = prepared(outputs)
    (inner, _) = after.operands
    assert after.span == outputs[0].span and inner.span == outputs[0].operands[0].operands[0].span


def test_hundred_thousand_operations() -> None:
    x = leaf(np.array(0.5), requires_grad=True)
    y = x
    for _ in range(50_000):
        y = ar.neg(y + x) * 1
    (g,) = reverse([y], [constant(np.array(1.0))], [x])
    assert g is not None
    after = prepared([y, g])
    assert len(topological(after)) < len(topological([y, g]))
    for one, other in zip(execute([y, g]), execute(after)):
        assert_same_bits(one, other)


def test_text_of_a_long_chain_has_short_lines() -> None:
    x = leaf(np.ones(3), requires_grad=True, name="x")
    y = x
    for _ in range(1000):
        y = pw.exp(y) + x
    lines = graph_text([y, x], ["y", "again"]).splitlines()
    assert max(map(len, lines)) < 120
    assert "again = x : float64[3]" in lines
