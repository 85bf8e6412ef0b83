"""Whether a text that is no expression is a program."""

from __future__ import annotations

import re

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program
from autodiff_cli.syntax.lalr import UnexpectedCharacter, UnexpectedToken
from autodiff_cli.syntax.parse import explained
from autodiff_cli.syntax.tree import Program

ELSEWHERE = "^", "<>"  # which mean something else in programs
STATEMENT = re.compile(
    r"^\s*(?:(?:import|from|for|while|if|def|class|with|try|del|raise|assert|return)\b.*|@|\s+\S.*:\s*$)",
    re.MULTILINE,
)


def program_or(
    source: Source, error: UnexpectedCharacter | UnexpectedToken | SourceSyntaxError
) -> Program:
    """A text that is no expression as a program.

    Args:
        source: the text.
        error: what the parser of expressions met.

    Raises:
        SourceSyntaxError: it is neither; in the words for programs if it looks like one.
    """
    if any(operator in source.text for operator in ELSEWHERE):
        said = explained(error, source)
        if "is not an operator here" in said.message:
            raise said from None
    try:
        program = parse_program(source)
    except SourceSyntaxError as other:
        looks_so = STATEMENT.search(source.text)
        raise (other if looks_so else explained(error, source)) from None
    if not program.body:
        raise explained(error, source) from None
    return program
