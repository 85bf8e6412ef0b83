"""`dataclasses.dataclass` and named tuples for programs.

Python's own make methods with `exec` and `eval`; these are closures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from keyword import iskeyword
from operator import itemgetter
from typing import Any

from autodiff_cli.interpret.allowed import PROGRAM_CLASSES, define, forget, is_special

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


def listed(names: list[str], kind: str) -> str:
    """Missing arguments, in Python's words."""
    shown = [f"'{name}'" for name in names]
    if len(shown) == 1:
        return f"1 required {kind} argument: {shown[0]}"
    joined = (
        f"{shown[0]} and {shown[1]}"
        if len(shown) == 2
        else f"{', '.join(shown[:-1])}, and {shown[-1]}"
    )
    return f"{len(shown)} required {kind} arguments: {joined}"


def fields_of(cls: type) -> list[Field]:
    """The fields of a class and its bases, in order."""
    found: dict[str, Field] = {}
    for base in reversed(cls.__mro__):
        found |= base.__dict__.get("__program_fields__", {})
    for name in vars(cls).get("__annotations__", ()):
        if is_special(name):
            raise AttributeError(f"{cls.__name__}.{name} can't be a field")
        default = cls.__dict__.get(name, ABSENT)
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
    if not (isinstance(cls, type) and cls in PROGRAM_CLASSES):
        raise TypeError("dataclass() takes a class that the program defines")
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
        cls.__setattr__ = _refused  # type: ignore[method-assign, assignment]
    # by another name than Python's own, whose pprint looks for more under that one
    cls.__program_fields__ = {f.name: f for f in fields}  # type: ignore[attr-defined]
    forget()
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
    return {name: _plain(getattr(value, name)) for name in type(value).__program_fields__}


def _plain(value: Any) -> Any:
    if hasattr(type(value), "__program_fields__"):
        return asdict(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(entry) for entry in value)
    return value


# ---- named tuples -------------------------------------------------------------------------------


def namedtuple(
    typename: Any,
    field_names: Any,
    *,
    rename: Any = False,
    defaults: Any = None,
    module: Any = None,
) -> type:
    """`collections.namedtuple`.

    Raises:
        ValueError, TypeError: names that can't be, in Python's words.
    """
    if isinstance(field_names, str):
        field_names = field_names.replace(",", " ").split()
    names = [str(name) for name in field_names]
    if rename:
        for place, name in enumerate(names):
            if (
                not name.isidentifier()
                or iskeyword(name)
                or name[0] == "_"
                or name in names[:place]
            ):
                names[place] = f"_{place}"
    return _tuple_class(str(typename), names, tuple(defaults or ()), bool(rename))


def named_tuple(name: str, fields: list[str], body: dict[str, Any]) -> type:
    """`class Point(NamedTuple)`: its fields are the annotated names, the rest of the body stays."""
    given = [field for field in fields if field in body]
    for place, field in enumerate(fields):
        if given and field not in body and given[0] in fields[:place]:
            raise TypeError(
                f"non-default namedtuple field {field} cannot follow default field {given[0]}"
            )
    made = _tuple_class(name, fields, tuple(body[field] for field in given), False)
    for key, entry in body.items():
        if key not in fields and key not in ("__slots__", "__array_ufunc__"):
            setattr(made, key, entry)
    return made


def _tuple_class(name: str, fields: list[str], defaults: tuple[Any, ...], renamed: bool) -> type:
    for word in (name, *fields):
        if not word.isidentifier():
            raise ValueError(f"Type names and field names must be valid identifiers: {word!r}")
        if iskeyword(word):
            raise ValueError(f"Type names and field names cannot be a keyword: {word!r}")
    for place, field in enumerate(fields):
        if field[0] == "_" and not renamed:
            raise ValueError(f"Field names cannot start with an underscore: {field!r}")
        if field in fields[:place]:
            raise ValueError(f"Encountered duplicate field name: {field!r}")
    if len(defaults) > len(fields):
        raise TypeError("Got more default values than field names")
    by_default = dict(zip(fields[len(fields) - len(defaults) :], defaults, strict=True))
    places = {field: place for place, field in enumerate(fields)}

    def __new__(cls: Any, /, *args: Any, **kwargs: Any) -> Any:
        values = {**by_default, **dict(zip(fields, args, strict=False))}
        for key, value in kwargs.items():
            if key not in places:
                raise TypeError(f"{name}.__new__() got an unexpected keyword argument '{key}'")
            if places[key] < len(args):
                raise TypeError(f"{name}.__new__() got multiple values for argument '{key}'")
            values[key] = value
        if len(args) > len(fields):
            most = len(fields) + 1
            takes = f"from {most - len(defaults)} to {most}" if defaults else str(most)
            were = f"{len(args) + 1} were given"
            raise TypeError(f"{name}.__new__() takes {takes} positional arguments but {were}")
        missing = [field for field in fields if field not in values]
        if missing:
            raise TypeError(f"{name}.__new__() missing {listed(missing, 'positional')}")
        return tuple.__new__(cls, [values[field] for field in fields])

    def _make(cls: Any, iterable: Iterable[Any]) -> Any:
        made = tuple.__new__(cls, iterable)
        if len(made) != len(fields):
            raise TypeError(f"Expected {len(fields)} arguments, got {len(made)}")
        return made

    def _replace(self: Any, /, **changed: Any) -> Any:
        made = _make(
            type(self), [changed.pop(field, self[place]) for field, place in places.items()]
        )
        if changed:
            raise ValueError(f"Got unexpected field names: {list(changed)!r}")
        return made

    def __repr__(self: Any) -> str:
        shown = ", ".join(f"{field}={self[place]!r}" for field, place in places.items())
        return f"{type(self).__name__}({shown})"

    made = type(
        name,
        (tuple,),
        {
            "__module__": "__main__",
            "__slots__": (),
            "__array_ufunc__": None,
            "__new__": __new__,
            "__getnewargs__": lambda self: tuple(self),  # as copies ask
            "__repr__": __repr__,
            "_make": classmethod(_make),
            "_replace": _replace,
            "_asdict": lambda self: dict(zip(fields, self, strict=True)),
            "_fields": tuple(fields),
            "_field_defaults": by_default,
            **{field: property(itemgetter(place)) for field, place in places.items()},
        },
    )
    define(made)
    return made
