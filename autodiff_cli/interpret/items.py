"""Items in programs: `value[index]`, its assignment, and the parameters of a class."""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.arithmetic import ARRAYS, Binary
from autodiff_cli.interpret.sizes import MAX_ITEMS
from autodiff_cli.tensors.tensor import Tensor

INDEXED: frozenset[type] = frozenset((list, tuple, dict, str, Tensor))
KEYED: frozenset[type] = frozenset((dict, Tensor))


def item(value: Any, index: Any) -> Any:
    """`value[index]`."""
    kind = type(value)
    if kind in INDEXED:
        return value[index]
    if isinstance(value, type):
        from autodiff_cli.interpret.classes import class_item

        return class_item(value, index)
    if kind in ARRAYS:
        from autodiff_cli.interpret.numpy_names import check_index

        check_index(value, index)
    return value[index]


def set_item(target: Any, index: Any, value: Any) -> None:
    """`target[index] = value`."""
    if type(index) is slice and isinstance(target, list):
        from autodiff_cli.interpret.counting import counted

        value = counted(value)
        if hasattr(value, "__len__") and len(target) + len(value) > MAX_ITEMS:
            raise LimitError(f"a list of more than {MAX_ITEMS:,} items")
    elif type(target) in ARRAYS:
        from autodiff_cli.interpret.numpy_names import check_index, plain

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
