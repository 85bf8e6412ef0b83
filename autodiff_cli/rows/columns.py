"""Columns to columns: what `autodiff batch` does with files, with arrays of the caller's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.inputs import Given, together
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.engine import Engine
from autodiff_cli.rows.job import Job, OnError
from autodiff_cli.rows.question import Question
from autodiff_cli.rows.run import begun
from autodiff_cli.rows.table import AnswerTable, answered
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.tables import readers
from autodiff_cli.tables.bad import Bad
from autodiff_cli.tables.rows import Chunk, Column
from autodiff_cli.tables.sources import resolved

Answer: TypeAlias = "Array | list[Array]"
Path: TypeAlias = "str | os.PathLike[str]"


def batch(
    expression: str,
    rows: Any,
    inputs: Mapping[str, Given] | None = None,
    *,
    wrt: Sequence[str] | None = None,
    seed: str | None = None,
    jvp: Mapping[str, str] | None = None,
    jacobian: bool = False,
    hessian: bool = False,
    hvp: Mapping[str, str] | None = None,
    propagate: Mapping[str, str] | None = None,
    covariance: Any = None,
    budget: bool = False,
    monte_carlo: int = 0,
    also: Sequence[str] = (),
    grad: bool = True,
    on_error: OnError = "fail",
    dtype: str | None = None,
    manual_seed: int | None = None,
    max_elements: int | None = None,
    max_steps: int = 10**8,
    threads: int | None = None,
    **named: Given,
) -> dict[str, Answer]:
    """The value and the gradients of an expression for every row of a table.

    Args:
        expression: in the language. The columns that it names are its inputs.
        rows: a mapping of columns, each an array or list whose first axis is the rows; a frame of pandas or
            polars; a list of rows, each a mapping; or the path of a file that `autodiff batch` reads, or a
            list of paths.
        inputs: what is the same for every row, as `evaluate` takes it.
        wrt: names of the inputs to differentiate by; all floating ones if None.
        seed: the cotangent of a result that is no scalar: an expression, or "@COLUMN".
        jvp: a direction by input, in the same way: asks for the derivative along it.
        jacobian: whether to give every element of the result by every element of each input.
        hessian: whether to give the second derivatives of a scalar by each two inputs.
        hvp: vectors by input, as directions: asks for the Hessian's product with them.
        propagate: standard deviations by input, in the same way, or computed from a row's inputs
            ("0.1*sqrt(x)", "5%"); by "x~y" their covariances: asks for the result's.
        covariance: a matrix of covariances of all elements of the inputs that `propagate` names, else `wrt`,
            else of the columns that the expression names: asks for it, too.
        budget: whether to give what each input contributes to it.
        monte_carlo: how many draws of the inputs to evaluate besides.
        also: names that the text assigns, whose values and gradients are wanted too.
        grad: whether to compute gradients.
        on_error: what becomes of a row that has no answer: "fail" raises its error, "skip" leaves it out, and
            "null" keeps it, with nan (0 of integers) for an answer and its error in a column `error`.
        dtype: of all numbers; None: float64 if a column is, or for a file, else float32.
        manual_seed: of the random generator, which is as new for each row.
        max_elements: the most elements one tensor of a row may have.
        max_steps: the most loop turns and function calls of a program, for a row.
        threads: the most threads to compute with; as many as there are processors if None.
        named: further inputs that are the same for every row.

    Returns:
        "value", "grad_NAME" for each input, NAME and "grad_NAME_INPUT" of `also`, "jvp", "jac_NAME",
        "hess_NAME_NAME", "hvp_NAME", "sigma", "sigma_NAME", "mean_mc", "sigma_mc" and "error" where they are
        asked for: arrays whose first axis is the rows, lists of arrays where the rows' shapes differ.

    Raises:
        AutodiffError: the expression, a column, an input or, with "fail", a row is wrong.
        TypeError: `rows` is none of these; an input is given twice.

    >>> found = batch("x*y", {"x": [1, 2, 3], "y": [4, 5, 6]})
    >>> found["value"].tolist(), found["grad_x"].tolist()
    ([4.0, 10.0, 18.0], [4.0, 5.0, 6.0])
    """
    paths = _paths(rows)
    columns = {} if paths else _columns(rows)
    settings = Settings(
        dtype or _widest(columns, paths), manual_seed, max_elements, max_steps, None, threads
    )
    question = Question(
        Source(expression),
        together(inputs, named),
        wrt=None if wrt is None else tuple(wrt),
        seed=seed,
        tangents=jvp or {},
        deviations=propagate or {},
        covariance=None if covariance is None else np.asarray(covariance, np.float64),
        budget=budget,
        samples=monte_carlo,
        jacobian=jacobian,
        hessian=hessian,
        vectors=hvp or {},
        also=tuple(also),
        values_only=not grad,
        settings=settings,
    )
    if on_error not in ("fail", "skip", "null"):
        raise InputError(f"on_error is 'fail', 'skip' or 'null', not {on_error!r}")
    if paths:
        job = Job(question, resolved(paths), on_error=on_error)
        engine = begun(job)
        chunks = readers.read(
            job.sources, columns=None, wanted=engine.wanted, chunk_bytes=job.chunk_bytes
        )
    else:
        engine = Engine(question, tuple(columns))
        chunks = _one(engine, columns)
    tables = []
    for chunk in chunks:
        tables.append(answered(engine, chunk, on_error))
        if (fault := tables[-1].fault) is not None:
            raise fault
    return _joined(engine, tables)


def _paths(rows: Any) -> list[str]:
    """The files that rows stand in; none if they are here."""
    given = [rows] if isinstance(rows, (str, os.PathLike)) else rows
    if isinstance(given, list) and all(isinstance(path, (str, os.PathLike)) for path in given):
        return [os.fspath(path) for path in given]
    return []


def _columns(rows: Any) -> dict[str, Any]:
    """The columns of a mapping, a frame or a list of rows.

    Raises:
        TypeError: it is none of these.
        InputError: rows have other names than the first, or columns another length.
    """
    if isinstance(rows, Mapping):
        found = dict(rows)
    elif hasattr(rows, "columns"):
        found = {str(name): rows[name] for name in rows.columns}
    elif isinstance(rows, Sequence) and rows and all(isinstance(row, Mapping) for row in rows):
        names = list(rows[0])
        for number, row in enumerate(rows, 1):
            if set(row) != set(names):
                raise InputError(f"row {number} has not the names of the first: {', '.join(names)}")
        found = {name: [row[name] for row in rows] for name in names}
    else:
        raise TypeError(
            f"rows are a mapping of columns, a frame, a list of mappings, or paths, not {type(rows).__name__}"
        )
    return found


def _widest(columns: Mapping[str, Any], paths: Sequence[str]) -> str:
    kinds = [getattr(column, "dtype", None) for column in columns.values()]
    wide = bool(paths) or any(str(kind).lower() == "float64" for kind in kinds)
    return "float64" if wide else "float32"


def _one(engine: Engine, columns: Mapping[str, Any]) -> Iterator[Chunk]:
    """The rows of columns, as one chunk."""
    wanted = {name: _column(name, columns[name]) for name in engine.wanted}
    if not wanted:
        raise InputError(
            f"the expression names no column; the columns are {', '.join(columns) or 'none'}"
        )
    counts = {name: column.count for name, column in wanted.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise InputError(f"columns have different numbers of rows: {said}")
    count = next(iter(counts.values()))
    if count:
        yield Chunk("the table", 1, count, wanted, Bad(), None, tuple(columns))


def _column(name: str, given: Any) -> Column:
    """A column of numbers; of rows of several shapes, an array for each."""
    try:
        values = np.asarray(given)
    except ValueError:  # rows of several shapes
        values = np.asarray(None)
    if values.ndim and values.dtype.kind in "fiub":
        return Column(values)
    if isinstance(given, (list, tuple)):
        cells = [np.asarray(cell) for cell in given]
        if all(cell.dtype.kind in "fiub" for cell in cells):
            return Column(cells)
    raise InputError(f"the column '{name}' is no column of numbers, one for each row")


def _joined(engine: Engine, tables: Sequence[AnswerTable]) -> dict[str, Answer]:
    """The answers of all rows."""
    if not tables:
        return {name: np.zeros(0) for name in engine.names}
    found: dict[str, Answer] = {}
    for name in tables[0].written:
        columns = [table.written[name] for table in tables]
        pieces = [
            _values(c) if isinstance(c, Column) else np.array(c.texts, object) for c in columns
        ]
        alike = {p.shape[1:] for p in pieces if isinstance(p, np.ndarray)}
        if len(alike) == 1 and all(isinstance(piece, np.ndarray) for piece in pieces):
            found[name] = np.concatenate(pieces)
        else:
            found[name] = [cell for piece in pieces for cell in piece]
    return found


def _values(column: Column) -> Answer:
    """A column's values, nan where a row has none."""
    values = column.values
    if column.nulls is not None and isinstance(values, np.ndarray) and values.dtype.kind == "f":
        values = values.copy()
        values[column.nulls] = np.nan
    return values
