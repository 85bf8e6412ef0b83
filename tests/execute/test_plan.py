"""The blocked executor: what it computes is what `whole` computes, in whatever blocks and threads."""

from __future__ import annotations

import math
import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from graphs import built
from hypothesis import given
from random_graphs import SPECIAL, assert_same_bits, graphs
from samples import SAMPLES

from autodiff_cli.errors import AutodiffError, LimitError
from autodiff_cli.execute import blocks, execute, sums, whole
from autodiff_cli.execute.plan import Plan
from autodiff_cli.execute.region import BlockProgram
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Node, Op, constant, leaf, number
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.source import Span
from autodiff_cli.transform import fuse
from autodiff_cli.transform.reverse import reverse


@contextmanager
def blocks_of(least: int, most: int) -> Iterator[None]:
    """Regions and blocks of a few elements, so that small arrays make many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fuse, "LARGE", 2)
        patch.setattr(blocks, "LEAST", least)
        patch.setattr(blocks, "MOST", most)
        patch.setattr(blocks, "LANES", 2)
        patch.setattr(sums, "FEW", 0)
        sums._sum.cache_clear()
        yield
    sums._sum.cache_clear()


@pytest.fixture
def small_blocks() -> Iterator[None]:
    with blocks_of(4, 8):
        yield


def programs(plan: Plan) -> list[BlockProgram]:
    return [step for step in plan.steps if isinstance(step, BlockProgram)]


def value_and_gradients(expression: str, **arrays: Any) -> list[Node]:
    """The nodes of an expression's value and of the gradients of its sum."""
    inputs = {
        name: leaf(np.asarray(array), requires_grad=np.asarray(array).dtype.kind == "f", name=name)
        for name, array in arrays.items()
    }
    return built(f"gradients of {expression}", inputs)[0]


def assert_close(expected: Any, found: Any, rtol: float) -> None:
    assert (expected.shape, expected.dtype) == (found.shape, found.dtype)
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(expected, found)
        return
    finite = expected[np.isfinite(expected)]
    scale = max(1.0, float(np.max(np.abs(finite), initial=0)))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)


# ---- blocked is whole -----------------------------------------------------------------------------

CASES = [
    pytest.param(name, operands, params, id=f"{name}-{number}")
    for name in sorted(SAMPLES)
    for number, (operands, params) in enumerate(SAMPLES[name])
]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("name, operands, params", CASES)
def test_every_operation(name: str, operands: list[Any], params: dict[str, Any]) -> None:
    op = Op.registry[name]
    plain = tuple([constant(np.asarray(array)) for array in operands])
    rules = op.rules(plain)
    nodes = [
        leaf(np.asarray(array), requires_grad=True)
        if np.asarray(array).dtype.kind == "f" and rule is not None
        else node
        for array, node, rule in zip(operands, plain, rules)
    ]
    y = op(*nodes, **params)
    outputs = [y, ar.mul(y, y) if y.dtype.is_floating else y]
    if y.requires_grad and op.grad_fn != "NotImplemented":
        seed = pw.exp(ar.mul(y, 0.01))
        leaves = [node for node in nodes if node.requires_grad]
        outputs += [g for g in reverse([outputs[1]], [seed], leaves) if g is not None]
    for expected, found in zip(whole.execute(outputs), Plan(outputs, exact=True).run()):
        assert_close(expected, found, 1e-12)


ELEMENTWISE = sorted(
    name
    for name, op in Op.registry.items()
    if isinstance(op, Elementwise) and name in SAMPLES and len(SAMPLES[name][0][0]) <= 2
)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_special_values(name: str, dtype: Any) -> None:
    """Infinities, nan, signed zeros and denormals go through the blocks as they do through whole arrays."""
    op = Op.registry[name]
    tiny = float(np.finfo(dtype).smallest_subnormal)
    with np.errstate(all="ignore"):
        values = np.array([*SPECIAL, tiny, -tiny], dtype)
    pairs = np.meshgrid(values, values)
    arrays = [np.ascontiguousarray(pair).ravel() for pair in pairs]
    for operands, params in SAMPLES[name]:
        if any(np.asarray(operand).dtype.kind != "f" for operand in operands):
            continue
        nodes: list[Any] = [leaf(a, requires_grad=True) for a in arrays[: len(operands)]]
        y = op(*nodes, **params)
        outputs = [y]
        if y.requires_grad:
            seed = constant(np.ones(y.shape, y.dtype.numpy))
            outputs += [g for g in reverse([y], [seed], nodes) if g is not None]
        for expected, found in zip(whole.execute(outputs), Plan(outputs, exact=True).run()):
            if name in (
                "maximum",
                "minimum",
            ):  # which of two zeros depends on the place in the array
                np.testing.assert_array_equal(expected, found)
            else:
                assert_same_bits(expected, found)


def test_a_number_that_the_dtype_does_not_hold_is_infinite_without_a_warning() -> None:
    x = leaf(np.array([1, -1, 0], np.float32), requires_grad=False)
    (found,) = Plan([ar.mul(x, number(1e300))]).run()
    np.testing.assert_array_equal(found, np.array([np.inf, -np.inf, np.nan], np.float32))


@pytest.mark.parametrize(
    "expression",
    [
        "sum(-x * (-x).view(4), 0)",
        "sum((-x).view(4) * -x, 1)",
        "-x / (-x).view(4)",
        "sum(-x * (-x).view(1, 4))",
    ],
)
def test_a_column_beside_itself_as_a_row(expression: str, small_blocks: None) -> None:
    outputs = value_and_gradients(expression, x=np.arange(1.0, 5)[:, None])
    for expected, found in zip(
        whole.execute(outputs), Plan(outputs, exact=True).run(), strict=True
    ):
        assert_close(expected, found, 1e-12)


@given(graphs())
def test_random_graphs(outputs: list[Node]) -> None:
    with blocks_of(4, 8):
        expected = whole.execute(outputs)
        exact = Plan(outputs, exact=True).run()
        for before, after in zip(expected, exact):
            assert_close(before, after, 1e-6 if before.dtype == np.float32 else 1e-12)


@given(graphs())
def test_the_number_of_threads_changes_no_bit(outputs: list[Node]) -> None:
    results = []
    with blocks_of(2, 4):
        plan = Plan(outputs)
        for threads in (1, 2, 5):
            with changed(threads=threads):
                results.append(plan.run())
    for one, two, five in zip(*results):
        assert_same_bits(one, two)
        assert_same_bits(one, five)


EXPRESSIONS = {
    "mean(3*(x+2)**2)": 1,
    "sum(sin(x)*exp(-x**2)+log1p(x**2))": 1,
    "mean(log1p(exp(-y*x)))": 1,
    "norm((x-c)/s)": 2,  # the gradient needs the norm of all elements
    "softmax(x, -1)": 1,
    "log_softmax(x, 1).mean()": 1,
    "logsumexp(x, 1)": 1,
    "(x - x.mean(1, keepdim=True))**2": 1,
    "x.var(0)": None,
    "x.std()": None,
    "x.amax(0) + x.amin(0)": None,
    "x.sum(0)*c + x.sum(1, keepdim=True)": None,
    "where(x > 0, x, 0.1*x)": 1,
    "(x / x.norm(dim=1, keepdim=True)).sum(0)": 1,
    "x.T.exp() + c.unsqueeze(1)": None,
    "x.view(-1).cumsum(0).exp()": None,
    "F.layer_norm(x, (7,))": None,
    "F.cross_entropy(x, t)": 1,
    "F.cross_entropy(x, t, ignore_index=2)": 1,
    "log_softmax(x, 1).gather(1, t.unsqueeze(1)).sum()": 1,
    "x.gather(1, t.unsqueeze(1)) * c": 1,
    "F.mse_loss(x, y)": 1,
    "F.binary_cross_entropy_with_logits(x, y.sigmoid())": 1,
    "F.smooth_l1_loss(x, y)": None,
    "F.gelu(x) * c": 1,
    "x.unsqueeze(0) * y.unsqueeze(1)": None,
    "exp(x[:, 1:]) - sin(x[:, :-1])": None,
    "x.prod(1)": None,
    "stack([x, y]).amax(0)": None,
}


def arrays_for(expression: str, rows: int, columns: int, dtype: Any) -> dict[str, Any]:
    generator = np.random.default_rng(rows * 1000 + columns)
    x = generator.standard_normal((rows, columns)).astype(dtype)
    given = {
        "x": x,
        "y": generator.standard_normal((rows, columns)).astype(dtype),
        "c": generator.standard_normal(columns).astype(dtype),
        "s": (np.abs(generator.standard_normal(columns)) + 0.5).astype(dtype),
        "t": generator.integers(0, columns, rows),
    }
    return {name: array for name, array in given.items() if re.search(rf"\b{name}\b", expression)}


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions(expression: str) -> None:
    for rows in (1, 9, 20):
        arrays = arrays_for(expression, rows, 7, np.float64)
        outputs = value_and_gradients(expression, **arrays)
        plan = Plan(outputs)
        for expected, found in zip(whole.execute(outputs), plan.run()):
            assert_close(expected, found, 1e-12)


@pytest.mark.parametrize("expression", [text for text, count in EXPRESSIONS.items() if count])
def test_regions(expression: str) -> None:
    """Value and gradients are computed in as few walks over the large arrays as the arithmetic allows."""
    arrays = arrays_for(expression, 20_000, 7, np.float32)
    plan = Plan(value_and_gradients(expression, **arrays))
    large = [program for program in programs(plan) if math.prod(program.space) >= 20_000 * 7]
    assert len(large) == EXPRESSIONS[expression]


@pytest.mark.parametrize("rows, columns", [(3000, 100), (100, 3001), (70_000, 5)])
@pytest.mark.parametrize("expression", ["sum((x@w-b)**2)", "mean(exp(x@w)*b)"])
def test_a_matrix_is_walked_once_for_its_products_with_vectors(
    expression: str, rows: int, columns: int
) -> None:
    generator = np.random.default_rng(0)
    shapes = {"x": (rows, columns), "w": (columns,), "b": (rows,)}
    for dtype, rtol in ((np.float64, 1e-11), (np.float32, 1e-4)):
        arrays = {
            name: generator.uniform(-1, 1, shape).astype(dtype) / columns
            for name, shape in shapes.items()
        }
        outputs = value_and_gradients(expression, **arrays)
        plan = Plan(outputs)
        assert [math.prod(program.space) for program in programs(plan)] == [rows * columns]
        for expected, found in zip(whole.execute(outputs), plan.run()):
            assert_close(expected, found, rtol)


# ---- how arrays lie -------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_blocks")
def test_strides_of_inputs() -> None:
    base = np.arange(60.0).reshape(5, 12) / 7
    for x in (base, base.T.copy().T, base[::-1], base[:, ::2], np.asfortranarray(base)):
        outputs = value_and_gradients("exp(x).sum(0) * 2 + sin(x)", x=x)
        for expected, found in zip(whole.execute(outputs), Plan(outputs).run()):
            assert_close(expected, found, 1e-14)
    spread = np.broadcast_to(np.arange(12.0), (5, 12))
    outputs = value_and_gradients("(x * x).sum(1)", x=spread)
    for expected, found in zip(whole.execute(outputs), Plan(outputs).run()):
        assert_close(expected, found, 1e-14)


@pytest.mark.usefixtures("small_blocks")
def test_a_plan_is_run_again_for_other_values() -> None:
    x = leaf(np.zeros(50), requires_grad=True)
    plan = Plan([ar.mul(pw.exp(x), x)])
    for value in (0.5, -2.0):
        (found,) = plan.run({id(x): np.full(50, value)})
        np.testing.assert_allclose(found, math.exp(value) * value)


# ---- memory ---------------------------------------------------------------------------------------


def test_intermediates_are_never_whole() -> None:
    size = 4_000_000
    outputs = value_and_gradients(
        "mean(3*(sin(x)+2)**2) + sum(exp(-x))", x=np.ones(size, np.float32)
    )
    tracemalloc.start()
    execute(outputs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * size + 8_000_000  # the gradient, and the blocks


def test_estimate_and_limit_of_memory() -> None:
    size = 1_000_000
    outputs = value_and_gradients("mean(x**2)", x=np.ones(size))
    needed = Plan(outputs).bytes_needed()
    assert 8 * size <= needed < 9 * size
    match = "about 8 MB of arrays are needed; the limit is 7 MB"
    with changed(max_memory=7_000_000), pytest.raises(LimitError, match=match):
        execute(outputs)


# ---- errors, progress, interruption ---------------------------------------------------------------


@pytest.mark.usefixtures("small_blocks")
def test_a_failing_operation_is_named() -> None:
    t = constant(np.array([3, 2, 1, 0] * 10))
    node = ar.div_floor(ar.add(t, t, alpha=1), t)
    node.span = Span(2, 5)
    with pytest.raises(ExecutionError, match="ZeroDivisionError") as caught:
        Plan([ar.mul(node, 2)]).run()
    assert caught.value.node.span == node.span
    assert isinstance(caught.value.error, AutodiffError)


@pytest.mark.usefixtures("small_blocks")
def test_progress_and_interruption() -> None:
    x = leaf(np.ones(400), requires_grad=True)
    plan = Plan([pw.exp(x)])
    seen: list[float] = []
    with changed(progress=seen.append, threads=1):  # the calling thread reports its own blocks
        plan.run()
    assert seen and seen == sorted(seen) and seen[0] > 0 and seen[-1] <= 1

    def interrupt(fraction: float) -> None:
        raise KeyboardInterrupt

    with changed(progress=interrupt, threads=1), pytest.raises(KeyboardInterrupt):
        plan.run()
    np.testing.assert_allclose(plan.run()[0], math.e)


# ---- numerics -------------------------------------------------------------------------------------


def total(array: Any) -> float:
    x = leaf(array, requires_grad=True)
    (result,) = execute([sum_(x, dim=None, keepdim=False, dtype=x.dtype)])
    return float(result)


def test_hundred_million_elements() -> None:
    piece = np.random.default_rng(0).random(1_000_000, np.float32)
    array = np.empty(100_000_000, np.float32)
    array.reshape(100, -1)[:] = piece
    expected = 100 * float(np.sum(piece, dtype=np.float64))
    assert abs(total(array) - expected) <= np.spacing(np.float32(expected))


def test_ill_conditioned_sums() -> None:
    """Terms that cancel: the error is measured by the sum of their sizes."""
    generator = np.random.default_rng(1)
    half = (
        generator.standard_normal(1_000_000) * 10.0 ** generator.uniform(-6, 6, 1_000_000)
    ).astype(np.float32)
    array = np.concatenate([half, -half, generator.standard_normal(500_000).astype(np.float32)])
    generator.shuffle(array)
    expected = math.fsum(array.tolist())
    size = float(np.sum(np.abs(array), dtype=np.float64))
    assert abs(total(array) - expected) <= 4e-8 * size


@pytest.mark.parametrize("shape", [(1_000_000, 3), (3000, 1000), (7, 500_000)])
def test_column_sums(shape: tuple[int, int]) -> None:
    array = np.random.default_rng(2).random(shape, np.float32)
    x = leaf(array, requires_grad=True)
    (found,) = execute([sum_(x, dim=(0,), keepdim=False, dtype=x.dtype)])
    expected = array.sum(0, dtype=np.float64)
    np.testing.assert_allclose(found, expected, rtol=3e-7)


def test_log1p_of_large_arrays() -> None:
    generator = np.random.default_rng(3)
    size = 300_000
    few = np.array([0.0, -0.0, -1, -2, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3e38], np.float32)
    drawn = generator.uniform(-1, 1, size).astype(np.float32)
    scaled = drawn * 10 ** generator.uniform(-12, 12, size).astype(np.float32)
    for array in (np.abs(drawn), np.tile(few, size // 10), drawn, np.maximum(scaled, -1)):
        (found,) = execute([pw.log1p(leaf(array, requires_grad=False))])
        with np.errstate(all="ignore"):
            expected = np.log1p(array.astype(np.float64)).astype(np.float32)
            far = np.abs(found.astype(np.float64) - expected) > 4 * np.spacing(np.abs(expected))
        assert not far.any()
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        there = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found[there]), np.signbit(expected[there]))


def test_norm_beyond_the_range_of_squares() -> None:
    for scale in (1e-25, 1.0, 1e25):
        array = np.full(500_000, scale, np.float32)
        outputs = value_and_gradients("norm(x)", x=array)
        found, gradient = execute(outputs)
        np.testing.assert_allclose(found, np.float32(scale) * math.sqrt(500_000), rtol=1e-6)
        np.testing.assert_allclose(gradient, 1 / math.sqrt(500_000), rtol=1e-5)


def test_seed_of_ones_is_a_number() -> None:
    """The gradient of a sum of large arrays needs no array of ones."""
    x = leaf(np.ones(300_000, np.float32), requires_grad=True)
    seed = full(shape=x.shape, value=1, dtype=x.dtype)
    (gradient,) = reverse([ar.mul(x, 3)], [seed], [x])
    assert gradient is not None
    np.testing.assert_array_equal(execute([gradient])[0], 3)
