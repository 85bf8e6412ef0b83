"""Attempts at a shorter form of a sum: common factors, one fraction, like terms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, permutations

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.terms import (
    ONE,
    Exponent,
    Factor,
    Labels,
    Product,
    Term,
    number_power,
    relabelled,
)

MANY_TERMS = 40  # of a numerator that is multiplied out
HIGHEST = 4  # power that is
MOST_SUMMED, MOST_SHARING = 3, 8  # labels, and products that are compared
MATRIX = 2  # labels
HALF = Fraction(1, 2)


def aligned(a: Algebra, arg: Term, rank: int) -> Product:
    """A sum's term as a product whose labels are those of the sum's axes."""
    product = parts_of(arg)
    lead = rank - product.rank
    factors = tuple(
        factor._replace(labels=tuple(n + lead if n >= 0 else n for n in factor.labels))
        for factor in product.factors
    )
    return product._replace(factors=factors)


def _common(
    a: Algebra, products: Sequence[Product], rank: int
) -> dict[tuple[Term, Labels], Exponent]:
    """Powers that all products have; of u**v and u**(v + 1) the shorter one."""
    found: dict[tuple[Term, Labels], Exponent] = {}
    for base, exponent, labels in products[0].factors:
        if all(n < rank for n in labels):
            found[base, labels] = exponent
    for product in products[1:]:
        own = {(f.base, f.labels): f.exponent for f in product.factors}
        for key, exponent in list(found.items()):
            other = own.get(key)
            if isinstance(exponent, Fraction) and isinstance(other, Fraction):
                if exponent * other > 0:
                    found[key] = min(exponent, other, key=abs)
                    continue
            elif isinstance(exponent, Term) and isinstance(other, Term):
                if a.minus(exponent, other).head == "number":
                    found[key] = min(exponent, other, key=lambda e: e.weight)
                    continue
            del found[key]
    return found


def factored(a: Algebra, term: Term) -> Term | None:
    """x*y + x*z as x*(y + z)."""
    rank = len(term.shape)
    products = [aligned(a, arg, rank) for arg in term.args]
    common = _common(a, products, rank)
    if any(f.base.name == "eye" for product in products for f in product.factors):
        # a diagonal stays one: diag(x) - outer(x, y)
        common = {key: exponent for key, exponent in common.items() if not key[1]}
    if not common:
        return None
    return _taken_out(a, term, products, common)


def _taken_out(
    a: Algebra, term: Term, products: Sequence[Product], common: dict[tuple[Term, Labels], Exponent]
) -> Term:
    below = [
        Factor(b, -e if isinstance(e, Fraction) else a.scaled(e, -1), n)
        for (b, n), e in common.items()
    ]
    pairs = []
    for product, c in zip(products, term.data, strict=True):
        lead = len(term.shape) - product.rank
        shape = (*term.shape[:lead], *product.shape)
        rest = a.product(ONE, [*product.factors, *below], shape, product.summed)
        pairs.append((rest, c))
    inner = a.sum(pairs, term.shape)
    own = [Factor(b, e, n) for (b, n), e in common.items()]
    whole = Factor(inner, ONE, tuple(range(len(term.shape))))
    return a.product(ONE, [*own, Factor(inner, ONE, _units(inner, whole.labels))], term.shape)


def _units(term: Term, labels: Labels) -> Labels:
    return tuple(-1 if size == 1 else n for size, n in zip(term.shape, labels, strict=True))


def grouped(a: Algebra, term: Term) -> Term | None:
    """x*y + x*z + w as x*(y + z) + w: the factor that most terms have."""
    if len(term.args) < 3 or len(term.args) > 12:
        return None
    rank = len(term.shape)
    products = [aligned(a, arg, rank) for arg in term.args]
    counts: dict[tuple[Term, Labels], list[int]] = {}
    for at, product in enumerate(products):
        for base, exponent, labels in product.factors:
            if isinstance(exponent, Fraction) and all(n < rank for n in labels):
                counts.setdefault((base, labels), []).append(at)
    several = [group for group in counts.values() if 1 < len(group) < len(products)]
    best = None
    for group in sorted(several, key=len, reverse=True)[:4]:
        chosen = a.sum([(term.args[at], term.data[at]) for at in group], term.shape)
        product = parts_of(chosen)
        sums = [f.base for f in product.factors if f.base.head == "sum"]
        if len(sums) != 1:
            continue
        inner = factored(a, sums[0])
        if inner is None:
            continue
        made = a.product(
            product.coefficient,
            [f._replace(base=inner) if f.base is sums[0] else f for f in product.factors],
            product.shape,
        )
        rest = [(term.args[at], term.data[at]) for at in range(len(products)) if at not in group]
        whole = a.sum([(made, ONE), *rest], term.shape)
        if best is None or whole.weight < best.weight:
            best = whole
    return best


def shared_sum(a: Algebra, term: Term) -> Term | None:
    """A@x + A.T@x as (A + A.T)@x: two products that sum over the same indices of the same factors."""
    rank = len(term.shape)
    products = [aligned(a, arg, rank) for arg in term.args]
    summing = [at for at, p in enumerate(products) if 0 < len(p.summed) <= MOST_SUMMED]
    best = None
    for one, two in combinations(summing[:MOST_SHARING], 2):
        first, second = products[one], products[two]
        sizes = first.summed
        if sorted(sizes) != sorted(second.summed):
            continue
        for order in permutations(range(len(sizes))):
            if tuple(second.summed[n] for n in order) != sizes:
                continue
            places = {rank + n: rank + at for at, n in enumerate(order)}
            turned = [relabelled(factor, places) for factor in second.factors]
            common = [factor for factor in first.factors if factor in turned]
            if not any(n >= rank for factor in common for n in factor.labels):
                continue
            wide = (*term.shape, *sizes)
            rests = [[f for f in both if f not in common] for both in (first.factors, turned)]
            if not any(_links(f, rank) for f in common) and not all(
                any(_links(f, rank) for f in rest) for rest in rests
            ):
                continue  # x*(x@y) is no outer(x, x)@y
            parts = [a.product(ONE, rest, wide) for rest in rests]
            inner = a.sum(list(zip(parts, (term.data[one], term.data[two]), strict=True)), wide)
            own = Factor(inner, ONE, _units(inner, tuple(range(len(wide)))))
            made = a.product(ONE, [*common, own], term.shape, sizes)
            rest = [e for n, e in enumerate(term.pairs) if n not in (one, two)]
            whole = a.sum([(made, ONE), *rest], term.shape)
            if len({n for f in aligned(a, inner, len(wide)).factors for n in f.labels}) > MATRIX:
                continue
            if best is None or whole.weight < best.weight:
                best = whole
    return best


def _links(factor: Factor, rank: int) -> bool:
    """Whether a factor is a matrix, of what is summed and what isn't."""
    return {n >= rank for n in factor.labels if n >= 0} == {True, False}


def chosen(a: Algebra, term: Term) -> Term | None:
    """f*(x > y) + g*(x <= y) as where(x > y, f, g)."""
    rank = len(term.shape)
    products = [aligned(a, arg, rank) for arg in term.args]
    masks = [
        [f for f in product.factors if f.base.kind == "b" and f.exponent == 1]
        for product in products[:MOST_SHARING]
    ]
    for one, two in combinations(range(len(masks)), 2):
        for mask, other in ((m, o) for m in masks[one] for o in masks[two]):
            turned = a.each("logical_not", [other.base], "b")
            if mask.labels != other.labels or turned is not mask.base or products[one].summed:
                continue
            if products[two].summed or mask.labels != tuple(range(rank)):
                continue
            parts = [
                a.product(term.data[at], [f for f in products[at].factors if f != gone], term.shape)
                for at, gone in ((one, mask), (two, other))
            ]
            whole = a.expanded(a.each("where", [mask.base, *parts]), term.shape)
            rest = [e for n, e in enumerate(term.pairs) if n not in (one, two)]
            return a.sum([(whole, ONE), *rest], term.shape)
    return None


def collected(a: Algebra, term: Term) -> Term | None:
    """y*(s - 1) + (1 - y)*s as s - y: all multiplied out, and like terms together."""
    if not any(b.head == "sum" for arg in term.args if arg.head == "product" for b in arg.args):
        return None
    pairs: list[tuple[Term, Fraction]] = []
    for arg, c in term.pairs:
        wide = a.expanded(arg, term.shape)
        parts = [(wide, ONE)] if parts_of(arg).summed else multiplied_out(a, wide)
        if parts is None or len(pairs) + len(parts) > MANY_TERMS:
            return None
        pairs += [(part, c * times) for part, times in parts]
    made = a.sum(pairs, term.shape)
    return made if made.weight < term.weight else None


def squared(a: Algebra, term: Term) -> Term | None:
    """x**2 - 2*x*y + y**2 as (x - y)**2."""
    known = dict(term.pairs)
    if not 3 <= len(known) <= MANY_TERMS:
        return None
    roots = [(arg, _root(a, arg), c) for arg, c in known.items()]
    for (one, p, c), (two, q, d) in combinations(roots, 2):
        if p is None or q is None or c * d <= 0:
            continue
        size = number_power(ONE, d / c, HALF)
        cross = a.times(p, q)
        times = known.get(cross)
        if size[1] or times is None or abs(times) != abs(2 * c * size[0]):
            continue
        whole = a.power(a.sum([(p, ONE), (q, size[0] if times * c > 0 else -size[0])]), Fraction(2))
        rest = [(arg, n) for arg, n in known.items() if arg not in (one, two, cross)]
        return a.sum([(whole, c), *rest], term.shape)
    return None


def _root(a: Algebra, term: Term) -> Term | None:
    """What a term is the square of, without a root."""
    product = parts_of(term)
    factors = []
    for base, exponent, labels in product.factors:
        if isinstance(exponent, Term) or (exponent / 2).denominator != 1:
            return None
        factors.append(Factor(base, exponent / 2, labels))
    return None if product.summed else a.product(ONE, factors, product.shape)


def together(a: Algebra, term: Term) -> Term | None:
    """1/(x + 1) - x/(x + 1)**2 as 1/(x + 1)**2: one fraction, its numerator multiplied out."""
    rank = len(term.shape)
    products = [aligned(a, arg, rank) for arg in term.args]
    below: dict[tuple[Term, Labels], Fraction] = {}
    for product in products:
        for base, exponent, labels in product.factors:
            if not isinstance(exponent, Fraction) or exponent >= 0:
                continue
            if any(n >= rank for n in labels):
                continue
            key = base, labels
            below[key] = max(below.get(key, Fraction(0)), -exponent)
    if not below:
        return None
    factors = [Factor(base, exponent, labels) for (base, labels), exponent in below.items()]
    pairs: list[tuple[Term, Fraction]] = []
    for product, c in zip(products, term.data, strict=True):
        lead = rank - product.rank
        shape = (*term.shape[:lead], *product.shape)
        whole = a.product(c, [*product.factors, *factors], shape, product.summed)
        expanded = multiplied_out(a, whole)
        if expanded is None:
            return None
        pairs += expanded
    numerator = _best_numerator(a, a.sum(pairs, term.shape))
    inverse = [Factor(base, -exponent, labels) for (base, labels), exponent in below.items()]
    over = Factor(numerator, ONE, _units(numerator, tuple(range(rank))))
    return a.product(ONE, [over, *inverse], term.shape)


def _best_numerator(a: Algebra, term: Term) -> Term:
    product = parts_of(term)
    sums = [f for f in product.factors if f.base.head == "sum" and f.exponent == 1]
    if len(sums) != 1:
        return term
    made = factored(a, sums[0].base)
    if made is None:
        return term
    return a.product(
        product.coefficient,
        [f._replace(base=made) if f is sums[0] else f for f in product.factors],
        product.shape,
        product.summed,
    )


def multiplied_out(a: Algebra, term: Term) -> list[tuple[Term, Fraction]] | None:
    """A product's terms when its sums are multiplied out; None if there would be many."""
    product = parts_of(term)
    if term.head == "sum":
        return [(a.expanded(t, term.shape), c) for t, c in term.pairs]
    rest: list[Factor] = []
    sums: list[Factor] = []
    for factor in product.factors:
        exponent = factor.exponent
        if (
            factor.base.head == "sum"
            and isinstance(exponent, Fraction)
            and exponent.denominator == 1
            and 0 < exponent <= HIGHEST
        ):
            sums += [factor._replace(exponent=ONE)] * int(exponent)
        else:
            rest.append(factor)
    partial: list[tuple[Fraction, list[Factor]]] = [(product.coefficient, rest)]
    for base, _, labels in sums:
        if len(partial) * len(base.args) > MANY_TERMS:
            return None
        partial = [
            (c * times, [*factors, Factor(a.expanded(arg, base.shape), ONE, labels)])
            for c, factors in partial
            for arg, times in base.pairs
        ]
    return [(a.product(ONE, factors, product.shape, product.summed), c) for c, factors in partial]
