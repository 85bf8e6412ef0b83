"""Sizes with names: a formula is made for primes, in whose products the names can be read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

# Primes p of which (p - 1)/2 is prime too, so that n - 1 can be told from everything else.
PRIMES = (227, 263, 347, 359, 383, 467, 479, 503, 563, 587, 719, 839, 863, 887, 983)


def primes_for(names: Iterable[str], text: str) -> dict[str, int]:
    """A prime for each name, which none of a text's numbers could be mistaken for.

    Raises:
        ValueError: there aren't as many.

    >>> primes_for(["n", "m"], "454*x + 131")
    {'n': 347, 'm': 359}
    """
    numbers = [int(word) for word in re.findall(r"\d+", text) if int(word)]
    free = [p for p in PRIMES if all(n % p and n % (p // 2) for n in numbers)]
    names = list(names)
    if len(names) > len(free):
        raise ValueError(len(free))
    return dict(zip(names, free, strict=False))


class Count(NamedTuple):
    """A count of elements less a number: the product of names, minus `less`."""

    names: tuple[str, ...]
    less: int


class Sizes:
    """Names of sizes and the primes that stand for them.

    Args:
        primes: by name.
    """

    def __init__(self, primes: Mapping[str, int] | None = None) -> None:
        self.primes = dict(primes or {})
        self.by_factor: dict[
            int, tuple[Count, int]
        ] = {}  # a prime: what it shows, what else is in it
        names = list(self.primes)
        for count in (1, 2, 3):
            for group in combinations(names, count):
                whole = math.prod(self.primes[name] for name in group)
                for less in (0, 1, -1, 2, -2):
                    if count > 1 and not less:
                        continue
                    factor = largest_factor(whole - less)
                    if factor > 50 and factor not in self.by_factor:
                        self.by_factor[factor] = Count(group, less), (whole - less) // factor

    def parts(self, value: int) -> tuple[int, int, list[Count]]:
        """A positive integer as a fraction times counts.

        >>> Sizes({"n": 227}).parts(2 * 227)
        (2, 1, [Count(names=('n',), less=0)])
        >>> Sizes({"n": 227}).parts(113)
        (1, 2, [Count(names=('n',), less=1)])
        """
        found: list[Count] = []
        below = 1
        for factor, (count, rest) in self.by_factor.items():
            while value % factor == 0:
                value //= factor
                below *= rest
                found.append(count)
        common = math.gcd(value, below)
        return value // common, below // common, found

    def name_of(self, size: int) -> str:
        """How a size is written: by name, as a product or with what is less, or as the number."""
        above, below, counts = self.parts(size) if size else (0, 1, [])
        if below != 1 or not counts:
            return str(size)
        texts = [str(above)] if above != 1 else []
        for names, less in counts:
            product = "*".join(names)
            if less:
                sign = "-" if less > 0 else "+"
                product = f"{product} {sign} {abs(less)}"
                product = f"({product})" if len(counts) > 1 or texts else product
            texts.append(product)
        return "*".join(texts)


def largest_factor(value: int) -> int:
    """The largest prime factor.

    >>> largest_factor(84)
    7
    """
    largest, factor = 1, 2
    while factor * factor <= value:
        while value % factor == 0:
            largest = factor
            value //= factor
        factor += 1
    return max(largest, value)
