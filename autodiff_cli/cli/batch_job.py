"""The job that the words of `autodiff batch` say; its files are looked at before anything is read."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import bindings_of, names_of
from autodiff_cli.cli.table_words import TableWords
from autodiff_cli.cli.uncertain import deviations_of, parted, weights_of
from autodiff_cli.cli.words import expression_of, home, value_of
from autodiff_cli.errors import InputError
from autodiff_cli.evaluation.propagation import matrix_of
from autodiff_cli.rows.job import Job
from autodiff_cli.rows.question import Question
from autodiff_cli.tables import partial, writers
from autodiff_cli.tables.doors import held
from autodiff_cli.tables.sources import RowSource, resolved

if TYPE_CHECKING:
    from autodiff_cli.cli.batch import BatchWords

BINDING = re.compile(r"\s*[^\W\d]\w*\s*=")
PARTIAL = ("--output's unfinished file", "--output's state")  # which a finished run removes


def job_of(words: BatchWords) -> Job:
    """The job that the words say.

    Raises:
        UsageError: they make no sense.
    """
    bound = [word for word in words.bindings if BINDING.match(word) and not _is_file(word)]
    values = bindings_of(bound)
    given, off = parted(values)
    files = tuple(home(word) for word in words.bindings if word not in bound)
    for word in files:
        if word.startswith("-") and word != "-":
            from autodiff_cli.cli.advice import no_such_option

            raise no_such_option(word, words.bindings, click.get_current_context())
    wrt = names_of(words.wrt)
    _check(words)
    sources = resolved(
        files, words.format, words.dialect()
    )  # from here on no file is looked up by a name
    _check_files(sources, [words.expression, *given.values()], words)

    deviations, matrix = deviations_of(words.propagate, words.covariance, off)
    question = Question(
        expression_of(words.expression),
        {name: value_of(text, words.dtype) for name, text in given.items()},
        wrt=None if wrt is None else tuple(wrt),
        seed=words.seed,
        tangents=weights_of("--jvp", words.jvp),
        deviations=deviations,
        covariance=None if matrix is None else matrix_of(matrix),
        budget=words.budget,
        samples=words.monte_carlo or 0,
        jacobian=words.jacobian,
        hessian=words.hessian,
        vectors=weights_of("--hvp", words.hvp),
        also=tuple(names_of(words.also, "--also") or ()),
        title=words.title,
        values_only=words.values_only,
        # of memory and threads the whole run has so many
        settings=words.settings().replaced(max_memory=None, threads=None),
    )
    columns = words.columns
    return Job(
        question,
        sources,
        columns=None if columns is None else tuple(c.strip() for c in columns.split(",")),
        output=None if words.output == "-" else words.output,
        to=words.to,
        on_error=words.on_error,
        keep=words.keep,
        reduce=words.reduce,
        skip_nan=words.skip_nan,
        limit=words.limit,
        resume=words.resume,
        chunk_rows=words.chunk_rows,
        chunk_bytes=words.chunk_size,
        digits=words.digits,
        words=_said(words, values, files),
    )


def _is_file(word: str) -> bool:
    """Whether a word such as year=2024/p.csv names a file, or some, and binds nothing."""
    return os.path.isfile(word) or ("/" in word and next(glob.iglob(word), None) is not None)


def _check(words: BatchWords) -> None:
    """Refuse options that make no sense together."""
    if words.values_only:
        further = words.jacobian or words.hessian or words.hvp
        for option in ("seed", *([] if further else ["wrt"])):
            if getattr(words, option):
                raise click.UsageError(f"--{option} asks for gradients, and --values-only for none")
    if words.skip_nan and not words.reduce:
        raise click.UsageError("--skip-nan leaves rows out of a sum: it needs --reduce")
    if not words.title.strip():
        raise click.UsageError("--as needs a name, as in --as price")
    if words.reduce:
        for option, why in (
            ("keep", "the input's columns aren't added up"),
            ("propagate", "deviations aren't added up"),
            ("covariance", "deviations aren't added up"),
            ("resume", "it writes nothing before the last row"),
        ):
            if getattr(words, option):
                raise click.UsageError(f"--reduce gives one row, and --{option} has none: {why}")
    if words.resume:
        if words.output is None or words.output == "-":
            raise click.UsageError("--resume needs a file to go on with: --output out.csv")
        if words.engine == "local":
            _check_resumable(words.output, words)
    if words.engine == "local":
        for name in ("scheduler", "workers", "part_size"):
            if getattr(words, name):
                raise click.UsageError(f"--{name.replace('_', '-')} needs --engine dask")
    elif words.scheduler and words.workers:
        raise click.UsageError("--workers are of this machine, and --scheduler has its own")
    elif words.output in (None, "-") and not words.reduce and not words.dry_run:
        raise click.UsageError("--engine dask writes a folder of parts: --output FOLDER")


def _check_resumable(output: str, words: BatchWords) -> None:
    """Refuse a format that can't be gone on with, if the words say it."""
    try:
        writers.check_resumable(output, words.to, words.format or "csv")
    except InputError as error:
        raise click.UsageError(f"{error.message}; {error.hint}") from None


def _check_files(found: Sequence[RowSource], values: Sequence[str], words: BatchWords) -> None:
    """Refuse files that make no sense beside each other, or beside the options.

    Args:
        values: what else is read: the words that may be @FILE.

    Raises:
        UsageError: it is the words that make none.
        InputError: the output can't be written.
    """
    once = next((source for source in found if not source.lasts), None)
    if once is not None and words.resume:
        raise click.UsageError(f"--resume reads the rows again, and {once.name} is gone")
    if once is not None and words.engine == "dask":
        raise click.UsageError(
            f"--engine dask reads files, whose parts it shares out, and {once.name} is a stream: "
            "write it to a file, and name that"
        )
    doors = [*(source.door for source in found), *paths.doors_of(values)]
    output = words.output
    shown = paths.STANDARD_OUTPUT if output in (None, "-") or words.dry_run or words.check else {}
    if output in (None, "-"):
        paths.check(doors, shown)
    elif words.engine == "dask":
        paths.check(doors, {"--output": output, **shown})
        inside = held(output, doors)
        if inside is not None:
            raise click.UsageError(
                f"--output {output} is the folder of an input, {inside.name}: "
                "the parts need a folder of their own"
            )
    else:
        beside = dict(zip(PARTIAL, partial.places(output)))
        paths.check(doors, {"--output": output, **beside, **shown})
        writers.check(output, words.to)


def _said(words: BatchWords, given: dict[str, str], paths: tuple[str, ...]) -> dict[str, str]:
    """What makes two runs the same job."""
    derivatives = ["wrt", "seed", "jvp", "jacobian", "hessian", "hvp", "values_only"]
    deviations = ["propagate", "covariance", "budget", "monte_carlo"]
    names = ["columns", "also", "title", "keep", "on_error", *TableWords.__annotations__]
    same = [*derivatives, *deviations, *names, "digits", "dtype", "manual_seed", "format", "to"]
    said = [
        f"--{name.replace('_', '-')} {getattr(words, name)}"
        for name in same
        if getattr(words, name) and (name, words.title) != ("title", "value")
    ]
    return {
        "expression": words.expression,
        "inputs": " ".join([*paths, *(f"{name}={text}" for name, text in given.items())]),
        "options": " ".join(said),
    }
