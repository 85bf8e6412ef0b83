"""Attributes in programs: what a value offers is what a table lists for its class, or the program put there.

Of objects of the program's classes, and of those of the library that it may subclass, the classes are walked
here: the program's own are read from their `__dict__`, of others only what is listed. A name with double
underscores is never found in an object, but only where a class of the program, or a table, has it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autodiff_cli.interpret import assignment, unbound
from autodiff_cli.interpret.allowed import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    BUILTIN_METHODS,
    DTYPE_NAMES,
    NATIVE,
    PROGRAM_CLASSES,
    READABLE,
    is_open,
    is_own_function,
    is_special,
    listed,
    sealed,
)
from autodiff_cli.interpret.classes import (
    SHOWN_CLASSES,
    Super,
    check_name,
    no_attribute,
    shown_class,
    shown_class_name,
    shown_type,
)
from autodiff_cli.interpret.counting import guarded
from autodiff_cli.interpret.formats import Format
from autodiff_cli.interpret.stands import Stand, real, shown
from autodiff_cli.interpret.state import state_of
from autodiff_cli.interpret.tensors import UNREADABLE, HandleMethod, meaning, tensor_attribute
from autodiff_cli.interpret.torch_names import Namespace
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.function_context import Context
from autodiff_cli.vocabulary.autograd.grad_fns import GradFn, RemovableHandle
from autodiff_cli.vocabulary.calls.handles import (
    MEMBERS,
    OPENED,
    PUBLIC,
    TENSOR_ATTRIBUTES,
    TENSOR_METHODS,
    TorchFunction,
)
from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES, METHODS
from autodiff_cli.vocabulary.calls.values import ReturnType, Size, Value

MISSING = object()

# ---- reading ------------------------------------------------------------------------------------


def attribute(value: Any, name: str) -> Any:
    """`value.name`.

    Raises:
        AttributeError: there is no such name, or none that a program may reach.
        TypeError: the name isn't a str.
    """
    kind = type(value)
    if type(name) is str and name in NATIVE.get(kind, ()):
        try:
            return getattr(value, name)
        except AttributeError as error:
            _explain(error, value, name)
            raise
    if type(name) is not str:
        check_name(name)
    if kind in PROGRAM_CLASSES:
        if is_special(name):
            return _special(value, name)
        if _is_native(kind, name):
            NATIVE.setdefault(kind, set()).add(name)
        return _of_object(value, name)
    if issubclass(kind, Tensor):
        return tensor_attribute(value, name)
    if is_special(name):
        return _special(value, name)
    if kind is Namespace:
        return value.member(name)
    table = BUILTIN_METHODS.get(kind)
    if table is not None:
        if name in table:
            return guarded(name, getattr(value, name))
        if kind is str and name == "format":
            from autodiff_cli.interpret.items import item

            return Format(value, attribute, item)
        raise no_attribute(value, name)
    if is_open(kind) or isinstance(value, BaseException):
        return _of_object(value, name)
    reader = READERS.get(kind)
    if reader is not None:
        return reader(value, name)
    table = PUBLIC.get(kind)
    if table is not None and name in table:
        return getattr(value, name)
    for base, reader in FAMILIES:
        if isinstance(value, base):
            return reader(value, name)
    raise no_attribute(value, name)


def _is_native(kind: type, name: str) -> bool:
    """Whether Python finds a name in objects of a program's class as `_of_object` does."""
    if type(kind) is not type:
        return False
    for base in kind.__mro__:
        if name in base.__dict__:
            if base in PROGRAM_CLASSES:
                return True
            entry = base.__dict__[name]
            return listed(base, name) and type(entry) in (types.FunctionType, property)
    return True


def _explain(error: AttributeError, value: Any, name: str) -> None:
    if str(error) == f"'{shown_type(value)}' object has no attribute '{name}'":
        meaning(error, value, name)


def _special(value: Any, name: str) -> Any:
    """A name with double underscores."""
    kind = type(value)
    if name == "__class__":
        return shown_class(value)
    if isinstance(value, type):
        return _special_of_class(real(value), name)
    if name in ("__name__", "__qualname__", "__doc__") and kind not in PROGRAM_CLASSES:
        found = value.shown_name if kind is TorchFunction else getattr(value, name, None)
        if isinstance(found, str) or (name == "__doc__" and found is None):
            return found
    elif name in ("__cause__", "__context__", "__traceback__", "__notes__", "__suppress_context__"):
        if isinstance(value, BaseException):
            return None if name == "__traceback__" else getattr(value, name)
    elif name == "__defaults__" and is_own_function(value):
        return value.__defaults__
    elif name == "__module__":
        own = kind in PROGRAM_CLASSES or is_own_function(value)
        return "__main__" if own else "builtins"
    elif name == "__dict__" and is_open(kind):
        return state_of(value)
    elif kind is Namespace:
        return value.member(name)
    elif name in READABLE or name == "__members__":
        if is_open(kind) or isinstance(value, BaseException) or kind is Super:
            return _of_object(value, name)
        if kind in BUILTIN_METHODS and name not in WRITERS | sealed(kind) and hasattr(kind, name):
            return guarded(name, getattr(value, name))
        if name in PUBLIC.get(kind, ()):
            return getattr(value, name)
    raise no_attribute(value, name)


WRITERS = frozenset(
    ("__setattr__", "__delattr__", "__getattr__", "__init_subclass__", "__class_getitem__")
)


def _entry(classes: Iterable[type], name: str) -> Any:
    """What the first class that has a name has under it, and the class; MISSING if none that may be seen."""
    for base in classes:
        own = base.__dict__
        if name in own:
            if base in PROGRAM_CLASSES:
                if type(base) is type or not _hidden(base, name):
                    return own[name], base
            elif listed(base, name):
                return own[name], base
    return MISSING, object


def _hidden(base: type, name: str) -> bool:
    if type(base) is type:
        return False
    from autodiff_cli.interpret.enums import hides

    return hides(base, name)


def _of_object(value: Any, name: str) -> Any:
    """A name of an object, in Python's order: data descriptors, its own, its classes'."""
    if type(value) is Super:
        entry, base = _entry(value.classes(), name)
        return _bound(value.instance, value.start, entry, base, name, value)
    kind = type(value)
    entry, base = _entry(kind.__mro__, name)
    if entry is not MISSING and hasattr(type(entry), "__set__"):
        return _bound(value, kind, entry, base, name, value)
    if not is_special(name) and is_open(kind):
        own = getattr(value, "__dict__", NOTHING)
        if name in own:
            return own[name]
    if entry is MISSING:
        hook, base = _entry(kind.__mro__, "__getattr__")
        if hook is not MISSING and not is_special(name):
            found = _asked(value, hook, name)
            if found is not MISSING:
                return found
    return _bound(value, kind, entry, base, name, value)


NOTHING: dict[str, Any] = {}


def _asked(value: Any, hook: Any, name: str) -> Any:
    """What a `__getattr__` says, the program's or the library's."""
    try:
        return hook.__get__(value, type(value))(name)
    except AttributeError as error:
        _explain(error, value, name)
        raise


def _bound(value: Any, kind: type, entry: Any, base: type, name: str, asked: Any) -> Any:
    """An entry of a class as an attribute of an object, or of a class (then `value` is None)."""
    if entry is MISSING:
        error = no_attribute(asked, name)
        raise meaning(error, asked, name) if type(asked) is not Super else error
    if base not in PROGRAM_CLASSES:
        if name == "__setattr__":
            return lambda key, new: assignment.set_attribute(value, key, new, start=base)
        if name == "__delattr__":
            return lambda key: assignment.delete_attribute(value, key, start=base)
        if name == "__getattr__":
            return lambda key: attribute(value, key)
        if type(entry) in (dict, list, set):
            return entry.copy()  # the library's own
        if value is None and type(entry) is types.FunctionType:
            return unbound.of_instances(entry, base)
        if base is BaseException and name == "args" and kind.__module__.startswith("numpy"):
            return (str(value),)  # where it has its own functions
    bind = getattr(type(entry), "__get__", None)
    found = entry if bind is None else bind(entry, value, kind)
    return guarded(name, found) if base in BUILTIN_METHODS else found


def names_of(value: Any) -> list[str]:
    """The names that a program sees in an object, without those with double underscores."""
    kind = type(value)
    if isinstance(value, Tensor):
        found = {
            name
            for table in (TENSOR_ATTRIBUTES, TENSOR_METHODS, METHODS, ATTRIBUTES)
            for name in table.names()
        }
    elif isinstance(value, Namespace):
        found = set(value.names())
    elif kind is GradFn:
        found = {*GradFn.SHOWN, *[f"_saved_{name}" for name in value.saved_names()]}
    else:
        cls = real(value) if isinstance(value, type) else kind
        found = set()
        for base in cls.__mro__:
            if base in PROGRAM_CLASSES:
                found.update(name for name in base.__dict__ if not _hidden(base, name))
            found.update(MEMBERS.get(base, BUILTIN_METHODS.get(base, ())))
        if is_open(kind):
            own = getattr(value, "__dict__", NOTHING)
            found.update(own)
            for part in ("_parameters", "_buffers", "_modules"):
                found.update(own.get(part, ()))
    return sorted(name for name in found if type(name) is str and not is_special(name))


# ---- reading classes ----------------------------------------------------------------------------


def _of_class(value: type, name: str) -> Any:
    cls = real(value)
    if cls is Tensor or issubclass(cls, Tensor):
        if name in METHODS or name in TENSOR_METHODS:
            return unbound.UnboundMethod(name)
        if name in ATTRIBUTES or name in TENSOR_ATTRIBUTES:
            return unbound.UnboundAttribute(name)
    members = cls.__dict__.get("_member_map_") if cls in PROGRAM_CLASSES else None
    if members is not None and name in members:  # of an enumeration
        return members[name]
    entry, base = _entry(cls.__mro__, name)
    if entry is not MISSING and not isinstance(entry, DESCRIPTORS):
        if base in BUILTIN_METHODS and not isinstance(entry, (classmethod, staticmethod)):
            if not isinstance(entry, CLASS_METHODS):
                return unbound.UnboundBuiltin(base, name)
        return _bound(None, cls, entry, base, name, value)
    error = AttributeError(f"type object '{shown_class_name(value)}' has no attribute '{name}'")
    raise meaning(error, value, name)


DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType)  # of C, without a name here
CLASS_METHODS = (types.ClassMethodDescriptorType, types.BuiltinFunctionType)


def _special_of_class(cls: type, name: str) -> Any:
    if name in ("__name__", "__qualname__"):
        return shown_class_name(cls)
    if name == "__module__":
        return cls.__module__
    if name == "__doc__":
        return cls.__dict__.get("__doc__") if cls in PROGRAM_CLASSES else None
    if name in ("__mro__", "__bases__") and is_open(cls):
        found = cls.__mro__ if name == "__mro__" else cls.__bases__
        return tuple(b if b in PROGRAM_CLASSES | OPENED | {object} else shown(b) for b in found)
    if name == "__members__" and "_member_map_" in cls.__dict__ and cls in PROGRAM_CLASSES:
        return dict(cls.__dict__["_member_map_"])
    if name in READABLE:
        if cls is object and name in ("__setattr__", "__init__"):
            return OF_PLAIN[name]
        if issubclass(cls, Tensor):
            if hasattr(Tensor, name) and name not in UNREADABLE:
                return unbound.UnboundMethod(name)
        elif is_open(cls) or issubclass(cls, BaseException) or cls in BUILTIN_METHODS:
            entry, base = _entry(cls.__mro__, name)
            if base not in PROGRAM_CLASSES and name in WRITERS:
                if name in OF_PLAIN:
                    return OF_PLAIN[name]
            elif entry is not MISSING:
                if base in BUILTIN_METHODS:
                    return unbound.UnboundBuiltin(base, name)
                return _bound(None, cls, entry, base, name, cls)
    raise AttributeError(f"type object '{shown_class_name(cls)}' has no attribute '{name}'")


def _set_plainly(target: Any, name: str, value: Any) -> None:
    assignment.set_attribute(target, name, value, start=object)


def _delete_plainly(target: Any, name: str) -> None:
    assignment.delete_attribute(target, name, start=object)


def _nothing(*_: Any) -> None:
    """`object.__init__`."""


OF_PLAIN: dict[str, Callable[..., Any]] = {
    "__setattr__": _set_plainly,
    "__delattr__": _delete_plainly,
    "__init__": _nothing,
}


# ---- objects of Python, numpy and the library ---------------------------------------------------


def _of_function(value: Any, name: str) -> Any:
    function = value.__func__ if type(value) is types.MethodType else value
    if is_own_function(function) and name in function.__dict__:
        return function.__dict__[name]
    raise no_attribute(value, name)


def _of_dtype(value: DType, name: str) -> Any:
    if name == "itemsize":
        return value.numpy.itemsize
    if name == "is_floating_point":
        return value.is_floating
    if name == "is_signed":
        return value.numpy.kind in "if"
    if name == "is_complex":
        return False
    raise no_attribute(value, name)


def _of_grad_fn(value: GradFn, name: str) -> Any:
    if name in GradFn.SHOWN:
        return getattr(value, name)
    if name.startswith(("_saved_", "_raw_saved_")):
        return value.kept(name)
    own = value.node.params.get("ctx") if value.node.params else None
    if type(own) is Context:
        return attribute(own, name)
    raise AttributeError(f"'{value.class_name}' object has no attribute '{name}'")


def _of_tuple(value: Any, name: str) -> Any:
    """Shapes, and results with names."""
    if isinstance(value, ReturnType):
        if name in type(value).fields:
            return value[type(value).fields.index(name)]
    elif isinstance(value, Size):
        if name == "numel":
            return value.numel
    elif name in NAMED_TUPLE or name in vars(type(value)).get("_fields", ()):
        return getattr(value, name)
    if name in BUILTIN_METHODS[tuple]:
        return getattr(value, name)
    raise no_attribute(value, name)


NAMED_TUPLE = frozenset(("_fields", "_asdict", "_replace"))


def _of_array(value: Any, name: str) -> Any:
    if name in ARRAY_ATTRIBUTES:
        return getattr(value, name)
    if name in ARRAY_METHODS:
        from autodiff_cli.interpret.numpy_names import method

        return method(value, name)
    raise no_attribute(value, name)


def _of_numpy_dtype(value: Any, name: str) -> Any:
    if name in DTYPE_NAMES:
        return getattr(value, name)
    raise no_attribute(value, name)


def _of_value(value: Value, name: str) -> Any:
    if name in type(value).attributes:
        return getattr(value, name)
    raise no_attribute(value, name)


READERS: dict[type, Callable[[Any, str], Any]] = {
    types.FunctionType: _of_function,
    types.MethodType: _of_function,
    Super: _of_object,
    Stand: _of_class,
    type: _of_class,
    DType: _of_dtype,
    GradFn: _of_grad_fn,
    np.ndarray: _of_array,
}
# By classes of which there are many.
FAMILIES: tuple[tuple[type, Callable[[Any, str], Any]], ...] = (
    (type, _of_class),
    (np.generic, _of_array),
    (np.dtype, _of_numpy_dtype),
    (Value, _of_value),
    (tuple, _of_tuple),
)
PUBLIC[RemovableHandle] = frozenset(("remove", "id"))
PUBLIC[types.GeneratorType] = frozenset(("send", "close", "throw", "__next__", "__iter__"))
SHOWN_CLASSES.update({HandleMethod: types.MethodType, Namespace: types.ModuleType})
for _kind, _shown in SHOWN_CLASSES.items():  # whose name Python's own errors say
    _kind.__name__ = _shown.__name__
