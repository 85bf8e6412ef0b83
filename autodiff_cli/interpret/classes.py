"""Classes in programs: how they are made, called and named."""

from __future__ import annotations

import types
from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, cast

from autodiff_cli.interpret.allowed import CONSTRUCTORS, DEFINABLE, OWN_CLASSES, is_own
from autodiff_cli.interpret.counting import Counted
from autodiff_cli.vocabulary.gradients import GradFn
from autodiff_cli.vocabulary.handles import (
    TensorMethod,
    TorchFunction,
)
from autodiff_cli.vocabulary.parameters import type_name


def callable_of(value: Any) -> Any:
    """What calling a value runs."""
    if isinstance(value, type) and value in CONSTRUCTORS:
        return CONSTRUCTORS[value]
    if callable(value):
        return value
    raise TypeError(f"'{shown_type(value)}' object is not callable")


def make_class(
    code: Any, bases: tuple[Any, ...], namespace: dict[str, Any], function_type: type
) -> type:
    """`class NAME(BASES)`: a Python class whose methods are the program's functions."""
    given, bases = bases, types.resolve_bases(bases)
    named = [base.__name__ for base in given if isinstance(base, types.FunctionType)]
    if named == ["NamedTuple"]:
        return _named_tuple(code, namespace)
    for base in bases:
        if not isinstance(base, type):
            raise TypeError(f"cannot inherit from '{shown_type(base)}'")
        if not (is_own(base) or base is object or issubclass(base, (BaseException, dict, list))):
            raise TypeError(f"type '{shown_class_name(base)}' is not an acceptable base type")
    names = dict(namespace)
    for name in names:
        if name.startswith("__") and name.endswith("__") and name not in DEFINABLE:
            raise AttributeError(f"{code.name}.{name} can't be defined in a program")
    names["__module__"] = "__main__"
    names["__qualname__"] = code.qualified
    names["__doc__"] = code.docstring
    meta = next((type(base) for base in bases if type(base).__name__ == "EnumType"), None)
    if meta is not None:
        members: Any = meta.__prepare__(code.name, bases)
        for name, entry in names.items():
            members[name] = entry
        made: type = meta(code.name, bases, members)
    else:
        if bases is not given:
            names["__orig_bases__"] = given
        made = type(code.name, bases or (object,), names)
    OWN_CLASSES.add(made)
    for entry in names.values():
        for inner in _functions_in(entry):
            if isinstance(inner, function_type) and inner.owner is None:  # type: ignore[attr-defined]
                inner.owner = made  # type: ignore[attr-defined]
    return made


def _named_tuple(code: Any, namespace: dict[str, Any]) -> type:
    """`class Point(NamedTuple)`: a namedtuple with methods."""
    fields = list(namespace.get("__annotations__", ()))
    defaults = [namespace[field] for field in fields if field in namespace]
    made = namedtuple(code.name, fields, defaults=defaults, module="__main__")  # type: ignore[misc]
    for name, entry in namespace.items():
        if name not in fields and (name in DEFINABLE or not name.startswith("__")):
            setattr(made, name, entry)
    made.__doc__ = code.docstring
    OWN_CLASSES.add(made)
    return cast("type", made)


def _functions_in(entry: Any) -> list[Any]:
    """The functions behind a method: itself, or what property, staticmethod or a context wraps."""
    if isinstance(entry, property):
        return [entry.fget, entry.fset]
    for name in ("__func__", "function", "func"):
        inner = getattr(entry, name, None)
        if inner is not None:
            return [inner, *_functions_in(inner)]
    return [entry]


class Namespace:
    """A module of the language, such as `torch` or `torch.nn`."""

    def __init__(
        self,
        name: str,
        members: Callable[[str], Any],
        names: Callable[[], Iterable[str]] = list[str],
    ) -> None:
        self.name = self.__name__ = name
        self.find = members
        self.names = names

    def member(self, name: str) -> Any:
        return self.find(name)

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"


# ---- names of types -----------------------------------------------------------------------------


def shown_class(value: Any) -> Any:
    """The class that `type(value)` shows."""
    from autodiff_cli.errors import Fault

    if isinstance(value, Fault):
        if value.module:
            return _named_class(value.module, value.kind, RuntimeError)
        for base in type(value).__mro__:
            if base.__module__ == "builtins" and issubclass(base, Exception):
                return base
    if isinstance(value, Counted):
        return shown_class(value.items)
    if isinstance(value, GradFn):
        prefix: str = getattr(value.node.op, "class_prefix", "")
        return _named_class(prefix.rstrip("."), value.class_name)
    return SHOWN_CLASSES.get(type(value), type(value))


@cache
def _named_class(module: str, name: str, base: type = object) -> type:
    """A class that only shows a name."""
    return type(name, (base,), {"__module__": module or "builtins"})


SHOWN_CLASSES: dict[type, type] = {
    TorchFunction: types.BuiltinFunctionType,
    TensorMethod: types.BuiltinFunctionType,
}


def shown_class_name(value: type) -> str:
    return value.__name__


def shown_type(value: Any) -> str:
    """The name of a value's type in messages."""
    if isinstance(value, type):
        return "type"
    if isinstance(value, GradFn):
        return value.class_name
    if type(value) in SHOWN_CLASSES:
        return SHOWN_CLASSES[type(value)].__name__
    return type_name(value)


def shown_name(function: Any) -> str:
    return str(getattr(function, "__qualname__", None) or getattr(function, "name", function))
