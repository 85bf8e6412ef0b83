"""Summands that cancel at every point, though no rule says so: S*pdf(d1) and K*exp(-r*T)*pdf(d2)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import TypeAlias

import numpy as np

from autodiff_cli.evaluation.points import Points
from autodiff_cli.evaluation.question import Question
from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.script import script
from autodiff_cli.formula.terms import Term
from autodiff_cli.formula.tidying import parts_in, replaced, sums_in, tidied
from autodiff_cli.formula.torch_text import Torch
from autodiff_cli.formula.writing import Writer
from autodiff_cli.ir.node import Array

Summand: TypeAlias = tuple[Term, Fraction]
MANY_SUMMANDS, MANY_SUMS = 12, 40  # that are looked at
CANCELLED = 1e-13  # of two summands, below which their sum is taken for 0


def without_vanishing(
    question: Question, algebra: Algebra, writer: Writer, terms: list[Term], points: Points
) -> tuple[list[Term], list[str]]:
    """Terms without the pairs of summands that cancel at every point, and those pairs as text.

    Evidence and no proof: it is said wherever it is used.
    """
    assumed: dict[str, None] = {}
    while True:
        gone = _pairs(question, algebra, writer, terms, points)
        if not gone:
            return terms, list(assumed)
        found, equal = {}, []
        for term, (one, two) in gone.items():
            entries = zip(term.args, term.data, strict=True)
            rest = [entry for entry in entries if entry not in (one, two)]
            found[term] = algebra.sum(rest, term.shape)
            (short,) = tidied(algebra, [algebra.sum([one, two], term.shape)])
            said = script({"": writer.write(short)}, Torch(question.taken()), sharing="inline")
            assumed[said.formulas[0][1]] = None
            equal += [s for s in sums_in([short]) if len(s.args) == 2]
        terms = replaced(algebra, terms, found)
        for cancelled in equal:
            terms = replaced(algebra, terms, _shorter(algebra, terms, cancelled))


def _shorter(algebra: Algebra, terms: Sequence[Term], cancelled: Term) -> dict[Term, Term]:
    """Products with the longer of two summands that cancel in them, and the same with the shorter."""
    (long, c), (short, d) = sorted(
        zip(cancelled.args, cancelled.data, strict=True), key=lambda entry: -entry[0].weight
    )
    factors = parts_of(long).factors
    found: dict[Term, Term] = {}
    for term in parts_in(terms):
        product = parts_of(term)
        if term.head == "product" and not long.shape and set(factors) <= set(product.factors):
            rest = [factor for factor in product.factors if factor not in factors]
            others = algebra.product(product.coefficient, rest, product.shape, product.summed)
            found[term] = algebra.times(algebra.scaled(short, -d / c), others)
    return {term: new for term, new in found.items() if new.weight < term.weight}


def _pairs(
    question: Question, algebra: Algebra, writer: Writer, terms: Sequence[Term], points: Points
) -> dict[Term, tuple[Summand, Summand]]:
    sums = [term for term in sums_in(terms) if len(term.args) <= MANY_SUMMANDS][:MANY_SUMS]
    sums = [term for term in sums if sum(arg is not algebra.one for arg in term.args) > 1]
    if not sums:
        return {}
    summands = list(dict.fromkeys(arg for term in sums for arg in term.args))
    places = {arg: at for at, arg in enumerate(summands)}
    made = script(
        {f"s{at}": writer.write(arg) for arg, at in places.items()},
        Torch(question.taken()),
        question.own_lines(),
        question.shapes(),
        question.taken(),
    )
    values = points.values(made.text())
    if values is None:
        return {}
    found = {}
    for term in sums:
        entries = list(zip(term.args, term.data, strict=True))
        pairs = sorted(combinations(entries, 2), key=lambda pair: -sum(e[0].weight for e in pair))
        for one, two in pairs:  # the longest first
            if algebra.one in (one[0], two[0]):
                continue
            if all(
                _cancel(row[places[one[0]]] * float(one[1]), row[places[two[0]]] * float(two[1]))
                for row in values
            ):
                found[term] = one, two
                break
    return found


def _cancel(one: Array, two: Array) -> bool:
    size = np.abs(one) + np.abs(two)
    if not size.size or not np.all(np.isfinite(size)) or not np.all(size > 0):
        return False
    return bool(np.all(np.abs(one + two) <= CANCELLED * size))
