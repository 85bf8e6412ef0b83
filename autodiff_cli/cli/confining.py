"""The last thing before a text begins: the second wall, in a process of the command's own."""

from __future__ import annotations

import signal
import struct
import sys
from collections.abc import Callable, Iterable

from autodiff_cli.errors import InputError
from autodiff_cli.wall import raise_wall, wall

FLAGS = 136  # where they stand in struct sigaction, behind the handler and 128 bytes of a mask
RESET = 0x80000000  # SA_RESETHAND

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
    if not before:
        _end_at_second_interrupt()
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


def _end_at_second_interrupt() -> None:
    """Where no parent watches, let a second Ctrl-C end what the first can't: a loop in C.

    Python's handler waits for the end of a call; from the second on the system's own holds.
    """
    if sys.platform != "linux" or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    import ctypes

    libc = ctypes.CDLL(None)
    action = ctypes.create_string_buffer(FLAGS + 16)
    if libc.sigaction(signal.SIGINT, None, action) == 0:
        flags = struct.unpack_from("=I", action, FLAGS)[0]
        struct.pack_into("=I", action, FLAGS, flags | RESET)
        libc.sigaction(signal.SIGINT, action, None)
