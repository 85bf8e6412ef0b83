"""Attention over sequences as one operation, as it is one in the reference.

The operands are queries, keys and values, (..., length, size), and perhaps a mask that broadcasts to
(..., queries, keys): of bool, or added to the scores. A query that may look at no key gets zeros.

Source: aten/src/ATen/native/cpu/FlashAttentionKernel.cpp.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, Rule, Shape, constant
from autodiff_cli.ops.heavy import product
from autodiff_cli.ops.jointly import jointly
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.matrix import bmm
from autodiff_cli.ops.movement import matrix_t
from autodiff_cli.ops.pointwise import fill_where
from autodiff_cli.ops.reduce import amax, softmax, sum_
from autodiff_cli.ops.selection import eq, where


def _later(shape: Shape) -> Any:
    """Which keys stand behind which queries."""
    queries, keys = shape[-2:]
    return np.arange(keys) > np.arange(queries)[:, None]


def _shares(q: Any, k: Any, *mask: Any, scale: float, causal: bool) -> Any:
    """How much of each value each query gets."""
    scores = product(q * q.dtype.type(scale), k.swapaxes(-1, -2))
    if causal:
        np.copyto(scores, -math.inf, where=_later(scores.shape))
    if mask and mask[0].dtype == bool:
        np.copyto(scores, -math.inf, where=np.logical_not(mask[0]))
    elif mask:
        scores += mask[0]
    top = np.maximum.reduce(scores, axis=-1, keepdims=True)
    if mask:
        top[top == -math.inf] = 0
    scores -= top
    np.exp(scores, out=scores)
    total = np.add.reduce(scores, axis=-1, keepdims=True)
    if mask:
        total[total == 0] = 1
    scores /= total
    return scores


def _attend(shares: Any, q: Any, v: Any) -> Any:
    result = np.empty_like(q)  # in the order of its dimensions
    result[...] = product(shares, v)
    return result


def _attention(q: Any, k: Any, v: Any, *mask: Any, scale: float, causal: bool) -> Any:
    return _attend(_shares(q, k, *mask, scale=scale, causal=causal), q, v)


def _backward(
    y: Node, g: Any, q: Any, k: Any, v: Any, *mask: Any, scale: float, causal: bool
) -> tuple[Any, ...]:
    shares = y.__dict__.get("shares")
    if shares is None:
        shares = _shares(q, k, *mask, scale=scale, causal=causal)
    factor = q.dtype.type(scale)
    flow = product(g, v.swapaxes(-1, -2))
    flow -= np.add.reduce(g * y.value, axis=-1, keepdims=True)
    flow *= shares
    by_q, by_k = product(flow, k), product(flow.swapaxes(-1, -2), q)
    by_q *= factor
    by_k *= factor
    return by_q, by_k, product(shares.swapaxes(-1, -2), g)


def graph_of_shares(q: Node, k: Node, *mask: Node, scale: float, causal: bool) -> Node:
    scores = bmm(q * scale, matrix_t(k))
    if causal:
        scores = fill_where(constant(_later(scores.shape)), scores, -math.inf)
    if not mask:
        return softmax(scores, dim=scores.ndim - 1)
    scores = where(*mask, scores, -math.inf) if mask[0].dtype is dtypes.bool_ else scores + mask[0]
    return safe_softmax(scores)


def safe_softmax(scores: Node) -> Node:
    """Along the last dimension; zeros where all is minus infinity."""
    dim = scores.ndim - 1
    nothing = eq(amax(scores, dim=(dim,), keepdim=True), -math.inf)
    return fill_where(nothing, softmax(fill_where(nothing, scores), dim=dim))


def _graph(
    g: Node, y: Node, operands: tuple[Node, ...], scale: float, causal: bool
) -> tuple[Node, ...]:
    q, k, v, *mask = operands
    shares = graph_of_shares(q, k, *mask, scale=scale, causal=causal)
    own = sum_(g * y, dim=(g.ndim - 1,), keepdim=True, dtype=g.dtype)
    flow = shares * (bmm(g, matrix_t(v)) - own)
    return bmm(flow, k) * scale, bmm(matrix_t(flow), q) * scale, bmm(matrix_t(shares), g)


class _Attention(Shaped):
    __slots__ = ()
    follows_layout: ClassVar[bool] = True

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return (*self.vjps, None)[: len(operands)]

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        if not (node.requires_grad and current().eager and node.dtype is not dtypes.float16):
            return super().evaluate(node, arrays)
        q, k, v, *mask = arrays
        shares = node.__dict__["shares"] = _shares(q, k, *mask, **node.params)
        return _attend(shares, q, v)

    def composed(self, node: Node) -> Node:
        q, k, v, *mask = node.operands
        return bmm(graph_of_shares(q, k, *mask, **node.params), v)

    def layout(self, node: Node) -> Shape | None:
        query = node.operands[0]
        return layout.elementwise_strides(node.shape, [(query.shape, layout.strides_of(query))])


attention = _Attention(
    "attention",
    _attention,
    vjps=jointly(3, _backward, _graph),
    grad_fn="ScaledDotProductFlashAttentionForCpuBackward0",
    batch="shape.leading",
    doc="values, weighted by the softmax of products of queries and keys",
)
