"""Attempts at a shorter form of a product: one fraction, powers together, sums multiplied out."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.attempts.sums import MANY_TERMS, MOST_SHARING, multiplied_out, together
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.terms import ONE, Factor, Term, broadcast


def quotient(a: Algebra, term: Term) -> Term | None:
    """x**(v - 1)*y**(1 - v) as (y/x)**(1 - v)."""
    product = parts_of(term)
    powers = [f for f in product.factors if isinstance(f.exponent, Term)]
    for one, two in permutations(powers[:MOST_SHARING], 2):
        if one.labels == two.labels and a.scaled(one.exponent, -1) is two.exponent:  # type: ignore[arg-type]
            below = two._replace(exponent=-ONE)
            shape, labels = one.base.shape, tuple(range(len(one.labels)))
            ratio = a.product(
                ONE, [f._replace(labels=labels) for f in (one._replace(exponent=ONE), below)], shape
            )
            rest = [f for f in product.factors if f not in (one, two)]
            whole = a.remade(product, [*rest, one._replace(base=ratio)])
            if whole.weight < term.weight:
                return whole
    return None


def cleared(a: Algebra, term: Term) -> Term | None:
    """1/(f**2*(1/f - 1/d)**2) as d**2/(d - f)**2: fractions within a fraction as one."""
    product = parts_of(term)
    if len(product.factors) > MANY_TERMS:
        return None
    kept = []
    for factor in product.factors:
        exponent = factor.exponent
        if (
            factor.base.head == "sum"
            and isinstance(exponent, Fraction)
            and exponent.denominator == 1
        ):
            made = together(a, factor.base)
            if made is not None:
                factor = factor._replace(base=made)
        kept.append(factor)
    if tuple(kept) == product.factors:
        return None
    return a.remade(product, kept)


def conjugate(a: Algebra, term: Term) -> Term | None:
    """(1 + x)*(1 - x) as 1 - x**2: two sums whose product is shorter."""
    product = parts_of(term)
    sums = [f for f in product.factors if f.base.head == "sum" and isinstance(f.exponent, Fraction)]
    for one, two in combinations(sums[:4], 2):
        if one.exponent != two.exponent or one.labels != two.labels:
            continue
        if len(one.base.args) * len(two.base.args) > MANY_TERMS:
            continue
        shape = broadcast((one.base.shape, two.base.shape))
        if shape != one.base.shape or shape != two.base.shape:
            continue
        parts = multiplied_out(a, a.times(one.base, two.base))
        if parts is None:
            continue
        whole = a.sum(parts, shape)
        if whole.weight < one.base.weight + two.base.weight + 3:
            rest = [f for f in product.factors if f not in (one, two)]
            rest.append(one._replace(base=whole))
            return a.remade(product, rest)
    return None


def absorbed(a: Algebra, term: Term) -> Term | None:
    """l/(g**2*sqrt(l/g)) as sqrt(l/g)/g: a root of a quotient beside its parts."""
    product = parts_of(term)
    best = None
    for factor in product.factors:
        base, exponent, labels = factor
        if (
            base.head != "product"
            or not isinstance(exponent, Fraction)
            or exponent.denominator == 1
        ):
            continue
        others = [f for f in product.factors if f is not factor]
        for step in (ONE, -ONE):
            rest = parts_of(a.remade(product, [*others, Factor(base, -step, labels)]))
            factors = [*rest.factors, Factor(base, exponent + step, labels)]
            made = a.remade(rest, factors)
            if best is None or made.weight < best.weight:
                best = made
    return best


def distributed(a: Algebra, term: Term) -> Term | None:
    """(cosh(x) - tanh(x)*sinh(x))/cosh(x) as 1 - tanh(x)**2."""
    product = parts_of(term)
    if product.summed or len(product.factors) > MOST_SHARING:
        return None
    if sum(f.base.head == "sum" and f.exponent == 1 for f in product.factors) != 1:
        return None
    parts = multiplied_out(a, term)
    return None if parts is None else a.sum(parts, term.shape)


def turned_over(a: Algebra, term: Term) -> Term | None:
    """exp(-x)/(1 - exp(-x)) as 1/(exp(x) - 1)."""
    product = parts_of(term)
    for factor in product.factors:
        if factor.base.name != "exp" or factor.exponent != 1:
            continue
        inverse = a.each("exp", [a.scaled(factor.base.args[0], -1)])
        for other in product.factors:
            if (
                other.exponent != -1
                or factor.base not in other.base.args
                or other.labels != factor.labels
            ):
                continue
            parts = multiplied_out(a, a.times(other.base, inverse))
            if parts is not None and inverse.shape == other.base.shape:
                rest = [f for f in product.factors if f not in (factor, other)]
                rest.append(other._replace(base=a.sum(parts, inverse.shape)))
                return a.remade(product, rest)
    return None
