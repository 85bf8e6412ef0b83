"""What functions that torch wrote in Python do with their arguments: others, which they call, refuse them."""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from autodiff_cli.errors import AttributeFault, TypeFault
from autodiff_cli.ir.node import Node
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.signature import Overloads

if TYPE_CHECKING:
    from autodiff_cli.vocabulary.calls.registry import Function, Implementation

VARARGS = 4  # of `__code__.co_flags`
MISSING = object()


@cache
def _tensors(implementation: Implementation) -> tuple[tuple[str, bool], ...]:
    """The first parameters that take tensors, as declared, and whether each takes None too."""
    code = implementation.__code__
    kinds = [
        (name, implementation.__annotations__.get(name))
        for name in code.co_varnames[: code.co_argcount]
    ]
    found = takewhile(lambda kind: kind[1] in ("Node", "Node | None"), kinds)
    return tuple((name, kind != "Node") for name, kind in found)


def check_tensors(
    implementation: Implementation, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Refuse what is no tensor where one is due, unless the function has done so in its own words.

    Functions that torch wrote in Python hand their arguments on to others that look at the types.
    """
    for position, (parameter, optional) in enumerate(_tensors(implementation)):
        value = args[position] if position < len(args) else kwargs.get(parameter, MISSING)
        if not (isinstance(value, Node) or value is MISSING or (value is None and optional)):
            raise TypeFault(
                f"{implementation.__name__}(): argument '{parameter}' (position {position + 1}) "
                f"must be Tensor, not {type_name(value)}"
            )


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
