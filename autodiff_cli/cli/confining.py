"""The last thing before a text begins: the second wall, in a process of the command's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from autodiff_cli.errors import InputError
from autodiff_cli.wall import raise_wall, wall

before: tuple[Callable[[], object], ...] = ()  # what a supervised process does first


def confine(wanted: str, inputs: Iterable[str] = (), scratch: str | None = None) -> None:
    """Let this process read no other files, make none, start nothing and talk to nobody from now on.

    In a process that isn't the command's own nothing is restricted.

    Args:
        wanted: "no" wall, "require" it, or "" for what the kernel gives.
        inputs: files that are read later.
        scratch: a folder of our own, for files that are needed meanwhile.

    Raises:
        InputError: the wall is required, and doesn't stand.
    """
    if not wall.own:
        if wanted == "require":
            raise InputError(
                "the kernel's wall can't be raised: the process isn't the command's own"
            )
        return
    for step in before:
        step()
    if wanted == "no":
        sys.stderr.write(
            "note: --no-wall: the interpreter alone keeps the text from this machine\n"
        )
        return
    stands = raise_wall(inputs, scratch)
    if wanted == "require" and not stands.is_whole():
        raise InputError(
            f"the kernel's wall doesn't stand whole here: {stands}",
            hint="without --require-wall the text runs behind what there is of it",
        )
