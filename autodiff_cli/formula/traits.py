"""What terms and expressions are like, for who writes them."""

from __future__ import annotations

import math
from fractions import Fraction

from autodiff_cli.formula.expressions import Expression
from autodiff_cli.formula.terms import PI, Factor, Term


def is_constant(term: Term) -> bool:
    """Whether a term is a number, whatever the inputs are: small ones, as `numbers.exact` makes them."""
    if term.head == "number":
        return True
    if term.head == "leaf":
        return term.data == PI or not (term.data[0].isalpha() or term.data[0] == "_")
    if term.shape or term.weight > 60:
        return False
    return bool(term.args) and all(is_constant(arg) for arg in term.args)


def gives_dtype(term: Term) -> bool:
    """Whether a floating input decides a term's dtype: 1 where x > 0, and 0.01 elsewhere, has a default."""
    waiting = [term]
    while waiting:
        top = waiting.pop()
        if top.kind == "f":
            if top.head == "leaf" and not is_constant(top):
                return True
            waiting += top.args[top.name == "where" :]
    return False


def signs(expression: Expression) -> int:
    """How many of an exponent's terms are subtracted."""
    if expression.op == "sum":
        return sum(expression.data)
    return int(expression.op == "product" and expression.data[1])


def counted(term: Term) -> int:
    """How many elements each of a term's sums has; 0 if it is no mere sum."""
    if term.head != "product" or not term.data[2] or len(term.data[1]) != 1:
        return 0
    return math.prod(term.data[2])


def flips(factor: Factor) -> bool:
    base, exponent, _ = factor
    if base.head != "sum" or not isinstance(exponent, Fraction):
        return False
    if exponent.denominator != 1 or exponent.numerator % 2 == 0:
        return False
    return any(c < 0 for c in base.data)


def is_decimal(value: Fraction) -> bool:
    rest = value.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    if rest != 1:
        return False
    text = repr(float(value))
    shorter = len(text) < len(f"{value.numerator}/{value.denominator}") and Fraction(text) == value
    return len(text) < 14 or shorter
