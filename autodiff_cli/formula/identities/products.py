"""Rules about the factors of a product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.products import transposed
from autodiff_cli.formula.reading.reductions import centred, previous_of
from autodiff_cli.formula.reading.shapes import selected
from autodiff_cli.formula.rules import rule
from autodiff_cli.formula.terms import ONE, UNIT, Factor, Product, Term, identity

HALF = Fraction(1, 2)


def _replaced(
    a: Algebra,
    product: Product,
    gone: Sequence[Factor],
    new: Sequence[Factor],
    times: Fraction = ONE,
) -> Term:
    kept = [factor for factor in product.factors if factor not in gone]
    return a.product(product.coefficient * times, [*kept, *new], product.shape, product.summed)


def _without_label(
    a: Algebra, product: Product, factors: Sequence[Factor], label: int, times: Fraction = ONE
) -> Term:
    """A product of other factors, a summed label being one that nothing has any more."""
    summed = list(product.summed)
    summed[label - product.rank] = 1
    return a.product(product.coefficient * times, factors, product.shape, summed)


@rule("exponential below a line", "product", example="1/exp(x)")
def _exp_below(a: Algebra, product: Product) -> Term | None:
    for factor in product.factors:
        base, exponent, labels = factor
        if base.name == "exp" and isinstance(exponent, Fraction) and exponent < 0:
            if exponent.denominator != 1:
                continue
            inverse = a.each("exp", [a.scaled(base.args[0], -1)])
            return _replaced(a, product, [factor], [Factor(inverse, -exponent, labels)])
    return None


@rule("product of exponentials", "product", example="exp(x)*exp(-x)*x")
def _exps(a: Algebra, product: Product) -> Term | None:
    """exp(u)*exp(v) is exp(u + v), where that is simpler"""
    found = [
        f for f in product.factors if f.base.name == "exp" and isinstance(f.exponent, Fraction)
    ]
    for at, one in enumerate(found):
        for two in found[at + 1 :]:
            if one.labels != two.labels or one.exponent != two.exponent:
                continue
            total = a.plus(one.base.args[0], two.base.args[0])
            least = min(one.base.args[0].weight, two.base.args[0].weight)
            if not parts_of(total).factors or total.weight < least:
                whole = a.each("exp", [total])
                return _replaced(a, product, [one, two], [Factor(whole, one.exponent, one.labels)])
    return None


@rule("sigmoid", "product", example="1/(1 + exp(-x))")
def _sigmoid(a: Algebra, product: Product) -> Term | None:
    """1/(1 + exp(u)) is sigmoid(-u); exp(u)*sigmoid(-u) is sigmoid(u)"""
    for factor in product.factors:
        base, exponent, labels = factor
        if base.head != "sum" or base.data != (1, 1) or a.one not in base.args:
            continue
        rest = base.args[1 - base.args.index(a.one)]
        if rest.name != "exp" or not isinstance(exponent, Fraction) or exponent.denominator != 1:
            continue
        whole = a.each("sigmoid", [a.scaled(rest.args[0], -1)])
        inverse = [f for f in product.factors if f.base is whole and f.labels == labels]
        if exponent < 0 or (inverse and _is_positive(inverse[0].exponent)):
            return _replaced(a, product, [factor], [Factor(whole, -exponent, labels)])
    for factor in product.factors:
        base, exponent, labels = factor
        if base.name != "exp" or not isinstance(exponent, Fraction) or exponent < 1:
            continue
        turned = a.each("sigmoid", [a.scaled(base.args[0], -1)])
        for other in product.factors:
            if other.base is turned and other.labels == labels and _is_positive(other.exponent):
                assert isinstance(other.exponent, Fraction)
                times = min(exponent, other.exponent)
                whole = a.each("sigmoid", base.args)
                return _replaced(
                    a,
                    product,
                    [factor, other],
                    [
                        Factor(base, exponent - times, labels),
                        Factor(turned, other.exponent - times, labels),
                        Factor(whole, times, labels),
                    ],
                )
    return None


def _is_positive(exponent: object) -> bool:
    return isinstance(exponent, Fraction) and exponent > 0 and exponent.denominator == 1


# sin/cos is tan, tan*cos is sin: of what, with what, to what, and the sign of the other's power
RATIOS = {
    "sin": ("cos", "tan", -1),
    "sinh": ("cosh", "tanh", -1),
    "tan": ("cos", "sin", 1),
    "tanh": ("cosh", "sinh", 1),
}


@rule("tangent", "product", example="log(cosh(x))")
def _tangent(a: Algebra, product: Product) -> Term | None:
    """sin(u)/cos(u), and its inverse; tan(u)*cos(u)"""
    ratios = [factor for factor in product.factors if factor.base.name in RATIOS]
    for factor, other in ((f, o) for f in ratios for o in product.factors):
        base, exponent, labels = factor
        power = other.exponent
        if labels != other.labels or isinstance(exponent, Term):
            continue
        below, whole, sign = RATIOS[base.name]
        if other.base is not a.each(below, base.args) or isinstance(power, Term):
            continue
        if exponent * power * sign > 0 and (exponent == -power or exponent > 0 or sign > 0):
            times = min(exponent, power * sign, key=abs)
            new = [
                Factor(base, exponent - times, labels),
                Factor(other.base, power - times * sign, labels),
                Factor(a.each(whole, base.args), times, labels),
            ]
            return _replaced(a, product, [factor, other], new)
    return None


@rule("softmax of exponentials", "product", example="log(mean(exp(x), 1))")
def _softmax(a: Algebra, product: Product) -> Term | None:
    """exp(u)/sum(exp(u))"""
    for factor in product.factors:
        base, exponent, labels = factor
        if base.head != "product" or exponent != -1 or len(base.data[1]) != 1:
            continue
        inner = parts_of(base)
        power, times, own = inner.factors[0]
        if power.name != "exp" or times != 1 or inner.coefficient != 1 or len(inner.summed) != 1:
            continue
        dim = own.index(inner.rank) if inner.rank in own else 0
        kept = dict(enumerate(labels))
        for other in product.factors:
            if other.base is not power or other.exponent != 1 or UNIT in own:
                continue
            if any(kept.get(n, other.labels[at]) != other.labels[at] for at, n in enumerate(own)):
                continue
            whole = a.function("softmax", power.args, power.shape, dim=dim)
            new = Factor(whole, ONE, other.labels)
            return _replaced(a, product, [factor, other], [new])
    return None


@rule("norm", "product", example="sqrt(sum(x**2))")
def _norm(a: Algebra, product: Product) -> Term | None:
    """The root of a sum of squares"""
    for factor in product.factors:
        base, exponent, labels = factor
        if not isinstance(exponent, Fraction) or exponent.denominator != 2:
            continue
        if base.head != "product" or not base.data[2]:
            continue
        inner = parts_of(base)
        if inner.coefficient != 1 or len(inner.factors) != 1:
            continue
        square, power, own = inner.factors[0]
        free = tuple(n for n in own if n < inner.rank)
        if (
            power != 2
            or len(set(own)) != len(own)
            or UNIT in own
            or free != tuple(range(inner.rank))
        ):
            continue
        dims = tuple(at for at, n in enumerate(own) if n >= inner.rank)
        whole = a.function("norm", [square], base.shape, dim=dims, ord=2.0)
        return _replaced(a, product, [factor], [Factor(whole, exponent * 2, labels)])
    return None


@rule("standard deviation", "product", example="sqrt(var(x))")
def _std(a: Algebra, product: Product) -> Term | None:
    """The root of a variance"""
    for factor in product.factors:
        base, power, _ = factor
        if base.name == "var" and isinstance(power, Fraction) and power.denominator == 2:
            whole = a.function("std", base.args, base.shape, **base.params)
            new = factor._replace(base=whole, exponent=power * 2)
            return _replaced(a, product, [factor], [new])
    return None


@rule("layer normalization", "product", example="F.layer_norm(x, (3,))*x")
def _layer_norm(a: Algebra, product: Product) -> Term | None:
    """(x - mean(x))/sqrt(var(x, correction=0) + eps)"""
    for scale in product.factors:
        base, power, labels = scale
        if base.head != "sum" or len(base.args) != 2 or a.one not in base.args:
            continue
        (_, eps), (spread, times) = sorted(base.pairs, key=lambda entry: entry[0] is not a.one)
        if spread.name != "var" or spread.params["correction"] or not 0 < eps / times < 1:
            continue
        (x,), dims = spread.args, spread.params["dim"]
        rank, kept = len(x.shape), len(x.shape) - len(dims)
        number, same, _ = centred(a, x, dims).data
        for other in product.factors if dims == tuple(range(kept, rank)) else ():
            if other.base is not same[0].base or other.labels[:kept] != labels:
                continue
            times_more = other.exponent
            if not isinstance(power, Fraction) or not isinstance(times_more, Fraction):
                continue
            if power > 0 or times_more < 1:
                continue
            normal = a.function("layer_norm", [x], x.shape, count=len(dims), eps=float(eps / times))
            new = [
                scale._replace(exponent=power + HALF),
                other._replace(exponent=times_more - 1),
                Factor(normal, ONE, other.labels),
                Factor(a.number(times), -HALF, ()),
            ]
            return _replaced(a, product, [scale, other], new, 1 / number)
    return None


@rule("mean of what is normalized", "product", example="F.layer_norm(x, (3,)).sum()")
def _normalized(a: Algebra, product: Product) -> Term | None:
    """The sum of normalized values is 0"""
    for base, exponent, labels in product.factors:
        if base.name != "layer_norm" or exponent != 1:
            continue
        own = labels[-base.params["count"] :]
        counts = Counter(n for factor in product.factors for n in factor.labels)
        if all(n >= product.rank and counts[n] == 1 for n in own):
            return a.number(0, product.shape)
    return None


@rule("power of a mask", "product", example="relu(x)**2")
def _mask(a: Algebra, product: Product) -> Term | None:
    """Masks are their own squares, and (x > 0)*relu(x) is relu(x)"""
    for factor in product.factors:
        base, exponent, labels = factor
        if base.kind == "b" and _is_positive(exponent) and exponent != 1:
            return _replaced(a, product, [factor], [factor._replace(exponent=ONE)])
        if base.name not in ("gt", "lt"):
            continue
        over = a.minus(*(base.args if base.name == "gt" else base.args[::-1]))
        core, own = a.core(a.scaled(over, ONE / parts_of(over).coefficient))
        for other in product.factors:
            relu, power, places = other
            if relu.name == "relu" and places == labels and _is_positive(power):
                inner = parts_of(relu.args[0])
                bare = a.scaled(relu.args[0], ONE / inner.coefficient)
                same = parts_of(over).coefficient * inner.coefficient > 0
                if same and a.core(bare) == (core, own) and relu.shape == base.shape:
                    return _replaced(a, product, [factor], [])
    return None


@rule("size and sign", "product", example="abs(x)**3")
def _size(a: Algebra, product: Product) -> Term | None:
    """|x|*sign(x) is x; sign(x)/|x| is 1/x"""
    for factor in product.factors:
        base, exponent, labels = factor
        if base.name != "abs" or not isinstance(exponent, Fraction) or abs(exponent) < 1:
            continue
        sign = Factor(a.each("sign", base.args), ONE, labels)
        if sign in product.factors:
            step = ONE if exponent > 0 else -ONE
            core, own = a.core(base.args[0])
            bare = Factor(base.args[0], step, labels)
            if core is base.args[0] and own == identity(core.shape):
                bare = Factor(core, step, labels)
            return _replaced(
                a, product, [factor, sign], [Factor(base, exponent - step, labels), bare]
            )
    return None


@rule("product of powers", "product", example="x.sum()/(1 + abs(x[0]))**x/2**x")
def _powers(a: Algebra, product: Product) -> Term | None:
    """u**v*u**w is u**(v + w)"""
    found = [
        f for f in product.factors if f.base.name == "pow" and isinstance(f.exponent, Fraction)
    ]
    for at, (one, power, labels) in enumerate(found):
        for other in found[at + 1 :]:
            two, times, own = other
            if one.args[0] is not two.args[0] or labels != own or one.shape != two.shape:
                continue
            total = a.plus(a.scaled(one.args[1], power), a.scaled(two.args[1], times))  # type: ignore[arg-type]
            whole = a.expanded(a.power(one.args[0], total), one.shape)
            return _replaced(a, product, [found[at], other], [Factor(whole, ONE, labels)])
        if power == -1:
            inverse = a.expanded(a.power(one.args[0], a.scaled(one.args[1], -1)), one.shape)
            return _replaced(a, product, [found[at]], [Factor(inverse, ONE, labels)])
    return None


@rule("inverse of a symmetric matrix", "product", example="logdet(x@x.T)")
def _symmetric(a: Algebra, product: Product) -> Term | None:
    """inverse(A).T is inverse(A) where A.T is A"""
    for factor in product.factors:
        base, _, labels = factor
        if base.name != "inverse" or labels[-2:] == tuple(sorted(labels[-2:])):
            continue
        if transposed(a, base.args[0]) is base.args[0]:
            turned = factor._replace(labels=(*labels[:-2], labels[-1], labels[-2]))
            return _replaced(a, product, [factor], [turned])
    return None


@rule("inverse of a product", "product", example="det(x[:, :2]@x[:, 1:])")
def _inverse(a: Algebra, product: Product) -> Term | None:
    """inverse(A@X)@A is inverse(X), and X@inverse(A@X) is inverse(A)"""
    for factor in product.factors:
        whole = parts_of(factor.base.args[0]) if factor.base.name == "inverse" else None
        if whole is None or factor.exponent != 1 or whole.rank != 2 or len(whole.factors) != 2:
            continue
        for inner, rest in (whole.factors, whole.factors[::-1]):
            link = set(inner.labels) & set(rest.labels)
            side = 0 if 0 in inner.labels else 1
            if len(link) != 1 or set(inner.labels) | set(rest.labels) != {0, 1, 2}:
                continue
            shared = factor.labels[1 - side]  # which the inverse has with the factor
            for other in product.factors:
                if (
                    other.base is not inner.base
                    or {other.exponent, inner.exponent, rest.exponent} != {ONE}
                    or other.labels[inner.labels.index(side)] != shared
                    or shared < product.rank
                    or sum(shared in f.labels for f in product.factors) != 2
                    or inner.base.shape[0] != inner.base.shape[1]
                ):
                    continue
                free = other.labels[inner.labels.index(2)]
                turned = rest.labels.index(2) != side
                core = transposed(a, rest.base) if turned else rest.base
                made = a.function("inverse", [core], core.shape)
                labels = (factor.labels[0], free) if side == 0 else (free, factor.labels[1])
                kept = [f for f in product.factors if f not in (factor, other)]
                kept.append(Factor(made, ONE, labels))
                return _without_label(a, product, kept, shared, 1 / whole.coefficient)
    return None


@rule("sum of a one-hot row", "product", example="F.cross_entropy(x, tensor([0, 2]))")
def _hot(a: Algebra, product: Product) -> Term | None:
    for factor in product.factors:
        if factor.base.name != "one_hot" or factor.exponent != 1:
            continue
        label = factor.labels[-1]
        if label < product.rank or any(
            label in other.labels for other in product.factors if other is not factor
        ):
            continue
        kept = [f for f in product.factors if f is not factor]
        return _without_label(a, product, kept, label)
    return None


@rule("one index", "product", example="softmax(x, 0)[0]")
def _unit(a: Algebra, product: Product) -> Term | None:
    """The sum over an index of what is 0 but for one of it"""
    for factor in product.factors:
        if factor.base.name != "unit" or factor.exponent != 1:
            continue
        (label,) = factor.labels
        if label < product.rank:
            continue
        index = factor.base.params["index"]
        kept = []
        for other in product.factors:
            if other is factor:
                continue
            if label in other.labels:
                if other.labels.count(label) > 1 or isinstance(other.exponent, Term):
                    return None
                axis = other.labels.index(label)
                labels = other.labels[:axis] + other.labels[axis + 1 :]
                other = Factor(selected(a, other.base, axis, index), other.exponent, labels)
            kept.append(other)
        return _without_label(a, product, kept, label)
    return None


@rule("running product", "product", example="x.cumprod(0)", guarded=True)
def _running(a: Algebra, product: Product) -> Term | None:
    """Each element's predecessor over it, in a running product, is one over the factor"""
    for factor in product.factors:
        base, exponent, labels = factor
        if base.name != "cat" or exponent != 1:
            continue
        y = previous_of(a, base, a.one, base.params["dim"])
        if y is None or y.name != "cumprod" or y.params["dim"] != base.params["dim"]:
            continue
        below = Factor(y, -ONE, labels)
        if below in product.factors:
            a.rules.require(y.args[0], "!=", "running product")
            return _replaced(a, product, [factor, below], [Factor(y.args[0], -ONE, labels)])
    return None


@rule("sum of a sum", "product", example="((x - x.mean())**2).sum()")
def _distributed(a: Algebra, product: Product) -> Term | None:
    """A sum over an index of a sum, where little is left of it: sum(x - mean(x)) is 0"""
    rank = product.rank
    for factor in product.factors if product.summed else ():
        base, exponent, labels = factor
        if base.head != "sum" or exponent != 1:
            continue
        elsewhere = {n for other in product.factors if other is not factor for n in other.labels}
        gone = [n for n in dict.fromkeys(labels) if n >= rank and n not in elsewhere]
        if not gone or len(set(labels)) != len(labels):
            continue
        free = [n for n in labels if n not in gone and n != UNIT]
        places = {n: at for at, n in enumerate([*free, *gone])} | {UNIT: UNIT}
        own = tuple(places[n] for n in labels)
        sizes = {n: base.shape[labels.index(n)] for n in (*free, *gone)}
        shape = tuple(sizes[n] for n in free)
        pairs = []
        for arg, c in base.pairs:
            wide = Factor(a.expanded(arg, base.shape), ONE, own)
            pairs.append((a.product(ONE, [wide], shape, [sizes[n] for n in gone]), c))
        total = a.sum(pairs, shape)
        if parts_of(total).factors:
            continue
        kept = [other for other in product.factors if other is not factor]
        summed = [1 if rank + at in gone else n for at, n in enumerate(product.summed)]
        kept.append(Factor(total, ONE, tuple(free)))
        return a.product(product.coefficient, kept, product.shape, summed)
    return None
