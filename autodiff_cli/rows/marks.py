"""Remarkable places of a curve: where its derivative is 0, where it has poles, jumps, kinks and gaps.

Two neighbouring points show that there is something between them. What it is, and where, more points tell:
the brackets of all places are cut in 32 at once, one batch a round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from autodiff_cli.ir.node import Array
from autodiff_cli.record import Record

Columns: TypeAlias = "Mapping[str, Array]"  # "value", and "slope" if it is known
Sample: TypeAlias = "Callable[[Array], Columns]"
PARTS = 32  # into which a bracket is cut
ROUNDS = 9  # 32**9 is 2**45
BLOWN_UP = 1e5  # times what is around: the function has no such value
STEEP = 10  # times the slopes at both ends: there is more in between
TOUCHES = 1e-7  # of the largest slope: as good as 0
CONSTANT = 1e-9  # of the values: no change
KNOWN = 1e-12  # of the range: what is known of a place
MOST = 200  # places that are looked at


class Mark(Record):
    """A remarkable place of a curve.

    Attributes:
        kind: "minimum", "maximum" or "inflection" where the derivative is 0; "flat" where it is all along;
            "kink" where it changes its sign without being 0; "pole"; "jump"; "gap" where the value isn't
            finite.
        at: the place, or where it begins.
        until: where it ends; `at` of a point.
        value: there; nan where there is none.
    """

    kind: str
    at: float
    until: float
    value: float


class _Bracket:
    """Two points between which something is.

    Args:
        kind: what is looked for: "turn" (of the sign), "break" (in the value), "least" (slope), "edge"
            (of where the value is finite).
        turn: what a turn is, if the slope is 0 there.
    """

    def __init__(self, kind: str, low: float, high: float, turn: str = "") -> None:
        self.kind = kind
        self.turn = turn
        self.low = low
        self.high = high
        self.values = np.zeros(2)
        self.slopes = np.zeros(2)

    def points(self) -> Array:
        return np.linspace(self.low, self.high, PARTS + 1)

    def narrow(self, xs: Array, value: Array, slope: Array) -> None:
        """Keep the part that has it."""
        if self.kind == "turn":
            signs = np.sign(slope)
            there = (signs[:-1] * signs[1:] <= 0) | ~np.isfinite(signs[:-1] * signs[1:])
            low = int(np.argmax(there)) if there.any() else 0
            if signs[low + 1] == 0 and low + 2 <= PARTS:
                self._keep(xs, value, slope, low + 1, low + 1)
                return
        elif self.kind == "edge":
            finite = np.isfinite(value)
            low = int(np.argmax(finite[:-1] != finite[1:]))
        elif self.kind == "break":
            steps = np.abs(np.diff(value))
            low = int(np.argmax(np.where(np.isnan(steps), np.inf, steps)))
        else:
            at = int(np.nanargmin(np.abs(slope))) if np.isfinite(slope).any() else 0
            self._keep(xs, value, slope, max(at - 1, 0), min(at + 1, PARTS))
            return
        self._keep(xs, value, slope, low, low + 1)

    def _keep(self, xs: Array, value: Array, slope: Array, low: int, high: int) -> None:
        self.low, self.high = float(xs[low]), float(xs[high])
        self.values, self.slopes = value[[low, high]], slope[[low, high]]


def marks_of(points: Array, columns: Columns, sample: Sample) -> tuple[Mark, ...]:
    """The remarkable places of a function of a number.

    Args:
        points: in rising order.
        columns: the function there, its derivative if it is known.
        sample: computes them at other points.

    >>> def parabola(x):
    ...     return {"value": x**2, "slope": 2 * x}
    >>> marks_of(points := np.linspace(-1, 2, 8), parabola(points), parabola)
    (Mark(kind='minimum', at=0.0, until=0.0, value=0.0),)
    """
    value = columns["value"]
    slope = columns.get("slope", np.full_like(value, np.nan))
    scale = _scale(value)
    span = float(points[-1] - points[0])
    if np.nanmax(np.abs(slope), initial=0.0) * span < CONSTANT * scale:  # but for rounding
        slope = np.where(np.isfinite(slope), 0.0, slope)
    steepest = _scale(slope)
    found = [*_flat(points, value, slope)]
    brackets = _brackets(points, value, slope)[:MOST]
    for _ in range(ROUNDS):
        if not brackets:
            break
        xs = np.concatenate([bracket.points() for bracket in brackets])
        some = sample(xs)
        parts = len(brackets), PARTS + 1
        slopes = some.get("slope", np.full_like(xs, np.nan)).reshape(parts)
        for bracket, *rows in zip(
            brackets, xs.reshape(parts), some["value"].reshape(parts), slopes
        ):
            bracket.narrow(*rows)
    edges = [bracket for bracket in brackets if bracket.kind == "edge"]
    known = KNOWN * span
    found += _gaps(points, value, [_place(edge, known) for edge in edges])
    for bracket in brackets:
        kind = "" if bracket.kind == "edge" else _judged(bracket, scale, steepest)
        if kind:
            at = _place(bracket, known)
            found.append(Mark(kind, at, at, np.nan))
    return tuple(_distinct(_valued(found, sample), points))


def _place(bracket: _Bracket, known: float) -> float:
    """Where what is in a bracket is, in no more digits than are known."""
    at = (bracket.low + bracket.high) / 2
    for digits in range(17):
        short = float(f"{at:.{digits}e}") if abs(at) > known else 0.0
        if abs(short - at) <= max(bracket.high - bracket.low, known):
            return short
    return at


def _valued(found: list[Mark], sample: Sample) -> list[Mark]:
    """The places with the values there, which may turn out to be none."""
    points = [mark for mark in found if mark.kind in VALUED and mark.at == mark.until]
    if not points:
        return found
    values = sample(np.array([mark.at for mark in points]))["value"].tolist()
    rest = [mark for mark in found if mark not in points]
    for mark, value in zip(points, values):
        if np.isfinite(value):
            rest.append(mark.replaced(value=value))
        else:
            rest.append(mark.replaced(kind="pole" if np.isinf(value) else "gap", value=np.nan))
    return rest


VALUED = ("minimum", "maximum", "inflection", "kink")


def _scale(values: Array) -> float:
    """What is usual among some numbers."""
    finite = np.abs(values[np.isfinite(values)])
    return float(np.median(finite)) + 1e-300 if finite.size else 1.0


def _flat(points: Array, value: Array, slope: Array) -> list[Mark]:
    """Where the slope is 0 at points themselves: at one, by what is on both sides; at several, all along."""
    zero = np.concatenate([[False], (slope == 0) & np.isfinite(value), [False]])
    starts, ends = (np.flatnonzero(zero[:-1] != zero[1:]).reshape(-1, 2).T).tolist()
    found = []
    for first, end in zip(starts, ends):
        last = end - 1
        at, until, held = float(points[first]), float(points[last]), float(value[first])
        if last > first:
            if (np.abs(np.diff(value[first:end])) <= CONSTANT * abs(held)).all():
                found.append(Mark("flat", at, until, held))
            continue
        before = slope[first - 1] if first else np.nan
        behind = slope[end] if end < len(slope) else np.nan
        found.append(Mark(_kind(before, behind), at, until, held))
    return found


def _kind(before: float, behind: float) -> str:
    """What is between two slopes; at an end of the range the one decides."""
    signs = [np.sign(s) for s in (before, behind)]
    if np.isnan(signs[0]):
        signs[0] = -signs[1]
    if np.isnan(signs[1]):
        signs[1] = -signs[0]
    if signs[0] == signs[1] or np.isnan(signs[0]):
        return "inflection"
    return "minimum" if signs[0] < 0 else "maximum"


def _brackets(points: Array, value: Array, slope: Array) -> list[_Bracket]:
    finite = np.isfinite(value)
    found = []
    low, high = slope[:-1], slope[1:]
    between = np.diff(value) / np.diff(points)
    for at in range(len(points) - 1):
        ends = float(points[at]), float(points[at + 1])
        if finite[at] != finite[at + 1]:
            found.append(_Bracket("edge", *ends))
            continue
        if not finite[at]:
            continue
        if np.isnan(low[at]) or np.isnan(high[at]):
            if _stands_out(value, at):
                found.append(_Bracket("break", *ends))
            continue
        steep = STEEP * max(abs(low[at]), abs(high[at]))
        against = low[at] * high[at] > 0 and between[at] * low[at] < 0
        if against or abs(between[at]) > steep:
            found.append(_Bracket("break", *ends))
        elif low[at] * high[at] < 0:
            found.append(_Bracket("turn", *ends, _kind(low[at], high[at])))
    size = np.abs(slope)
    for at in range(1, len(points) - 1):
        near = size[at - 1 : at + 2]
        same = slope[at - 1] * slope[at + 1] > 0 and slope[at] * slope[at + 1] > 0
        if same and near[1] < near[0] and near[1] < near[2]:
            found.append(_Bracket("least", float(points[at - 1]), float(points[at + 1])))
    return found


def _stands_out(value: Array, at: int) -> bool:
    """Whether, without slopes, a step is far larger than those beside it."""
    steps = np.abs(np.diff(value[max(at - 1, 0) : at + 3]))
    own = steps[min(at, 1)]
    others = np.delete(steps, min(at, 1))
    return bool(len(others) and own > STEEP * max(others.max(), 1e-300))


def _judged(bracket: _Bracket, scale: float, steepest: float) -> str:
    """What is in a bracket that has become small; "" if nothing remarkable is."""
    values, slopes = bracket.values, bracket.slopes
    largest = np.abs(values).max()
    if not np.isfinite(largest) or largest > BLOWN_UP * (scale + 1):
        return "pole"
    if bracket.kind == "break":
        apart = abs(values[1] - values[0])
        smooth = np.abs(slopes).max() * (bracket.high - bracket.low) * STEEP
        return "jump" if apart > 1e-6 * scale and not apart <= smooth else ""
    least = np.abs(slopes).min()
    if bracket.kind == "least":
        return "inflection" if least <= TOUCHES * steepest else ""
    if least <= max(TOUCHES * steepest, 1e-300) or bracket.low == bracket.high:
        return bracket.turn
    return "kink"


def _gaps(points: Array, value: Array, edges: Sequence[float]) -> list[Mark]:
    """Where the value isn't finite: places, and stretches between edges."""
    finite = np.isfinite(value)
    starts = sorted(edges)
    found = []
    at = 0
    while at < len(points):
        if finite[at]:
            at += 1
            continue
        end = at
        while end < len(points) and not finite[end]:
            end += 1
        low = max([s for s in starts if s <= points[at]], default=float(points[0]))
        high = min([s for s in starts if s >= points[end - 1]], default=float(points[-1]))
        if end - at == 1:
            low = high = float(points[at])
        kind = "pole" if end - at == 1 and np.isinf(value[at]) else "gap"
        found.append(Mark(kind, low, high, np.nan))
        at = end
    return found


def _distinct(found: list[Mark], points: Array) -> list[Mark]:
    """In order, and of those that are one the first: a turn of the slope beside a point where it is 0."""
    near = float(points[1] - points[0]) if len(points) > 1 else 0.0
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda mark: mark.at):
        if kept and abs(mark.at - kept[-1].at) < near * 1e-3:
            if kept[-1].kind in ("kink", "inflection") or mark.kind in ("pole", "gap"):
                kept[-1] = mark
            continue
        kept.append(mark)
    return kept
