"""Files to files: reading, computing and writing at the same time."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import count

from autodiff_cli.errors import InputError
from autodiff_cli.interpret.suggest import typed
from autodiff_cli.rows.engine import Engine
from autodiff_cli.rows.job import Job, Summary
from autodiff_cli.rows.table import answered, table_of_none
from autodiff_cli.rows.total import Total, add, result
from autodiff_cli.rows.uniform import Uniform
from autodiff_cli.tables import formats, readers, resume, writers
from autodiff_cli.tables.ahead import Behind, ahead
from autodiff_cli.tables.doors import check_once, check_outputs
from autodiff_cli.tables.resume import Progress
from autodiff_cli.tables.rows import Chunk
from autodiff_cli.tables.sources import RowSource
from autodiff_cli.tables.writing import Writer, no_rows


def _ignore(*what: object) -> None:
    pass


def begun(job: Job, warn: Callable[[str], None] = _ignore) -> Engine:
    """The engine for the job's table, all of whose files have been looked at that can be without waiting.

    Raises:
        AutodiffError: the expression or an option is wrong; a file lacks what the expression needs, or has a
            column of an answer's name; kept columns that don't fit beside each other.
    """
    patient = job.keep and job.form != "jsonl"
    names = readers.header(job.sources[0], columns=job.columns, patient=patient)
    if not names:
        raise InputError(
            f"{job.sources[0].name} has no columns", hint="its first objects have no keys"
        )
    engine = Engine(job.question, names, warn)
    if not engine.asked.inputs:
        raise InputError(
            f"the expression names no column; the columns are {', '.join(names)}",
            hint=_how_to_name(names),
        )
    kept, closed = job.kept(names)
    others = readers.check(
        job.sources[1:],
        columns=job.columns,
        wanted=engine.wanted,
        kept=kept,
        closed=closed,
        chunk_bytes=job.chunk_bytes,
    )
    for source, found in [(job.sources[0], names), *others]:
        if job.keep:
            _check_names(job, engine, source, found)
    return engine


def _how_to_name(columns: Sequence[str]) -> str:
    """How an expression can name columns."""
    odd = next((name for name in columns if not name.isidentifier()), None)
    if odd is None:
        return "--columns names or renames them"
    return f"write {typed(odd)} in backticks, or rename it: --columns x={shlex.quote(odd)}"


def _check_names(job: Job, engine: Engine, source: RowSource, names: Sequence[str]) -> None:
    """Refuse columns that can't stand beside the answers."""
    own = [*engine.names, *(["error"] if job.on_error == "null" else [])]
    twice = [name for name in names if name in own]
    if twice:
        raise InputError(
            f"--keep: {source.name} has a column '{twice[0]}', and so have the answers",
            hint=f"rename it: --columns old_{twice[0]}={twice[0]}",
        )


def needs_files(job: Job) -> bool:
    """Whether files are made on the way, besides the output: by formats that aren't text."""
    first = job.sources[0]
    streams = [source for source in job.sources if not source.lasts]
    return job.form not in formats.TEXT or any(
        source is not first or source.form.name not in formats.TEXT for source in streams
    )


def run(
    job: Job,
    moved: Callable[[int, float], None] = _ignore,
    warn: Callable[[str], None] = _ignore,
    ready: Callable[[], object] = lambda: None,
) -> Summary:
    """Answer the question for every row, and write the answers in the order of the rows.

    Args:
        job: what to do.
        moved: called with how many rows are finished, and which share of the input; 0 if nobody knows.
        warn: called with what a person should know, once for each text.
        ready: called when the output is open, and before the expression is looked at.

    Raises:
        AutodiffError: the expression, a file or, if bad rows end the job, a row; the answers for the rows
            before it are written.
    """
    doors = [source.door for source in job.sources]
    check_once(doors)
    check_outputs({"the output": job.output}, doors)
    source = job.sources[0].form.name
    progress = None
    if job.resume and job.output:
        writers.check_resumable(job.output, job.to, source)
        progress = resume.begin(job.output, job.words)
    writer = writers.open_writer(job.output, to=job.to, source=source, resume=progress)
    try:
        ready()
        engine = begun(job, warn)
    except BaseException:  # Ctrl-C too
        writer.abort()
        raise
    return _answered(job, engine, writer, progress, moved)


def _within(chunk: Chunk, before: int, moved: Callable[[int, float], None]) -> Callable[[], None]:
    """What is called with each row of a chunk that is computed by itself."""
    rows = count(1)
    begun, ended = chunk.share

    def turned() -> None:
        row = next(rows)
        moved(before + row, begun + (ended - begun) * row / chunk.count)

    return turned


def _answered(
    job: Job,
    engine: Engine,
    opened: Writer,
    progress: Progress | None,
    moved: Callable[[int, float], None],
) -> Summary:
    """Read, compute and write all rows."""
    source = job.sources[0].form.name
    done = Summary(0, 0, 0, 0 if progress is None else progress.rows)
    left = None if job.limit is None else max(0, job.limit - done.resumed)
    bounds = [rows for rows in (left, job.chunk_rows) if rows]
    kept, closed = job.kept(engine.columns)
    chunks = readers.read(
        job.sources,
        columns=job.columns,
        wanted=engine.wanted,
        kept=kept,
        closed=closed,
        chunk_rows=min(bounds, default=None),
        chunk_bytes=job.chunk_bytes,
        skip=done.resumed,
        skipped=None if progress is None else progress.skipped,
    )
    totals: dict[str, Total] = {}
    skipped = 0
    uniform = Uniform("nothing" if job.reduce else opened.demand)
    writer = Behind(opened)
    try:
        with closing(ahead(chunks)) as coming:
            while left is None or left > 0:
                chunk = next(coming, None)
                if chunk is None:
                    break
                engine.turned = _within(chunk, done.rows, moved)
                table = answered(engine, chunk, job.on_error, left, uniform, job.digits)
                if progress is not None:
                    progress.read(chunk, table.rows)
                if job.reduce is None:
                    writer.write(table.written, table.kept, read=table.rows)
                elif table.fault is None:
                    skipped += add(totals, table.columns, job.skip_nan)
                if table.fault is not None:
                    if done.rows + table.rows:
                        writer.cut_off()
                    raise table.fault
                left = None if left is None else left - table.rows
                done = Summary(
                    done.rows + table.rows,
                    done.bad + table.bad,
                    done.non_finite + table.non_finite,
                    done.resumed,
                    skipped,
                )
                moved(done.rows, chunk.share[1])
        if job.reduce is not None:
            writer.write(result(totals, engine.names, job.reduce == "mean", job.digits))
        elif not done.rows and not done.resumed and source in ("csv", "tsv"):
            empty = table_of_none(engine, job.on_error, job.keep)
            writer.write(empty.written, empty.kept)
        elif not done.rows and not done.resumed:
            kept = engine.columns if job.keep else ()
            errors = ["error"] if job.on_error == "null" else []
            writer.write(no_rows([*kept, *engine.names, *errors]))
        writer.close()
    except BaseException:
        writer.abort()
        raise
    return done
