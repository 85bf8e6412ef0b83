"""Attributes and calls in programs: what may be reached, by tables.

Nothing is looked up on an arbitrary Python object: each type of value has its table of names. Only the
objects of the program's own classes, and of the library's (`nn.Module` …), are asked themselves, and
never for names with double underscores but those listed here.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from autodiff_cli.autograd.tensor import Tensor, lifted
from autodiff_cli.errors import AttributeFault
from autodiff_cli.interpret.allowed import (
    ARRAY_NAMES,
    BUILTIN_METHODS,
    OWN_CLASSES,
    READABLE,
    is_own,
)
from autodiff_cli.interpret.classes import (
    Namespace,
    shown_class,
    shown_class_name,
    shown_type,
)
from autodiff_cli.interpret.counting import check_format, guarded
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.vocabulary.gradients import GradFn, RemovableHandle, bound_method_repr
from autodiff_cli.vocabulary.handles import (
    PUBLIC,
    TENSOR_ATTRIBUTES,
    TENSOR_METHODS,
    TENSOR_SETTERS,
    TensorMethod,
    TorchFunction,
    lift,
)
from autodiff_cli.vocabulary.registry import ATTRIBUTES, METHODS
from autodiff_cli.vocabulary.values import ReturnType, Size, Value
from autodiff_cli.vocabulary.writing import in_place_method

# ---- reading ------------------------------------------------------------------------------------


def attribute(value: Any, name: str) -> Any:
    """`value.name`.

    Raises:
        AttributeError: there is no such name, or none that a program may reach.
    """
    if isinstance(value, Tensor):
        return tensor_attribute(value, name)
    if name.startswith("__"):
        return _special(value, name)
    kind = type(value)
    if isinstance(value, Namespace):
        return value.member(name)
    for base in kind.__mro__[:-1]:
        table = BUILTIN_METHODS.get(base)
        if table is not None and name in table and not is_own(kind):
            return guarded(name, getattr(value, name))
    if is_own(kind) or kind is super or isinstance(value, BaseException):
        return _of_object(value, name)
    if name in getattr(kind, "_fields", ()) or (
        hasattr(kind, "_fields") and name in ("_fields", "_asdict", "_replace")
    ):
        return getattr(value, name)  # a namedtuple
    if name in getattr(value, "program_attributes", ()):
        return value.program_attributes[name]
    if isinstance(value, type):
        return _of_class(value, name)
    if kind is str and name == "format":
        return SafeFormat(value)
    if isinstance(value, DType):
        if name in ("is_floating_point", "itemsize", "is_complex", "is_signed"):
            return _of_dtype(value, name)
    elif isinstance(value, Size):
        if name == "numel":
            return value.numel
        if name in BUILTIN_METHODS[tuple]:
            return getattr(value, name)
    elif isinstance(value, ReturnType):
        if name in value.fields:
            return value[value.fields.index(name)]
    elif isinstance(value, (np.ndarray, np.generic, np.dtype)):
        if name in ARRAY_NAMES and hasattr(value, name):
            return getattr(value, name)
    elif isinstance(value, Value):
        if name in value.attributes:
            return getattr(value, name)
    elif isinstance(value, GradFn):
        return _of_grad_fn(value, name)
    elif isinstance(value, RemovableHandle) and name in ("remove", "id"):
        return getattr(value, name)
    else:
        table = PUBLIC.get(kind)
        if table is not None and name in table:
            return getattr(value, name)
    raise AttributeError(f"'{shown_type(value)}' object has no attribute '{name}'")


def tensor_attribute(tensor: Tensor, name: str) -> Any:
    """An attribute or a method of a tensor."""
    if name in TENSOR_ATTRIBUTES:
        return TENSOR_ATTRIBUTES[name](tensor)
    own = TENSOR_METHODS.get(name)
    if own is not None:
        return HandleMethod(tensor, name, own)
    if name in METHODS:
        return TensorMethod(tensor, METHODS[name])
    if name in ATTRIBUTES:
        if tensor.is_invalid and name not in ("T", "mT", "H", "mH"):
            return lifted(ATTRIBUTES[name](tensor._node), [tensor])
        return lift(ATTRIBUTES[name], tensor)
    if name in tensor.__dict__:
        return tensor.__dict__[name]
    if name.startswith("__"):
        if name == "__class__":
            return type(tensor)
        if name in READABLE and hasattr(Tensor, name):
            return getattr(tensor, name)
    written = in_place_method(name)
    if written is not None:
        return HandleMethod(tensor, name, written)
    raise meaning(
        AttributeFault(f"'{type(tensor).__name__}' object has no attribute '{name}'"),
        name,
        names_of(tensor),
    )


E = TypeVar("E", bound=Exception)


def meaning(error: E, name: str, known: Iterable[str]) -> E:
    """An error about a name that doesn't exist, with the names that it may have been meant for.

    As in Python, only the traceback of an uncaught error says which of them is near.
    """
    error.meant = name, known  # type: ignore[attr-defined]
    return error


class HandleMethod:
    """A method of a tensor that works on the tensor itself."""

    __slots__ = ("function", "name", "tensor")

    def __init__(self, tensor: Tensor, name: str, function: Callable[..., Any]) -> None:
        self.tensor = tensor
        self.name = name
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "from" in kwargs:
            kwargs["from_"] = kwargs.pop("from")
        return self.function(self.tensor, *args, **kwargs)

    def __repr__(self) -> str:
        return bound_method_repr(self.tensor, self.name)


def _special(value: Any, name: str) -> Any:
    """A name with double underscores."""
    if name == "__class__":
        return shown_class(value)
    if name in ("__name__", "__qualname__"):
        found = getattr(value, name, None)
        if isinstance(value, TorchFunction):
            found = value.shown_name
        if isinstance(found, str):
            return shown_class_name(value) if isinstance(value, type) else found
    elif name == "__doc__":
        if not isinstance(value, type) or is_own(value):
            return getattr(value, "__doc__", None)
        return None
    elif name in ("__cause__", "__context__", "__traceback__", "__notes__") and isinstance(
        value, BaseException
    ):
        return None if name == "__traceback__" else getattr(value, name)
    elif name in ("__mro__", "__bases__") and isinstance(value, type) and is_own(value):
        return getattr(value, name)
    elif name == "__defaults__" and hasattr(value, "defaults"):
        return tuple(value.defaults.values()) or None
    elif name == "__dict__" and is_own(type(value)):
        return value.__dict__
    elif isinstance(value, Namespace):
        return value.member(name)
    elif name in READABLE:
        kind = type(value)
        if isinstance(value, type):
            if is_own(value) or issubclass(value, (BaseException, Tensor)):
                return getattr(value, name)
        elif is_own(kind) or kind is super or kind in BUILTIN_METHODS:
            if name == "__setattr__" and kind is super:
                target = value.__self__
                return lambda key, entry: set_attribute(target, key, entry, plain=True)
            return getattr(value, name)
    raise AttributeError(f"'{shown_type(value)}' object has no attribute '{name}'")


def _of_object(value: Any, name: str) -> Any:
    try:
        return getattr(value, name)
    except AttributeError as error:
        if str(error) == f"'{shown_type(value)}' object has no attribute '{name}'":
            meaning(error, name, names_of(value))
        raise


def names_of(value: Any) -> list[str]:
    """The names that a program sees in an object, without those with double underscores."""
    if isinstance(value, Tensor):
        found = {*TENSOR_ATTRIBUTES, *TENSOR_METHODS, *METHODS.names(), *ATTRIBUTES}
    elif isinstance(value, Namespace):
        found = set(value.names())
    else:
        own = getattr(value, "__dict__", {})
        found = {*own, *_class_names(type(value))}
        for part in ("_parameters", "_buffers", "_modules"):
            found.update(own.get(part, ()))
        for base in type(value).__mro__:
            found.update(BUILTIN_METHODS.get(base, ()))
    return sorted(found)


def _class_names(kind: type) -> list[str]:
    return [
        name
        for base in kind.__mro__
        if base in OWN_CLASSES
        for name in base.__dict__
        if not name.startswith("__")
    ]


def _of_class(value: type, name: str) -> Any:
    for base in value.__mro__:
        if base in OWN_CLASSES and name in base.__dict__:
            return getattr(value, name)
    if name in ("_fields", "_make", "_field_defaults") and hasattr(value, "_fields"):
        return getattr(value, name)
    if issubclass(value, Tensor):
        if name in METHODS or name in TENSOR_METHODS or in_place_method(name) is not None:
            return UnboundMethod(name)
        if name in ATTRIBUTES or name in TENSOR_ATTRIBUTES:
            return UnboundAttribute(name)
    table = BUILTIN_METHODS.get(value)
    if table is not None and name in table:
        return (
            guarded(name, getattr(value, name)) if name.startswith("from") else getattr(value, name)
        )
    if is_own(value) and hasattr(value, name) and name != "mro":
        return getattr(value, name)
    raise AttributeError(f"type object '{shown_class_name(value)}' has no attribute '{name}'")


class UnboundMethod:
    """`torch.Tensor.sum`: a method asked of the class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        return tensor_attribute(tensor, self.name)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<method '{self.name}' of 'torch._C.TensorBase' objects>"


class UnboundAttribute:
    """`torch.Tensor.shape`: an attribute asked of the class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<attribute '{self.name}' of 'torch._C.TensorBase' objects>"


def _of_dtype(value: DType, name: str) -> Any:
    if name == "itemsize":
        return value.numpy.itemsize
    if name == "is_floating_point":
        return value.is_floating
    return name == "is_signed" and value.numpy.kind in "if"


def _of_grad_fn(value: GradFn, name: str) -> Any:
    if name in ("name", "next_functions", "variable", "requires_grad", "register_hook") or (
        name == "register_prehook"
    ):
        return getattr(value, name)
    if name.startswith("_saved_"):
        return value.saved_tensor(name.removeprefix("_saved_"))
    own = value.node.params.get("ctx") if value.node.params else None
    if own is not None:
        return getattr(own, name)
    raise AttributeError(f"'{value.class_name}' object has no attribute '{name}'")


# ---- writing ------------------------------------------------------------------------------------


def set_attribute(target: Any, name: str, value: Any, plain: bool = False) -> None:
    """`target.name = value`."""
    if isinstance(target, Tensor):
        if name in TENSOR_SETTERS:
            TENSOR_SETTERS[name](target, value)
        elif name in TENSOR_ATTRIBUTES or name in ATTRIBUTES:
            raise AttributeFault(
                f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable"
            )
        elif name.startswith("__"):
            raise AttributeError(f"'Tensor' object attribute '{name}' can't be assigned")
        else:
            target.__dict__[name] = value
        return
    owner = target if isinstance(target, type) else type(target)
    if name.startswith("__") or not (is_own(owner) or hasattr(target, "program_attributes")):
        from autodiff_cli.interpret.frames import UserFunction

        if isinstance(target, UserFunction) and not name.startswith("__"):
            target.__dict__.setdefault("program_attributes", {})[name] = value
            return
        if isinstance(target, type):
            raise TypeError(
                f"cannot set '{name}' attribute of immutable type '{shown_class_name(target)}'"
            )
        raise AttributeError(f"'{shown_type(target)}' object has no attribute '{name}'")
    if plain:
        object.__setattr__(target, name, value)
    else:
        setattr(target, name, value)


def delete_attribute(target: Any, name: str) -> None:
    if isinstance(target, Tensor) and name == "grad":
        target.grad = None
    elif is_own(type(target)) and not name.startswith("__"):
        delattr(target, name)
    else:
        raise AttributeError(f"'{shown_type(target)}' object has no attribute '{name}'")


# ---- str.format ---------------------------------------------------------------------------------


class SafeFormat(string.Formatter):
    """`"…".format(…)`, whose fields reach attributes as the rest of the program does."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        return self.vformat(self.text, args, kwargs)

    def get_value(self, key: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(key, int):
            if key >= len(args):
                raise IndexError(f"Replacement index {key} out of range for positional args tuple")
            return args[key]
        return kwargs[key]

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        from _string import formatter_field_name_split  # type: ignore[import-not-found]

        first, rest = formatter_field_name_split(field_name)
        value = self.get_value(first, args, kwargs)
        for is_attribute, key in rest:
            value = attribute(value, key) if is_attribute else value[key]
        return value, first

    def format_field(self, value: Any, format_spec: str) -> Any:
        check_format(format_spec)
        return format(value, format_spec)
