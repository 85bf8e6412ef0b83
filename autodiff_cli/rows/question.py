"""What is asked about each row of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.execute import force
from autodiff_cli.inputs import Given, value_of
from autodiff_cli.interpret.code import Compiled, compiled_text
from autodiff_cli.interpret.limits import Limits
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import started
from autodiff_cli.ir.node import Array
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
        deviations: standard deviations of inputs, by name, in the same way; asks for the result's.
        values_only: no gradients.
        dtype: the default floating dtype, which every column's numbers get.
        manual_seed: of the random generator, which every row sees at its start.
        max_elements: the most elements one tensor of a row may have.
        max_steps: the most statements a program may run for a row.
    """

    expression: Source
    given: Mapping[str, Given] = {}
    wrt: tuple[str, ...] | None = None
    seed: str | None = None
    tangents: Mapping[str, str] = {}
    deviations: Mapping[str, str] = {}
    values_only: bool = False
    dtype: str = "float32"
    manual_seed: int | None = None
    max_elements: int = 10**9
    max_steps: int = 10**8


class Weight(NamedTuple):
    """A number or an array for each row: a column of the table, or the same for all of them."""

    column: str | None
    array: Array | None


@contextmanager
def settings(question: Question) -> Iterator[None]:
    """The context in which the question's graphs are built."""
    context = started(
        dtype=dtypes.NAMES[question.dtype],
        max_elements=question.max_elements,
        limits=Limits(question.max_steps),
    )
    with context, np.errstate(all="ignore"):
        yield


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
