"""A result in the forms of other tools: CSV, Markdown, LaTeX, Python.

Numbers have the digits that read back to the same float: `evaluation.quantities.rounded` takes some away.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autodiff_cli.evaluation import Result
from autodiff_cli.evaluation.quantities import FURTHER, quantities, values_of
from autodiff_cli.formula.math_text import latex_name
from autodiff_cli.ir.node import Array


def csv_text(result: Result) -> str:
    """A line for each element: whose it is, where, counted from 0, and the number.

    A matrix's elements have indices such as "0,1"; a scalar's is empty.
    """
    output = io.StringIO()
    table = csv.writer(output, lineterminator="\n")
    table.writerow(("name", "index", "value"))
    for name, value in quantities(result):
        if not isinstance(value, np.ndarray):
            table.writerow((name, "", value))
            continue
        for place in np.ndindex(value.shape):
            table.writerow((name, ",".join(map(str, place)), value[place]))
    return output.getvalue().rstrip("\n")


def markdown_text(result: Result) -> str:
    """A table of the scalars, and one for each array; those of more than two dimensions have one a matrix."""
    scalars, blocks = [], []
    for name, value in quantities(result):
        if not isinstance(value, np.ndarray) or not value.ndim:
            scalars.append((name, _short(value)))
            continue
        for label, matrix in _matrices(name, value):
            blocks.append(f"{label}:\n\n{_table([list(map(_short, row)) for row in matrix])}")
    if scalars:
        blocks.insert(
            0, _table([["", *(name for name, _ in scalars)], ["", *dict(scalars).values()]])
        )
    return "\n\n".join(blocks)


def latex_text(result: Result) -> str:
    """An equation for each quantity, aligned at their signs; needs amsmath."""
    lines = []
    for name, value in quantities(result):
        if not isinstance(value, np.ndarray):
            shown = _latex(value) if isinstance(value, (bool, int, float)) else rf"\text{{{value}}}"
            lines.append(f"{_symbol(name)} &= {shown}")
            continue
        for label, matrix in _matrices(name, value) if value.ndim else [(name, None)]:
            shown = _latex(value[()]) if matrix is None else _matrix(matrix)
            lines.append(f"{_symbol(label)} &= {shown}")
    body = " \\\\\n  ".join(lines)
    return f"\\begin{{align*}}\n  {body}\n\\end{{align*}}"


def python_text(result: Result) -> str:
    """Assignments that Python reads: `value`, `grad` and what was asked for besides, by input."""

    def literal(value: Any) -> str:
        if isinstance(value, np.ndarray) and value.ndim:
            return "[" + ", ".join(map(literal, value)) + "]"
        if isinstance(value, np.ndarray):
            return _python(value[()])
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {literal(v)}" for key, v in value.items()) + "}"
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(map(literal, value)) + "]"
        return _python(value)

    def arrays(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: arrays(entry) for name, entry in value.items()}
        return None if value is None else value.array

    values = dict(values_of(result.value))
    found: dict[str, Any] = {}
    if values:
        found["value"] = values["value"] if [*values] == ["value"] else [*values.values()]
    rows = [arrays(row.by_input) for row in result.gradients]
    if rows:
        found["grad"] = rows[0] if len(rows) == 1 else rows
    for kind in FURTHER:
        if (given := getattr(result, kind)) is not None:
            found[kind] = arrays(given)
    return "\n".join(f"{name} = {literal(value)}" for name, value in found.items())


WRITERS: dict[str, Callable[[Result], str]] = {
    "csv": csv_text,
    "markdown": markdown_text,
    "latex": latex_text,
    "python": python_text,
}


# ---- numbers ------------------------------------------------------------------------------------


def _short(x: Any) -> str:
    """A number as a person writes it: 27 for 27.0."""
    return str(x).removesuffix(".0")


def _latex(x: Any) -> str:
    if isinstance(x, (float, np.floating)) and not math.isfinite(x):
        return r"\mathrm{nan}" if math.isnan(x) else r"\infty" if x > 0 else r"-\infty"
    if isinstance(x, (bool, np.bool_)):
        return rf"\mathrm{{{x}}}"
    mantissa, e, exponent = _short(x).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else mantissa


def _python(x: Any) -> str:
    """A number as Python reads it; of what else there is, a string."""
    if isinstance(x, (float, np.floating)):
        return str(x) if math.isfinite(x) else f'float("{float(x)}")'
    if isinstance(x, np.generic):
        x = x.item()
    return repr(x) if x is None or isinstance(x, (bool, int, str)) else repr(str(x))


# ---- arrays -------------------------------------------------------------------------------------


def _matrices(name: str, value: Array) -> Iterator[tuple[str, Array]]:
    """An array as matrices, a vector as one of one row; those of more dimensions by their first indices."""
    if value.ndim <= 2:
        yield name, value.reshape(1, -1) if value.ndim == 1 else value
        return
    for place in itertools.product(*map(range, value.shape[:-2])):
        yield f"{name}[{', '.join(map(str, place))}]", value[place]


def _table(rows: Sequence[Sequence[str]]) -> str:
    first, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([first, "|" + "---|" * len(rows[0]), *rest])


def _matrix(matrix: Array) -> str:
    rows = r" \\ ".join(" & ".join(map(_latex, row)) for row in matrix)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def _symbol(name: str) -> str:
    r"""A quantity's name in formulas.

    >>> print(_symbol("grad.x"), _symbol("hessian.x.w_in"), _symbol("value"), _symbol("seed1.grad.b[0]"))
    \nabla_{x} H_{x, w_{\mathrm{in}}} \mathrm{value} \nabla_{b}^{(1)}[0]
    """
    name, bracket, index = name.partition("[")
    seed, dot, name = name.partition(".") if name.startswith("seed") else ("", "", name)
    above = f"^{{({seed.removeprefix('seed')})}}" if dot else ""
    kind, *inputs = name.split(".")
    below = ", ".join(map(latex_name, inputs))
    signs = {"grad": r"\nabla", "jacobian": "J", "hessian": "H", "hvp": "Hv", "sigma": r"\sigma"}
    sign = signs.get(kind, rf"\mathrm{{{kind}}}")
    return f"{sign}_{{{below}}}{above}{bracket}{index}" if inputs else f"{sign}{bracket}{index}"
