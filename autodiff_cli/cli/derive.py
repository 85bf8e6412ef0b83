"""`autodiff derive`: the derivative itself, as text that can be read, run and fed back."""

from __future__ import annotations

import re
from contextlib import ExitStack
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli.cli.asking import question_of
from autodiff_cli.cli.commands import ExpressionCommand, bindings_of, vectors_of, working
from autodiff_cli.cli.options import (
    argument,
    command_of,
    option,
    output_option,
    quiet_option,
    wrt_option,
)
from autodiff_cli.cli.resources import Resources
from autodiff_cli.cli.words import value_of

if TYPE_CHECKING:
    from autodiff_cli.evaluation.question import Declared, Wanted

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
    output: str | None = output_option("gradient.py")
    quiet: bool = quiet_option()


@command_of(DeriveWords, "derive", cls=ExpressionCommand, epilog=EPILOG)
def command(words: DeriveWords) -> int:
    """Print the derivative of EXPRESSION as a formula.

    The formula is text of the language itself: what is printed can be piped into autodiff @-, and gives the
    gradient. Lines that begin with # say where it holds and how it was checked.
    """
    with working(words, "derive", files=words.output is not None), ExitStack() as opened:
        _run(words, opened)
    return 0


def _run(words: DeriveWords, opened: ExitStack) -> None:
    wall = words.wall()
    valued, declared = _inputs(words.bindings, words.expression)
    wanted = _wanted(words)
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

    wide = "float64"
    question = question_of(words, valued, opened, wide)
    seed: Any = question.seed  # a text, or a file's array
    vectors = vectors_of("--hvp", words.hvp)
    wanted = wanted._replace(vectors={n: value_of(text, wide) for n, text in vectors.items()})
    confine(wall)
    used = {"max_elements": words.max_elements}
    if words.threads is not None:
        used["threads"] = words.threads
    if words.max_memory is not None:
        used["max_memory"] = used["max_bytes"] = words.max_memory
    with changed(**used):
        derivation = derive(
            question.source,
            {**question.inputs, **declared},
            wrt=question.wrt,
            seed=seed,
            wanted=wanted,
            sharing="names" if words.names else "inline" if words.inline else "auto",
            expand=words.expand,
            steps=words.steps,
            max_steps=words.max_steps,
            whole=form not in ("torch", "json") or bool(words.function),
        )
    question.answer(rendered(derivation, form, words.function))


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
