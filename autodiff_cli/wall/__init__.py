"""The second wall: on Linux, the kernel takes from this process what texts have no business with.

Behind it a process reads the interpreter's libraries and the inputs that were named, computes, and writes
to what is open already. It opens no other file, makes none, starts no program, talks to nobody and signals
nobody. The first wall is the interpreter, which gives texts no way to ask; docs/security.md has both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from autodiff_cli.record import Record


class Kernel(Record):
    """What the kernel gives.

    Attributes:
        landlock: the version of its rules for files; 0 without.
        seccomp: whether it filters system calls.
    """

    landlock: int
    seccomp: bool

    def is_whole(self) -> bool:
        return self.landlock > 0 and self.seccomp

    def __str__(self) -> str:
        files = f"Landlock {self.landlock}" if self.landlock else "no Landlock"
        return f"{files}, {'seccomp' if self.seccomp else 'no seccomp'}"


NOTHING = Kernel(0, False)
NO_NEW_PRIVILEGES = 38


class Wall:
    """This process's wall.

    Attributes:
        own: whether the process is the command's own, so that it may be restricted: the process of somebody
            who imports the package is theirs.
        stands: what holds in this process; None before it was tried.
    """

    __slots__ = ("own", "stands")

    def __init__(self) -> None:
        self.own = False
        self.stands: Kernel | None = None


wall = Wall()


def available() -> Kernel:
    """What the kernel would give to this process."""
    if sys.platform != "linux":
        return NOTHING
    import ctypes

    from autodiff_cli.wall import landlock, seccomp

    libc = ctypes.CDLL(None)
    return Kernel(landlock.version(libc), seccomp.is_available(libc))


def raise_wall(inputs: Iterable[str] = (), scratch: str | None = None) -> Kernel:
    """Restrict this process, for good; before it has threads, which older kernels leave out.

    Args:
        inputs: files that are still to be read.
        scratch: a folder in which files may be made and removed.

    Returns:
        What holds from now on.
    """
    if wall.stands is not None:
        return wall.stands
    if sys.platform != "linux":
        wall.stands = NOTHING
        return NOTHING
    import ctypes

    from autodiff_cli.wall import again, landlock, seccomp
    from autodiff_cli.wall.compiled import compile_first
    from autodiff_cli.wall.folders import libraries

    compile_first()
    again.open_now()
    sys.dont_write_bytecode = True  # it can't any longer
    libc = ctypes.CDLL(None)
    libc.prctl(NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    wall.stands = Kernel(
        landlock.restrict(libc, {*libraries(), *inputs}, scratch),
        seccomp.restrict(libc, scratch=scratch is not None),
    )
    return wall.stands
