"""Operators of programs that can grow a value: `left SIGN right`, and `left SIGN= right`."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.interpret.sizes import SEQUENCES, check_bits, check_size
from autodiff_cli.tensors.tensor import Tensor

Binary: TypeAlias = Callable[[Any, Any], Any]
Operands: TypeAlias = "tuple[Any, Any]"

ARRAYS: frozenset[type] = frozenset(
    (np.ndarray, *(np.dtype(code).type for code in np.typecodes["All"]))
)
SMALL = 1 << 60  # integers of less grow no result past the limits
SIZED = (
    int,
    *SEQUENCES,
    np.ndarray,
    np.generic,
)  # of other values no operator makes something large
GROWING = frozenset(("*", "**", "<<", "//", "%"))  # on integers
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
IN_PLACE: dict[str, Binary] = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv,
    "//": operator.ifloordiv, "%": operator.imod, "**": operator.ipow, "@": operator.imatmul,
    "&": operator.iand, "|": operator.ior, "^": operator.ixor, "<<": operator.ilshift,
    ">>": operator.irshift,
}  # fmt: skip
NAMES = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "&": "and_", "|": "or_", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip


def binary(sign: str) -> Binary:
    """The function of an operator, which refuses results past the limits."""
    return _guarded(sign, PYTHON_BINARY[sign], _operands)


def in_place(sign: str) -> Binary:
    """The function of an augmented assignment."""
    return _guarded(sign, IN_PLACE[sign], _operands_in_place)


def _guarded(sign: str, compute: Binary, operands: Callable[[str, Any, Any], Operands]) -> Binary:
    def run(left: Any, right: Any) -> Any:
        if type(left) not in quiet and type(right) not in quiet:
            left, right = operands(sign, left, right)
        return compute(left, right)

    def run_growing(left: Any, right: Any) -> Any:
        kind, other = type(left), type(right)
        if kind is int and other is int:
            if not (-SMALL < left < SMALL and -SMALL < right < most):
                check_bits(sign, left, right)
        elif kind not in quiet and other not in quiet:
            left, right = operands(sign, left, right)
        return compute(left, right)

    # beside one of these nothing grows: a tensor's operators check for themselves
    quiet = frozenset((Tensor, float))
    if sign in GROWING:
        run = run_growing
        most = 1000 if sign in ("**", "<<") else SMALL
    else:
        quiet |= {int, bool}

    run.__name__ = run.__qualname__ = NAMES[sign]
    return run


def _operands(sign: str, left: Any, right: Any) -> Operands:
    """The operands, if the result has a size that may be; lists that numpy makes arrays of are plain."""
    if not isinstance(left, SIZED) and not isinstance(right, SIZED):
        return left, right
    if sign == "%" and isinstance(left, (str, bytes)):
        from autodiff_cli.interpret.formats import check_percent

        check_percent(left, right)
    else:
        check_size(sign, left, right)
    first, second = type(left) in ARRAYS, type(right) in ARRAYS
    if not first and not second:
        return left, right
    from autodiff_cli.interpret.numpy_names import check_broadcast, plain

    if first and second:
        check_broadcast(sign, left, right)
    elif first and isinstance(right, (list, tuple)):
        right = plain(right)
    elif second and isinstance(left, (list, tuple)):
        left = plain(left)
    return left, right


def _operands_in_place(sign: str, left: Any, right: Any) -> Operands:
    left, right = _operands(sign, left, right)
    if isinstance(left, (list, deque)):
        from autodiff_cli.interpret.counting import check_spread, counted

        check_spread(right, len(left))
        right = counted(right)
    return left, right


GUARDS = {
    **{name: binary(sign) for sign, name in NAMES.items()},
    **{f"in_place_{name}": in_place(sign) for sign, name in NAMES.items()},
}
