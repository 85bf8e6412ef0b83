"""A program's tree to Python's own, which CPython compiles and runs."""

from __future__ import annotations

import _ast as py
from collections.abc import Callable
from typing import Any

from autodiff_cli.interpret.translation.expressions import EXPRESSIONS
from autodiff_cli.interpret.translation.simple import SIMPLE
from autodiff_cli.interpret.translation.translator import MODULE, Translator
from autodiff_cli.syntax.tree import Program


def _statement_of(kind: type) -> Callable[[Translator, Any], list[py.stmt]]:
    """What makes Python's of a kind of statement; of those that no expression has, it is imported."""
    made = SIMPLE.get(kind)
    if made is not None:
        return made
    from autodiff_cli.interpret.translation.statements import STATEMENTS

    return STATEMENTS[kind]


def translated(program: Program, traced: bool, is_expression: bool) -> tuple[py.Module, Translator]:
    """Python's tree of a program, and what was found out on the way.

    Args:
        program: its tree, checked.
        traced: whether intermediate results are handed to `.traced`.
        is_expression: whether it is an expression, with assignments to names before it.

    Raises:
        RecursionError: an expression is too deep.
    """
    translator = Translator(traced, is_expression, EXPRESSIONS, _statement_of)
    return translator.program(program), translator


__all__ = ["MODULE", "translated"]
