"""`autodiff eval`, the default command: evaluate and differentiate one expression."""

from __future__ import annotations

import os
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from keyword import iskeyword
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli import __version__
from autodiff_cli.cli import paths
from autodiff_cli.cli.missing import binds, is_empty
from autodiff_cli.cli.resources import bytes_of, threads_option
from autodiff_cli.cli.streams import quiet_option, show_notices

if TYPE_CHECKING:
    from autodiff_cli.evaluate import Result
    from autodiff_cli.inputs import Given
    from autodiff_cli.source import Source

MAX_BYTES = 8 << 30  # of memory, with --timeout
NO_EXPRESSION = "an EXPRESSION is missing, such as 'mean(3*(x+2)**2)'"
NAME = re.compile(r"[^\W\d]\w*")
UNKNOWN_OPTION = re.compile(r"--[A-Za-z]")

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


class ExpressionCommand(click.Command):
    """A command whose words may begin with a minus, as expressions do."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            raise click.UsageError(NO_EXPRESSION, ctx)
        literal = "--" in args  # behind it, any word goes
        try:
            rest = super().parse_args(ctx, args)
        except click.MissingParameter:
            raise click.UsageError(NO_EXPRESSION, ctx) from None
        if not literal:
            for word in (ctx.params.get("expression") or "", *ctx.params.get("bindings", ())):
                if UNKNOWN_OPTION.match(word):
                    self._no_such_option(ctx, word)
        return rest

    def _no_such_option(self, ctx: click.Context, word: str) -> None:
        """A mistyped option must not pass for an expression."""
        from difflib import get_close_matches

        name = word.partition("=")[0]
        known = [option for param in self.get_params(ctx) for option in param.opts]
        raise click.NoSuchOption(name, possibilities=get_close_matches(name, known), ctx=ctx)


@click.command(
    "eval",
    cls=ExpressionCommand,
    epilog=EPILOG,
    context_settings={"ignore_unknown_options": True, "max_content_width": 100},
    options_metavar="[OPTIONS]",
)
@click.argument("expression", metavar="EXPRESSION")
@click.argument("bindings", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--wrt",
    multiple=True,
    metavar="NAMES",
    help="Inputs to differentiate by, as in --wrt w,b.  [all floating ones]",
)
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
@click.option(
    "--dtype",
    type=click.Choice(["float16", "float32", "float64"]),
    default="float32",
    show_default=True,
    help="Default floating dtype, as in --dtype float64.",
)
@click.option(
    "--manual-seed",
    type=int,
    metavar="N",
    help="Seed of rand and randn: --manual-seed 0 is torch.manual_seed(0).",
)
@click.option(
    "--max-elements",
    type=click.IntRange(min=1),
    default=10**9,
    metavar="N",
    help="Most elements one tensor may have, as in --max-elements 1000000.  [default: 1000000000]",
)
@click.option(
    "--max-steps",
    type=click.IntRange(min=1),
    default=10**8,
    metavar="N",
    help="Most statements of a program, as in --max-steps 100000.  [default: 100000000]",
)
@click.option(
    "--timeout",
    type=float,
    metavar="SECONDS",
    help="End the evaluation after so many seconds, as in --timeout 10.",
)
@threads_option
@click.option(
    "--max-memory",
    metavar="SIZE",
    help="Refuse what would need more memory, as in --max-memory 500M (K, M, G, T).",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, one object a line: … --json | jq .value."
)
@click.option(
    "--save",
    metavar="FILE.npz",
    help="Write value, grad.NAME and jacobian.NAME (hessian.NAME.NAME, jvp, hvp.NAME) arrays, in "
    "full precision, as in --save out.npz.",
)
@click.option(
    "--save-grads",
    metavar="FILE.npz",
    help="Write those without value, as in --save-grads grads.npz.",
)
@quiet_option()
@click.option(
    "--timings",
    is_flag=True,
    help="Print seconds per phase, as JSON on standard error: … --timings 2>timings.json.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour, as in --color never; auto respects NO_COLOR, FORCE_COLOR and TERM=dumb.",
)
@click.version_option(
    __version__, "--version", prog_name="autodiff", message="%(prog)s %(version)s"
)
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Evaluate EXPRESSION and print its value, grad_fn and gradients.

    EXPRESSION is written as in PyTorch: 'mean(3*(x+2)**2)', 'torch.matmul(x, w) + b',
    'F.mse_loss(x, y)'. Names are bound by NAME=VALUE; assignments may come first, separated by ';'.
    """
    from autodiff_cli.errors import AutodiffError

    try:
        _run(options)
    except AutodiffError as error:
        error.color_mode = options["color"]  # type: ignore[attr-defined]
        raise
    return 0


def _run(options: dict[str, Any]) -> None:
    from autodiff_cli.cli.main import STARTED

    names = bindings_of(options["bindings"])
    wrt = names_of(options["wrt"])
    tangents = _vectors("--jvp", options["jvp"])
    vectors = _vectors("--hvp", options["hvp"])
    max_memory = None
    if options["max_memory"] is not None:
        max_memory = bytes_of("--max-memory", options["max_memory"])

    from autodiff_cli.evaluate import evaluate

    imported = perf_counter()
    check_seed(options["manual_seed"])
    outputs = _outputs(options)
    values = [*names.values(), *options["seeds"], *tangents.values(), *vectors.values()]
    inputs = paths.doors_of([options["expression"], *values])
    paths.check(inputs, {**paths.STANDARD_OUTPUT, **outputs})
    expression = expression_of(options["expression"])
    with _limits(options["timeout"]), _progress(options["quiet"]):
        result = evaluate(
            expression,
            {name: value_of(text, options) for name, text in names.items()},
            wrt=wrt,
            seeds=[value_of(seed, options) for seed in options["seeds"]],  # type: ignore[misc]
            grad=not options["no_grad"],
            jacobian=options["jacobian"],
            hessian=options["hessian"],
            jvp={name: value_of(text, options) for name, text in tangents.items()},
            hvp={name: value_of(text, options) for name, text in vectors.items()},
            trace=options["trace"],
            dtype=options["dtype"],
            manual_seed=options["manual_seed"],
            max_elements=options["max_elements"],
            max_steps=options["max_steps"],
            threads=options["threads"],
            max_memory=max_memory,
        )
    rendering = perf_counter()
    text = _rendered(result, options)
    rendered = perf_counter()
    try:
        _save(result, options)
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


def _limits(seconds: float | None) -> AbstractContextManager[None]:
    """The clock, if it is asked for."""
    if seconds is None:
        return nullcontext()
    from autodiff_cli.cli.watch import check_timeout, watched

    check_timeout(seconds)
    return watched(seconds, MAX_BYTES)


def _progress(quiet: bool) -> AbstractContextManager[None]:
    """A progress bar, if there is a terminal for it."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return nullcontext()
    from autodiff_cli.cli.progress import progress

    return progress(sys.stderr)


def check_seed(seed: int | None) -> None:
    if seed is not None and not -(2**63) <= seed < 2**64:
        raise click.UsageError("--manual-seed N is from -2**63 to 2**64 - 1")


def _rendered(result: Result, options: dict[str, Any]) -> str:
    if options["as_json"]:
        from autodiff_cli.render.json_text import json_lines

        return json_lines(result)
    from autodiff_cli.cli.color import LABEL, painter, wanted
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
    from autodiff_cli.tables.files import check_writable, is_special

    for option, path in found.items():
        if not path.endswith(".npz") and not is_special(path):
            raise click.UsageError(f"{option} writes an .npz file: give a name such as out.npz")
        if option == "--save-grads" and options["no_grad"]:
            raise click.UsageError("--save-grads has nothing to write with --no-grad")
        check_writable(path)
    if len(found) == 2 and len(set(map(os.path.realpath, found.values()))) == 1:
        raise click.UsageError("--save and --save-grads name the same file")
    return found


def bindings_of(words: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or not NAME.fullmatch(name) or iskeyword(name):
            raise click.UsageError(f"'{word}' is not NAME=VALUE; {_advice(word)}")
        if not value.strip() or value.strip() == "@":
            raise click.UsageError(
                f"'{word}' has no value, such as {name}='[1, 2]' or {name}=@x.csv"
            )
        if name in values:
            raise click.UsageError(f"'{name}' is bound twice")
        values[name] = value
    return values


def _advice(word: str) -> str:
    """What to type instead of a word that binds nothing."""
    if iskeyword(word.partition("=")[0].strip()):
        return "a keyword of the language can't be a name"
    if word.startswith("-"):
        return "autodiff --help lists the options"
    if word in ("=", ":="):
        return "write NAME=VALUE without spaces, as in x=3"
    name, colon, value = word.partition(":")
    if colon and NAME.fullmatch(name) and value:
        return f"write {name}={value.removeprefix('=')}"
    if NAME.fullmatch(word):
        return f"give it a value, as in {word}=3; --wrt takes names with commas: --wrt x,y"
    return "the expression comes first, quoted as one word, and then NAME=VALUE"


def _vectors(option: str, words: tuple[str, ...]) -> dict[str, str]:
    """The values behind an option that is given as NAME=VALUE, by name."""
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or not NAME.fullmatch(name) or value.strip() in ("", "@"):
            raise click.UsageError(
                f"{option} takes an input's name and a value, as in {option} x='[1, 0]', not '{word}'"
            )
        if name in values:
            raise click.UsageError(f"{option} names '{name}' twice")
        values[name] = value
    return values


def names_of(texts: tuple[str, ...]) -> list[str] | None:
    if not texts:
        return None
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    if not names:
        raise click.UsageError("--wrt needs names, as in --wrt w,b")
    return list(dict.fromkeys(names))


def value_of(text: str, options: dict[str, Any]) -> Given:
    text = text.strip()
    if not text.startswith("@"):
        return text
    from autodiff_cli.ir import dtypes
    from autodiff_cli.tables.files import read_array

    before = dtypes.default()
    dtypes.set_default(dtypes.NAMES[options["dtype"]])
    try:
        return read_array(text[1:])
    finally:
        dtypes.set_default(before)


def expression_of(text: str) -> Source:
    """The expression that a word says or names a file of.

    Args:
        text: the word.

    Raises:
        UsageError: there is nothing in it, or it is an input's NAME=VALUE.
    """
    from autodiff_cli.source import Source

    if not text.startswith("@"):
        if is_empty(text) or binds(text):
            raise click.UsageError(NO_EXPRESSION)
        return Source(text)
    from autodiff_cli.tables.files import read_text

    path = text[1:]
    if not path:
        raise click.UsageError("'@' needs a file's name, such as @expr.txt")
    source = Source(read_text(path), "standard input" if path == "-" else path)
    if is_empty(source.text):
        raise click.UsageError(f"{source.name} is empty: {NO_EXPRESSION}")
    return source


def _save(result: Result, options: dict[str, Any]) -> None:
    if not options["save"] and not options["save_grads"]:
        return
    from autodiff_cli.evaluate import Tensor
    from autodiff_cli.tables.files import save_arrays

    several = len(result.gradients) > 1
    derivatives = {
        f"{f'seed{number}.' if several else ''}grad.{name}": grad.array
        for number, gradients in enumerate(result.gradients)
        for name, grad in gradients.by_input.items()
        if grad is not None
    }
    derivatives |= {name: tensor.array for name, tensor in result.derivatives().items()}
    if options["save"]:
        value = {"value": result.value.array} if isinstance(result.value, Tensor) else {}
        save_arrays(options["save"], value | derivatives)
    if options["save_grads"]:
        save_arrays(options["save_grads"], derivatives)
