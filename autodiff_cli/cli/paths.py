"""Inputs and outputs beside each other: nothing is read twice that can't be, and no output is an input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from autodiff_cli.cli.words import home
from autodiff_cli.errors import InputError

if TYPE_CHECKING:
    from autodiff_cli.tables.doors import Door
    from autodiff_cli.tables.outputs import WholeFile

STANDARD_OUTPUT: dict[str, str | None] = {"": None}


def doors_of(texts: Iterable[str]) -> list[Door]:
    """What the words among some that are @FILE are read from."""
    files = [home(text.strip()[1:]) for text in texts if text.strip().startswith("@")]
    if not files:
        return []
    from autodiff_cli.tables.files import door_of

    return [found for file in files if (found := door_of(file)) is not None]


def check(inputs: Sequence[Door], outputs: Mapping[str, str | None]) -> None:
    """Refuse an input that would be read twice, and an output that would be written over an input.

    Args:
        outputs: paths by option; None is standard output.

    Raises:
        UsageError: says what to do instead.
    """
    if not inputs:
        return
    from autodiff_cli.tables.doors import check_once, check_outputs

    try:
        check_once(inputs)
        check_outputs(outputs, inputs)
    except InputError as error:
        hint = f": {error.hint}" if error.hint else ""
        raise click.UsageError(f"{error.message}{hint}") from None


def opened_output(path: str | None, opened: ExitStack) -> WholeFile | None:
    """The file that an answer goes to, open: behind the wall none can be made; None if there is none."""
    if path is None:
        return None
    from autodiff_cli.tables.outputs import WholeFile

    return opened.enter_context(WholeFile(path))
