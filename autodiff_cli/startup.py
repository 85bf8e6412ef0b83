"""What has to be settled before anything else is imported. Imports nothing of the package, and no numpy.

Streams may be closed (`>&-`) or of an encoding in which not every result can be written.

numpy's linear algebra library starts a thread a processor when it is loaded, which spin for work: more
processor time than a small evaluation takes. The command loads it with one; `threads/blas.py` raises the
number around products that are large enough.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys

THREADS = "OPENBLAS_NUM_THREADS"
# What OpenBLAS reads, in its order; a user who sets one of them wants that number.
VARIABLES = (THREADS, "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


class Library:
    """How the linear algebra library was started.

    Attributes:
        held: whether it was loaded with one thread by us, and may be given more.
    """

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = False


library = Library()


def hold_threads() -> None:
    """Let numpy's linear algebra library start without threads, unless the user says how many."""
    if not any(os.environ.get(name) for name in VARIABLES):
        os.environ[THREADS] = "1"
        library.held = True


class ClosedOutput(io.FileIO):
    """Standard output that was closed from the start: an error for who writes there, and for nobody else."""

    def write(self, data: object, /) -> int:
        raise OSError(errno.EBADF, "it is closed")


def settle_streams() -> None:
    """Have three standard streams, in which anything can be written.

    Where nobody named an encoding (ASCII) it is UTF-8; what another one can't show is written as an escape.

    The numbers of closed ones are taken, or the next file to be opened would get one of them, and what a
    library writes to standard error would land in it. Standard input stays None if it was closed.
    """
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDWR)):
        try:
            os.fstat(number)
        except (
            OSError
        ):  # input and output fail for who uses them, as closed ones do; messages are lost
            os.open(os.devnull, flags)
    if sys.stdout is None:
        raw = io.BufferedWriter(ClosedOutput(1, "w", closefd=False))
        sys.stdout = io.TextIOWrapper(raw, "utf-8")
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    # words that aren't UTF-8 go out as they came in, and are shown in messages
    for stream, undecoded in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if codecs.lookup(stream.encoding).name in ("ascii", "utf-8"):
            stream.reconfigure(encoding="utf-8", errors=undecoded)
        elif stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def use_utf8() -> None:
    """Where the locale knows ASCII alone, start again with names and words in UTF-8.

    Python does so by itself in the C locale, unless it is told not to (PYTHONUTF8=0), and in others not.
    There is no way to change it in a process that runs: it decides how words and names of files are read.
    """
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        if sys.executable:
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
