"""The standard deviation of a result from those of its inputs, to first order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autodiff_cli.batch.question import Weight
from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.tables.rows import Column


def check_fixed(deviations: Mapping[str, Weight]) -> None:
    """Raise InputError if a deviation that is the same for every row is none."""
    for name, weight in deviations.items():
        if weight.array is not None and not (weight.array >= 0).all():
            raise _none(name, weight.array, "")


def faults(
    deviations: Mapping[str, Weight], columns: Mapping[str, Column]
) -> dict[int, AutodiffError]:
    """Why rows have no deviation, by their offsets: a column's number is negative or nan."""
    found: dict[int, AutodiffError] = {}
    for name, weight in deviations.items():
        if weight.column is None:
            continue
        values = columns[weight.column].values
        if isinstance(values, np.ndarray):
            inner = tuple(range(1, values.ndim))
            rows = np.flatnonzero(~(values >= 0).all(axis=inner)).tolist()
        else:
            rows = [at for at, cell in enumerate(values) if not (cell >= 0).all()]
        for at in rows:
            found[at] = _none(name, np.asarray(values[at]), f" in column '{weight.column}'")
    return found


def _none(name: str, given: Array, place: str) -> InputError:
    wrong = given[~(given >= 0)].reshape(-1)[0]
    return InputError(
        f"--propagate {name}: {wrong:g}{place} is no standard deviation, which is 0 or more"
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
    total = np.zeros(count)
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
        total += np.square(slope.astype(np.float64) * wide).reshape(count, -1).sum(axis=1)
    return np.sqrt(total)
