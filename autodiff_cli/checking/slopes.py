"""Slopes by differences that are extrapolated to steps of 0, with their own estimate of the error.

Source: C. J. F. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4
(1982), 75-76: Richardson's extrapolation, of which the entry counts that changes least.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

LEVELS = 9  # halvings of a step
KINKS = (4, 6, 8)  # levels at which the slopes of the two sides are compared
STAYS = 0.7  # of their difference, that a kink keeps where a smooth function keeps a sixteenth
SETTLED = 0.1  # of that, by which each side's slope may still move
HARDLY = 1e-3  # of a slope: what is less sure says nothing
EPSILON = 2.0**-52
ALIKE = 20  # times the estimates, within which two slopes are the same

Along = Callable[[float], tuple[float, float]]


class Slope(NamedTuple):
    """A derivative by differences.

    Attributes:
        value: the derivative; nan if there is none.
        estimate: of its error.
        left, right: those from the two sides.
        is_kink: whether these differ.
        is_sure: whether steps of several sizes agree, or one with what was expected.
    """

    value: float
    estimate: float
    left: float
    right: float
    is_kink: bool
    is_sure: bool = False


NONE = Slope(math.nan, math.inf, math.nan, math.nan, False)


def slope(
    along: Along, size: float, expected: float = math.nan, near: float = 0.0, tiny: float = 0.0
) -> Slope:
    """The derivative of a function of a number, at 0.

    It is taken with steps of several sizes until two agree, or one agrees with what is expected: a step over
    a kink or a jump can be wrong and sure of itself.

    Args:
        along: gives the function's value, and the size of the terms that it was summed from.
        size: of what the number is added to, for the choice of steps.
        expected: a derivative that needs no second opinion.
        near: how far that may be off.
        tiny: what is as good as 0.

    >>> found = slope(lambda t: (math.exp(t), 1.0), 1.0)
    >>> abs(found.value - 1) < 1e-12, found.is_kink
    (True, False)
    >>> slope(lambda t: (abs(t), abs(t)), 0.0).is_kink
    True
    """
    middle, weight = along(0.0)
    if not math.isfinite(middle):
        return NONE
    found: list[Slope] = []
    for step in _first_steps(size):
        one = _from_step(along, step, middle, weight)
        if not math.isfinite(one.value):
            continue
        before = found[-1] if found else NONE
        found.append(one)
        if one.is_kink:
            continue
        if abs(one.value - expected) <= near and one.estimate <= near:
            return one._replace(is_sure=True)
        off = before.estimate + one.estimate
        sure = off <= max(HARDLY * abs(one.value), tiny)
        if sure and not before.is_kink and abs(before.value - one.value) <= ALIKE * off:
            return min(before, one, key=_estimate)._replace(is_sure=True)
    if not found or found[-1].is_kink:  # at the smallest steps
        return found[-1] if found else NONE
    return min((one for one in found if not one.is_kink), key=_relative)


def _estimate(one: Slope) -> float:
    return one.estimate


def _relative(one: Slope) -> float:
    return one.estimate / abs(one.value) if one.value else math.inf


def _first_steps(size: float) -> Sequence[float]:
    """Steps to begin with, powers of 2, from the largest on; some are of the number's own size."""
    exponents = {-3, -7, -11, -17}
    if size > 0:
        own = math.frexp(size)[1]
        exponents |= {own - 4, own - 8}
    return [2.0**n for n in sorted(exponents, reverse=True)]


def _from_step(along: Along, step: float, middle: float, weight: float) -> Slope:
    """A slope from a step and its halves."""
    both: list[float] = []
    left: list[float] = []
    right: list[float] = []
    noise: list[float] = []
    for level in range(LEVELS):
        h = step / 2.0**level
        above, size_above = along(h)
        below, size_below = along(-h)
        if not (math.isfinite(above) and math.isfinite(below)):
            if level > 2:
                break
            both, left, right, noise = [], [], [], []  # the larger steps may leave the domain
            continue
        both.append((above - below) / (2 * h))
        right.append((above - middle) / h)
        left.append((middle - below) / h)
        noise.append(2 * EPSILON * max(size_above, size_below, weight) / h)
    if len(both) < 3:
        return NONE
    value, estimate = _extrapolated(both, noise)
    is_kink = _is_kink(left, right, noise)
    return Slope(value, estimate, 2 * left[-1] - left[-2], 2 * right[-1] - right[-2], is_kink)


def _is_kink(left: Sequence[float], right: Sequence[float], noise: Sequence[float]) -> bool:
    """Whether the slopes of the two sides stay apart for smaller steps."""
    if len(left) < LEVELS:
        return False
    gaps = [abs(right[at] - left[at]) for at in KINKS]
    last, before = KINKS[-1], KINKS[-2]
    moved = max(abs(side[last] - side[before]) for side in (left, right))
    settled = moved <= SETTLED * gaps[-1]  # and aren't what rounding makes of them
    return settled and min(gaps[1:]) >= STAYS * gaps[0] and gaps[-1] > ALIKE * noise[-1]


def _extrapolated(values: Sequence[float], noise: Sequence[float]) -> tuple[float, float]:
    """What differences tend to for smaller steps, and how far that may be off.

    Args:
        values: for steps that are halved.
        noise: how far rounding may move each.
    """
    best, off = values[-1], math.inf
    before = [values[0]]
    for at in range(1, len(values)):
        row = [values[at]]
        factor = 1.0
        for column in range(1, at + 1):
            factor *= 4  # the first term of the error falls with the step's square
            row.append(row[-1] + (row[-1] - before[column - 1]) / (factor - 1))
            changed = max(abs(row[-1] - row[-2]), abs(row[-1] - before[column - 1]))
            if changed + noise[at] < off:
                best, off = row[-1], changed + noise[at]
        before = row
    return best, off
