"""Rules about the terms of a sum."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.reductions import spread_of
from autodiff_cli.formula.rules import rule
from autodiff_cli.formula.terms import ONE, Factor, Shape, Term

HALF = Fraction(1, 2)
Pairs: TypeAlias = "list[tuple[Term, Fraction]]"


def _without(pairs: Pairs, *gone: Term) -> Pairs:
    return [(term, c) for term, c in pairs if term not in gone]


@rule("exponential less one", "sum", example="expm1(x)")
def _expm1(a: Algebra, pairs: Pairs, shape: Shape) -> Term | None:
    known = dict(pairs)
    times = known.get(a.one)
    for term, c in pairs:
        if term.name == "expm1" and times == c:
            whole = a.each("exp", term.args)
            return a.sum([*_without(pairs, a.one, term), (whole, c)], shape)
    return None


@rule("normal distribution", "sum", example="x*torch.special.ndtr(x)")
def _ndtr(a: Algebra, pairs: Pairs, shape: Shape) -> Term | None:
    """(erf(u/sqrt(2)) + 1)/2"""
    known = dict(pairs)
    times = known.get(a.one)
    if times is None:
        return None
    root = Factor(a.number(2), HALF, ())
    for term, c in pairs:
        if term.name != "erf" or abs(c) != abs(times):
            continue
        inner = a.times(a.product(ONE, [root], ()), term.args[0])
        if c != times:
            inner = a.scaled(inner, -1)
        if inner.weight >= term.args[0].weight and inner.head != "sum":
            continue
        whole = a.each("ndtr", [inner])
        return a.sum([*_without(pairs, a.one, term), (whole, 2 * times)], shape)
    return None


@rule("exponentials of both signs", "sum", example="log(exp(x) + exp(-x))")
def _hyperbolic(a: Algebra, pairs: Pairs, shape: Shape) -> Term | None:
    """exp(u) + exp(-u) is 2*cosh(u), and their difference 2*sinh(u)"""
    known = dict(pairs)
    for term, c in pairs:
        if term.name != "exp":
            continue
        turned = a.each("exp", [a.scaled(term.args[0], -1)])
        other = known.get(turned)
        if other is None or abs(other) != abs(c) or term.args[0].weight > turned.args[0].weight:
            continue
        whole = a.each("cosh" if other == c else "sinh", term.args)
        return a.sum([*_without(pairs, term, turned), (whole, 2 * c)], shape)
    return None


@rule("square of the tangent", "sum", example="tan(x)")
def _tangent(a: Algebra, pairs: Pairs, shape: Shape) -> Term | None:
    """tan(u)**2 + 1 is 1/cos(u)**2, and 1/tan(u)**2 + 1 is 1/sin(u)**2"""
    times = dict(pairs).get(a.one)
    for term, c in pairs if times is not None else ():
        product = parts_of(term)
        if len(product.factors) != 1 or c != times:
            continue
        base, exponent, labels = product.factors[0]
        if base.name == "tan" and exponent in (2, -2):
            side = a.each("cos" if exponent == 2 else "sin", base.args)
            whole = a.product(ONE, [Factor(side, Fraction(-2), labels)], product.shape)
            return a.sum([*_without(pairs, a.one, term), (whole, c)], shape)
    return None


@rule("comparisons both ways", "sum", example="maximum(x/2, -x/2)")
def _sign(a: Algebra, pairs: Pairs, shape: Shape) -> Term | None:
    """(u >= v) - (u <= v) is sign(u - v)"""
    known = dict(pairs)
    for term, c in pairs:
        if term.name not in ("ge", "gt"):
            continue
        turned = {"ge": "le", "gt": "lt"}[term.name]
        others = a.each(turned, term.args, "b"), a.each(term.name, term.args[::-1], "b")
        other = next((other for other in others if known.get(other) == -c), None)
        if other is not None:
            whole = a.expanded(a.each("sign", [a.minus(*term.args)]), term.shape)
            return a.sum([*_without(pairs, term, other), (whole, c)], shape)
    return None


@rule("squares of sine and cosine", "sum", example="x*(sin(x)**2 + cos(x)**2)")
def _circle(a: Algebra, pairs: Pairs, shape: Shape) -> Term | None:
    known = dict(pairs)
    for term, c in pairs:
        product = parts_of(term)
        if len(product.factors) != 1 or product.summed:
            continue
        base, exponent, labels = product.factors[0]
        if base.name != "sin" or exponent != 2:
            continue
        cosine = Factor(a.each("cos", base.args), exponent, labels)
        other = a.product(ONE, [cosine], product.shape)
        if known.get(other) == c:
            return a.sum([*_without(pairs, term, other), (a.one, c)], shape)
    return None


@rule("variance", "sum", example="x[0]/sqrt(1 + ((x - x.mean())**2).mean())")
def _variance(a: Algebra, pairs: Pairs, shape: Shape) -> Term | None:
    """The mean square of x - mean(x)"""
    for term, c in pairs:
        found = spread_of(a, term)
        if found is None:
            continue
        whole, times, count = found
        made = a.sum([*_without(pairs, term), (whole, c * times)], shape)
        parts = [f.base for f in parts_of(made).factors]
        if len(parts) == 1 and dict(zip(parts[0].args, parts[0].data, strict=True))[whole] % count:
            return made  # n*var(x) is no shorter than the sum
    return None
