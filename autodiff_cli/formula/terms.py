"""Terms: the normal forms of sums and products of arrays, each form made once.

A product is a number, powers of arrays whose axes are labelled, and labels that are summed:

    sum over k of 2 * A[i, k] * x[k]        labels of A: (0, 1), of x: (1,); 1 is summed

Labels below the rank are the axes of the result; an axis of size 1 has the label UNIT. A label of the result
that no factor has is one along which the product is repeated (an expanded array). A sum's terms are
broadcast as numpy does, so that none of them is ever repeated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

Shape: TypeAlias = tuple[int, ...]
Labels: TypeAlias = tuple[int, ...]
Exponent: TypeAlias = "Fraction | Term"

UNIT = -1  # the label of an axis of size 1
ONE, ZERO = Fraction(1), Fraction(0)
PI = "π"  # the number, which no input is called
MANY_FACTORS, MANY_SUMMANDS = 16, 48  # from where on a product or sum stays whole within another
LARGEST_RATIO = 10_000  # of coefficients that are made integers
LARGEST = 64  # the highest power of a number that is worked out
LONG = 10**6  # a weight from where on it doesn't matter how much more


class Term:
    """One array; equal terms of one `Algebra` are the same object.

    Attributes:
        head: what it is: "number", "leaf", "product", "sum" or "function".
        args: the terms it is made of.
        data: what else makes it: a number, a name, factors, coefficients, parameters.
        shape: of the array.
        kind: of its elements: "f", "i" or "b", as numpy's.
        number: its place in the order of making; those it is made of have lower ones.
        weight: about how many characters it takes to write.
    """

    __slots__ = ("args", "data", "head", "kind", "number", "shape", "weight")

    def __init__(
        self,
        head: str,
        args: tuple[Term, ...],
        data: Any,
        shape: Shape,
        kind: str,
        number: int,
        weight: int,
    ) -> None:
        self.head = head
        self.args = args
        self.data = data
        self.shape = shape
        self.kind = kind
        self.number = number
        self.weight = min(weight, LONG)

    def __repr__(self) -> str:
        return f"<{self.head} {self.data}>"

    @property
    def pairs(self) -> list[tuple[Term, Fraction]]:
        """A sum's terms and their coefficients."""
        return list(zip(self.args, self.data, strict=True))

    @property
    def name(self) -> str:
        """The function's name, or the leaf's; "" of others."""
        if self.head == "function":
            return str(self.data[0])
        return str(self.data) if self.head == "leaf" else ""

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.data[1]) if self.head == "function" else {}


class Factor(NamedTuple):
    """A power of a term, and the labels of its axes."""

    base: Term
    exponent: Exponent
    labels: Labels


class Product(NamedTuple):
    """A product taken apart.

    Attributes:
        coefficient: its number.
        factors: the others.
        shape: of the result.
        summed: sizes of the summed labels, which follow those of the result.
    """

    coefficient: Fraction
    factors: tuple[Factor, ...]
    shape: Shape
    summed: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.shape)

    def labels(self) -> set[int]:
        return {label for factor in self.factors for label in factor.labels} - {UNIT}


def broadcast(shapes: Iterable[Shape]) -> Shape:
    """The shape that arrays of these have together.

    >>> broadcast([(3, 1), (4,), ()])
    (3, 4)
    """
    result: list[int] = []
    for shape in shapes:
        lead = len(shape) - len(result)
        if lead > 0:
            result[:0] = shape[:lead]
        offset = len(result) - len(shape)
        for axis in range(max(lead, 0), len(shape)):
            if result[offset + axis] == 1:
                result[offset + axis] = shape[axis]
    return tuple(result)


def identity(shape: Shape) -> Labels:
    return tuple(UNIT if size == 1 else axis for axis, size in enumerate(shape))


def relabelled(factor: Factor, places: Mapping[int, int]) -> Factor:
    return Factor(factor.base, factor.exponent, tuple(placed_labels(places, factor.labels)))


def placed_labels(places: Mapping[int, int], labels: Labels) -> list[int]:
    return [UNIT if label == UNIT else places.get(label, label) for label in labels]


def free_labels(labels: Labels, rank: int) -> Labels:
    """Labels with all the summed ones alike, whose numbers mean nothing."""
    return tuple(min(label, rank) for label in labels)


def exponent_order(exponent: Exponent) -> float:
    return float(exponent) if isinstance(exponent, Fraction) else 1000.0 + exponent.number


def is_whole(factor: Factor) -> bool:
    power = factor.exponent
    return factor.base.data > 0 and isinstance(power, Fraction) and 1 <= abs(power) <= LARGEST


def is_count(factor: Factor) -> bool:
    """Whether a factor is of integers."""
    base, exponent, _ = factor
    if isinstance(exponent, Term):
        return False
    return base.kind != "f" and exponent > 0 and exponent.denominator == 1


def common_divisor(a: Fraction, b: Fraction) -> Fraction:
    return Fraction(
        math.gcd(a.numerator * b.denominator, b.numerator * a.denominator),
        a.denominator * b.denominator,
    )


def number_power(
    coefficient: Fraction, value: Fraction, exponent: Fraction
) -> tuple[Fraction, list[tuple[Fraction, Fraction]]]:
    """A number's power: what is rational goes to the coefficient, the rest are roots of integers."""
    whole = math.floor(exponent)
    part = exponent - whole
    if value == 0 and exponent > 0:
        return ZERO, []
    if value == 0 or (value < 0 and part) or abs(whole) > LARGEST:
        return coefficient, [(value, exponent)]
    coefficient *= value**whole
    rest: list[tuple[Fraction, Fraction]] = []
    if part:
        for integer, sign in ((value.numerator, 1), (value.denominator, -1)):
            if integer == 1:
                continue
            root = round(integer ** float(part)) if integer < 1 << 52 else 0
            if root and root**part.denominator == integer**part.numerator:
                coefficient *= Fraction(root) ** sign
            elif sign > 0:
                rest.append((Fraction(integer), part))
            else:  # 1/sqrt(2) is sqrt(2)/2
                coefficient /= integer
                rest.append((Fraction(integer), 1 - part))
    return coefficient, rest


def digits(value: Fraction) -> int:
    text = len(str(abs(value.numerator)))
    return text if value.denominator == 1 else text + 1 + len(str(value.denominator))


def leaves_of(term: Term) -> set[Term]:
    """The inputs in a term."""
    found: set[Term] = set()
    seen: set[Term] = set()
    waiting = [term]
    while waiting:
        top = waiting.pop()
        if top not in seen:
            seen.add(top)
            waiting += top.args
            if top.head == "leaf":
                found.add(top)
    return found
