"""The standard deviation of a result from those of its inputs, for every row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.evaluation.propagation import number
from autodiff_cli.evaluation.uncertainty import (
    combined,
    correlations,
    expression_of,
    impossible,
    no_deviation,
    not_numbers,
    of_matrix,
    pairs_of,
)
from autodiff_cli.interpret.code import compiled_text
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.rows.faults import Faults, each
from autodiff_cli.rows.monte_carlo import Make, MonteCarlo
from autodiff_cli.rows.question import Question, Weight, weight
from autodiff_cli.rows.resolved import Resolved
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column

if TYPE_CHECKING:
    from autodiff_cli.rows.engine import Engine


class Deviations:
    """How far the inputs of rows are off, and with them the result.

    Args:
        asked: about each row.
        columns: the names of the table's.
        make: an engine for a question about other columns: a deviation may be computed from a row.

    Attributes:
        weights: by input, and by "x~y" for a covariance.
        wanted: the table's columns that they are read or computed from.

    Raises:
        AutodiffError: one of them is wrong for all rows.
    """

    def __init__(self, asked: Resolved, columns: Sequence[str], make: Make) -> None:
        self.asked = asked
        self.table = frozenset(columns)
        self.pairs = pairs_of(asked.question.deviations)
        self.computed: dict[str, Engine] = {}
        self.weights: dict[str, Weight] = {}
        self.sigmas: Array | None = None  # of all elements of the inputs, where a matrix says them
        self.correlation: Array | None = None
        for name, text in asked.question.deviations.items():
            self.weights[name] = self._weight(name, text, columns, make)
        if asked.question.covariance is not None:
            self._take_matrix(asked.question.covariance)
        _check_fixed({name: self.weights[name] for name in asked.off if name in self.weights})
        self.monte_carlo = MonteCarlo(asked, make) if asked.question.samples else None

    @property
    def wanted(self) -> set[str]:
        read = {w.column for w in self.weights.values() if w.column is not None} & self.table
        return read.union(*(engine.wanted for engine in self.computed.values()))

    def _weight(self, name: str, text: str, columns: Sequence[str], make: Make) -> Weight:
        """A column, the same for all rows, or what is computed from a row under a name that no column has."""
        option = f"--propagate {name}"
        if text.startswith("@") and not text.endswith("%"):
            return weight(text, option, columns)
        question = self.asked.question
        source = Source(expression_of(name, text), option)
        reads = compiled_text(source).reads.names
        given = {other: value for other, value in question.given.items() if other in reads}
        if any(other in columns for other in reads):
            plain = Question(source, given, values_only=True, settings=question.settings)
            self.computed[option] = make(plain, columns)
            return Weight(option, None)
        return Weight(
            None, number(name, text, {**dict.fromkeys(columns, 0.0), **given}, question.settings)
        )

    def _take_matrix(self, covariance: Array) -> None:
        """The deviations and correlations of a matrix, with which those that are given agree."""
        self.sigmas, self.correlation = of_matrix(covariance)
        if self.pairs:
            raise InputError("--covariance has every covariance: leave x~y out of --propagate")
        given = [self.weights[name].array for name in self.asked.off if name in self.weights]
        if not given:
            return
        if any(array is None for array in given):
            raise InputError(
                "--covariance is the same for every row: leave columns out of --propagate"
            )
        flat = np.concatenate([np.ravel(array) for array in given if array is not None])
        if flat.shape != self.sigmas.shape or not np.allclose(flat, self.sigmas, rtol=1e-3):
            raise InputError(
                f"--covariance says the deviations {', '.join(f'{s:g}' for s in self.sigmas)} of "
                f"{', '.join(self.asked.off)}, and --propagate {', '.join(f'{s:g}' for s in flat)}",
                hint="leave out --propagate; --wrt says which inputs the matrix is of",
            )

    def columns(
        self, columns: Mapping[str, Column], count: int, good: Array, faults: Faults
    ) -> Mapping[str, Column]:
        """The columns with those that are computed of them; rows without a deviation are among the faults."""
        own = dict(columns)
        without = np.flatnonzero(~good)
        for name, engine in self.computed.items():
            answers = engine.answers({n: columns[n] for n in engine.wanted}, count, without)
            own[name] = answers.columns["value"]
            for row in answers.faults.offsets.tolist():
                error = answers.faults[row]
                error.message = f"{name}: {error.message}"
                faults.fail(np.array([row]), error)
            good[faults.offsets] = False
        for name in self.asked.off:
            if name in self.weights:
                self._check(name, own, good, faults)
        good[faults.offsets] = False
        return own

    def _check(self, name: str, columns: Mapping[str, Column], good: Array, faults: Faults) -> None:
        """Add the good rows whose number is negative or nan to the faults."""
        column = self.weights[name].column
        if column is None:
            return
        values = columns[column].values
        place = f" in column '{column}'" if column in self.table else ""
        if isinstance(values, np.ndarray):
            cells = values.reshape(len(values), math.prod(values.shape[1:]))
            rows = np.flatnonzero(~(cells >= 0).all(axis=1) & good)
            if not len(rows):
                return
            first = np.argmin(cells[rows] >= 0, axis=1)
            numbers = cells[rows, first].tolist()
            faults.add(
                rows, each(numbers, lambda found: no_deviation(name, np.array([found]), place))
            )
            return
        for row in np.flatnonzero(good).tolist():
            if not (values[row] >= 0).all():
                faults.fail(np.array([row]), no_deviation(name, values[row], place))

    def impossible(self, cells: Mapping[str, Array], count: int) -> Array:
        """The rows whose covariances are none of their deviations."""
        if not self.pairs:
            return np.zeros(count, bool)
        return np.broadcast_to(impossible(self._correlation(cells, count)), count)

    def _correlation(self, cells: Mapping[str, Array], count: int) -> Array:
        names = self.asked.off
        found = {name: self._numbers(name, cells, count) for name in self.weights}
        if any(array.ndim > 1 for array in found.values()):
            raise not_numbers()
        pairs = {(x, y): found.pop(f"{x}~{y}") for x, y in self.pairs}
        return correlations(names, found, pairs)

    def _numbers(self, name: str, cells: Mapping[str, Array], count: int) -> Array:
        """A deviation, or a covariance: of all rows, (1, *shape), or of each, (count, *shape)."""
        weight = self.weights[name]
        array = (
            cells[weight.column] if weight.column is not None else np.asarray(weight.array)[None]
        )
        return array.astype(np.float64)

    def answers(
        self, outputs: Mapping[str, Array | None], cells: Mapping[str, Array], count: int
    ) -> dict[str, Array]:
        """The deviation of each row's result, what each input contributes, and what draws of them give.

        Args:
            outputs: "value", and the gradients as "grad_NAME", of shape (count, *shape); None is zero.
            cells: the columns that the text and the deviations name.
            count: of rows.

        Raises:
            InputError: a deviation has neither the shape of its input nor none.
        """
        inputs = {name: self._input(name, cells, count) for name in self.asked.off}
        if self.sigmas is None:
            sigmas = {name: self._wide(name, x.shape, cells, count) for name, x in inputs.items()}
        else:
            sigmas = _parts(self.sigmas, inputs, count)
        if self.pairs and any(sigma.size != count for sigma in sigmas.values()):
            raise not_numbers()
        correlation = self._correlation(cells, count) if self.pairs else self.correlation
        terms = []
        for name, sigma in sigmas.items():
            slope = outputs.get(f"grad_{name}")
            own = np.zeros(sigma.shape) if slope is None else slope.astype(np.float64) * sigma
            terms.append(own.reshape(count, -1))
        found = {"sigma": combined(np.concatenate(terms, axis=1), correlation)}
        if self.asked.question.budget:
            at = 0
            for name, own in zip(sigmas, terms, strict=True):
                part = slice(at, at + own.shape[1])
                at = part.stop
                within = None if correlation is None else correlation[..., part, part]
                found[f"sigma_{name}"] = combined(own, within)
        if self.monte_carlo is not None:
            every = {name: self._input(name, cells, count) for name in self.monte_carlo.columns}
            drawn = self.monte_carlo.answers(every, sigmas, correlation)
            found |= dict(zip(("mean_mc", "sigma_mc"), drawn, strict=True))
        value = outputs["value"]
        assert value is not None
        dtype = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
        return {name: array.astype(dtype) for name, array in found.items()}

    def _input(self, name: str, cells: Mapping[str, Array], count: int) -> Array:
        """The rows of an input, which may be the same in each."""
        if name in cells:
            return cells[name]
        value = self.asked.fixed[name]
        array = np.asarray(value.value if isinstance(value, Node) else value)
        return np.broadcast_to(array, (count, *array.shape))

    def _wide(
        self, name: str, shape: tuple[int, ...], cells: Mapping[str, Array], count: int
    ) -> Array:
        """An input's deviations in its own shape."""
        sigma = self._numbers(name, cells, count)
        if sigma.shape[1:] not in ((), shape[1:]):
            raise InputError(
                f"--propagate {name}: a deviation of shape {list(sigma.shape[1:])} for an input of shape "
                f"{list(shape[1:])}"
            )
        if sigma.ndim == 1:
            sigma = sigma.reshape(-1, *(1,) * (len(shape) - 1))
        return np.broadcast_to(sigma, shape)


def _parts(whole: Array, inputs: Mapping[str, Array], count: int) -> dict[str, Array]:
    """A matrix's deviations in the shapes of the inputs, one after the other."""
    sizes = [math.prod(x.shape[1:]) for x in inputs.values()]
    if sum(sizes) != len(whole):
        raise InputError(
            f"--covariance: a matrix of {len(whole)} rows for {', '.join(inputs)}, which have "
            f"{sum(sizes)} elements",
            hint="--wrt x,y says which inputs the matrix is of, in their order",
        )
    parts = np.split(whole, np.cumsum(sizes)[:-1])
    return {
        name: np.broadcast_to(part.reshape(x.shape[1:]), x.shape)
        for (name, x), part in zip(inputs.items(), parts, strict=True)
    }


def _check_fixed(deviations: Mapping[str, Weight]) -> None:
    """Raise InputError if a deviation that is the same for every row is none."""
    for name, given in deviations.items():
        if given.array is not None and not (given.array >= 0).all():
            raise no_deviation(name, given.array)
