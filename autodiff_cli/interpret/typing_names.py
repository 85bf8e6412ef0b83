"""`typing` in programs, where annotations mean nothing: names that can be subscripted and joined.

Python's own would compile the text of a forward reference.
"""

from __future__ import annotations

from collections import abc, defaultdict, deque
from typing import Any

from autodiff_cli.interpret.stands import Alias, Form
from autodiff_cli.vocabulary.calls.handles import open_class


class TypeVar:
    """`TypeVar("T")`: a name."""

    __slots__ = ("__name__", "sign")

    def __init__(self, name: str, *constraints: Any, covariant: Any = False,
                 contravariant: Any = False, **_: Any) -> None:  # fmt: skip
        self.__name__ = str(name)
        self.sign = "+" if covariant else "-" if contravariant else "~"

    def __or__(self, other: Any) -> Alias:
        return Alias(self, other, joint=" | ")

    def __repr__(self) -> str:
        return self.sign + self.__name__


class Generic:
    """The base of classes with parameters; `C[int]` is `C`."""

    __module__ = "typing"

    def __class_getitem__(cls, item: Any) -> type:
        return cls


class Protocol(Generic):
    """The base of classes that say what others must have."""

    __module__ = "typing"

    def __new__(cls, *_: Any, **__: Any) -> Any:
        if Protocol in cls.__bases__:
            raise TypeError("Protocols cannot be instantiated")
        return super().__new__(cls)


class NamedTuple:
    """The mark of `class Point(NamedTuple)`, which `records.named_tuple` makes a class of."""

    __module__ = "typing"

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TypeError("write class Point(NamedTuple), or collections.namedtuple('Point', fields)")


for _cls in (Generic, Protocol, NamedTuple):
    open_class(_cls)


def member(name: str) -> Any:
    """A name of `typing`, as programs have it."""
    return SPECIAL[name] if name in SPECIAL else Form(name, KINDS.get(name))


KINDS: dict[str, type] = {
    "List": list,
    "Dict": dict,
    "Tuple": tuple,
    "Set": set,
    "Type": type,
    "DefaultDict": defaultdict,
    "Deque": deque,
    **{
        name: getattr(abc, name)
        for name in (
            "Callable Iterable Iterator Sequence Mapping Generator Hashable Collection Container"
        ).split()
    },
}
SPECIAL: dict[str, Any] = {
    "TypeVar": TypeVar,
    "Generic": Generic,
    "Protocol": Protocol,
    "NamedTuple": NamedTuple,
    "TYPE_CHECKING": False,
    "cast": lambda kind, value: value,
}
