"""Rules: what they are, which an algebra applies, and what they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.terms import Product, Shape, Term


class Rule(NamedTuple):
    """An identity.

    Attributes:
        name: what it is called in --steps and in notes.
        head: what it looks at: "function", "product" or "sum".
        functions: names of those it can apply to; all, if empty.
        apply: the rewriting.
        example: an expression whose derivative by x needs it.
        guarded: whether it holds but for special values.
    """

    name: str
    head: str
    functions: tuple[str, ...]
    apply: Callable[..., Term | None]
    example: str
    guarded: bool


RULES: list[Rule] = []


def rule(
    name: str, head: str, functions: str = "", *, example: str, guarded: bool = False
) -> Callable[[Callable[..., Term | None]], Callable[..., Term | None]]:
    def declare(apply: Callable[..., Term | None]) -> Callable[..., Term | None]:
        RULES.append(Rule(name, head, tuple(functions.split()), apply, example, guarded))
        return apply

    return declare


class Step(NamedTuple):
    """A rewriting that happened."""

    rule: str
    before: Term
    after: Term


class Rules:
    """The rules that an algebra applies, and what they did.

    Args:
        without: names of rules to leave out.
    """

    def __init__(self, without: Sequence[str] = ()) -> None:
        self.without = frozenset(without)
        self.conditions: dict[tuple[Term, str], str] = {}  # (term, sign): the rule that needs it
        self.steps: list[Step] = []
        kept = [entry for entry in RULES if entry.name not in self.without]
        self.of_functions: dict[str, list[Rule]] = {}
        for entry in kept:
            for name in entry.functions if entry.head == "function" else ():
                self.of_functions.setdefault(name, []).append(entry)
        self.of_products = [entry for entry in kept if entry.head == "product"]
        self.of_sums = [entry for entry in kept if entry.head == "sum"]
        self.applied: dict[str, int] = {}

    def require(self, term: Term, sign: str, name: str) -> None:
        """Say that a formula holds where `term sign 0` does."""
        self.conditions.setdefault((term, sign), name)

    def of_function(self, algebra: Algebra, term: Term) -> Term:
        for entry in self.of_functions.get(term.name, ()):
            found = entry.apply(algebra, term)
            if found is not None:
                self._note(entry, term, found)
                return found
        return term

    def of_product(self, algebra: Algebra, product: Product) -> Term | None:
        for entry in self.of_products:
            found = entry.apply(algebra, product)
            if found is not None:
                self._note(entry, algebra.bare_product(product), found)
                return found
        return None

    def of_sum(
        self,
        algebra: Algebra,
        args: tuple[Term, ...],
        coefficients: tuple[Fraction, ...],
        shape: Shape,
    ) -> Term | None:
        for entry in self.of_sums:
            found = entry.apply(algebra, list(zip(args, coefficients, strict=True)), shape)
            if found is not None:
                self._note(entry, algebra.bare_sum(args, coefficients, shape), found)
                return found
        return None

    def _note(self, entry: Rule, before: Term, after: Term) -> None:
        self.applied[entry.name] = self.applied.get(entry.name, 0) + 1
        self.steps.append(Step(entry.name, before, after))
