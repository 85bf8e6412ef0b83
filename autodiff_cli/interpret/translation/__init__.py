"""A program's tree to Python's own, which CPython compiles and runs."""

from __future__ import annotations

import _ast as py

from autodiff_cli.interpret.translation.expressions import EXPRESSIONS
from autodiff_cli.interpret.translation.statements import STATEMENTS
from autodiff_cli.interpret.translation.translator import MODULE, Translator
from autodiff_cli.syntax import statements as st


def translated(program: st.Program, echo: bool) -> tuple[py.Module, Translator]:
    """Python's tree of a program, and what was found out on the way.

    Args:
        program: its tree, checked.
        echo: whether the values of expressions outside of functions are handed to `.echo`.

    Raises:
        RecursionError: an expression is too deep.
    """
    translator = Translator(echo, EXPRESSIONS, STATEMENTS)
    return translator.program(program), translator


__all__ = ["MODULE", "translated"]
