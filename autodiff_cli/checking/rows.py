"""Each input's gradient against differences: element by element, or along directions where there are many."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from autodiff_cli.checking.function import Function
from autodiff_cli.checking.records import DIFFERS, KINK, NOT_FINITE, OK, UNSURE, WORST, Kink, Row
from autodiff_cli.checking.slopes import HARDLY, Slope, slope
from autodiff_cli.explanation.records import Index
from autodiff_cli.ir.node import Array

EACH = 64  # elements from where on directions are taken
DIRECTIONS = 8
MODES = 1e-6  # relative difference of the two modes, in float64


class Tolerance(NamedTuple):
    """What is taken for equal: `absolute + relative*|gradient|`."""

    relative: float = 1e-6
    absolute: float = 1e-9


class Compared(NamedTuple):
    """A derivative along a direction, by reverse mode and by differences."""

    analytic: float
    found: Slope
    verdict: str

    @property
    def gap(self) -> float:
        return abs(self.analytic - self.found.value)

    @property
    def difference(self) -> float:
        size = max(abs(self.analytic), abs(self.found.value))
        return self.gap / size if size else self.gap


class Input(NamedTuple):
    """An input, and what is known of its gradient.

    Attributes:
        name, value: the input.
        gradient: by reverse mode.
        forward: how far forward mode differs, relative; None where no tangent flows.
        digits: that the asked dtype keeps.
        coarseness: as that of a `Function`.
    """

    name: str
    value: Array
    gradient: Array
    forward: float | None
    digits: float | None
    coarseness: float


def row_of(
    function: Function, given: Input, tolerance: Tolerance, directions: int = DIRECTIONS
) -> tuple[Row, list[Kink]]:
    """What the comparison of an input's gradient gives, and its kinks.

    Args:
        function: of the inputs.
        given: the input.
        tolerance: what is equal.
        directions: along how many to compare where there are many elements.
    """
    if not given.gradient.size:
        empty = Row(given.name, 0, 0, None, 0.0, 0.0, 0.0, 0.0, None, None, OK)
        return empty, []
    comparer = _Comparer(function, given, tolerance)
    if given.gradient.size <= EACH or not np.isfinite(given.gradient).all():
        places = _places(given.gradient)
        found = [comparer.element(at) for at in places]
        worst = max(range(len(found)), key=lambda n: _badness(found[n]))
        kinks = [
            Kink(given.name, at, one.found.left, one.found.right, one.analytic)
            for at, one in zip(places, found, strict=True)
            if one.verdict == KINK
        ]
        return _row(given, 0, places[worst], found[worst]), kinks
    tried = [(d, comparer.along(d)) for d in _signs(given.gradient.shape, directions)]
    direction, worst_one = max(tried, key=lambda pair: _badness(pair[1]))
    if worst_one.verdict == OK:
        return _row(given, directions, None, worst_one), []
    at = _narrowed(comparer, direction)
    one = comparer.element(at)
    kinks = [Kink(given.name, at, one.found.left, one.found.right, one.analytic)]
    return _row(given, directions, at, one), kinks if one.verdict == KINK else []


def _row(given: Input, directions: int, at: Index | None, one: Compared) -> Row:
    verdict = one.verdict
    if verdict == OK and given.forward is not None and given.forward > MODES * given.coarseness:
        verdict = DIFFERS
    return Row(
        given.name,
        given.gradient.size,
        directions,
        at,
        one.analytic,
        one.found.value,
        one.found.estimate,
        one.difference,
        given.forward,
        given.digits,
        verdict,
    )


def _places(gradient: Array) -> list[Index]:
    """The indices of elements: all of few, and those that aren't finite of many."""
    if gradient.size <= EACH:
        return list(np.ndindex(gradient.shape))
    return [tuple(map(int, at)) for at in np.argwhere(~np.isfinite(gradient))[:EACH]]


def _badness(one: Compared) -> tuple[int, float]:
    gap = one.difference
    return len(WORST) - WORST.index(one.verdict), gap if math.isfinite(gap) else math.inf


def _signs(shape: tuple[int, ...], count: int) -> list[Array]:
    """Directions without order, the same each time: 1 or -1 for each element."""
    size = math.prod(shape)
    places = np.arange(1.0, size * count + 1).reshape(count, size)
    parts = np.sin(places * 12.9898 + 4.1) * 43758.5453
    return [np.where(row - np.floor(row) < 0.5, -1.0, 1.0).reshape(shape) for row in parts]


def _narrowed(comparer: _Comparer, direction: Array) -> Index:
    """The element that a direction differs at: the half that differs more, and its half."""
    places = np.flatnonzero(direction)
    while len(places) > 1:
        halves = []
        for half in (places[: len(places) // 2], places[len(places) // 2 :]):
            part = np.zeros(direction.size)
            part[half] = direction.reshape(-1)[half]
            halves.append((_badness(comparer.along(part.reshape(direction.shape))), half))
        places = max(halves, key=lambda pair: pair[0])[1]
    return tuple(map(int, np.unravel_index(int(places[0]), direction.shape)))


class _Comparer:
    """Compares the gradient of one input."""

    def __init__(self, function: Function, given: Input, tolerance: Tolerance) -> None:
        self.function = function
        self.given = given
        self.tolerance = tolerance
        self.value = np.asarray(given.value, np.float64)

    def element(self, at: Index) -> Compared:
        direction = np.zeros(self.value.shape)
        direction[at] = 1.0
        return self.along(direction)

    def along(self, direction: Array) -> Compared:
        if self.function.reads_triangles and direction.ndim > 1:
            rows, columns = direction.shape[-2:]
            if rows == columns:  # matrices stay symmetric
                direction = np.maximum(direction, np.swapaxes(direction, -1, -2))

        def moved(t: float) -> tuple[float, float]:
            return self.function.at(self.given.name, self.value + t * direction)

        analytic = float((self.given.gradient * direction).sum())
        sizes: Sequence[float] = np.abs(self.value[direction != 0])
        return self._compared(moved, analytic, float(np.median(sizes)))

    def _compared(
        self, moved: Callable[[float], tuple[float, float]], analytic: float, size: float
    ) -> Compared:
        near = self.tolerance.absolute + self.tolerance.relative * abs(analytic)
        found = slope(moved, size, analytic, near, self.tolerance.absolute)
        return Compared(analytic, found, self._verdict(analytic, found))

    def _verdict(self, analytic: float, found: Slope) -> str:
        if not math.isfinite(analytic):
            return NOT_FINITE
        if not math.isfinite(found.value):
            return UNSURE
        gap = abs(analytic - found.value)
        size = max(abs(analytic), abs(found.value))
        near = self.tolerance.absolute + self.tolerance.relative * size
        if found.is_kink:
            low, high = sorted((found.left, found.right))
            return KINK if low - near <= analytic <= high + near else DIFFERS
        if gap <= max(near, 3 * found.estimate):
            sure = found.estimate <= max(HARDLY * size, self.tolerance.absolute)
            return OK if sure else UNSURE
        return DIFFERS if found.is_sure else UNSURE
