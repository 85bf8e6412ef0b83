"""The standard deviation of a result from those of its inputs, to first order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.faults import Faults, each
from autodiff_cli.rows.question import Weight
from autodiff_cli.tables.rows import Column


def check_fixed(deviations: Mapping[str, Weight]) -> None:
    """Raise InputError if a deviation that is the same for every row is none."""
    for name, weight in deviations.items():
        if weight.array is not None and not (weight.array >= 0).all():
            raise _none(name, "", _first(weight.array))


def check(
    deviations: Mapping[str, Weight], columns: Mapping[str, Column], good: Array, faults: Faults
) -> None:
    """Add the good rows that have no deviation to the faults: a column's number is negative or nan."""
    for name, weight in deviations.items():
        if weight.column is None:
            continue
        values = columns[weight.column].values
        place = f" in column '{weight.column}'"
        if isinstance(values, np.ndarray):
            cells = values.reshape(len(values), math.prod(values.shape[1:]))
            rows = np.flatnonzero(~(cells >= 0).all(axis=1) & good)
            if not len(rows):
                continue
            first = np.argmin(cells[rows] >= 0, axis=1)
            numbers = cells[rows, first].tolist()
            faults.add(rows, each(numbers, partial(_none, name, place)))
            continue
        for row in np.flatnonzero(good).tolist():
            if not (values[row] >= 0).all():
                faults.fail(np.array([row]), _none(name, place, _first(values[row])))


def _first(given: Array) -> float:
    """The first number that is no deviation."""
    return float(given[~(given >= 0)].reshape(-1)[0])


def _none(name: str, place: str, number: float) -> InputError:
    return InputError(
        f"--propagate {name}: {number:g}{place} is no standard deviation, which is 0 or more"
    )


def deviation(
    outputs: Mapping[str, Array | None],
    deviations: Mapping[str, Weight],
    cells: Mapping[str, Array],
    count: int,
) -> Array:
    """sqrt(sum((df/dx * sigma_x)**2)) for each row, over all elements of all inputs, taken as independent.

    Args:
        outputs: the gradients, as "grad_NAME", of shape (count, *shape); None is zero.
        deviations: by input: a number, or an array of its shape, for all rows or for each.
        cells: the columns that the deviations name.
        count: of rows.

    Raises:
        InputError: a deviation has neither the shape of its input nor none.
    """
    terms = [np.zeros((count, 1))]
    for name, weight in deviations.items():
        slope = outputs.get(f"grad_{name}")
        if slope is None:
            continue
        sigma = weight.array if weight.column is None else cells[weight.column]
        assert sigma is not None
        shape = slope.shape[1:]
        given = sigma.shape if weight.column is None else sigma.shape[1:]
        if given not in ((), shape):
            raise InputError(
                f"--propagate {name}: a deviation of shape {list(given)} for an input of shape "
                f"{list(shape)}"
            )
        wide = sigma.astype(np.float64)
        if weight.column is not None and not given:
            wide = wide.reshape(count, *(1,) * len(shape))
        terms.append((slope.astype(np.float64) * wide).reshape(count, -1))
    return _length(np.concatenate(terms, axis=1))


def _length(terms: Array) -> Array:
    """The root of the sum of the squares of each row, which overflows only if it is itself too large."""
    largest = np.abs(terms).max(axis=1)
    scale = np.where(
        np.isfinite(largest), np.frexp(largest)[1], 0
    )  # a power of two changes no digit
    found: Array = np.ldexp(np.sqrt(np.square(np.ldexp(terms, -scale[:, None])).sum(axis=1)), scale)
    return found
