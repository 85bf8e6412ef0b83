"""`autodiff batch`: the value and the sensitivities of an expression for every row of a table."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from autodiff_cli.cli.commands import ExpressionCommand, bindings_of, names_of
from autodiff_cli.cli.resources import bytes_of, limits_of, resources, wall_wanted
from autodiff_cli.cli.streams import quiet_option
from autodiff_cli.cli.words import NAME, PATH, check_seed, expression_of, home, value_of

if TYPE_CHECKING:
    from autodiff_cli.batch.cluster import Cluster
    from autodiff_cli.batch.job import Job, Summary

FORMATS = ("csv", "tsv", "jsonl", "npy", "npz", "parquet", "arrow")
BINDING = re.compile(r"\s*[^\W\d]\w*\s*=")

EPILOG = """\b
Examples:
  autodiff batch 'S*exp(-r*T)' prices.csv
  autodiff batch 'sum((x*w)**2)' rows.jsonl w='[1,2,3]' --output out.jsonl
  zcat log.csv.gz | autodiff batch 'log(x)' --format csv --keep | head
  autodiff batch 'x*y' m.csv --propagate 'x=0.1,y=@sigma_y' --values-only
  autodiff batch 'mean((x@w-y)**2)' train.jsonl w=@w.npy --wrt w --reduce mean

\b
The columns that the expression names are its inputs; NAME=VALUE binds the rest,
the same for every row. FILE is .csv, .tsv, .jsonl, .npy, .npz, .parquet or .arrow,
with .gz or .zst behind it, a quoted pattern such as 'day-*.csv', a pipe such as
<(COMMAND), or - (standard input, which is also what is read without a FILE).
The answers are the columns value and grad_NAME. Messages and the progress bar
go to standard error.
"""


@click.command(
    "batch",
    cls=ExpressionCommand,
    epilog=EPILOG,
    context_settings={"ignore_unknown_options": True, "max_content_width": 100},
    options_metavar="[OPTIONS]",
)
@click.argument("expression", metavar="EXPRESSION")
@click.argument("bindings", nargs=-1, metavar="[FILE|-|NAME=VALUE]...")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    help="Format of the rows, as in --format csv.  [by suffix; a pipe by its first bytes]",
)
@click.option(
    "--to",
    type=click.Choice(FORMATS),
    help="Format of the answers, as in --to jsonl.  [by --output's suffix, or as the input]",
)
@click.option(
    "--output",
    "-o",
    type=PATH,
    metavar="FILE",
    help="Write here instead of standard output, whole or not at all: --output out.csv; "
    "with --engine dask a folder.",
)
@click.option(
    "--columns",
    metavar="NAMES",
    help="Names of the columns of a file without a header, --columns S,K,T, or new names: "
    "--columns S=spot,K=strike.",
)
@click.option("--keep", is_flag=True, help="Pass the input's columns through: … --keep | mlr ….")
@click.option("--values-only", is_flag=True, help="No gradients: 'x*x' x.csv --values-only.")
@click.option(
    "--wrt",
    multiple=True,
    metavar="NAMES",
    help="Inputs to differentiate by, as in --wrt S,sigma.  [all floating ones]",
)
@click.option(
    "--seed",
    metavar="VECTOR|@COLUMN",
    help="Cotangent of a result that is no scalar: --seed '[1,0]', or --seed @v for a row's own.",
)
@click.option(
    "--jvp",
    metavar="NAME=VECTOR,...",
    help="The derivative along a direction, in a column jvp: --jvp 'x=[1,0],t=@dt'.",
)
@click.option(
    "--propagate",
    metavar="NAME=SIGMA,...",
    help="The result's standard deviation from those of inputs, to first order, in a column sigma: "
    "--propagate x=0.1,y=@sigma_y.",
)
@click.option(
    "--reduce",
    type=click.Choice(["sum", "mean"]),
    help="One row: the sum or the mean over all rows, as in --reduce mean.",
)
@click.option(
    "--on-error",
    type=click.Choice(["fail", "skip", "null"]),
    default="fail",
    show_default=True,
    help="A bad row ends the run, is left out, or stays as nulls with a column error: "
    "--on-error null.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="First rows only: --limit 10."
)
@click.option(
    "--dry-run", is_flag=True, help="Show what would be done, and the first row: … --dry-run."
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on where a run with --resume stopped: … --output out.csv --resume (CSV, JSON Lines).",
)
@quiet_option("-q")
@click.option(
    "--dtype",
    type=click.Choice(["float16", "float32", "float64"]),
    default="float32",
    show_default=True,
    help="Floating dtype of all columns, as in --dtype float64.",
)
@click.option(
    "--manual-seed",
    type=int,
    metavar="N",
    help="Seed of rand and randn, the same for each row: --manual-seed 0.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Compute here, or in parts by the workers of a Dask cluster: --engine dask --output FOLDER.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="The cluster's: --scheduler tcp://10.0.0.1:8786.  [processes of this machine]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes of this machine, as in --workers 4.  [as many as processors]",
)
@click.option(
    "--part-size",
    metavar="SIZE",
    help="Bytes of the files that make one part of the output: --part-size 256M.  [64M]",
)
@click.option(
    "--chunk-rows",
    type=click.IntRange(min=1),
    metavar="N",
    help="Most rows that are computed at once: --chunk-rows 1000.  [what --chunk-size holds]",
)
@click.option(
    "--chunk-size",
    default="4M",
    show_default=True,
    metavar="SIZE",
    help="Bytes that are read at once, as in --chunk-size 1M.",
)
@resources
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour, as in --color never; auto respects NO_COLOR, FORCE_COLOR and TERM=dumb.",
)
def command(**options: Any) -> int:
    """Evaluate and differentiate EXPRESSION for every row of a table.

    It is parsed and differentiated once; rows are read in chunks, and computed together.
    """
    from autodiff_cli.cli.apart import supervised
    from autodiff_cli.errors import AutodiffError

    limits = limits_of(options)
    wall = wall_wanted(options)
    local = options["engine"] == "local"
    if wall == "require" and not local:
        raise click.UsageError("--require-wall: workers of a cluster are behind no wall")
    try:
        with supervised(limits, apart=local), _terminated(), _threads(options["threads"]):
            job = _job(options)
            if options["dry_run"]:
                _confine(job, wall)
                _show_sample(job, options)
            else:
                _run(job, options, wall)
    except AutodiffError as error:
        from autodiff_cli.cli.failures import advised

        raise advised(error, "batch", options) from None
    return 0


def _run(job: Job, options: dict[str, Any], wall: str) -> None:
    from autodiff_cli.batch.run import needs_files, run
    from autodiff_cli.cli.rows_progress import Progress
    from autodiff_cli.wall import wall as process

    quiet = options["quiet"]
    with Progress(sys.stderr, hidden=quiet, total=job.limit) as progress:
        if options["engine"] == "dask":
            from autodiff_cli.batch import spread

            cluster = _cluster(options)
            done = spread.run(job, cluster, progress.moved, progress.note, progress.reached)
        else:
            if process.own and needs_files(job):
                _use_scratch(job)
            done = run(job, progress.moved, progress.note, lambda: _confine(job, wall))
    if not quiet:
        for line in _summary(done, job, options["engine"] == "dask"):
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


def _cluster(options: dict[str, Any]) -> Cluster:
    from autodiff_cli.batch.cluster import Cluster

    cluster = Cluster(options["scheduler"], options["workers"], threads=options["threads"])
    if options["part_size"]:
        cluster = cluster._replace(part_bytes=bytes_of("--part-size", options["part_size"]))
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
    if done.non_finite:
        yield f"rows with an infinity or nan in their answer: {done.non_finite:,} of {done.rows:,}"


def _show_sample(job: Job, options: dict[str, Any]) -> None:
    from autodiff_cli.batch.sample import sample
    from autodiff_cli.cli.color import LABEL, painter, wanted
    from autodiff_cli.render.sample import sample_text

    found = sample(job, lambda text: None if options["quiet"] else click.echo(text, err=True))
    paint = painter(LABEL, wanted(options["color"], sys.stdout))
    click.echo(sample_text(found, paint), color=True)
    if found.fault is not None:
        raise found.fault


# ---- options ------------------------------------------------------------------------------------


def _job(options: dict[str, Any]) -> Job:
    """The job that the words say.

    Raises:
        UsageError: they make no sense.
    """
    words = options["bindings"]
    given = bindings_of([word for word in words if BINDING.match(word)])
    paths = tuple(home(word) for word in words if not BINDING.match(word))
    for word in paths:
        if word.startswith("-") and word != "-":
            from autodiff_cli.cli.advice import no_such_option

            raise no_such_option(word, words, click.get_current_context())
    wrt = names_of(options["wrt"])
    _check(options)
    check_seed(options["manual_seed"])

    from autodiff_cli.cli import batch_files
    from autodiff_cli.tables.sources import resolved

    sources = resolved(paths, options["format"])  # from here on no file is looked up by a name
    batch_files.check(sources, [options["expression"], *given.values()], options)

    from autodiff_cli.batch.job import Job
    from autodiff_cli.batch.question import Question

    question = Question(
        expression_of(options["expression"]),
        {name: value_of(text, options) for name, text in given.items()},
        wrt=None if wrt is None else tuple(wrt),
        seed=options["seed"],
        tangents=weights_of("--jvp", options["jvp"]),
        deviations=weights_of("--propagate", options["propagate"]),
        values_only=options["values_only"],
        dtype=options["dtype"],
        manual_seed=options["manual_seed"],
        max_elements=options["max_elements"],
        max_steps=options["max_steps"],
    )
    columns = options["columns"]
    return Job(
        question,
        sources,
        columns=None if columns is None else tuple(c.strip() for c in columns.split(",")),
        output=None if options["output"] == "-" else options["output"],
        to=options["to"],
        on_error=options["on_error"],
        keep=options["keep"],
        reduce=options["reduce"],
        limit=options["limit"],
        resume=options["resume"],
        chunk_rows=options["chunk_rows"],
        chunk_bytes=bytes_of("--chunk-size", options["chunk_size"]),
        words=_words(options, given, paths),
    )


def _check(options: dict[str, Any]) -> None:
    """Refuse options that make no sense together."""
    if options["values_only"]:
        for option in ("wrt", "seed"):
            if options[option]:
                raise click.UsageError(f"--{option} asks for gradients, and --values-only for none")
    if options["reduce"]:
        for option, why in (
            ("keep", "the input's columns aren't added up"),
            ("propagate", "deviations aren't added up"),
            ("resume", "it writes nothing before the last row"),
        ):
            if options[option]:
                raise click.UsageError(f"--reduce gives one row, and --{option} has none: {why}")
    if options["resume"]:
        if options["output"] in (None, "-"):
            raise click.UsageError("--resume needs a file to go on with: --output out.csv")
        if options["engine"] == "local":
            _check_resumable(options)
    if options["engine"] == "local":
        for name in ("scheduler", "workers", "part_size"):
            if options[name]:
                raise click.UsageError(f"--{name.replace('_', '-')} needs --engine dask")
    elif options["scheduler"] and options["workers"]:
        raise click.UsageError("--workers are of this machine, and --scheduler has its own")
    elif options["output"] in (None, "-") and not options["reduce"] and not options["dry_run"]:
        raise click.UsageError("--engine dask writes a folder of parts: --output FOLDER")


def _check_resumable(options: dict[str, Any]) -> None:
    """Refuse a format that can't be gone on with, if the words say it."""
    from autodiff_cli.errors import InputError
    from autodiff_cli.tables.writers import check_resumable

    try:
        check_resumable(options["output"], options["to"], options["format"] or "csv")
    except InputError as error:
        raise click.UsageError(f"{error.message}; {error.hint}") from None


def _words(
    options: dict[str, Any], given: dict[str, str], paths: tuple[str, ...]
) -> dict[str, str]:
    """What makes two runs the same job."""
    gradients = ["wrt", "seed", "jvp", "propagate", "values_only"]
    same = [*gradients, "keep", "on_error", "dtype", "manual_seed", "format", "to", "columns"]
    said = [f"--{name.replace('_', '-')} {options[name]}" for name in same if options[name]]
    return {
        "expression": options["expression"],
        "inputs": " ".join([*paths, *(f"{name}={text}" for name, text in given.items())]),
        "options": " ".join(said),
    }


def weights_of(option: str, text: str | None) -> dict[str, str]:
    """The names and their values; commas inside brackets belong to a value.

    >>> weights_of("--jvp", "x=[1,0], t=@dt")
    {'x': '[1,0]', 't': '@dt'}
    """
    if text is None:
        return {}
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    weights: dict[str, str] = {}
    for part in parts:
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not NAME.fullmatch(name) or not value.removeprefix("@"):
            raise click.UsageError(f"{option} takes NAME=VALUE, with commas between: not '{part}'")
        if name in weights:
            raise click.UsageError(f"{option} names '{name}' twice")
        weights[name] = value
    return weights


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
