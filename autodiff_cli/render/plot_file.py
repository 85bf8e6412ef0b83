"""Curves and pictures of numbers as SVG, PNG or PDF, by matplotlib; the user's own settings don't hold."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autodiff_cli.explanation.compact import number
from autodiff_cli.ir.node import Array
from autodiff_cli.render.plot_data import broken, chosen, label_of, limits
from autodiff_cli.rows.curve import Curve
from autodiff_cli.rows.marks import Mark

LOOKS = {"value": ("-", "C0"), "grad": ("--", "C1"), "second": (":", "C2")}
SIGNS = {"minimum": "v", "maximum": "^", "inflection": "D", "kink": "d"}
MOST_ARROWS = 17  # in a row


def prepare(form: str) -> None:
    """Load what drawing needs, as a process behind the wall reads no fonts later on.

    Args:
        form: "svg", "png" or "pdf".
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    matplotlib.rcdefaults()
    matplotlib.rc("svg", hashsalt="autodiff")  # the same picture is the same file
    figure = Figure()
    axes = figure.add_subplot(title="$10^{-3}$ °")
    axes.semilogy([1, 10], label="a")
    axes.legend()
    _written(figure, form)


def curve_picture(
    curve: Curve, title: str, what: tuple[str, ...], form: str, *, log: str = ""
) -> bytes:
    """A function of one number, or of two, as a picture.

    Args:
        curve: what was computed.
        title: of the function.
        what: which columns.
        form: "svg", "png" or "pdf".
        log: the axes that are logarithmic, of "xy".
    """
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes: Any = figure.add_subplot()
    if len(curve.ranges) == 2:
        _field(figure, axes, curve, what)
    else:
        _curve(axes, curve, title, what)
    axes.set_xlabel(_plain(curve.ranges[0].name))
    axes.set_title(_plain(title if len(title) < 80 else f"{title[:79]}…"), fontsize=11)
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
    return _written(figure, form)


def _plain(text: str) -> str:
    """A text in which no sign begins a formula."""
    return text.replace("$", r"\$")


def _curve(axes: Any, curve: Curve, title: str, what: tuple[str, ...]) -> None:
    (axis,) = curve.ranges
    columns = chosen(curve, what)
    for name, column in columns.items():
        line, color = LOOKS[name.split("_")[0]]
        rows = column.reshape(-1, len(axis.points))
        for part, row in enumerate(rows):
            label = _plain(label_of(name, title)) + (f"[{part}]" if len(rows) > 1 else "")
            paint = color if len(rows) == 1 else f"C{part}"
            axes.plot(*broken(axis.points, row, curve.marks), line, color=paint, label=label)
    bounds = limits(columns, curve.marks)
    for mark in curve.marks:
        _mark(axes, mark, "value" in what)
    if bounds is not None:
        axes.set_ylim(*bounds)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9)


def _mark(axes: Any, mark: Mark, with_value: bool) -> None:
    if mark.kind in ("pole", "jump"):
        axes.axvline(mark.at, color="C3", linestyle=":", linewidth=1)
        _note(axes, mark.kind, mark.at)
    elif mark.kind == "gap":
        if mark.until > mark.at:
            axes.axvspan(mark.at, mark.until, color="0.9")
            _note(axes, "not finite", (mark.at + mark.until) / 2)
        else:
            axes.axvline(mark.at, color="0.6", linestyle=":", linewidth=1)
    elif mark.kind in SIGNS and with_value:
        axes.plot([mark.at], [mark.value], SIGNS[mark.kind], color="C3", markersize=7)
        axes.annotate(
            f"{mark.kind} {number(mark.value)}\nat {number(mark.at)}", (mark.at, mark.value),
            xytext=(6, 8), textcoords="offset points", fontsize=8,
        )  # fmt: skip


def _note(axes: Any, text: str, at: float) -> None:
    axes.text(
        at, 0.98, text, transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=8,
        color="C3" if text != "not finite" else "0.4",
    )  # fmt: skip


def _field(figure: Figure, axes: Any, curve: Curve, what: tuple[str, ...]) -> None:
    across, up = curve.ranges
    value = np.ma.masked_invalid(curve.columns["value"])
    mesh = axes.pcolormesh(across.points, up.points, value, shading="nearest", cmap="viridis")
    figure.colorbar(mesh, ax=axes)
    if value.count() and value.min() < value.max():
        axes.contour(across.points, up.points, value, levels=10, colors="white", linewidths=0.5)
    if "grad" in what:
        steps = [slice(None, None, -(-len(one.points) // MOST_ARROWS)) for one in curve.ranges]
        place = steps[1], steps[0]
        right, higher = (curve.columns[f"grad_{one.name}"][place] for one in curve.ranges)
        size = np.hypot(right, higher)
        scale = np.where(np.isfinite(size) & (size > 0), size, 1)
        axes.quiver(
            across.points[steps[0]], up.points[steps[1]],
            np.nan_to_num(right) / scale, np.nan_to_num(higher) / scale,
            color="white", angles="xy", pivot="mid", scale=30, width=0.003,
        )  # fmt: skip
    axes.set_ylabel(_plain(up.name))


def heat_picture(arrays: Mapping[str, Array], form: str) -> bytes:
    """Matrices as pictures: red above 0, blue below.

    Args:
        arrays: by what to call them.
        form: "svg", "png" or "pdf".
    """
    figure = Figure(figsize=(5 * len(arrays), 4.2), layout="constrained")
    for at, (name, array) in enumerate(arrays.items(), 1):
        axes: Any = figure.add_subplot(1, len(arrays), at)
        matrix = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
        matrix = np.ma.masked_invalid(matrix.astype(np.float64))
        largest = float(np.abs(matrix).max()) if matrix.count() else 1.0
        shown = axes.imshow(
            matrix, cmap="RdBu_r", vmin=-(largest or 1.0), vmax=largest or 1.0, aspect="auto"
        )
        figure.colorbar(shown, ax=axes)
        for side in (axes.xaxis, axes.yaxis):
            side.set_major_locator(MaxNLocator(integer=True))
        axes.set_title(_plain(f"{name} {list(array.shape)}"), fontsize=11)
        if matrix.size <= 64:
            for (row, column), value in np.ndenumerate(matrix.filled(np.nan)):
                dark = abs(value) > 0.6 * largest
                axes.text(
                    column, row, number(value, 3), ha="center", va="center", fontsize=8,
                    color="white" if dark else "black",
                )  # fmt: skip
    return _written(figure, form)


def _written(figure: Figure, form: str) -> bytes:
    out = io.BytesIO()
    when = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[form]
    figure.savefig(out, format=form, dpi=144, metadata=when)
    return out.getvalue()
