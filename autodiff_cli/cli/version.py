"""`--version`: what this is, and what keeps texts in here."""

from __future__ import annotations

from typing import Any

import click

from autodiff_cli import __version__


def version_text() -> str:
    """The version, and what stands of the second wall on this machine.

    >>> version_text().splitlines()[0].split()[0]
    'autodiff'
    """
    from autodiff_cli.wall import available

    kernel = available()
    whole = (
        "whole"
        if kernel.is_whole()
        else "in part"
        if kernel.landlock or kernel.seccomp
        else "not at all"
    )
    return f"autodiff {__version__}\nthe kernel's wall stands {whole} here: {kernel}"


def _show(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(version_text())
        ctx.exit()


VERSION_OPTION: dict[str, Any] = {  # the attributes of the option
    "is_flag": True,
    "is_eager": True,
    "expose_value": False,
    "callback": _show,
    "help": "Show the version, and whether the kernel's wall stands here.",
}
