"""What commands about an expression have in common: words, the question that they ask, the answer's form."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import bindings_of, names_of, show_notices, working
from autodiff_cli.cli.options import (
    argument,
    digits_option,
    form_of,
    form_option,
    json_option,
    option,
    output_option,
    quiet_option,
    wrt_option,
)
from autodiff_cli.cli.resources import Computing, Resources
from autodiff_cli.cli.words import expression_of, value_of
from autodiff_cli.record import Record

if TYPE_CHECKING:
    from autodiff_cli.inputs import Given
    from autodiff_cli.render.document import Document
    from autodiff_cli.source import Source
    from autodiff_cli.tables.outputs import WholeFile


class Question(Record):
    """What is asked about an expression.

    Attributes:
        source: the expression.
        inputs: values by name.
        wrt: names of inputs to differentiate by, or None.
        seed: a cotangent, or None.
        file: where the answer goes; None to standard output.
    """

    source: Source
    inputs: dict[str, Given]
    wrt: list[str] | None
    seed: Given | None
    file: WholeFile | None

    def answer(self, text: str | bytes) -> None:
        """Write an answer, in UTF-8 whatever the locale; bytes are a file's, as they are."""
        if self.file is not None:
            self.file.write(f"{text}\n".encode() if isinstance(text, str) else text)
        else:
            click.echo(text.encode() if isinstance(text, str) else text, color=True)


class Answer(Record):
    """What a command says.

    Attributes:
        document: for people.
        json: a line of JSON.
        notices: for standard error.
        code: the exit code.
    """

    document: Document
    json: str
    notices: tuple[str, ...] = ()
    code: int = 0


class AskingWords(Computing):
    """The words of a command about an expression."""

    expression: str = argument("EXPRESSION")
    bindings: tuple[str, ...] = argument("[NAME=VALUE]...", nargs=-1)
    wrt: tuple[str, ...] = wrt_option("w,b")
    seed: str | None = option(
        "--seed",
        metavar="VECTOR",
        help="Cotangent of a result that is no number, as in --seed '[1,0]'.  [ones]",
    )
    form: str | None = form_option()
    as_json: bool = json_option()
    digits: int = digits_option()
    output: str | None = output_option("why.html")
    quiet: bool = quiet_option()


def answered(words: AskingWords, command: str, answer: Callable[[Question], Answer]) -> int:
    """Answer a question, and write what is said; the exit code.

    Args:
        words: of the command.
        command: its name.
        answer: what it does, behind the wall.
    """
    width = shutil.get_terminal_size().columns
    with working(words, command, files=words.output is not None), ExitStack() as opened:
        wall = words.wall()
        names = bindings_of(words.bindings, words.expression)
        form = form_of(words.form, words.as_json, words.output)

        from autodiff_cli.cli.confining import confine

        question = question_of(words, names, opened)
        confine(wall)
        found = answer(question)
        title = question.source.text.strip()
        made = found.document
        question.answer(found.json if form == "json" else written(made, form, title, width))
        show_notices(found.notices, words.quiet)
    return found.code


def question_of(
    words: Resources, names: Mapping[str, str], opened: ExitStack, dtype: str = ""
) -> Question:
    """What words ask, with everything read that they name.

    Args:
        words: of the command.
        names: the values of its inputs.
        opened: takes the file that is written, which can't be made behind the wall.
        dtype: that files of text are read in; that of the words if "".

    Raises:
        InputError: a file can't be read or written.
        UsageError: the expression is empty.
    """
    dtype = dtype or getattr(words, "dtype", "")
    outputs = {}
    if words.output:
        from autodiff_cli.tables.outputs import check_writable

        check_writable(words.output)
        outputs = {"--output": words.output}
    read = paths.doors_of([words.expression, *names.values(), *filter(None, [words.seed])])
    paths.check(read, {**paths.STANDARD_OUTPUT, **outputs})
    return Question(
        expression_of(words.expression),
        {name: value_of(text, dtype) for name, text in names.items()},
        names_of(words.wrt),
        None if words.seed is None else value_of(words.seed, dtype),
        paths.opened_output(words.output, opened),
    )


def written(document: Document, form: str, title: str, width: int) -> str:
    """A document in one of the forms.

    Args:
        document: what is said.
        form: one of `options.FORMS` but JSON.
        title: of a page.
        width: of the terminal.
    """
    if form == "html":
        from autodiff_cli.render.document_html import html

        return html(document, title)
    if form == "latex":
        from autodiff_cli.render.document_latex import latex

        return latex(document)
    from autodiff_cli.render.document_text import markdown, text

    return markdown(document) if form == "markdown" else text(document, width)
