"""Inputs of expressions and programs: what `NAME=VALUE` binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from autodiff_cli.errors import AutodiffError, InputError, NameFault, SourceSyntaxError
from autodiff_cli.execute import force
from autodiff_cli.interpret.code import compiled_text
from autodiff_cli.interpret.graph import graph_of, located
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import Unknown, current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Array, Node, leaf
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import parse_expression
from autodiff_cli.syntax.tree import Assign
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.creation import tensor_from

if TYPE_CHECKING:

    class ArrayLike(Protocol):
        """What numpy makes an array of: columns of frames, tensors of results."""

        def __array__(self) -> Array: ...


Given: TypeAlias = "str | ArrayLike | np.generic | int | float | bool | list[Any] | tuple[Any, ...]"


def value_of(source: Source) -> Any:
    """The value of a text that is no part of the expression: an input's, a seed's, a tangent's.

    Raises:
        AutodiffError: it can't be evaluated, or is an assignment.
    """
    last = parse_expression(source).body[-1]
    if isinstance(last, Assign):
        raise SourceSyntaxError(
            "a value is an expression, not an assignment",
            hint=f"write {source.slice(last.value.span)}",
            span=last.targets[0].span,
            source=source,
        )
    text = compiled_text(source)
    try:
        if not text.code.has_effects:
            with suppress(Unknown):
                value = graph_of(text, source, {})
                _settle(value)
                return value
    except Exception as error:
        raise located(error, source) from None
    from autodiff_cli.program import value_at_once

    return value_at_once(text, source)


def _settle(value: Any) -> None:
    """Compute the tensors in a value."""
    if isinstance(value, Node):
        force(value)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            _settle(entry)


def bind(name: str, given: Given, differentiate: bool = True) -> Any:
    """The value of an input: a leaf if it is floating, or a constant.

    Args:
        name: the input's.
        given: an expression, a number (numpy's scalars are numbers), a list or an array.
        differentiate: whether a floating input requires grad.

    Raises:
        InputError: it is no tensor and no number.
        AutodiffError: a text can't be evaluated.

    >>> bind("x", np.float64(2.5)).value
    array(2.5, dtype=float32)
    """
    value: Any = given
    if isinstance(given, str):
        value = value_of(Source(given, f"the value of {name}"))
        if value is None or isinstance(value, (str, DType)):
            return value
    elif isinstance(given, (np.generic, list, tuple)):
        value = _plain(given)
    elif not isinstance(given, np.ndarray) and hasattr(given, "__array__"):
        value = np.asarray(given)  # a column of a frame, or a result's tensor
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        array = _in_default(value)
    elif isinstance(value, (list, tuple)):
        try:
            node = tensor_from(value, None)
        except AutodiffError as error:
            place = Source(given if isinstance(given, str) else str(given), f"the value of {name}")
            raise error.at(Span(0, len(place.text)), place) from None
        whole = node.dtype if node.dtype.category == dtypes.BOOL else current().dtype
        array = np.asarray(node.value, whole.numpy)
    elif isinstance(value, Node):
        array = force(value)
    elif isinstance(value, np.ndarray):
        array = _checked(name, value)
    else:
        raise InputError(
            f"the value of {name} is neither a tensor nor a number, but of type {type_name(value)}"
        )
    return leaf(array, requires_grad=differentiate and array.dtype.kind == "f", name=name)


def together(inputs: Mapping[str, Given] | None, named: Mapping[str, Given]) -> dict[str, Given]:
    """The inputs that a function was given in a mapping, and those that it was given by name.

    Raises:
        TypeError: one is in both.
    """
    given = dict(inputs or {})
    if twice := sorted(given.keys() & named.keys()):
        raise TypeError(f"the input '{twice[0]}' is given twice")
    return {**given, **named}


def bind_all(inputs: Mapping[str, Given], wrt: Sequence[str] | None = None) -> dict[str, Any]:
    """The values of inputs, by name.

    Args:
        inputs: as they are given.
        wrt: the names of those that require grad; None for all floating ones.

    Raises:
        AutodiffError: as `bind` does.
    """
    bound: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for name, given in inputs.items():
            try:
                bound[name] = bind(name, given, wrt is None or name in wrt)
            except NameFault as fault:
                if any(f"'{other}'" in fault.message for other in inputs):
                    fault.hint = "a value can't use other inputs: put that into the expression"
                raise
    return bound


def _plain(value: Any) -> Any:
    """A number, or nested lists, with Python's numbers for numpy's."""
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.floating):
        return float(value)  # a long double has no Python number of its own
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _checked(name: str, array: Array) -> Array:
    """An array whose elements are numbers that exist here."""
    if type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray):
        raise InputError(
            f"the value of {name} is a masked array", hint="fill the gaps: x.filled(nan)"
        )
    known = array.dtype.newbyteorder("=")
    if known not in dtypes.BY_NUMPY:
        raise InputError(
            f"the value of {name} is an array of {array.dtype}",
            hint="convert it: x.astype('float64')",
        )
    return array if array.dtype == known else array.astype(known)


def _in_default(value: float) -> Array:
    with np.errstate(over="ignore"):
        try:
            return np.asarray(value, np.float64).astype(current().dtype.numpy)
        except OverflowError:
            raise InputError(f"{value} is too large for a floating point number") from None
