"""Answers whose shape the output can't hold beside that of the rows before them: such rows are bad."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.rows.faults import Faults
from autodiff_cli.tables.bad import NOWHERE
from autodiff_cli.tables.rows import Column
from autodiff_cli.tables.writing import Demand

NULL = -1


class Uniform:
    """The shapes that the answers have had up to now; the first row with an answer decides.

    Args:
        demand: of the output's writer.
        shapes: what is known already, by column.
    """

    def __init__(self, demand: Demand, shapes: Mapping[str, Shape] | None = None) -> None:
        self.demand = demand
        self.known: dict[str, Shape] = dict(shapes or {})

    def check(self, columns: Mapping[str, Column], faults: Faults) -> Array:
        """Add the rows that don't fit those before them to the faults; the others are learned.

        Returns:
            The offsets of the rows that don't fit.
        """
        if self.demand == "nothing" or self._same(columns):
            return NOWHERE
        forms = {name: _forms(column) for name, column in columns.items()}
        while True:
            unfit = np.zeros(faults.codes.shape, bool)
            shows = np.zeros(faults.codes.shape, bool)  # a shape that isn't known yet
            for name, (codes, shapes) in forms.items():
                unfit |= ~np.array([*(self._fits(name, shape) for shape in shapes), True])[codes]
                shows |= (name not in self.known) & (codes != NULL)
            shows &= ~unfit
            if not shows.any():
                break
            first = int(np.argmax(shows))
            shown = {
                n: shapes[codes[first]]
                for n, (codes, shapes) in forms.items()
                if codes[first] != NULL
            }
            self.known = shown | self.known
        for name, (codes, shapes) in forms.items():
            for code, shape in enumerate(shapes):
                if not self._fits(name, shape):
                    faults.fail(np.flatnonzero(codes == code), self._fault(name, shape))
        return np.flatnonzero(unfit)

    def _same(self, columns: Mapping[str, Column]) -> bool:
        """Whether all rows fit, as can be seen without looking at each; they are learned then."""
        shapes = {}
        for name, column in columns.items():
            if column.nulls is not None and column.nulls.all():
                continue
            if isinstance(column.values, list) or not self._fits(name, column.values.shape[1:]):
                return False
            shapes[name] = column.values.shape[1:]
        if any(column.count for column in columns.values()):
            self.known = shapes | self.known
        return True

    def _fits(self, name: str, shape: Shape) -> bool:
        before = self.known.get(name, shape)
        return before == shape or (self.demand == "depth" and len(before) == len(shape))

    def _fault(self, name: str, shape: Shape) -> InputError:
        return InputError(
            f"'{name}' has the shape {list(shape)}, and {list(self.known[name])} in the rows before",
            hint="JSON Lines holds both: --to jsonl",
        )


def without(column: Column, offsets: Array) -> Column:
    """The column with nulls in some of its rows, as one array where the others have one shape."""
    nulls = np.zeros(column.count, bool) if column.nulls is None else column.nulls.copy()
    nulls[offsets] = True
    good = np.flatnonzero(~nulls).tolist()
    if isinstance(column.values, np.ndarray) or not good:
        return Column(np.full(column.count, np.nan) if not good else column.values, nulls=nulls)
    shapes = {column.values[at].shape for at in good}
    if len(shapes) > 1:
        values = list(column.values)
        for at in np.flatnonzero(nulls).tolist():
            values[at] = np.empty(0, values[good[0]].dtype)
        return Column(values, nulls=nulls)
    whole = np.zeros((column.count, *shapes.pop()), column.values[good[0]].dtype)
    for at in good:
        whole[at] = column.values[at]
    return Column(whole, nulls=nulls)


def non_finite(columns: Mapping[str, Column], offsets: Array) -> int:
    """How many of some rows have an infinity or nan in an answer."""
    found = np.zeros(len(offsets), bool)
    for column in columns.values():
        some = column.take(offsets)
        if isinstance(some.values, np.ndarray):
            finite = np.isfinite(some.values.reshape(len(offsets), -1)).all(axis=1)
        else:
            finite = np.array([bool(np.isfinite(cell).all()) for cell in some.values])
        found |= ~finite if some.nulls is None else ~finite & ~some.nulls
    return int(np.count_nonzero(found))


def _forms(column: Column) -> tuple[Array, list[Shape]]:
    """The shape of each cell as its number in a list of them, or NULL."""
    if isinstance(column.values, np.ndarray):
        codes, shapes = np.zeros(column.count, np.int64), [column.values.shape[1:]]
    else:
        known: dict[Shape, int] = {}
        codes = np.array([known.setdefault(v.shape, len(known)) for v in column.values], np.int64)
        shapes = list(known)
    if column.nulls is not None:
        codes[column.nulls] = NULL
    return codes, shapes
