"""What an explanation says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from autodiff_cli.evaluation.recorded import Branches
from autodiff_cli.formula.expressions import Expression
from autodiff_cli.formula.text import PRODUCT, Text
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.record import Record

Index: TypeAlias = tuple[int, ...]


class Formula(Record):
    """A derivative as a person writes it.

    Attributes:
        written: its text in the language.
        expression: the same for other languages.
        names: what names in the expression are shown as: elements without their indices, or numbers.
    """

    written: Text
    expression: Expression
    names: Mapping[str, str] = {}

    @property
    def text(self) -> str:
        return self.written.text

    @property
    def factor(self) -> str:
        """The text as one of several factors."""
        shown = self.written.within(PRODUCT)
        return f"({shown})" if shown.startswith("-") else shown


class Part(Record):
    """A tensor of the forward pass that has a name.

    Attributes:
        name: the user's, or one that was made: t1, t2, …, out.
        text: its source; "" of an input.
        grad_fn: the backward function's name, or None.
        shape, dtype, value: of the tensor.
        cotangent: the gradient that arrives at it, of its shape; None where none flows.
    """

    name: str
    text: str
    grad_fn: str | None
    shape: Shape
    dtype: str
    value: Array
    cotangent: Array | None


class Link(Record):
    """The local derivative between two parts, all other parts held.

    Attributes:
        of, by: the parts' names: d`of`/d`by`.
        first: the index of the first element of `of`.
        kind: "number" where `of` has one element, "each" where element goes with element, "linear" where it
            depends on other parts alone, "matrix" else.
        formula: the derivative, of "number" and "each"; None where no formula agrees with the rule.
        flow: what a gradient g of `of` becomes; likewise.
        here: the derivative's value, of the first two, of the shape of `by`.
        arrives: what flows along here to `by`, of its shape.
    """

    of: str
    by: str
    first: Index
    kind: str
    formula: Formula | None
    flow: Formula | None
    here: Array | None
    arrives: Array


class Factor(Record):
    """One factor of the chain rule: an element by an element.

    Attributes:
        of, by: the parts' names.
        at, by_at: the elements' indices.
        formula: of the elements; without indices where element goes with element. None if there is none.
        inserted: the same with numbers for names.
        value: by the rule that ran.
    """

    of: str
    by: str
    at: Index
    by_at: Index
    formula: Formula | None
    inserted: Formula | None
    value: float


class Path(Record):
    """A way from the result to an element of an input.

    Attributes:
        seed: the cotangent of the element of the result where it begins; None where there is nothing but 1.
        factors: from the result on.
        value: their product.
    """

    seed: float | None
    factors: tuple[Factor, ...]
    value: float


class Chain(Record):
    """The chain rule of one element of an input.

    Attributes:
        name, at: the input, and the element's index.
        paths: that were written out.
        more: how many others there are; None if they weren't counted.
        rest: what those give.
        total: the element's gradient.
        indexed: whether elements need their indices said.
        too_large: why nothing is written out, or "".
    """

    name: str
    at: Index
    paths: tuple[Path, ...]
    more: int | None
    rest: float
    total: float
    indexed: bool
    too_large: str


class Gradient(Record):
    """The gradient of an input: its formula, if one agrees, and its value; None where none flows."""

    name: str
    formula: Formula | None
    value: Array | None


class Jacobian(Record):
    """A Jacobian.

    Attributes:
        name: of the input.
        elements: formulas of its elements as rows, of small ones of vectors and numbers; None else.
        value: of shape (*result, *input).
        product: with the cotangent, of the input's shape; None without one.
    """

    name: str
    elements: tuple[tuple[Formula, ...], ...] | None
    value: Array
    product: Array | None


class Explanation(Record):
    """Why a gradient is what it is.

    Attributes:
        result: the name of the result.
        parts: inputs first, in the order of the forward pass.
        links: from the result back.
        chains: of one element of each input.
        gradients: of each input.
        jacobians: of each input, if asked for.
        seed: the cotangent of a result that is no number, or None.
        is_given: whether that was given, and isn't the ones of a sum.
        steps: "names" or "operations".
        counts: of graphs that are too large for a table: operations by the name of their backward function.
        operations: how many there are.
        branches: what ran of a program, as `Recorded` has it; None of an expression.
        notes: what else a person should know.
    """

    result: str
    parts: tuple[Part, ...]
    links: tuple[Link, ...]
    chains: tuple[Chain, ...]
    gradients: tuple[Gradient, ...]
    jacobians: tuple[Jacobian, ...]
    seed: Array | None
    is_given: bool
    steps: str
    counts: tuple[tuple[str, int], ...]
    operations: int
    branches: Branches | None
    notes: tuple[str, ...]
