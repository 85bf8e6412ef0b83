"""Small random graphs of smooth operations, with broadcasting, sums, products and views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from autodiff_cli.ir.node import Node, constant, leaf
from autodiff_cli.ops import matrix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.indexing import index_select
from autodiff_cli.ops.selection import gt, maximum, where

SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (2, 3), (2, 1), (1, 3))


def total(x: Node) -> Node:
    return red.sum_(x, dim=None, keepdim=False, dtype=x.dtype)


def _flat(x: Node) -> Node:
    return mv.reshape(x, (x.numel,))


def _matrix(x: Node) -> Node:
    return mv.reshape(x, (x.numel, 1))


def _last_sum(x: Node) -> Node:
    return red.sum_(x, dim=(x.ndim - 1,), keepdim=True, dtype=x.dtype) if x.ndim else x


UNARY: tuple[Callable[[Node], Node], ...] = (
    pw.sin,
    pw.tanh,
    lambda x: x * x,
    lambda x: 0.5 * x - 1,
    total,
    _last_sum,
    lambda x: red.softmax(x, dim=0),
    lambda x: red.logsumexp(x, dim=None, keepdim=False),
    _flat,
    lambda x: mv.permute(x, dims=tuple(reversed(range(x.ndim)))),
    lambda x: index_select(_flat(x), constant(np.array([0, 0])), dim=0),
    lambda x: mv.expand(x, shape=(2, *x.shape)) if x.ndim < 3 else x,
    lambda x: matrix.mm(_matrix(x), mv.matrix_t(_matrix(x))) if x.numel < 7 else x,
    lambda x: red.prod(x, dim=None, keepdim=False, dtype=x.dtype) if x.numel < 7 else x,
)
BINARY: tuple[Callable[[Node, Node], Node], ...] = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - pw.exp(pw.tanh(b)),
    maximum,
    lambda a, b: where(gt(a, 0.3), a, b * b),
)


class Graph(NamedTuple):
    """A function of some arrays, as a list of steps: it can be made again of other nodes."""

    arrays: list[Any]
    steps: list[tuple[int, int, int]]  # which function, and which values it takes

    def leaves(self) -> list[Node]:
        return [leaf(array, requires_grad=True) for array in self.arrays]

    def of(self, nodes: list[Node]) -> Node:
        """The last value; every one before it may have been used."""
        values = list(nodes)
        for which, first, second in self.steps:
            a, b = values[first % len(values)], values[second % len(values)]
            if which < len(UNARY):
                values.append(UNARY[which](a))
                continue
            try:
                np.broadcast_shapes(a.shape, b.shape)
            except ValueError:
                b = total(b)
            values.append(BINARY[which - len(UNARY)](a, b))
        return values[-1]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    seed = draw(st.integers(0, 2**16))
    arrays = [np.random.default_rng(seed).uniform(-1, 1, shape) for shape in shapes]
    step = st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), *[st.integers(0, 9)] * 2)
    return Graph(arrays, draw(st.lists(step, min_size=1, max_size=6)))
