"""Terms as expressions: which matrix products, sums and shapes say what a term's labels mean."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.contraction import Piece, contract, positioned
from autodiff_cli.formula.expressions import Book, Expression
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.numbers import is_long
from autodiff_cli.formula.reading.elementwise import ELEMENTWISE
from autodiff_cli.formula.reading.products import transposed
from autodiff_cli.formula.sizes import Sizes
from autodiff_cli.formula.terms import ONE, UNIT, Factor, Term, common_divisor
from autodiff_cli.formula.traits import counted, flips, gives_dtype, is_constant, is_decimal, signs

HALF = Fraction(1, 2)
REDUCTIONS = "logsumexp norm amax amin std var prod argmax argmin".split()
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
LOGIC = {"logical_and": "&", "logical_or": "|", "logical_xor": "^"}


class Writer:
    """Writes terms of one algebra.

    Args:
        algebra: that made them.
        sizes: names of sizes.
        like: names of floating inputs, by shape, whose shape can be taken over.
        expands: whether a number before a sum is multiplied in.
    """

    def __init__(
        self,
        algebra: Algebra,
        sizes: Sizes | None = None,
        like: Mapping[tuple[int, ...], str] | None = None,
        expands: bool = False,
    ) -> None:
        self.algebra = algebra
        self.sizes = sizes or Sizes()
        self.like = dict(like or {})
        self.expands = expands
        self.book = Book(self.sizes.primes.values())
        self.known: dict[Term, Expression] = {}
        self.divisors: dict[Term, Fraction] = {}

    def write(self, term: Term) -> Expression:
        """A term as an expression that broadcasts to it."""
        waiting = [term]
        while waiting:
            top = waiting[-1]
            if top in self.known:
                waiting.pop()
                continue
            missing = [arg for arg in top.args if arg not in self.known]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            self.known[top] = self._write(top)
            self.known[top].scalar |= not top.shape
        return self.known[term]

    def whole(self, term: Term, name: str | None = None) -> Expression:
        """A term as an expression of its very shape, and of floats.

        Args:
            term: what to write.
            name: an input of its shape.
        """
        expression = self.write(term)
        low = self.algebra.lowered(term)
        if is_constant(low):
            name = name or self.like.get(term.shape)
            fill = "zeros" if low is self.algebra.zero else "ones"
            if name:
                filled = self.book.call(f"{fill}_like", self.book.name(name))
            else:
                filled = self.book.call(fill, shape=self._shape(term.shape))
            return filled if fill == "zeros" else self.book.product([filled, expression])
        if term.kind != "f":
            expression = self.book.product([self.book.make("number", (), "1."), expression])
        typed = name or next(iter(self.like.values()), None)
        if typed and not gives_dtype(term):
            expression = self.book.make("typed", (expression,), typed)
        shape = self._shape(term.shape)
        if name and self.written_shape(term) != term.shape and not all(map(str.isdigit, shape)):
            # no sizes have to be taken from shapes
            ones = self.book.call("ones_like", self.book.name(name))
            return self.book.product([expression, ones])
        return self._exact(expression, term)

    def _exact(self, expression: Expression, term: Term) -> Expression:
        shape = self.written_shape(term)
        if shape == term.shape:
            return expression
        if math.prod(shape) == math.prod(term.shape):  # axes of size 1 are missing
            lead = len(term.shape) - len(shape)
            return self.book.make("axes", (expression,), ("None",) * lead + (":",) * len(shape))
        return self.book.make("expand", (expression,), self._shape(term.shape))

    def argument(self, term: Term) -> Expression:
        """An argument of a function of whole arrays."""
        if is_constant(self.algebra.lowered(term)):
            return self.whole(term)
        return self._exact(self.write(term), term)

    def written_shape(self, term: Term) -> tuple[int, ...]:
        """The shape of a term's expression, which broadcasts to the term's."""
        return self.algebra.lowered(term).shape if term.head == "product" else term.shape

    def _shape(self, shape: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.sizes.name_of(size) for size in shape)

    # ---- by head --------------------------------------------------------------------------------

    def _write(self, term: Term) -> Expression:
        if term.head == "number":
            return self.scaled(term.data, [], [])
        if term.head == "leaf":
            return self.book.name(term.data)
        if term.head == "sum":
            return self._sum(term)
        if term.head == "product":
            return self._product(term)
        return self._function(term)

    def scaled(
        self, number: Fraction, above: Sequence[Expression], below: Sequence[Expression]
    ) -> Expression:
        """A number times a quotient."""
        over, under = list(above), list(below)
        if number == 0:
            return self.book.integer(0)
        size = abs(number)
        lone = not over and not under and size.denominator >= 100
        if (lone or size.denominator > 1000) and is_decimal(size) and not self._named(size):
            over.insert(0, self.book.make("number", (), repr(float(size))))
            return self.book.product(over, under, number < 0)
        plain = Fraction(1)
        for value, mine, sign in ((size.numerator, over, 1), (size.denominator, under, -1)):
            up, down, counts = self.sizes.parts(value)
            plain *= Fraction(up, down) ** sign
            for names, less in counts:
                named = self.book.product([self.book.make("size", (), name) for name in names])
                if less:
                    offset = self.book.integer(abs(less)), less > 0
                    named = self.book.sum([(named, False), offset])
                mine.append(named)
        if is_long(plain):
            over.insert(0, self.book.make("number", (), repr(float(plain))))
            plain = ONE
        if plain.numerator != 1:
            over.insert(0, self.book.integer(plain.numerator))
        if plain.denominator != 1:
            under.insert(0, self.book.integer(plain.denominator))
        return self.book.product(over, under, number < 0)

    def _named(self, size: Fraction) -> bool:
        """Whether the names of sizes are in a number."""
        return any(self.sizes.parts(n)[2] for n in (size.numerator, size.denominator))

    def _sum(self, term: Term, divisor: Fraction = ONE) -> Expression:
        """A sum, divided by a number: -1 turns its signs, n makes means of sums."""
        parts = []
        for arg, coefficient in term.pairs:
            number = coefficient / divisor
            expression = self.known[arg]
            if arg is self.algebra.one:
                expression = self.scaled(abs(number), [], [])
                parts.append((expression, number < 0))
                continue
            if arg.head == "product" and arg.kind != "b":
                parts.append((self._product(arg, number), False))
                continue
            mask = arg.kind == "b" and abs(number) == 1  # which can't be subtracted
            over = [self.book.make("number", (), "1.")] if mask else []
            parts.append((self.scaled(abs(number), [*over, expression], []), number < 0))
        return self.book.sum(parts)

    def _divisor(self, term: Term) -> Fraction:
        """By what a sum is divided so that it has means instead of sums, and no common number."""
        known = self.divisors.get(term)
        if known is not None:
            return known
        data = [c * self._scale(arg) for arg, c in term.pairs]
        divisor = reduce(common_divisor, map(abs, data)) if data != [*term.data] else ONE
        data = [c / divisor for c in data]
        for at, (arg, coefficient) in enumerate(zip(term.args, data, strict=True)):
            count = counted(arg)
            others = data[:at] + data[at + 1 :]
            multiples = sum(c % count == 0 for c in others) if count > 1 else 0
            if abs(coefficient) < count and 2 * multiples >= max(len(others), 1):
                divisor *= count
                data = [coefficient if at == n else c / count for n, c in enumerate(data)]
                break
        (most, times), *_ = Counter(map(abs, data)).most_common(1)
        if 2 * times >= len(data) and times > 1 and self._named(most):
            divisor *= most
        self.divisors[term] = divisor
        return divisor

    def _scale(self, term: Term) -> Fraction:
        """The number that a product is multiplied by when its sums are divided by theirs."""
        scale = ONE
        for base, exponent, _ in term.data[1] if term.head == "product" else ():
            if base in self.divisors and isinstance(exponent, Fraction):
                scale *= (
                    self.divisors[base] ** exponent.numerator if exponent.denominator == 1 else 1
                )
        return scale

    def _goes_inside(self, term: Term, number: Fraction) -> bool:
        """Whether a sum is better with a number before it multiplied in: (2*x + y)/2 is x + y/2."""
        if self.expands or abs(number) == 1:
            return True
        return abs(number.numerator) == 1 and any(
            arg is not self.algebra.one and c % number.denominator == 0 for arg, c in term.pairs
        )

    def _product(self, term: Term, times: Fraction = ONE) -> Expression:
        product = parts_of(term)
        coefficient = product.coefficient * times
        if not product.factors:
            return self.scaled(coefficient, [], [])
        coefficient, factors, inside = self._under_root(coefficient, product.factors)
        coefficient, constants, below, factors = self._constants(coefficient, factors)
        divisors = []
        for base, exponent, _ in factors:
            divisor = ONE
            if base.head == "sum" and isinstance(exponent, Fraction) and exponent.denominator == 1:
                divisor = self._divisor(base)
                if exponent == 1 and (coefficient * divisor).numerator % divisor.numerator == 0:
                    divisor /= divisor.numerator  # which nothing takes up: n/k - sum(x)
                coefficient *= divisor**exponent.numerator
            divisors.append(divisor)
        if len(factors) == 1 and not product.summed and not constants and not below:
            base, exponent, labels = factors[0]
            if base.head == "sum" and exponent == 1 and self._goes_inside(base, coefficient):
                whole = self._sum(base, divisors[0] / coefficient)
                return self._placed(whole, base, labels, product.rank)
        if coefficient.denominator > 1 and abs(coefficient.numerator) == 1:
            for at, (base, exponent, _) in enumerate(factors):
                if base.head == "sum" and exponent == 1 and divisors[at] == 1:
                    if self._goes_inside(base, coefficient):
                        divisors[at], coefficient = 1 / coefficient, ONE
                        break
        if coefficient < 0:
            for at, factor in enumerate(factors):
                if flips(factor):
                    coefficient, divisors[at] = -coefficient, -divisors[at]
                    break
        above = coefficient.numerator != 1 or constants or len(factors) > 1
        pieces = [
            self._piece(factor, by, bool(above), inside.get(factor, ONE))
            for factor, by in zip(factors, divisors, strict=True)
        ]
        low = self.algebra.lowered(term)
        lead = product.rank - len(low.shape)
        sizes = {
            **dict(enumerate(product.shape)),
            **{product.rank + at: n for at, n in enumerate(product.summed)},
        }
        result = contract(self.book, pieces, product.rank, sizes, coefficient, lead)
        over, under, coefficient = result
        return self.scaled(coefficient, [*constants, *over], [*below, *under])

    def _placed(self, expression: Expression, base: Term, labels: Any, rank: int) -> Expression:
        piece = self._labelled(base, [expression], [], labels)
        lead = min([label for label in piece.labels if label != UNIT], default=rank)
        return positioned(self.book, piece.expression(self.book), piece.labels, range(lead, rank))

    def _labelled(self, base: Term, above: Any, below: Any, labels: Any) -> Piece:
        """A factor's expression has the axes of what broadcasts to the factor."""
        shape = self.written_shape(base)
        lead = len(base.shape) - len(shape)
        own = [
            UNIT if size == 1 else label for size, label in zip(shape, labels[lead:], strict=True)
        ]
        return Piece(above, below, own, base.kind != "f" and not below)

    def _constants(
        self, coefficient: Fraction, factors: Sequence[Factor]
    ) -> tuple[Fraction, list[Expression], list[Expression], list[Factor]]:
        """Roots of numbers, pi and logarithms of numbers as one power each: (2*pi)**0.5."""
        over: dict[Fraction, list[Expression]] = {}
        under: dict[Fraction, list[Expression]] = {}
        rest = []
        for factor in factors:
            base, exponent, _ = factor
            if not isinstance(exponent, Fraction) or not is_constant(base):
                rest.append(factor)
                continue
            if base.head == "number" and exponent == HALF:
                integer = base.data
                if integer.denominator == 1 and coefficient.denominator % integer.numerator == 0:
                    coefficient *= integer
                    exponent = -HALF
            side = over if exponent > 0 else under
            side.setdefault(abs(exponent), []).append(self.known[base])
        sides = []
        for side in (over, under):
            found = []
            for power, bases in side.items():
                whole = self.book.product(bases)
                found.append(whole if power == 1 else self._power(whole, power))
            sides.append(found)
        return coefficient, sides[0], sides[1], rest

    def _power(self, base: Expression, exponent: Fraction) -> Expression:
        if exponent.denominator == 1:
            text = str(exponent.numerator)
        elif is_decimal(exponent) and exponent.denominator <= 1000:
            text = repr(float(exponent))
        else:
            return self.book.power(base, self.scaled(exponent, [], []))
        return self.book.power(base, self.book.make("number", (), text))

    def _under_root(
        self, coefficient: Fraction, factors: Sequence[Factor]
    ) -> tuple[Fraction, list[Factor], dict[Factor, Fraction]]:
        """Roots of numbers within roots of products: sqrt(2*x), not 2**0.5*sqrt(x)."""
        rest, inside = list(factors), {}
        roots = [f for f in factors if f.exponent in (HALF, -HALF) and is_constant(f.base)]
        for root in roots if len(roots) == 1 else ():  # several are one: (2*pi)**0.5
            if root.base.head != "number" or root.exponent != HALF:
                continue
            number = root.base.data
            divides = coefficient.denominator % number == 0
            for factor in rest:
                size = -HALF if divides and factor.exponent == -HALF else HALF
                opens = factor.base.head in ("product", "leaf") and not is_constant(factor.base)
                if factor.exponent == size and opens:
                    rest.remove(root)
                    inside[factor] = number
                    coefficient *= number if size < 0 else 1
                    break
        return coefficient, rest, inside

    def _piece(
        self, factor: Factor, divisor: Fraction, divides: bool, inside: Fraction = ONE
    ) -> Piece:
        """A factor; what is raised to a negative power may stand below a line, if something is above it."""
        base, exponent, labels = factor
        expression = self.known[base] if divisor == 1 else self._sum(base, divisor)
        if inside != 1:
            whole = base.head == "product"
            expression = (
                self._product(base, inside) if whole else self.scaled(inside, [expression], [])
            )
        above: list[Expression] = []
        below: list[Expression] = []
        if base.name == "pow" and exponent == 1:
            expression, exponent = self.known[base.args[0]], base.args[1]
        if isinstance(exponent, Term):
            turned = self.write(self.algebra.scaled(exponent, -1)) if divides else None
            if turned is None or signs(turned) >= signs(self.known[exponent]):
                above.append(self.book.power(expression, self.known[exponent]))
            else:
                below.append(self.book.power(expression, turned))
        else:
            size = abs(exponent)
            if size == HALF:
                expression = self.book.call("sqrt", expression)
            elif size != 1:
                expression = self._power(expression, size)
            (above if exponent > 0 else below).append(expression)
        return self._labelled(base, above, below, labels)

    # ---- functions ------------------------------------------------------------------------------

    def _function(self, term: Term) -> Expression:
        name, params = term.name, term.params
        book = self.book
        if name in COMPARISONS:
            return book.make("compare", [self.known[arg] for arg in term.args], COMPARISONS[name])
        if name in LOGIC:
            return book.make("logic", [self.known[arg] for arg in term.args], LOGIC[name])
        if name == "logical_not":
            return book.make("not", [self.known[term.args[0]]])
        if name == "pow":
            return book.power(*(self.known[arg] for arg in term.args))
        if name in OF_NUMBERS and is_constant(term):
            return book.call(f"math.{name}", self.known[term.args[0]])
        if name == "where":
            args = [self.known[arg] for arg in term.args]
            return book.call("where", *args)
        if name == "reshape":
            (arg,) = term.args
            small = math.prod(self.written_shape(arg)) == math.prod(arg.shape)
            whole = self.known[arg] if small else self.argument(arg)
            return book.call("reshape", whole, shape=self._shape(term.shape))
        if name in ("unit", "one_hot", "eye"):
            size = self.sizes.name_of(term.shape[-1])
            if name == "eye":
                mask = {"mask": True} if term.kind == "b" else {}
                return book.call("eye", size=size, **mask)
            index = {"index": params["index"]} if name == "unit" else {}
            return book.call(name, *[self.known[arg] for arg in term.args], **index, size=size)
        if name in SHAPED:
            params["shape"] = self._shape(term.shape)
            params["like"] = self.like.get(term.shape)
            first, *rest = term.args
            args = [self.whole(first), *map(self.argument, rest)]
            return book.call(name, *args, **params)
        if name == "conv":  # which broadcasts nothing
            return book.call(name, *map(self.whole, term.args), **params)
        if name == "layer_norm":
            params["shape"] = self._shape(term.shape[-params["count"] :])
        if name == "pad":
            params["margins"] = tuple(self._shape(pair) for pair in params["margins"])
            if all(pair == ("0", "0") for pair in params["margins"]):
                return self.argument(term.args[0])
        if name == "slice":
            size = term.args[0].shape[params["dim"]]
            params["rank"] = len(term.shape)
            for end in ("start", "stop"):
                place = params[end]
                shown = "" if place in (0, size) else self.sizes.name_of(place)
                # x[:-1] holds for every size
                params[end] = f"-{size - place}" if shown and not shown.isdigit() else shown
        if name in ("select", "diagonal"):
            params["rank"] = len(term.args[0].shape)
        if name in REDUCTIONS:
            rank = len(term.args[0].shape)
            if (len(params["dim"]) == rank and rank != 1) or (rank == 1 and name != "logsumexp"):
                params["dim"] = None
            elif len(params["dim"]) == 1:
                params["dim"] = params["dim"][0]
            params["rank"] = rank
        made = book.call(name, *(self._argument(name, arg) for arg in term.args), **params)
        if name == "inverse" and transposed(self.algebra, term.args[0]) is term.args[0]:
            book.symmetric.add(made)
        return made

    def _argument(self, name: str, arg: Term) -> Expression:
        return self.known[arg] if name in ELEMENTWISE or name == "ndtr" else self.argument(arg)


OF_NUMBERS = (
    "exp expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh erf lgamma".split()
)
SHAPED = {"put_along", "index_put0", "index_add0", "slice_backward", "unfold_backward", "part_back"}
