"""The last look at terms: common factors outside, one fraction instead of several, where that is shorter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.attempts import ATTEMPTS, multiplied_out
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.elementwise import ELEMENTWISE
from autodiff_cli.formula.terms import Factor, Term

ROUNDS = 4
HEAVY = 400  # of a sum from where on nothing is tried


def tidied(algebra: Algebra, outputs: Sequence[Term]) -> list[Term]:
    """Terms in the shortest form that is found."""
    current = list(outputs)
    for _ in range(ROUNDS):
        after = _round(algebra, current)
        if after == current:
            break
        current = after
    return current


def replaced(algebra: Algebra, outputs: Sequence[Term], by: Mapping[Term, Term]) -> list[Term]:
    """Terms with others in the place of some that they are made of, tidied again."""
    return tidied(algebra, _round(algebra, outputs, by))


def spread(algebra: Algebra, term: Term) -> Term:
    """A term with its product of sums multiplied out."""
    parts = multiplied_out(algebra, term)
    return term if parts is None else algebra.sum(parts, term.shape)


def sums_in(outputs: Sequence[Term]) -> list[Term]:
    """The sums that terms are made of."""
    return [term for term in parts_in(outputs) if term.head == "sum"]


def parts_in(outputs: Sequence[Term]) -> list[Term]:
    """Terms and what they are made of, parts first."""
    found: set[Term] = set()
    waiting = list(outputs)
    while waiting:
        term = waiting.pop()
        if term not in found:
            found.add(term)
            waiting += term.args
    return sorted(found, key=lambda t: t.number)


def _round(
    a: Algebra, outputs: Sequence[Term], by: Mapping[Term, Term] | None = None
) -> list[Term]:
    known: dict[Term, Term] = dict(by or {})
    for output in outputs:
        waiting = [output]
        while waiting:
            top = waiting[-1]
            if top in known:
                waiting.pop()
                continue
            missing = [arg for arg in top.args if arg not in known]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            known[top] = _best(a, _rebuilt(a, top, known))
    return [known[output] for output in outputs]


def _rebuilt(a: Algebra, term: Term, known: dict[Term, Term]) -> Term:
    if all(known[arg] is arg for arg in term.args):
        return term
    args = [known[arg] for arg in term.args]
    if term.head == "sum":
        return a.sum(list(zip(args, term.data, strict=True)), term.shape)
    if term.head == "product":
        product = parts_of(term)
        factors = [
            Factor(known[base], known[e] if isinstance(e, Term) else e, labels)
            for base, e, labels in product.factors
        ]
        return a.remade(product, factors)
    if term.name in ELEMENTWISE or term.name in ("where", "ndtr"):
        return a.expanded(a.each(term.name, args, term.kind, **term.params), term.shape)
    if term.name == "pow":
        return a.expanded(a.power(*args), term.shape)
    return a.function(term.name, args, term.shape, term.kind, **term.params)


def _best(a: Algebra, term: Term) -> Term:
    if term.head not in ATTEMPTS or term.weight > HEAVY:
        return term
    found = [term]
    for attempt in ATTEMPTS[term.head]:
        made = attempt(a, term)
        if made is not None:
            found.append(made)
    return min(found, key=lambda t: (t.weight, t is term))
