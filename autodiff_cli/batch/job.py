"""Files to files: reading, computing and writing at the same time, and what to do with bad rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Literal, NamedTuple

import numpy as np

from autodiff_cli.batch.engine import Answers, Engine
from autodiff_cli.batch.question import Question
from autodiff_cli.batch.total import Total
from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.tables import readers, resume, writers
from autodiff_cli.tables.ahead import Behind, ahead
from autodiff_cli.tables.rows import Chunk, Column, RowError, TextColumn


class Job(NamedTuple):
    """A question, the table that it is asked of, and where the answers go.

    Attributes:
        question: what is asked about each row.
        paths: files, globs, or "-"; none is standard input.
        format: of the files; None tells it from the names.
        columns: names for the columns, as `tables.readers.read` takes them.
        output: a file; None is standard output.
        to: the format of the answers; None is the output's, or the input's.
        on_error: what a bad row does: ends the job, is left out, or stays without an answer.
        keep: whether the input's columns stand beside the answers.
        reduce: one answer for all rows: their sum or their mean.
        limit: the most rows to read.
        resume: whether to go on where an interrupted job of the same words stopped.
        words: the question and the options, to know the same job by.
    """

    question: Question
    paths: tuple[str, ...] = ()
    format: str | None = None
    columns: tuple[str, ...] | None = None
    output: str | None = None
    to: str | None = None
    on_error: Literal["fail", "skip", "null"] = "fail"
    keep: bool = False
    reduce: Literal["sum", "mean"] | None = None
    limit: int | None = None
    resume: bool = False
    words: Mapping[str, str] = {}


class Counts(NamedTuple):
    """What a job did: rows read, without those of an interrupted job before, bad and non-finite ones."""

    rows: int
    bad: int
    non_finite: int
    resumed: int


class Verdict(NamedTuple):
    """Which rows of a chunk are written.

    Attributes:
        offsets: of the rows to write.
        errors: the `error` column, if bad rows stay.
        bad: how many rows are bad.
        fault: what ends the job behind these rows.
    """

    offsets: Array
    errors: TextColumn | None
    bad: int
    fault: AutodiffError | None


def begun(job: Job, warn: Callable[[str], None]) -> Engine:
    """The engine for the job's table.

    Raises:
        InputError: the table lacks what the expression needs, or has a column of an answer's name.
    """
    names = readers.header(job.paths, format=job.format, columns=job.columns)
    engine = Engine(job.question, names, warn)
    if not engine.asked.inputs:
        raise InputError(
            f"the expression names no column; the columns are {', '.join(names)}",
            hint="--columns names or renames them",
        )
    own = [*engine.names, *(["error"] if job.on_error == "null" else [])]
    twice = [name for name in names if name in own]
    if job.keep and twice:
        raise InputError(
            f"--keep: the table has a column '{twice[0]}', and so have the answers",
            hint=f"rename it: --columns old_{twice[0]}={twice[0]}",
        )
    return engine


def run(
    job: Job, moved: Callable[[int], None], warn: Callable[[str], None]
) -> Counts:
    """Answer the question for every row, and write the answers in the order of the rows.

    Args:
        job: what to do.
        moved: called with how many rows were finished more.
        warn: called with what a person should know.

    Raises:
        AutodiffError: the expression, a file or, if bad rows end the job, a row; the answers for the rows
            before it are written.
    """
    engine = begun(job, warn)
    progress = resume.begin(job.output, job.words) if job.resume and job.output else None
    skip = 0 if progress is None else progress.rows
    left = None if job.limit is None else max(0, job.limit - skip)
    chunks = readers.read(
        job.paths,
        format=job.format,
        columns=job.columns,
        wanted=engine.wanted,
        kept="all" if job.keep and job.reduce is None else None,
        chunk_rows=left or None,
        skip=skip,
    )
    source = readers.format_name(job.paths, job.format)
    writer = Behind(writers.open_writer(job.output, to=job.to, source=source, resume=progress))
    counts = Counts(0, 0, 0, skip)
    totals: dict[str, Total] = {}
    try:
        with closing(ahead(_limited(chunks, left))) as coming:
            for chunk, count in coming:
                answers = engine.answers(chunk.columns, chunk.count, _without(chunk, count))
                verdict = _judged(job, chunk, count, answers)
                if job.reduce is None:
                    _write(writer, chunk, count, answers, verdict)
                elif verdict.fault is None:
                    _add(totals, answers, verdict.offsets)
                if verdict.fault is not None:
                    raise verdict.fault
                counts = Counts(
                    counts.rows + count,
                    counts.bad + verdict.bad,
                    counts.non_finite + answers.non_finite,
                    skip,
                )
                moved(count)
        if job.reduce is not None:
            writer.write(
                {
                    name: Column(total.result(job.reduce == "mean")[None])
                    for name, total in totals.items()
                }
            )
        writer.close()
    except BaseException:
        writer.abort()
        raise
    return counts


def _limited(chunks: Iterator[Chunk], left: int | None) -> Iterator[tuple[Chunk, int]]:
    """The chunks up to a number of rows, each with how many of its rows count."""
    for chunk in chunks:
        if left is None:
            yield chunk, chunk.count
            continue
        if left > 0:
            yield chunk, min(left, chunk.count)
        left -= chunk.count
        if left <= 0:
            return


def _without(chunk: Chunk, count: int) -> list[int]:
    """The offsets of rows that aren't computed: bad ones, and those past the limit."""
    return [*chunk.bad, *range(count, chunk.count)]


def _judged(job: Job, chunk: Chunk, count: int, answers: Answers) -> Verdict:
    """What to write of a chunk, and whether to go on."""
    bad: dict[int, RowError | AutodiffError] = dict(answers.faults)
    bad |= {at: error for at, error in chunk.bad.items() if at < count}
    everything = np.arange(count)
    if job.on_error == "fail":
        if not bad:
            return Verdict(everything, None, 0, None)
        first = min(bad)
        return Verdict(everything[:first], None, 1, _fault(bad[first], chunk, first))
    if job.on_error == "skip" or job.reduce is not None:
        good = np.setdiff1d(everything, list(bad), assume_unique=True) if bad else everything
        return Verdict(good, None, len(bad), None)
    texts = [None] * count
    for at, error in bad.items():
        texts[at] = _text(error, chunk, at)  # type: ignore[call-overload]
    return Verdict(everything, TextColumn(texts), len(bad), None)


def _place(chunk: Chunk, offset: int) -> str:
    return f"{chunk.file}, row {chunk.start + offset}"


def _fault(error: RowError | AutodiffError, chunk: Chunk, offset: int) -> AutodiffError:
    """The error that ends the job, with the row's place."""
    if isinstance(error, RowError):
        return error.fault()
    error.message = f"{_place(chunk, offset)}: {error.message}"
    return error


def _text(error: RowError | AutodiffError, chunk: Chunk, offset: int) -> str:
    """The error in one line."""
    if isinstance(error, RowError):
        return error.text()
    message = " ".join(error.message.split())
    return f"{_place(chunk, offset)}: {error.kind}: {message}"


def _write(
    writer: Behind, chunk: Chunk, count: int, answers: Answers, verdict: Verdict
) -> None:
    """Write the answers of the rows that stay; rows that don't are finished all the same."""
    offsets = verdict.offsets
    table: dict[str, Column | TextColumn] = {}
    kept = chunk.kept
    if len(offsets) == chunk.count:
        table.update(answers.columns)
    else:
        table.update({name: column.take(offsets) for name, column in answers.columns.items()})
        kept = None if kept is None else kept.take(offsets)
    if verdict.errors is not None:
        table["error"] = verdict.errors
    if verdict.fault is not None:
        count = len(offsets)
    writer.write(table, kept, read=count)


def _add(totals: dict[str, Total], answers: Answers, offsets: Array) -> None:
    """Add a chunk's rows to the totals."""
    for name, column in answers.columns.items():
        total = totals.setdefault(name, Total(name))
        rows = column.take(offsets)
        if isinstance(rows.values, list):
            for row in rows.values:
                total.add(row[None])
        else:
            total.add(rows.values)
