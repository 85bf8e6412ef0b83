"""What goes to standard error besides errors: notices, and the option that leaves them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click


def quiet_option(*short: str) -> Callable[[Any], Any]:
    """`--quiet`, the same for all commands."""
    return click.option(
        "--quiet", *short, is_flag=True, help="No progress bar and no notices: … --quiet."
    )


def show_notices(texts: Iterable[str], quiet: bool) -> None:
    """Write notices, unless they aren't wanted."""
    for text in texts:
        if not quiet:
            click.echo(f"note: {text}", err=True)
