"""A function over a range, or over two: values, derivatives, and where they are remarkable.

All points are computed in one batched execution, as the rows of a table; what is remarkable lies between two
of them, and is found by more points there, again a batch for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autodiff_cli.errors import InputError, RuntimeFault
from autodiff_cli.inputs import Given
from autodiff_cli.ir.node import Array
from autodiff_cli.record import Record
from autodiff_cli.rows.engine import Engine
from autodiff_cli.rows.marks import Mark, marks_of
from autodiff_cli.rows.question import Question, valued
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column


class Range(Record):
    """The points at which an input is looked at.

    Attributes:
        name: of the input.
        points: in rising order.
    """

    name: str
    points: Array


def spaced(low: float, high: float, count: int, logarithmic: bool = False) -> Array:
    """Points with the same distance, or ratio, between them, both ends included."""
    return (np.geomspace if logarithmic else np.linspace)(low, high, count)


class Curve(Record):
    """A function of one number, or of two.

    Attributes:
        ranges: of the inputs; one, or two.
        columns: "value", "grad_NAME", "second_NAME": a number for each point; of another value, such
            a row for each of its components. Over two ranges the first axis is the second one's.
        marks: remarkable places, of a number over one range.
        notices: what a person should know besides.
    """

    ranges: tuple[Range, ...]
    columns: dict[str, Array]
    marks: tuple[Mark, ...]
    notices: tuple[str, ...]


class _Points(Engine):
    """What answers for points."""

    @property
    def listed(self) -> str:
        return f"{' and '.join(self.columns)} has a range; NAME=VALUE binds another name"


class _Sampler:
    """Answers for points."""

    def __init__(self, question: Question, names: tuple[str, ...]) -> None:
        self.names = names
        self.notices: list[str] = []
        reads = valued(question.expression).reads.names
        for name in names:
            if name not in reads:
                raise InputError(f"the expression doesn't read '{name}', which has a range")
        self.engine = _Points(question, names, self.notices.append)

    def __call__(self, *points: Array) -> dict[str, Array]:
        """The columns for points, nan where one has no answer.

        Raises:
            AutodiffError: none has.
        """
        count = len(points[0])
        answers = self.engine.answers({n: Column(p) for n, p in zip(self.names, points)}, count)
        failed = answers.faults.wrong
        if failed.all():
            error = answers.faults.get(0)
            assert error is not None
            raise error
        found = {}
        for name, column in answers.columns.items():
            values = column.values
            if isinstance(values, list):
                shape = next(np.shape(v) for v, bad in zip(values, failed) if not bad)
                values = np.array(
                    [np.full(shape, np.nan) if bad else v for v, bad in zip(values, failed)]
                )
            values = np.array(values, np.float64)
            if column.nulls is not None:
                values[column.nulls] = np.nan if failed[column.nulls].all() else 0.0
            found[name] = values.reshape(count) if values.size == count else values
        return found


def curve(
    source: Source,
    ranges: tuple[Range, ...],
    inputs: Mapping[str, Given],
    *,
    slope: bool = True,
    second: bool = False,
    settings: Settings,
) -> Curve:
    """A text as a function of one input or two, over a range of each.

    Args:
        source: the text.
        ranges: of one or two inputs, which are numbers.
        inputs: the other inputs.
        slope: whether the derivative is asked for.
        second: whether the second derivative is.
        settings: what it is computed with.

    Raises:
        AutodiffError: the text can't be evaluated at any of the points, or is finite at none.

    >>> found = curve(
    ...     Source("x**2 - 2*x"), (Range("x", np.linspace(0, 3, 4)),), {}, settings=Settings("float64")
    ... )
    >>> found.columns["grad_x"].tolist(), found.marks
    ([-2.0, 0.0, 2.0, 4.0], (Mark(kind='minimum', at=1.0, until=1.0, value=-1.0),))
    """
    with np.errstate(all="ignore"):
        return _curve(source, ranges, inputs, slope=slope, second=second, settings=settings)


def _curve(
    source: Source,
    ranges: tuple[Range, ...],
    inputs: Mapping[str, Given],
    *,
    slope: bool,
    second: bool,
    settings: Settings,
) -> Curve:
    names = tuple(one.name for one in ranges)
    grid = np.meshgrid(*[one.points for one in ranges])
    flat = [axis.reshape(-1) for axis in grid]
    question = Question(source, dict(inputs), names, second=second, settings=settings)
    if not slope and not second:
        question = question._replace(values_only=True, wrt=())
    sample = _Sampler(question, names)
    columns = _sampled(sample, flat, question)
    if not np.isfinite(columns["value"]).any():
        places = " and ".join(
            f"{one.name} from {one.points[0]:g} to {one.points[-1]:g}" for one in ranges
        )
        raise InputError(f"no value is finite for {places}")
    whole = {
        n: np.moveaxis(column.reshape(len(column), -1), 0, -1) for n, column in columns.items()
    }
    shape = grid[0].shape
    shaped = {
        n: column.reshape(-1, *shape) if len(column) > 1 else column.reshape(shape)
        for n, column in whole.items()
    }
    marks: tuple[Mark, ...] = ()
    if len(ranges) == 1 and shaped["value"].ndim == 1:
        wanted = {f"grad_{names[0]}": "slope", "value": "value"}
        first = {to: columns[name] for name, to in wanted.items() if name in columns}
        again = sample if any(name != "value" for name in columns) else _valued(sample, question)
        marks = marks_of(ranges[0].points, first, lambda xs: _renamed(again(xs), wanted))
    return Curve(ranges, shaped, marks, tuple(sample.notices))


def _valued(sample: _Sampler, question: Question) -> _Sampler:
    """What answers with values alone."""
    return _Sampler(question._replace(wrt=(), values_only=True, second=False), sample.names)


def _renamed(columns: Mapping[str, Array], names: Mapping[str, str]) -> dict[str, Array]:
    return {to: columns[name] for name, to in names.items() if name in columns}


def _sampled(sample: _Sampler, points: list[Array], question: Question) -> dict[str, Array]:
    """The columns; of a value that is no number, derivatives along each input; of one without any, values."""
    try:
        return sample(*points)
    except RuntimeFault as error:
        if (
            "only for scalar outputs" not in error.message
            and "not require grad" not in error.message
        ):
            raise
        flows = "only for scalar outputs" in error.message
    found: dict[str, Array] = {}
    if not flows:
        sample.notices.append(
            "no derivative: the result leaves the graph, or does not depend on its input"
        )
        return _valued(sample, question)(*points)
    for name in sample.names:
        along: Any = question._replace(tangents={name: "1."}, second=False)
        columns = _Sampler(along, sample.names)(*points)
        found |= {"value": columns["value"], f"grad_{name}": columns["jvp"]}
    sample.notices.append("the result is no number: no remarkable places are looked for")
    return found
