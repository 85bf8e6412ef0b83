"""One sum over all rows, which doesn't depend on how they were cut into chunks.

Numbers are added in pairs of float64, a sum and what its rounding lost (Knuth's two-sum), so that about 100
bits are kept: rounded to one float64, the order of the rows can't be seen.
"""

from __future__ import annotations

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape


class Total:
    """The sum of arrays of one shape, or their mean.

    Attributes:
        count: how many arrays were added.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.shape: Shape | None = None
        self.dtype = np.dtype(np.float64)
        self.high = np.zeros(0)
        self.low = np.zeros(0)

    def add(self, rows: Array) -> None:
        """Add each of the rows of an array of shape (count, *shape).

        Raises:
            InputError: the shape isn't that of the rows before.
        """
        if not len(rows):
            return
        if self.shape is None:
            self.shape, self.dtype = rows.shape[1:], rows.dtype
            self.high = np.zeros(rows[0].size)
            self.low = np.zeros(rows[0].size)
        if rows.shape[1:] != self.shape:
            raise InputError(
                f"--reduce adds {self.name} up over all rows, and its shape changes from "
                f"{list(self.shape)} to {list(rows.shape[1:])}",
                hint="rows of one shape have one sum: reduce inside the expression, or use --wrt",
            )
        high, low = _pairwise(rows.reshape(len(rows), -1).astype(np.float64))
        self.high, lost = two_sum(self.high, high)
        self.low = self.low + low + lost
        self.count += len(rows)

    def result(self, mean: bool) -> Array:
        """The sum, or the mean, in the dtype of what was added; integers and bools give float64 means;
        of nothing it is 0, or nan."""
        if self.shape is None:
            return np.asarray(np.nan if mean else 0.0)
        total = self.high + self.low
        if mean:
            with np.errstate(all="ignore"):
                total = total / self.count
        floating = self.dtype.kind == "f"
        dtype = self.dtype if floating else np.dtype(np.float64 if mean else np.int64)
        with np.errstate(all="ignore"):
            return total.reshape(self.shape).astype(dtype)


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b, and what rounding it lost; nothing where the sum isn't finite."""
    with np.errstate(all="ignore"):
        total = a + b
        other = total - a
        lost = (a - (total - other)) + (b - other)
    return total, np.where(np.isfinite(total), lost, 0.0)


def _pairwise(rows: Array) -> tuple[Array, Array]:
    """The sum over axis 0 in a tree, as a pair."""
    high, low = rows, np.zeros_like(rows)
    while len(high) > 1:
        half = len(high) // 2
        total, lost = two_sum(high[:half], high[half : 2 * half])
        rest = low[:half] + low[half : 2 * half] + lost
        if len(high) % 2:
            total = np.concatenate([total, high[-1:]])
            rest = np.concatenate([rest, low[-1:]])
        high, low = total, rest
    return high[0], low[0]
