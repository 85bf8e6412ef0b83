"""What `explain` and `check` have in common: words about an expression, an answer in one of several forms."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import bindings_of, names_of, own_process, show_notices
from autodiff_cli.cli.options import argument, option, quiet_option, wrt_option
from autodiff_cli.cli.resources import Computing
from autodiff_cli.cli.words import PATH, expression_of, value_of
from autodiff_cli.errors import AutodiffError
from autodiff_cli.record import Record

if TYPE_CHECKING:
    from autodiff_cli.inputs import Given
    from autodiff_cli.render.document import Document
    from autodiff_cli.source import Source

FORMS = ("text", "markdown", "html", "latex", "json")
SUFFIXES = {".html": "html", ".htm": "html", ".md": "markdown", ".tex": "latex", ".json": "json"}
MOST_DIGITS = 17


class Question(Record):
    """What is asked about an expression.

    Attributes:
        source: the expression.
        inputs: values by name.
        wrt: names of inputs to differentiate by, or None.
        seed: a cotangent, or None.
    """

    source: Source
    inputs: dict[str, Given]
    wrt: list[str] | None
    seed: Given | None


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


def form_option() -> Any:
    """`--to`."""
    return option(
        "--to",
        type=click.Choice(FORMS),
        help="What to write it as, as in --to html.  [text, or what the suffix of -o says]",
    )


def digits_option() -> Any:
    """`--digits`."""
    return option(
        "--digits",
        type=click.IntRange(min=1, max=MOST_DIGITS),
        default=4,
        show_default=True,
        metavar="N",
        help="Digits of numbers, as in --digits 8.",
    )


def output_option(example: str) -> Any:
    """`--output`."""
    return option(
        "-o",
        "--output",
        type=PATH,
        metavar="FILE",
        help=f"Write there, whole or not at all, as in -o {example}.",
    )


class AskingWords(Computing):
    """The words that both commands have."""

    expression: str = argument("EXPRESSION")
    bindings: tuple[str, ...] = argument("[NAME=VALUE]...", nargs=-1)
    wrt: tuple[str, ...] = wrt_option("w,b")
    seed: str | None = option(
        "--seed",
        metavar="VECTOR",
        help="Cotangent of a result that is no number, as in --seed '[1,0]'.  [ones]",
    )
    form: str | None = form_option()
    as_json: bool = option("--json", is_flag=True, help="The same as --to json: … --json.")
    digits: int = digits_option()
    output: str | None = output_option("why.html")
    quiet: bool = quiet_option()


def form_of(form: str | None, as_json: bool, output: str | None) -> str:
    """The form that an answer is written in.

    Raises:
        UsageError: two were asked for.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --to {form} are two forms: ask for one")
    if form or as_json:
        return form or "json"
    suffix = f".{output.rpartition('.')[2].lower()}" if output else ""
    return SUFFIXES.get(suffix, "text")


def answered(words: AskingWords, command: str, answer: Callable[[Question], Answer]) -> int:
    """Answer a question, and write what is said; the exit code.

    Args:
        words: of the command.
        command: its name.
        answer: what it does, behind the wall.
    """
    width = shutil.get_terminal_size().columns
    try:
        with own_process(words.limits, files=words.output is not None):
            return _answered(words, answer, width)
    except AutodiffError as error:
        from autodiff_cli.cli.failures import advised

        raise advised(error, words, command) from None


def _answered(words: AskingWords, answer: Callable[[Question], Answer], width: int) -> int:
    wall = words.wall()
    names = bindings_of(words.bindings, words.expression)
    form = form_of(words.form, words.as_json, words.output)

    from autodiff_cli.cli.confining import confine

    outputs = {}
    if words.output:
        from autodiff_cli.tables.outputs import check_writable

        check_writable(words.output)
        outputs = {"--output": words.output}
    values = [*names.values(), *filter(None, [words.seed])]
    read = paths.doors_of([words.expression, *values])
    paths.check(read, {**paths.STANDARD_OUTPUT, **outputs})
    question = Question(
        expression_of(words.expression),
        {name: value_of(text, words.dtype) for name, text in names.items()},
        names_of(words.wrt),
        None if words.seed is None else value_of(words.seed, words.dtype),
    )
    with ExitStack() as files:
        file = None
        if words.output:
            from autodiff_cli.tables.outputs import WholeFile

            file = files.enter_context(WholeFile(words.output))
        confine(wall)
        found = answer(question)
        text = written(found, form, question.source.text.strip(), width)
        if file is None:
            click.echo(text.encode())  # UTF-8, whatever the locale
        else:
            file.write(f"{text}\n".encode())
        show_notices(found.notices, words.quiet)
    return found.code


def written(answer: Answer, form: str, title: str, width: int) -> str:
    """An answer in one of the forms.

    Args:
        answer: what is said.
        form: one of `FORMS`.
        title: of a page.
        width: of the terminal.
    """
    if form == "json":
        return answer.json
    if form == "html":
        from autodiff_cli.render.document_html import html

        return html(answer.document, title)
    if form == "latex":
        from autodiff_cli.render.document_latex import latex

        return latex(answer.document)
    from autodiff_cli.render.document_text import markdown, text

    return markdown(answer.document) if form == "markdown" else text(answer.document, width)
