"""Summands that cancel at every point, though no rule says so: S*pdf(d1) and K*exp(-r*T)*pdf(d2)."""

from __future__ import annotations

from collections import Counter
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
from autodiff_cli.formula.terms import Term, leaves_of
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
    """Terms without the summands, two or three, that cancel at every point, and those as text.

    Evidence and no proof: it is said wherever it is used.
    """
    assumed: dict[str, None] = {}
    while True:
        gone = _groups(question, algebra, writer, terms, points)
        if not gone:
            return terms, list(assumed)
        found, equal = {}, []
        for term, cancelled in gone.items():
            entries = term.pairs
            rest = [entry for entry in entries if entry not in cancelled]
            found[term] = algebra.sum(rest, term.shape)
            (short,) = tidied(algebra, [algebra.sum(cancelled, term.shape)])
            said = script({"": writer.write(short)}, Torch(question.taken()), sharing="inline")
            assumed[said.formulas[0][1]] = None
            factors = [f.base for f in parts_of(short).factors if f.base.head == "sum"]
            equal += factors if len(factors) == 1 and len(factors[0].args) == 2 else []
        terms = replaced(algebra, terms, found)
        for pair in equal:
            terms = replaced(algebra, terms, _shorter(algebra, terms, pair))


def _shorter(algebra: Algebra, terms: Sequence[Term], cancelled: Term) -> dict[Term, Term]:
    """Products with the longer of two summands that cancel in them, and the same with the shorter."""
    (long, c), (short, d) = sorted(cancelled.pairs, key=lambda entry: -entry[0].weight)
    factors = parts_of(long).factors
    found: dict[Term, Term] = {}
    for term in parts_in(terms):
        product = parts_of(term)
        if term.head == "product" and not long.shape and set(factors) <= set(product.factors):
            rest = [factor for factor in product.factors if factor not in factors]
            others = algebra.product(product.coefficient, rest, product.shape, product.summed)
            found[term] = algebra.times(algebra.scaled(short, -d / c), others)
    return {term: new for term, new in found.items() if new.weight < term.weight}


def _groups(
    question: Question, algebra: Algebra, writer: Writer, terms: Sequence[Term], points: Points
) -> dict[Term, tuple[Summand, ...]]:
    own = {line.name for line in question.own_lines()}
    sums = [term for term in sums_in(terms) if len(term.args) <= MANY_SUMMANDS][:MANY_SUMS]
    groups = {term: _candidates(algebra, term, own) for term in sums}
    summands = {arg: None for found in groups.values() for group in found for arg, _ in group}
    places = {arg: at for at, arg in enumerate(summands)}
    if not places:
        return {}
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
        for group in groups[term]:
            parts = [(places[arg], float(c)) for arg, c in group]
            if all(_cancel([row[at] * c for at, c in parts]) for row in values):
                found[term] = group
                break
    return found


def _candidates(algebra: Algebra, term: Term, own: set[str]) -> list[tuple[Summand, ...]]:
    """Two or three summands that could cancel, the longest first: no input stands in one of them alone.

    But where a name of the user stands for others.
    """
    entries = [entry for entry in term.pairs if entry[0] is not algebra.one]
    leaves = {arg: {leaf.name for leaf in leaves_of(arg)} for arg, _ in entries}
    found = []
    for group in (group for size in (2, 3) for group in combinations(entries, size)):
        counts = Counter(name for arg, _ in group for name in leaves[arg])
        if own & counts.keys() or 1 not in counts.values():
            found.append(group)
    return sorted(found, key=_weight, reverse=True)


def _weight(group: Sequence[Summand]) -> int:
    return sum(term.weight for term, _ in group)


def _cancel(parts: list[Array]) -> bool:
    size = np.asarray(sum(map(np.abs, parts)))
    if not size.size or not np.all(np.isfinite(size)) or not np.all(size > 0):
        return False
    return bool(np.all(np.abs(sum(parts)) <= CANCELLED * size))
