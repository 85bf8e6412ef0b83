"""The kernel's filter of system calls (seccomp): a table of those that are allowed, as a program for it.

The program is classic BPF (linux/seccomp.h, linux/filter.h). A call that isn't allowed fails with EPERM, so
that Python raises PermissionError; one that this table doesn't know yet fails with ENOSYS, as on an older
kernel.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence

from autodiff_cli.wall import syscalls
from autodiff_cli.wall.syscalls import ALLOWED, SCRATCH, Numbers

# machine: (column of the table, the kernel's word for it, number of seccomp itself)
MACHINES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}

LOAD, EQUAL, AT_LEAST, ANY_OF, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, PROCESSOR, ARGUMENTS = 0, 4, 16  # where they stand in struct seccomp_data
ALLOW, ERROR = 0x7FFF0000, 0x00050000
SET_FILTER, IS_AVAILABLE = 1, 2
# TSYNC; SPEC_ALLOW: older kernels make filtered processes slower otherwise
ALL_THREADS, NO_SLOWER = 1, 4

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | 0o20000000  # O_TMPFILE
# TCGETS TIOCGWINSZ FIONREAD FIONCLEX FIOCLEX
OF_TERMINALS = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)
# flags, duplicates, locks; not F_SETOWN
OF_DESCRIPTORS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030)
# its name, names of its memory, what it is allowed
OF_THE_PROCESS = (3, 15, 16, 21, 39, 0x53564D41)
NEW_THREAD = 0x10000  # CLONE_THREAD

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def _low(argument: int) -> Instruction:
    return LOAD, 0, 0, ARGUMENTS + 8 * argument


def _high(argument: int) -> Instruction:
    return LOAD, 0, 0, ARGUMENTS + 8 * argument + 4


def _refuse(reason: int = errno.EPERM) -> Instruction:
    return RETURN, 0, 0, ERROR | reason


_ALLOW: Instruction = (RETURN, 0, 0, ALLOW)


def _one_of(argument: int, values: Sequence[int]) -> list[Instruction]:
    """Allow a call if the argument is one of the values."""
    tests = [(EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [_low(argument), *tests, _refuse(), _ALLOW]


def _with(argument: int, bits: int) -> list[Instruction]:
    """Allow a call if the argument has one of the bits."""
    return [_low(argument), (ANY_OF, 1, 0, bits), _refuse(), _ALLOW]


def _without(argument: int, bits: int) -> list[Instruction]:
    return [_low(argument), (ANY_OF, 0, 1, bits), _refuse(), _ALLOW]


def _null(argument: int) -> list[Instruction]:
    """Allow a call if a pointer is null."""
    return [_low(argument), (EQUAL, 0, 2, 0), _high(argument), (EQUAL, 1, 0, 0), _refuse(), _ALLOW]


def program(machine: str, process: int, *, scratch: bool = False) -> bytes:
    """The filter.

    Args:
        machine: "x86_64" or "aarch64".
        process: the number of the process, which may signal its own threads (`abort` does).
        scratch: whether files may be made; Landlock says where.
    """
    column, word, _ = MACHINES[machine]
    checked: list[tuple[Numbers, list[Instruction]]] = [
        (syscalls.OPEN, [_ALLOW] if scratch else _without(1, WRITING)),
        (syscalls.OPENAT, [_ALLOW] if scratch else _without(2, WRITING)),
        (syscalls.IOCTL, _one_of(1, OF_TERMINALS)),
        (syscalls.FCNTL, _one_of(1, OF_DESCRIPTORS)),
        (syscalls.PRCTL, _one_of(0, OF_THE_PROCESS)),
        (syscalls.PRLIMIT, _null(2)),
        (syscalls.CLONE, _with(0, NEW_THREAD)),
        (syscalls.TGKILL, _one_of(0, (process,))),
        (syscalls.CLONE3, [_refuse(errno.ENOSYS)]),
    ]
    code: list[Instruction] = [
        (LOAD, 0, 0, PROCESSOR), (EQUAL, 1, 0, word), _refuse(), (LOAD, 0, 0, NUMBER),
    ]  # fmt: skip
    for numbers, block in checked:
        number = numbers[column]
        if number is not None:
            code += [(EQUAL, 0, len(block), number), *block]
    names = {**ALLOWED, **(SCRATCH if scratch else {})}
    code += _table(
        {number for numbers in names.values() if (number := numbers[column]) is not None}
    )
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _table(allowed: set[int]) -> list[Instruction]:
    """Allow these numbers.

    The numbers at which the verdict changes, in order: the first that is larger decides.
    """
    edges = sorted(
        [number for number in allowed if number - 1 not in allowed]
        + [number + 1 for number in allowed if number + 1 not in allowed]
    )
    code: list[Instruction] = []
    for at, edge in enumerate(edges):
        code += [(AT_LEAST, 1, 0, edge), _ALLOW if at % 2 else _refuse()]
    # Newer than this table; on x86-64 also the numbers of x32, from 2**30 on.
    return [*code, _refuse(errno.ENOSYS)]


def machine() -> str | None:
    """The processor, if there is a table for it."""
    name = os.uname().machine
    return name if name in MACHINES and sys.maxsize > 2**32 else None


def is_available(libc: ctypes.CDLL) -> bool:
    """Whether the kernel filters, and lets us ask for it."""
    name = machine()
    if name is None:
        return False
    action = ctypes.c_uint32(ERROR)
    return bool(
        libc.syscall(ctypes.c_long(MACHINES[name][2]), IS_AVAILABLE, 0, ctypes.byref(action)) == 0
    )


def restrict(libc: ctypes.CDLL, *, scratch: bool = False) -> bool:
    """Filter the system calls of this process from now on, in all its threads; whether it is done.

    Args:
        scratch: as `program` takes it.
    """
    name = machine()
    if name is None:
        return False
    code = program(name, os.getpid(), scratch=scratch)
    text = ctypes.create_string_buffer(code, len(code))
    filter_ = struct.pack("@HP", len(code) // 8, ctypes.addressof(text))
    number = ctypes.c_long(MACHINES[name][2])
    return any(
        libc.syscall(number, SET_FILTER, flags, filter_) == 0
        for flags in (ALL_THREADS | NO_SLOWER, ALL_THREADS)
    )
