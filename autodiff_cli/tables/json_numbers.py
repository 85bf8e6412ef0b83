"""JSON values as numbers: a column of them, nested lists included, as one array."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

import numpy as np

from autodiff_cli.ir.node import Array

NON_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
PLAIN = {int, float}
SOUND = {int, float, list}
NESTING = 32  # dimensions that an array may have


def column_of(cells: list[object]) -> tuple[Array | list[Array], dict[int, object]]:
    """JSON values as numbers, and the offsets of those that are none, each with what in it isn't.

    The values are an array if all rows have one shape, else a list of arrays.
    """
    whole = _uniform(cells)
    if whole is not None:
        return whole, {}
    sound: dict[int, object] = {}  # numbers, and lists of whatever
    wrong: dict[int, object] = {}
    for offset, cell in enumerate(cells):
        if type(cell) in SOUND:
            sound[offset] = cell
        elif type(cell) is str and cell in NON_FINITE:
            sound[offset] = NON_FINITE[cell]
        else:
            wrong[offset] = cell
    whole = _uniform(list(sound.values()))
    if whole is not None:
        return spread(whole, np.fromiter(sound, np.int64, len(sound)), len(cells)), wrong
    arrays: dict[int, Array] = {}
    for offset, cell in sound.items():
        array, what = _careful(cell)
        if array is None:
            wrong[offset] = what
        else:
            arrays[offset] = array
    if len({array.shape for array in arrays.values()}) > 1:
        nothing = np.empty(0)
        return [arrays.get(offset, nothing) for offset in range(len(cells))], wrong
    offsets = np.fromiter(arrays, np.int64, len(arrays))
    return spread(np.array(list(arrays.values())), offsets, len(cells)), wrong


def spread(values: Array | list[Array], offsets: Array, count: int) -> Array | list[Array]:
    """The values of some rows among those of all; the others are NaN, empty arrays in a list."""
    if isinstance(values, list):
        found = [np.empty(0)] * count
        for offset, value in zip(offsets.tolist(), values):
            found[offset] = value
        return found
    whole = np.full((count, *values.shape[1:]), np.nan)
    whole[offsets] = values
    return whole


def nested(row: object, path: str, nothing: object) -> object:
    """What stands under keys with points between.

    >>> nested({"pos": {"x": 1}}, "pos.x", None)
    1
    """
    for key in path.split("."):
        if not isinstance(row, dict) or key not in row:
            return nothing
        row = row[key]
    return row


class Flat(NamedTuple):
    """The entries of nested lists that all have one shape, and of which types they are."""

    entries: list[object]
    shape: list[int]
    types: set[type]


class Shapeless(NamedTuple):
    """Why nested lists have no shape."""

    message: str


MIXED = Shapeless("numbers and lists are mixed in a list")
UNEQUAL = Shapeless("lists of unequal length")
DEEP = Shapeless(f"lists nested more than {NESTING} deep")


def _flat(entries: list[object], most: int) -> Flat | Shapeless:
    """What nested lists hold, of at most so many dimensions."""
    shape = [len(entries)]
    types = set(map(type, entries))
    while list in types:
        if len(types) > 1:
            return MIXED
        lengths = set(map(len, entries))  # type: ignore[arg-type]
        if len(lengths) > 1:
            return UNEQUAL
        shape.append(lengths.pop())
        if len(shape) > most:
            return DEEP
        entries = list(chain.from_iterable(entries))  # type: ignore[arg-type]
        types = set(map(type, entries))
    return Flat(entries, shape, types)


def _uniform(cells: list[object]) -> Array | None:
    """An array of numbers and of nested lists that all have one shape; None for anything else."""
    flat = _flat(cells, NESTING + 1)
    if isinstance(flat, Shapeless) or not flat.types <= PLAIN:
        return None
    return np.array(flat.entries, np.float64).reshape(flat.shape)


def _careful(cell: object) -> tuple[Array | None, object]:
    """A value with spelled numbers in it; or None, and what in it is no number."""
    if not isinstance(cell, list):
        return np.array(cell, np.float64), None
    flat = _flat(cell, NESTING)
    if isinstance(flat, Shapeless):
        return None, flat
    numbers = flat.entries
    if not flat.types <= PLAIN:
        numbers = [NON_FINITE.get(e, e) if type(e) is str else e for e in numbers]
        for entry in numbers:
            if type(entry) not in PLAIN:
                return None, entry
    return np.array(numbers, np.float64).reshape(flat.shape), None
