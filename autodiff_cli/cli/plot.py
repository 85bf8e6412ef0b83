"""`autodiff plot`: a function and its derivative over a range, as a picture or as numbers."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TypeAlias

import click

from autodiff_cli.cli.asking import Question, question_of
from autodiff_cli.cli.color import wanted
from autodiff_cli.cli.commands import (
    ExpressionCommand,
    bindings_of,
    progress,
    show_notices,
    working,
)
from autodiff_cli.cli.options import (
    argument,
    color_option,
    command_of,
    digits_option,
    option,
    output_option,
    quiet_option,
)
from autodiff_cli.cli.ranges import parts_of, range_of
from autodiff_cli.cli.resources import Computing, dtype_option, manual_seed_option
from autodiff_cli.errors import InputError

Drawn: TypeAlias = "tuple[str | bytes, tuple[str, ...]]"  # with what is to be said of it
WHAT = ("value", "grad", "second")
PICTURES = {".svg": "svg", ".png": "png", ".pdf": "pdf"}
SUFFIXES = {**PICTURES, ".csv": "csv", ".json": "json", ".txt": "text"}
COUNT, COUNT_OF_TWO = 201, 41
WIDTH = 80  # columns where there is no terminal
EPILOG = """\b
Examples:
  autodiff plot 'log(1+exp(x))' x=-3:3
  autodiff plot 'x**x' x=0.01:2 --what value,grad,second -o curve.svg
  autodiff plot 'relu(S - K*exp(-r*T))' S=50:150:101 K=95 r=0.02 T=0.5 -o curve.csv
  autodiff plot '(1-x)**2 + 100*(y-x**2)**2' x=-2:2 y=-1:3 -o valley.png
  autodiff plot 'F.cross_entropy(z, t)' z='[[1,2,3],[3,2,1]]' t='tensor([0,0])' --heat

\b
An input NAME=FROM:TO[:COUNT] runs over a range, of 201 points, or two inputs over
41 by 41; numbers are float64. Minima and maxima, poles, jumps and gaps are marked.
Drawing in the terminal needs plotext and pictures need matplotlib:
pip install 'autodiff-cli[pictures]'. CSV and JSON need neither.
"""


class PlotWords(Computing):
    """The words of `autodiff plot`."""

    expression: str = argument("EXPRESSION")
    bindings: tuple[str, ...] = argument("[NAME=FROM:TO[:COUNT] | NAME=VALUE]...", nargs=-1)
    what: str = option(
        "--what",
        default="value,grad",
        show_default=True,
        metavar="LIST",
        help="What is drawn, of value, grad and second (derivative), as in --what value,grad,second.",
    )
    log: str = option(
        "--log",
        type=click.Choice(["x", "y", "xy"]),
        help="Logarithmic axes, as in --log x, whose points have the same ratio.",
    )
    heat: bool = option(
        "--heat",
        is_flag=True,
        help="The gradients by the inputs as pictures of matrices, without a range: … --heat.",
    )
    wrt: tuple[str, ...] = option(
        "--wrt",
        multiple=True,
        metavar="NAMES",
        help="Of these inputs alone, with --heat: --wrt w,b.",
    )
    seed: str | None = option(
        "--seed",
        metavar="VECTOR",
        help="Cotangent of a result that is no number, with --heat: --seed '[1,0]'.",
    )
    as_json: bool = option(
        "--json", is_flag=True, help="The numbers, as one JSON object: … --json."
    )
    digits: int = digits_option()
    output: str | None = output_option("curve.svg, .png, .pdf, .csv, .json or .txt")
    dtype: str = dtype_option("Floating dtype", "float64")
    manual_seed: int | None = manual_seed_option(
        "Seed of the random numbers, the same at each point: --manual-seed 0."
    )
    quiet: bool = quiet_option()
    color: str = color_option()


@command_of(PlotWords, "plot", cls=ExpressionCommand, epilog=EPILOG)
def command(words: PlotWords) -> int:
    """Plot EXPRESSION and its derivative over a range of an input, or of two.

    All points are computed at once, as the rows of a table. What is remarkable is said below the picture.
    """
    form = _form(words)
    with working(words, "plot", files=words.output is not None), ExitStack() as opened:
        _run(words, form, opened)
    return 0


def _form(words: PlotWords) -> str:
    suffix = os.path.splitext(words.output or "")[1].lower()
    form = SUFFIXES.get(suffix)
    if words.output and form is None:
        raise click.UsageError(
            f"-o {words.output}: its suffix says no form; known are {', '.join(SUFFIXES)}"
        )
    if words.as_json and form not in (None, "json"):
        raise click.UsageError(f"--json doesn't go into a file called {words.output}")
    if words.heat and form == "csv":
        raise click.UsageError(
            "--heat writes pictures and JSON: --save FILE.npz of eval has the numbers"
        )
    return "json" if words.as_json else form or "text"


def _what(words: PlotWords) -> tuple[str, ...]:
    chosen = [part.strip() for part in words.what.split(",") if part.strip()]
    unknown = [part for part in chosen if part not in WHAT]
    if unknown or not chosen:
        found = f", not '{unknown[0]}'" if unknown else ""
        raise click.UsageError(
            f"--what takes value, grad and second, as in --what value,grad{found}"
        )
    return tuple(part for part in WHAT if part in chosen)


def _run(words: PlotWords, form: str, opened: ExitStack) -> None:
    wall = words.wall()
    names = bindings_of(words.bindings, words.expression)
    cut = {name: parts for name, text in names.items() if (parts := parts_of(text)) is not None}
    fixed = {name: text for name, text in names.items() if name not in cut}
    what = _what(words)
    if words.heat and cut:
        raise click.UsageError("--heat takes values, and no range")
    if not words.heat and not 1 <= len(cut) <= 2:
        example = next((name for name in names), "x")
        found = "no input has one" if not cut else f"these have one: {', '.join(cut)}"
        dotted = next((name for name, text in names.items() if ".." in text), "")
        if dotted and not cut:
            found = f"write {dotted}={names[dotted].replace('...', ':').replace('..', ':')}"
        raise click.UsageError(
            f"plot needs a range for one input, or for two: {example}=-3:3; {found}"
        )
    if not words.heat and (words.wrt or words.seed):
        raise click.UsageError(
            "--wrt and --seed are for --heat; a range's input is differentiated by"
        )
    if len(cut) == 2 and words.log:
        raise click.UsageError("--log is for one range")
    _check_extra(form, two=len(cut) == 2 or words.heat)

    from autodiff_cli.cli.confining import confine

    question = question_of(words, fixed, opened)
    if form in PICTURES.values():
        from autodiff_cli.render import plot_file

        plot_file.prepare(form)
    confine(wall)
    with progress(words.quiet):
        if words.heat:
            made, notices = _heat(question, words, form)
        else:
            made, notices = _curve(question, cut, what, words, form)
    question.answer(made)
    show_notices(notices, words.quiet)


def _check_extra(form: str, *, two: bool) -> None:
    """Refuse, before anything is computed, what needs a library that isn't there."""
    needs = "matplotlib" if form in PICTURES.values() else "plotext" if form == "text" else ""
    if needs and find_spec(needs) is None:
        what = "pictures need" if needs == "matplotlib" else "drawing in the terminal needs"
        raise InputError(
            f"{what} {needs}, which isn't installed",
            hint="pip install 'autodiff-cli[pictures]'; -o curve.csv and --json need nothing more",
        )


def _heat(question: Question, words: PlotWords, form: str) -> Drawn:
    from autodiff_cli.evaluation import Asked, evaluated

    asked = Asked(question.wrt, [] if question.seed is None else [question.seed])
    result = evaluated(question.source, question.inputs, asked, words.settings(), sys.stderr.write)
    arrays = {f"{name}.grad": array for name, array in result.grad.items()}
    if not arrays:
        raise InputError(
            "there is no gradient to show",
            hint="; ".join(result.notices) or "bind an input: x='[1, 2]'",
        )
    if form in PICTURES.values():
        from autodiff_cli.render import plot_file

        return plot_file.heat_picture(arrays, form), result.notices
    if form == "json":
        from autodiff_cli.render.json_text import json_lines

        return json_lines(result), result.notices
    from autodiff_cli.render.plot_text import heat_text

    color = wanted(words.color, sys.stdout) and question.file is None
    return heat_text(arrays, _width(), words.digits, color=color), result.notices


def _curve(
    question: Question,
    cut: dict[str, list[str]],
    what: tuple[str, ...],
    words: PlotWords,
    form: str,
) -> Drawn:
    from autodiff_cli.render import plot_data
    from autodiff_cli.rows.curve import curve

    log = words.log or ""
    count = COUNT if len(cut) == 1 else COUNT_OF_TWO
    ranges = [range_of(name, parts, count, logarithmic="x" in log) for name, parts in cut.items()]
    found = curve(
        question.source,
        tuple(ranges),
        question.inputs,
        second="second" in what,
        settings=words.settings(),
    )
    title = " ".join(question.source.text.split())
    what = tuple(part for part in what if part in {n.split("_")[0] for n in found.columns})
    color = wanted(words.color, sys.stdout) and question.file is None
    if form in PICTURES.values():
        from autodiff_cli.render import plot_file

        return plot_file.curve_picture(found, title, what, form, log=log), found.notices
    if form == "csv":
        return plot_data.csv_text(found, what), found.notices
    if form == "json":
        return plot_data.json_text(found, what), found.notices
    from autodiff_cli.render import plot_text

    if len(ranges) == 2:
        drawn = [plot_text.field_text(found, what, _width(), color=color)]
    else:
        drawn = [plot_text.curve_text(found, title, what, _width(), log=log, color=color)]
    drawn += plot_data.remarks(found, words.digits)
    return "\n".join(drawn), found.notices


def _width() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns
