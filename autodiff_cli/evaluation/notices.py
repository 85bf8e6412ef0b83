"""What a person should know of a result besides it: where its gradient was cut, what nothing reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from autodiff_cli.errors import InputError
from autodiff_cli.interpret.places import here
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Node
from autodiff_cli.source import Source
from autodiff_cli.syntax import tree
from autodiff_cli.syntax.tree import ExpressionStatement, Program
from autodiff_cli.vocabulary.calls.messages import CUT
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS
from autodiff_cli.vocabulary.calls.values import Size


class Notices:
    """The notices of one evaluation.

    Args:
        source: the text.
        grad: whether derivatives are asked for.

    Attributes:
        texts: those up to now, each once.
    """

    def __init__(self, source: Source, grad: bool = True) -> None:
        self.source = source
        self.grad = grad
        self.texts: list[str] = []
        self.cut = False

    def add(self, text: str) -> None:
        if text not in self.texts:
            self.texts.append(text)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take the warnings of what is evaluated meanwhile, each behind the source that gave it."""
        with changed(warn=self._take, warned=set()):
            yield

    def _take(self, message: str, category: str) -> None:
        span = here()
        text = "" if span is None else self.source.slice(span)
        if message is not CUT:
            self.add(f"{text}: {message}" if text else message)
        elif self.grad:
            self.cut = True
            instead = text.removeprefix("math.")
            known = instead != text and instead.partition("(")[0] in FUNCTIONS
            advice = f"; write {instead}" if known else ""
            self.add(f"no gradient flows through {text}, which gives a Python number{advice}")

    def unused(self, names: Sequence[str]) -> None:
        """Inputs that the text doesn't read: one from a file may serve others, whose inputs they are.

        Raises:
            InputError: the text has no name, and so is the caller's own.
        """
        if not names:
            return
        text = unused(names, self.source)
        if not self.source.name:
            raise InputError(
                text, hint=f"remove {' '.join(f'{name}=…' for name in names)}, or use the name"
            )
        self.add(text)

    def ungraded(self, value: Any, leaves: Mapping[str, Node], bound: Mapping[str, Any]) -> None:
        """Say why a result whose gradients were asked for has none, unless a warning has.

        Args:
            value: the result.
            leaves: the inputs to differentiate by.
            bound: all inputs; without any, nobody expects a gradient.
        """
        if not bound or self.cut:
            return
        if not leaves:
            kinds = ", ".join(f"{name} is {_kind(given)}" for name, given in bound.items())
            why = f"{kinds}; inputs of floating point numbers have one, such as [1, 2] or 3."
        elif isinstance(value, Node):
            why = "the result does not depend on a floating point input"
        else:
            why = f"the result is {_kind(value)}"
            if isinstance(value, (int, float)):
                why += "; int(), float() and .item() leave the graph"
        self.add(f"no gradient: {why}")


def _kind(value: Any) -> str:
    return value.dtype.name if isinstance(value, Node) else f"a Python {type_name(value)}"


def is_shown(value: Any, program: Program) -> bool:
    """Whether a graph's value can be shown: tensors stand in it where they are computed, and there is one."""
    if value is None:  # a call that gives none was made for what it does
        last = program.body[-1]
        return isinstance(last, ExpressionStatement) and not isinstance(
            last.value, (tree.Call, tree.Attribute)
        )
    if isinstance(value, (list, tuple)) and not isinstance(value, Size):
        named = hasattr(value, "_fields")
        return not named and all(is_shown(entry, program) or entry is None for entry in value)
    return not isinstance(value, (dict, set, frozenset))


def check_result(value: Any, source: Source, bound: Collection[str]) -> None:
    """Refuse a function as the result, which shows nothing of the inputs: `sin`, `x.sum`.

    Modules and classes can be called too, and have a text to show.

    Args:
        value: the result.
        source: the text.
        bound: the inputs, whose methods need no argument.

    Raises:
        InputError: says how to call it.
    """
    if callable(value) and not hasattr(type(value), "parameters"):
        last = source.text.rstrip().rpartition("\n")[2].rpartition(";")[2].strip()
        is_name = re.fullmatch(r"[\w.]+", last)
        if isinstance(value, type) and not is_name:
            return
        from autodiff_cli.interpret import habits

        made = re.match(r"[\w.]+", last)
        said = habits.SAID.get(made[0].rpartition(".")[2]) if made else None
        if said is not None:
            raise InputError("the result is a function, not a value", hint=said)
        name = last if is_name else "f"
        called = f"{name}()" if name.partition(".")[0] in bound else f"{name}(x)"
        raise InputError("the result is a function, not a value", hint=f"call it, as in {called}")


def unused(names: Sequence[str], source: Source) -> str:
    """The words for inputs that a text doesn't read.

    >>> unused(["x", "y"], Source("z"))
    "inputs 'x', 'y' bound and not used in the expression"
    """
    listed = ", ".join(f"'{name}'" for name in names)
    where = source.name or "the expression"
    return f"input{'s' if len(names) > 1 else ''} {listed} bound and not used in {where}"
