"""Readers: how each operation is a term, by the operation's name."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.numbers import exact
from autodiff_cli.formula.terms import ONE, PI, Factor, Term
from autodiff_cli.ir.node import Node

Reader: TypeAlias = Callable[..., Term]


class Unspelled(Exception):
    """An operation that no formula says.

    Attributes:
        name: the operation's.
        node: where it is.
    """

    def __init__(self, name: str, node: Node | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.node = node


READERS: dict[str, Reader] = {}


def reads(*names: str) -> Callable[[Reader], Reader]:
    def declare(reader: Reader) -> Reader:
        for name in names:
            READERS[name] = reader
        return reader

    return declare


def number(algebra: Algebra, value: Any) -> Term:
    """The term of a Python number."""
    if isinstance(value, (bool, int)):
        return algebra.number(int(value))
    found = exact(float(value), algebra.sizes)
    if found is None:
        return algebra.leaf(repr(float(value)), ())
    factors = []
    if found.pi:
        factors.append(Factor(algebra.leaf(PI, ()), found.pi, ()))
    if found.root != 1:
        factors.append(Factor(algebra.number(found.root), Fraction(1, found.degree), ()))
    if found.log:
        factors.append(Factor(algebra.function("log", [algebra.number(found.log)], ()), ONE, ()))
    return algebra.product(found.coefficient, factors, ())
