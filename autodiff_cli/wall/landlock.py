"""The kernel's rules for files (Landlock): reading below some folders, and nothing else.

Its system calls have the same numbers on all processors. The rights are those of linux/landlock.h; what
each version of the interface adds stands in docs/security.md.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

CREATE, ADD, RESTRICT = 444, 445, 446
ASK_VERSION, BELOW_PATH = 1, 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
# Writing, removing and making files; from version 3 on cutting them, too.
SCRATCH, CUT, FROM_CUT = 1 << 1 | 1 << 5 | 1 << 8, 1 << 14, 3
# From each version of the interface on: how many rights concern files.
RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16, 9: 17}
TCP, SCOPED = 3, 3  # binding and connecting; abstract sockets and signals
FROM_TCP, FROM_SCOPED, FROM_ALL_THREADS = 4, 6, 8
ALL_THREADS = 1 << 3


def version(libc: ctypes.CDLL) -> int:
    """The version of the kernel's interface; 0 if it hasn't got one, or doesn't let us."""
    found = libc.syscall(ctypes.c_long(CREATE), None, ctypes.c_size_t(0), ASK_VERSION)
    return max(0, int(found))


def restrict(libc: ctypes.CDLL, readable: Iterable[str], scratch: str | None = None) -> int:
    """Give up what the kernel has rules for, but for reading files below `readable`.

    Args:
        scratch: a folder in which files may be made and removed.

    Returns:
        The version whose rules hold, or 0.
    """
    abi = version(libc)
    if not abi:
        return 0
    files = (1 << max(count for since, count in RIGHTS.items() if since <= abi)) - 1
    rules = struct.pack("=Q", files)
    if abi >= FROM_TCP:
        rules += struct.pack("=Q", TCP)
    if abi >= FROM_SCOPED:
        rules += struct.pack("=Q", SCOPED)
    ruleset = libc.syscall(ctypes.c_long(CREATE), rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return 0
    try:
        for path in readable:
            _allow(libc, ruleset, path)
        if scratch is not None:
            _allow(libc, ruleset, scratch, SCRATCH | (CUT if abi >= FROM_CUT else 0))
        flags = ALL_THREADS if abi >= FROM_ALL_THREADS else 0
        return 0 if libc.syscall(ctypes.c_long(RESTRICT), ruleset, flags) else abi
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, more: int = 0) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (OSError, ValueError):  # not on this machine
        return
    try:
        folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rights = READ_FILE | READ_FOLDER | more if folder else READ_FILE
        libc.syscall(ctypes.c_long(ADD), ruleset, BELOW_PATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
