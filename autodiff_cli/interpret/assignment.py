"""Assignments to attributes in programs: to objects and classes of the program, and to what a table lists.

A name with double underscores is never set: it would mean something to Python, or to numpy.
"""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import AttributeFault
from autodiff_cli.interpret.allowed import (
    BUILTIN_METHODS,
    PROGRAM_CLASSES,
    WRITABLE,
    forget,
    is_open,
    is_own_function,
    is_special,
    listed,
)
from autodiff_cli.interpret.classes import (
    check_name,
    no_attribute,
    shown_class_name,
    shown_type,
)
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import TENSOR_ATTRIBUTES, TENSOR_SETTERS
from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES


def set_attribute(target: Any, name: str, value: Any, start: type | None = None) -> None:
    """`target.name = value`.

    Args:
        target, name, value: of the statement.
        start: the class whose `__setattr__` `super()` asks for; that of the target's own class if None.

    Raises:
        AttributeError, TypeError: the program can't set it.
    """
    kind = type(target)
    if start is None and type(name) is str and name in WRITABLE.get(kind, ()):
        setattr(target, name, value)
        return
    check_name(name)
    if isinstance(target, Tensor):
        _set_of_tensor(target, name, value)
    elif is_own_function(target):
        _set_of_function(target, name, value)
    elif isinstance(target, type):
        if target not in PROGRAM_CLASSES or is_special(name):
            raise TypeError(
                f"cannot set '{name}' attribute of immutable type '{shown_class_name(target)}'"
            )
        setattr(target, name, value)
        forget()
    elif not is_open(kind) or is_special(name):
        readable = kind in BUILTIN_METHODS and name in BUILTIN_METHODS[kind]
        if readable:
            raise AttributeError(f"'{shown_type(target)}' object attribute '{name}' is read-only")
        raise no_attribute(target, name)
    else:
        _check_writable(target, name)
        if start is None:
            WRITABLE.setdefault(kind, set()).add(str(name))
            setattr(target, name, value)
        else:
            start.__setattr__(target, name, value)  # type: ignore[call-arg]


def _check_writable(target: Any, name: str) -> None:
    """Refuse to write over what a class of the library keeps for itself."""
    for base in type(target).__mro__:
        if base in PROGRAM_CLASSES:
            if name in base.__dict__:
                return
        elif name in base.__dict__ and not listed(base, name):
            raise AttributeError(f"'{shown_type(target)}' object attribute '{name}' is read-only")


def _set_of_tensor(target: Tensor, name: str, value: Any) -> None:
    if name in TENSOR_SETTERS:
        TENSOR_SETTERS[name](target, value)
    elif name in TENSOR_ATTRIBUTES or name in ATTRIBUTES:
        raise AttributeFault(f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable")
    elif is_special(name):
        raise AttributeError(f"'Tensor' object attribute '{name}' can't be assigned")
    else:
        target.__dict__[name] = value


def _set_of_function(target: Any, name: str, value: Any) -> None:
    if name in ("__name__", "__qualname__", "__doc__"):
        if not isinstance(value, str) and (name != "__doc__" or value is not None):
            raise TypeError(f"{name} must be set to a string object")
    elif is_special(name):
        raise AttributeError(f"'function' object attribute '{name}' can't be assigned")
    setattr(target, name, value)


def delete_attribute(target: Any, name: str, start: type | None = None) -> None:
    """`del target.name`.

    Args:
        target, name: of the statement.
        start: the class whose `__delattr__` `super()` asks for; that of the target's own class if None.

    Raises:
        AttributeError: the program can't delete it.
    """
    check_name(name)
    kind = type(target)
    if isinstance(target, Tensor) and name == "grad":
        target.grad = None
    elif is_special(name):
        raise no_attribute(target, name)
    elif is_own_function(target):
        delattr(target, name)
    elif is_open(kind):
        _check_writable(target, name)
        if start is None:
            delattr(target, name)
        else:
            start.__delattr__(target, name)  # type: ignore[call-arg]
    elif isinstance(target, type) and target in PROGRAM_CLASSES:
        delattr(target, name)
        forget()
    else:
        raise no_attribute(target, name)
