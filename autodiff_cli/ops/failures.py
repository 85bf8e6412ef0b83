"""Which entries of a stack fail, where an operation is computed for each of them."""

from __future__ import annotations

import numpy as np

from autodiff_cli.errors import PYTHON_FAULTS, AutodiffError, fault_of
from autodiff_cli.ir.node import Array

RAISED: tuple[type[Exception], ...] = (AutodiffError, *PYTHON_FAULTS)


class Failures:
    """Collects the errors of single entries, those that fail alike together."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.ways: dict[tuple[str, str], tuple[AutodiffError, Array]] = {}

    def add(self, at: int, raised: Exception) -> None:
        """An entry fails."""
        error = raised if isinstance(raised, AutodiffError) else fault_of(raised)
        key = error.kind, error.message
        if key not in self.ways:
            self.ways[key] = error, np.zeros(self.count, bool)
        self.ways[key][1][at] = True

    def check(self) -> None:
        """Raise the first error, if there is one; it knows all of them."""
        if self.ways:
            ways = tuple(self.ways.values())
            raise failing(ways[0][0], *ways)


def failing(error: AutodiffError, *ways: tuple[AutodiffError, Array]) -> AutodiffError:
    """The error of a stack, which knows the ways in which its entries fail."""
    error.where = ways
    return error
