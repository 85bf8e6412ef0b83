"""The first wall: everything through which the text of a program reaches an object.

Frames call these functions, and code that is generated from a checked text can: none of them knows how the
program is run. Names are looked up by `builtins.lookup`; whatever a program holds carries its own checks,
so a call needs no guard, but for the items of `*spread`.

    attribute, set_attribute, delete_attribute      value.name
    item, set_item, delete_item                     value[index], and the parameters of a class
    import_module, import_name, public_names        import
    make_class                                      class NAME(BASES)
    formatted, Format                               f-strings, str.format
    binary, in_place, contains                      operators that can grow a value, or search it for hours
    iterate, spread                                 for, *spread
    turn, enter, leave                              loop turns, statements; calls of functions
"""

from __future__ import annotations

import operator
import string
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.access import attribute
from autodiff_cli.interpret.assignment import delete_attribute, set_attribute
from autodiff_cli.interpret.builtins import import_module, import_name, public_names
from autodiff_cli.interpret.classes import class_item, make_class
from autodiff_cli.interpret.counting import (
    Counted,
    check_format,
    check_length,
    check_spread,
    counted,
)
from autodiff_cli.interpret.limits import MAX_DEPTH, limits
from autodiff_cli.interpret.numpy_names import check_broadcast, check_index
from autodiff_cli.interpret.operators import (
    GROWING,
    MAX_ITEMS,
    PYTHON_BINARY,
    check_bits,
    check_size,
)

# ---- items --------------------------------------------------------------------------------------


def item(value: Any, index: Any) -> Any:
    """`value[index]`."""
    if isinstance(value, type):
        return class_item(value, index)
    if type(value) in ARRAYS:
        check_index(value, index)
    return value[index]


def set_item(target: Any, index: Any, value: Any) -> None:
    """`target[index] = value`."""
    if type(index) is slice and isinstance(target, list):
        value = counted(value)
        if hasattr(value, "__len__") and len(target) + len(value) > MAX_ITEMS:
            raise LimitError(f"a list of more than {MAX_ITEMS:,} items")
    elif type(target) in ARRAYS:
        check_index(target, index)
        value = plain(value)
    target[index] = value


def delete_item(target: Any, index: Any) -> None:
    """`del target[index]`."""
    del target[index]


# ---- formats ------------------------------------------------------------------------------------


def formatted(value: Any, spec: Any = "") -> str:
    """`format(value, spec)`."""
    check_format(spec)
    return format(value, spec)


class Format(string.Formatter):
    """`"…".format(…)`, whose fields reach attributes and items as the rest of the program does."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.length = 0

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        self.length = len(self.text)
        return self.vformat(self.text, args, kwargs)

    def get_value(self, key: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(key, int):
            if key >= len(args):
                raise IndexError(f"Replacement index {key} out of range for positional args tuple")
            return args[key]
        return kwargs[key]

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        from _string import formatter_field_name_split  # type: ignore[import-not-found]

        first, rest = formatter_field_name_split(field_name)
        value = self.get_value(first, args, kwargs)
        for is_attribute, key in rest:
            value = attribute(value, key) if is_attribute else item(value, key)
        return value, first

    def format_field(self, value: Any, format_spec: str) -> Any:
        text = formatted(value, format_spec)
        self.length += len(text)
        check_length(self.length)
        return text


# ---- operators ----------------------------------------------------------------------------------


def binary(sign: str) -> Callable[[Any, Any], Any]:
    """The function of an operator, which refuses results past the limits."""
    return _guarded(sign, PYTHON_BINARY[sign], _operands)


def in_place(sign: str) -> Callable[[Any, Any], Any]:
    """The function of an augmented assignment."""
    return _guarded(sign, IN_PLACE[sign], _operands_in_place)


Operands: TypeAlias = "tuple[Any, Any]"


def _guarded(
    sign: str,
    compute: Callable[[Any, Any], Any],
    operands: Callable[[str, Any, Any], Operands],
) -> Callable[[Any, Any], Any]:
    grows = sign in GROWING

    def run(left: Any, right: Any) -> Any:
        kind, other = type(left), type(right)
        if kind is int and other is int:
            if grows:
                check_bits(sign, left, right)
        elif kind not in QUIET and other not in QUIET:
            left, right = operands(sign, left, right)
        return compute(left, right)

    run.__name__ = run.__qualname__ = NAMES[sign]
    return run


def _operands(sign: str, left: Any, right: Any) -> Operands:
    """The operands, if the result has a size that may be; lists that numpy makes arrays of are plain."""
    check_size(sign, left, right)
    first, second = type(left) in ARRAYS, type(right) in ARRAYS
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
        check_spread(right, len(left))
        right = counted(right)
    return left, right


def contains(container: Any, value: Any) -> bool:
    """`value in container`."""
    if type(container) is range and type(value) not in (int, bool):
        if isinstance(value, float):
            return value.is_integer() and int(value) in container
        return value in Counted(container)
    return value in counted(container)


# ---- loops and calls ----------------------------------------------------------------------------


def iterate(value: Any) -> Iterator[Any]:
    """What a loop walks, which counts its turns itself."""
    return value.inner if type(value) is Counted else iter(value)


def spread(value: Any) -> Any:
    """The items of `*value`."""
    check_spread(value, 0)
    return counted(value)


def turn() -> None:
    """Count a statement or a loop's turn."""
    limits.left -= 1
    if limits.left < 0:
        limits.checkpoint()


def enter() -> None:
    """Count a call of a function of the program; `leave` ends it."""
    if limits.depth >= MAX_DEPTH:
        raise RecursionError("maximum recursion depth exceeded")
    limits.depth += 1


def leave() -> None:
    limits.depth -= 1


def plain(value: Any) -> Any:
    from autodiff_cli.interpret.numpy_names import plain as checked

    return checked(value)


ARRAYS: frozenset[type] = frozenset(
    (np.ndarray, *(np.dtype(code).type for code in np.typecodes["All"]))
)
# Beside these, nothing grows: a tensor's operators check for themselves.
QUIET: frozenset[type] = frozenset((Tensor, float))
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv,
    "//": operator.ifloordiv, "%": operator.imod, "**": operator.ipow, "@": operator.imatmul,
    "&": operator.iand, "|": operator.ior, "^": operator.ixor, "<<": operator.ilshift,
    ">>": operator.irshift,
}  # fmt: skip
NAMES = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "&": "and_", "|": "or_", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip

__all__ = [
    "Format", "attribute", "binary", "contains", "delete_attribute", "delete_item", "enter", "formatted",
    "import_module", "import_name", "in_place", "item", "iterate", "leave", "make_class", "public_names",
    "set_attribute", "set_item", "spread", "turn",
]  # fmt: skip
