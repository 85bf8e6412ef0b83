"""One portion of a job's rows to one part of its output, in a process of its own: what a worker does.

It can be done again at any time, by any worker: the part takes its name when it is whole.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from autodiff_cli import __version__
from autodiff_cli.errors import AutodiffError
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Shape
from autodiff_cli.rows.engine import Engine
from autodiff_cli.rows.job import Job
from autodiff_cli.rows.table import AnswerTable, answered
from autodiff_cli.rows.total import Total, add
from autodiff_cli.rows.uniform import Uniform
from autodiff_cli.tables import line_scan, portions, writers
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.line_scan import Scan
from autodiff_cli.tables.portions import Portion, Range, Survey
from autodiff_cli.tables.rows import Column
from autodiff_cli.tables.sources import RowSource

# Its graphs' placeholders take one block of rows at a time, and so do its threads.
_one = threading.Lock()
_engines: dict[str, Engine] = {}
_stopped: set[str] = set()


class Work(NamedTuple):
    """What is the same for all parts.

    Attributes:
        run: a name that no other run has.
        job: with bindings that are values already.
        names: the columns of the first file.
        wanted: those that have to be read.
        folder: where the parts go.
        suffix: of a part.
        threads: the most threads of a worker; None: as the worker is.
    """

    run: str
    job: Job
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    folder: str
    suffix: str
    threads: int | None

    @property
    def table(self) -> portions.PortionedTable:
        job = self.job
        return portions.PortionedTable(
            job.columns, self.wanted, *job.kept(self.names), job.chunk_rows, job.chunk_bytes
        )

    def path(self, number: int) -> str:
        return os.path.join(self.folder, f"part-{number:05}{self.suffix}")


class Form(NamedTuple):
    """The shape of a column's cells in all rows, and their dtype's name."""

    shape: Shape
    dtype: str


class Done(NamedTuple):
    """What became of a portion.

    Attributes:
        rows: how many were read.
        written: how many stand in the part; there is none without rows.
        bad, non_finite: how many of the rows have no answer, or an infinity or nan in it.
        skipped: how many were left out of a sum for a nan.
        forms: the columns of the answers; None of one that is null in all rows.
        titles: the part's columns, where all parts need the same ones.
        totals: what is added up, by name.
        fault: what ends the job.
        waits: whether the part isn't written, as only other parts know its columns' shapes.
        said: what a person should know.
    """

    rows: int = 0
    written: int = 0
    bad: int = 0
    non_finite: int = 0
    skipped: int = 0
    forms: Mapping[str, Form | None] = {}
    titles: tuple[str, ...] = ()
    totals: Mapping[str, Total] = {}
    fault: AutodiffError | None = None
    waits: bool = False
    said: tuple[str, ...] = ()


class Stopped(Exception):
    """The run was given up."""


# ---- tasks --------------------------------------------------------------------------------------


def version() -> str:
    """The package's, in the process that is asked."""
    return __version__


def held(work: Work) -> Work:
    """The work itself, which all parts share; it can be handed out again if a worker with it is lost."""
    return work


def survey(work: Work, source: RowSource) -> Survey | AutodiffError:
    """How a file may be cut."""
    try:
        return portions.surveyed(source, work.table)
    except AutodiffError as error:
        return error


def scan(source: RowSource, part: Range) -> Scan | AutodiffError:
    """Where rows begin in a range of a text file."""
    try:
        return line_scan.scanned(source, part.start, part.stop, source.fields, first=part.first)
    except AutodiffError as error:
        return error


def count(work: Work, portion: Portion) -> int | AutodiffError:
    """How many rows a portion has."""
    try:
        return portions.counted(portion, work.table)
    except AutodiffError as error:
        return error


def part(
    work: Work,
    number: int,
    portion: Portion,
    limit: int | None = None,
    forms: Mapping[str, Form] | None = None,
) -> Done:
    """Answer the question for a portion's rows, and write the part.

    Args:
        number: of the part, from 0.
        limit: how many rows count, from the portion's first; None for all.
        forms: of columns that are null in all rows, as other parts have them; None if that isn't known yet.
    """
    given = {} if work.threads is None else {"threads": work.threads}
    with _one, changed(**given):
        try:
            engine = _engine(work)
            done = _done(work, engine, number, portion, limit, forms)
            return done._replace(said=tuple(engine.warned))
        except AutodiffError as error:
            return Done(fault=error)


def stop(run: str) -> None:
    """Give a run up: its parts end at their next chunk, and leave nothing."""
    _stopped.add(run)


def idle() -> bool:
    """Whether no part is being made in this process."""
    return not _one.locked()


# ---- a part -------------------------------------------------------------------------------------


def _engine(work: Work) -> Engine:
    if work.run not in _engines:
        _engines.clear()
        _engines[work.run] = Engine(work.job.question, work.names)
    return _engines[work.run]


def _done(
    work: Work,
    engine: Engine,
    number: int,
    portion: Portion,
    limit: int | None,
    forms: Mapping[str, Form] | None,
) -> Done:
    job = work.job
    done = Done()
    totals: dict[str, Total] = {}
    out = None if job.reduce else _Part(work, number, portion.source.form.name, forms)
    uniform = None
    if out is not None:
        shapes = {name: form.shape for name, form in (forms or {}).items()}
        uniform = Uniform(out.writer.demand, shapes)
    left = limit
    try:
        for chunk in portions.read(portion, work.table):
            if work.run in _stopped:
                raise Stopped
            if left == 0:
                break
            table = answered(engine, chunk, job.on_error, left, uniform, job.digits)
            if table.fault is not None:
                raise table.fault
            if out is None:
                done = done._replace(
                    skipped=done.skipped + add(totals, table.columns, job.skip_nan)
                )
            else:
                out.write(table)
            left = None if left is None else left - table.rows
            done = done._replace(
                rows=done.rows + table.rows,
                bad=done.bad + table.bad,
                non_finite=done.non_finite + table.non_finite,
            )
        if out is None:
            return done._replace(totals=totals)
        if work.run in _stopped:
            raise Stopped
        written = out.close()
    except BaseException:
        if out is not None:
            out.writer.abort()
        raise
    return done._replace(
        written=out.rows, forms=out.forms, titles=out.titles, waits=not written and out.rows > 0
    )


class _Part:
    """The output of one part, and what other parts have to agree with."""

    def __init__(
        self, work: Work, number: int, source: str, forms: Mapping[str, Form] | None
    ) -> None:
        self.path = work.path(number)
        self.writer = writers.open_writer(self.path, to=work.job.to, source=source)
        self.lines = self.writer.demand == "nothing"
        self.known = forms
        self.writer.expect({name: form.shape for name, form in (forms or {}).items()})
        self.forms: dict[str, Form | None] = {}
        self.titles: tuple[str, ...] = ()
        self.rows = 0

    def write(self, table: AnswerTable) -> None:
        rows = next(iter(table.columns.values())).count
        if not rows:
            return
        self.rows += rows
        if not self.lines:
            self._learn(table.columns)
            if not self.titles:
                self.titles = (*_names(table.kept), *table.written)
            table = table._replace(columns=self._filled(table.columns))
        self.writer.write(table.written, table.kept, read=table.rows)

    def _learn(self, columns: Mapping[str, Column]) -> None:
        for name, column in columns.items():
            if self.forms.get(name) is None:
                self.forms[name] = _form(column)

    def _filled(self, columns: dict[str, Column]) -> dict[str, Column]:
        """The columns, those of nulls alone in the form that other parts have them in."""
        if not self.known:
            return columns
        found = dict(columns)
        for name, form in self.known.items():
            column = columns[name]
            if _form(column) is None:
                values = np.zeros((column.count, *form.shape), form.dtype)
                if values.dtype.kind == "f":
                    values[:] = np.nan
                found[name] = Column(values, nulls=column.nulls)
        return found

    def close(self) -> bool:
        """Whether the part is written."""
        if self.rows and (self.known is not None or None not in self.forms.values()):
            self.writer.close()
            return True
        self.writer.abort()
        return False


def _names(kept: Kept | None) -> tuple[str, ...]:
    return () if kept is None else kept.names


def _form(column: Column) -> Form | None:
    """The form of a column's cells; None if all are null. Several shapes are the writer's to refuse."""
    if column.nulls is not None and column.nulls.all():
        return None
    if isinstance(column.values, np.ndarray):
        return Form(column.values.shape[1:], column.values.dtype.str)
    at = 0 if column.nulls is None else int(np.flatnonzero(~column.nulls)[0])
    return Form(column.values[at].shape, column.values[at].dtype.str)
