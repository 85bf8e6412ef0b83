"""What is asked about each row of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.errors import AutodiffError, InputError, SourceSyntaxError
from autodiff_cli.evaluate import IsProgram, install_hooks, parsed
from autodiff_cli.execute import force
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.code import compile_expression
from autodiff_cli.interpret.machine import Machine
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Array, state
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_expression
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
    """The state in which the question's graphs are built."""
    before = dtypes.default(), state.max_elements
    dtypes.set_default(dtypes.NAMES[question.dtype])
    state.max_elements = question.max_elements
    install_hooks()
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        dtypes.set_default(before[0])
        state.max_elements = before[1]


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
    source = Source(text, what)
    value = Machine(source, {}).run_script(parse_expression(source))
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
    try:
        script = parsed(source)
    except IsProgram:
        return tuple(source.text.strip().split("\n"))
    return (
        *(f"{a.target} = {source.slice(a.value.span)}" for a in script.assignments),
        source.slice(script.result.span),
    )


def names_in(source: Source) -> tuple[str, ...]:
    """The names that an expression or a program reads, in the order of the text.

    Raises:
        SourceSyntaxError: the text is neither.
    """
    try:
        script = parsed(source)
    except IsProgram:
        return _names_in_program(source)
    names: dict[str, None] = {}
    own: set[str] = set()
    for target, tree in [
        *((assignment.target, assignment.value) for assignment in script.assignments),
        ("", script.result),
    ]:
        try:
            code = compile_expression(tree)
        except SourceSyntaxError as error:
            error.source = source
            raise
        names.update(
            (s.argument, None) for s in code if s.action == "load" and s.argument not in own
        )
        own.add(target)
    return tuple(names)


def _names_in_program(source: Source) -> tuple[str, ...]:
    from autodiff_cli.interpret.compiler import Code
    from autodiff_cli.interpret.statements import compile_program
    from autodiff_cli.syntax import parse_program

    names: dict[str, None] = {}
    pending: list[Any] = [compile_program(parse_program(source), echo=True)]
    while pending:
        code = pending.pop()
        for step in code.steps:
            argument = getattr(step, "argument", None)
            if getattr(step, "action", None) in ("load_global", "load_class"):
                names[str(argument)] = None
            parts: Iterable[Any] = argument if isinstance(argument, tuple) else (argument,)
            pending.extend(part for part in parts if isinstance(part, Code))
    return tuple(names)
