"""`collections.OrderedDict` for programs.

Python's own is in C, and loses its memory where a subclass's `__getitem__`, a key's `__eq__` or `dict.clear`
changes it meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from reprlib import recursive_repr
from typing import Any


class odict_keys(KeysView[Any]):
    __module__ = "builtins"

    def __iter__(self) -> Iterator[Any]:
        return dict.__iter__(self._mapping)  # type: ignore[attr-defined]

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self)[::-1])

    def __repr__(self) -> str:
        return f"odict_keys({list(self)!r})"


class odict_values(ValuesView[Any]):
    __module__ = "builtins"

    def __iter__(self) -> Iterator[Any]:
        return iter(dict.values(self._mapping))  # type: ignore[attr-defined]

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self)[::-1])

    def __repr__(self) -> str:
        return f"odict_values({list(self)!r})"


class odict_items(ItemsView[Any, Any]):
    __module__ = "builtins"

    def __iter__(self) -> Iterator[Any]:
        return iter(dict.items(self._mapping))  # type: ignore[attr-defined]

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self)[::-1])

    def __repr__(self) -> str:
        return f"odict_items({list(self)!r})"


class OrderedDict(dict[Any, Any]):
    """A dict that is compared in order. Moving an entry to the front takes as long as a copy."""

    __module__ = "collections"

    def move_to_end(self, key: Any, last: bool = True) -> None:
        value = dict.pop(self, key)
        behind = {} if last else dict(dict.items(self))
        if not last:
            dict.clear(self)
        dict.__setitem__(self, key, value)
        dict.update(self, behind)

    def popitem(self, last: bool = True) -> tuple[Any, Any]:
        if not self:
            raise KeyError("dictionary is empty")
        if last:
            return dict.popitem(self)
        key = next(dict.__iter__(self))
        return key, dict.pop(self, key)

    def keys(self) -> Any:
        return odict_keys(self)

    def values(self) -> Any:
        return odict_values(self)

    def items(self) -> Any:
        return odict_items(self)

    def copy(self) -> OrderedDict:
        return type(self)(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OrderedDict):
            return dict.__eq__(self, other)
        return dict.__eq__(self, other) is True and list(self) == list(other)

    def __ne__(self, other: object) -> bool:
        equal = self == other
        return equal if equal is NotImplemented else not equal

    __hash__ = None

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, dict):
            return NotImplemented
        made = type(self)(self)
        made.update(other)
        return made

    def __ror__(self, other: Any) -> Any:
        if not isinstance(other, dict):
            return NotImplemented
        made = type(self)(other)
        made.update(self)
        return made

    @recursive_repr()
    def __repr__(self) -> str:
        name = type(self).__name__
        if not self:
            return f"{name}()"
        shown = dict(self.items()) if sys.version_info >= (3, 12) else list(self.items())
        return f"{name}({shown!r})"
