"""`autodiff explain`: why a gradient is what it is, from the rules that ran."""

from __future__ import annotations

import click

from autodiff_cli.cli.asking import Answer, AskingWords, Question, answered
from autodiff_cli.cli.commands import ExpressionCommand
from autodiff_cli.cli.options import command_of, option

EPILOG = """\b
Examples:
  autodiff explain 'y = x+2; z = y*y*3; z.mean()' x='ones(2,2)'
  autodiff explain 'z = x@w+b; F.mse_loss(z, y)' x='ones(2)' w='[[1,-1],[0,2]]' \\
      b='[0.5,0]' y='tensor([0.,1.])' --wrt w,b
  autodiff explain 'y = sin(x); y*x' x=2
  autodiff explain '3*x**2' x='[1,2]' --seed '[1,1]' --jacobian
  autodiff explain 'softmax(x, 0)[0]' x='[1,2,3]' --element 2
  autodiff explain 'mean(3*(x+2)**2)' x='ones(2,2)' -o why.html

\b
Each factor is computed by the rule that runs in a backward pass; the formula
beside it is shown if it gives the same number. A gradient that ends at a name
doesn't flow on: the factors are those that one multiplies by hand.
`autodiff run --explain FILE` explains each backward() of a program.
"""


class ExplainWords(AskingWords):
    """The words of `autodiff explain`."""

    element: tuple[str, ...] = option(
        "--element",
        multiple=True,
        metavar="[NAME=]INDEX",
        help="Element whose chain rule is written out, as in --element 0,1 or --element w=0,1.  "
        "[the first]",
    )
    jacobian: bool = option(
        "--jacobian", is_flag=True, help="The Jacobian, and its product with --seed: … --jacobian."
    )
    steps: str | None = option(
        "--steps",
        type=click.Choice(["names", "operations"]),
        help="What gets a row: what the text names, or every operation, as in --steps operations.  "
        "[names, if there are any]",
    )


@command_of(ExplainWords, "explain", cls=ExpressionCommand, epilog=EPILOG)
def command(words: ExplainWords) -> int:
    """Explain the gradient of EXPRESSION: forward pass, backward pass, chain rule.

    The forward pass gives every name its value; the backward pass shows each local derivative as a formula,
    its number, and the gradient that arrives; the chain rule of one element is written out.
    """
    at = _indices(words.element)

    def answer(question: Question) -> Answer:
        from autodiff_cli.explanation.explain import explain
        from autodiff_cli.render import document_json
        from autodiff_cli.render.explanation import document

        found = explain(
            question.source,
            question.inputs,
            wrt=question.wrt,
            seed=question.seed,
            at=at,
            jacobian=words.jacobian,
            steps=words.steps or "",
            digits=words.digits,
            settings=words.settings(),
        )
        return Answer(document(found, words.digits), document_json.explanation(found), found.notes)

    return answered(words, "explain", answer)


def _indices(texts: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """The indices behind --element, by input, and by "" of all."""
    found: dict[str, tuple[int, ...]] = {}
    for text in texts:
        name, equals, index = text.rpartition("=")
        parts = [part.strip() for part in index.strip().strip("[]()").split(",") if part.strip()]
        if (equals and not name.strip().isidentifier()) or not all(map(_is_integer, parts)):
            raise click.UsageError(
                f"--element takes an index, as in --element 0,1 or --element w=0,1, not '{text}'"
            )
        found[name.strip()] = tuple(map(int, parts))
    return found


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii()
