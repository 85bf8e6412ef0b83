"""What is asked about each row of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.evaluation import Asked
from autodiff_cli.execute import force
from autodiff_cli.inputs import Given, value_of
from autodiff_cli.interpret.code import Compiled, compiled_text
from autodiff_cli.ir.node import Array
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.syntax.tree import Assign
from autodiff_cli.vocabulary.creation import tensor_from


class Question(NamedTuple):
    """One expression and what to say about it for each row.

    Attributes:
        expression: in the language.
        given: the inputs that are no columns, the same for every row.
        wrt: the names of the inputs to differentiate by; None for all floating ones.
        seed: the cotangent of a result that isn't a scalar: an expression, or "@COLUMN".
        tangents: a direction for inputs, by name: expressions or "@COLUMN"; asks for the derivative along it.
        deviations: standard deviations of inputs, by name, in the same way, or computed from a row's inputs
            ("0.1*sqrt(x)"), or in per cent of the input ("5%"); by "x~y" covariances. Asks for the result's.
        covariance: a matrix of covariances of all elements of the inputs that `deviations` name, else of
            those that `wrt` names, else of the columns that the expression names.
        budget: whether what each input contributes to the deviation is asked for.
        samples: how many draws of the inputs are evaluated besides; 0 for none.
        values_only: no gradients.
        jacobian: whether that of the result by each input is asked for.
        hessian: whether that of a scalar by each two inputs is.
        vectors: what a scalar's Hessian is multiplied with, by input, as tangents are given.
        also: names that the text assigns, whose values and gradients are answers too.
        title: what the value's own column is called.
        second: whether the second derivative by each input is asked for: along ones, so of a number its own.
        settings: what each row is computed with: the dtype is that of every column's numbers, the random
            generator is as new for each.
    """

    expression: Source
    given: Mapping[str, Given] = {}
    wrt: tuple[str, ...] | None = None
    seed: str | None = None
    tangents: Mapping[str, str] = {}
    deviations: Mapping[str, str] = {}
    covariance: Array | None = None
    budget: bool = False
    samples: int = 0
    values_only: bool = False
    jacobian: bool = False
    hessian: bool = False
    vectors: Mapping[str, str] = {}
    also: tuple[str, ...] = ()
    title: str = "value"
    second: bool = False
    settings: Settings = Settings()

    @property
    def further(self) -> Asked:
        """What is asked by the same inputs as the gradients, and stands beside them."""
        return Asked(jacobian=self.jacobian, hessian=self.hessian, hvp=self.vectors)


class Weight(NamedTuple):
    """A number or an array for each row: a column of the table, or the same for all of them."""

    column: str | None
    array: Array | None


def weight(text: str, what: str, columns: Collection[str]) -> Weight:
    """The weight that an option gives.

    Args:
        text: "@COLUMN", or an expression.
        what: the option, for errors.
        columns: what there is.

    Raises:
        InputError: no such column, or no numbers.
    """
    if text.startswith("@"):
        name = text[1:]
        if name not in columns:
            raise InputError(
                f"{what} names the column '{name}'; the columns are {', '.join(columns)}"
            )
        return Weight(name, None)
    value = value_of(Source(text, what))
    try:
        array = force(tensor_from(value, None))
    except AutodiffError as error:
        raise InputError(f"{what}: {error.message}") from None
    if array.dtype.kind not in "fiu":
        raise InputError(f"{what}: {text} is not a number")
    return Weight(None, array)


def statements(source: Source) -> tuple[str, ...]:
    """The parts of an expression as they were read, or the lines of a program.

    >>> statements(Source("y = x+2;mean(y*y)"))
    ('y = x+2', 'mean(y*y)')

    Raises:
        SourceSyntaxError: the text is neither.
    """
    text = compiled_text(source)
    if not text.is_expression:
        return tuple(source.text.strip().split("\n"))
    whole = text.tree.body
    body = whole if text.last is whole[-1] else whole[:-1]
    return tuple(
        f"{source.slice(x.targets[0].span)} = {source.slice(x.value.span)}"
        if isinstance(x, Assign)
        else source.slice(x.span)
        for x in body
    )


def valued(source: Source) -> Compiled:
    """A text that has a value, compiled.

    Raises:
        SourceSyntaxError: it is no expression and no program.
        InputError: it is a program that gives nothing.
    """
    text = compiled_text(source)
    if not text.has_value:
        from autodiff_cli.interpret.ending import no_value

        raise no_value(text.tree, source)
    return text
