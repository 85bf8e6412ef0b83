"""How a file takes its name: it is made beside its place, and renamed when it is whole.

Behind the wall (`autodiff_cli.wall`) a process can write to the file that it has open, and can't rename it:
it asks the process that supervises it, which knows the file from before (`cli/apart.py`).
"""

from __future__ import annotations

import contextlib
import os
from typing import IO, NamedTuple, Protocol

from autodiff_cli.tables import partial


class Placement(NamedTuple):
    """A file that is being made.

    Attributes:
        temporary: its path until it is whole.
        target: its path then; None of a folder for what is needed meanwhile.
        resumable: whether it is left where it is if it doesn't become whole.
    """

    temporary: str
    target: str | None
    resumable: bool = False


class Placer(Protocol):
    """Who renames files."""

    def expect(self, placement: Placement) -> None:
        """A file is being made."""

    def place(self, placement: Placement) -> None:
        """It is whole.

        Raises:
            OSError: it can't be renamed.
        """

    def drop(self, placement: Placement) -> None:
        """It won't be whole."""


class Here:
    """This process itself."""

    def expect(self, placement: Placement) -> None:
        pass

    def place(self, placement: Placement) -> None:
        temporary, target, resumable = placement
        assert target is not None
        os.chmod(temporary, mode_of(target))  # mkstemp makes files private
        os.replace(temporary, target)
        if resumable:
            os.unlink(partial.places(target)[1])
        else:  # else the next run with --resume would go on with it
            partial.forget(target)

    def drop(self, placement: Placement) -> None:
        if placement.target is None:
            import shutil

            shutil.rmtree(placement.temporary, ignore_errors=True)
        elif not placement.resumable:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(placement.temporary)
        elif os.path.exists(placement.temporary) and not os.path.getsize(placement.temporary):
            partial.forget(placement.target)  # nothing was finished


HERE = Here()


class Place:
    """Where this process makes files.

    Attributes:
        placer: who renames them.
        scratch: a folder for those that are needed meanwhile; None: the system's.
    """

    __slots__ = ("placer", "scratch")

    def __init__(self) -> None:
        self.placer: Placer = HERE
        self.scratch: str | None = None


place = Place()


def begun(path: str) -> tuple[int, Placement]:
    """An open file beside the place of a path, and what becomes of it.

    Raises:
        OSError: it can't be made.
    """
    import tempfile

    target = os.path.realpath(path)  # a link stays a link
    folder, name = os.path.split(target)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    placement = Placement(temporary, target)
    place.placer.expect(placement)
    return handle, placement


def unnamed(beside: str | None) -> IO[bytes]:
    """A file without a name, which ends with the process, however that ends.

    Args:
        beside: as for `use_scratch`.

    Raises:
        OSError: it can't be made.
    """
    import tempfile

    return tempfile.TemporaryFile(dir=_folder(beside))


def use_scratch(beside: str | None) -> None:
    """Make a folder for the files that are needed meanwhile, the only ones that can be made behind the wall.

    Args:
        beside: the path of an output, whose disk has the room; None: where the system has it.

    Raises:
        OSError: it can't be made.
    """
    import tempfile

    found = tempfile.mkdtemp(dir=_folder(beside), prefix=".autodiff-")
    place.placer.expect(Placement(found, None))
    place.scratch = tempfile.tempdir = found


def _folder(beside: str | None) -> str | None:
    return None if beside is None else os.path.dirname(os.path.realpath(beside))


def mode_of(target: str) -> int:
    """The permissions of the file that is replaced, or those of a new one."""
    with contextlib.suppress(FileNotFoundError):
        return os.stat(target).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
