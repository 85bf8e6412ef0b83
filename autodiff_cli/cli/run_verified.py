"""`autodiff run --verify`: a notebook or a document as a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import unified_diff

import click

from autodiff_cli.books.cells import Book
from autodiff_cli.books.verified import AGREES, DIFFERS, OPEN, Verdict, verified
from autodiff_cli.cli.check import DISAGREES
from autodiff_cli.cli.commands import show_notices
from autodiff_cli.program import Session


def verify(book: Book, name: str, session: Callable[..., Session], quiet: bool) -> int:
    """Run a book and print where its outputs differ from what stands there; the exit code.

    Args:
        book: with what it says that its cells print.
        name: of its file.
        session: begins a session that writes to a given function.
        quiet: no notices of what can't be compared.
    """
    counts = {AGREES: 0, DIFFERS: 0, OPEN: 0}
    for verdict in verified(book, session):
        counts[verdict.says] += 1
        if verdict.says == DIFFERS:
            click.echo("\n".join(_difference(verdict, name)))
        elif verdict.says == OPEN:
            show_notices([f"{_place(verdict, name)} can't be compared: {verdict.why}"], quiet)
    total = sum(counts.values())
    if not total:
        click.echo(f"{name}: no cell prints anything, and no output is stored")
        return 0
    said = f"{counts[AGREES]} of {total} output{'s' * (total != 1)} agree{'s' * (total == 1)}"
    if counts[DIFFERS]:
        said += f", {counts[DIFFERS]} differ{'s' * (counts[DIFFERS] == 1)}"
    if counts[OPEN]:
        said += f", {counts[OPEN]} can't be compared"
    click.echo(f"{name}: {said}")
    return DISAGREES if counts[DIFFERS] else 0


def _place(verdict: Verdict, name: str) -> str:
    lines = verdict.cell.lines
    return f"{name}, cell {verdict.number}" + (f" (line {lines[0]})" if lines else "")


def _difference(verdict: Verdict, name: str) -> Iterator[str]:
    stored, found = verdict.stored.split("\n"), verdict.found.split("\n")
    place = _place(verdict, name)
    yield from unified_diff(
        stored, found, f"{place}, as it stands", f"{place}, as it runs", "", "", 3, ""
    )
