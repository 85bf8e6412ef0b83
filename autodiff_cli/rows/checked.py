"""Some rows of a table, whose gradients are checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autodiff_cli.checking.check import check
from autodiff_cli.checking.graph import Terms
from autodiff_cli.checking.records import Check
from autodiff_cli.errors import AutodiffError
from autodiff_cli.inputs import Given
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.job import Job
from autodiff_cli.rows.run import begun
from autodiff_cli.tables import readers
from autodiff_cli.tables.bad import place_of


class RowCheck(NamedTuple):
    """A row's check, or why there is none.

    Attributes:
        place: of the row: "x.csv, row 7".
        found: the check; None if the row can't be evaluated.
        error: why.
    """

    place: str
    found: Check | None
    error: str


def checked_rows(job: Job, count: int, warn: Callable[[str], None]) -> tuple[list[RowCheck], int]:
    """The checks of so many rows, and how many rows there are.

    They are sampled from all that can be read, the same each time.

    Raises:
        AutodiffError: a file or an option is wrong.
    """
    engine = begun(job, warn)
    question = job.question
    chosen: list[tuple[int, str, dict[str, Array]]] = []
    seen = number = 0
    chunks = readers.read(job.sources, columns=job.columns, wanted=engine.wanted)
    for chunk in chunks:
        bad = set(chunk.bad.offsets.tolist())
        for offset in range(chunk.count):
            if job.limit is not None and number >= job.limit:
                break
            number += 1
            if offset in bad:
                continue
            seen += 1
            place = len(chosen) if seen <= count else int(_unordered(seen) * seen)
            if place >= count:
                continue
            cells = {name: _cell(column.values[offset]) for name, column in chunk.columns.items()}
            entry = number, place_of(chunk.file, chunk.start + offset, None), cells
            chosen[place : place + 1] = [entry]
        if job.limit is not None and number >= job.limit:
            break
    found = []
    for _, where, cells in sorted(chosen, key=lambda entry: entry[0]):
        inputs: dict[str, Given] = {name: cells[name] for name in engine.asked.inputs}
        seed: Given | None = question.seed
        if isinstance(seed, str) and seed.startswith("@"):
            seed = cells[seed[1:]]
        try:
            made = check(
                question.expression,
                {**inputs, **question.given},
                wrt=question.wrt,
                seed=seed,
                terms=Terms(dtype=question.settings.dtype),
                settings=question.settings,
            )
            found.append(RowCheck(where, made, ""))
        except AutodiffError as error:
            found.append(RowCheck(where, None, error.message))
    return found, number


def _cell(value: Array) -> Array:
    array = np.asarray(value)
    return array if array.dtype.kind == "b" else array.astype(np.float64)


def _unordered(n: int) -> float:
    """A number from 0 to below 1 for each n, without order and the same each time."""
    part = float(np.sin(n * 12.9898 + 4.1) * 43758.5453)
    return part - float(np.floor(part))
