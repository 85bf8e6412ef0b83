"""One element of a term: 6*y as 6*y[0, 1], and which number each name in it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product as every

from autodiff_cli.explanation.records import Index
from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.elementwise import ELEMENTWISE
from autodiff_cli.formula.terms import ONE, PI, Exponent, Factor, Product, Term

MOST_SUMMED = 4  # terms of a sum that is written out

Apart = Callable[[Term, Index], str]


def element(algebra: Algebra, term: Term, at: Index, apart: Apart) -> Term:
    """The term of one element.

    Args:
        algebra: that made the term.
        term: an array.
        at: the element's index in it.
        apart: gives a name to an element of what isn't a formula of elements: of an input, or of softmax(x).
    """
    known: dict[tuple[Term, Index], Term] = {}
    waiting: list[tuple[Term, Index]] = [(term, at)]
    while waiting:
        top = waiting[-1]
        if top in known:
            waiting.pop()
            continue
        needed = _needed(*top)
        missing = [part for part in needed if part not in known]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        known[top] = _made(algebra, *top, [known[part] for part in needed], apart)
    return known[term, at]


def _within(term: Term, at: Index) -> Index:
    """An index of what a term broadcasts to as one of the term."""
    lead = len(at) - len(term.shape)
    return tuple(0 if size == 1 else n for size, n in zip(term.shape, at[lead:], strict=True))


def _is_apart(term: Term) -> bool:
    if term.head == "product":
        return math.prod(parts_of(term).summed) > MOST_SUMMED
    by_element = term.name in ELEMENTWISE or term.name in ("where", "pow", "ndtr")
    return term.head == "leaf" or (term.head == "function" and not by_element)


def _needed(term: Term, at: Index) -> list[tuple[Term, Index]]:
    """The elements that an element is made of."""
    if term.head == "number" or _is_apart(term):
        return []
    if term.head in ("sum", "function"):
        return [(arg, _within(arg, at)) for arg in term.args]
    found = []
    for places in _summed(term):
        for factor in parts_of(term).factors:
            own = _labelled(factor, (*at, *places))
            found.append((factor.base, own))
            if isinstance(factor.exponent, Term):
                found.append((factor.exponent, own[: len(factor.exponent.shape)]))
    return found


def _summed(term: Term) -> list[Index]:
    return list(every(*map(range, parts_of(term).summed)))


def _labelled(factor: Factor, places: Sequence[int]) -> Index:
    return tuple(0 if label < 0 else places[label] for label in factor.labels)


def _made(a: Algebra, term: Term, at: Index, parts: list[Term], apart: Apart) -> Term:
    if term.head == "number":
        return term
    if term.name == PI:
        return term
    if term.name == "eye" and term.kind != "b":
        return a.one if at[0] == at[1] else a.zero
    if _is_apart(term):
        return a.leaf(apart(term, at), (), term.kind)
    if term.head == "sum":
        return a.sum(list(zip(parts, term.data, strict=True)), ())
    if term.head == "function":
        if term.name == "pow":
            return a.power(*parts)
        return a.each(term.name, parts, term.kind, **term.params)
    return _product(a, parts_of(term), len(_summed(term)), parts)


def _product(a: Algebra, product: Product, times: int, parts: list[Term]) -> Term:
    waiting = iter(parts)
    terms: list[tuple[Term, Fraction]] = []
    for _ in range(times):
        factors = []
        for factor in product.factors:
            base, exponent = next(waiting), factor.exponent
            power: Exponent = next(waiting) if isinstance(exponent, Term) else exponent
            if isinstance(power, Term) and power.head == "number":
                power = power.data
            factors.append(Factor(base, power, ()))
        terms.append((a.product(product.coefficient, factors, ()), ONE))
    return a.sum(terms, ())
