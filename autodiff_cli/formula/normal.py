"""What the normal forms of products and sums are made with: order, labels, kinds, lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from autodiff_cli.formula.terms import (
    ONE,
    UNIT,
    Exponent,
    Factor,
    Labels,
    Product,
    Term,
    exponent_order,
    free_labels,
    identity,
    is_count,
    placed_labels,
    relabelled,
)

HALF = Fraction(1, 2)
DEGREES = dict.fromkeys(  # of functions of which a number can stand outside
    "pad flip roll rot90 tril triu cumsum repeat diag_embed diagonal slice select unfold gather index "
    "index_select put_along index_put0 index_add0 slice_backward unfold_backward reshape im2col col2im "
    "avg_pool adaptive_avg_pool2d upsample_nearest2d conv".split(),
    1,
) | {"inverse": -1, "pinv": -1}


def parts_of(term: Term) -> Product:
    """A term as a product."""
    if term.head == "product":
        coefficient, factors, summed = term.data
        return Product(coefficient, factors, term.shape, summed)
    if term.head == "number":
        return Product(term.data, (), (), ())
    return Product(ONE, (Factor(term, ONE, identity(term.shape)),), term.shape, ())


def signed_alike(merged: dict[tuple[Term, Labels], Exponent], coefficient: Fraction) -> Fraction:
    """Powers of u beside roots of -u, from which no sign can be taken, as powers of -u."""
    for (base, labels), exponent in list(merged.items()):
        if base.head != "product" or base.data[0] >= 0 or not isinstance(exponent, Fraction):
            continue
        inner = parts_of(base)
        if len(inner.factors) != 1 or inner.factors[0].exponent != 1 or inner.summed:
            continue
        (factor,) = inner.factors
        places = dict(enumerate(labels))
        key = factor.base, tuple(placed_labels(places, factor.labels))
        power = merged.get(key)
        if isinstance(power, Fraction) and power.denominator == 1:
            del merged[key]
            merged[base, labels] = exponent + power
            coefficient *= inner.coefficient ** (-power.numerator)
    return coefficient


def contracted(
    kept: list[Factor], coefficient: Fraction, rank: int, sizes: dict[int, int]
) -> tuple[list[Factor], Fraction]:
    """Without unit matrices that only rename a label, and labels that nothing has."""
    changed = True
    while changed:
        changed = False
        for at, factor in enumerate(kept):
            if (
                factor.base.name != "eye"
                or factor.base.kind == "b"
                or factor.exponent != 1
                or UNIT in factor.labels
            ):
                continue
            first, second = factor.labels
            if first == second:
                del kept[at]
                changed = True
                break
            gone = second if second >= rank else first if first >= rank else None
            if gone is None:
                continue
            stays = first if gone == second else second
            del kept[at]
            kept = [
                f._replace(labels=tuple(stays if n == gone else n for n in f.labels)) for f in kept
            ]
            del sizes[gone]
            changed = True
            break
    used = {label for factor in kept for label in factor.labels}
    for label in [label for label in sizes if label >= rank and label not in used]:
        coefficient *= sizes.pop(label)
    return kept, coefficient


def ordered(
    kept: list[Factor], rank: int, sizes: Mapping[int, int]
) -> tuple[list[Factor], tuple[int, ...]]:
    """Factors in their order, and the sizes of the summed labels, which are numbered in theirs."""
    summed: tuple[int, ...] = ()
    if any(label >= rank for label in sizes):
        kept.sort(
            key=lambda f: (
                f.base.number,
                exponent_order(f.exponent),
                free_labels(f.labels, rank),
            )
        )
        places: dict[int, int] = {}
        for factor in kept:
            for label in factor.labels:
                if label >= rank and label not in places:
                    places[label] = rank + len(places)
        summed = tuple(sizes[label] for label in places)
        kept = [relabelled(factor, places) for factor in kept]
    else:
        kept.sort(key=lambda f: (f.base.number, exponent_order(f.exponent), f.labels))
    return kept, summed


def measure_of_product(product: Product) -> tuple[str, int]:
    """The kind of a product's numbers, and about how long its text is."""
    coefficient, factors, shape, summed = product
    above, below = abs(coefficient.numerator), coefficient.denominator
    weights = [len(str(n)) for n in (above, below) if n != 1]
    for base, exponent, _ in factors:
        weight = base.weight + 2 * (base.head == "sum")
        if isinstance(exponent, Term):
            weight += exponent.weight + 4
        elif abs(exponent) != 1:
            weight += 3 if exponent.denominator == 1 else 6 if abs(exponent) == HALF else 5
            weight += 2 * (exponent.denominator > 2 or abs(exponent) > 1) * (base.head == "product")
        weights.append(weight)
    turns = any(f.base.head == "sum" and f.exponent == 1 and min(f.base.data) < 0 for f in factors)
    negative = coefficient < 0 and not turns  # -(x - y) is y - x
    if turns and len(factors) == 1 and coefficient == -1 and not summed:
        weights = [factors[0].base.weight]
    below = sum(not isinstance(f.exponent, Term) and f.exponent < 0 for f in factors)
    bare = below == len(factors) and coefficient.numerator in (1, -1)
    below += coefficient.denominator != 1
    weight = sum(weights) + len(weights) - 1 + negative + 2 * (below > 1) + 2 * bare
    counts = Counter(n for factor in factors for n in set(factor.labels) if n >= len(shape))
    weight += 5 * sum(
        any(counts[n] == 1 for n in factor.labels if n >= len(shape)) for factor in factors
    )  # sum()
    kind = "f"
    if coefficient.denominator == 1 and all(is_count(f) for f in factors):
        masks = all(f.base.kind == "b" for f in factors)
        kind = "b" if masks and factors and coefficient == 1 and not summed else "i"
    return kind, weight


def measure_of_sum(args: Sequence[Term], coefficients: Sequence[Fraction]) -> tuple[str, int]:
    """The kind of a sum's numbers, and about how long its text is."""
    weight = len(args) - 1
    for arg, c in zip(args, coefficients, strict=True):
        above, below = abs(c.numerator), c.denominator
        weight += arg.weight + sum(len(str(n)) + 1 for n in (above, below) if n != 1)
    exact = all(arg.kind != "f" for arg in args) and all(c.denominator == 1 for c in coefficients)
    return "i" if exact else "f", weight


def exponent_sum(algebra: Any, a: Exponent, b: Exponent) -> Exponent:
    """What a product of powers of one term is raised to."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a + b
    total = algebra.plus(*(algebra.number(e) if isinstance(e, Fraction) else e for e in (a, b)))
    result: Exponent = total.data if total.head == "number" else total
    return result


def gathered(algebra: Any, factors: Iterable[Factor]) -> list[Factor]:
    """Powers of one term as one: sum(w)**-2 * sum(w) before either is looked into."""
    found: dict[tuple[Term, Labels], Exponent] = {}
    for base, exponent, labels in factors:
        held = found.get((base, labels))
        found[base, labels] = exponent if held is None else exponent_sum(algebra, held, exponent)
    return [Factor(base, exponent, labels) for (base, labels), exponent in found.items()]
