"""Help that one can scan: examples first, options in groups, no word broken.

Imported only when it is asked for. A page is made of what click knows of a command; it is written for a
terminal here, for `man` by `manual.py`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from textwrap import wrap

import click

from autodiff_cli.record import Record

WIDEST, NARROWEST = 100, 40  # columns
NAMES = 22  # columns of options' names, behind which the words begin
GROUPS = {
    "Derivatives": "--wrt --seed --jacobian --hessian --jvp --hvp --order --no-grad --values-only --backward "
    "--propagate --covariance --budget --monte-carlo --element --steps",
    "Input": "--format --columns --delimiter --decimal --thousands --na --comment --skip-lines --quote "
    "--as-numbers --limit",
    "Output": "--to --json --output --digits --save --save-grads --all --also --as --keep --reduce "
    "--skip-nan --strict --on-error --trace --fold --function --expand --names --inline --what --log "
    "--heat --echo --figures --color --quiet --timings",
    "Checks": "--check --verify --explain --rtol --atol --directions --dry-run",
    "Computing": "--dtype --manual-seed --threads --engine --scheduler --workers --part-size --chunk-rows "
    "--chunk-size --resume",
    "Limits and the wall": "--timeout --max-memory --max-elements --max-steps --no-wall --require-wall",
    "Others": "--version --help",
}
ENVIRONMENT = (
    "Variables set options: AUTODIFF_DTYPE=float64 is --dtype float64, AUTODIFF_QUIET=1 --quiet; "
    "AUTODIFF_WALL=no or require is the wall. What is typed goes first."
)
Row = tuple[str, str]


class Page(Record):
    """What is said of a command.

    Attributes:
        name: as it is typed.
        usage: its arguments.
        summary: one sentence.
        words: further paragraphs.
        examples: lines.
        notes: paragraphs about the arguments.
        commands: others, with their summaries.
        groups: options with what is said of them, by the group's title.
    """

    name: str
    usage: str
    summary: str
    words: tuple[str, ...]
    examples: tuple[str, ...]
    notes: tuple[str, ...]
    commands: tuple[Row, ...]
    groups: dict[str, tuple[Row, ...]]


def page_of(ctx: click.Context, name: str, commands: Sequence[click.Command] = ()) -> Page:
    """The page of a context's command.

    Args:
        ctx: of the command.
        name: as it is typed.
        commands: that the page lists.
    """
    command = ctx.command
    summary, *words = _paragraphs(cleandoc(command.help or ""))
    first, *notes = _paragraphs(cleandoc(command.epilog or "")) or [""]
    examples = cleandoc(command.epilog or "").partition("Examples:\n")[2].partition("\n\n")[0]
    return Page(
        name,
        " ".join(command.collect_usage_pieces(ctx)),
        summary,
        tuple(words),
        tuple([line[2:] for line in examples.splitlines()]),
        tuple(notes if first.startswith("Examples:") else [first, *notes]),
        tuple([(other.name or "", summary_of(other)) for other in commands]),
        _groups(ctx),
    )


def summary_of(command: click.Command) -> str:
    """A command in few words: its first sentence, up to a colon.

    >>> summary_of(click.Command("graph", help="Draw the graph of EXPRESSION: what is computed."))
    'Draw the graph of EXPRESSION.'
    """
    sentence = _paragraphs(cleandoc(command.help or ""))[0]
    return re.split(r"[:.](?:\s|$)", sentence, maxsplit=1)[0] + "."


def _paragraphs(text: str) -> list[str]:
    """Paragraphs in a line each."""
    return [
        " ".join(part.replace("\b", " ").split()) for part in text.split("\n\n") if part.strip()
    ]


def _groups(ctx: click.Context) -> dict[str, tuple[Row, ...]]:
    """The options in the order of GROUPS."""
    found: dict[str, Row] = {}
    for param in ctx.command.get_params(ctx):
        record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
        if record is not None:
            found[next(flag for flag in param.opts if flag.startswith("--"))] = record
    groups = {
        title: [found.pop(flag) for flag in flags.split() if flag in found]
        for title, flags in GROUPS.items()
    }
    groups["Others"] = [*found.values(), *groups["Others"]]
    return {title: tuple(rows) for title, rows in groups.items() if rows}


# ---- for a terminal -------------------------------------------------------------------------------


def text(page: Page) -> str:
    """A page in lines of the terminal's width, up to 100 columns."""
    width = max(min(shutil.get_terminal_size().columns, WIDEST), NARROWEST)
    blocks = [
        *_filled(f"Usage: {page.name} {page.usage}", width, "", "    "),
        "",
        *_joined([page.summary, *page.words], width),
    ]
    if page.examples:
        blocks += ["", "Examples:"]
        for line in page.examples:
            blocks += _example(line, width)
    if page.notes:
        blocks += ["", *_joined(page.notes, width)]
    if page.commands:
        blocks += ["", "Commands:"]
        longest = max(len(name) for name, _ in page.commands)
        for name, said in page.commands:
            blocks += _filled(said, width, f"  {name:{longest}}  ", " " * (longest + 4))
        blocks += ["", "  autodiff help COMMAND shows more of each."]
    for title, rows in page.groups.items():
        blocks += ["", f"{title}:"]
        for names, said in rows:
            blocks += _row(names, said, width)
    blocks += ["", *_joined([ENVIRONMENT], width)]
    return "\n".join(blocks)


def _row(names: str, said: str, width: int) -> Iterator[str]:
    """An option; its words begin beside it, or below."""
    rest = " " * (NAMES + 2)
    if len(names) <= NAMES - 2:
        yield from _filled(said, width, f"  {names:{NAMES}}", rest)
    else:
        yield f"  {names}"
        yield from _filled(said, width, rest, rest)


def _joined(paragraphs: Sequence[str], width: int) -> list[str]:
    """Paragraphs, with empty lines between."""
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += [*([""] if lines else []), *_filled(paragraph, width, "  ", "  ")]
    return lines


def _filled(text: str, width: int, first: str, rest: str) -> list[str]:
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _example(line: str, width: int) -> Iterator[str]:
    """A line that a shell reads, gone on behind a backslash where the terminal ends."""
    indent = "  "
    while len(indent + line) > width:
        ends = [at for at in _gaps(line) if len(indent) + at + 2 <= width]
        if not ends:
            break
        yield f"{indent}{line[: ends[-1]]} \\"
        line, indent = line[ends[-1] + 1 :], "      "
    yield indent + line


def _gaps(line: str) -> Iterator[int]:
    """Where spaces stand between words of a shell's line, quotes not among them, nor in front."""
    opened = ""
    for place, sign in enumerate(line):
        if opened:
            opened = "" if sign == opened else opened
        elif sign in "\"'":
            opened = sign
        elif sign == " " and line[:place].strip():
            yield place
