"""Sums, means, norms, extremes and what runs along a dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.shapes import reshaped, summed
from autodiff_cli.formula.reading.table import READERS, Reader, Unspelled, reads
from autodiff_cli.formula.terms import ONE, Shape, Term, identity
from autodiff_cli.ir.node import Node


@reads("sum")
def _sum(a: Algebra, node: Node, x: Term, dim: Any, keepdim: bool, dtype: Any) -> Term:
    dims = range(len(x.shape)) if dim is None else dim
    return reshaped(a, summed(a, x, dims, True), node.shape)


@reads("mean", "mean_of_var", "mean_of_std")
def _mean(a: Algebra, node: Node, x: Term, dim: Any, keepdim: bool, **_: Any) -> Term:
    dims = range(len(x.shape)) if dim is None else dim
    count = math.prod(x.shape[d] for d in dims)
    whole = a.scaled(summed(a, x, dims, True), Fraction(1, count)) if count else None
    if whole is None:
        raise Unspelled("mean of nothing")
    return reshaped(a, whole, node.shape)


@reads("sum_to")
def _sum_to(a: Algebra, node: Node, x: Term, shape: Shape) -> Term:
    lead = len(x.shape) - len(shape)
    dims = [*range(lead)]
    dims += [lead + d for d, n in enumerate(shape) if n == 1 and x.shape[lead + d] != 1]
    return reshaped(a, summed(a, x, dims, True), shape)


@reads("nansum")
def _nansum(a: Algebra, node: Node, x: Term, dim: Any, keepdim: bool, dtype: Any) -> Term:
    clean = a.each("where", [a.each("isnan", [x], "b"), a.zero, x])
    return _sum(a, node, a.expanded(clean, x.shape), dim=dim, keepdim=keepdim, dtype=dtype)


def reduction(name: str) -> Reader:
    """A function that takes dimensions away, its result placed where they are kept."""

    def reader(a: Algebra, node: Node, x: Term, dim: Any, keepdim: bool, **params: Any) -> Term:
        params.pop("dtype", None)
        dims = tuple(range(len(x.shape)) if dim is None else dim)
        shape = _without(x.shape, dims)
        kind = "i" if name in ("argmax", "argmin") else "f"
        whole = a.function(name, [x], shape, kind, dim=dims, **params)
        return reshaped(a, whole, node.shape)

    return reader


for _op, _name in {
    "logsumexp": "logsumexp",
    "linalg_vector_norm": "norm",
    "norm_dim": "norm",
    "amax": "amax",
    "amin": "amin",
    "max_dim": "amax",
    "min_dim": "amin",
    "max": "amax",
    "min": "amin",
    "aminmax_max": "amax",
    "aminmax_min": "amin",
    "argmax": "argmax",
    "argmin": "argmin",
    "std": "std",
    "var": "var",
    "std_of_pair": "std",
    "var_of_pair": "var",
    "prod": "prod",
}.items():
    READERS[_op] = reduction(_name)


@reads("dist")
def _dist(a: Algebra, node: Node, x: Term, y: Term, p: float) -> Term:
    gap = a.minus(x, y)
    return a.function("norm", [gap], (), dim=tuple(range(len(gap.shape))), ord=p)


@reads("cdist")
def _cdist(a: Algebra, node: Node, x: Term, y: Term, p: float) -> Term:
    """The norm of each row's difference from each row of another matrix."""
    rank = len(node.shape)
    lead = tuple(range(rank - 2))
    rows, columns, size = node.shape[-2], node.shape[-1], x.shape[-1]
    if x.shape[:-2] != node.shape[:-2] or y.shape[:-2] != node.shape[:-2]:
        raise Unspelled("cdist")
    wide = (*node.shape, size)
    first = a.placed(x, (*lead, rank - 2, rank), (*node.shape[:-2], rows, 1, size))
    second = a.placed(y, (*lead, rank - 1, rank), (*node.shape[:-2], 1, columns, size))
    gap = a.expanded(a.minus(first, second), wide)
    return a.function("norm", [gap], node.shape, dim=(rank,), ord=p)


@reads("median", "nanmedian")
def _median(a: Algebra, node: Node, x: Term, dim: Any) -> Term:
    return a.function(node.op.name, [x], ())


@reads("softmax", "log_softmax")
def _softmax(a: Algebra, node: Node, x: Term, dim: int) -> Term:
    return a.function(node.op.name, [x], x.shape, dim=dim)


@reads("cumsum", "cumprod")
def _cumsum(a: Algebra, node: Node, x: Term, dim: int, dtype: Any) -> Term:
    return a.function(node.op.name, [x], x.shape, dim=dim)


@reads("logcumsumexp")
def _logcumsumexp(a: Algebra, node: Node, x: Term, dim: int) -> Term:
    return a.function("logcumsumexp", [x], x.shape, dim=dim)


@reads("argmedian")
def _argmedian(a: Algebra, node: Node, x: Term, dim: int, skip_nan: bool) -> Term:
    name = "argnanmedian" if skip_nan else "argmedian"
    return a.function(name, [x], node.shape, "i", dim=dim) if x.shape else a.zero


@reads("argkth")
def _argkth(a: Algebra, node: Node, x: Term, dim: int, rank: int) -> Term:
    return a.function("argkth", [x], node.shape, "i", dim=dim, rank=rank) if x.shape else a.zero


@reads("argmode", "argcummax", "argcummin")
def _argmode(a: Algebra, node: Node, x: Term, dim: int) -> Term:
    return a.function(node.op.name, [x], node.shape, "i", dim=dim) if x.shape else a.zero


def spread_of(a: Algebra, term: Term) -> tuple[Term, Fraction, int] | None:
    """A variance, what it is multiplied with to give a term, and the count: sum((x - mean(x))**2)."""
    product = parts_of(term)
    if not product.summed or product.coefficient != 1 or len(product.factors) != 1:
        return None
    base, exponent, labels = product.factors[0]
    dims = tuple(at for at, n in enumerate(labels) if n >= product.rank)
    if exponent != 2 or tuple(n for n in labels if n < product.rank) != identity(product.shape):
        return None
    for x in base.args if base.head == "sum" else ():
        number, same, _ = centred(a, x, dims).data if x.shape == base.shape else (ONE, (), ())
        if same and same[0].base is base:
            shape = _without(x.shape, dims)
            whole = a.function("var", [x], shape, dim=dims, correction=0)
            count = math.prod(product.summed)
            return a.placed(whole, identity(product.shape), shape), count / number**2, count
    return None


def centred(a: Algebra, x: Term, dims: Sequence[int]) -> Term:
    """x - mean(x)"""
    count = math.prod(x.shape[dim] for dim in dims)
    return a.minus(x, a.scaled(summed(a, x, dims, True), Fraction(1, count)))


def _without(shape: Shape, dims: Sequence[int]) -> Shape:
    return tuple(n for d, n in enumerate(shape) if d not in dims)


def previous_of(a: Algebra, term: Term, first: Term, dim: int) -> Term | None:
    """The term of whose elements along a dimension these are the predecessors, behind a first one."""
    if term.name != "cat" or term.params["dim"] != dim or len(term.args) != 2:
        return None
    head, part = term.args
    if a.lowered(head) is not first or part.name != "slice":
        return None
    params = part.params
    if (params["dim"], params["start"], params["step"]) != (dim, 0, 1):
        return None
    return part.args[0] if part.args[0].shape == term.shape else None


def running_back(a: Algebra, x: Term, dim: int) -> Term:
    """The running sum from the end."""
    turned = a.function("flip", [x], x.shape, dims=(dim,))
    total = a.function("cumsum", [turned], x.shape, dim=dim)
    return a.function("flip", [total], x.shape, dims=(dim,))


@reads("recurrence")
def _recurrence(a: Algebra, node: Node, c: Term, b: Term, dim: int) -> Term:
    """With p the running product of c: p times the running sum of b/p."""
    if not node.shape:
        return b
    product = a.function("cumprod", [c], c.shape, dim=dim)
    whole = a.expanded(a.times(b, a.power(product, -ONE)), node.shape)
    return a.times(a.function("cumsum", [whole], node.shape, dim=dim), product)


@reads("recurrence_back")
def _recurrence_back(a: Algebra, node: Node, c: Term, b: Term, dim: int) -> Term:
    """b_i + c_(i+1) b_(i+1) + c_(i+1) c_(i+2) b_(i+2) …: with p the running product of c, the running sum
    of b*p from the end, over p. Of c = exp(y_(i-1) - y_i) that product is exp(-y)."""
    if not node.shape:
        return b
    product = a.function("cumprod", [c], c.shape, dim=dim)
    if c.name == "exp" and c.args[0].head == "sum" and len(c.args[0].args) == 2:
        total = c.args[0]
        for one, other, sign in ((0, 1, total.data[0]), (1, 0, total.data[1])):
            y = previous_of(a, total.args[one], a.zero, dim)
            if y is not None and y is total.args[other] and sign == 1 == -total.data[other]:
                product = a.each("exp", [a.scaled(y, -1)])
    whole = running_back(a, a.expanded(a.times(b, product), node.shape), dim)
    return a.times(whole, a.power(product, -ONE))
