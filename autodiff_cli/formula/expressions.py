"""Expressions as a person writes them: what a formula is before it is text of some language.

An expression is made once, so that what a text has twice can be seen and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autodiff_cli.formula.terms import MANY_FACTORS, PI

NUMBERS = ("number", "size")
OF_ELEMENTS = ("sum", "product", "power")  # what is a number if all in it are


class Expression:
    """An expression; equal ones of one `Book` are the same object.

    Attributes:
        op: "name", "size", "number", "call", "sum", "product", "power", "matmul", "outer", "transpose",
            "permute", "reduce", "axes", "compare", "logic", "not", "expand", "typed" or "einsum".
        args: the expressions in it.
        data: what else makes it.
        number: its place in the order of making; parts have lower ones.
        scalar: whether it is known to be a number, and no array.
    """

    __slots__ = ("args", "data", "number", "op", "scalar")

    def __init__(self, op: str, args: tuple[Expression, ...], data: Any, number: int) -> None:
        self.op = op
        self.args = args
        self.data = data
        self.number = number
        self.scalar: bool = op in NUMBERS or (op in OF_ELEMENTS and all(arg.scalar for arg in args))

    def __repr__(self) -> str:
        return f"<{self.op} {self.data} {self.args}>"


class Book:
    """Makes expressions, each once, in the simplest writing of the same.

    Args:
        counts: numbers that are sizes with names.
    """

    def __init__(self, counts: Iterable[int] = ()) -> None:
        self.counts = frozenset(counts)
        self.known: dict[Any, Expression] = {}
        self.symmetric: set[Expression] = set()

    def make(self, op: str, args: Iterable[Expression] = (), data: Any = None) -> Expression:
        args = tuple(args)
        key = op, args, data
        made = self.known.get(key)
        if made is None:
            made = self.known[key] = Expression(op, args, data, len(self.known))
        return made

    def name(self, name: str) -> Expression:
        return self.make("name", (), name)

    def integer(self, value: int) -> Expression:
        return self.make("number", (), str(value))

    def call(self, name: str, /, *args: Expression, **params: Any) -> Expression:
        return self.make("call", args, (name, tuple(params.items())))

    # ---- arithmetic -----------------------------------------------------------------------------

    def product(
        self, above: Sequence[Expression], below: Sequence[Expression] = (), negative: bool = False
    ) -> Expression:
        """A quotient of products; those within it are taken apart."""
        over: list[Expression] = []
        under: list[Expression] = []
        for source, mine, other in ((above, over, under), (below, under, over)):
            for entry in source:
                if entry.op == "product" and len(entry.args) <= MANY_FACTORS:
                    count, minus = entry.data
                    negative ^= minus
                    mine += entry.args[:count]
                    other += entry.args[count:]
                else:
                    mine.append(entry)
        for size in [e for e in under if e.op == "size" and e in over]:
            over.remove(size)
            under.remove(size)
        over = sorted((e for e in over if not _is_one(e)), key=_place)
        under = sorted((e for e in under if not _is_one(e)), key=_place)
        if not under and len(over) == 1 and not negative:
            return over[0]
        if not over and not under:
            return (
                self.make("product", [self.integer(1)], (1, True)) if negative else self.integer(1)
            )
        return self.make("product", [*over, *under], (len(over), negative))

    def negated(self, expression: Expression) -> Expression:
        return self.product([expression], (), True)

    def sum(self, terms: Sequence[tuple[Expression, bool]]) -> Expression:
        """A sum of expressions, the flagged ones subtracted; those that are added come first."""
        flat: list[tuple[Expression, bool]] = []
        for entry, minus in terms:
            if entry.op == "product" and entry.data[1]:
                count, _ = entry.data
                entry = self.product(entry.args[:count], entry.args[count:])
                minus = not minus
            flat.append((entry, minus))
        first = [entry for entry in flat if not entry[1]]
        last = [entry for entry in flat if entry[1]]
        if len(first) > 1 or not last:
            first.sort(key=_later)
        last.sort(key=_later)
        ordered = first + last
        if len(ordered) == 1:
            return self.negated(ordered[0][0]) if ordered[0][1] else ordered[0][0]
        return self.make("sum", [e for e, _ in ordered], tuple(minus for _, minus in ordered))

    def power(self, base: Expression, exponent: Expression) -> Expression:
        return self.make("power", (base, exponent))

    # ---- arrays ---------------------------------------------------------------------------------

    def matmul(self, a: Expression, b: Expression) -> Expression:
        return self.make("matmul", (a, b))

    def transpose(self, x: Expression, batched: bool = False) -> Expression:
        """The last two axes exchanged."""
        if x.op == "transpose":
            return x.args[0]
        if x in self.symmetric:
            return x
        if x.op == "matmul":  # (A B)^T is B^T A^T where that is no longer
            a, b = x.args
            if (a.op == "transpose") + (b.op == "transpose") and x.data is None:
                return self.matmul(self.transpose(b, batched), self.transpose(a, batched))
        if (
            x.op == "sum"
            and not batched
            and all(e.op in ("name", "transpose", "outer") for e in x.args)
        ):
            turned = [self.transpose(e) for e in x.args]
            signs = dict(zip(x.args, x.data, strict=True))
            if signs == dict(zip(turned, x.data, strict=True)):
                return x  # A + A.T
            return self.make("sum", turned, x.data)
        if x.op == "outer":
            return self.make("outer", x.args[::-1])
        return self.make("transpose", (x,), batched)


def _later(term: tuple[Expression, bool]) -> int:
    """What stands at the end of a sum: names, and behind them numbers."""
    return ("name", "number").index(term[0].op) + 1 if term[0].op in ("name", "number") else 0


def _is_one(expression: Expression) -> bool:
    return expression.op == "number" and expression.data == "1"


def _place(expression: Expression) -> tuple[int, str, int]:
    """Where a factor stands: numbers, names, sums of names, functions, sums of functions, powers."""
    return _rank(expression), _root(expression), expression.number


def _root(expression: Expression) -> str:
    """The name that a name, or its power, begins with: those stand in the alphabet's order."""
    while expression.op == "power":
        expression = expression.args[0]
    return expression.data.lower() if expression.op == "name" else ""


def _rank(expression: Expression) -> int:
    op = expression.op
    if op in NUMBERS:
        return NUMBERS.index(op) - 1
    if op == "transpose":
        return _rank(expression.args[0])
    if op == "name":
        return 0 if expression.data == PI else 1
    if op == "power":
        base, exponent = expression.args
        if exponent.op != "number":
            return 1 if base.op == "number" else 6
        return _rank(base)
    if op == "sum":
        return 2 if all(_rank(arg) <= 1 for arg in expression.args) else 4
    if op == "call" and expression.data[0] == "exp":
        return 5
    return 3


def used(outputs: Sequence[Expression]) -> list[Expression]:
    """What expressions are made of and they themselves, parts first."""
    found: set[Expression] = set()
    waiting = list(outputs)
    while waiting:
        expression = waiting.pop()
        if expression not in found:
            found.add(expression)
            waiting += expression.args
    return sorted(found, key=lambda e: e.number)
