"""Inputs of expressions and programs: what `NAME=VALUE` binds."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.execute import execute
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.interpret.machine import Machine
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Array, Node, leaf
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import parse_expression
from autodiff_cli.vocabulary.creation import tensor_from

Given: TypeAlias = "str | Array | int | float | bool | list[Any]"


def bind(name: str, given: Given, differentiate: bool = True) -> Any:
    """The value of an input: a leaf if it is floating, or a constant.

    Args:
        name: the input's.
        given: an expression, a number, a list or an array.
        differentiate: whether a floating input requires grad.
    """
    value: Any = given
    if isinstance(given, str):
        source = Source(given, f"the value of {name}")
        value = Machine(source, {}).run_script(parse_expression(source))
    if value is None or isinstance(value, (bool, str, DType)):
        return value
    if isinstance(value, (int, float)):
        array = _in_default(value)
    elif isinstance(value, (list, tuple)):
        try:
            node = tensor_from(value, None)
        except AutodiffError as error:
            place = Source(given if isinstance(given, str) else str(given), f"the value of {name}")
            raise error.at(Span(0, len(place.text)), place) from None
        whole = node.dtype if node.dtype.category == dtypes.BOOL else dtypes.default()
        array = np.asarray(node.value, whole.numpy)
    elif isinstance(value, Node):
        array = _computed(value)
    elif isinstance(value, np.ndarray):
        array = value
    else:
        raise InputError(f"the value of {name} is neither a tensor nor a number")
    return leaf(array, requires_grad=differentiate and array.dtype.kind == "f", name=name)


def _in_default(value: float) -> Array:
    with np.errstate(over="ignore"):
        try:
            return np.asarray(value, np.float64).astype(dtypes.default().numpy)
        except OverflowError:
            raise InputError(f"{value} is too large for a floating point number") from None


def _computed(node: Node) -> Array:
    try:
        return execute([node])[0]
    except ExecutionError as error:
        raise error.error from None
