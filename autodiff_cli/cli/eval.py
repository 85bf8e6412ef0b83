"""`autodiff eval`, the default command: evaluate and differentiate one expression."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.color import LABEL, painter, wanted
from autodiff_cli.cli.commands import (
    ExpressionCommand,
    bindings_of,
    names_of,
    show_notices,
    vectors_of,
)
from autodiff_cli.cli.options import (
    color_option,
    dtype_option,
    manual_seed_option,
    quiet_option,
    wrt_option,
)
from autodiff_cli.cli.resources import Limits, limits_of, resources, wall_wanted
from autodiff_cli.cli.version import version_option
from autodiff_cli.cli.words import PATH, expression_of, value_of
from autodiff_cli.errors import AutodiffError

if TYPE_CHECKING:
    from autodiff_cli.evaluation import Result
    from autodiff_cli.tables.outputs import ArchiveFile


EPILOG = """\b
Examples:
  autodiff 'mean(3*(x+2)**2)' x='ones(2,2)'
  autodiff 'y = x+2; z = y*y*3; z.mean()' x='[[1,2],[3,4]]' --trace
  autodiff 'x*x' x='[1,2,3]' --seed '[1,0,0]' --seed '[0,1,0]' --json
  autodiff 'tanh(A@x)' A='rand(2,3)' x='[1,2,3]' --wrt x --jacobian
  autodiff 'F.binary_cross_entropy_with_logits(x@w+b, y)' \\
      x='ones(5)' y='zeros(3)' w=@w.npy b=@b.npy --wrt w,b
  seq 5 | autodiff 'norm(x)' x=@-

\b
VALUE is an expression, or @FILE (.npy, .npz, .json, .csv, .tsv, .txt; @FILE:KEY
picks one array; @- is standard input). A number or a list is a leaf of the
default dtype; an integer or bool tensor, such as 'tensor([0,2])', is a constant.
The EXPRESSION may come from a file too: @expr.txt.
"""


@click.command(
    "eval",
    cls=ExpressionCommand,
    epilog=EPILOG,
    context_settings={"ignore_unknown_options": True, "max_content_width": 100},
    options_metavar="[OPTIONS]",
)
@click.argument("expression", metavar="EXPRESSION")
@click.argument("bindings", nargs=-1, metavar="[NAME=VALUE]...")
@wrt_option("w,b")
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    metavar="VECTOR",
    help="Cotangent of the result's shape, as in --seed '[1,0]'. Repeat for several.",
)
@click.option(
    "--jacobian",
    is_flag=True,
    help="Every element of the result by every element of the inputs: 'x**2' x='[1,2]' --jacobian.",
)
@click.option(
    "--hessian",
    is_flag=True,
    help="Second derivatives of a scalar by every pair of inputs: 'sum(x**3)' x='[1,2]' --hessian.",
)
@click.option(
    "--jvp",
    multiple=True,
    metavar="NAME=TANGENT",
    help="Tangent of the result for a tangent of an input, as in --jvp x='[1,0]'. Repeat for "
    "several inputs; those of the others are 0.",
)
@click.option(
    "--hvp",
    multiple=True,
    metavar="NAME=VECTOR",
    help="A scalar's Hessian times a vector, as in --hvp x='[1,0]'. Repeat for several inputs; the "
    "others' vectors are 0.",
)
@click.option(
    "--no-grad",
    is_flag=True,
    help="Print the value alone, whatever its shape: 'x*x' x='[1,2]' --no-grad.",
)
@click.option(
    "--trace", is_flag=True, help="Print every intermediate result first: '(x+2)**2' x=1 --trace."
)
@dtype_option("Default floating dtype")
@manual_seed_option("Seed of rand and randn: --manual-seed 0 is torch.manual_seed(0).")
@resources
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, one object a line: … --json | jq .value."
)
@click.option(
    "--save",
    type=PATH,
    metavar="FILE.npz",
    help="Write value, grad.NAME and jacobian.NAME (hessian.NAME.NAME, jvp, hvp.NAME) arrays, in "
    "full precision, as in --save out.npz.",
)
@click.option(
    "--save-grads",
    type=PATH,
    metavar="FILE.npz",
    help="Write those without value, as in --save-grads grads.npz.",
)
@quiet_option()
@click.option(
    "--timings",
    is_flag=True,
    help="Print seconds per phase, as JSON on standard error: … --timings 2>timings.json.",
)
@color_option
@version_option
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Evaluate EXPRESSION and print its value, grad_fn and gradients.

    EXPRESSION is written as in PyTorch: 'mean(3*(x+2)**2)', 'torch.matmul(x, w) + b',
    'F.mse_loss(x, y)'. Names are bound by NAME=VALUE; assignments may come first, separated by ';'.
    """
    limits = limits_of(options)
    try:
        with _supervised(limits, options):
            _run(options, limits)
    except AutodiffError as error:
        from autodiff_cli.cli.failures import advised

        raise advised(error, "eval", options) from None
    return 0


def _run(options: dict[str, Any], limits: Limits) -> None:
    from autodiff_cli.cli.main import STARTED

    wall = wall_wanted(options)
    names = bindings_of(options["bindings"], options["expression"])
    wrt = names_of(options["wrt"])
    tangents = vectors_of("--jvp", options["jvp"])
    vectors = vectors_of("--hvp", options["hvp"])

    from autodiff_cli.cli.confining import confine
    from autodiff_cli.evaluation import evaluate

    imported = perf_counter()
    outputs = _outputs(options)
    values = [*names.values(), *options["seeds"], *tangents.values(), *vectors.values()]
    read = paths.doors_of([options["expression"], *values])
    paths.check(read, {**paths.STANDARD_OUTPUT, **outputs})
    expression = expression_of(options["expression"])
    inputs = {name: value_of(text, options) for name, text in names.items()}
    seeds = [value_of(seed, options) for seed in options["seeds"]]
    along = {name: value_of(text, options) for name, text in tangents.items()}
    by = {name: value_of(text, options) for name, text in vectors.items()}
    with ExitStack() as archives:
        save = _archive(options["save"], archives)
        save_grads = _archive(options["save_grads"], archives)
        confine(wall)
        with _progress(options["quiet"]):
            result = evaluate(
                expression,
                inputs,
                wrt=wrt,
                seeds=seeds,  # type: ignore[arg-type]
                grad=not options["no_grad"],
                jacobian=options["jacobian"],
                hessian=options["hessian"],
                jvp=along,
                hvp=by,
                trace=options["trace"],
                dtype=options["dtype"],
                manual_seed=options["manual_seed"],
                max_elements=options["max_elements"],
                max_steps=options["max_steps"],
                threads=options["threads"],
                max_memory=limits.bytes,
            )
        rendering = perf_counter()
        text = _rendered(result, options)
        rendered = perf_counter()
        try:
            _save(result, save, save_grads)
        finally:  # a file that can't be written must not cost the result
            if text:
                # JSON is UTF-8, whatever the locale's encoding
                click.echo(text.encode() if options["as_json"] else text, color=True)
            show_notices(result.notices, options["quiet"])
    if options["timings"]:
        import orjson

        seconds = {"import": imported - STARTED, **result.timings, "render": rendered - rendering}
        click.echo(
            orjson.dumps({phase: round(s, 6) for phase, s in seconds.items()}).decode(), err=True
        )


def _supervised(limits: Limits, options: dict[str, Any]) -> AbstractContextManager[None]:
    """A process of its own, where there is something to end or to rename."""
    files = options["save"] is not None or options["save_grads"] is not None
    if limits == Limits() and not files:
        return nullcontext()
    from autodiff_cli.cli.apart import supervised

    return supervised(limits)


def _progress(quiet: bool) -> AbstractContextManager[None]:
    """A progress bar, if there is a terminal for it."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext()
    from autodiff_cli.cli.progress import progress

    return progress(sys.stderr)


def _rendered(result: Result, options: dict[str, Any]) -> str:
    if options["as_json"]:
        from autodiff_cli.render.json_text import json_lines

        return json_lines(result)
    from autodiff_cli.render.report import report

    return report(result, painter(LABEL, wanted(options["color"], sys.stdout)))


def _outputs(options: dict[str, Any]) -> dict[str, str]:
    """The files that are written, by option.

    Raises:
        UsageError: options make no sense together.
        InputError: one can't be written.
    """
    if options["no_grad"] and options["seeds"]:
        raise click.UsageError("--seed asks for gradients, and --no-grad for none")
    for kind in ("jacobian", "hessian", "jvp", "hvp"):
        if options["no_grad"] and options[kind]:
            raise click.UsageError(f"--{kind} asks for derivatives, and --no-grad for none")
    found = {
        option: options[name]
        for option, name in (("--save", "save"), ("--save-grads", "save_grads"))
        if options[name] is not None
    }
    if not found:
        return {}
    from autodiff_cli.tables.outputs import check_writable, is_special

    for option, path in found.items():
        if not path.endswith(".npz") and not is_special(path):
            raise click.UsageError(f"{option} writes an .npz file: give a name such as out.npz")
        if option == "--save-grads" and options["no_grad"]:
            raise click.UsageError("--save-grads has nothing to write with --no-grad")
        check_writable(path)
    if len(found) == 2 and len(set(map(os.path.realpath, found.values()))) == 1:
        raise click.UsageError("--save and --save-grads name the same file")
    return found


def _archive(path: str | None, opened: ExitStack) -> ArchiveFile | None:
    """The file that a result goes to, open: behind the wall none can be made."""
    if path is None:
        return None
    from autodiff_cli.tables.outputs import ArchiveFile

    return opened.enter_context(ArchiveFile(path))


def _save(result: Result, save: ArchiveFile | None, save_grads: ArchiveFile | None) -> None:
    if save is None and save_grads is None:
        return
    from autodiff_cli.evaluation import Tensor

    several = len(result.gradients) > 1
    derivatives = {
        f"{f'seed{number}.' if several else ''}grad.{name}": grad.array
        for number, gradients in enumerate(result.gradients)
        for name, grad in gradients.by_input.items()
        if grad is not None
    }
    derivatives |= {name: tensor.array for name, tensor in result.derivatives().items()}
    if save is not None:
        value = {"value": result.value.array} if isinstance(result.value, Tensor) else {}
        save.save(value | derivatives)
    if save_grads is not None:
        save_grads.save(derivatives)
