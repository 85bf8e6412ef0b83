"""What paths lead to: regular files, which can be opened again, and all else, which is opened once."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO, NamedTuple, TypeAlias, cast

from autodiff_cli.errors import InputError

Identity: TypeAlias = "tuple[int, int]"  # a file's device and inode, by whatever name

STREAM = re.compile(r"/dev/(stdin|stdout|stderr)|(?:/dev|/proc/self)/fd/(\d+)")


class Door(NamedTuple):
    """An input as it was found.

    Attributes:
        path: as it was typed; "-" is standard input.
        number: of the open file that the path stands for, 0 of standard input; None of one to be opened.
        identity: None where the system doesn't tell.
        regular: whether it is a regular file.
        pattern: that found it.
    """

    path: str
    number: int | None
    identity: Identity | None
    regular: bool
    pattern: str | None = None

    @property
    def name(self) -> str:
        """The path as messages write it."""
        return "standard input" if self.path == "-" else self.path

    @property
    def once(self) -> bool:
        """Whether it can be read once only: pipes, sockets, devices, and whatever is open already."""
        return self.number is not None or not self.regular

    def opened(self) -> BinaryIO:
        """The bytes, unbuffered. Standard input's own stream isn't for closing.

        Raises:
            InputError: it can't be opened.
        """
        try:
            if self.number == 0 and sys.stdin is not None:
                # not by way of its buffer, whose lock a waiting thread would hold when the process ends
                return cast(BinaryIO, getattr(sys.stdin.buffer, "raw", sys.stdin.buffer))
            if self.number is not None and not self.regular:  # sockets have no other way
                return open(os.dup(self.number), "rb", buffering=0)
            return open(self.path, "rb", buffering=0)
        except (OSError, ValueError) as error:
            raise refused(self.path, error) from None


def stream_of(path: str) -> int | None:
    """The number of the open file that a path such as /dev/stdout stands for."""
    found = STREAM.fullmatch(os.path.normpath(os.path.join(os.getcwd(), path)))
    if found is None:
        return None
    return int(found[2]) if found[2] else ("stdin", "stdout", "stderr").index(found[1])


def door(path: str) -> Door:
    """What a path leads to; nothing is opened, and nothing waited for.

    Raises:
        InputError: nothing is there, or nothing that could be read.
    """
    number = 0 if path == "-" else stream_of(path)
    if number == 0:
        found = _status(sys.stdin)
        return Door(path, 0, _identity(found), found is not None and stat.S_ISREG(found.st_mode))
    try:
        found = os.stat(path) if number is None else os.fstat(number)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError
    except (OSError, ValueError, OverflowError) as error:
        raise refused(path, error) from None
    if number is None and stat.S_ISSOCK(found.st_mode):
        raise InputError(
            f"'{path}' is a socket, not a file", hint=f"pipe what it sends in: nc -U {path} | …"
        )
    return Door(path, number, _identity(found), stat.S_ISREG(found.st_mode))


def _status(stream: object) -> os.stat_result | None:
    """What the system knows of one of Python's own streams."""
    try:
        return os.fstat(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):  # closed, or not of the system
        return None


def _identity(found: os.stat_result | None) -> Identity | None:
    return None if found is None else (found.st_dev, found.st_ino)


def refused(path: str, error: OSError | ValueError | OverflowError) -> InputError:
    """Why a file can't be opened, as an error."""
    if isinstance(error, FileNotFoundError):
        link = " (a link to nothing)" if os.path.islink(path) else ""
        return InputError(f"no such file: '{path}'{link}")
    if isinstance(error, IsADirectoryError):
        return InputError(f"'{path}' is a folder, not a file")
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return InputError(f"'{path}' can't be read: {reason}")


# ---- inputs and outputs beside each other ---------------------------------------------------------


def check_once(doors: Iterable[Door]) -> None:
    """Raise InputError if two inputs are one, by whatever names, and it can be read once only."""
    seen: dict[int | Identity, Door] = {}
    for found in doors:
        keys: list[int | Identity] = [] if found.number is None else [found.number]
        if not found.regular and found.identity is not None:
            keys.append(found.identity)
        for key in keys:
            if key in seen:
                raise _read_twice(seen[key], found)
        seen |= dict.fromkeys(keys, found)


def _read_twice(first: Door, second: Door) -> InputError:
    what = "standard input" if 0 in (first.number, second.number) else first.path
    names = f" ({first.path} and {second.path})" if first.path != second.path else ""
    return InputError(f"{what} can be read once only{names}")


def check_outputs(outputs: Mapping[str, str | None], doors: Sequence[Door]) -> None:
    """Raise InputError if an output would be written over an input: the same regular file, by whatever name.

    Args:
        outputs: paths by what to call them; None is standard output.
    """
    for called, path in outputs.items() if doors else ():
        found = _overwritten(path, doors)
        if found is None:
            continue
        name = "the file on standard input" if found.number == 0 else found.path
        hint = f"write another file, and then: mv NEW {'FILE' if found.number == 0 else name}"
        if path is None:
            raise InputError(f"standard output is {name}, which is also read", hint=hint)
        what = f"{called} {path} would be written over an input"
        if found.path != path:
            what += f", {name}"
        if found.pattern is not None:
            what += f" (the pattern '{found.pattern}' matches it)"
        raise InputError(what, hint=hint)


def _overwritten(output: str | None, doors: Sequence[Door]) -> Door | None:
    if output is None:
        found = _status(sys.stdout)
    else:
        try:
            found = os.stat(output)
        except (OSError, ValueError):
            return None  # it doesn't exist
    if found is None or not stat.S_ISREG(found.st_mode):
        return None
    return next((door for door in doors if door.identity == _identity(found)), None)


def held(folder: str, doors: Iterable[Door]) -> Door | None:
    """The input that lies in a folder, however deep."""
    try:
        outer = _identity(os.stat(folder))
    except (OSError, ValueError):
        return None
    for found in doors:
        if found.regular and found.number is None:
            inner = os.path.dirname(os.path.realpath(found.path))
            while True:
                if _identity(os.stat(inner)) == outer:
                    return found
                if inner == os.path.dirname(inner):
                    break
                inner = os.path.dirname(inner)
    return None
