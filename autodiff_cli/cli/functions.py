"""`autodiff functions`: the words of the language, by name, family or meaning."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import Command
from autodiff_cli.cli.options import (
    Words,
    argument,
    command_of,
    form_of,
    form_option,
    json_option,
    option,
    output_option,
)

if TYPE_CHECKING:
    from autodiff_cli.lexicon.search import Found

FORMS = ("text", "markdown", "json")
WIDEST = 100  # columns of text, on a terminal that has more
MOST = 20  # words that a search lists
EPILOG = """\b
Examples:
  autodiff functions
  autodiff functions linalg
  autodiff functions logsumexp
  autodiff functions norm cdf
  autodiff functions special --all --to markdown -o special.md
  autodiff functions softmax --json | jq -r '.functions[0].derivative[]'

\b
WORD is a name (relu, torch.special.ndtr, view), a family (linalg), or what one would
call it: average finds mean, ln finds log. What the example prints, grad_fn and the
derivative are found out by running it.
"""


class FunctionsWords(Words):
    """The words of `autodiff functions`."""

    query: tuple[str, ...] = argument("[WORD]...", nargs=-1)
    everything: bool = option(
        "--all",
        is_flag=True,
        help="All there is to say of each: derivative, example: functions powers --all.",
    )
    form: str | None = form_option(FORMS, "markdown")
    as_json: bool = json_option()
    output: str | None = output_option("functions.md")


class FunctionsCommand(Command):
    """A command that may be called without words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--"])


@command_of(FunctionsWords, "functions", cls=FunctionsCommand, epilog=EPILOG)
def command(words: FunctionsWords) -> int:
    """Show the words of the language: functions, methods, modules, what they do, and their derivatives.

    Without WORD, the families and their names; of a family, how each word is called; of a name, everything.
    """
    form = form_of(words.form, words.as_json, words.output)
    if form not in FORMS:
        raise click.UsageError(f"-o {words.output}: functions are written as {', '.join(FORMS)}")
    text = _text(words, form)
    with ExitStack() as opened:
        if words.output:
            from autodiff_cli.tables.outputs import check_writable

            check_writable(words.output)
        file = paths.opened_output(words.output, opened)
        if file is None:
            click.echo(text)
        else:
            file.write(f"{text}\n".encode())
    return 0


def _text(words: FunctionsWords, form: str) -> str:
    from autodiff_cli.lexicon.entries import entries
    from autodiff_cli.render import lexicon

    width = min(shutil.get_terminal_size().columns, WIDEST)
    query = " ".join(words.query).strip()
    found = _found(query) if query else None
    members = entries() if found is None else list(found.entries)
    single = found is not None and (found.exact or len(members) == 1)
    shown = members[:1] if single else members
    full = words.everything or single
    if form == "json":
        return lexicon.json(shown, full=full)
    if form == "markdown":
        return lexicon.page() if found is None else lexicon.markdown(shown)
    if found is None and not words.everything:
        return lexicon.overview(width)
    if not full:
        most = len(shown) if found and found.group else MOST
        text = lexicon.listed(shown[:most], width)
        return text if len(shown) <= most else f"{text}\n({len(shown) - most} more)"
    text = "\n\n\n".join(lexicon.described(entry, width) for entry in shown)
    if single and len(members) > 1:
        others = ", ".join(entry.name for entry in members[1:])
        text += f"\n\n  see also: {others}"
    return text


def _found(query: str) -> Found:
    """What a query finds.

    Raises:
        UsageError: nothing, nor anything near.
    """
    from autodiff_cli.lexicon.search import found

    result = found(query)
    if not result.entries:
        raise click.UsageError(
            f"nothing is called or means '{query}': autodiff functions lists what there is"
        )
    if result.nearest:
        click.echo(f"note: nothing is called '{query}'; nearest is '{result.nearest}'", err=True)
    return result
