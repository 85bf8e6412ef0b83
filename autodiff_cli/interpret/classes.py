"""Classes in programs: how they are made, called and named."""

from __future__ import annotations

import builtins as python
import types
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

from autodiff_cli.errors import Fault, LimitError
from autodiff_cli.interpret.allowed import DEFINABLE, PROGRAM_CLASSES, define, is_special
from autodiff_cli.interpret.counting import Counted
from autodiff_cli.interpret.stands import PLAIN, STANDS, Alias, Form, Stand, real, shown
from autodiff_cli.vocabulary.autograd.grad_fns import GradFn
from autodiff_cli.vocabulary.calls.handles import (
    GIVEN,
    MEMBERS,
    OPENED,
    TensorMethod,
    TorchFunction,
)
from autodiff_cli.vocabulary.calls.parameters import TYPE_NAMES, type_name
from autodiff_cli.vocabulary.python.ordered import OrderedDict


def build_class(
    body: Callable[[], Any], name: str, /, *bases: Any, metaclass: Any = type, **keywords: Any
) -> type:
    """`class NAME(BASES)`: a Python class whose methods are the program's functions.

    Python calls it in the place of its own `__build_class__`.

    Args:
        body: fills the names of the class.
        name: of the class.
        bases: as the program gives them.
        metaclass: `ABCMeta` at most.
        keywords: for the bases' `__init_subclass__`.

    Raises:
        TypeError: a base that isn't the program's, nor made to be one; a metaclass.
        AttributeError: a special name that programs can't define.
    """
    given = [real(base) for base in bases]
    if metaclass is ABSTRACT_META:
        given.append(ABC)
    elif real(metaclass) is not type:
        raise TypeError("a program's classes have no metaclass but ABCMeta")
    for base in given:
        _check_base(base)
    return python.__build_class__(body, name, *given, metaclass=_made, **keywords)  # type: ignore[no-any-return]


def _made(name: str, bases: tuple[Any, ...], namespace: dict[str, Any], /, **keywords: Any) -> type:
    """The class that a body's names make."""
    names = {REGISTERED: Registration(), **_checked_names(name, namespace)}
    if any(base.__module__ == "typing" and base.__name__ == "NamedTuple" for base in bases):
        from autodiff_cli.interpret.records import named_tuple

        cell = names.pop(CELL, None)
        made: Any = named_tuple(name, list(names.pop("__annotations__", ())), names)
        if cell is not None:
            cell.cell_contents = made
    else:
        meta = next((type(base) for base in bases if type(base) is not type), type)
        if meta is type:
            try:
                made = type(name, bases, names, **keywords)
            except RuntimeError as error:
                if isinstance(
                    error.__cause__, LimitError
                ):  # of a `__set_name__`, before Python 3.12
                    raise error.__cause__ from None
                raise
        else:
            members: Any = meta.__prepare__(name, bases)  # an enumeration's
            members.update(names)
            made = meta(name, bases, members, **keywords)
    define(made)  # a named tuple
    _mark_abstract(made)
    return made  # type: ignore[no-any-return]


CELL = "__classcell__"
# What Python's compiler leaves in a class.
OF_COMPILER = frozenset(
    "__module__ __qualname__ __static_attributes__ __firstlineno__ __classdictcell__".split()
)


def ABSTRACT_META(*_: Any) -> NoReturn:
    """`ABCMeta`: only the name of a metaclass; calls of it would make classes past the checks."""
    raise TypeError("ABCMeta can only be named as a metaclass")


ABSTRACT_META.__name__ = ABSTRACT_META.__qualname__ = "ABCMeta"


REGISTERED = "__program_class__"


class Registration:
    """Declares a class to be the program's before its own code runs: `__init__` of an enumeration's members,
    `__set_name__`, `__init_subclass__`.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        define(owner)


# Of Python's own classes, those that programs may subclass, besides exceptions.
BASES = frozenset((object, dict, list, OrderedDict, defaultdict, Counter))


def _check_base(base: Any) -> None:
    if not isinstance(base, type):
        raise TypeError(f"cannot inherit from '{shown_type(base)}'")
    if base in PROGRAM_CLASSES or base in OPENED or base in BASES:
        return
    if not issubclass(base, BaseException) or base in STANDS:
        raise TypeError(f"type '{shown_class_name(base)}' is not an acceptable base type")


def _checked_names(owner: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """What a class body left, with the names that Python and numpy would ask for under control."""
    names = {
        name: value
        for name, value in namespace.items()
        if name[0] != "." and name not in OF_COMPILER
    }
    qualified = namespace["__qualname__"]
    if not isinstance(qualified, str):
        raise TypeError(f"type __qualname__ must be a str, not {shown_type(qualified)}")
    annotations = names.get("__annotations__", {})
    if not isinstance(annotations, dict):
        raise TypeError(f"{owner}.__annotations__ must be a dict")
    for name in annotations:
        check_name(name)
    for name in names:
        if is_special(name) and name not in DEFINABLE and not _is_cell(name, names[name]):
            raise AttributeError(f"{owner}.{name} can't be defined in a program")
    slots = names.get("__slots__", ())
    if slots:
        slots = (slots,) if isinstance(slots, str) else tuple([str(name) for name in slots])
        for name in slots:
            if is_special(name) and name not in ("__dict__", "__weakref__"):
                raise AttributeError(f"{owner}.{name} can't be defined in a program")
        names["__slots__"] = slots
    if "__getattr__" in names:
        names["__getattr__"] = _for_plain_names(names["__getattr__"])
    for name in ("__init_subclass__", "__class_getitem__"):
        if name in names and not isinstance(names[name], (classmethod, staticmethod)):
            names[name] = classmethod(names[name])
    names["__module__"] = "__main__"
    names["__qualname__"] = qualified
    names.setdefault("__doc__", None)
    # numpy asks the class, and then doesn't look for a way to read objects as arrays
    names["__array_ufunc__"] = None
    return names


def _is_cell(name: str, value: Any) -> bool:
    """Whether a name is Python's own, for the class that `super()` needs."""
    return name == CELL and type(value) is types.CellType


def check_name(name: Any) -> None:
    """
    Raises:
        TypeError: an attribute's name that isn't a str. An object of the program's, with an `__eq__` and a
            `__hash__` of its own, would pass for any name in any table.
    """
    if not isinstance(name, str):
        raise TypeError(f"attribute name must be string, not '{shown_type(name)}'")


def _for_plain_names(given: Any) -> Any:
    """A program's `__getattr__`, which is never asked for names that Python and numpy give a meaning."""

    def __getattr__(self: Any, name: str) -> Any:
        if is_special(name):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return given.__get__(self, type(self))(name)

    return __getattr__


def _mark_abstract(made: type) -> None:
    """Let Python refuse objects of a class some of whose methods are abstract, if ABC is among its bases."""
    if ABC not in made.__mro__:
        return
    names = {name for base in made.__mro__ for name in getattr(base, "__abstractmethods__", ())}
    names.update(made.__dict__)
    found = {base: base.__dict__ for base in made.__mro__}
    made.__abstractmethods__ = frozenset(  # type: ignore[attr-defined]
        name
        for name in names
        for entry in [next(own[name] for own in found.values() if name in own)]
        if getattr(entry, "__isabstractmethod__", False) is True
    )


class ABC:
    """`abc.ABC`: what makes abstract methods count. There is no `ABCMeta` behind it."""

    __module__ = "abc"
    __slots__ = ()


MEMBERS[ABC] = frozenset()
OPENED.add(ABC)


def class_item(cls: Any, item: Any) -> Any:
    """`C[item]`: a member of an enumeration, or a class with parameters."""
    if isinstance(cls, Stand):
        if cls.kind in SUBSCRIPTED:
            return Alias(cls, item)
    elif type(cls) is not type:
        if cls in PROGRAM_CLASSES:
            return cls[item]
    else:
        for base in cls.__mro__:
            if base in PROGRAM_CLASSES or base in MEMBERS:
                entry = base.__dict__.get("__class_getitem__")
                if entry is not None:
                    return entry.__get__(None, cls)(item)
    raise TypeError(f"type '{shown_class_name(cls)}' is not subscriptable")


SUBSCRIPTED: set[type] = {list, tuple, dict, set, frozenset, type}


class Super:
    """`super()`: the names of an object's classes behind one of them."""

    __slots__ = ("instance", "owner", "start")

    def __init__(self, owner: Any, instance: Any) -> None:
        if not isinstance(owner, type) or owner not in PROGRAM_CLASSES:
            raise TypeError("super() takes a class of the program and an object of it")
        as_class = isinstance(instance, type) and owner in instance.__mro__
        if not as_class and owner not in type(instance).__mro__:
            raise TypeError("super(type, obj): obj must be an instance or subtype of type")
        self.owner = owner
        self.instance = None if as_class else instance
        self.start: type = instance if as_class else type(instance)

    def classes(self) -> tuple[type, ...]:
        mro = self.start.__mro__
        return mro[mro.index(self.owner) + 1 :]

    def __repr__(self) -> str:
        return f"<super: {self.owner!r}, <{self.start.__name__} object>>"


TYPE_NAMES[Super] = "super"


# ---- names of types -----------------------------------------------------------------------------


def shown_class(value: Any) -> Any:
    """The class that `type(value)` shows."""
    if isinstance(value, Fault):
        if value.module:
            return _named_class(value.module, value.kind, RuntimeError)
        for base in type(value).__mro__:
            if base.__module__ == "builtins" and issubclass(base, Exception):
                return base
    kind = type(value)
    if kind is Counted:
        return shown_class(value.inner)
    if kind is GradFn:
        prefix: str = getattr(value.node.op, "class_prefix", "")
        return _named_class(prefix.rstrip("."), value.class_name)
    if kind in SHOWN_CLASSES:
        return shown(SHOWN_CLASSES[kind])
    if kind in STANDS:
        return STANDS[kind]
    if kind in PROGRAM_CLASSES or kind in MEMBERS or kind in GIVEN or kind in PLAIN:
        return kind
    if isinstance(value, BaseException):
        return kind
    return shown(type if isinstance(value, type) else kind)


@cache
def _named_class(module: str, name: str, base: type = object) -> Any:
    """A class that only shows a name."""
    made = type(name, (base,), {"__module__": module or "builtins"})
    return shown(made) if base is object else made


SHOWN_CLASSES: dict[type, type] = {
    TorchFunction: types.BuiltinFunctionType,
    TensorMethod: types.BuiltinFunctionType,
    Alias: types.GenericAlias,
    Form: types.GenericAlias,
}


def shown_class_name(value: type) -> str:
    return type.__dict__["__name__"].__get__(value)  # type: ignore[no-any-return]


def shown_type(value: Any) -> str:
    """The name of a value's type in messages."""
    if isinstance(value, type):
        return "type"
    if isinstance(value, GradFn):
        return value.class_name
    if type(value) in SHOWN_CLASSES:
        return SHOWN_CLASSES[type(value)].__name__
    return type_name(value)


def no_attribute(value: Any, name: str) -> AttributeError:
    return AttributeError(f"'{shown_type(value)}' object has no attribute '{name}'")


def shown_name(function: Any) -> str:
    return str(getattr(function, "__qualname__", None) or getattr(function, "name", function))
