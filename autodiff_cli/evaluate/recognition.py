"""Whether a text that is no expression is a program."""

from __future__ import annotations

import re

from autodiff_cli.errors import AttributeFault, SourceSyntaxError
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program

STATEMENT = re.compile(
    r"^\s*(?:(?:import|from|for|while|if|def|class|with|try|del|raise|assert|return)\b.*|@|\s+\S.*:\s*$)",
    re.MULTILINE,
)


def check_program(source: Source, error: SourceSyntaxError) -> None:
    """Refuse a text that is no expression, unless it is a program.

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


def needs_program(source: Source, fault: AttributeFault) -> bool:
    """Whether an attribute that expressions don't have is one of programs, such as `backward`, `append`."""
    if not any(mark in source.text.strip() for mark in "\n;"):
        return False
    from autodiff_cli.interpret.allowed import BUILTIN_METHODS
    from autodiff_cli.vocabulary import gradients, writing
    from autodiff_cli.vocabulary.handles import TENSOR_ATTRIBUTES, TENSOR_METHODS

    assert gradients.TENSOR_METHODS is TENSOR_METHODS  # importing it fills the tables
    name = fault.message.rpartition(" '")[2].rstrip("'")
    return (
        name in TENSOR_METHODS
        or name in TENSOR_ATTRIBUTES
        or writing.in_place_method(name) is not None
        or any(name in methods for methods in BUILTIN_METHODS.values())
    )
