"""How words are called, from their declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from autodiff_cli.lexicon.entries import TENSOR, Entry, last_part
from autodiff_cli.vocabulary.calls.handles import NAMES, TENSOR_METHODS
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, METHODS, Function

GENERATOR = "generator=None"
# Parameters without an effect on a result that is computed on a CPU.
IDLE = frozenset(
    "out layout device pin_memory memory_format validate_args sparse_grad non_blocking".split()
)


def signatures(entry: Entry) -> tuple[str, ...]:
    """How the names of a word are called: its own first, then those of which the parameters are others.

    >>> from autodiff_cli.lexicon.search import found
    >>> signatures(found("logsumexp").entries[0])
    ('logsumexp(input, dim, keepdim=False)',)
    >>> signatures(found("view").entries[0])
    ('x.view(dtype)', 'x.view(size)')
    """
    texts: list[str] = []
    seen: set[str] = set()
    for name in entry.names:
        for parameters in _parameters(name):
            if parameters not in seen:
                seen.add(parameters)
                texts.append(name.replace(TENSOR, "x.") + parameters)
    return tuple(texts)


def _parameters(name: str) -> list[str]:
    """The parameters of each overload, in parentheses; "" of what isn't called."""
    if name.startswith(TENSOR):
        method = name.removeprefix(TENSOR)
        if method in METHODS:
            return _of_function(METHODS[method], receiver=True)
        return [_of_python(TENSOR_METHODS[method], 1)] if method in TENSOR_METHODS else [""]
    if name in FUNCTIONS:
        return _of_function(FUNCTIONS[name], receiver=False)
    value = NAMES.get(name)
    return [_of_python(value, 0) if callable(value) else ""]


def _of_function(function: Function, receiver: bool) -> list[str]:
    if function.in_python:
        return [_of_python(function.implementations[0], int(receiver))]
    texts = [text for text in function.parameters if not text.endswith("|deprecated")]
    shown = [_declared(text, receiver) for text in texts]
    # the reference declares most that draw twice, with a generator and without
    drawn = {text.replace(f"{GENERATOR}, ", "") for text in shown if f"{GENERATOR}, " in text}
    return [text for text in shown if text not in drawn]


def _declared(text: str, receiver: bool) -> str:
    """Parameters as Python writes them, without types, of what the reference prints."""
    shown = []
    for parameter in text.removeprefix("(").removesuffix(")").split(", "):
        declared, equals, default = parameter.partition(" = ")
        name = last_part(declared.replace(" ", "."))
        if name in IDLE or (receiver and declared in ("Tensor input", "Tensor self")):
            continue
        name = {"self": "input"}.get(name, name)
        if declared == "torch.Generator? generator":
            name, equals = GENERATOR, ""
        shown.append(f"{name}={default.replace('{}', '()')}" if equals else name)
    while shown and shown[-1] in ("*", ""):
        shown.pop()
    return f"({', '.join(shown)})"


def _of_python(function: Callable[..., Any], skipped: int) -> str:
    """Parameters of a function or a class that Python binds."""
    parameters = [
        parameter.replace(annotation=parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in IDLE and not parameter.name.startswith("_")
    ][skipped:]
    return str(inspect.Signature(parameters))


def further(entry: Entry) -> tuple[str, ...]:
    """Other spellings of a word: its other names, its method and its forms that write.

    >>> from autodiff_cli.lexicon.search import found
    >>> further(found("abs").entries[0])
    ('absolute', 'x.abs()', 'abs_', 'x.abs_()')
    """
    found = [name.replace(TENSOR, "x.") for name in entry.names[1:]]
    for name in entry.names:
        last = name.removeprefix(TENSOR)
        if name != last:
            continue
        first = name == entry.name
        if first and "." not in last and (last in METHODS or last in TENSOR_METHODS):
            found.append(f"x.{last}()")
        if first and f"{last}_" in FUNCTIONS:
            found.append(f"{last}_")
        if first and "." not in last and f"{last}_" in METHODS:
            found.append(f"x.{last}_()")
    return tuple(dict.fromkeys(found))
