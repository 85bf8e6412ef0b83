"""`dataclasses.dataclass` for the classes of programs.

Python's own makes methods with `exec`; these are closures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ABSENT = object()


class Field:
    """`field(default=…, default_factory=…)`."""

    def __init__(
        self,
        *,
        default: Any = ABSENT,
        default_factory: Any = ABSENT,
        repr: bool = True,
        compare: bool = True,
        init: bool = True,
        **_: Any,
    ) -> None:
        self.name = ""
        self.default = default
        self.factory = default_factory
        self.repr = repr
        self.compare = compare
        self.init = init

    def value(self) -> Any:
        return self.factory() if self.factory is not ABSENT else self.default

    @property
    def required(self) -> bool:
        return self.default is ABSENT and self.factory is ABSENT


def fields_of(cls: type) -> list[Field]:
    """The fields of a class and its bases, in order."""
    found: dict[str, Field] = {}
    for base in reversed(cls.__mro__):
        for name in vars(base).get("__annotations__", ()):
            default = base.__dict__.get(name, ABSENT)
            field = default if isinstance(default, Field) else Field(default=default)
            if isinstance(default, (list, dict, set)):
                kind = type(default)
                raise ValueError(
                    f"mutable default {kind} for field {name} is not allowed: use default_factory"
                )
            field.name = name
            found[name] = field
    return list(found.values())


def dataclass(
    cls: Any = None, *, frozen: bool = False, eq: bool = True, order: bool = False, **_: Any
) -> Any:
    """The decorator, with or without arguments."""
    if cls is None:
        return lambda given: dataclass(given, frozen=frozen, eq=eq, order=order)
    fields = fields_of(cls)
    seen_default = ""
    for field in fields:
        if field.required and field.init and seen_default:
            raise TypeError(f"non-default argument {field.name!r} follows default argument")
        seen_default = seen_default or ("" if field.required else field.name)
        if isinstance(cls.__dict__.get(field.name), Field):
            if field.default is ABSENT:
                delattr(cls, field.name)
            else:
                setattr(cls, field.name, field.default)
    own: dict[str, Callable[..., Any]] = {"__init__": _initializer(cls, fields)}
    own["__repr__"] = lambda self: (
        f"{type(self).__qualname__}("
        + ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields if f.repr)
        + ")"
    )
    compared = [f.name for f in fields if f.compare]

    def values(self: Any) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in compared)

    if eq:
        own["__eq__"] = lambda self, other: (
            values(self) == values(other) if type(other) is type(self) else NotImplemented
        )
        own["__hash__"] = (lambda self: hash(values(self))) if frozen else None  # type: ignore[assignment]
    if order:
        own["__lt__"] = lambda self, other: values(self) < values(other)
        own["__le__"] = lambda self, other: values(self) <= values(other)
        own["__gt__"] = lambda self, other: values(self) > values(other)
        own["__ge__"] = lambda self, other: values(self) >= values(other)
    for name, method in own.items():
        if name not in cls.__dict__ or name == "__hash__":
            setattr(cls, name, method)
    if frozen:
        cls.__setattr__ = _refused
    cls.__dataclass_fields__ = {f.name: f for f in fields}
    return cls


class FrozenInstanceError(AttributeError):
    """A field of a frozen object is assigned to."""

    __module__ = "dataclasses"


def _refused(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _initializer(cls: type, fields: list[Field]) -> Callable[..., None]:
    taken = [f for f in fields if f.init]

    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        name = f"{cls.__qualname__}.__init__()"
        if len(args) > len(taken):
            raise TypeError(
                f"{name} takes {len(taken) + 1} positional arguments but {len(args) + 1} were given"
            )
        given = dict(zip((f.name for f in taken), args, strict=False))
        for key, value in kwargs.items():
            if key not in (f.name for f in taken):
                raise TypeError(f"{name} got an unexpected keyword argument '{key}'")
            if key in given:
                raise TypeError(f"{name} got multiple values for argument '{key}'")
            given[key] = value
        missing = [f.name for f in taken if f.required and f.name not in given]
        if missing:
            from autodiff_cli.interpret.frames import listed

            raise TypeError(f"{name} missing {listed(missing, 'positional')}")
        for f in fields:
            value = given[f.name] if f.name in given else f.value()
            object.__setattr__(self, f.name, value)
        after = getattr(self, "__post_init__", None)
        if after is not None:
            after()

    return initialize


def asdict(value: Any) -> dict[str, Any]:
    """The fields of an object as a dict."""
    return {name: _plain(getattr(value, name)) for name in type(value).__dataclass_fields__}


def _plain(value: Any) -> Any:
    if hasattr(type(value), "__dataclass_fields__"):
        return asdict(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(entry) for entry in value)
    return value
