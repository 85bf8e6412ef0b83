"""`autodiff eval`, the default command: evaluate and differentiate one expression."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from time import perf_counter
from typing import TYPE_CHECKING

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.color import LABEL, painter, wanted
from autodiff_cli.cli.commands import (
    ExpressionCommand,
    bindings_of,
    names_of,
    progress,
    show_notices,
    vectors_of,
    working,
)
from autodiff_cli.cli.options import (
    argument,
    color_option,
    command_of,
    digits_option,
    form_of,
    form_option,
    json_option,
    option,
    output_option,
    quiet_option,
    wrt_option,
)
from autodiff_cli.cli.resources import Computing
from autodiff_cli.cli.version import VERSION_OPTION
from autodiff_cli.cli.words import PATH, expression_of, value_of
from autodiff_cli.errors import ValueFault

if TYPE_CHECKING:
    from autodiff_cli.evaluation import Result
    from autodiff_cli.tables.outputs import ArchiveFile

FORMS = ("text", "json", "csv", "markdown", "latex", "python")
SUFFIXES = {
    ".npz": "npz", ".json": "json", ".csv": "csv", ".md": "markdown", ".tex": "latex", ".py": "python",
}  # fmt: skip
EPILOG = """\b
Examples:
  autodiff 'mean(3*(x+2)**2)' x='ones(2,2)'
  autodiff 'y = x+2; z = y*y*3; z.mean()' x='[[1,2],[3,4]]' --trace
  autodiff 'x*x' x='[1,2,3]' --seed '[1,0,0]' --seed '[0,1,0]' --json
  autodiff 'tanh(A@x)' A='rand(2,3)' x='[1,2,3]' --wrt x --jacobian
  autodiff 'F.binary_cross_entropy_with_logits(x@w+b, y)' \\
      x='ones(5)' y='zeros(3)' w=@w.npy b=@b.npy --wrt w,b
  autodiff 'x/y' x=2.1±0.1 y=3±5%
  autodiff 'x**2 * a' x='[1,2]' a=3 --jacobian --to latex --digits 3
  autodiff 'log(x)' x='[0,1]' --seed '[1,1]' --strict -o out.csv
  seq 5 | autodiff 'norm(x)' x=@-

\b
VALUE is an expression, or @FILE (.npy, .npz, .json, .csv, .tsv, .txt; @FILE:KEY
picks one array, or a table's column; @- is standard input). @FILE.json binds its
keys. A number or a list is a leaf of the default dtype; an integer or bool tensor,
such as 'tensor([0,2])', is a constant.
The EXPRESSION may come from a file too: @expr.txt.
"""


class EvalWords(Computing):
    """The words of `autodiff eval`."""

    expression: str = argument("EXPRESSION")
    bindings: tuple[str, ...] = argument("[NAME=VALUE]...", nargs=-1)
    wrt: tuple[str, ...] = wrt_option("w,b")
    seeds: tuple[str, ...] = option(
        "--seed",
        multiple=True,
        metavar="VECTOR",
        help="Cotangent of the result's shape, as in --seed '[1,0]'. Repeat for several.",
    )
    jacobian: bool = option(
        "--jacobian",
        is_flag=True,
        help="Every element of the result by every element of the inputs: 'x**2' x='[1,2]' "
        "--jacobian.",
    )
    hessian: bool = option(
        "--hessian",
        is_flag=True,
        help="Second derivatives of a scalar by every pair of inputs: 'sum(x**3)' x='[1,2]' "
        "--hessian.",
    )
    jvp: tuple[str, ...] = option(
        "--jvp",
        multiple=True,
        metavar="NAME=TANGENT",
        help="Tangent of the result for a tangent of an input, as in --jvp x='[1,0]'. Repeat for "
        "several inputs; those of the others are 0.",
    )
    hvp: tuple[str, ...] = option(
        "--hvp",
        multiple=True,
        metavar="NAME=VECTOR",
        help="A scalar's Hessian times a vector, as in --hvp x='[1,0]'. Repeat for several inputs; "
        "the others' vectors are 0.",
    )
    propagate: tuple[str, ...] = option(
        "--propagate",
        multiple=True,
        metavar="NAME=SIGMA,...",
        help="The result's standard deviation from those of inputs, to first order; x=1±0.1 asks for it, "
        "too: --propagate 'x=0.1,y=5%,x~y=0.001'.",
    )
    no_grad: bool = option(
        "--no-grad",
        is_flag=True,
        help="Print the value alone, whatever its shape: 'x*x' x='[1,2]' --no-grad.",
    )
    trace: bool = option(
        "--trace",
        is_flag=True,
        help="Print every intermediate result first: '(x+2)**2' x=1 --trace.",
    )
    form: str | None = form_option(FORMS, "csv")
    as_json: bool = json_option()
    digits: int | None = digits_option(None, "  [text: 4; other forms: all]")
    output: str | None = output_option("out.csv (.npz, .json, .md, .tex, .py, .txt)")
    strict: bool = option(
        "--strict",
        is_flag=True,
        help="An infinity or nan in the result is an error: 'log(x)' x=0 --strict.",
    )
    save: str | None = option(
        "--save",
        type=PATH,
        metavar="FILE.npz",
        help="Write value, grad.NAME and jacobian.NAME (hessian.NAME.NAME, jvp, hvp.NAME) arrays, "
        "in full precision, as in --save out.npz.",
    )
    save_grads: str | None = option(
        "--save-grads",
        type=PATH,
        metavar="FILE.npz",
        help="Write those without value, as in --save-grads grads.npz.",
    )
    quiet: bool = quiet_option()
    timings: bool = option(
        "--timings",
        is_flag=True,
        help="Print seconds per phase, as JSON on standard error: … --timings 2>timings.json.",
    )
    color: str = color_option()
    version = option("--version", **VERSION_OPTION)


@command_of(EvalWords, "eval", cls=ExpressionCommand, epilog=EPILOG)
def command(words: EvalWords) -> int:
    """Evaluate EXPRESSION and print its value, grad_fn and gradients.

    EXPRESSION is written as in PyTorch: 'mean(3*(x+2)**2)', 'torch.matmul(x, w) + b',
    'F.mse_loss(x, y)'. Names are bound by NAME=VALUE; assignments may come first, separated by ';'.
    """
    form = _form(words)
    files = (words.save, words.save_grads, words.output)
    with working(words, "eval", files=any(file is not None for file in files)):
        result = _run(words, form)
        if words.strict:
            _check_finite(result)
    return 0


def _form(words: EvalWords) -> str:
    """The form that the result is written in.

    Raises:
        UsageError: options don't go together.
    """
    suffixes = SUFFIXES if words.output else {}
    form = form_of(words.form, words.as_json, words.output, suffixes)
    if words.trace and form not in ("text", "json"):
        raise click.UsageError(f"--trace is shown in text and JSON, not in {form}")
    if words.output and words.output.endswith(".npz") and form != "npz":
        raise click.UsageError(f"-o {words.output} is an archive of arrays: leave --to {form} out")
    return form


def _check_finite(result: Result) -> None:
    """Refuse what isn't finite; it has been written by then.

    Raises:
        ValueFault: a number isn't finite; says which.
    """
    from autodiff_cli.evaluation.quantities import not_finite

    found = not_finite(result)
    if found is not None:
        name, place, number = found
        where = f"{name}{list(place)}" if place else name
        raise ValueFault(f"{where} is {number}", hint="--strict makes that an error")


def _run(words: EvalWords, form: str) -> Result:
    from autodiff_cli.cli.main import STARTED

    wall = words.wall()
    names = bindings_of(words.bindings, words.expression)
    wrt = names_of(words.wrt)
    tangents = vectors_of("--jvp", words.jvp)
    vectors = vectors_of("--hvp", words.hvp)

    from autodiff_cli.cli.confining import confine
    from autodiff_cli.evaluation import Asked, evaluated

    off: dict[str, str] = {}
    if words.propagate or any("±" in text or "+/-" in text for text in names.values()):
        from autodiff_cli.cli.uncertain import deviations_of, parted

        names, off = parted(names)
        off, _ = deviations_of(words.propagate, (), off)

    imported = perf_counter()
    outputs = _outputs(words)
    values = [*names.values(), *words.seeds, *tangents.values(), *vectors.values()]
    read = paths.doors_of([words.expression, *values])
    paths.check(read, {**paths.STANDARD_OUTPUT, **outputs})
    expression = expression_of(words.expression)
    inputs = {name: value_of(text, words.dtype) for name, text in names.items()}
    asked = Asked(
        wrt=wrt,
        seeds=[value_of(seed, words.dtype) for seed in words.seeds],
        grad=not words.no_grad,
        jacobian=words.jacobian,
        hessian=words.hessian,
        jvp={name: value_of(text, words.dtype) for name, text in tangents.items()},
        hvp={name: value_of(text, words.dtype) for name, text in vectors.items()},
        trace=words.trace,
    )
    with ExitStack() as archives:
        archive = words.output if form == "npz" else None
        save = [a for a in (_archive(words.save, archives), _archive(archive, archives)) if a]
        save_grads = _archive(words.save_grads, archives)
        file = paths.opened_output(None if archive else words.output, archives)
        confine(wall)
        with progress(words.quiet):
            if off:
                from autodiff_cli.evaluation.propagation import propagated

                result = propagated(expression, inputs, asked, off, words.settings())
            else:
                result = evaluated(expression, inputs, asked, words.settings())
        rendering = perf_counter()
        text = _rendered(result, words, form)
        rendered = perf_counter()
        try:
            _save(result, save, save_grads)
        finally:  # a file that can't be written must not cost the result
            if file is not None:
                file.write(f"{text}\n".encode())
            elif text:
                # JSON and its like are UTF-8, whatever the locale's encoding
                click.echo(text if form == "text" else text.encode(), color=True)
            show_notices(result.notices, words.quiet)
    if words.timings:
        import orjson

        seconds = {"import": imported - STARTED, **result.timings, "render": rendered - rendering}
        click.echo(
            orjson.dumps({phase: round(s, 6) for phase, s in seconds.items()}).decode(), err=True
        )
    return result


def _rendered(result: Result, words: EvalWords, form: str) -> str:
    """The text that is written; none where arrays are."""
    if form == "text":
        from autodiff_cli.evaluation.report import report

        plain = words.output is not None
        paint = str if plain else painter(LABEL, wanted(words.color, sys.stdout))
        return report(result, paint, words.digits)
    if form == "npz":
        return ""
    if words.digits is not None:
        from autodiff_cli.evaluation.quantities import rounded

        result = rounded(result, words.digits)
    if form == "json":
        from autodiff_cli.render.json_text import json_lines

        return json_lines(result)
    from autodiff_cli.render.forms import WRITERS

    return WRITERS[form](result)


def _outputs(words: EvalWords) -> dict[str, str]:
    """The files that are written, by option.

    Raises:
        UsageError: options make no sense together.
        InputError: one can't be written.
    """
    if words.no_grad and words.seeds:
        raise click.UsageError("--seed asks for gradients, and --no-grad for none")
    for kind in ("jacobian", "hessian", "jvp", "hvp"):
        if words.no_grad and getattr(words, kind):
            raise click.UsageError(f"--{kind} asks for derivatives, and --no-grad for none")
    files = {"--save": words.save, "--save-grads": words.save_grads, "--output": words.output}
    found = {flag: path for flag, path in files.items() if path is not None}
    if not found:
        return {}
    from autodiff_cli.tables.outputs import check_writable, is_special

    for flag, path in found.items():
        if flag != "--output" and not path.endswith(".npz") and not is_special(path):
            raise click.UsageError(f"{flag} writes an .npz file: give a name such as out.npz")
        if flag == "--save-grads" and words.no_grad:
            raise click.UsageError("--save-grads has nothing to write with --no-grad")
        check_writable(path)
    places = [os.path.realpath(path) for path in found.values() if not is_special(path)]
    if len(set(places)) < len(places):
        raise click.UsageError(f"{' and '.join(found)} name the same file")
    return found


def _archive(path: str | None, opened: ExitStack) -> ArchiveFile | None:
    """The file that a result goes to, open: behind the wall none can be made."""
    if path is None:
        return None
    from autodiff_cli.tables.outputs import ArchiveFile

    return opened.enter_context(ArchiveFile(path))


def _save(result: Result, save: list[ArchiveFile], save_grads: ArchiveFile | None) -> None:
    if not save and save_grads is None:
        return
    from autodiff_cli.evaluation import Tensor
    from autodiff_cli.evaluation.quantities import derivatives_of

    derivatives = derivatives_of(result)
    value = {"value": result.value.array} if isinstance(result.value, Tensor) else {}
    for archive in save:
        archive.save(value | derivatives)
    if save_grads is not None:
        save_grads.save(derivatives)
