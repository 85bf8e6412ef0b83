"""Records: named values that don't change."""

from __future__ import annotations

from typing import ClassVar, dataclass_transform


@dataclass_transform(frozen_default=True)
class Record:
    """What `dataclass(frozen=True)` gives, without its cost at start-up.

    A dozen dataclasses take as long to make as the parser takes to load, and so do as many named tuples.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.fields = (*cls.fields, *(name for name in cls.__annotations__ if name != "fields"))

    def __init__(self, *values: object) -> None:
        self.__dict__.update(zip(self.fields, values, strict=True))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({shown})"
