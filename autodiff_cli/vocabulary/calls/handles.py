"""The names of programs: what works on tensors as objects, not on nodes.

A function of the other vocabulary, which takes nodes, serves programs too: `on_nodes` gives it the nodes of
the tensors it is called with, and makes tensors of what it gives back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from inspect import signature
from typing import Any, TypeVar

import numpy as np

from autodiff_cli.errors import (
    FAILURES,
    AutodiffError,
    IndexFault,
    NotImplementedFault,
    RuntimeFault,
    TypeFault,
)
from autodiff_cli.index import Table
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ir.room import check_elements
from autodiff_cli.tensors.tensor import Tensor, wrapped
from autodiff_cli.vocabulary.calls.parameters import TYPE_NAMES
from autodiff_cli.vocabulary.calls.registry import Function
from autodiff_cli.vocabulary.calls.signature import Overloads
from autodiff_cli.vocabulary.calls.values import ReturnType

F = TypeVar("F", bound=Callable[..., Any])

TENSOR_METHODS: Table[Callable[..., Any]] = Table("tensor_methods")
TENSOR_ATTRIBUTES: Table[Callable[[Tensor], Any]] = Table("tensor_attributes")
TENSOR_SETTERS: Table[Callable[[Tensor, Any], None]] = Table("tensor_setters")
NAMES: Table[Any] = Table("names")  # behind `torch.`: "manual_seed", "autograd.grad", "nn.Linear"

# Of the library's classes that programs may subclass: the names that a class gives to programs.
MEMBERS: dict[type, frozenset[str]] = {}
GIVEN: set[type] = set()  # the classes behind `torch.`, which programs may call
OPENED: set[type] = set()  # those that programs may subclass: bases of theirs have names here alone
PUBLIC: dict[type, frozenset[str]] = {}  # what programs may ask of objects of other types

TYPE_NAMES[Tensor] = "Tensor"
Tensor.__module__ = "torch"


def method(name: str, *signatures: str, function: bool = False) -> Callable[[F], F]:
    """Declare a method of tensors.

    Args:
        name: of the method.
        signatures: the parameters of its overloads, if the reference parses them itself; "" for none.
        function: whether it is a function behind `torch.`, too.
    """

    def declare(implementation: F) -> F:
        made = _refusing(name, implementation, signatures, True) if signatures else implementation
        TENSOR_METHODS[name] = made
        if function:
            run = _refusing(name, implementation, signatures, False)
            NAMES[name] = TorchFunction(Function(name), run)
        return implementation

    return declare


def _refusing(
    name: str, implementation: Callable[..., Any], signatures: tuple[str, ...], is_method: bool
) -> Callable[..., Any]:
    """A method or function whose wrong arguments are refused as the reference's parser does it."""
    tensor = "Tensor self" if is_method else "Tensor input"
    texts = [f"{name}({tensor}{', ' if text else ''}{text})" for text in signatures]
    overloads = Overloads(name, texts, method=is_method)

    @wraps(implementation)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return implementation(*args, **kwargs)
        except FAILURES:
            try:
                overloads.bind(*unwrapped(args[is_method:], kwargs, []))
            except AutodiffError as better:
                raise better from None
            raise

    return run


def attribute(name: str, setter: Callable[[Tensor, Any], None] | None = None) -> Callable[[F], F]:
    """Declare an attribute of tensors, and how it is assigned to, if it can be."""

    def declare(implementation: F) -> F:
        TENSOR_ATTRIBUTES[name] = implementation
        if setter is not None:
            TENSOR_SETTERS[name] = setter
        return implementation

    return declare


class Asked:
    """A name behind `torch.` whose value is asked for each time."""

    __slots__ = ("value",)

    def __init__(self, value: Callable[[], Any]) -> None:
        self.value = value


def named(*names: str) -> Callable[[F], F]:
    """Declare a name behind `torch.`: a function or a class."""

    def declare(value: F) -> F:
        for name in names:
            NAMES[name] = value
        if isinstance(value, type):
            GIVEN.add(value)
        return value

    return declare


# Names with an underscore that programs use as the reference's own users do.
UNDERSCORED = frozenset(
    "_get_name _version _extended_shape _validate_sample _validate_args _fields _asdict _replace "
    "_make".split()
)


def open_class(cls: type) -> None:
    """Let programs subclass one of the library's classes, and see its names without an underscore.

    These bodies are written for programs: what they name is what a program is given.
    """
    OPENED.add(cls)
    for base in cls.__mro__[:-1]:
        if base.__module__ != "builtins" and base not in MEMBERS:
            names = (name for name in vars(base) if name in UNDERSCORED or name[0] != "_")
            MEMBERS[base] = frozenset(names)


BYTES_OF_ITEM = 40  # a Python integer, and its place in a list


def unwrap(value: Any, given: list[Tensor]) -> Any:
    """A value with nodes for its tensors, which are added to `given`."""
    if isinstance(value, Tensor):
        given.append(value)
        return value.node
    kind = type(value)
    if kind is list or kind is tuple:  # arrays in them are rows of numbers, not tensors
        entries = [e if type(e) is np.ndarray else unwrap(e, given) for e in value]
        return entries if kind is list else tuple(entries)
    if isinstance(value, np.generic):
        return value.item()
    if issubclass(kind, ReturnType):
        return kind(*[unwrap(entry, given) for entry in value])
    if kind is np.ndarray:
        return constant(value) if value.dtype in dtypes.BY_NUMPY else value.tolist()
    if kind is slice:
        return slice(
            unwrap(value.start, given), unwrap(value.stop, given), unwrap(value.step, given)
        )
    if kind is range:
        check_elements((len(value),), BYTES_OF_ITEM)
        return list(value)
    if kind.__name__ == "TensorType":
        return value.dtype
    return value


def unwrapped(
    args: tuple[Any, ...], kwargs: dict[str, Any], given: list[Tensor]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call with nodes for their tensors, which are added to `given`."""
    nodes = tuple([unwrap(arg, given) for arg in args])
    return nodes, {name: unwrap(value, given) for name, value in kwargs.items()}


def on_nodes(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of nodes with tensors."""
    given: list[Tensor] = []
    nodes, named = unwrapped(args, kwargs, given)
    return wrapped(function(*nodes, **named), given)


# Methods that don't ask how a tensor came about.
ABOUT_VALUES = frozenset(
    "size dim ndimension numel nelement stride item tolist is_contiguous element_size".split()
)


class TensorMethod:
    """A method of a tensor, before it is called."""

    __slots__ = ("function", "tensor")

    def __init__(self, tensor: Tensor, function: Function) -> None:
        self.tensor = tensor
        self.function = function

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        given = [self.tensor]
        plain = self.function.name in ABOUT_VALUES and self.tensor.is_invalid
        node = self.tensor._node if plain else self.tensor.node
        nodes, named = unwrapped(args, kwargs, given)
        return wrapped(self.function.call((node, *nodes), named, method=True), given)

    def __repr__(self) -> str:
        name = self.function.name.rpartition(".")[2]
        return f"<built-in method {name} of Tensor object at {id(self.tensor):#x}>"


def _with_arrays(value: Any) -> Any:
    """Numpy's numbers as arrays, which keep their dtype."""
    if isinstance(value, np.generic):
        return np.asarray(value)
    if isinstance(value, list) and value and isinstance(value[0], np.generic):
        return np.array(value)
    return value


class TorchFunction:
    """A function of torch, as programs hold it.

    Args:
        function: of nodes.
        run: what a call does instead of lifting that.
    """

    __slots__ = ("function", "run")

    def __init__(self, function: Function, run: Callable[..., Any] | None = None) -> None:
        self.function = function
        self.run = run

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        if self.run is not None:
            return self.run(*args, **kwargs)
        given: list[Tensor] = []
        if self.function.in_python and _overwrites(self.function, args, kwargs):
            nodes, named = unwrapped(args[1:], kwargs, given)
            from autodiff_cli.tensors.inplace import in_place

            return in_place(args[0], lambda node: self.function(node, *nodes, **named))
        if args and self.function.name in ("tensor", "as_tensor"):
            data = _with_arrays(args[0])
            if isinstance(data, np.ndarray) and self.function.name == "tensor":
                data = data.copy()
            args = (data, *args[1:])
        nodes, named = unwrapped(args, kwargs, given)
        out = kwargs.get("out")
        if not isinstance(out, Tensor):
            return wrapped(self.function.call(nodes, named, method=False), given)
        del named["out"]
        if current().duals is not None and any(one.node.tangent is not None for one in given):
            raise NotImplementedFault(
                f"Trying to use forward AD with {self.shown_name}_out that does not support it because it is "
                "an out= function"
            )
        try:
            result = wrapped(self.function.call(nodes, named, method=False), given)
        except (RuntimeFault, IndexFault):
            _check_out(self.shown_name, given)
            raise
        _check_out(self.shown_name, given)
        return _assign_out(out, result)

    @property
    def shown_name(self) -> str:
        return self.function.shown_name

    def __repr__(self) -> str:
        name = self.shown_name
        if self.function.in_python:
            return f"<function {name} at {id(self.function):#x}>"
        if "." in self.function.name and not name.startswith("conv"):
            return f"<built-in function {name}>"
        return f"<built-in method {name} of type object at {id(self.function):#x}>"


def _check_out(name: str, given: Sequence[Tensor]) -> None:
    """Refuse `out=` where a gradient would flow through what is written."""
    if current().grad and any(tensor.requires_grad for tensor in given):
        raise RuntimeFault(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one "
            "of the arguments requires grad."
        )


def _assign_out(out: Tensor, result: Any) -> Tensor:
    """`out=`: the result written into a given tensor, whose history it doesn't join."""
    if not isinstance(result, Tensor):
        raise TypeFault("out= takes the result of functions that give one tensor")
    if out.shape != result.shape:
        out._node = result._node
        return out
    from autodiff_cli.tensors.inplace import in_place

    return in_place(out, lambda node: result.node)


@cache
def _place_of_inplace(function: Function) -> int | None:
    names = list(signature(function.implementations[0]).parameters)
    return names.index("inplace") if "inplace" in names else None


def _overwrites(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call of a function asks it to write its result into its input."""
    place = _place_of_inplace(function)
    if place is None or not args or not isinstance(args[0], Tensor) or len(args) > place + 1:
        return False
    return bool(kwargs.get("inplace", args[place] if len(args) > place else False))


# Python's own errors name a class too, and some show it.
for _kind in (TensorMethod, TorchFunction):
    TYPE_NAMES[_kind] = _kind.__name__ = _kind.__qualname__ = "builtin_function_or_method"
    _kind.__module__ = "builtins"


def value_node(value: Any) -> Node | bool | int | float:
    """A tensor's node, or a number as it is."""
    if isinstance(value, Tensor):
        return value.node
    return value.item() if isinstance(value, np.generic) else value  # type: ignore[no-any-return]
