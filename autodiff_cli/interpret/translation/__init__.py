"""A program's tree to Python's own, which CPython compiles and runs."""

from __future__ import annotations

import _ast as py

from autodiff_cli.interpret.translation.expressions import EXPRESSIONS
from autodiff_cli.interpret.translation.statements import STATEMENTS
from autodiff_cli.interpret.translation.translator import MODULE, Translator
from autodiff_cli.syntax import statements as st


def translated(
    program: st.Program, traced: bool, is_expression: bool
) -> tuple[py.Module, Translator]:
    """Python's tree of a program, and what was found out on the way.

    Args:
        program: its tree, checked.
        traced: whether intermediate results are handed to `.traced`.
        is_expression: whether it is an expression, with assignments to names before it.

    Raises:
        RecursionError: an expression is too deep.
    """
    translator = Translator(traced, is_expression, EXPRESSIONS, STATEMENTS)
    return translator.program(program), translator


__all__ = ["MODULE", "translated"]
