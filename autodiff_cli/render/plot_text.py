"""Curves and pictures of numbers in the terminal: plotext, and rich for what has colours of its own."""

from __future__ import annotations

import io
import re

import numpy as np
import plotext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autodiff_cli.explanation.compact import number
from autodiff_cli.ir.node import Array
from autodiff_cli.render.plot_data import broken, chosen, label_of, limits
from autodiff_cli.rows.curve import Curve

LOOKS = {"value": ("braille", "blue"), "grad": ("·", "red"), "second": ("×", "green")}
SIGNS = {
    "minimum": "▼", "maximum": "▲", "inflection": "◆", "kink": "◇",
}  # fmt: skip
SHADES = " ░▒▓█"
ARROWS = "→↗↑↖←↙↓↘"
ESCAPE = re.compile(r"\x1b\[[\d;]*m")
HEIGHT = 22


def curve_text(
    curve: Curve,
    title: str,
    what: tuple[str, ...],
    width: int,
    *,
    log: str = "",
    color: bool = False,
) -> str:
    """A function of a number, drawn in characters.

    Args:
        curve: what was computed.
        title: of the function.
        what: which columns.
        width: columns of the terminal.
        log: the axes that are logarithmic, of "xy".
        color: whether there is colour.
    """
    (axis,) = curve.ranges
    columns = chosen(curve, what)
    plotext.clear_figure()
    plotext.theme("clear")  # the terminal's own background
    plotext.plot_size(width, HEIGHT)
    plotext.limit_size(False, False)
    drawn = []
    for name, column in columns.items():
        kind = name.split("_")[0]
        marker, paint = LOOKS[kind]
        rows = column.reshape(-1, len(axis.points))
        for part, row in enumerate(rows):
            xs, ys = broken(axis.points, row, curve.marks)
            pairs = [(x, y) for x, y in zip(xs, ys) if "y" not in log or y > 0 or y != y]
            label = label_of(name, title) + (f"[{part}]" if len(rows) > 1 else "")
            for number_of, piece in enumerate(_pieces(pairs)):
                plotext.plot(
                    [x for x, _ in piece], [y for _, y in piece], marker=marker,
                    label=label if not number_of else None,
                    **({"color": paint} if color and len(rows) == 1 else {}),
                )  # fmt: skip
                drawn.append(piece)
    if "value" in what:
        for mark in curve.marks:
            if mark.kind in SIGNS and np.isfinite(mark.value):
                plotext.scatter([mark.at], [mark.value], marker=SIGNS[mark.kind])
    bounds = limits(columns, curve.marks)
    if bounds is not None:
        plotext.ylim(*bounds)
    if "x" in log:
        plotext.xscale("log")
    if "y" in log:
        plotext.yscale("log")
    plotext.xlabel(axis.name)
    text = plotext.build() if drawn else ""
    if not color:
        text = ESCAPE.sub("", text)
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))


def _pieces(pairs: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The parts of a curve between what isn't finite."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in pairs:
        if np.isfinite(y):
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


# ---- pictures of numbers --------------------------------------------------------------------------


def field_text(curve: Curve, what: tuple[str, ...], width: int, *, color: bool = False) -> str:
    """A function of two numbers: its value as shade, and where its gradient points as arrows.

    Args:
        curve: what was computed.
        what: "grad" for arrows.
        width: columns of the terminal.
        color: whether there is colour, in the place of shades.
    """
    across, up = curve.ranges
    value = curve.columns["value"]
    columns = np.linspace(0, len(across.points) - 1, min(len(across.points), (width - 12) // 2))
    rows = np.linspace(0, len(up.points) - 1, min(len(up.points), HEIGHT))
    place = np.ix_(rows.round().astype(int)[::-1], columns.round().astype(int))
    shades = _steps(value[place])
    arrows = np.full(shades.shape, "")
    if "grad" in what:
        slopes = [curve.columns[f"grad_{one.name}"][place] for one in curve.ranges]
        arrows = _arrows(*slopes)
    shown = np.array([*rows])[::-1].round().astype(int)
    lines = [
        Text.assemble(
            f"{number(float(up.points[at]), 3):>9} ┤",
            *[
                _cell(shades[i, j], "" if arrows is None else arrows[i, j], color)
                for j in range(shades.shape[1])
            ],
        )
        for i, at in enumerate(shown)
    ]
    left, right = (number(float(across.points[at]), 3) for at in (0, -1))
    gap = max(2 * shades.shape[1] - len(left) - len(right), 1)
    lines.append(Text(f"{up.name + ' ':>10}└{'─' * (2 * shades.shape[1])}"))
    lines.append(Text(f"{'':>11}{left}{' ' * gap}{right}  {across.name}"))
    finite = value[np.isfinite(value)]
    if finite.size:
        low, high = number(float(finite.min())), number(float(finite.max()))
        ends = ("blue", "red") if color else ("blank", "█")
        scale = f"{'':>11}value: from {low} ({ends[0]}) to {high} ({ends[1]})"
        lines.append(Text(scale + ("; arrows: where it grows" if "grad" in what else "")))
    return _printed(Text("\n").join(lines), width, color)


def _steps(values: Array) -> Array:
    """Numbers as steps from 0 to 4; -1 of what isn't finite."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.full(values.shape, -1)
    low, high = values[finite].min(), values[finite].max()
    steps = np.floor((values - low) / ((high - low) or 1) * 5)
    return np.where(finite, np.clip(np.nan_to_num(steps), 0, 4), -1).astype(int)


def _arrows(right: Array, up: Array) -> Array:
    """The arrow nearest to each direction; nothing where there is none."""
    angle = np.nan_to_num(np.arctan2(up, right))
    chosen = np.round(angle / (np.pi / 4)).astype(int) % 8
    there = np.isfinite(right) & np.isfinite(up) & ((right != 0) | (up != 0))
    return np.where(there, np.array(list(ARROWS))[chosen], " ")


PAINTS = ("on blue", "on cyan", "on white", "on yellow", "on red")


def _cell(step: int, arrow: str, color: bool) -> tuple[str, str]:
    if step < 0:
        return ("? ", "")
    if color:
        return (f"{arrow or ' '} ", f"black {PAINTS[step]}")
    return (f"{SHADES[step]}{arrow or SHADES[step]}", "")


def heat_text(arrays: dict[str, Array], width: int, digits: int, *, color: bool = False) -> str:
    """Matrices as pictures: the sign and the size of each element, and its number where there is room.

    Args:
        arrays: by what to call them.
        width: columns of the terminal.
        digits: of the numbers.
        color: whether there is colour: red above 0, blue below.
    """
    return "\n".join(_heat(name, array, width, digits, color) for name, array in arrays.items())


def _heat(name: str, array: Array, width: int, digits: int, color: bool) -> str:
    matrix = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    finite = np.abs(matrix[np.isfinite(matrix)])
    largest = float(finite.max()) if finite.size else 0.0
    head = f"{name}, shape {list(array.shape)}, largest size {number(largest, digits)}"
    rows, columns = (min(size, most) for size, most in zip(matrix.shape, (40, max(width // 4, 1))))
    texts = [[number(float(n), digits) for n in row[:columns]] for row in matrix[:rows]]
    wide = max((len(text) for row in texts for text in row), default=1)
    if (wide + 3) * columns > width:
        texts, wide = [["" for _ in row] for row in texts], 1
    table = Table.grid(padding=(0, 1, 0, 0))
    for _ in range(columns):
        table.add_column(no_wrap=True)
    for row, line in zip(matrix[:rows], texts):
        cells = [(float(n), text.rjust(wide)) for n, text in zip(row, line)]
        table.add_row(*[_patch(n, text, largest, color) for n, text in cells])
    picture = _printed(table, width, color)
    sizes = zip(matrix.shape, (rows, columns), ("rows", "columns"))
    left = [f"… {size - most} more {what}" for size, most, what in sizes if size > most]
    return "\n".join([head, picture, *left])


def _patch(value: float, text: str, largest: float, color: bool) -> Text:
    if not np.isfinite(value):
        return Text(f"?{text}")
    step = int(np.ceil(abs(value) / largest * 4)) if largest else 0
    sign = "-" if value < 0 else "+" if value > 0 else " "
    if not color:
        return Text(f"{sign}{SHADES[step]}{text}".rstrip())
    shade = 255 - 45 * step
    paint = (255, shade, shade) if value > 0 else (shade, shade, 255)
    return Text(f" {text} ", f"black on rgb({paint[0]},{paint[1]},{paint[2]})")


def _printed(what: Text | Table, width: int, color: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, color_system="truecolor" if color else None,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    console.print(what, soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))
