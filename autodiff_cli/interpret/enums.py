"""`Enum` and `IntEnum` as programs subclass them: Python's own, without the ways to make one by a call."""

from __future__ import annotations

import enum
from typing import Any

from autodiff_cli.vocabulary.calls.handles import MEMBERS, OPENED


class EnumType(enum.EnumType):
    """The class of enumerations: a call finds a member, and makes no new enumeration."""

    def __call__(cls, *values: Any, **other: Any) -> Any:
        if len(values) != 1 or other:
            raise TypeError(
                f"{cls.__name__}(value) finds a member; an Enum is made with class NAME(Enum)"
            )
        return cls.__new__(cls, values[0])  # type: ignore[call-arg, arg-type]


class Enum(enum.Enum, metaclass=EnumType):
    __module__ = "enum"


class IntEnum(enum.IntEnum, metaclass=EnumType):
    __module__ = "enum"


MEMBERS.update(
    dict.fromkeys(
        (enum.Enum, enum.IntEnum, enum.ReprEnum, Enum, IntEnum), frozenset(("name", "value"))
    )
)
OPENED.update((Enum, IntEnum))
# Of the names with one underscore on each side, those that programs define and read.
SUNDERED = frozenset("_missing_ _generate_next_value_ _value_ _name_".split())


def hides(kind: type, name: str) -> bool:
    """Whether a name in an enumeration's class is the machinery's."""
    return isinstance(kind, enum.EnumType) and name[0] == name[-1] == "_" and name not in SUNDERED
