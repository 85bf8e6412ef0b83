"""Programs as a library runs them: a text to what it printed, and what its variables are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from autodiff_cli.books.cells import Book, Cell
from autodiff_cli.books.reading import book_of
from autodiff_cli.evaluation.interactive import beginning
from autodiff_cli.evaluation.programs import shown_value
from autodiff_cli.evaluation.result import ByInput
from autodiff_cli.evaluation.values import Tensor
from autodiff_cli.inputs import Given, bind_all, together
from autodiff_cli.interpret.limits import started_with
from autodiff_cli.program import ProgramError, unread, variables_of
from autodiff_cli.record import Record
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.tables.files import read_text
from autodiff_cli.tensors import tensor as handles

PLAIN = (Tensor, np.ndarray, bool, int, float, str, type(None))


class Ran(Record):
    """What a program did.

    Attributes:
        printed: what it printed.
        warned: what it wrote to standard error: its warnings.
        variables: the values that its names have in the end: tensors, numbers, text, and lists, tuples and
            dicts of them. What is none of these, such as a function, is left out.
        grad: the gradients of those that are leaves, as arrays.
    """

    printed: str
    warned: str
    variables: dict[str, Any]
    grad: dict[str, Any]

    def __str__(self) -> str:
        return self.printed

    def __repr__(self) -> str:
        return (
            f"<Ran: {len(self.printed)} characters printed, variables: {', '.join(self.variables)}>"
        )


def run(
    program: str | os.PathLike[str],
    inputs: Mapping[str, Given] | None = None,
    *,
    echo: bool = False,
    dtype: str = "float32",
    manual_seed: int | None = None,
    max_elements: int | None = None,
    max_steps: int = 10**8,
    threads: int | None = None,
    max_memory: int | None = None,
    **named: Given,
) -> Ran:
    """Run a program in torch syntax.

    Args:
        program: its text, or the path of a file: a program, or a notebook or a document whose
            cells are run in order.
        inputs: variables that it starts with, as `evaluate` takes them; floating ones are leaves.
        echo: whether top-level expressions print their values, as the prompt does.
        dtype: the default floating dtype.
        manual_seed: of the random generator.
        max_elements: the most elements one tensor may have.
        max_steps: the most loop turns and function calls.
        threads: the most threads to compute with; as many as there are processors if None.
        max_memory: the most bytes of memory; 8 GiB if None.
        named: further variables.

    Raises:
        ProgramError: the program ended in an error, whose traceback is its text; `printed` is what it printed
            until then.
        AutodiffError: a file or an input is wrong.
        TypeError: an input is given twice.

    >>> ran = run("y = (w - 3)**2; y.backward(); print(y.item())", w=1)
    >>> ran.printed, ran.grad["w"].item(), float(ran.variables["y"])
    ('4.0\\n', -4.0, 4.0)
    """
    given = together(inputs, named)
    settings = Settings(dtype, manual_seed, max_elements, max_steps, max_memory, threads)
    book = _book(program)
    with started_with(settings):
        unread(book.sources, given)  # refuses what would be assigned before it is read
        variables = variables_of(bind_all(given))
    out: list[str] = []
    err: list[str] = []
    streams = {"write": out.append, "complain": err.append, "variables": variables}
    with beginning(book, settings, echo, **streams)() as session:
        try:
            for source, how in book.pieces():
                session.run(source, **how)
        except ProgramError as error:
            error.printed = "".join(out)
            raise
        found = session.variables.items()
        shown = {name: _shown(value) for name, value in found if not name.startswith("__")}
        grads = {
            name: shown_value(value.grad)
            for name, value in found
            if isinstance(value, handles.Tensor) and value.is_leaf and value.grad is not None
        }
    return Ran(
        "".join(out),
        "".join(err),
        {name: value for name, value in shown.items() if _is_plain(value)},
        ByInput({name: grad.array for name, grad in grads.items()}),
    )


def _book(program: str | os.PathLike[str]) -> Book:
    """What is to be run."""
    if isinstance(program, str):
        return Book("program", (Cell(Source(program, "program")),))
    return book_of(read_text(os.fspath(program)), program)


def _shown(value: Any) -> Any:
    """A value with what a program's tensors hold in place of them, in dicts too."""
    if type(value) is dict:
        return {key: _shown(entry) for key, entry in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_shown, value))
    return shown_value(value)


def _is_plain(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, value.values()))
    return type(value) in PLAIN
