"""Random graphs, for tests of what has to leave their values as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, constant, leaf, number
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full
from autodiff_cli.transform.reverse import reverse

SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e-42, -1e-310, 1e30, math.inf, -math.inf, math.nan, 3e38, 2e-38, 1e308
]  # fmt: skip
NUMBERS = [0, 1, 2, -1, 3, True, 0.0, -0.0, 1.0, 0.25, -2.0, 0.1, 1e-30, math.inf, math.nan]
NUMBERS += [1e38, -1e-38, 1.5, 16, 1e300]
SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (1, 1), (2, 2, 3), (0, 3)]
DTYPES = [dtypes.float32, dtypes.float64, dtypes.int64, dtypes.bool_]
FUNCTIONS = [
    ar.neg, pw.exp, pw.sqrt, pw.relu, pw.abs, pw.clone, pw.detach, pw.sigmoid, sel.logical_not
]  # fmt: skip
PAIRS = [
    ar.mul, ar.div, sel.maximum, sel.eq, sel.gt, sel.logical_and,
    lambda a, b: ar.add(a, b, alpha=1), lambda a, b: ar.sub(a, b, alpha=1),
    lambda a, b: ar.add(a, b, alpha=2), lambda a, b: ar.rsub(a, b, alpha=1),
    lambda a, b: ar.mul(ar.neg(a), b), lambda a, b: ar.sub(a, ar.neg(b), alpha=1),
]  # fmt: skip
WITH_NUMBER = [ar.add_number, ar.mul_number, ar.div_number]
POWERS = [0, 1, 2, 3, 1.0, -1, 0.5]


@st.composite
def tensors(draw: st.DrawFn) -> Node:
    """A leaf, a constant, or one number everywhere."""
    shape, dtype = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(DTYPES))
    if draw(st.booleans()) and draw(st.booleans()):
        value = draw(st.sampled_from(NUMBERS if dtype.is_floating else [0, 1, -3]))
        return full(shape=shape, value=value, dtype=dtype)
    size = math.prod(shape)
    entries: list[Any] = draw(
        st.lists(
            st.sampled_from(SPECIAL if dtype.is_floating else [0, 1, -2]),
            min_size=size,
            max_size=size,
        )
    )
    with np.errstate(all="ignore"):
        array = np.array(entries).astype(dtype.numpy).reshape(shape)
    return (
        leaf(array, requires_grad=True, name="x")
        if dtype.is_floating and draw(st.booleans())
        else constant(array)
    )


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    """Outputs of a random graph, some of them gradients."""
    nodes = draw(st.lists(tensors(), min_size=1, max_size=4))
    leaves = [node for node in nodes if node.requires_grad]
    for _ in range(draw(st.integers(1, 12))):
        a, b = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        made = _next(draw, a, b)
        if made is not None:
            nodes.append(made)
    outputs = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))
    y = nodes[-1]
    if y.requires_grad:
        seed = full(shape=y.shape, value=draw(st.sampled_from([1, 0.1])), dtype=y.dtype)
        outputs += [g for g in reverse([y], [seed], leaves) if g is not None]
    return outputs


def _next(draw: st.DrawFn, a: Node, b: Node) -> Node | None:
    def pick(choices: Sequence[Any]) -> Any:
        return draw(st.sampled_from(choices))

    kind = pick("function pair pair number number power cast view permute expand sum where".split())
    floating = a.dtype.is_floating
    if kind == "function":
        op = pick(FUNCTIONS)
        return None if op is ar.neg and a.dtype is dtypes.bool_ else op(a)
    if kind == "pair":
        return _paired(pick(PAIRS), a, b)
    if kind == "number":
        value = pick(NUMBERS)
        if draw(st.booleans()):
            return pick(WITH_NUMBER)(a, other=value) if floating else None
        return _paired(
            pick(PAIRS), *((a, number(value)) if draw(st.booleans()) else (number(value), a))
        )
    if kind == "power":
        return ar.pow_number(a, exponent=pick(POWERS)) if floating else None
    if kind == "cast":
        return pw.cast(a, dtype=pick(DTYPES))
    if kind == "view":
        return mv.view(a, shape=pick([(a.numel,), (1, *a.shape), a.shape]))
    if kind == "permute":
        return mv.permute(a, dims=tuple(draw(st.permutations(range(a.ndim)))))
    if kind == "expand":
        return mv.expand(a, shape=pick([a.shape, (2, *a.shape), (3, 1, *a.shape)]))
    if kind == "sum":
        dim = pick([None, *((d,) for d in range(a.ndim))])
        return (
            red.sum_(a, dim=dim, keepdim=draw(st.booleans()), dtype=a.dtype) if floating else None
        )
    condition = pick([b if b.dtype is dtypes.bool_ else sel.gt(b, 0), constant(np.array(True))])
    return _paired(lambda x, y: sel.where(condition, x, y), a, b) if b.ndim <= a.ndim else None


def _paired(op: Callable[[Node, Node], Node], a: Node, b: Node) -> Node | None:
    """An operation of two, where they go together (differences of bool don't exist)."""
    if a.dtype is b.dtype is dtypes.bool_ or dtypes.bool_ in (a.dtype, b.dtype):
        return None
    try:
        broadcast(a.shape, b.shape)
        return op(a, b)
    except Exception as error:
        assert "size" in str(error) or "broadcast" in str(error)
        return None


def assert_same_bits(before: np.ndarray, after: np.ndarray) -> None:
    assert (before.shape, before.dtype) == (after.shape, after.dtype)
    np.testing.assert_array_equal(before, after)  # nan equals nan: its sign means nothing
    if before.dtype.kind == "f":
        numbers = ~np.isnan(before)
        np.testing.assert_array_equal(np.signbit(before)[numbers], np.signbit(after)[numbers])
