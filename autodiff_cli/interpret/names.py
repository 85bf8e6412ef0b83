"""The allow-list: every name and attribute that the language knows. Nothing else can be reached."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from autodiff_cli.errors import AttributeFault, NameFault, TypeFault
from autodiff_cli.interpret.operators import binary, compare, scalar, truth
from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import NAMES as DTYPES
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node
from autodiff_cli.vocabulary.messages import CUT, warn
from autodiff_cli.vocabulary.parameters import type_name
from autodiff_cli.vocabulary.registry import ATTRIBUTES, FUNCTIONS, METHODS, Function
from autodiff_cli.vocabulary.shaping import unbound
from autodiff_cli.vocabulary.values import Module, ReturnType, Size, Value

MODULES = {
    "torch": Module("torch", ""),
    "torch.nn": Module("torch.nn", "nn."),
    "torch.nn.functional": Module("torch.nn.functional", "F."),
    "torch.linalg": Module("torch.linalg", "linalg."),
    "torch.special": Module("torch.special", "special."),
    "math": Module("math", "math."),
}
SHORT = {
    "torch": "torch",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "linalg": "torch.linalg",
    "special": "torch.special",
    "math": "math",
}
CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan}


class Method:
    """A method of a tensor, before it is called."""

    __slots__ = ("function", "value")

    def __init__(self, value: Node, function: Function) -> None:
        self.value = value
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function.call((self.value, *args), kwargs, method=True)

    def __repr__(self) -> str:
        return f"<built-in method {self.function.name} of Tensor object>"


class Builtin:
    """A Python function of the allow-list."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self.name = name
        self.call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"


# ---- Python's builtins and math -----------------------------------------------------------------


def iterate(x: Any) -> Iterable[Any]:
    """What a `for` over the value would visit."""
    if isinstance(x, Node):
        return unbound(x)
    if isinstance(x, (list, tuple, str)):
        return x
    raise TypeFault(f"'{type_name(x)}' object is not iterable")


def sum_(items: Any, start: Any = 0) -> Any:
    total = start
    for entry in iterate(items):
        total = binary("+", total, entry)
    return total


def _extreme(name: str, sign: str) -> Callable[..., Any]:
    def extreme(*args: Any) -> Any:
        items = list(iterate(args[0]) if len(args) == 1 else args)
        if not items:
            raise TypeFault(f"{name}() arg is an empty sequence")
        best = items[0]
        for entry in items[1:]:
            if truth(compare(sign, entry, best)):
                best = entry
        return best

    return extreme


def _len(x: Any) -> int:
    if isinstance(x, Node):
        if not x.ndim:
            raise TypeFault("len() of a 0-d tensor")
        return x.shape[0]
    if not isinstance(x, (list, tuple, str)):
        raise TypeFault(f"object of type '{type_name(x)}' has no len()")
    return len(x)


def _floating(x: Node) -> bool | int | float:
    """The number in a tensor, for a Python float; the reference warns where that cuts a gradient."""
    if x.requires_grad and current().grad:
        warn(CUT)
    return scalar(x)


def _number(kind: type) -> Callable[..., Any]:
    number = _floating if kind is float else scalar
    return lambda x=0: kind(number(x) if isinstance(x, Node) else x)


def _of_torch_or_python(name: str, python: Callable[..., Any], kinds: tuple[type, ...]) -> Builtin:
    """A bare name that both have: Python's for its own numbers or lists, else torch's."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], kinds) and not any(isinstance(a, Node) for a in args):
            return python(*args, **kwargs)
        return FUNCTIONS[name](*args, **kwargs)

    return Builtin(name, call)


def pow_(a: Any, b: Any) -> Any:
    return binary("**", a, b)


LISTS: tuple[type, ...] = (list, tuple)
NUMBERS: tuple[type, ...] = (bool, int, float)
BUILTINS: dict[str, Any] = {
    "len": Builtin("len", _len),
    # the classes themselves, as they are dtypes too: ones(2, dtype=float)
    "float": float,
    "int": int,
    "bool": bool,
    "list": Builtin("list", lambda x=(): list(iterate(x))),
    "tuple": Builtin("tuple", lambda x=(): tuple(iterate(x))),
    "sum": _of_torch_or_python("sum", sum_, LISTS),
    "max": _of_torch_or_python("max", _extreme("max", ">"), (*LISTS, *NUMBERS)),
    "min": _of_torch_or_python("min", _extreme("min", "<"), (*LISTS, *NUMBERS)),
    "abs": _of_torch_or_python("abs", abs, NUMBERS),
    "pow": _of_torch_or_python("pow", pow_, NUMBERS),
    "round": _of_torch_or_python("round", round, NUMBERS),
}


CONVERSIONS: dict[object, Callable[..., Any]] = {
    float: _number(float),
    int: _number(int),
    bool: lambda x=False: truth(x),
}


def callable_of(value: Any) -> Callable[..., Any]:
    """What calling a value runs.

    Raises:
        TypeFault: it can't be called.
    """
    if isinstance(value, (Function, Method, Builtin)):
        return value
    if isinstance(value, type) and value in CONVERSIONS:
        return CONVERSIONS[value]
    raise TypeFault(f"'{class_name(value)}' object is not callable")


def _math(name: str) -> Builtin:
    function = getattr(math, name)

    def call(*args: Any) -> Any:
        return function(*(_floating(a) if isinstance(a, Node) else a for a in args))

    return Builtin(f"math.{name}", call)


MATH_FUNCTIONS = frozenset(
    "acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees dist erf erfc exp expm1 fabs "
    "floor fmod frexp fsum gamma gcd hypot isclose isfinite isinf isnan isqrt ldexp lgamma log log10 "
    "log1p log2 modf pow radians remainder sin sinh sqrt tan tanh trunc".split()
)

# ---- lookup -------------------------------------------------------------------------------------


def lookup(name: str) -> Any:
    """A bare name: torch's first, then nn.functional's, constants, modules, Python's builtins.

    Raises:
        NameFault: the language has no such name.
    """
    if name in BUILTINS:
        return BUILTINS[name]
    for qualified in (name, f"F.{name}"):
        if qualified in FUNCTIONS:
            return FUNCTIONS[qualified]
    if name in CONSTANTS:
        return CONSTANTS[name]
    if name in SHORT:
        return MODULES[SHORT[name]]
    if name in DTYPES:
        return DTYPES[name]
    raise NameFault(f"name '{name}' is not defined")


def function_names() -> list[str]:
    """What can be called without a prefix."""
    names = (name.removeprefix("F.") for name in FUNCTIONS.names())
    return [*BUILTINS, *(name for name in names if "." not in name)]


def attribute(value: Any, name: str) -> Any:
    """`value.name`.

    Raises:
        AttributeFault: in the reference's words.
    """
    if name.startswith("__"):
        raise AttributeFault(
            f"'{type_name(value)}' object has no attribute '{name}'",
            hint="names with double underscores are not part of the language",
        )
    if isinstance(value, Node):
        if name in ATTRIBUTES:
            return ATTRIBUTES[name](value)
        if name in METHODS:
            return Method(value, METHODS[name])
        raise AttributeFault(f"'Tensor' object has no attribute '{name}'")
    if isinstance(value, Module):
        return _member(value, name)
    if isinstance(value, ReturnType) and name in value.fields:
        return value[value.fields.index(name)]
    if isinstance(value, Value) and name in value.attributes:
        return getattr(value, name)
    if isinstance(value, DType) and name in ("is_floating_point", "itemsize"):
        return value.is_floating if name == "is_floating_point" else value.numpy.itemsize
    if isinstance(value, Size) and name == "numel":
        return Builtin("numel", value.numel)
    raise AttributeFault(f"'{class_name(value)}' object has no attribute '{name}'")


def class_name(value: Any) -> str:
    if isinstance(value, Size):
        return "torch.Size"
    if isinstance(value, ReturnType):
        return value.name
    if isinstance(value, (Function, Builtin, Method)):
        return "builtin_function_or_method"
    return type_name(value)


def _member(module: Module, name: str) -> Any:
    inner = f"{module.name}.{name}"
    if inner in MODULES:
        return MODULES[inner]
    if module.name == "math":
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in MATH_FUNCTIONS:
            return _math(name)
    if module.prefix + name in FUNCTIONS:
        return FUNCTIONS[module.prefix + name]
    if module.name == "torch":
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in DTYPES:
            return DTYPES[name]
    raise AttributeFault(f"module '{module.name}' has no attribute '{name}'")


def members(value: Any) -> list[str]:
    """What a tensor or a module has, for errors."""
    if isinstance(value, Node):
        return [*METHODS.names(), *ATTRIBUTES]
    if not isinstance(value, Module):
        return []
    if value.name == "math":
        return [*MATH_FUNCTIONS, *CONSTANTS]
    return [n.removeprefix(value.prefix) for n in FUNCTIONS.names() if n.startswith(value.prefix)]
