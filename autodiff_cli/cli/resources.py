"""The words that say what a text is computed with, the same in every command: limits, threads, the wall."""

from __future__ import annotations

import math
import os
import re
from typing import Any

import click

from autodiff_cli.cli.options import Words, option
from autodiff_cli.record import Record
from autodiff_cli.settings import Settings

SIZE = r"(\d+(?:\.\d*)?|\.\d+)\s*([KMGT]?)(?:I?B)?"  # compiled where there is one
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
    match = re.fullmatch(SIZE, size.strip(), re.IGNORECASE | re.ASCII)
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


def _bytes(ctx: click.Context, param: click.Parameter, size: str | None) -> int | None:
    return None if size is None else bytes_of(param.opts[0], size)


def size_option(*flags: str, **attributes: Any) -> Any:
    """An option that takes a size; the field has its bytes."""
    return option(*flags, metavar="SIZE", callback=_bytes, **attributes)


def _time(ctx: click.Context, param: click.Parameter, seconds: float | None) -> float | None:
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise click.UsageError("--timeout takes a positive number of seconds, such as --timeout 10")
    return seconds


class Limits(Record):
    """What ends a command's work.

    Attributes:
        seconds: of time; None without end.
        bytes: of memory; None for as much as there is.
    """

    seconds: float | None = None
    bytes: int | None = None

    def __bool__(self) -> bool:
        return (self.seconds, self.bytes) != (None, None)


class Resources(Words):
    """The words that say what may be used of the machine."""

    max_elements: int = option(
        "--max-elements",
        type=click.IntRange(min=1),
        default=10**9,
        metavar="N",
        help="Most elements one tensor may have, as in --max-elements 1000000.  [default: 1000000000]",
    )
    max_steps: int = option(
        "--max-steps",
        type=click.IntRange(min=1),
        default=Settings.max_steps,
        metavar="N",
        help="Most loop turns and function calls of a program, as in --max-steps 100000.  "
        "[default: 100000000]",
    )
    timeout: float | None = option(
        "--timeout",
        type=float,
        callback=_time,
        metavar="SECONDS",
        help="End it after so many seconds, whatever it does, as in --timeout 10.",
    )
    max_memory: int | None = size_option(
        "--max-memory",
        "--max-bytes",
        help="Most memory, as in --max-memory 500M (K, M, G, T).  [a program: 8G]",
    )
    threads: int | None = option(
        "--threads",
        type=_Count(),
        metavar="N",
        help="Most threads, as in --threads 1; the result is the same.  [all processors]",
    )
    no_wall: bool = option(
        "--no-wall",
        is_flag=True,
        envvar=None,
        help="Without the kernel's wall, which keeps the text from files, programs and the network: "
        "… --no-wall.",
    )
    require_wall: bool = option(
        "--require-wall",
        is_flag=True,
        envvar=None,
        help="Fail where the kernel can't raise it: … --require-wall.  [AUTODIFF_WALL=require]",
    )

    @property
    def limits(self) -> Limits:
        return Limits(self.timeout, self.max_memory)

    def wall(self) -> str:
        """What is to become of the second wall: "no", "require", or "" for what the kernel gives.

        Raises:
            UsageError: both are asked for, or AUTODIFF_WALL is neither.
        """
        if self.no_wall and self.require_wall:
            raise click.UsageError("--no-wall and --require-wall are opposites")
        if self.no_wall or self.require_wall:
            return "no" if self.no_wall else "require"
        given = os.environ.get("AUTODIFF_WALL", "").strip()
        if given not in ("", "no", "require"):
            raise click.UsageError(f"AUTODIFF_WALL is 'no' or 'require', not '{given}'")
        return given


def dtype_option(what: str, default: str = Settings.dtype) -> Any:
    """`--dtype`, and what is of it."""
    return option(
        "--dtype",
        type=click.Choice(["float16", "float32", "float64"]),
        default=default,
        show_default=True,
        help=f"{what}, as in --dtype float64.",
    )


def manual_seed_option(help: str) -> Any:
    """`--manual-seed`."""
    return option("--manual-seed", type=int, metavar="N", callback=_seed, help=help)


def _seed(ctx: click.Context, param: click.Parameter, seed: int | None) -> int | None:
    if seed is not None and not -(2**63) <= seed < 2**64:
        raise click.UsageError("--manual-seed N is from -2**63 to 2**64 - 1", ctx)
    return seed


class Computing(Resources):
    """The words that say what a text is computed with."""

    dtype: str = dtype_option("Default floating dtype")
    manual_seed: int | None = manual_seed_option(
        "Seed of the random numbers: --manual-seed 0 is torch.manual_seed(0)."
    )

    def settings(self) -> Settings:
        return Settings(**{name: getattr(self, name) for name in Settings.fields})
