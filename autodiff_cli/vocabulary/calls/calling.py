"""Torch's functions and methods, as the library's own Python code calls them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, TypeVar

from autodiff_cli.errors import AttributeFault
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import (
    GIVEN,
    NAMES,
    TENSOR_METHODS,
    TensorMethod,
    TorchFunction,
    named,
    open_class,
)
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, METHODS
from autodiff_cli.vocabulary.writing import write, writing_function

C = TypeVar("C", bound=type)


@cache
def torch_function(name: str) -> Callable[..., Any]:
    """A function by its name behind `torch.`, such as "F.linear", for tensors."""
    if name in NAMES:
        return NAMES[name]  # type: ignore[no-any-return]
    function = FUNCTIONS.get(name)
    if function is None:
        module, _, last = name.rpartition(".")
        where = {"": "torch", "F": "torch.nn.functional"}.get(module, f"torch.{module}")
        raise AttributeFault(f"module '{where}' has no attribute '{last}'")
    return writing_function(function) if function.in_place else TorchFunction(function)


def torch_call(name: str, *args: Any, **kwargs: Any) -> Any:
    """Call a function by its name behind `torch.`."""
    return torch_function(name)(*args, **kwargs)


def call(tensor: Tensor, name: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method of a tensor, in-place ones included."""
    check_has(tensor, name)
    own = TENSOR_METHODS.get(name)
    if own is not None:
        return own(tensor, *args, **kwargs)
    function = METHODS.get(name)
    if function is None:
        raise AttributeFault(f"'{type(tensor).__name__}' object has no attribute '{name}'")
    if function.in_place:
        return write(function, tensor, *args, **kwargs)
    return TensorMethod(tensor, function)(*args, **kwargs)


def check_has(value: Any, name: str) -> None:
    """Refuse what is no tensor, as Python does where the reference's code asks for an attribute.

    Raises:
        AttributeFault: in Python's words.
    """
    if not isinstance(value, Tensor):
        raise AttributeFault(f"'{type_name(value)}' object has no attribute '{name}'")


def subclassable(module: str, *names: str) -> Callable[[C], C]:
    """Declare a class that programs may subclass and whose objects they may look into.

    Args:
        module: where the reference defines it: what `type(x)` prints.
        names: behind `torch.`.
    """

    def declare(cls: C) -> C:
        cls.__module__ = module
        _own_methods(cls)
        open_class(cls)
        named(*names)(cls)
        return cls

    return declare


# What classes of the reference share too, of what they share here.
SHARED = frozenset(("_BatchNorm.forward",))


def _own_methods(cls: type) -> None:
    """Give a class the methods that it shares with others here and the reference writes anew for each.

    Python's errors name a method by the class that it was written in.
    """
    wanted = {"__init__", "forward", "step"}.difference(vars(cls))
    for base in cls.__mro__[1:-1]:
        if base in GIVEN:
            return
        for name in wanted.intersection(vars(base)):
            wanted.remove(name)
            method = vars(base)[name]
            declared = hasattr(method, "__wrapped__")  # by a text, which names the class
            if not declared and method.__qualname__ not in SHARED:
                setattr(cls, name, _renamed(method, f"{cls.__name__}.{name}"))


def _renamed(method: FunctionType, name: str) -> FunctionType:
    own = FunctionType(
        method.__code__, method.__globals__, None, method.__defaults__, method.__closure__
    )
    own.__kwdefaults__, own.__qualname__ = method.__kwdefaults__, name
    own.__annotations__, own.__doc__ = method.__annotations__, method.__doc__
    return own


def qualified_name(value: Any) -> str:
    """A value's type as `torch.typename` gives it."""
    if isinstance(value, Tensor):
        return f"torch.{value.dtype.scalar_name}Tensor"
    return class_path(value)


def class_path(value: Any) -> str:
    """A value's class as its `repr` names it.

    >>> class_path(1.5)
    'float'
    """
    kind = type(value)
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", None) else f"{module}.{kind.__qualname__}"
