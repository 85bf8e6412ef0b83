"""Rows by the shapes of their cells, and the answers of such groups as columns of all rows again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.tables.rows import Column

ANSWER = Mapping[str, Array | None]


class Part(NamedTuple):
    """The answers of some of the rows, in their order."""

    offsets: Array
    outputs: ANSWER


def groups(columns: Mapping[str, Column], good: Array) -> list[tuple[dict[str, Shape], Array]]:
    """The good rows by the shapes of their cells, each group in order."""
    if not len(good):
        return []
    labels = np.zeros(len(good), np.int64)
    for column in columns.values():
        if isinstance(column.values, list):
            numbers: dict[Shape, int] = {}
            values = column.values
            own = [numbers.setdefault(values[at].shape, len(numbers)) for at in good.tolist()]
            labels = labels * len(numbers) + own
            labels = np.unique(labels, return_inverse=True)[1]  # they stay small
    order = np.argsort(labels, kind="stable")
    ends = np.flatnonzero(np.diff(labels[order])) + 1
    groups = [good[rows] for rows in np.split(order, ends)]
    groups.sort(key=lambda offsets: int(offsets[0]))
    return [
        ({n: c.values[offsets[0]].shape for n, c in columns.items()}, offsets) for offsets in groups
    ]


def joined(names: Sequence[str], parts: Sequence[Part], count: int) -> dict[str, Column]:
    """The answers of all rows in order; null where there is none.

    Args:
        names: of the answers, if there is no part to say so.
    """
    if parts:
        names = list(dict.fromkeys(name for part in parts for name in part.outputs))
    return {
        name: _column([(part.offsets, part.outputs.get(name)) for part in parts], count)
        for name in names
    }


def _column(pieces: Sequence[tuple[Array, Array | None]], count: int) -> Column:
    known = [(offsets, array) for offsets, array in pieces if array is not None]
    nulls = np.ones(count, bool)
    for offsets, _ in known:
        nulls[offsets] = False
    if not known:
        return Column(np.full(count, np.nan), nulls=nulls)
    if len(known) == 1 and not nulls.any():
        return Column(known[0][1])
    dtype = np.result_type(*(array.dtype for _, array in known))
    shapes = {array.shape[1:] for _, array in known}
    missing = nulls if nulls.any() else None
    if len(shapes) == 1:
        whole = np.zeros((count, *shapes.pop()), dtype)
        for offsets, array in known:
            whole[offsets] = array
        return Column(whole, nulls=missing)
    cells: list[Array] = [np.empty(0, dtype)] * count
    for offsets, array in known:
        for at, cell in zip(offsets.tolist(), array, strict=True):
            cells[at] = np.asarray(cell, dtype)
    return Column(cells, nulls=missing)


def non_finite(parts: Sequence[Part]) -> int:
    """How many rows have an infinity or nan in their answer."""
    found = 0
    for part in parts:
        rows = np.zeros(len(part.offsets), bool)
        for array in part.outputs.values():
            if array is not None and array.dtype.kind == "f":
                finite = np.isfinite(array)
                if not finite.all():
                    rows |= ~finite.reshape(len(rows), -1).all(axis=1)
        found += int(np.count_nonzero(rows))
    return found
