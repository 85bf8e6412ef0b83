"""A term that is linear in a stand-in, as the matrix of that map."""

from __future__ import annotations

from fractions import Fraction

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.terms import ONE, UNIT, Factor, Product, Shape, Term


class Closed(Exception):
    """A function of whole arrays stands between a term and its stand-in."""


def opened(algebra: Algebra, term: Term, stand_in: Term) -> Term:
    """The map's matrix: the stand-in's axes, then the term's.

    Args:
        algebra: that made the term.
        term: linear in the stand-in.
        stand_in: a leaf.

    Raises:
        Closed: it has no such form.
    """
    shape = (*stand_in.shape, *term.shape)
    pairs = []
    for product, coefficient in _products(algebra, term, stand_in):
        pairs.append((_row(algebra, product, stand_in, shape), coefficient))
    return algebra.sum(pairs, shape)


def depends(term: Term, leaf: Term) -> bool:
    """Whether a term is made of a leaf."""
    seen: set[Term] = set()
    waiting = [term]
    while waiting:
        top = waiting.pop()
        if top is leaf:
            return True
        if top not in seen and top.number > leaf.number:
            seen.add(top)
            waiting += top.args
    return False


def _products(a: Algebra, term: Term, leaf: Term) -> list[tuple[Product, Fraction]]:
    """Products with the stand-in as a factor, whose sum the term is, all of the term's shape."""
    found: list[tuple[Product, Fraction]] = []
    waiting = [(term, ONE)]
    while waiting:
        top, times = waiting.pop()
        if top.head == "number" and top.data == 0:
            continue
        if top.head == "sum":
            waiting += [(a.expanded(arg, top.shape), times * c) for arg, c in top.pairs]
            continue
        product = parts_of(top)
        if product.coefficient == 0:
            continue
        holds = [f for f in product.factors if depends(f.base, leaf)]
        if len(holds) != 1 or holds[0].exponent != 1:
            raise Closed
        factor = holds[0]
        if factor.base is leaf:
            found.append((product, times))
            continue
        if factor.base.head not in ("sum", "product"):
            raise Closed
        rest = [f for f in product.factors if f is not factor]
        inner = factor.base
        parts = inner.pairs if inner.head == "sum" else [(inner, ONE)]
        for arg, c in parts:
            wide = Factor(a.expanded(arg, inner.shape), ONE, factor.labels)
            made = a.remade(product, [*rest, wide])
            if made is top:
                raise Closed
            waiting.append((made, times * c))
    return found


def _row(a: Algebra, product: Product, leaf: Term, shape: Shape) -> Term:
    """A product with unit matrices in the place of the stand-in, whose axes come first."""
    lead = len(leaf.shape)
    factors = []
    for factor in product.factors:
        labels = tuple(n + lead if n != UNIT else n for n in factor.labels)
        if factor.base is not leaf:
            factors.append(factor._replace(labels=labels))
            continue
        for axis, label in enumerate(labels):
            if label != UNIT:
                size = leaf.shape[axis]
                unit = a.function("eye", [], (size, size), n=size)
                factors.append(Factor(unit, ONE, (axis, label)))
    return a.product(product.coefficient, factors, shape, product.summed)
