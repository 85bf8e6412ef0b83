"""What has to be settled before numpy is imported. Imports nothing of the package, and no numpy.

numpy's linear algebra library starts a thread a processor when it is loaded, which spin for work: more
processor time than a small evaluation takes. The command loads it with one; `execute/blas.py` raises the
number around products that are large enough.
"""

from __future__ import annotations

import os

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
