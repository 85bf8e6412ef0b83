"""The first wall: everything through which the text of a program reaches an object.

Python's code of a checked text (`interpret/translate.py`) calls these functions, by the names in `GUARDS`.
Whatever a program holds carries its own checks, so a call needs no guard, but for the items of `*spread`.

    attribute, attributes                           value.name; its assignment and deletion
    item, items                                     value[index], and the parameters of a class
    import_module, import_name                      import
    formatted, Format                               f-strings, str.format
    binary, in_place, contains                      operators that can grow a value, or search it for hours
    iterate, counted, spread                        for, unpacking, *spread
    turn (`Limits.turn`)                            loop turns, calls of functions
    manager, kinds, ended                           with, except: what ends a program can't be caught
"""

from __future__ import annotations

import operator
import string
import sys
from collections import deque
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.access import attribute
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES
from autodiff_cli.interpret.assignment import delete_attribute, set_attribute
from autodiff_cli.interpret.builtins import import_module, import_name
from autodiff_cli.interpret.classes import Super, class_item
from autodiff_cli.interpret.counting import SMALL as FEW
from autodiff_cli.interpret.counting import (
    THERE,
    Counted,
    check_format,
    check_length,
    check_spread,
    counted,
)
from autodiff_cli.interpret.limits import limits, out_of_memory
from autodiff_cli.interpret.numpy_names import check_broadcast, check_index
from autodiff_cli.interpret.operators import (
    GROWING,
    MAX_ITEMS,
    PYTHON_BINARY,
    check_bits,
    check_size,
)
from autodiff_cli.interpret.stands import real
from autodiff_cli.ir.context import Unknown

# ---- attributes ---------------------------------------------------------------------------------


class Attributes:
    """A value whose attributes a program sets and deletes, under their names."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __setitem__(self, name: str, new: Any) -> None:
        set_attribute(self.value, name, new)

    def __delitem__(self, name: str) -> None:
        delete_attribute(self.value, name)


def store_attribute(new: Any, value: Any, name: str) -> None:
    """`value.name = new`, in the order in which Python evaluates its parts."""
    set_attribute(value, name, new)


def attribute_place(value: Any, name: str) -> tuple[Any, str, Any]:
    """An attribute that is to be changed: whose, its name, what it holds."""
    return value, name, attribute(value, name)


def update_attribute(place: tuple[Any, str, Any], value: Any, compute: Binary) -> None:
    """`target.name += value`."""
    target, name, held = place
    set_attribute(target, name, compute(held, value))


# ---- items --------------------------------------------------------------------------------------


def item(value: Any, index: Any) -> Any:
    """`value[index]`."""
    kind = type(value)
    if kind in INDEXED:
        return value[index]
    if isinstance(value, type):
        return class_item(value, index)
    if kind in ARRAYS:
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


def store_item(new: Any, value: Any, index: Any) -> None:
    """`value[index] = new`, in the order in which Python evaluates its parts."""
    if type(value) in KEYED:
        value[index] = new
    else:
        set_item(value, index, new)


class Items:
    """A value whose items a program sets."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __setitem__(self, index: Any, new: Any) -> None:
        set_item(self.value, index, new)


def items(value: Any) -> Any:
    """What takes the items that a program sets: the value itself where that needs no guard."""
    return value if type(value) in KEYED else Items(value)


def item_place(value: Any, index: Any) -> tuple[Any, Any, Any]:
    """An item that is to be changed: whose, its index, what it holds."""
    return value, index, item(value, index)


def update_item(place: tuple[Any, Any, Any], value: Any, compute: Binary) -> None:
    """`target[index] += value`."""
    target, index, held = place
    set_item(target, index, compute(held, value))


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


def binary(sign: str) -> Binary:
    """The function of an operator, which refuses results past the limits."""
    return _guarded(sign, PYTHON_BINARY[sign], _operands)


def in_place(sign: str) -> Binary:
    """The function of an augmented assignment."""
    return _guarded(sign, IN_PLACE[sign], _operands_in_place)


Binary: TypeAlias = Callable[[Any, Any], Any]
Operands: TypeAlias = "tuple[Any, Any]"


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


class Container:
    """A value in which a program searches."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __contains__(self, value: Any) -> bool:
        return contains(self.value, value)


def container(value: Any) -> Any:
    """What stands right of `in`: the value itself where that needs no guard, as it may be left of more."""
    kind = type(value)
    if kind in THERE or kind in PROGRAM_CLASSES or (kind is range and len(value) < FEW):
        return value
    return Container(value)


def contains(container: Any, value: Any) -> bool:
    """`value in container`."""
    if type(container) is range and type(value) not in (int, bool):
        if isinstance(value, float):
            return value.is_integer() and int(value) in container
        return value in Counted(container)
    return value in counted(container)


# ---- loops and calls ----------------------------------------------------------------------------


def iterate(value: Any) -> Any:
    """What a loop walks, which counts its turns itself."""
    return value.inner if type(value) is Counted else value


def spread(value: Any) -> Any:
    """The items of `*value`."""
    check_spread(value, 0)
    return counted(value)


# ---- exceptions ---------------------------------------------------------------------------------

# What a program can't catch; `Unknown` is its own graph's, which isn't computed yet.
ENDING = (LimitError, MemoryError, KeyboardInterrupt, Unknown)


def ended() -> bool:
    """Whether an exception ends the program, on its way through a `try`; it is noted, and to be raised again.

    Raises:
        LimitError: there is no more memory.
    """
    error = sys.exc_info()[1]
    if isinstance(error, MemoryError):
        error = out_of_memory()
        limits().end(error)
        raise error from None
    if isinstance(error, LimitError):
        limits().end(error)
    return isinstance(error, ENDING)


def kinds(kind: Any) -> Any:
    """The classes behind `except`."""
    return tuple(map(real, kind)) if isinstance(kind, tuple) else real(kind)


class Managed:
    """A context manager that could swallow an exception, and mustn't swallow what ends the program."""

    __slots__ = ("enter", "leave", "shows_trace")

    def __init__(self, enter: Any, leave: Any, shows_trace: bool) -> None:
        self.enter = enter
        self.leave = leave
        self.shows_trace = shows_trace

    def __enter__(self) -> Any:
        return self.enter()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        if kind is not None and issubclass(kind, ENDING):
            ended()
            return False
        return self.leave(kind, error, trace if self.shows_trace else None)


def manager(value: Any) -> Any:
    """What `with` enters and leaves."""
    is_programs = type(value) in PROGRAM_CLASSES
    if is_programs or isinstance(value, SWALLOWING):
        enter, leave = of_class(value, "__enter__"), of_class(value, "__exit__")
        if enter is not None and leave is not None:
            # contextlib's gives the trace back to its error, and no program sees it there
            return Managed(enter, leave, not is_programs)
    return value


def of_class(value: Any, name: str) -> Any:
    """A special method of an object, found as Python finds it: by its class alone; None if there is none."""
    kind = type(value)
    for base in kind.__mro__:
        if name in base.__dict__:
            entry = base.__dict__[name]
            bind = getattr(type(entry), "__get__", None)
            return entry if bind is None else bind(entry, value, kind)
    return None


@contextmanager
def _of_generator() -> Any:
    yield


SWALLOWING: tuple[type, ...] = (suppress, type(_of_generator()))

# ---- names --------------------------------------------------------------------------------------


def undefined(name: str) -> None:
    """A name with double underscores that means nothing in a program.

    Raises:
        NameError: always.
    """
    raise NameError(f"name '{name}' is not defined", name=name)


def no_super() -> None:
    """`super()` outside of a method.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("super(): no arguments")


def annotate(notes: Any, name: str) -> None:
    """`name: annotation` in a class, whose annotations are dropped but for their names."""
    if type(notes) is dict:
        notes[name] = object


def plain(value: Any) -> Any:
    from autodiff_cli.interpret.numpy_names import plain as checked

    return checked(value)


ARRAYS: frozenset[type] = frozenset(
    (np.ndarray, *(np.dtype(code).type for code in np.typecodes["All"]))
)
SMALL = 1 << 60  # integers of less grow no result past the limits
INDEXED: frozenset[type] = frozenset((list, tuple, dict, str, Tensor))
KEYED: frozenset[type] = frozenset((dict, Tensor))
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

# What a program's code calls, by the names that the translation gives.
GUARDS: dict[str, Any] = {
    "annotate": annotate,
    "attribute": attribute,
    "attribute_place": attribute_place,
    "attributes": Attributes,
    "container": container,
    "counted": counted,
    "ended": ended,
    "ending": ENDING,
    "failure": AssertionError,
    "formatted": formatted,
    "import_module": import_module,
    "import_name": import_name,
    "item": item,
    "item_place": item_place,
    "items": items,
    "iterate": iterate,
    "kinds": kinds,
    "manager": manager,
    "no_super": no_super,
    "slice": slice,
    "spread": spread,
    "store_attribute": store_attribute,
    "store_item": store_item,
    "super_of": Super,
    "undefined": undefined,
    "update_attribute": update_attribute,
    "update_item": update_item,
    **{name: binary(sign) for sign, name in NAMES.items()},
    **{f"in_place_{name}": in_place(sign) for sign, name in NAMES.items()},
}
