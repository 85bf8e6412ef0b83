"""`value.name = new`, `value.name += more` and `del value.name`, as the code of a program says them."""

from __future__ import annotations

from typing import Any

from autodiff_cli.interpret.access import attribute
from autodiff_cli.interpret.arithmetic import Binary
from autodiff_cli.interpret.assignment import delete_attribute, set_attribute


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
