"""Python's protocols for tensors of programs: operators, indexing, iteration, conversions, text.

With these, Python's own operators and builtins do with tensors what they do in the reference.
Source: torch/_tensor.py, torch/csrc/autograd/python_variable_methods.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault, ValueFault
from autodiff_cli.execute import force, item, truth
from autodiff_cli.interpret import operators
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ops import selection
from autodiff_cli.ops.pointwise import abs as absolute
from autodiff_cli.tensors.tensor import Tensor, wrapped
from autodiff_cli.vocabulary.calls.handles import on_nodes, unwrap
from autodiff_cli.vocabulary.calls.messages import CUT, warn
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, METHODS

BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
}  # fmt: skip
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
NUMBERS = (bool, int, float)


@cache
def _of(name: str) -> ModuleType:
    """A module that only some protocols need, imported when one of them does."""
    return import_module(f"autodiff_cli.{name}")


def _operand(value: Any) -> Any:
    """A node or a number; NotImplemented for anything else."""
    if isinstance(value, Tensor):
        return value.node
    if isinstance(value, NUMBERS):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype in dtypes.BY_NUMPY:
        return constant(value)
    return NotImplemented


def _beside(self: Tensor, value: Any) -> Any:
    """An operand beside a tensor; an array meets it as numpy's arrays meet."""
    if isinstance(value, np.ndarray) and value.dtype in dtypes.BY_NUMPY:
        return constant(value.astype(np.result_type(_array(self), value)))
    return _operand(value)


def _forward(sign: str) -> Callable[[Tensor, Any], Any]:
    compute = operators.TENSOR_BINARY[sign]

    def run(self: Tensor, other: Any) -> Any:
        node = self._node if self.view is None else self.node
        kind = type(other)
        if kind is Tensor:
            other = other._node if other.view is None else other.node
        elif kind is not float and kind is not int:
            other = _beside(self, other)
            if other is NotImplemented:
                return NotImplemented
        return Tensor(compute(node, other))

    return run


def _reflected(sign: str) -> Callable[[Tensor, Any], Any]:
    compute = operators.TENSOR_BINARY[sign]
    commutes = sign in ("+", "*")

    def run(self: Tensor, other: Any) -> Any:
        operand = _beside(self, other)
        if operand is NotImplemented:
            return NotImplemented
        return Tensor(compute(self.node, operand) if commutes else compute(operand, self.node))

    return run


def _updated(sign: str) -> Callable[[Tensor, Any], Any]:
    compute = operators.TENSOR_BINARY[sign]

    def run(self: Tensor, other: Any) -> Any:
        operand = _operand(other)
        if operand is NotImplemented:
            return NotImplemented
        given = (operand,) if isinstance(operand, Node) else ()
        return _of("tensors.inplace").in_place(self, lambda node: compute(node, operand), given)

    return run


def _compared(sign: str) -> Callable[[Tensor, Any], Any]:
    compute = operators.TENSOR_COMPARISONS[sign]

    def run(self: Tensor, other: Any) -> Any:
        operand = _operand(other)
        if operand is NotImplemented:
            return NotImplemented
        return Tensor(compute(self.node, operand))

    return run


def _matmul(self: Tensor, other: Any) -> Any:
    if not isinstance(other, Tensor):
        return NotImplemented
    return wrapped(_of("vocabulary.products").matmul(self.node, other.node), (self, other))


def _unary(sign: str) -> Callable[[Tensor], Any]:
    def run(self: Tensor) -> Any:
        return wrapped(operators.unary(sign, self.node), (self,))

    return run


def _get_item(self: Tensor, index: Any) -> Any:
    given = [self]
    return wrapped(_of("vocabulary.indexing").subscript(self.node, unwrap(index, given)), given)


def _length(self: Tensor) -> int:
    if not self.shape:
        raise TypeFault("len() of a 0-d tensor")
    return self.shape[0]


def _iterate(self: Tensor) -> Iterator[Any]:
    if not self.shape:
        raise TypeFault("iteration over a 0-d tensor")
    return iter([wrapped(node, (self,)) for node in _of("vocabulary.shaping").unbound(self.node)])


def _truth(self: Tensor) -> bool:
    node = self.node
    if node.numel != 1:
        which = "more than one value" if node.numel else "no values"
        raise RuntimeFault(f"Boolean value of Tensor with {which} is ambiguous")
    if isinstance(node.value, np.generic):
        current().reads(node, "truth")
        return bool(node.value)
    return truth(node)


def _number(self: Tensor) -> bool | int | float:
    if self.node.numel != 1:
        raise ValueFault("only one element tensors can be converted to Python scalars")
    return item(self.node)


def _floating(self: Tensor) -> bool | int | float:
    found = _number(self)
    if self.requires_grad and current().grad:
        warn(CUT, once=True)
    return found


def _index(self: Tensor) -> int:
    if self.node.numel != 1 or self.dtype.is_floating:
        raise TypeFault("only integer tensors of a single element can be converted to an index")
    return int(item(self.node))


def _contains(self: Tensor, value: Any) -> bool:
    operand = _operand(value)
    if operand is NotImplemented:
        raise RuntimeFault(
            "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
            f"{_of('interpret.classes').shown_class(value)}."
        )
    return bool(force(selection.eq(self.node, operand)).any())


def _array(self: Tensor, dtype: Any = None, copy: Any = None) -> Any:
    if self.requires_grad and current().grad:
        raise RuntimeFault(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return self.array if dtype is None else self.array.astype(dtype)


def _round(self: Tensor, digits: Any = None) -> Any:
    kwargs = {} if digits is None else {"decimals": digits}
    return wrapped(METHODS["round"].call((self.node,), kwargs, method=True), (self,))


def _reversed(self: Tensor) -> Any:
    return on_nodes(FUNCTIONS["flip"], self, (0,)) if self.shape else self


def _absolute(self: Tensor) -> Any:
    return Tensor(absolute(self.node))


def _identity_hash(self: Tensor) -> int:
    return id(self)


def _to_float(self: Tensor) -> float:
    return float(_floating(self))


def _to_int(self: Tensor) -> int:
    return int(_number(self))


def _set_item(self: Tensor, where: Any, value: Any) -> None:
    _of("vocabulary.writing").set_item(self, where, value)


def _repr(self: Tensor) -> str:
    text: str = _of("vocabulary.printing").tensor_repr(self)
    return text


def _format(self: Tensor, format_spec: str) -> str:
    text: str = _of("vocabulary.printing").tensor_format(self, format_spec)
    return text


def _install() -> None:
    """Give `Tensor` the protocols."""
    protocols: dict[str, Any] = {
        "matmul": _matmul,
        "neg": _unary("-"),
        "pos": _unary("+"),
        "invert": _unary("~"),
        "abs": _absolute,
        "getitem": _get_item,
        "setitem": _set_item,
        "len": _length,
        "iter": _iterate,
        "bool": _truth,
        "float": _to_float,
        "int": _to_int,
        "index": _index,
        "contains": _contains,
        "array": _array,
        "round": _round,
        "reversed": _reversed,
        "hash": _identity_hash,
        "repr": _repr,
        "format": _format,
    }
    for name, sign in BINARY.items():
        if sign in operators.TENSOR_BINARY:
            protocols[name] = _forward(sign)
            protocols["r" + name] = _reflected(sign)
            protocols["i" + name] = _updated(sign)
    for name, sign in COMPARISONS.items():
        protocols[name] = _compared(sign)
    for name, function in protocols.items():
        function.__name__ = f"__{name}__"  # by which Python's errors call it
        function.__qualname__ = f"Tensor.__{name}__"
        setattr(Tensor, function.__name__, function)
    Tensor.__array_priority__ = 1000  # type: ignore[attr-defined]
    Tensor.__array_ufunc__ = None  # type: ignore[attr-defined]


_install()
