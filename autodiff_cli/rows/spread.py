"""Files to a folder of parts by the workers of a Dask cluster: the same rows as `run`, whatever their number.

Files are cut into portions of whole rows, whose size doesn't depend on the workers. A worker makes a part of
a portion; a part of a worker that was lost is made by another. What is said of all rows, sums and faults
included, is put together in the order of the rows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.ir.node import Node
from autodiff_cli.rows import part as parts
from autodiff_cli.rows.cluster import Cluster, ClusterFault, Tasks, connected
from autodiff_cli.rows.engine import Engine
from autodiff_cli.rows.folder import Folder
from autodiff_cli.rows.gathered import Gathered
from autodiff_cli.rows.job import Job, Summary
from autodiff_cli.rows.part import Done, Work
from autodiff_cli.rows.run import begun
from autodiff_cli.rows.total import Total, result
from autodiff_cli.tables import formats, portions, writers
from autodiff_cli.tables.portions import Portion
from autodiff_cli.tables.sources import RowSource

T = TypeVar("T")


def _ignore(*what: object) -> None:
    pass


def run(
    job: Job,
    cluster: Cluster,
    moved: Callable[[int, float], None] = _ignore,
    warn: Callable[[str], None] = _ignore,
) -> Summary:
    """Answer the question for every row, and write the answers as parts into the job's output, a folder.

    Args:
        job: what to do; with `reduce` and without an output, the one row goes to standard output.
        cluster: where.
        moved: called with how many rows are finished, and which share of the parts.
        warn: called with what a person should know, once for each text.

    Raises:
        AutodiffError: as `batch.run.run`, and if the cluster fails; whole parts stay for `resume`.
    """
    portions.check(job.sources)
    engine = begun(job, warn)
    folder = None if job.output is None else Folder(job.output, job.words, job.resume)
    if folder is not None and folder.complete is not None:
        return Summary(0, 0, 0, int(folder.complete["rows"]))
    work = _work(job, cluster, engine, folder)
    try:
        with connected(cluster) as client:
            tasks = Tasks(client, work, warn)
            try:
                return _run(tasks, engine, folder, job.sources, cluster, moved, warn)
            except BaseException:  # Ctrl-C too
                tasks.stop()
                raise
    finally:
        if folder is not None:
            folder.tidy()


def _work(job: Job, cluster: Cluster, engine: Engine, folder: Folder | None) -> Work:
    """What workers need: bindings are computed here once, and the random numbers are the same everywhere."""
    given = dict(job.question.given)
    for name, value in engine.asked.fixed.items():
        if isinstance(value, Node):
            given[name] = np.asarray(value.value)
    seed = job.question.settings.manual_seed
    if seed is None:
        seed = int.from_bytes(os.urandom(7), "little") >> 3
    settings = job.question.settings.replaced(manual_seed=seed)
    question = job.question._replace(given=given, settings=settings)
    threads = cluster.threads or (1 if cluster.scheduler is None else None)
    return Work(
        uuid4().hex,
        job._replace(question=question, sources=(), words={}, to=job.form),
        engine.columns,
        engine.wanted,
        "" if folder is None else folder.path,
        "" if folder is None else _suffix(job.form, folder.path),
        threads,
    )


def _suffix(name: str, folder: str) -> str:
    """Of the parts: their format, compressed if the folder's name says so."""
    ending = os.path.splitext(folder)[1].lower()
    suffix = f".{name}{ending if ending in formats.COMPRESSIONS else ''}"
    formats.of_path(f"part{suffix}", None)  # raises for what can't be written
    return suffix


def _run(
    tasks: Tasks,
    engine: Engine,
    folder: Folder | None,
    sources: Sequence[RowSource],
    cluster: Cluster,
    moved: Callable[[int, float], None],
    warn: Callable[[str], None],
) -> Summary:
    job = tasks.work.job
    cut = _cut(tasks, sources, cluster.part_bytes, job.limit)
    gathered = Gathered(warn)
    done: dict[int, Done] = {}
    if folder is not None:
        digest = hashlib.sha256(repr(cut).encode()).hexdigest()
        for number in list(folder.done):
            if folder.done[number].written and not os.path.exists(tasks.work.path(number)):
                del folder.done[number]
        folder.begin(digest)
        done |= folder.done
    resumed = sum(old.rows for old in done.values())
    for number, old in sorted(done.items()):
        gathered.take(number, old)
    rows = 0
    numbers = [number for number in range(len(cut)) if number not in done]
    waiting = []
    calls = {number: (number, *cut[number]) for number in numbers}
    for number, found in tasks.results(parts.part, calls):
        if found.fault is not None:
            tasks.cancel(lambda other, number=number: other > number)  # type: ignore[misc]
        elif found.waits:
            waiting.append(number)
        elif folder is not None:
            _finished(folder, tasks.work, number, found)
        gathered.take(number, found)
        rows += found.rows
        moved(rows, (len(gathered.done) - len(waiting)) / len(cut))
    if waiting and folder is not None:
        forms = gathered.forms
        again = {number: (number, *cut[number], forms) for number in waiting}
        for number, found in tasks.results(parts.part, again):
            if found.fault is not None:
                raise found.fault
            _finished(folder, tasks.work, number, found)
    if job.reduce is not None:
        _write_reduced(job, engine, folder, tasks.work, gathered.totals, sources[0].form.name)
    summary = gathered.summary
    if folder is not None:
        written = [n for n, found in sorted(gathered.done.items()) if found.written]
        names = [os.path.basename(tasks.work.path(n)) for n in ([0] if job.reduce else written)]
        folder.succeed({**summary._asdict(), "parts": names})
    return summary._replace(rows=summary.rows - resumed, resumed=resumed)


def _finished(folder: Folder, work: Work, number: int, done: Done) -> None:
    """A part is finished: note it."""
    if done.written and not os.path.exists(work.path(number)):
        raise ClusterFault(
            f"a worker has written '{work.path(number)}', and it isn't there",
            hint="the output has to be a folder that this machine and all workers share",
        )
    folder.add(number, done)


def _write_reduced(
    job: Job,
    engine: Engine,
    folder: Folder | None,
    work: Work,
    totals: Mapping[str, Total],
    source: str,
) -> None:
    path = None if folder is None else work.path(0)
    writer = writers.open_writer(path, to=job.to, source=source)
    try:
        writer.write(result(totals, engine.names, job.reduce == "mean", job.digits))
        writer.close()
    except BaseException:
        writer.abort()
        raise


# ---- how the files are cut -----------------------------------------------------------------------


def _cut(
    tasks: Tasks, sources: Sequence[RowSource], size: int, limit: int | None
) -> list[tuple[Portion, int | None]]:
    """The portions of all files, each with how many of its rows count.

    Raises:
        InputError: a file can't be read, or lacks a column.
    """
    looks = _all(tasks, parts.survey, {n: (source,) for n, source in enumerate(sources)})
    spans = {
        number: portions.ranges(survey, size)
        for number, survey in enumerate(looks)
        if survey.size > size or (survey.size and limit is not None)
    }
    flat = [(number, span) for number, found in spans.items() for span in found]
    calls = {at: (sources[number], span) for at, (number, span) in enumerate(flat)}
    scans = _all(tasks, parts.scan, calls, shared=False)
    found = [
        portion
        for number, survey in enumerate(looks)
        for portion in portions.portions(
            survey, [scan for (n, _), scan in zip(flat, scans) if n == number], size
        )
    ]
    return _limited(tasks, found, limit)


def _limited(
    tasks: Tasks, found: Sequence[Portion], limit: int | None
) -> list[tuple[Portion, int | None]]:
    """The portions that hold the first rows, and how many of each."""
    if limit is None:
        return [(portion, None) for portion in found]
    counts = _all(tasks, parts.count, {n: (portion,) for n, portion in enumerate(found)})
    chosen: list[tuple[Portion, int | None]] = []
    for portion, rows in zip(found, counts):
        if limit > 0:
            chosen.append((portion, min(rows, limit)))
        limit -= rows
    return chosen


def _all(
    tasks: Tasks,
    call: Callable[..., T | AutodiffError],
    calls: Mapping[int, tuple[Any, ...]],
    shared: bool = True,
) -> list[T]:
    """All results in order; the first error, if there is one."""
    found = dict(tasks.results(call, calls, shared))
    ordered = []
    for number in calls:
        one = found[number]
        if isinstance(one, AutodiffError):
            raise one
        ordered.append(one)
    return ordered
