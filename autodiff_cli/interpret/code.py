"""Texts ready to run: what they mean, and the code that CPython runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.interpret.run import Code, compiled
from autodiff_cli.record import Record
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program
from autodiff_cli.syntax.parse import UNEXPECTED, unexplained
from autodiff_cli.syntax.tree import ExpressionStatement, Program

if TYPE_CHECKING:
    from autodiff_cli.interpret.reads import Reads

SHORT = 10_000  # characters; what is made of a longer text can take a hundred megabytes


class Compiled(Record):
    """A text ready to run.

    Attributes:
        tree: its statements, and behind them the value that it gives.
        last: the statement that it ends in as it is written; None if there is none.
        code: for CPython.
        is_expression: whether it is an expression, with assignments before it, and nothing else.
    """

    tree: Program
    last: Any
    code: Code
    is_expression: bool

    @property
    def has_value(self) -> bool:
        """Whether it ends in an expression."""
        body = self.tree.body
        return bool(body) and isinstance(body[-1], ExpressionStatement)

    @cached_property
    def reads(self) -> Reads:
        """What it does with names."""
        from autodiff_cli.interpret.liveness import of_program

        return of_program(self.tree)

    def unread(self, names: Iterable[str], source: Source) -> list[str]:
        """The inputs, of these names, whose values it never reads.

        Raises:
            InputError: one of them is assigned before anything reads it: what was bound would be lost.
        """
        names = list(names)
        code = self.code
        if all(name in code.loaded and name not in code.assigned for name in names):
            return []
        return self.reads.unread(names, source)


def compiled_text(source: Source, *, traced: bool = False) -> Compiled:
    """A text that is evaluated: an expression or a program, which ends in the value of what it assigns last.

    Args:
        source: the text.
        traced: whether the intermediate results of an expression are handed on.

    Raises:
        SourceSyntaxError: it is neither; in the words for programs if it looks like one.
    """
    try:
        return _text(source.text, source.name, traced)
    except SourceSyntaxError as error:
        error.source = source
        raise


def compiled_program(source: Source) -> Compiled:
    """A program that is run for what it prints.

    Raises:
        SourceSyntaxError: it is no program.
    """
    try:
        return _program(source.text)
    except SourceSyntaxError as error:
        error.source = source
        raise


def _kept(make: Callable[..., Compiled]) -> Callable[..., Compiled]:
    """Texts come again, as for the rows of a table: keeps the last short ones, and two long ones."""
    short, long = lru_cache(64)(make), lru_cache(2)(make)
    return lambda text, *options: (short if len(text) <= SHORT else long)(text, *options)


@_kept
def _text(text: str, name: str, traced: bool) -> Compiled:
    source = Source(text, name)
    try:
        tree, is_expression = unexplained(text), True
    except UNEXPECTED as error:
        from autodiff_cli.syntax.recognition import program_or

        tree, is_expression = program_or(source, error), False
    last = tree.body[-1]
    if not isinstance(last, ExpressionStatement):
        tree = _with_value(tree)
    code = compiled(tree, traced=traced and is_expression, is_expression=is_expression)
    return Compiled(tree, last, code, is_expression)


def _with_value(tree: Program) -> Program:
    """A text that doesn't end in an expression, with the value of what it assigns last."""
    from autodiff_cli.interpret.ending import with_value

    return with_value(tree)


@_kept
def _program(text: str) -> Compiled:
    tree = parse_program(Source(text))
    return Compiled(tree, tree.body[-1] if tree.body else None, compiled(tree), False)
