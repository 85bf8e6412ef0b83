"""Large `.npy` files as arrays in memory's address space: read from the disk where and when they are used."""

from __future__ import annotations

import os
import stat

import numpy as np

from autodiff_cli.ir.node import Array

LARGE = 1 << 20  # bytes from which mapping a file is cheaper than reading it
MAGIC = b"\x93NUMPY"


def mapped(path: str) -> Array | None:
    """The array of a large regular `.npy` file, read-only; None of any other.

    A file that is damaged, or holds what is never loaded, is None as well: who reads it will say what is
    wrong with it.
    """
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size < LARGE:
            return None
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, OverflowError, MemoryError):
        return None
    if not isinstance(array, np.ndarray) or not array.flags.aligned:
        return None
    return np.asarray(array)
