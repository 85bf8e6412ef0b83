"""What Python's operators mean on nodes, as `torch.Tensor` overloads them.

Source: torch/_tensor.py, torch/csrc/autograd/python_variable_methods.cpp.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.pointwise import reciprocal
from autodiff_cli.vocabulary import arithmetic as va
from autodiff_cli.vocabulary import pointwise as vp
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS


def _power(a: Any, b: Any) -> Node:
    if isinstance(a, Node) and isinstance(b, Node):
        return va.pow(a, b)
    return va.pow_number(a, b) if isinstance(a, Node) else va.pow_from_number(a, b)


def _subtract(a: Any, b: Any) -> Node:
    if isinstance(a, Node):
        return va.sub(a, b, 1)
    return va.rsub_number(b, a, 1)


def _divide(a: Any, b: Any) -> Node:
    # number / tensor goes through the reciprocal in the reference
    return ar.div(a, b) if isinstance(a, Node) else ar.mul(reciprocal(b), a)


def _modulo(a: Any, b: Any) -> Node:
    if not isinstance(a, Node):
        return va.number_remainder(a, b)
    return va.remainder(a, b) if isinstance(b, Node) else va.remainder_number(a, b)


def _bitwise(name: str) -> Callable[[Any, Any], Node]:
    return lambda a, b: _call(f"bitwise_{name}", a, b)


def _call(name: str, *args: Any) -> Any:
    return FUNCTIONS[name](*args)


TENSOR_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": ar.cached(lambda a, b: va.add(a, b, 1), ar.add, operator.add, {"alpha": 1}),
    "-": ar.cached(_subtract, ar.sub, operator.sub, {"alpha": 1}),
    "*": ar.cached(va.mul, ar.mul, operator.mul, {}),
    "/": ar.cached(_divide, ar.div, operator.truediv, {}),
    "//": va.floor_divide,
    "%": _modulo,
    "**": _power,
    "&": _bitwise("and"),
    "|": _bitwise("or"),
    "^": _bitwise("xor"),
    "<<": lambda a, b: _call("bitwise_left_shift", a, b),
    ">>": lambda a, b: _call("bitwise_right_shift", a, b),
}
TENSOR_COMPARISONS = {
    "==": sel.eq,
    "!=": sel.ne,
    "<": sel.lt,
    "<=": sel.le,
    ">": sel.gt,
    ">=": sel.ge,
}


def unary(sign: str, x: Node) -> Node:
    """`SIGN x`."""
    if sign == "-":
        if x.dtype.category == BOOL:
            vp._no_negation(x)
        return ar.neg(x)
    if sign == "+":
        if x.dtype.category == BOOL:
            raise RuntimeFault("The `+` operator, on a bool tensor is not supported.")
        return x
    if x.dtype.is_floating:
        raise TypeFault(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return sel.bitwise_not(x)
