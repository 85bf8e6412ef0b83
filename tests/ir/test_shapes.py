"""Shapes, layouts and dtypes, against numpy's rules where those are the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autodiff_cli.errors import IndexFault, RuntimeFault
from autodiff_cli.ir import dtypes, layout, shapes
from autodiff_cli.ir.node import Node, leaf
from autodiff_cli.ops import movement as mv

SIZES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@given(SIZES, SIZES)
def test_broadcast_is_numpys(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(RuntimeFault, match="must match the size of tensor b"):
            shapes.broadcast(a, b)
        return
    assert shapes.broadcast(a, b) == expected
    assert shapes.broadcast(b, a) == expected


@given(st.integers(-6, 6), st.integers(0, 4))
def test_wrap_dim(dim: int, ndim: int) -> None:
    span = max(ndim, 1)
    if -span <= dim < span:
        assert shapes.wrap_dim(dim, ndim) == dim % span
    else:
        with pytest.raises(IndexFault, match="Dimension out of range"):
            shapes.wrap_dim(dim, ndim)


@given(SIZES, st.integers(0, 3))
def test_infer_size_fills_the_missing_one(shape: tuple[int, ...], at: int) -> None:
    assume(at < len(shape) and math.prod(shape))
    asked = [-1 if dim == at else size for dim, size in enumerate(shape)]
    assert shapes.infer_size(asked, math.prod(shape)) == shape


def elements(node: Node, array: np.ndarray) -> tuple[int, ...]:
    return tuple(stride // array.itemsize for stride in array.strides)


@st.composite
def views(draw: st.DrawFn) -> tuple[Node, np.ndarray]:
    """A chain of views as a node, and the same on numpy, whose strides are the real ones."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    array = np.arange(float(math.prod(shape))).reshape(shape)
    node = leaf(array, requires_grad=True)
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["permute", "slice", "select", "expand", "unsqueeze"]))
        if kind == "permute":
            dims = tuple(draw(st.permutations(range(array.ndim))))
            node, array = mv.permute(node, dims=dims), array.transpose(dims)
        elif kind == "slice" and array.ndim:
            dim = draw(st.integers(0, array.ndim - 1))
            size = array.shape[dim]
            start = draw(st.integers(0, size - 1))
            step = draw(st.integers(1, 3))
            index = (slice(None),) * dim + (slice(start, size, step),)
            node, array = mv.slice_(node, dim=dim, start=start, stop=size, step=step), array[index]
        elif kind == "select" and array.ndim > 1:
            dim = draw(st.integers(0, array.ndim - 1))
            at = draw(st.integers(0, array.shape[dim] - 1))
            node, array = mv.select(node, dim=dim, index=at), array[(slice(None),) * dim + (at,)]
        elif kind == "expand":
            sizes = (2, *array.shape)
            node, array = mv.expand(node, shape=sizes), np.broadcast_to(array, sizes)
    return node, array


@given(views())
def test_strides_of_views_are_numpys(view: tuple[Node, np.ndarray]) -> None:
    node, array = view
    for ours, theirs, size in zip(layout.strides_of(node), elements(node, array), array.shape):
        assert ours == theirs or size == 1


@given(views(), st.data())
def test_a_view_is_possible_where_numpy_needs_no_copy(
    view: tuple[Node, np.ndarray], data: st.DataObject
) -> None:
    node, array = view
    divisors = [n for n in range(1, array.size + 1) if array.size % n == 0]
    first = data.draw(st.sampled_from(divisors))
    second = data.draw(st.sampled_from([n for n in divisors if (array.size // first) % n == 0]))
    target = (first, second, array.size // first // second)
    shared = np.shares_memory(array.reshape(target), array)
    assert (layout.view_strides(node.shape, layout.strides_of(node), target) is not None) == shared


@given(SIZES)
def test_contiguous(shape: tuple[int, ...]) -> None:
    assert layout.is_contiguous(leaf(np.zeros(shape), requires_grad=False))


def test_layout_of_a_deep_chain_needs_no_recursion() -> None:
    node = mv.t(leaf(np.zeros((2, 3)), requires_grad=True), dims=(1, 0))
    for _ in range(50_000):
        node = -node
    assert layout.strides_of(node) == (1, 3)


DTYPES = st.sampled_from(dtypes.ALL)


@given(DTYPES, DTYPES, DTYPES)
def test_promotion_is_a_join(a: dtypes.DType, b: dtypes.DType, c: dtypes.DType) -> None:
    assert dtypes.promote(a, b) is dtypes.promote(b, a)
    assert dtypes.promote(a, a) is a
    assert dtypes.promote(dtypes.promote(a, b), c) is dtypes.promote(a, dtypes.promote(b, c))
    assert dtypes.promote(a, b).category == max(a.category, b.category)


def test_promotion_table_is_the_references() -> None:
    """torch.promote_types of each pair, as torch 2.13.0 prints it."""
    import json
    from pathlib import Path

    recorded = json.loads((Path(__file__).parent.parent / "golden" / "promotion.json").read_text())
    for names, expected in recorded.items():
        a, b = (dtypes.NAMES[name] for name in names.split())
        assert dtypes.promote(a, b).name == expected, names
