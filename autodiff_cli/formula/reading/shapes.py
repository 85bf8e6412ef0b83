"""Where elements stand: views, sums over dimensions, parts, joins, diagonals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.elementwise import ELEMENTWISE
from autodiff_cli.formula.reading.table import Unspelled, number, reads
from autodiff_cli.formula.terms import ONE, UNIT, Factor, Labels, Shape, Term, identity
from autodiff_cli.ir.node import Node


def without_units(term: Term, shape: Shape) -> Labels | None:
    """Where the axes of a term are in a shape that has the same but for axes of size 1."""
    if [n for n in term.shape if n != 1] != [n for n in shape if n != 1]:
        return None
    places = iter([axis for axis, size in enumerate(shape) if size != 1])
    return tuple(UNIT if size == 1 else next(places) for size in term.shape)


def reshaped(a: Algebra, term: Term, shape: Shape) -> Term:
    """The same elements in another shape."""
    if term.shape == shape:
        return term
    labels = without_units(term, shape)
    if labels is not None:
        return a.placed(term, labels, shape)
    product = parts_of(term)
    if not product.factors:
        return a.number(product.coefficient, shape)
    small = a.lowered(term)
    if not small.shape:
        return a.expanded(small, shape)
    if product.coefficient != 1:
        core = a.product(ONE, product.factors, term.shape, product.summed)
        return a.scaled(reshaped(a, core, shape), product.coefficient)
    core, own = a.core(term)
    kept = [label for label in own if label != UNIT]
    if (
        core.name == "reshape"
        and kept == sorted(set(kept))
        and math.prod(core.shape) == math.prod(shape)
    ):
        return reshaped(a, core.args[0], shape)
    if any(f.base.name == "reshape" and f.base.args[0].shape == shape for f in product.factors):
        wide = [
            Factor(reshaped(a, f.base, shape), f.exponent, identity(shape)) for f in product.factors
        ]
        if all(f.labels == identity(term.shape) for f in product.factors) and not product.summed:
            return a.product(ONE, wide, shape)
    if term.head == "function" and term.name in ELEMENTWISE and len(term.args) == 1:
        inner = reshaped(a, term.args[0], shape)
        return a.each(term.name, [inner], term.kind, **term.params)
    return a.function("reshape", [term], shape, term.kind, shape=shape)


@reads(
    "view", "reshape_alias", "unsafe_view", "squeeze", "squeeze_dim", "squeeze_dims", "squeeze_product",
    "unsqueeze", "squeeze_written", "squeeze_dim_written", "squeeze_dims_written", "unsqueeze_written",
)  # fmt: skip
def _view(a: Algebra, node: Node, x: Term, shape: Shape) -> Term:
    return reshaped(a, x, shape)


@reads("permute", "transpose", "t", "transpose_outputs", "transpose_written", "t_written")
def _permute(a: Algebra, node: Node, x: Term, dims: Shape) -> Term:
    labels = [0] * len(dims)
    for place, dim in enumerate(dims):
        labels[dim] = place
    return a.placed(x, tuple(labels), node.shape)


@reads("expand")
def _expand(a: Algebra, node: Node, x: Term, shape: Shape) -> Term:
    return a.expanded(x, shape)


def summed(a: Algebra, x: Term, dims: Sequence[int], keepdim: bool) -> Term:
    """A sum over dimensions."""
    dims = [dim for dim in dims if x.shape[dim] != 1]
    return _reduced(a, x, dims, keepdim)


def _reduced(a: Algebra, x: Term, dims: Sequence[int], keepdim: bool) -> Term:
    shape = tuple(1 if d in dims else n for d, n in enumerate(x.shape))
    labels = list(range(len(x.shape)))
    sizes: list[int] = []
    for dim in dims:
        labels[dim] = len(shape) + len(sizes)
        sizes.append(x.shape[dim])
    return a.placed(x, tuple(labels), shape, sizes)


@reads("flip")
def _flip(a: Algebra, node: Node, x: Term, dims: Shape) -> Term:
    return a.function("flip", [x], x.shape, x.kind, dims=dims)


@reads("roll")
def _roll(a: Algebra, node: Node, x: Term, shifts: Shape, dims: Shape) -> Term:
    return a.function("roll", [x], x.shape, x.kind, shifts=shifts, dims=dims)


@reads("rot90")
def _rot90(a: Algebra, node: Node, x: Term, k: int, dims: Shape) -> Term:
    return a.function("rot90", [x], node.shape, x.kind, k=k, dims=dims)


@reads("tril", "triu")
def _triangle(a: Algebra, node: Node, x: Term, diagonal: int) -> Term:
    return a.function(node.op.name, [x], x.shape, x.kind, diagonal=diagonal)


@reads("select", "unbind")
def _select(a: Algebra, node: Node, x: Term, dim: int, index: int) -> Term:
    return selected(a, x, dim, index)


def selected(a: Algebra, x: Term, dim: int, index: int) -> Term:
    """One index of a dimension: of a product's factors that have it, where it is summed over nothing."""
    shape = x.shape[:dim] + x.shape[dim + 1 :]
    product = parts_of(x)
    if x.head == "product" and not product.summed:
        places = {axis: axis - (axis > dim) for axis in range(len(x.shape))}
        factors = []
        for factor in product.factors:
            if isinstance(factor.exponent, Term) or factor.labels.count(dim) > 1:
                return _opaque_select(a, x, shape, dim, index)
            if dim in factor.labels:
                axis = factor.labels.index(dim)
                base = selected(a, factor.base, axis, index)
                labels = factor.labels[:axis] + factor.labels[axis + 1 :]
                factor = Factor(base, factor.exponent, labels)
            labels = tuple(places.get(n, n) for n in factor.labels)
            factors.append(factor._replace(labels=labels))
        return a.product(product.coefficient, factors, shape)
    if x.name == "unit":
        return a.number(int(x.params["index"] == index))
    if x.name == "eye":
        return a.function("unit", [], shape, "i", index=index, size=x.shape[0])
    return _opaque_select(a, x, shape, dim, index)


def _opaque_select(a: Algebra, x: Term, shape: Shape, dim: int, index: int) -> Term:
    return a.function("select", [x], shape, x.kind, dim=dim, index=index)


@reads("select_backward")
def _select_backward(a: Algebra, node: Node, x: Term, shape: Shape, dim: int, index: int) -> Term:
    if shape[dim] == 1:
        return reshaped(a, x, shape)
    unit = a.function("unit", [], (shape[dim],), "i", index=index, size=shape[dim])
    labels = tuple(d for d in range(len(shape)) if d != dim)
    spread = tuple(UNIT if n == 1 else d for d, n in zip(labels, x.shape, strict=True))
    return a.product(ONE, [Factor(x, ONE, spread), Factor(unit, ONE, (dim,))], shape)


@reads("slice", "split", "split_with_sizes")
def _slice(a: Algebra, node: Node, x: Term, dim: int, start: int, stop: int, step: int) -> Term:
    if node.shape == x.shape and step == 1:
        return x
    small = a.lowered(x)
    lead = len(x.shape) - len(small.shape)
    if dim < lead or small.shape[dim - lead] == 1:
        return a.expanded(small, node.shape)
    if lead or small is not x:
        shape = list(small.shape)
        shape[dim - lead] = node.shape[dim]
        inner = a.function(
            "slice",
            [small],
            tuple(shape),
            x.kind,
            dim=dim - lead,
            start=start,
            stop=stop,
            step=step,
        )
        return a.expanded(inner, node.shape)
    return a.function("slice", [x], node.shape, x.kind, dim=dim, start=start, stop=stop, step=step)


@reads("slice_backward")
def _slice_backward(
    a: Algebra, node: Node, x: Term, shape: Shape, dim: int, start: int, stop: int, step: int
) -> Term:
    if x.shape == shape:
        return x
    if step == 1 or x.shape[dim] == 1:
        margins = [(0, 0)] * len(shape)
        margins[dim] = (start, shape[dim] - start - x.shape[dim])
        return a.function("pad", [x], shape, margins=tuple(margins), value=0)
    return a.function("slice_backward", [x], shape, dim=dim, start=start, stop=stop, step=step)


@reads("constant_pad_nd")
def _pad(a: Algebra, node: Node, x: Term, margins: Any, value: Any) -> Term:
    cuts = all(margin <= 0 for pair in margins for margin in pair)
    if cuts and not a.lowered(x).shape:  # a part of what is the same everywhere
        return a.expanded(a.lowered(x), node.shape)
    return a.function("pad", [x], node.shape, margins=margins, value=value)


@reads("cat", "stack")
def _join(a: Algebra, node: Node, *args: Term, dim: int) -> Term:
    return a.function(node.op.name, args, node.shape, dim=dim)


@reads("repeat")
def _repeat(a: Algebra, node: Node, x: Term, repeats: Shape) -> Term:
    return a.function("repeat", [x], node.shape, x.kind, repeats=repeats)


@reads("diagonal", "diagonal_copy")
def _diagonal(a: Algebra, node: Node, x: Term, offset: int, dim1: int, dim2: int) -> Term:
    if offset or x.shape[dim1] != x.shape[dim2]:
        return a.function("diagonal", [x], node.shape, x.kind, offset=offset, dim1=dim1, dim2=dim2)
    rest = iter(range(len(node.shape)))
    last = len(node.shape) - 1
    labels = tuple(last if d in (dim1, dim2) else next(rest) for d in range(len(x.shape)))
    return a.placed(x, labels, node.shape)


@reads("diagonal_backward", "diag_embed")
def _diag_embed(
    a: Algebra, node: Node, x: Term, shape: Shape, offset: int, dim1: int, dim2: int
) -> Term:
    if offset or shape[dim1] != shape[dim2]:
        size = x.shape[-1] + abs(offset)
        square = a.function("diag_embed", [x], (*x.shape[:-1], size, size), offset=offset)
        ends = (shape[dim1], shape[dim2])
        margins = ((0, 0),) * (len(shape) - 2) + tuple((0, n - size) for n in ends)
        whole = a.function("pad", [square], (*x.shape[:-1], *ends), margins=margins, value=0)
        kept = [d for d in range(len(shape)) if d not in (dim1, dim2)]
        return a.placed(whole, (*kept, dim1, dim2), shape)
    rest = [d for d in range(len(shape)) if d not in (dim1, dim2)]
    unit = a.function("eye", [], (shape[dim1],) * 2, n=shape[dim1])
    labels = tuple(UNIT if n == 1 else d for d, n in zip([*rest, dim1], x.shape, strict=True))
    return a.product(ONE, [Factor(x, ONE, labels), Factor(unit, ONE, (dim1, dim2))], shape)


@reads("eye")
def _eye(a: Algebra, node: Node, n: int, m: int, dtype: Any) -> Term:
    if n != m:
        raise Unspelled("eye")
    kind = "b" if dtype.name == "bool" else "f"
    return a.function("eye", [], (n, n), kind, n=n)


@reads("trace")
def _trace(a: Algebra, node: Node, x: Term) -> Term:
    size = min(x.shape)
    if x.shape[0] != x.shape[1]:
        raise Unspelled("trace")
    return a.placed(x, (0, 0), (), [size])


@reads("full")
def _full(a: Algebra, node: Node, shape: Shape, value: Any, dtype: Any) -> Term:
    return a.expanded(number(a, value), shape)


@reads("unfold_backward")
def _unfold_backward(
    a: Algebra, node: Node, x: Term, shape: Shape, dim: int, size: int, step: int
) -> Term:
    if not shape:
        return a.placed(x, (0,), (), x.shape)
    return a.function("unfold_backward", [x], shape, dim=dim, size=size, step=step)


@reads("unfold")
def _unfold(a: Algebra, node: Node, x: Term, dim: int, size: int, step: int) -> Term:
    return a.function("unfold", [x], node.shape, x.kind, dim=dim, size=size, step=step)
