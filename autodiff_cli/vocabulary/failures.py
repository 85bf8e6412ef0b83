"""What a call that failed says: the reference's words rather than numpy's or those of our own Python.

Only an error imports this; a call that succeeds pays nothing for it.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import Any

from autodiff_cli.errors import (
    AssertionFault,
    AttributeFault,
    AutodiffError,
    LimitError,
    RuntimeFault,
    TypeFault,
    ValueFault,
    ZeroDivisionFault,
)
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.refusal import refusal
from autodiff_cli.vocabulary.parameters import type_name
from autodiff_cli.vocabulary.registry import Function, Implementation, check_tensors
from autodiff_cli.vocabulary.signature import Overloads

VARARGS = 4  # of `__code__.co_flags`
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
    if not isinstance(error, AutodiffError):
        return refusal(function.shown_name, chain(args, kwargs.values()), error)
    if error.because is not None:  # of one of the operations that it consists of
        return refusal(function.shown_name, chain(args, kwargs.values()), error.because)
    return error


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


def check_handed_on(function: Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse the arguments of a function of Python that what it calls refuses.

    Raises:
        Fault: in the words of what it calls.
    """
    if not function.calls and not function.asks:
        return
    given = arguments(function.implementations[0], args, kwargs)
    for asked in function.asks.split():
        name, _, attribute = asked.partition(".")
        if not isinstance(given[name], Node):
            raise AttributeFault(
                f"'{type_name(given[name])}' object has no attribute '{attribute}'"
            )
    if not function.calls:
        return
    if isinstance(function.calls, str):
        text = function.calls
    else:
        text, given = function.calls(given)
    method = "(Tensor self" in text
    overloads = _overloads(text, method)
    positional, named = [], {}
    for parameter in overloads.signatures[0].parameters:
        if parameter.name not in given:  # what the function itself makes of the others
            if parameter.keyword_only:
                continue
            given[parameter.name] = parameter.default
        if parameter.keyword_only:
            named[parameter.name] = given[parameter.name]
        else:
            positional.append(given[parameter.name])
    if method:
        receiver = given["input"]
        if not isinstance(receiver, Node):
            raise AttributeFault(
                f"'{type_name(receiver)}' object has no attribute '{overloads.name}'"
            )
    overloads.bind(tuple(positional), named)


@cache
def _overloads(text: str, method: bool) -> Overloads:
    return Overloads(text.partition("(")[0], text.split("\n"), method=method)


def arguments(
    implementation: Implementation, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The value of each of a function's parameters, defaults included."""
    code = implementation.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = implementation.__defaults__ or ()
    bound: dict[str, Any] = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    bound |= implementation.__kwdefaults__ or {}
    bound |= dict(zip(names, args))
    if code.co_flags & VARARGS:
        bound[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]] = args[len(names) :]
    return bound | kwargs
