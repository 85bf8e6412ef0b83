"""Options that say what may be used of the machine: `--threads` and `--max-memory`."""

from __future__ import annotations

import os
import re
from typing import Any

import click

SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([KMGT]?)(?:I?B)?", re.IGNORECASE | re.ASCII)
SHIFTS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


def bytes_of(option: str, size: str) -> int:
    """The bytes that a size means, such as "500M" or "1.5 GiB"; K, M, G and T are powers of 1024.

    Args:
        option: where it was given, for the error.
        size: a number, and perhaps a unit.

    Raises:
        UsageError: it is no size, or less than a byte.

    >>> bytes_of("--max-memory", "500M"), bytes_of("--max-memory", "1.5 GiB")
    (524288000, 1610612736)
    """
    match = SIZE.fullmatch(size.strip())
    if match is None:
        raise click.UsageError(
            f"{option} takes a size, such as 500M or 2G (K, M, G, T; a bare number is bytes), "
            f"not '{size}'"
        )
    number, unit = match[1], SHIFTS[match[2].upper()]
    # whole numbers stay exact, however large
    count = int(number) << unit if number.isdigit() else int(float(number) * (1 << unit))
    if count < 1:
        raise click.UsageError(f"{option} takes a size of at least one byte, not '{size}'")
    return count


class _Count(click.ParamType):  # type: ignore[type-arg]
    """A number of threads, from the command line or from AUTODIFF_THREADS; the error says which."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip()
        if text.isascii() and text.isdecimal() and int(text):
            return int(text)
        given = ctx is not None and text == os.environ.get("AUTODIFF_THREADS", "").strip()
        origin = "AUTODIFF_THREADS" if given else "--threads"
        raise click.UsageError(f"{origin} takes a whole number from 1 on, such as 2, not '{text}'")


threads_option = click.option(
    "--threads",
    type=_Count(),
    envvar="AUTODIFF_THREADS",
    show_envvar=True,
    metavar="N",
    help="Most threads, as in --threads 1; the result is the same.  [all processors]",
)
