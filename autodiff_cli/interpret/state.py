"""`vars(x)` and `x.__dict__`: what an object holds, without the names that Python and numpy ask for.

Whoever finds `__array_interface__` in an object's dict reads and writes memory where it says. So a program
gets a copy, whose changes reach the object only under names without double underscores.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from autodiff_cli.interpret.allowed import BUILTIN_METHODS
from autodiff_cli.interpret.places import MACHINERY

MISSING = object()


def _checked(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError("an object's attributes have strings as names")
    if name[:2] == "__" and name[-2:] == "__":
        raise AttributeError(f"'{name}' can't be set in an object's __dict__")
    return str(name)


class State(dict[str, Any]):
    """What an object holds."""

    __slots__ = ("held",)

    def __init__(self, held: dict[str, Any]) -> None:
        super().__init__(
            (name, value)
            for name, value in held.items()
            if not (name[:2] == "__" and name[-2:] == "__")
        )
        self.held = held

    def __setitem__(self, name: Any, value: Any) -> None:
        self.held[_checked(name)] = value
        super().__setitem__(name, value)

    def __delitem__(self, name: Any) -> None:
        super().__delitem__(name)
        self.held.pop(name, None)

    def update(self, *others: Any, **named: Any) -> None:
        for name, value in dict(*others, **named).items():
            self[name] = value

    def __ior__(self, other: Any) -> State:  # type: ignore[override, misc]
        self.update(other)
        return self

    def setdefault(self, name: Any, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: Any, default: Any = MISSING) -> Any:
        if name in self:
            value = self[name]
            del self[name]
            return value
        if default is MISSING:
            raise KeyError(name)
        return default

    def popitem(self) -> tuple[str, Any]:
        name, value = super().popitem()
        self.held.pop(name, None)
        return name, value

    def clear(self) -> None:
        for name in list(self):
            del self[name]


class Variables(MutableMapping[str, Any]):
    """`globals()`: the variables of a program, but for what Python keeps among them for itself.

    There is the table that code in C imports with; see PyImport_Import in CPython's Python/import.c. No
    operator hands the variables themselves to the other operand, which may be the program's own.
    """

    __slots__ = ("data",)

    def __init__(self, variables: dict[str, Any]) -> None:
        self.data = variables

    def __getitem__(self, name: str) -> Any:
        return self.data[_variable(name)]

    def __setitem__(self, name: str, value: Any) -> None:
        self.data[_variable(name)] = value

    def __delitem__(self, name: str) -> None:
        del self.data[_variable(name)]

    def __contains__(self, name: object) -> bool:
        return type(name) in KEYS and name != MACHINERY and name in self.data

    def __iter__(self) -> Iterator[str]:
        return (name for name in list(self.data) if name != MACHINERY)

    def __len__(self) -> int:
        return len(self.data) - (MACHINERY in self.data)

    def __repr__(self) -> str:
        return repr(self.copy())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy() if isinstance(other, dict) else NotImplemented

    def __ior__(self, other: Any) -> Variables:
        self.update(other)
        return self

    def copy(self) -> dict[str, Any]:
        return dict(self)


def _variable(name: Any) -> str:
    # an object of the program's could pass for any name, with an `__eq__` of its own
    if type(name) not in KEYS or name == MACHINERY:
        raise KeyError(name)
    return name  # type: ignore[no-any-return]


KEYS = frozenset((str, int, float, bool, type(None)))
BUILTIN_METHODS[State] = BUILTIN_METHODS[dict]
BUILTIN_METHODS[Variables] = BUILTIN_METHODS[dict] - {"fromkeys"}


def state_of(value: Any) -> State:
    """What an object holds; nothing if it has slots alone."""
    return State(getattr(value, "__dict__", {}))
