"""Whether a text that is no expression is a program."""

from __future__ import annotations

import re

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program
from autodiff_cli.syntax.tree import Program

STATEMENT = re.compile(
    r"^\s*(?:(?:import|from|for|while|if|def|class|with|try|del|raise|assert|return)\b.*|@|\s+\S.*:\s*$)",
    re.MULTILINE,
)


def program_or(source: Source, error: SourceSyntaxError) -> Program:
    """A text that is no expression as a program.

    Args:
        source: the text.
        error: why it is no expression.

    Raises:
        SourceSyntaxError: it is neither; in the words for programs if it looks like one.
    """
    if "is not an operator here" in error.message:  # '^' is one in programs, of another meaning
        raise error
    try:
        program = parse_program(source)
    except SourceSyntaxError as other:
        looks_so = STATEMENT.search(source.text)
        raise (other if looks_so else error) from None
    if not program.body:
        raise error
    return program
