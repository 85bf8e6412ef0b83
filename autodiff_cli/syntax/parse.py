"""From text to tree, or to an error that says what to type instead."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Source
from autodiff_cli.syntax import tree
from autodiff_cli.syntax.builders import BUILDERS
from autodiff_cli.syntax.lalr import Parser, UnexpectedCharacter, UnexpectedToken
from autodiff_cli.syntax.tables import load

UNEXPECTED = UnexpectedCharacter, UnexpectedToken, SourceSyntaxError
SHORT = 2000  # characters of a text whose tree is kept


@lru_cache(1)
def _parser() -> Parser:
    return Parser(load("expression"), lambda name, children, span: BUILDERS[name](span, *children))


@lru_cache(64)
def _again(text: str) -> Any:
    """The tree of a text that may come again, as where one expression is evaluated for many inputs."""
    return _parser().parse(text)


def parse_expression(source: Source) -> tree.Program:
    """The tree of an expression, with the assignments before it: a program of nothing else.

    Raises:
        SourceSyntaxError: with the place, and what to type instead where that can be told.

    >>> parse_expression(Source("2*x")).body[0].value
    Binary(left=Literal(value=2), operator='*', right=Name(id='x'))
    """
    try:
        return unexplained(source.text)
    except UNEXPECTED as error:
        raise explained(error, source) from None


def unexplained(text: str) -> tree.Program:
    """The tree of an expression, where it may be a program: why it is none takes long to say.

    Raises:
        UNEXPECTED: it is no expression.
    """
    program = _again(text) if len(text) <= SHORT else _parser().parse(text)
    assert isinstance(program, tree.Program)
    return program


def explained(
    error: UnexpectedCharacter | UnexpectedToken | SourceSyntaxError, source: Source
) -> SourceSyntaxError:
    """The error to show."""
    from autodiff_cli.syntax.explain import explain

    return explain(error, source, _parser())


def is_expression(text: str) -> bool:
    """Whether a text can be parsed; `rewritten` asks it of what it proposes."""
    return _parser().accepts(text)
