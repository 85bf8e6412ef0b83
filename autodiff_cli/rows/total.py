"""One sum over all rows, which doesn't depend on how they were cut into chunks.

Numbers are added in pairs of float64, a sum and what its rounding lost (Knuth's two-sum), so that about 100
bits are kept: rounded to one float64, the order of the rows can't be seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.rows.table import with_digits
from autodiff_cli.tables.rows import Column


class Total:
    """The sum of arrays of one shape, or their mean.

    Attributes:
        count: how many arrays were added.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.shape: Shape | None = None
        self.dtype: np.dtype[np.generic] = np.dtype(np.float64)
        self.high = np.zeros(0)
        self.low = np.zeros(0)

    def add(self, rows: Array) -> None:
        """Add each of the rows of an array of shape (count, *shape).

        Raises:
            InputError: the shape isn't that of the rows before.
        """
        if not len(rows):
            return
        self._begin(rows.shape[1:], rows.dtype)
        high, low = _pairwise(rows.reshape(len(rows), -1).astype(np.float64))
        self.high, lost = two_sum(self.high, high)
        self.low = self.low + low + lost
        self.count += len(rows)

    def merge(self, other: Total) -> None:
        """Add the sum of rows that another total has added.

        Raises:
            InputError: its shape is another one.
        """
        if other.shape is None:
            return
        self._begin(other.shape, other.dtype)
        self.high, lost = two_sum(self.high, other.high)
        self.low = self.low + other.low + lost
        self.count += other.count

    def _begin(self, shape: Shape, dtype: np.dtype[np.generic]) -> None:
        if self.shape is None:
            self.shape, self.dtype = shape, dtype
            self.high = np.zeros(math.prod(shape))
            self.low = np.zeros(math.prod(shape))
        if shape != self.shape:
            raise InputError(
                f"--reduce adds {self.name} up over all rows, and its shape changes from "
                f"{list(self.shape)} to {list(shape)}",
                hint="rows of one shape have one sum: reduce inside the expression, or use --wrt",
            )

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


def add(totals: dict[str, Total], columns: Mapping[str, Column], skip_nan: bool = False) -> int:
    """Add a chunk's answers to the totals; cells that are null count nowhere.

    Args:
        skip_nan: whether rows with a nan in any answer are left out.

    Returns:
        How many rows were left out.
    """
    skipped = 0
    if skip_nan:
        wrong = _with_nan(columns)
        skipped = int(np.count_nonzero(wrong))
        if skipped:
            rows = np.flatnonzero(~wrong)
            columns = {name: column.take(rows) for name, column in columns.items()}
    for name, column in columns.items():
        total = totals.setdefault(name, Total(name))
        good = column if column.nulls is None else column.take((~column.nulls).nonzero()[0])
        if isinstance(good.values, list):
            for row in good.values:
                total.add(row[None])
        else:
            total.add(good.values)
    return skipped


def _with_nan(columns: Mapping[str, Column]) -> Array:
    """The rows that have a nan in an answer."""
    found = np.zeros(next(iter(columns.values())).count, bool)
    for column in columns.values():
        if isinstance(column.values, np.ndarray):
            wrong = np.isnan(column.values).reshape(len(found), -1).any(axis=1)
        else:
            wrong = np.array([bool(np.isnan(cell).any()) for cell in column.values])
        found |= wrong if column.nulls is None else wrong & ~column.nulls
    return found


def result(
    totals: Mapping[str, Total], names: Sequence[str], mean: bool, digits: int | None = None
) -> dict[str, Column]:
    """The one row that the totals give.

    Args:
        names: of the answers, if there was no row.
        digits: of numbers, at most.
    """
    found = totals or {name: Total(name) for name in names}
    columns = {name: Column(total.result(mean)[None]) for name, total in found.items()}
    return {name: with_digits(column, digits) for name, column in columns.items()}


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
