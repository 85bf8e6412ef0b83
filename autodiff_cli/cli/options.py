"""Options that several commands have, each declared once; those of the machine are in `resources.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

Decorator: TypeAlias = Callable[[Any], Any]

color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour, as in --color never; auto respects NO_COLOR, FORCE_COLOR and TERM=dumb.",
)


def wrt_option(example: str) -> Decorator:
    """`--wrt`, with names for its help."""
    return click.option(
        "--wrt",
        multiple=True,
        metavar="NAMES",
        help=f"Inputs to differentiate by, as in --wrt {example}.  [all floating ones]",
    )


def dtype_option(what: str) -> Decorator:
    """`--dtype`, and what is of it."""
    return click.option(
        "--dtype",
        type=click.Choice(["float16", "float32", "float64"]),
        default="float32",
        show_default=True,
        help=f"{what}, as in --dtype float64.",
    )


def manual_seed_option(help: str) -> Decorator:
    """`--manual-seed`."""
    return click.option("--manual-seed", type=int, metavar="N", callback=_seed, help=help)


def _seed(ctx: click.Context, param: click.Parameter, seed: int | None) -> int | None:
    if seed is not None and not -(2**63) <= seed < 2**64:
        raise click.UsageError("--manual-seed N is from -2**63 to 2**64 - 1", ctx)
    return seed


def quiet_option(*short: str) -> Decorator:
    """`--quiet`."""
    return click.option(
        "--quiet", *short, is_flag=True, help="No progress bar and no notices: … --quiet."
    )
