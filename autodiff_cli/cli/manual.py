"""Pages for `man`, made of what `autodiff help` says; building the wheel writes them.

python -m autodiff_cli.cli.manual FOLDER
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from autodiff_cli import __version__
from autodiff_cli.cli.help import ENVIRONMENT, Page, page_of
from autodiff_cli.cli.main import group

CODES = (
    ("0", "Done."),
    ("1", "The evaluation failed, or met a limit."),
    ("2", "Wrong usage."),
    ("3", "A check or a verification disagrees."),
    ("130", "Interrupted."),
)


def pages() -> dict[str, str]:
    """The text of each page, by its file's name.

    >>> sorted(pages())[:3]
    ['autodiff-batch.1', 'autodiff-check.1', 'autodiff-completion.1']
    """
    with click.Context(group, info_name="autodiff") as ctx:
        found = {"autodiff.1": roff(group.page(ctx), group.list_commands(ctx))}
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            with click.Context(command, parent=ctx, info_name=name) as inner:
                page = page_of(inner, f"autodiff {name}")
                found[f"autodiff-{name}.1"] = roff(page, ["autodiff"])
    return found


def roff(page: Page, others: list[str]) -> str:
    """A page as man's macros.

    Args:
        page: what is said.
        others: names of pages to see also: commands, or the program.
    """
    name = page.name.replace(" ", "-")
    also = [f".BR {escaped(o if o == 'autodiff' else f'autodiff-{o}')} (1)" for o in others]
    lines = [
        f'.TH "{name.upper()}" 1 "" "autodiff {__version__}" "autodiff"',
        ".nh",  # no word broken
        ".ad l",
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(page.summary.rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {escaped(page.name)}",
        escaped(page.usage),
        ".SH DESCRIPTION",
        *_paragraphs((page.summary, *page.words)),
        ".SH EXAMPLES",
        ".nf",
        *map(escaped, page.examples),
        ".fi",
        *([".SH ARGUMENTS", *_paragraphs(page.notes)] if page.notes else []),
        *([".SH COMMANDS", *_listed(page.commands)] if page.commands else []),
        *([".SH OPTIONS"] if page.groups else []),
    ]
    for title, rows in page.groups.items():
        lines += [f".SS {escaped(title)}", *_listed(rows)]
    lines += [".SH ENVIRONMENT", escaped(ENVIRONMENT), ".SH EXIT STATUS", *_listed(CODES)]
    lines += [".SH SEE ALSO", *[f"{line}," for line in also[:-1]], also[-1]]
    return "\n".join(lines) + "\n"


def _paragraphs(texts: tuple[str, ...]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield ".PP"
        yield escaped(text)


def _listed(rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for names, said in rows:
        yield from (".TP", f".B {escaped(names)}", escaped(said))


def escaped(text: str) -> str:
    r"""Text in which roff finds nothing of its own.

    >>> print(escaped(".5 -x \\"))
    \&.5 \-x \e
    """
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{text}" if text[:1] == "." else text


def write(folder: str) -> None:
    """Write all pages into a folder."""
    os.makedirs(folder, exist_ok=True)
    for name, text in pages().items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    write(sys.argv[1])
