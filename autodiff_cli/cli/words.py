"""What stands behind the words of a command: expressions, values, files."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli.errors import InputError, SourceSyntaxError
from autodiff_cli.source import Source

if TYPE_CHECKING:
    from autodiff_cli.inputs import Given

NO_EXPRESSION = "an EXPRESSION is missing, such as 'mean(3*(x+2)**2)'"
NAME = re.compile(r"[^\W\d]\w*")


def value_of(text: str, dtype: str) -> Given:
    """What a word's value stands for: a text, or the array in the file that it names.

    Args:
        text: the value.
        dtype: the floating dtype that a file of text is read in.

    Raises:
        InputError: the file can't be read.
    """
    text = text.strip()
    if not text.startswith("@"):
        return text
    from autodiff_cli.ir import dtypes
    from autodiff_cli.ir.context import changed
    from autodiff_cli.tables.files import read_array

    with changed(dtype=dtypes.NAMES[dtype]):
        return read_array(home(text[1:]))


def expression_of(text: str) -> Source:
    """The text to evaluate: the word itself, or what is in the file that it names.

    Raises:
        UsageError: there is nothing in it, or it is an input's NAME=VALUE.
    """
    if not text.startswith("@"):
        if is_empty(text) or binds(text):
            raise click.UsageError(NO_EXPRESSION)
        return Source(text)
    path = text[1:]
    if not path:
        raise click.UsageError("'@' needs a file's name, such as @expr.txt")
    source = Source(text_of(path, "expression"), "standard input" if path == "-" else path)
    if is_empty(source.text):
        found = "has only comments" if source.text.strip() else "is empty"
        raise click.UsageError(f"{source.name} {found}: {NO_EXPRESSION}")
    return source


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
    from autodiff_cli.interpret.liveness import of_program
    from autodiff_cli.syntax import parse_expression

    try:
        program = parse_expression(Source(word))
    except SourceSyntaxError:
        return False
    return len(program.body) == 1 and not of_program(program).names


def text_of(path: str, what: str) -> str:
    """The text of a file, or what is typed or piped in for "-"."""
    from autodiff_cli.tables.files import read_text

    if path == "-" and sys.stdin is None:
        raise InputError(
            "nothing on standard input: it is closed", hint=f"pipe the {what} in, or name its file"
        )
    if path == "-" and sys.stdin.isatty():
        click.echo(f"reading the {what} from the terminal; end with Ctrl-D", err=True)
    return read_text(home(path))


def home(path: str) -> str:
    """The path with the user's folder for a `~`, which no shell expands behind an @ or in --save=~/x.

    A file that is really called so is itself.
    """
    if not path.startswith("~") or os.path.lexists(path):
        return path
    return os.path.expanduser(path)


class _Path(click.ParamType):  # type: ignore[type-arg]
    """A file to write."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value:
            self.fail("it names no file", param, ctx)
        return home(value)


PATH = _Path()
