"""The last look at terms: common factors outside, one fraction instead of several, where that is shorter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.elementwise import ELEMENTWISE
from autodiff_cli.formula.terms import ONE, Exponent, Factor, Labels, Product, Term, broadcast

ROUNDS = 4
MANY_TERMS = 40  # of a numerator that is multiplied out
HIGHEST = 4  # power that is
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
    found: set[Term] = set()
    waiting = list(outputs)
    while waiting:
        term = waiting.pop()
        if term not in found:
            found.add(term)
            waiting += term.args
    return sorted((term for term in found if term.head == "sum"), key=lambda t: t.number)


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
        return a.product(product.coefficient, factors, product.shape, product.summed)
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


def aligned(a: Algebra, arg: Term, rank: int) -> Product:
    """A sum's term as a product whose labels are those of the sum's axes."""
    product = parts_of(arg)
    lead = rank - product.rank
    factors = tuple(
        factor._replace(labels=tuple(n + lead if n >= 0 else n for n in factor.labels))
        for factor in product.factors
    )
    return product._replace(factors=factors)


def _common(products: Sequence[Product], rank: int) -> dict[tuple[Term, Labels], Exponent]:
    """Powers that all products have."""
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
            elif other is exponent:
                continue
            del found[key]
    return found


def factored(a: Algebra, term: Term) -> Term | None:
    """x*y + x*z as x*(y + z)."""
    rank = len(term.shape)
    products = [aligned(a, arg, rank) for arg in term.args]
    common = _common(products, rank)
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
    """A@x + A.T@x as (A + A.T)@x: products that sum over the same index of the same factor."""
    rank = len(term.shape)
    products = [parts_of(arg) for arg in term.args]
    if any(p.shape != term.shape or len(p.summed) != 1 for p in products):
        return None
    if len({p.summed for p in products}) != 1:
        return None
    for base, exponent, labels in products[0].factors:
        if rank not in labels or labels.count(rank) > 1:
            continue
        shared = Factor(base, exponent, labels)
        if not all(shared in p.factors for p in products):
            continue
        wide = (*term.shape, products[0].summed[0])
        pairs = [
            (a.product(ONE, [f for f in p.factors if f != shared], wide), c)
            for p, c in zip(products, term.data, strict=True)
        ]
        inner = a.sum(pairs, wide)
        own = Factor(inner, ONE, _units(inner, tuple(range(rank + 1))))
        return a.product(ONE, [shared, own], term.shape, products[0].summed)
    return None


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
        return [(a.expanded(t, term.shape), c) for t, c in zip(term.args, term.data, strict=True)]
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
            for arg, times in zip(base.args, base.data, strict=True)
        ]
    return [(a.product(ONE, factors, product.shape, product.summed), c) for c, factors in partial]


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
    return a.product(product.coefficient, kept, product.shape, product.summed)


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
            return a.product(product.coefficient, rest, product.shape, product.summed)
    return None


ATTEMPTS = {"sum": (factored, shared_sum, together, grouped), "product": (cleared, conjugate)}
