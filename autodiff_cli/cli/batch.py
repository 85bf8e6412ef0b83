"""`autodiff batch`: the value and the sensitivities of an expression for every row of a table."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from autodiff_cli.cli.color import LABEL, painter, wanted
from autodiff_cli.cli.commands import ExpressionCommand, show_notices
from autodiff_cli.cli.options import (
    argument,
    color_option,
    command_of,
    digits_option,
    option,
    quiet_option,
    wrt_option,
)
from autodiff_cli.cli.resources import dtype_option, manual_seed_option, size_option
from autodiff_cli.cli.table_words import TableWords
from autodiff_cli.cli.words import PATH
from autodiff_cli.errors import AutodiffError

if TYPE_CHECKING:
    from autodiff_cli.rows.cluster import Cluster
    from autodiff_cli.rows.job import Job, OnError, Reduce, Summary

FORMATS = ("csv", "tsv", "jsonl", "npy", "npz", "parquet", "arrow")

EPILOG = """\b
Examples:
  autodiff batch 'S*exp(-r*T)' prices.csv
  autodiff batch 'sum((x*w)**2)' rows.jsonl w='[1,2,3]' --output out.jsonl
  zcat log.csv.gz | autodiff batch 'log(x)' --format csv --keep | head
  autodiff batch 'x*y' m.csv --propagate 'x=0.1,y=@sigma_y' --values-only
  autodiff batch 'mean((x@w-y)**2)' train.jsonl w=@w.npy --wrt w --reduce mean
  autodiff batch 'S*exp(-r*T)' prices.csv --wrt T --hessian
  autodiff batch 'S*exp(-r*T)' prices.csv --check 20

\b
The columns that the expression names are its inputs; NAME=VALUE binds the rest,
the same for every row. FILE is .csv, .tsv, .jsonl, .npy, .npz, .parquet or .arrow,
with .gz, .bz2, .xz or .zst behind it, a quoted pattern such as 'day-*.csv', a pipe such as
<(COMMAND), or - (standard input, which is also what is read without a FILE).
The answers are the columns value and grad_NAME, and what options ask for. Messages and the progress bar
go to standard error.
"""


class BatchWords(TableWords):
    """The words of `autodiff batch`."""

    expression: str = argument("EXPRESSION")
    bindings: tuple[str, ...] = argument("[FILE|-|NAME=VALUE]...", nargs=-1)
    format: str | None = option(
        "--format",
        type=click.Choice(FORMATS),
        help="Format of the rows, as in --format csv.  [by suffix; a pipe by its first bytes]",
    )
    to: str | None = option(
        "--to",
        type=click.Choice(FORMATS),
        help="Format of the answers, as in --to jsonl.  [by --output's suffix, or as the input]",
    )
    output: str | None = option(
        "--output",
        "-o",
        type=PATH,
        metavar="FILE",
        help="Write here instead of standard output, whole or not at all: --output out.csv; "
        "with --engine dask a folder.",
    )
    columns: str | None = option(
        "--columns",
        metavar="NAMES",
        help="Names of the columns of a file without a header, --columns S,K,T, or new names: "
        "--columns S=spot,K=strike.",
    )
    keep: bool = option(
        "--keep", is_flag=True, help="Pass the input's columns through: … --keep | mlr …."
    )
    values_only: bool = option(
        "--values-only", is_flag=True, help="No gradients: 'x*x' x.csv --values-only."
    )
    wrt: tuple[str, ...] = wrt_option("S,sigma")
    seed: str | None = option(
        "--seed",
        metavar="VECTOR|@COLUMN",
        help="Cotangent of a result that is no scalar: --seed '[1,0]', or --seed @v for a row's own.",
    )
    jvp: tuple[str, ...] = option(
        "--jvp",
        multiple=True,
        metavar="NAME=VECTOR,...",
        help="The derivative along a direction, in a column jvp: --jvp 'x=[1,0],t=@dt'.",
    )
    jacobian: bool = option(
        "--jacobian",
        is_flag=True,
        help="Every element of the result by every element of each input, in columns jac_x: "
        "'A@x' rows.jsonl --jacobian.",
    )
    hessian: bool = option(
        "--hessian",
        is_flag=True,
        help="Second derivatives of a scalar by each two inputs, in columns hess_x_y: "
        "'x**3*y' x.csv --wrt x --hessian.",
    )
    hvp: tuple[str, ...] = option(
        "--hvp",
        multiple=True,
        metavar="NAME=VECTOR,...",
        help="A scalar's Hessian times a vector, in columns hvp_x; inputs that aren't named have "
        "zeros: --hvp 'x=[1,0],t=@dt'.",
    )
    propagate: tuple[str, ...] = option(
        "--propagate",
        multiple=True,
        metavar="NAME=SIGMA,...",
        help="The result's standard deviation from those of inputs, to first order, in a column sigma; "
        "in per cent, computed, or with covariances x~y: --propagate 'x=0.1,y=@sigma_y,z=5%,x~y=0.001'.",
    )
    covariance: tuple[str, ...] = option(
        "--covariance",
        multiple=True,
        metavar="FILE|NAME~NAME=C,...",
        help="The same from a matrix of covariances of the inputs that --propagate names, else --wrt, else "
        "the text, or of pairs of them: --covariance cov.npy, --covariance x~y=0.001.",
    )
    budget: bool = option(
        "--budget",
        is_flag=True,
        help="What each input contributes to the deviation, in columns sigma_x: --propagate x=5% --budget.",
    )
    monte_carlo: int | None = option(
        "--monte-carlo",
        type=click.IntRange(min=2),
        metavar="N",
        help="Mean and deviation over N normal draws of the inputs besides, in columns mean_mc and sigma_mc: "
        "--propagate x=0.1 --monte-carlo 10000.",
    )
    also: tuple[str, ...] = option(
        "--also",
        multiple=True,
        metavar="NAMES",
        help="Columns for names that the text assigns, and for their gradients: "
        "'c = S-K; c*exp(-r)' x.csv --also c.",
    )
    title: str = option(
        "--as",
        default="value",
        metavar="NAME",
        help="What the result's own column is called, instead of value: --as price.",
    )
    reduce: Reduce | None = option(
        "--reduce",
        type=click.Choice(["sum", "mean"]),
        help="One row: the sum or the mean over all rows, as in --reduce mean.",
    )
    skip_nan: bool = option(
        "--skip-nan",
        is_flag=True,
        help="Leave rows with a nan in their answer out of the sum, and count them on standard error: "
        "--reduce mean --skip-nan.",
    )
    on_error: OnError = option(
        "--on-error",
        type=click.Choice(["fail", "skip", "null"]),
        default="fail",
        show_default=True,
        help="A bad row ends the run, is left out, or stays as nulls with a column error: "
        "--on-error null.",
    )
    limit: int | None = option(
        "--limit", type=click.IntRange(min=1), metavar="N", help="First rows only: --limit 10."
    )
    dry_run: bool = option(
        "--dry-run", is_flag=True, help="Show what would be done, and the first row: … --dry-run."
    )
    check: int | None = option(
        "--check",
        type=click.IntRange(min=1),
        metavar="N",
        help="Check the gradients of N sampled rows, as autodiff check does, and write nothing else; the "
        "exit code is 3 if one disagrees: --check 20.",
    )
    resume: bool = option(
        "--resume",
        is_flag=True,
        help="Go on where a run with --resume stopped: … --output out.csv --resume (CSV, JSON Lines).",
    )
    quiet: bool = quiet_option("-q")
    dtype: str = dtype_option("Floating dtype of all columns")
    manual_seed: int | None = manual_seed_option(
        "Seed of rand and randn, the same for each row: --manual-seed 0."
    )
    engine: str = option(
        "--engine",
        type=click.Choice(["local", "dask"]),
        default="local",
        show_default=True,
        help="Compute here, or in parts by the workers of a Dask cluster: --engine dask --output FOLDER.",
    )
    scheduler: str | None = option(
        "--scheduler",
        metavar="ADDRESS",
        help="The cluster's: --scheduler tcp://10.0.0.1:8786.  [processes of this machine]",
    )
    workers: int | None = option(
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes of this machine, as in --workers 4.  [as many as processors]",
    )
    part_size: int | None = size_option(
        "--part-size",
        help="Bytes of the files that make one part of the output: --part-size 256M.  [64M]",
    )
    chunk_rows: int | None = option(
        "--chunk-rows",
        type=click.IntRange(min=1),
        metavar="N",
        help="Most rows that are computed at once: --chunk-rows 1000.  [what --chunk-size holds]",
    )
    chunk_size: int = size_option(
        "--chunk-size",
        default="4M",
        show_default=True,
        help="Bytes that are read at once, as in --chunk-size 1M.",
    )
    digits: int | None = digits_option(None, "  [all that read back]")
    color: str = color_option()


@command_of(BatchWords, "batch", cls=ExpressionCommand, epilog=EPILOG)
def command(words: BatchWords) -> int:
    """Evaluate and differentiate EXPRESSION for every row of a table.

    It is parsed and differentiated once; rows are read in chunks, and computed together.
    """
    from autodiff_cli.cli.apart import supervised

    wall = words.wall()
    local = words.engine == "local"
    if words.check is not None and (words.output or not local or words.values_only):
        raise click.UsageError(
            "--check writes no answers: leave out --output, --engine, --values-only"
        )
    if wall == "require" and not local:
        raise click.UsageError("--require-wall: workers of a cluster are behind no wall")
    try:
        with supervised(words.limits, apart=local), _terminated(), _threads(words.threads):
            from autodiff_cli.cli.batch_job import job_of

            job = job_of(words)
            if words.dry_run:
                _confine(job, wall)
                _show_sample(job, words)
            elif words.check is not None:
                _confine(job, wall)
                return _check(job, words.check, words.quiet)
            else:
                _run(job, words, wall)
    except AutodiffError as error:
        from autodiff_cli.cli.failures import advised

        raise advised(error, words, "batch") from None
    return 0


def _run(job: Job, words: BatchWords, wall: str) -> None:
    from autodiff_cli.cli.progress import Bar
    from autodiff_cli.rows.run import needs_files, run
    from autodiff_cli.wall import wall as process

    quiet = words.quiet
    with Bar(sys.stderr, hidden=quiet, limit=job.limit) as bar:
        if words.engine == "dask":
            from autodiff_cli.rows import spread

            cluster = _cluster(words)
            done = spread.run(job, cluster, bar.moved, bar.note)
        else:
            if process.own and needs_files(job):
                _use_scratch(job)
            done = run(job, bar.moved, bar.note, lambda: _confine(job, wall))
    if not quiet:
        for line in _summary(done, job, words.engine == "dask"):
            click.echo(line, err=True)


def _use_scratch(job: Job) -> None:
    """A folder for the files that a format needs on the way."""
    from autodiff_cli.tables import placing
    from autodiff_cli.tables.outputs import no_room, roomy

    beside = roomy(job.output)
    try:
        placing.use_scratch(beside)
    except OSError as error:
        raise no_room(beside, error) from None


def _confine(job: Job, wall: str) -> None:
    """The wall, with the files of rows, which are read behind it."""
    from autodiff_cli.cli.confining import confine
    from autodiff_cli.tables.placing import place

    confine(wall, [source.path for source in job.sources], place.scratch)


def _cluster(words: BatchWords) -> Cluster:
    from autodiff_cli.rows.cluster import Cluster

    cluster = Cluster(words.scheduler, words.workers, threads=words.threads)
    if words.part_size:
        cluster = cluster._replace(part_bytes=words.part_size)
    return cluster


def _summary(done: Summary, job: Job, apart: bool) -> Iterator[str]:
    """What a person should know about the rows."""
    if done.resumed:
        yield (
            f"resumed: {done.resumed:,} rows were finished"
            if apart
            else f"resumed behind row {done.resumed:,}"
        )
    if done.bad:
        what = "left out" if job.on_error == "skip" or job.reduce else "null, with their errors"
        yield f"bad rows: {done.bad:,} of {done.rows:,}, {what}"
    if done.skipped:
        yield f"rows left out for a nan in their answer: {done.skipped:,} of {done.rows:,}"
    if done.non_finite:
        yield f"rows with an infinity or nan in their answer: {done.non_finite:,} of {done.rows:,}"


def _show_sample(job: Job, words: BatchWords) -> None:
    from shutil import get_terminal_size

    from autodiff_cli.render.sample import sample_text
    from autodiff_cli.rows.sample import sample

    found = sample(job, lambda text: None if words.quiet else click.echo(text, err=True))
    paint = painter(LABEL, wanted(words.color, sys.stdout))
    click.echo(sample_text(found, get_terminal_size().columns, paint), color=True)
    if found.fault is not None:
        raise found.fault


def _check(job: Job, count: int, quiet: bool) -> int:
    """Check some rows; the exit code."""
    from shutil import get_terminal_size

    from autodiff_cli.cli.check import DISAGREES
    from autodiff_cli.render.check import agrees, rows_document
    from autodiff_cli.render.document_text import text
    from autodiff_cli.rows.checked import checked_rows

    found, total = checked_rows(job, count, lambda line: show_notices([line], quiet))
    click.echo(text(rows_document(found, total), get_terminal_size().columns))
    return 0 if agrees(found) else DISAGREES


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Compute, read and write on so many threads."""
    if count is None:
        yield
        return
    os.environ["POLARS_MAX_THREADS"] = str(count)  # read when polars is imported, later
    from autodiff_cli.ir.context import changed

    with changed(threads=count):
        yield


@contextmanager
def _terminated() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does: whole rows, and no partial file."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
