"""What a call that failed says: the reference's words rather than numpy's or those of our own Python.

Only an error imports this; a call that succeeds pays nothing for it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from autodiff_cli.errors import (
    AssertionFault,
    AutodiffError,
    LimitError,
    RuntimeFault,
    TypeFault,
    ValueFault,
    ZeroDivisionFault,
)
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.refusal import refusal
from autodiff_cli.vocabulary.calls.handed_on import arguments, check_handed_on, check_tensors

if TYPE_CHECKING:
    from autodiff_cli.vocabulary.calls.registry import Function, Implementation

# What the reference's Python refuses before it hands its arguments on; its C++ raises RuntimeError.
OF_PYTHON = (AssertionFault, ValueFault, ZeroDivisionFault)
# Flags that its Python looks at itself, rather than handing them on.
FLAGS = frozenset(
    """inplace reduce return_counts return_indices return_inverse size_average use_input_stats""".split()
)
PYTHON_CALLS = 2  # frames that a wrong call of a function of Python leaves


def worded(
    function: Function,
    error: Exception,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    method: bool,
) -> Exception:
    """The error to raise for one that a call of a function met.

    Args:
        function: that was called.
        error: a fault, or an error of Python's or numpy's own.
        args, kwargs: as it was called.
        method: whether as a method of its first argument.
    """
    if isinstance(error, (LimitError, RecursionError)):
        return error
    if function.in_python:
        if type(error) is TypeError and _frames(error) == PYTHON_CALLS:
            text = str(error)  # of the call itself, not of what it ran
            if method:
                code = function.implementations[0].__name__
                text = text.replace(f"{code}()", f"Tensor.{function.shown_name}()", 1)
            return TypeFault(text)
        if isinstance(error, OF_PYTHON):
            return error
        try:
            _check_truths(function.implementations[0], args, kwargs)
            check_handed_on(function, args, kwargs)
            if not isinstance(error, AutodiffError) or error.because is not None:
                check_tensors(function.implementations[0], args, kwargs)
        except AutodiffError as better:
            return better
    if isinstance(error, AutodiffError):
        if error.because is None:
            return error
        error = error.because  # of one of the operations that it consists of
    return refusal(function.shown_name, map(described, chain(args, kwargs.values())), error)


def described(argument: object) -> str:
    """How errors speak of an argument.

    >>> described([2.5, (1,)])
    '[2.5, (1,)]'
    """
    if isinstance(argument, Node):
        return argument.described
    if isinstance(argument, (list, tuple)):
        inner = ", ".join(map(described, argument))
        if isinstance(argument, list):
            return f"[{inner}]"
        return f"({inner},)" if len(argument) == 1 else f"({inner})"
    if argument is None or isinstance(argument, (bool, int, float, str)):
        return repr(argument)
    return type(argument).__name__


def _check_truths(
    implementation: Implementation, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Refuse a tensor where the reference's Python asks whether a flag is set."""
    for name, value in arguments(implementation, args, kwargs).items():
        if name in FLAGS and isinstance(value, Node) and value.numel != 1:
            found = "more than one value" if value.numel else "no values"
            raise RuntimeFault(f"Boolean value of Tensor with {found} is ambiguous")


def _frames(error: Exception) -> int:
    count, trace = 0, error.__traceback__
    while trace is not None:
        count, trace = count + 1, trace.tb_next
    return count
