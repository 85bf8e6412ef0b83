"""The files of `autodiff batch`: found once, and looked at before anything is read or written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from autodiff_cli.cli import paths
from autodiff_cli.tables import partial, writers
from autodiff_cli.tables.doors import held
from autodiff_cli.tables.sources import RowSource

PARTIAL = ("--output's unfinished file", "--output's state")  # which a finished run removes


def check(found: Sequence[RowSource], values: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse files that make no sense beside each other, or beside the options.

    Args:
        values: what else is read: the words that may be @FILE.

    Raises:
        UsageError: it is the words that make none.
        InputError: the output can't be written.
    """
    once = next((source for source in found if not source.lasts), None)
    if once is not None and options["resume"]:
        raise click.UsageError(f"--resume reads the rows again, and {once.name} is gone")
    if once is not None and options["engine"] == "dask":
        raise click.UsageError(
            f"--engine dask reads files, whose parts it shares out, and {once.name} is a stream: "
            "write it to a file, and name that"
        )
    doors = [*(source.door for source in found), *paths.doors_of(values)]
    output = options["output"]
    shown = paths.STANDARD_OUTPUT if output in (None, "-") or options["dry_run"] else {}
    if output in (None, "-"):
        paths.check(doors, shown)
    elif options["engine"] == "dask":
        paths.check(doors, {"--output": output, **shown})
        inside = held(output, doors)
        if inside is not None:
            raise click.UsageError(
                f"--output {output} is the folder of an input, {inside.name}: "
                "the parts need a folder of their own"
            )
    else:
        beside = dict(zip(PARTIAL, partial.places(output)))
        paths.check(doors, {"--output": output, **beside, **shown})
        writers.check(output, options["to"])
