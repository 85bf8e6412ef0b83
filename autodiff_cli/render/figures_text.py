"""A program's figures in the terminal, by plotext: lines, points, bars and histograms; the rest is named."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import plotext

from autodiff_cli.render.plot_text import ESCAPE

LINES = frozenset("plot semilogx semilogy loglog step".split())
TITLES = {
    "title": "title", "set_title": "title", "xlabel": "xlabel", "set_xlabel": "xlabel", "ylabel": "ylabel",
    "set_ylabel": "ylabel",
}  # fmt: skip
SCALES = {"semilogx": "x", "semilogy": "y", "loglog": "xy"}
MATHS = re.compile(r"[$\\{}]")
HEIGHT = 20


class _Axes:
    """What is drawn in one pair of axes."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, list[Any], str]] = []
        self.titles: dict[str, str] = {}
        self.log = ""
        self.left: list[str] = []  # what isn't drawn


class Terminal:
    """Takes a program's notes, and draws its figures when they are to be seen.

    Args:
        write: takes the text.
        width: columns.
        color: whether there is colour.
    """

    def __init__(self, write: Callable[[str], object], width: int, *, color: bool) -> None:
        self.write = write
        self.width = width
        self.color = color
        self.now = 1
        self.figures: dict[int, dict[int, _Axes]] = {}  # axes by their handles; 0: the present ones
        self.owners: dict[int, int] = {}  # the figure of axes, by their handles

    def __call__(self, line: str) -> None:
        record = json.loads(line)
        if "picture" in record:
            self._draw(record["picture"])
        elif "call" in record:
            self._call(record)

    def _call(self, record: dict[str, Any]) -> None:
        name, named = record["call"], record.get("named", {})
        args = [_plain(value) for value in record["args"]]
        if name == "close":
            gone = list(self.figures) if args[:1] == ["all"] else args
            for number in gone:
                self.figures.pop(number, None)
        elif name in ("figure", "subplots") and "of" not in record:
            self.now = named.get("num", self.now)
            self.figures.setdefault(self.now, {})
        elif name in ("clf", "cla", "clear"):
            self.figures[self.now] = {}
        to = record.get("to")
        if name in ("subplots", "gca", "add_subplot", "axes", "subplot"):
            made: list[int] = to if isinstance(to, list) else [to] if isinstance(to, int) else []
            self.owners |= dict.fromkeys(made, self.now)
            return
        of = record.get("of", 0)
        number = self.owners.get(of, self.now)
        if of and of not in self.owners:
            return
        axes = self.figures.setdefault(number, {}).setdefault(of, _Axes())
        if name in LINES or name in ("scatter", "bar", "hist"):
            axes.parts.append((name, args, str(named.get("label", ""))))
            axes.log = SCALES.get(name, axes.log)
        elif name in TITLES and args:
            axes.titles[TITLES[name]] = MATHS.sub("", str(args[0]))
        elif name in (
            "imshow",
            "contour",
            "contourf",
            "pcolormesh",
            "plot_surface",
            "pie",
            "quiver",
        ):
            axes.left.append(name)

    def _draw(self, number: int) -> None:
        for axes in self.figures.get(number, {}).values():
            if axes.parts:
                self.write(self._text(axes) + "\n")
            for name in dict.fromkeys(axes.left):
                self.write(f"[{name}: --figures DIR draws it]\n")

    def _text(self, axes: _Axes) -> str:
        plotext.clear_figure()
        plotext.theme("clear")
        plotext.plot_size(self.width, HEIGHT)
        plotext.limit_size(False, False)
        for name, args, label in axes.parts:
            for xs, ys in _pairs(name, args):
                shown = np.isfinite(xs) & np.isfinite(ys)
                for axis, values in (("x", xs), ("y", ys)):
                    shown &= (values > 0) | (axis not in axes.log)
                if shown.any():
                    draw = plotext.scatter if name == "scatter" else plotext.plot
                    given = {"label": MATHS.sub("", label)} if label else {}
                    draw(xs[shown].tolist(), ys[shown].tolist(), marker="braille", **given)
        for which, text in axes.titles.items():
            {"title": plotext.title, "xlabel": plotext.xlabel, "ylabel": plotext.ylabel}[which](
                text
            )
        if "x" in axes.log:
            plotext.xscale("log")
        if "y" in axes.log:
            plotext.yscale("log")
        text = plotext.build().rstrip("\n")
        return text if self.color else ESCAPE.sub("", text)


def _pairs(name: str, args: list[Any]) -> list[tuple[Any, Any]]:
    """The curves of a call: x and y of each."""
    if name == "hist":
        counts, edges = np.histogram(
            _numbers(args[0]).reshape(-1), args[1] if len(args) > 1 else 10
        )
        return [(np.repeat(edges, 2)[1:-1], np.repeat(counts, 2).astype(float))]
    found = []
    values = [arg for arg in args if not isinstance(arg, str)]
    while values:
        pair = [_numbers(value) for value in values[:2]]
        values = values[2:]
        ys = pair[-1]
        xs = pair[0] if len(pair) == 2 and pair[0].size else np.arange(len(ys), dtype=float)
        for column in ys.reshape(len(ys), -1).T:
            if len(column) == len(xs):
                found.append((xs.reshape(-1), column))
    return found


def _numbers(value: Any) -> Any:
    """A value as numbers; texts are counted."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        array = np.arange(array.size, dtype=float)
    return np.atleast_1d(array.astype(np.float64))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        if "array" in value:
            return np.frombuffer(base64.b64decode(value["array"]), value["dtype"]).reshape(
                value["shape"]
            )
        return float(value["float"]) if "float" in value else _plain(value.get("tuple", []))
    return value
