"""Records: named values that don't change."""

from __future__ import annotations

from typing import ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Record:
    """What `dataclass(frozen=True)` gives, without its cost at start-up.

    A dozen dataclasses take as long to make as the parser takes to load, and so do as many named tuples. What
    a class gives a field is what it is where it isn't given.

    >>> class Point(Record):
    ...     x: float
    ...     y: float = 0.0
    >>> Point(1.0), Point(x=1.0, y=2.0).y
    (Point(x=1.0, y=0.0), 2.0)
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = (name for name in cls.__annotations__ if name != "fields")
        cls.fields = tuple(dict.fromkeys((*cls.fields, *own)))

    def __init__(self, *values: object, **named: object) -> None:
        fields = self.fields
        if len(values) == len(fields) and not named:
            self.__dict__.update(zip(fields, values, strict=True))
            return
        given = {**dict(zip(fields, values, strict=False)), **named}
        missing = [name for name in fields if name not in given and not hasattr(type(self), name)]
        if missing or len(values) + len(named) != len(given) or not given.keys() <= {*fields}:
            raise TypeError(f"{type(self).__name__}() takes {', '.join(fields)}")
        self.__dict__.update(given)

    def replaced(self, **fields: object) -> Self:
        """The same, but for some fields.

        >>> class Point(Record):
        ...     x: float
        ...     y: float
        >>> Point(1.0, 2.0).replaced(y=3.0)
        Point(x=1.0, y=3.0)
        """
        return type(self)(**self.__dict__ | fields)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({shown})"
