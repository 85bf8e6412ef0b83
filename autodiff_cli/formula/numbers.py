"""Exact numbers: the fraction, root or logarithm that a float was meant to be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

SHORT = 9  # digits up to which a decimal is taken at its word
LARGEST_DENOMINATOR = 100_000
SMALL = 2000  # numerators and denominators beside a root
PI_POWERS = tuple(map(Fraction, (0, 0.5, -0.5, 1, -1)))
ROOTS = [
    (math.pi**power * root**0.5, power, root)
    for power in PI_POWERS
    for root in (1, 2, 3)
    if power or root != 1
]
LOGARITHMS = (2, 3, 5, 10)
BITS = 62  # of a numerator or denominator, which are integers of the language
MANY_BITS = (
    512  # from where on a number isn't kept exactly; sizes that stand for letters have some each
)


class Exact(NamedTuple):
    """coefficient * pi**pi * root**(1/degree) * log(log)**1, those that are 0 or 1 left out."""

    coefficient: Fraction
    pi: Fraction = Fraction(0)
    root: int = 1
    log: int = 0
    degree: int = 2


def exact(value: float, sizes: Sequence[int] = ()) -> Exact | None:
    """What a float was computed from; None if nothing short comes to it.

    Args:
        value: the float.
        sizes: integers whose roots, logarithms and products may be in it.

    >>> exact(0.1), exact(1 / 3)
    (Exact(coefficient=Fraction(1, 10), pi=Fraction(0, 1), root=1, log=0, degree=2), \
Exact(coefficient=Fraction(1, 3), pi=Fraction(0, 1), root=1, log=0, degree=2))
    >>> exact(2 / math.pi**0.5)
    Exact(coefficient=Fraction(2, 1), pi=Fraction(-1, 2), root=1, log=0, degree=2)
    >>> exact(227**0.5 / 3, [227])
    Exact(coefficient=Fraction(1, 3), pi=Fraction(0, 1), root=227, log=0, degree=2)
    """
    if not math.isfinite(value):
        return None
    text = repr(value)
    mantissa = text.partition("e")[0].replace(".", "").replace("-", "").strip("0")
    if len(mantissa) <= SHORT:
        return Exact(Fraction(text))
    near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    if near and _same(float(near), value) and abs(near.numerator) < LARGEST_DENOMINATOR:
        return Exact(near)
    products = [*sizes, *(one * other for one, other in combinations(sizes, 2))]
    for scale in products:
        for times in (Fraction(scale), Fraction(1, scale)):
            ratio = _simple(value / float(times))
            if ratio and _same(float(ratio) * float(times), value):
                return Exact(ratio * times)
    roots = [(math.pi**p * n**0.5, p, n) for n in products for p in PI_POWERS]
    for size, power, root in (*ROOTS, *roots):
        ratio = _simple(value / size)
        if ratio and _same(float(ratio) * size, value):
            return Exact(ratio, power, root)
    for size in sizes:  # attention multiplies both of its factors by the root of a root
        for degree in (4, -4):
            ratio = _simple(value / size ** (1 / degree))
            if ratio and _same(float(ratio) * size ** (1 / degree), value):
                return Exact(ratio, root=size, degree=degree)
    for base in (*LOGARITHMS, *sizes):
        ratio = _simple(value / math.log(base))
        if ratio and _same(float(ratio) * math.log(base), value):
            return Exact(ratio, log=base)
    return None


def is_long(value: Fraction) -> bool:
    """Whether a number can't be written as a quotient of integers.

    >>> is_long(Fraction(9999, 10000) ** 5), is_long(Fraction(9999, 10000) ** 4)
    (True, False)
    """
    return max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS


def bounded(value: Fraction) -> Fraction:
    """The number, or the nearest float's where it is very long: products of many grow without end.

    >>> bounded(Fraction(9999, 10000) ** 20) == Fraction(9999, 10000) ** 20
    True
    >>> long = Fraction(9999, 10000) ** 200
    >>> float(bounded(long)) == float(long), len(str(bounded(long).denominator))
    (True, 17)
    """
    sizes = value.numerator.bit_length(), value.denominator.bit_length()
    if max(sizes) <= MANY_BITS or abs(sizes[0] - sizes[1]) > 1000:
        return value
    return Fraction(repr(float(value)))


def _simple(value: float) -> Fraction | None:
    near = Fraction(value).limit_denominator(SMALL)
    return near if 0 < abs(near.numerator) < SMALL else None


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 4e-16 * abs(b)
