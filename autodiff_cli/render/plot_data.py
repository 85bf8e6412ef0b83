"""A curve as numbers, and in words: CSV, JSON, and what is remarkable about it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autodiff_cli.explanation.compact import number
from autodiff_cli.ir.node import Array
from autodiff_cli.render.document_json import line, numbers
from autodiff_cli.rows.curve import Curve
from autodiff_cli.rows.marks import Mark

DATA = ("value", "grad", "second")  # what columns are, by the words of --what


def chosen(curve: Curve, what: tuple[str, ...]) -> dict[str, Array]:
    """The columns that are wanted, of those that a curve has."""
    return {name: column for name, column in curve.columns.items() if name.split("_")[0] in what}


def csv_text(curve: Curve, what: tuple[str, ...]) -> str:
    """A row for each point: the inputs, and the columns; of components one behind the other."""
    lines = []
    names = [one.name for one in curve.ranges]
    columns: dict[str, list[float]] = {}
    count = 1
    for at, one in enumerate(curve.ranges):  # the first input changes fastest
        later = [len(other.points) for other in curve.ranges[at + 1 :]]
        inner, outer = count, later[0] if later else 1
        columns[names[at]] = [p for p in one.points.tolist() for _ in range(inner)] * outer
        count *= len(one.points)
    for name, column in chosen(curve, what).items():
        rows = column.reshape(-1, count)
        for part, row in enumerate(rows.tolist()):
            columns[name if len(rows) == 1 else f"{name}[{part}]"] = row
    lines.append(",".join(columns))
    lines += [",".join(map(repr, row)) for row in zip(*columns.values(), strict=True)]
    return "\n".join(lines)


def json_text(curve: Curve, what: tuple[str, ...]) -> str:
    """One object: points, columns, and the remarkable places by their kind."""
    record: dict[str, object] = {one.name: numbers(one.points) for one in curve.ranges}
    for name, column in chosen(curve, what).items():
        kind, _, by = name.partition("_")
        key = kind if len(curve.ranges) == 1 else name
        record[key if by not in record or kind != by else name] = numbers(column)
    if len(curve.ranges) == 1:
        name = curve.ranges[0].name
        record["stationary"] = [
            {name: mark.at, "value": mark.value, "kind": mark.kind}
            for mark in curve.marks
            if mark.kind in STATIONARY
        ]
        for kind, plural in (("kink", "kinks"), ("pole", "poles"), ("jump", "jumps")):
            record[plural] = [mark.at for mark in curve.marks if mark.kind == kind]
        for kind, plural in (("flat", "flat"), ("gap", "gaps")):
            record[plural] = [[m.at, m.until] for m in curve.marks if m.kind == kind]
    return line(record)


STATIONARY = ("minimum", "maximum", "inflection")


def remarks(curve: Curve, digits: int = 4) -> Iterator[str]:
    """What is remarkable, a line each."""
    name = curve.ranges[0].name
    for mark in curve.marks:
        yield _remark(mark, name, digits)


def _remark(mark: Mark, name: str, digits: int) -> str:
    at, value = number(mark.at, digits), number(mark.value, digits)
    where = f"{name} = {at}"
    if mark.until != mark.at:
        where = f"{name} from {at} to {number(mark.until, digits)}"
    if mark.kind in STATIONARY:
        return f"{mark.kind} {value} at {where}: d/d{name} = 0"
    if mark.kind == "flat":
        return f"d/d{name} = 0 for {where}: the value stays {value}"
    if mark.kind == "kink":
        return f"kink {value} at {where}: d/d{name} changes its sign without being 0"
    if mark.kind == "gap":
        return f"no finite value {'at' if mark.until == mark.at else 'for'} {where}"
    return f"{mark.kind} at {where}"


def label_of(name: str, title: str) -> str:
    """What a column is called."""
    kind, _, by = name.partition("_")
    return {"value": title, "grad": f"d/d{by}", "second": f"d²/d{by}²"}[kind]


def broken(
    points: Array, column: Array, marks: tuple[Mark, ...]
) -> tuple[list[float], list[float]]:
    """A curve's points and values, with a gap where it has a pole or jumps, so that no line crosses it."""
    cuts = [mark.at for mark in marks if mark.kind in ("pole", "jump")]
    xs, ys = [], []
    before = None
    for x, y in zip(points.tolist(), column.tolist()):
        if before is not None and any(before < cut <= x for cut in cuts):
            xs.append(x)
            ys.append(float("nan"))
        xs.append(x)
        ys.append(y)
        before = x
    return xs, ys


def limits(columns: dict[str, Array], marks: tuple[Mark, ...]) -> tuple[float, float] | None:
    """What of the values is shown where there are poles, around which they are large; None: all."""
    if not any(mark.kind == "pole" for mark in marks):
        return None
    shown = columns.get("value", next(iter(columns.values())))
    values = shown.reshape(-1)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    low, high = np.percentile(values, [8, 92]).tolist()
    room = (high - low) * 0.5 or 1.0
    return max(low - room, float(values.min())), min(high + room, float(values.max()))
