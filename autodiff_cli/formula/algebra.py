"""Makes terms: every product and sum in its normal form, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from autodiff_cli.formula.normal import (
    DEGREES,
    contracted,
    exponent_sum,
    gathered,
    measure_of_product,
    measure_of_sum,
    ordered,
    parts_of,
    signed_alike,
)
from autodiff_cli.formula.numbers import bounded
from autodiff_cli.formula.terms import (
    LARGEST_RATIO,
    MANY_FACTORS,
    MANY_SUMMANDS,
    ONE,
    UNIT,
    ZERO,
    Exponent,
    Factor,
    Labels,
    Product,
    Shape,
    Term,
    broadcast,
    common_divisor,
    digits,
    identity,
    is_whole,
    number_power,
    placed_labels,
    relabelled,
)


class Algebra:
    """Makes terms, and knows those that it made.

    Args:
        rules: rewrites a product or sum that has its normal form; see `identities`.
        sizes: numbers that have names.
    """

    def __init__(self, rules: Any = None, sizes: Sequence[int] = ()) -> None:
        self.sizes = sizes
        self.known: dict[Any, Term] = {}
        self.rules = rules
        self.one = self.number(1)
        self.zero = self.number(0)

    def _made(
        self, head: str, args: tuple[Term, ...], data: Any, shape: Shape, kind: str, weight: int
    ) -> Term:
        key = head, args, data, shape, kind
        term = self.known.get(key)
        if term is None:
            term = self.known[key] = Term(head, args, data, shape, kind, len(self.known), weight)
        return term

    # ---- what has no parts ----------------------------------------------------------------------

    def number(self, value: Fraction | int, shape: Shape = ()) -> Term:
        """A number, repeated to a shape."""
        value = Fraction(value)
        if shape:
            return self.product(value, [], shape)
        kind = "i" if value.denominator == 1 else "f"
        return self._made("number", (), value, (), kind, digits(value))

    def leaf(self, name: str, shape: Shape, kind: str = "f", weight: int | None = None) -> Term:
        return self._made("leaf", (), name, shape, kind, len(name) if weight is None else weight)

    def function(
        self,
        name: str,
        args: Sequence[Term],
        shape: Shape,
        kind: str = "f",
        /,
        **params: Any,
    ) -> Term:
        """A function of whole arrays; a number before what it is linear in stands before it."""
        if name in DEGREES and args[0].head == "product" and not params.get("value"):
            number, factors, summed = args[0].data
            if number not in (0, 1):
                core = self.product(ONE, factors, args[0].shape, summed)
                whole = self.function(name, [core, *args[1:]], shape, kind, **params)
                return self.scaled(whole, number ** DEGREES[name])
        weight = len(name) + 2 + sum(arg.weight + 1 for arg in args) + 3 * len(params)
        data = name, tuple(sorted(params.items()))
        return self._made("function", tuple(args), data, shape, kind, weight)

    def each(self, name: str, args: Sequence[Term], kind: str = "f", /, **params: Any) -> Term:
        """A function of each element of arrays that are broadcast; repeats none of them.

        Along what all of them are repeated, the result is.
        """
        shape = broadcast(arg.shape for arg in args)
        if len(args) == 1:
            core, labels = self.core(args[0])
            whole = self._each(name, [core], core.shape, kind, params)
            return self.product(ONE, [Factor(whole, ONE, labels)], shape)
        small = [self.lowered(arg) for arg in args]
        own = broadcast(arg.shape for arg in small)
        return self.expanded(self._each(name, small, own, kind, params), shape)

    def _each(
        self, name: str, args: Sequence[Term], shape: Shape, kind: str, params: Mapping[str, Any]
    ) -> Term:
        term = self.function(name, args, shape, kind, **params)
        return self.rules.of_function(self, term) if self.rules is not None else term

    # ---- shapes ---------------------------------------------------------------------------------

    def core(self, term: Term) -> tuple[Term, Labels]:
        """The smallest term of which this one is a repetition in another order of axes, and its labels."""
        if term.head != "product":
            return term, identity(term.shape)
        product = parts_of(term)
        if not product.summed and product.coefficient == 1 and len(product.factors) == 1:
            base, exponent, labels = product.factors[0]
            if exponent == 1:
                return base, labels
        used = sorted(label for label in product.labels() if label < product.rank)
        if len(used) == product.rank:
            return term, identity(term.shape)
        shape = tuple(product.shape[label] for label in used)
        places = {label: at for at, label in enumerate(used)}
        for at in range(len(product.summed)):
            places[product.rank + at] = len(used) + at
        small = self._moved(product, places, shape)
        return small, tuple(used)

    def lowered(self, term: Term) -> Term:
        """What broadcasts to a term: without repetition, and without leading axes of size 1."""
        if term.head != "product":
            lead = 0
            while lead < len(term.shape) and term.shape[lead] == 1:
                lead += 1
            if not lead:
                return term
            return self.placed(
                term,
                tuple(UNIT if size == 1 else axis - lead for axis, size in enumerate(term.shape)),
                term.shape[lead:],
            )
        product = parts_of(term)
        used = product.labels()
        sizes = [size if axis in used else 1 for axis, size in enumerate(product.shape)]
        lead = 0
        while lead < len(sizes) and sizes[lead] == 1:
            lead += 1
        shape = tuple(sizes[lead:])
        if shape == product.shape:
            return term
        places = {label: label - lead for label in used}
        return self._moved(product, places, shape)

    def _moved(self, product: Product, places: Mapping[int, int], shape: Shape) -> Term:
        """A product whose labels are others."""
        factors = [relabelled(factor, places) for factor in product.factors]
        return self.product(product.coefficient, factors, shape, product.summed)

    def placed(self, term: Term, labels: Labels, shape: Shape, summed: Sequence[int] = ()) -> Term:
        """A term with its axes where `labels` say."""
        labels = tuple(
            UNIT if size == 1 else label for size, label in zip(term.shape, labels, strict=True)
        )
        return self.product(ONE, [Factor(term, ONE, labels)], shape, summed)

    def expanded(self, term: Term, shape: Shape) -> Term:
        """A term repeated as broadcasting does."""
        if term.shape == shape:
            return term
        lead = len(shape) - len(term.shape)
        return self.placed(term, tuple(range(lead, len(shape))), shape)

    # ---- products -------------------------------------------------------------------------------

    def times(self, *terms: Term) -> Term:
        """The product of terms that are broadcast."""
        shape = broadcast(term.shape for term in terms)
        rank = len(shape)
        factors = [
            Factor(
                term,
                ONE,
                tuple(
                    UNIT if size == 1 else rank - len(term.shape) + axis
                    for axis, size in enumerate(term.shape)
                ),
            )
            for term in terms
        ]
        return self.product(ONE, factors, shape)

    def scaled(self, term: Term, number: Fraction | int) -> Term:
        if number == 1:
            return term
        return self.times(self.number(Fraction(number)), term)

    def power(self, base: Term, exponent: Exponent) -> Term:
        """A power; an exponent that is a term has the base's shape, or none."""
        if isinstance(exponent, Term):
            exponent = self.lowered(exponent)
            if exponent.head == "number":
                exponent = exponent.data
        if isinstance(exponent, Term) and exponent.shape:
            shape = broadcast((base.shape, exponent.shape))
            low = self.lowered(base)
            kind = "f" if "f" in (low.kind, exponent.kind) else "i"
            whole = self.function(
                "pow", [low, exponent], broadcast((low.shape, exponent.shape)), kind
            )
            return self.expanded(whole, shape)
        core, labels = self.core(base)
        return self.product(ONE, [Factor(core, exponent, labels)], base.shape)

    def product(
        self,
        coefficient: Fraction,
        factors: Iterable[Factor],
        shape: Shape,
        summed: Sequence[int] = (),
    ) -> Term:
        """A product in its normal form.

        Args:
            coefficient: a number.
            factors: powers of terms.
            shape: of the result.
            summed: sizes of the summed labels, which follow those of the result.
        """
        rank = len(shape)
        sizes: dict[int, int] = dict(enumerate((*shape, *summed)))
        fresh = rank + len(summed)
        merged: dict[tuple[Term, Labels], Exponent] = {}
        waiting = gathered(self, factors)[::-1]
        room = max(MANY_FACTORS, len(waiting))
        while waiting:
            base, exponent, labels = waiting.pop()
            if exponent == 0:
                continue
            numeric = isinstance(exponent, Fraction)
            if base.head == "number" and numeric:
                assert isinstance(exponent, Fraction)
                coefficient, rest = number_power(coefficient, base.data, exponent)
                for value, part in rest:
                    root = self.number(value), ()
                    merged[root] = exponent_sum(self, merged.get(root, ZERO), part)
                continue
            if base.head == "product":
                inner = parts_of(base)
                whole = numeric and exponent.denominator == 1  # type: ignore[union-attr]
                small = len(inner.factors) + len(waiting) + len(merged) <= room
                if whole and small and (exponent == 1 or not inner.summed):
                    assert isinstance(exponent, Fraction)
                    if inner.coefficient == 0 and exponent < 0:
                        merged[base, labels] = exponent_sum(
                            self, merged.get((base, labels), ZERO), exponent
                        )
                        continue
                    coefficient *= inner.coefficient**exponent.numerator
                    places = dict(enumerate(labels))
                    for at, size in enumerate(inner.summed):
                        places[inner.rank + at] = fresh
                        sizes[fresh] = size
                        fresh += 1
                    for one, power, own in inner.factors:
                        raised: Exponent = (
                            power * exponent
                            if isinstance(power, Fraction)
                            else (power if exponent == 1 else self.scaled(power, exponent))
                        )
                        waiting.append(Factor(one, raised, tuple(placed_labels(places, own))))
                    continue
                if inner.coefficient not in (0, 1) and (whole or inner.coefficient > 0) and numeric:
                    waiting.append(
                        Factor(
                            self.product(ONE, inner.factors, inner.shape, inner.summed),
                            exponent,
                            labels,
                        )
                    )
                    waiting.append(Factor(self.number(inner.coefficient), exponent, ()))
                    continue
            if UNIT in labels and base.head != "function" and base.head != "leaf":
                # an axis of size 1 is none
                base, labels = self._squeezed(base, labels)
                waiting.append(Factor(base, exponent, labels))
                continue
            key = base, labels
            held = merged.get(key)
            merged[key] = exponent if held is None else exponent_sum(self, held, exponent)
        coefficient = bounded(signed_alike(merged, coefficient))
        if coefficient == 0:
            return self._zero(shape)
        kept = [
            Factor(base, exponent, labels)
            for (base, labels), exponent in merged.items()
            if exponent != 0
        ]
        again = [f for f in kept if f.base.head == "number" and is_whole(f)]
        if again:
            return self.product(coefficient, kept, shape, [sizes[n] for n in range(rank, fresh)])
        kept, coefficient = contracted(kept, coefficient, rank, sizes)
        return self._product(coefficient, kept, shape, sizes)

    def _squeezed(self, base: Term, labels: Labels) -> tuple[Term, Labels]:
        kept = [axis for axis, label in enumerate(labels) if label != UNIT]
        places = iter(range(len(kept)))
        own = tuple(UNIT if label == UNIT else next(places) for label in labels)
        shape = tuple(base.shape[axis] for axis in kept)
        product = parts_of(base)
        places_of = {axis: own[axis] for axis in range(len(own))}
        for at in range(len(product.summed)):
            places_of[product.rank + at] = len(shape) + at
        if base.head == "sum":
            terms = [self.placed(self.expanded(arg, base.shape), own, shape) for arg in base.args]
            small = self.sum(list(zip(terms, base.data, strict=True)), shape)
        else:
            small = self._moved(product, places_of, shape)
        return small, tuple(labels[axis] for axis in kept)

    def _zero(self, shape: Shape) -> Term:
        if not shape:
            return self._made("number", (), ZERO, (), "i", 1)
        return self._made("product", (), (ZERO, (), ()), shape, "f", 5)

    def _product(
        self, coefficient: Fraction, kept: list[Factor], shape: Shape, sizes: dict[int, int]
    ) -> Term:
        rank = len(shape)
        if coefficient == 0:
            return self._zero(shape)
        kept, summed = ordered(kept, rank, sizes)
        if not kept and not shape:
            return self.number(coefficient)
        if len(kept) == 1 and coefficient == 1 and not summed:
            base, exponent, labels = kept[0]
            if exponent == 1 and base.shape == shape and labels == identity(shape):
                return base
        if self.rules is not None:
            simpler = self.rules.of_product(self, Product(coefficient, tuple(kept), shape, summed))
            if simpler is not None:
                return simpler  # type: ignore[no-any-return]
        return self.bare_product(Product(coefficient, tuple(kept), shape, summed))

    def bare_product(self, product: Product) -> Term:
        """The term of a product that is as it should be."""
        coefficient, factors, shape, summed = product
        args = [factor.base for factor in factors]
        args += [factor.exponent for factor in factors if isinstance(factor.exponent, Term)]
        kind, weight = measure_of_product(product)
        return self._made(
            "product", tuple(args), (coefficient, factors, summed), shape, kind, weight
        )

    def remade(self, product: Product, factors: Iterable[Factor]) -> Term:
        """A product with other factors."""
        return self.product(product.coefficient, factors, product.shape, product.summed)

    # ---- sums -----------------------------------------------------------------------------------

    def sum(self, pairs: Iterable[tuple[Term, Fraction]], shape: Shape | None = None) -> Term:
        """A sum of terms with coefficients in its normal form: a number times a primitive sum."""
        pairs = list(pairs)
        if shape is None:
            shape = broadcast(term.shape for term, _ in pairs)
        collected: dict[Term, Fraction] = {}
        waiting = pairs[::-1]
        room = max(MANY_SUMMANDS, len(waiting))
        while waiting:
            term, times = waiting.pop()
            if times == 0:
                continue
            term = self.lowered(term)
            if term.head == "sum" and len(term.args) + len(waiting) + len(collected) <= room:
                waiting += [(arg, times * c) for arg, c in term.pairs]
                continue
            if term.head == "number":
                collected[self.one] = collected.get(self.one, ZERO) + times * term.data
                continue
            product = parts_of(term)
            if product.coefficient != 1:
                times *= product.coefficient
                if times == 0:
                    continue
                core = self.product(ONE, product.factors, product.shape, product.summed)
                waiting.append((core, times))
                continue
            collected[term] = collected.get(term, ZERO) + times
        entries = sorted(
            ((term, bounded(c)) for term, c in collected.items() if c != 0),
            key=lambda e: e[0].number,
        )
        if not entries:
            return self.number(0, shape)
        if len(entries) == 1:
            term, times = entries[0]
            return self.expanded(self.scaled(term, times), shape)
        content = reduce(common_divisor, (abs(c) for _, c in entries))
        if max(abs(c) / content for _, c in entries) > LARGEST_RATIO:
            content = ONE  # 1e-5 beside a mean stays what it is
        if entries[0 if entries[0][0] is not self.one else 1][1] < 0:
            content = -content
        own = broadcast(term.shape for term, _ in entries)
        args = tuple(term for term, _ in entries)
        whole = self._sum(args, tuple(c / content for _, c in entries), own)
        return self.expanded(self.scaled(whole, content), shape)

    def _sum(
        self, args: tuple[Term, ...], coefficients: tuple[Fraction, ...], shape: Shape
    ) -> Term:
        if self.rules is not None:
            simpler = self.rules.of_sum(self, args, coefficients, shape)
            if simpler is not None:
                return simpler  # type: ignore[no-any-return]
        return self.bare_sum(args, coefficients, shape)

    def bare_sum(
        self, args: tuple[Term, ...], coefficients: tuple[Fraction, ...], shape: Shape
    ) -> Term:
        """The term of a sum that is as it should be."""
        kind, weight = measure_of_sum(args, coefficients)
        return self._made("sum", args, coefficients, shape, kind, weight)

    def minus(self, a: Term, b: Term) -> Term:
        return self.sum([(a, ONE), (b, -ONE)])

    def plus(self, a: Term, b: Term) -> Term:
        return self.sum([(a, ONE), (b, ONE)])
