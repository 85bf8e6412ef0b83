"""Formulas of numbers in plain Python, with its module math."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autodiff_cli.formula.expressions import Expression
from autodiff_cli.formula.text import (
    ATOM,
    COMPARE,
    CONSTANTS,
    POWER,
    PRODUCT,
    SUM,
    Caller,
    Dialect,
    Text,
    Unsayable,
)

MATH = (
    "exp expm1 exp2 log log2 log10 log1p sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "erf erfc lgamma floor ceil trunc atan2 hypot copysign fmod"
).split()


def _chosen(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    condition, first, second = parts
    return Text(f"({first.within(SUM)} if {condition.within(COMPARE)} else {second.within(SUM)})")


def _constant(text: str) -> Any:
    return lambda d, parts, params: Text(text)


def _ndtr(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    return Text(f"(1 + math.erf({parts[0].within(POWER)}/2**0.5))/2", PRODUCT)


def _sigmoid(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    return Text(f"1/(1 + math.exp(-{parts[0].within(ATOM)}))", PRODUCT)


class Python(Dialect):
    """Python's math, of numbers alone."""

    names: Mapping[str, str] = {
        **{name: f"math.{name}" for name in MATH},
        "abs": "abs",
        "minimum": "min",
        "maximum": "max",
        "round": "round",
    }
    callers: Mapping[str, Caller] = {
        "where": _chosen,
        "ones_like": _constant("1."),
        "zeros_like": _constant("0."),
        "ones": _constant("1."),
        "zeros": _constant("0."),
        "ndtr": _ndtr,
        "sigmoid": _sigmoid,
        "log_sigmoid": lambda d, p, q: Text(f"(-math.log1p(math.exp(-{p[0].within(ATOM)})))"),
        "sign": lambda d, p, q: Text(f"(({p[0].text} > 0) - ({p[0].text} < 0))"),
        "relu": lambda d, p, q: Text(f"max({p[0].text}, 0)"),
        "silu": lambda d, p, q: Text(f"({p[0].within(ATOM)}/(1 + math.exp(-{p[0].within(ATOM)})))"),
    }

    def function(self, name: str) -> str:
        if name.startswith("math."):
            return name
        if name not in self.names:
            raise Unsayable(name)
        return self.names[name]

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        if expression.data in CONSTANTS:
            return Text(CONSTANTS[expression.data].format("math"))
        return super().on_name(expression, parts)

    def on_logic(self, expression: Expression, parts: list[Text]) -> Text:
        first, second = (part.within(ATOM) for part in parts)
        sign = {"&": "and", "|": "or", "^": "!="}[expression.data]
        return Text(f"{first} {sign} {second}", COMPARE)

    def on_not(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"(not {parts[0].text})")

    def _array(self, expression: Expression, parts: list[Text]) -> Text:
        raise Unsayable(f"an array ({expression.op})")

    on_matmul = on_transpose = on_outer = on_reduce = on_axes = _array
    on_permute = on_expand = on_einsum = _array

    def imports(self, text: str) -> list[str]:
        return ["import math"] if "math." in text else []
