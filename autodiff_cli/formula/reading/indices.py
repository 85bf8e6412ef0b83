"""Elements picked by indices, and the losses that pick."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.reading.shapes import reshaped, summed
from autodiff_cli.formula.reading.table import Unspelled, reads
from autodiff_cli.formula.terms import ONE, Shape, Term
from autodiff_cli.ir.node import Node


@reads("gather", "sort", "sort_stable", "topk", "cummax", "cummin")
def _gather(a: Algebra, node: Node, x: Term, index: Term, dim: int) -> Term:
    if not x.shape:
        return x
    return a.function("gather", [x, index], node.shape, x.kind, dim=dim)


@reads("kthvalue", "mode", "median_dim", "nanmedian_dim")
def _picked(a: Algebra, node: Node, x: Term, index: Term, dim: int, keepdim: bool) -> Term:
    if not x.shape:
        return x
    whole = a.function("gather", [x, index], index.shape, x.kind, dim=dim)
    return reshaped(a, whole, node.shape)


@reads("put_along")
def _put_along(a: Algebra, node: Node, x: Term, index: Term, shape: Shape, dim: int) -> Term:
    if not shape:
        return x
    return a.function("put_along", [x, index], shape, shape=shape, dim=dim)


@reads("index_select")
def _index_select(a: Algebra, node: Node, x: Term, index: Term, dim: int) -> Term:
    if not x.shape:
        raise Unspelled("index_select")
    return a.function("index_select", [x, index], node.shape, x.kind, dim=dim)


@reads("index", "masked_select")
def _index(a: Algebra, node: Node, x: Term, *at: Term, dims: Shape) -> Term:
    return a.function("index", [x, *at], node.shape, x.kind, dims=dims)


@reads("index_backward")
def _index_backward(a: Algebra, node: Node, x: Term, *at: Term, dims: Shape, shape: Shape) -> Term:
    if dims != tuple(range(len(dims))) or not shape:
        if len(at) != 1 or len(at[0].shape) != 1 or not shape:
            raise Unspelled("index_backward")
        return a.function("index_add0", [x, at[0]], shape, shape=shape, dim=dims[0])
    return a.function("index_put0", [x, *at], shape, shape=shape)


@reads("index_put")
def _index_put(
    a: Algebra, node: Node, x: Term, v: Term, *at: Term, dims: Shape, accumulate: bool
) -> Term:
    if dims != tuple(range(len(dims))) or not x.shape:
        raise Unspelled("index_put")
    return a.function("index_put", [x, v, *at], node.shape, accumulate=accumulate)


@reads("index_fill_number", "scatter_number")
def _fill_at(a: Algebra, node: Node, x: Term, index: Term, dim: int, value: Any) -> Term:
    return a.function(node.op.name, [x, index], node.shape, dim=dim, value=value)


@reads("nll_loss")
def _nll_loss(
    a: Algebra, node: Node, x: Term, t: Term, *weight: Term, reduction: str, ignore_index: int
) -> Term:
    if weight or reduction != "mean" or len(x.shape) > 2:
        counted, total = _counted(a, x.shape, t, weight, ignore_index)
        classes = 1 if len(x.shape) > 1 else 0
        whole = summed(a, a.scaled(a.times(counted, x), -1), [classes], True)
        if reduction == "none" and len(x.shape) > 1:
            return reshaped(a, whole, node.shape)
        whole = reshaped(a, summed(a, whole, range(len(x.shape)), True), ())
        return a.times(whole, a.power(total, -ONE)) if reduction == "mean" else whole
    if x.name == "log_softmax":
        return a.function("cross_entropy", [x.args[0], t], node.shape)
    return a.function("nll_loss", [x, t], node.shape)


@reads("mse_loss")
def _mse_loss(a: Algebra, node: Node, x: Term, y: Term, reduction: str) -> Term:
    square = a.power(a.minus(x, y), Fraction(2))
    return square if reduction == "none" else _averaged(a, node, square, reduction)


def _averaged(a: Algebra, node: Node, x: Term, reduction: str) -> Term:
    whole = reshaped(a, summed(a, x, range(len(x.shape)), False), node.shape)
    count = math.prod(x.shape)
    return a.scaled(whole, Fraction(1, count)) if reduction == "mean" and count else whole


@reads("nll_loss_backward")
def _nll_loss_backward(
    a: Algebra,
    node: Node,
    g: Term,
    t: Term,
    *weight: Term,
    reduction: str,
    ignore_index: int,
    shape: Shape,
) -> Term:
    """-g*onehot(t)/N, the classes in dimension 1; what a target counts is its class's weight."""
    counted, total = _counted(a, shape, t, weight, ignore_index)
    if g.shape:
        kept = (1,) if len(shape) == 1 else (shape[0], 1, *shape[2:])
        g = reshaped(a, g, kept)
    result = a.times(a.scaled(counted, -1), g)
    if reduction == "mean":
        result = a.times(result, a.power(total, -ONE))
    return a.expanded(result, shape)


def _counted(
    a: Algebra, shape: Shape, t: Term, weight: tuple[Term, ...], ignore_index: int
) -> tuple[Term, Term]:
    """Which class each target is, times what it counts, in the scores' shape; and what all count."""
    rank = len(shape)
    classes = shape[1 if rank > 1 else 0]
    at = t if len(t.shape) == rank - 1 else reshaped(a, t, (shape[0], *shape[2:])[: rank - 1])
    hot = a.function("one_hot", [at], (*at.shape, classes), "i", classes=classes)
    places = (0, *range(2, rank))[: rank - 1]
    counts = a.one
    if weight:
        counts = a.function("index", [weight[0], at], at.shape, dims=(0,))
    if ignore_index >= 0:
        counts = a.times(counts, a.each("ne", [at, a.number(ignore_index)], "b"))
    total = a.number(math.prod(at.shape))
    if counts is not a.one:
        total = reshaped(a, summed(a, counts, range(len(at.shape)), True), ())
    wide = a.placed(hot, (*places, 1 if rank > 1 else 0), shape)
    if counts.shape:
        spread = tuple(shape[n] if n in places else 1 for n in range(rank))
        counts = a.placed(counts, places, spread)
    return a.times(wide, counts), total


@reads("masked_scatter")
def _masked_scatter(a: Algebra, node: Node, x: Term, mask: Term, source: Term) -> Term:
    return a.function("masked_scatter", [x, mask, source], node.shape)


@reads("argsort")
def _argsort(a: Algebra, node: Node, x: Term, dim: int, descending: bool) -> Term:
    if not x.shape:
        return a.zero
    return a.function("argsort", [x], node.shape, "i", dim=dim, descending=descending)
