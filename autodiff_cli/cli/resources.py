"""Options that say what may be used of the machine, the same in every command: limits, threads, the wall."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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


OPTIONS = (
    click.option(
        "--max-elements",
        type=click.IntRange(min=1),
        default=10**9,
        metavar="N",
        help="Most elements one tensor may have, as in --max-elements 1000000.  [default: 1000000000]",
    ),
    click.option(
        "--max-steps",
        type=click.IntRange(min=1),
        default=10**8,
        metavar="N",
        help="Most loop turns and function calls of a program, as in --max-steps 100000.  "
        "[default: 100000000]",
    ),
    click.option(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="End it after so many seconds, whatever it does, as in --timeout 10.",
    ),
    click.option(
        "--max-memory",
        "--max-bytes",
        "max_memory",
        metavar="SIZE",
        help="Most memory, as in --max-memory 500M (K, M, G, T).  [a program: 8G]",
    ),
    click.option(
        "--threads",
        type=_Count(),
        envvar="AUTODIFF_THREADS",
        show_envvar=True,
        metavar="N",
        help="Most threads, as in --threads 1; the result is the same.  [all processors]",
    ),
    click.option(
        "--no-wall",
        is_flag=True,
        help="Without the kernel's wall, which keeps the text from files, programs and the network: "
        "… --no-wall.",
    ),
    click.option(
        "--require-wall",
        is_flag=True,
        help="Fail where the kernel can't raise it: … --require-wall.  [AUTODIFF_WALL=require]",
    ),
)


def resources(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


PROGRAM_BYTES = 8 << 30  # of memory that a program may use where nothing else is said


class Limits(NamedTuple):
    """What ends a command's work.

    Attributes:
        seconds: of time; None without end.
        bytes: of memory; None for as much as there is.
    """

    seconds: float | None = None
    bytes: int | None = None


def limits_of(options: Mapping[str, Any]) -> Limits:
    """The limits that were given.

    Raises:
        UsageError: one is no time or no size.
    """
    seconds, size = options["timeout"], options["max_memory"]
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise click.UsageError("--timeout takes a positive number of seconds, such as --timeout 10")
    return Limits(seconds, None if size is None else bytes_of("--max-memory", size))


def wall_wanted(options: Mapping[str, Any]) -> str:
    """What is to become of the second wall: "no", "require", or "" for what the kernel gives.

    Raises:
        UsageError: both are asked for, or AUTODIFF_WALL is neither.
    """
    if options["no_wall"] and options["require_wall"]:
        raise click.UsageError("--no-wall and --require-wall are opposites")
    if options["no_wall"] or options["require_wall"]:
        return "no" if options["no_wall"] else "require"
    given = os.environ.get("AUTODIFF_WALL", "").strip()
    if given not in ("", "no", "require"):
        raise click.UsageError(f"AUTODIFF_WALL is 'no' or 'require', not '{given}'")
    return given
