"""The mean and the standard deviation of a result over draws of its inputs, beside the first order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.execute import force
from autodiff_cli.inputs import value_of
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.question import Question
from autodiff_cli.rows.resolved import Resolved
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column

if TYPE_CHECKING:
    from autodiff_cli.rows.engine import Engine

Make = Callable[[Question, Sequence[str]], "Engine"]
AT_ONCE = 1 << 17  # draws


class MonteCarlo:
    """Draws of the inputs that are off, the same for every row, and what the text gives for them.

    Args:
        asked: about each row.
        make: an engine for a question about other columns.
    """

    def __init__(self, asked: Resolved, make: Make) -> None:
        question = asked.question
        if question.seed is not None:
            raise InputError("--monte-carlo takes a result of one number, without --seed")
        self.samples = question.samples
        self.names = asked.off
        moving = [name for name in asked.off if name in asked.fixed]
        given = {name: value for name, value in question.given.items() if name not in moving}
        self.columns = (*asked.inputs, *moving)
        plain = Question(question.expression, given, values_only=True, settings=question.settings)
        self.engine = make(plain, self.columns)
        self.normals: dict[int, Array] = {}

    def answers(
        self,
        cells: Mapping[str, Array],
        sigmas: Mapping[str, Array],
        correlation: Array | None,
    ) -> tuple[Array, Array]:
        """The mean and the deviation of each row's result; nan where a draw has none.

        Args:
            cells: of every input of the text, (rows, *shape).
            sigmas: of the inputs that are off, in their shapes.
            correlation: of all their elements, (n, n) or (rows, n, n); None if they are independent.

        Raises:
            InputError: the result is no number.
        """
        count = len(next(iter(cells.values())))
        root = None if correlation is None else _root(correlation)
        step = max(1, AT_ONCE // self.samples)
        found = [
            self._some(
                {name: array[at : at + step] for name, array in cells.items()},
                {name: array[at : at + step] for name, array in sigmas.items()},
                root if root is None or root.ndim == 2 or len(root) == 1 else root[at : at + step],
            )
            for at in range(0, count, step)
        ]
        mean, sigma = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return mean, sigma

    def _some(
        self, cells: Mapping[str, Array], sigmas: Mapping[str, Array], root: Array | None
    ) -> tuple[Array, Array]:
        count, samples = len(next(iter(cells.values()))), self.samples
        sizes = [math.prod(sigmas[name].shape[1:]) for name in self.names]
        drawn = self._normal(sum(sizes))[None]
        if root is not None:
            drawn = np.einsum("...ij,...sj->...si", root, drawn)
        pieces = dict(zip(self.names, np.split(drawn, np.cumsum(sizes)[:-1], axis=2)))
        columns = {}
        for name in self.columns:
            rows = cells[name][:, None]
            shape = rows.shape[2:]
            if name in pieces:
                moves = pieces[name].reshape(-1, samples, *shape) * sigmas[name][:, None]
                rows = rows + moves
            wide = np.broadcast_to(rows, (count, samples, *shape))
            columns[name] = Column(wide.reshape(count * samples, *shape))
        found = self.engine.answers(columns, count * samples).columns["value"]
        if not isinstance(found.values, np.ndarray) or found.values.size != count * samples:
            raise InputError("--monte-carlo takes a result of one number")
        values = found.values.reshape(count, samples).astype(np.float64)
        if found.nulls is not None:
            values[found.nulls.reshape(count, samples)] = np.nan
        with np.errstate(all="ignore"):
            scale = np.abs(values).max(axis=1)
            scale = np.where((scale > 0) & np.isfinite(scale), scale, 1)
            unit = values / scale[:, None]
            return unit.mean(axis=1) * scale, unit.std(axis=1, ddof=1) * scale

    def _normal(self, size: int) -> Array:
        """Standard normal numbers, (samples, size)."""
        if size not in self.normals:
            with self.engine.drawing():
                text = f"randn({self.samples}, {size}, dtype=float64)"
                self.normals[size] = force(value_of(Source(text)))
        return self.normals[size]


def _root(correlation: Array) -> Array:
    """A symmetric square root, also of what has no rank of its own."""
    values, vectors = np.linalg.eigh(correlation)
    found: Array = np.einsum(
        "...ij,...j,...kj->...ik", vectors, np.sqrt(np.maximum(values, 0)), vectors
    )
    return found
