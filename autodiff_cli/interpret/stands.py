"""Classes that programs hold in the place of Python's and numpy's own: their calls are ours to check.

`list`, `type` or `np.ndarray` in a program is a class of this metaclass. It answers `isinstance` as the
real one does, and calling it runs a function that counts items, refuses sizes, or refuses the call; so it
may be handed to whatever calls it (`map`, `defaultdict`, `partial`). Of classes that nobody declared here, a
program sees the name alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from autodiff_cli.vocabulary.legacy import TensorType

STANDS: dict[type, Stand] = {}  # by the class whose place is taken
# The classes that programs hold themselves: what a call of them makes is small, or refused by Python.
PLAIN: frozenset[type] = frozenset(
    (int, float, bool, str, object, range, slice, property, staticmethod, classmethod, type(None))
)


class Stand(type):
    """The class of stand-ins.

    Attributes:
        kind: the class whose place it takes.
        make: what a call runs.
    """

    kind: type
    make: Callable[..., Any]

    def __new__(cls, kind: type, make: Callable[..., Any] | None = None) -> Stand:
        names: dict[str, Any] = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
        made = super().__new__(cls, kind.__name__, (), names)
        made.kind = kind
        made.make = staticmethod(_refusal(kind) if make is None else make)
        return made

    def __init__(cls, kind: type, make: Callable[..., Any] | None = None) -> None:
        super().__init__(kind.__name__, (), {})

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.make(*args, **kwargs)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, cls.kind)

    def __subclasscheck__(cls, other: Any) -> bool:
        return issubclass(real(other), cls.kind)

    def __getitem__(cls, item: Any) -> Alias:
        return Alias(cls, item)

    def __iter__(cls) -> NoReturn:  # or Python would ask for cls[0], cls[1], …
        raise TypeError("'type' object is not iterable")

    def __or__(cls, other: Any) -> Alias:  # type: ignore[override]
        return Alias(cls, other, joint=" | ")

    def __repr__(cls) -> str:
        return repr(cls.kind)


Stand.__name__ = "type"  # as Python's own errors say it


def _refusal(kind: type) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise TypeError(f"cannot create '{kind.__name__}' instances")

    return refuse


def stand(kind: type, make: Callable[..., Any] | None = None) -> Stand:
    """Declare the class that programs hold in the place of another.

    Args:
        kind: the other.
        make: what a call of it runs; without one, calls are refused.
    """
    STANDS[kind] = Stand(kind, make)
    return STANDS[kind]


def shown(kind: type) -> Any:
    """What a program sees of a class that isn't its own: a stand-in, which for unknown ones makes nothing."""
    found = STANDS.get(kind)
    if found is not None:
        return found
    return kind if kind in PLAIN or issubclass(kind, BaseException) else stand(kind)


def real(kind: Any) -> Any:
    """The class that a stand-in stands for; anything else as it is."""
    return kind.kind if type(kind) is Stand else kind


class Alias:
    """`list[int]` or `list | None`: calls of it are calls of the class."""

    __slots__ = ("item", "joint", "origin")

    def __init__(self, origin: Any, item: Any, joint: str = "") -> None:
        self.origin = origin
        self.item = item
        self.joint = joint

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.joint:
            raise TypeError("'types.UnionType' object is not callable")
        return self.origin(*args, **kwargs)

    def __getitem__(self, item: Any) -> Alias:
        return Alias(self, item)

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self!r} is not iterable")

    def __or__(self, other: Any) -> Alias:
        return Alias(self, other, joint=" | ")

    def __ror__(self, other: Any) -> Alias:
        return Alias(other, self, joint=" | ")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alias) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        if self.joint:
            return f"{type_text(self.origin)} | {type_text(self.item)}"
        items = self.item if isinstance(self.item, tuple) else (self.item,)
        return f"{type_text(self.origin)}[{', '.join(map(type_text, items))}]"


class Form:
    """A name of `typing`, such as `Optional`.

    Attributes:
        name: how it is printed.
        kind: the class that `isinstance` compares with, if it has one.
    """

    __slots__ = ("kind", "name")

    def __init__(self, name: str, kind: type | None = None) -> None:
        self.name = name
        self.kind = kind

    def __getitem__(self, item: Any) -> Alias:
        return Alias(self, item)

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self!r} is not iterable")

    def __or__(self, other: Any) -> Alias:
        return Alias(self, other, joint=" | ")

    def __ror__(self, other: Any) -> Alias:
        return Alias(other, self, joint=" | ")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"Cannot instantiate {self!r}")

    def __repr__(self) -> str:
        return f"typing.{self.name}"


def type_text(kind: Any) -> str:
    """A type in an annotation, as Python prints it."""
    if kind is Ellipsis:
        return "..."
    if kind is None:
        return "None"
    if isinstance(kind, list):
        return f"[{', '.join(map(type_text, kind))}]"
    if isinstance(kind, type):
        plain = kind.__module__ == "builtins"
        return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"
    return repr(kind)


def classes_of(kinds: Any) -> list[type]:
    """The real classes in the second argument of `isinstance`: classes, tuples of them and unions.

    Raises:
        TypeError: something else.
    """
    pending = [kinds]
    found: list[type] = []
    while pending:
        kind = real(pending.pop())
        if (isinstance(kind, Form) and kind.kind is not None) or isinstance(kind, TensorType):
            kind = kind.kind
        if isinstance(kind, tuple):
            pending.extend(kind)
        elif isinstance(kind, Alias) and kind.joint:
            pending += [kind.origin, kind.item]
        elif kind is None:
            found.append(type(None))
        elif isinstance(kind, type):
            found.append(kind)
        else:
            raise TypeError("isinstance() arg 2 must be a type, a tuple of types, or a union")
    return found
