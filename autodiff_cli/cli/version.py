"""`--version`: what this is, what it runs with, and what keeps texts in here."""

from __future__ import annotations

import os
import platform
from typing import Any

import click

from autodiff_cli import __version__

COMMIT = os.path.join(os.path.dirname(os.path.dirname(__file__)), "_commit")


def built_from() -> str:
    """The commit that the wheel was built from; "" in a checkout, or where the build had none."""
    try:
        with open(COMMIT, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def version_text() -> str:
    """The version, what stands of the second wall on this machine, and what it runs with.

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
    from importlib.metadata import version

    commit = built_from()
    parts = [f"build {commit}"] if commit else []
    parts += [f"numpy {version('numpy')}", f"Python {platform.python_version()}"]
    return f"autodiff {__version__}\nthe kernel's wall stands {whole} here: {kernel}\n{', '.join(parts)}"


def _show(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(version_text())
        ctx.exit()


VERSION_OPTION: dict[str, Any] = {  # the attributes of the option
    "is_flag": True,
    "is_eager": True,
    "expose_value": False,
    "callback": _show,
    "help": "Show the version, those of numpy and Python, and whether the kernel's wall stands here.",
}
