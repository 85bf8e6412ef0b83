"""What Python's operators mean: on tensors as `torch.Tensor` overloads them, else as Python does.

Source: torch/_tensor.py, torch/csrc/autograd/python_variable_methods.cpp.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import LimitError, RuntimeFault, TypeFault
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.pointwise import reciprocal
from autodiff_cli.vocabulary import arithmetic as va
from autodiff_cli.vocabulary import pointwise as vp
from autodiff_cli.vocabulary.parameters import type_name

MAX_ITEMS = 10**7  # of a Python list or string, whose items take 8 bytes and more
MAX_BITS = 1 << 16  # of a Python int: a power past this is a slip, not a number anyone wants
SEQUENCES = (str, bytes, list, tuple, deque)
GROWING = frozenset(("*", "**", "<<", "//", "%"))  # on integers


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
    from autodiff_cli.vocabulary.registry import FUNCTIONS

    return FUNCTIONS[name](*args)


TENSOR_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: va.add(a, b, 1),
    "-": _subtract,
    "*": va.mul,
    "/": _divide,
    "//": va.floor_divide,
    "%": _modulo,
    "**": _power,
    "&": _bitwise("and"),
    "|": _bitwise("or"),
    "^": _bitwise("xor"),
    "<<": lambda a, b: _call("bitwise_left_shift", a, b),
    ">>": lambda a, b: _call("bitwise_right_shift", a, b),
}
PYTHON_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
TENSOR_COMPARISONS = {
    "==": sel.eq,
    "!=": sel.ne,
    "<": sel.lt,
    "<=": sel.le,
    ">": sel.gt,
    ">=": sel.ge,
}


def _shown(x: int) -> str:
    return str(x) if x.bit_length() < 100 else f"an integer of {x.bit_length()} bits"


def check_size(sign: str, a: Any, b: Any) -> None:
    """Refuse what Python would compute for hours, or until memory ends.

    Raises:
        LimitError: a result of more items or bits than the limits.
    """
    if sign == "%" and isinstance(a, (str, bytes)):
        from autodiff_cli.interpret.counting import check_percent

        check_percent(a, b)
    elif isinstance(a, int) and isinstance(b, int):
        check_bits(sign, a, b)
    elif sign == "+" and isinstance(a, SEQUENCES) and isinstance(b, SEQUENCES):
        _check_items(a, len(a) + len(b))
    elif sign == "*":
        for one, other in ((a, b), (b, a)):
            if isinstance(one, SEQUENCES) and isinstance(other, int):
                _check_items(one, len(one) * other)


def _check_items(sequence: Any, count: int) -> None:
    if count > MAX_ITEMS:
        raise LimitError(
            f"a {type_name(sequence)} of {count:,} items; the limit is {MAX_ITEMS:,}",
            hint="tensors are made with ones, zeros, full, repeat or expand",
        )


def check_bits(sign: str, a: int, b: int) -> None:
    """Refuse an integer that would take hours to compute, or to print."""
    if sign == "**":
        if b > 0 and a.bit_length() * b > MAX_BITS and abs(a) > 1:
            raise LimitError(
                f"{_shown(a)} to the power {_shown(b)} has more than {MAX_BITS} bits",
                hint="use floating point: 2.0**x",
            )
    elif sign == "<<":
        if a and b > MAX_BITS:
            raise LimitError(f"an integer of more than {MAX_BITS} bits")
    elif sign in ("*", "//", "%") and max(a.bit_length(), b.bit_length()) > 2 * MAX_BITS:
        raise LimitError(f"an integer of more than {MAX_BITS} bits")


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
