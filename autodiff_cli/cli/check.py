"""`autodiff check`: is a gradient right, and how many of its digits?"""

from __future__ import annotations

import click

from autodiff_cli.cli.asking import Answer, AskingWords, Question, answered
from autodiff_cli.cli.commands import ExpressionCommand
from autodiff_cli.cli.options import command_of, option

DISAGREES = 3  # the exit code
EPILOG = """\b
Examples:
  autodiff check 'F.binary_cross_entropy_with_logits(x@w+b, y)' x='ones(2)' \\
      w='[[1,-1],[0,2]]' b='[0.5,0]' y='tensor([0.,1.])'
  autodiff check '(1 - cos(x))/x**2' x=0.0001
  autodiff check 'sum(abs(x))' x='[-1,0,2]'
  autodiff check 'sum(where(x>0, log(x), 0.))' x='[0,1]'
  autodiff check 'logsumexp(x, 0)' x=@x.npy --wrt x --json

\b
Exit code 0: every gradient agrees with differences. 3: one differs, isn't
finite, is at a kink, or can't be told. `autodiff run --check FILE` checks each
backward() of a program, `autodiff batch --check N` some rows of a table.
"""


class CheckWords(AskingWords):
    """The words of `autodiff check`."""

    rtol: float = option(
        "--rtol",
        type=click.FloatRange(min=0),
        default=1e-6,
        show_default=True,
        metavar="R",
        help="Relative difference that is taken for equal, as in --rtol 1e-8.",
    )
    atol: float = option(
        "--atol",
        type=click.FloatRange(min=0),
        default=1e-9,
        show_default=True,
        metavar="A",
        help="Absolute one, as in --atol 1e-12.",
    )
    directions: int = option(
        "--directions",
        type=click.IntRange(min=1),
        default=8,
        show_default=True,
        metavar="N",
        help="Along how many directions inputs of more than 64 elements are compared, as in "
        "--directions 20.",
    )


@command_of(CheckWords, "check", cls=ExpressionCommand, epilog=EPILOG)
def command(words: CheckWords) -> int:
    """Check the gradients of EXPRESSION against differences.

    Reverse mode and forward mode are compared in float64 with differences that are extrapolated to steps of 0
    and estimate their own error. Says how many digits --dtype keeps, where they are lost, and what to write
    instead; kinks; and the first number that isn't finite.
    """

    def answer(question: Question) -> Answer:
        from autodiff_cli.checking.check import check
        from autodiff_cli.checking.graph import Terms
        from autodiff_cli.checking.records import OK
        from autodiff_cli.checking.rows import Tolerance
        from autodiff_cli.render import document_json
        from autodiff_cli.render.check import document

        found = check(
            question.source,
            question.inputs,
            wrt=question.wrt,
            seed=question.seed,
            terms=Terms(Tolerance(words.rtol, words.atol), words.directions, words.dtype),
            settings=words.settings(),
        )
        code = 0 if found.verdict == OK else DISAGREES
        return Answer(document(found, words.digits), document_json.check(found), found.notes, code)

    return answered(words, "check", answer)
