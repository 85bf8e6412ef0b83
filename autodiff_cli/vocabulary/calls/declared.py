"""Classes whose options are declared once, by a text: "StepLR(optimizer, step_size, gamma=0.1)".

Wrong calls have Python's own errors, since Python binds their arguments: to a function that has the text's
parameters. No text is compiled for it, while a program runs or before.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

CONSTANTS = {"None": None, "True": True, "False": False}


def _given() -> dict[str, Any]:
    return locals()


def taking(name: str, parameters: str) -> FunctionType:
    """A function that gives what it is called with, by its parameters' names.

    Args:
        name: what Python's errors call it.
        parameters: as in Python, with literals for defaults, or their quotients.

    Example:
        >>> taking("Adam.__init__", "self, lr=1e-3, betas=(0.9, 0.999), *, fused=None")(0, 0.1)
        {'self': 0, 'lr': 0.1, 'betas': (0.9, 0.999), 'fused': None}
        >>> taking("StepLR.__init__", "self, step_size")(0)
        Traceback (most recent call last):
        TypeError: StepLR.__init__() missing 1 required positional argument: 'step_size'
    """
    names: list[str] = []
    defaults: dict[str, Any] = {}
    positional = None
    for part in _parts(parameters):
        if part == "*":
            positional = len(names)
            continue
        parameter, has_default, default = part.partition("=")
        names.append(parameter)
        if has_default:
            defaults[parameter] = _value(default)
    positional = len(names) if positional is None else positional
    code = _given.__code__.replace(
        co_argcount=positional,
        co_kwonlyargcount=len(names) - positional,
        co_nlocals=len(names),
        co_varnames=tuple(names),
    )
    keywords = {name: defaults.pop(name) for name in names[positional:] if name in defaults}
    function = FunctionType(code, {"locals": locals}, name, tuple(defaults.values()))
    function.__qualname__, function.__kwdefaults__ = name, keywords
    return function


def _parts(parameters: str) -> list[str]:
    """The parameters; a comma in parentheses parts none."""
    parts: list[str] = []
    for part in parameters.split(", "):
        if parts and parts[-1].count("(") > parts[-1].count(")"):
            parts[-1] += f", {part}"
        else:
            parts.append(part)
    return parts


def _value(text: str) -> Any:
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] == "'":
        return text[1:-1]
    if text[0] == "(":
        return tuple([_value(element) for element in text[1:-1].split(", ")])
    if " / " in text:
        dividend, divisor = text.split(" / ")
        return float(dividend) / float(divisor)
    return int(text) if text.lstrip("-").isdigit() else float(text)


def initialized(cls: type, text: str, begin: Callable[..., None]) -> None:
    """Give a class the `__init__` of a text.

    Args:
        text: its options in parentheses, behind the name of the class that errors name.
        begin: called with the object as `self` and the options, all by name.
    """
    name, _, parameters = text[:-1].partition("(")
    bind = taking(f"{name}.__init__", f"self, {parameters}" if parameters else "self")

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(**bind(self, *args, **kwargs))

    __init__.__qualname__ = bind.__qualname__
    __init__.__wrapped__ = bind  # type: ignore[attr-defined]
    cls.__init__ = __init__  # type: ignore[misc]


def keeping(cls: type) -> Callable[[Any, dict[str, Any]], None]:
    """What makes attributes of the options of a class's object.

    Those that the class's `_start` takes are left to that, which is called last. It is the declared class's:
    a program's subclass may use the name.
    """
    start = getattr(cls, "_start", None)
    taken = () if start is None else options(start)

    def keep(self: Any, given: dict[str, Any]) -> None:
        handed = {name: given.pop(name) for name in taken}
        for name, value in given.items():
            setattr(self, name, value)
        if start is not None:
            start(self, **handed)

    return keep


def options(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a method's parameters behind `self`."""
    code = getattr(function, "__wrapped__", function).__code__
    names: tuple[str, ...] = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    return names
