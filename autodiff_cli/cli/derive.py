"""`autodiff derive`: the derivative itself, as text that can be read, run and fed back."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, ExitStack, nullcontext
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import ExpressionCommand, bindings_of, names_of, vectors_of
from autodiff_cli.cli.options import argument, command_of, option, quiet_option, wrt_option
from autodiff_cli.cli.resources import Resources
from autodiff_cli.cli.words import PATH, expression_of, value_of
from autodiff_cli.errors import AutodiffError

if TYPE_CHECKING:
    from autodiff_cli.evaluation.question import Declared, Wanted
    from autodiff_cli.tables.outputs import WholeFile

FORMS = ("torch", "numpy", "jax", "python", "latex", "unicode", "json")
SHAPED = re.compile(r"\s*([^\W\d]\w*)\s*(?::\s*([\w\s,]*?)\s*(?::\s*(int|float))?\s*)?", re.ASCII)
EPILOG = """\b
Examples:
  autodiff derive 'mean(3*(x+2)**2)' x='ones(2,2)'
  autodiff derive 'mean(3*(x+2)**2)' x:n,m
  autodiff derive 'F.cross_entropy(z, t)' z:N,C t:N:int --to latex
  autodiff derive 'x**x' x
  autodiff derive 'logsumexp(x, 0)' x:n --hessian
  autodiff derive 'norm(x)' x='[3,4]' | autodiff @- x='[3,4]' --no-grad

\b
An input is NAME=VALUE, as for eval; NAME:SHAPE with sizes that are numbers or
names (x:n,m, t:N:int for integers); or NAME alone, a number. Each formula is
read back and compared with reverse mode before it is shown.
"""


class DeriveWords(Resources):
    """The words of `autodiff derive`."""

    expression: str = argument("EXPRESSION")
    bindings: tuple[str, ...] = argument("[NAME=VALUE | NAME:SHAPE | NAME]...", nargs=-1)
    wrt: tuple[str, ...] = wrt_option("w,b")
    seed: str | None = option(
        "--seed",
        metavar="VECTOR",
        help="Cotangent of a result that is no number: a value, as in --seed '[1,0]', or a name for it, "
        "as in --seed g.  [ones]",
    )
    jacobian: bool = option(
        "--jacobian", is_flag=True, help="Every element of the result by every input: … --jacobian."
    )
    hessian: bool = option(
        "--hessian", is_flag=True, help="Second derivatives of a number by every pair: … --hessian."
    )
    hvp: tuple[str, ...] = option(
        "--hvp",
        multiple=True,
        metavar="NAME=VECTOR",
        help="The Hessian times a vector, or a name for one, as in --hvp x=v. Repeat for several inputs.",
    )
    order: int | None = option(
        "--order",
        type=click.IntRange(min=1, max=8),
        metavar="N",
        help="N-th derivative by each input, which is a number, as in --order 2.",
    )
    form: str = option(
        "--to",
        type=click.Choice(FORMS),
        default="torch",
        show_default=True,
        help="Language of the formula, as in --to latex. torch is what autodiff itself reads.",
    )
    function: str | None = option(
        "--function",
        metavar="NAME",
        help="A whole function of that name, with its imports, as in --to numpy --function gradient.",
    )
    expand: bool = option(
        "--expand", is_flag=True, help="Multiply products of sums out: … --expand."
    )
    names: bool = option(
        "--names", is_flag=True, help="Name everything that is there twice: … --names."
    )
    inline: bool = option(
        "--inline", is_flag=True, help="Name nothing, however long it gets: … --inline."
    )
    steps: bool = option(
        "--steps", is_flag=True, help="Say which rule made what of what, in # lines: … --steps."
    )
    as_json: bool = option("--json", is_flag=True, help="A JSON object for each formula: … --json.")
    output: str | None = option(
        "-o",
        "--output",
        type=PATH,
        metavar="FILE",
        help="Write there, whole or not at all, as in -o gradient.py.",
    )
    quiet: bool = quiet_option()


@command_of(DeriveWords, "derive", cls=ExpressionCommand, epilog=EPILOG)
def command(words: DeriveWords) -> int:
    """Print the derivative of EXPRESSION as a formula.

    The formula is text of the language itself: what is printed can be piped into autodiff @-, and gives the
    gradient. Lines that begin with # say where it holds and how it was checked.
    """
    try:
        with _supervised(words):
            _run(words)
    except AutodiffError as error:
        from autodiff_cli.cli.failures import advised

        raise advised(error, words, "derive") from None
    return 0


def _supervised(words: DeriveWords) -> AbstractContextManager[None]:
    """A process of its own, where there is something to end or to rename."""
    if not words.limits and words.output is None:
        return nullcontext()
    from autodiff_cli.cli.apart import supervised

    return supervised(words.limits)


def _run(words: DeriveWords) -> None:
    wall = words.wall()
    valued, declared = _inputs(words.bindings, words.expression)
    wanted = _wanted(words)
    names = names_of(words.wrt)
    form = "json" if words.as_json else words.form
    if words.names and words.inline:
        raise click.UsageError("--names and --inline are opposites")
    if words.function and (not words.function.isidentifier() or iskeyword(words.function)):
        raise click.UsageError(f"--function takes a name, not '{words.function}'")
    if words.function and form in ("latex", "unicode", "json"):
        raise click.UsageError(f"--function is for languages with functions, and {form} has none")

    from autodiff_cli.cli.confining import confine
    from autodiff_cli.evaluation.derivation import derive
    from autodiff_cli.ir.context import changed
    from autodiff_cli.render.derivation import rendered

    values = [*valued.values(), *filter(None, [words.seed])]
    outputs = {}
    if words.output:
        from autodiff_cli.tables.outputs import check_writable

        check_writable(words.output)
        outputs = {"--output": words.output}
    read = paths.doors_of([words.expression, *values])
    paths.check(read, {**paths.STANDARD_OUTPUT, **outputs})
    expression = expression_of(words.expression)
    wide = "float64"
    inputs: dict[str, Any] = {name: value_of(text, wide) for name, text in valued.items()}
    seed: Any = None if words.seed is None else value_of(words.seed, wide)
    vectors = vectors_of("--hvp", words.hvp)
    wanted = wanted._replace(vectors={n: value_of(text, wide) for n, text in vectors.items()})
    with ExitStack() as files:
        file = _file(words.output, files)
        confine(wall)
        used = {"max_elements": words.max_elements}
        if words.threads is not None:
            used["threads"] = words.threads
        if words.max_memory is not None:
            used["max_memory"] = used["max_bytes"] = words.max_memory
        with changed(**used):
            derivation = derive(
                expression,
                inputs | declared,
                wrt=names,
                seed=seed,
                wanted=wanted,
                sharing="names" if words.names else "inline" if words.inline else "auto",
                expand=words.expand,
                steps=words.steps,
                max_steps=words.max_steps,
                whole=form not in ("torch", "json") or bool(words.function),
            )
        text = rendered(derivation, form, words.function)
        if file is None:
            click.echo(
                text.encode()
            )  # signs of mathematics and JSON are UTF-8, whatever the locale
        else:
            file.write(f"{text}\n".encode())


def _file(path: str | None, opened: ExitStack) -> WholeFile | None:
    """The file that the text goes to, open: behind the wall none can be made."""
    if path is None:
        return None
    from autodiff_cli.tables.outputs import WholeFile

    return opened.enter_context(WholeFile(path))


def _inputs(words: tuple[str, ...], expression: str) -> tuple[dict[str, str], dict[str, Declared]]:
    """The inputs with values, and those with shapes."""
    declared: dict[str, Declared] = {}
    rest = []
    for word in words:
        match = SHAPED.fullmatch(word)
        if match is None:
            rest.append(word)
            continue
        name, sizes, kind = match.groups()
        if name in declared:
            raise click.UsageError(f"'{name}' is bound twice")
        declared[name] = _declared(word, sizes or "", kind)
    valued = bindings_of(rest, expression)
    twice = sorted(set(valued) & set(declared))
    if twice:
        raise click.UsageError(f"'{twice[0]}' is bound twice")
    return valued, declared


def _declared(word: str, sizes: str, kind: str | None) -> Declared:
    from autodiff_cli.evaluation.question import Declared

    shape: list[int | str] = []
    for size in [part.strip() for part in sizes.split(",")] if sizes.strip() else []:
        if size.isdigit() and int(size) > 0:
            shape.append(int(size))
        elif size.isidentifier() and not iskeyword(size):
            shape.append(size)
        else:
            raise click.UsageError(
                f"'{word}': a size is a name or a number from 1 on, as in x:n,3, not '{size}'"
            )
    return Declared(tuple(shape), kind == "int")


def _wanted(words: DeriveWords) -> Wanted:
    """Which derivative was asked for."""
    asked = [kind for kind in ("jacobian", "hessian", "hvp", "order") if getattr(words, kind)]
    if len(asked) > 1:
        raise click.UsageError(
            f"--{asked[0]} and --{asked[1]} are two questions: ask one at a time"
        )
    from autodiff_cli.evaluation.question import Wanted

    kind = asked[0] if asked else "gradient"
    return Wanted(kind, words.order or 1)
