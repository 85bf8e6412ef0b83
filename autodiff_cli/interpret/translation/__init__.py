"""A program's tree to Python's own, which CPython compiles and runs."""

from __future__ import annotations

import _ast as py

from autodiff_cli.interpret.translation.expressions import EXPRESSIONS
from autodiff_cli.interpret.translation.simple import SIMPLE
from autodiff_cli.interpret.translation.translator import MODULE, Translator
from autodiff_cli.syntax.tree import Program


def translated(program: Program, traced: bool, is_expression: bool) -> tuple[py.Module, Translator]:
    """Python's tree of a program, and what was found out on the way.

    Args:
        program: its tree, checked.
        traced: whether intermediate results are handed to `.traced`.
        is_expression: whether it is an expression, with assignments to names before it.

    Raises:
        RecursionError: an expression is too deep.
    """
    translator = Translator(traced, is_expression, EXPRESSIONS, SIMPLE)
    return translator.program(program), translator


__all__ = ["MODULE", "translated"]
