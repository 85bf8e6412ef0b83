"""Words in the expression's place that are none."""

from __future__ import annotations


def is_empty(text: str) -> bool:
    """Whether there is nothing in a text but spaces, separators and comments."""
    return not any(line.partition("#")[0].strip("; \t\f\r") for line in text.split("\n"))


def binds(word: str) -> bool:
    """Whether a word is written as an input's is, and no other input stands in it.

    `x=1` and `x=ones(2)` lack the expression; `E=m*c**2` and, with its spaces, `y = 1` are such.
    """
    name, _, value = word.partition("=")
    if not name.isidentifier() or value[:1].isspace() or value[:1] in ("", "="):
        return False
    from autodiff_cli.errors import SourceSyntaxError
    from autodiff_cli.interpret.code import compile_script
    from autodiff_cli.interpret.reads import of_script
    from autodiff_cli.source import Source
    from autodiff_cli.syntax import parse_expression

    try:
        script = parse_expression(Source(word))
        return len(script.assignments) == 1 and not of_script(compile_script(script)).names
    except SourceSyntaxError:
        return False
