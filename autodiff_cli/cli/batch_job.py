"""The job that the words of `autodiff batch` say; its files are looked at before anything is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import bindings_of, names_of
from autodiff_cli.cli.resources import bytes_of
from autodiff_cli.cli.words import NAME, expression_of, home, value_of
from autodiff_cli.errors import InputError
from autodiff_cli.rows.job import Job
from autodiff_cli.rows.question import Question
from autodiff_cli.tables import partial, writers
from autodiff_cli.tables.doors import held
from autodiff_cli.tables.sources import RowSource, resolved

BINDING = re.compile(r"\s*[^\W\d]\w*\s*=")
PARTIAL = ("--output's unfinished file", "--output's state")  # which a finished run removes


def job_of(options: dict[str, Any]) -> Job:
    """The job that the words say.

    Raises:
        UsageError: they make no sense.
    """
    words = options["bindings"]
    given = bindings_of([word for word in words if BINDING.match(word)])
    files = tuple(home(word) for word in words if not BINDING.match(word))
    for word in files:
        if word.startswith("-") and word != "-":
            from autodiff_cli.cli.advice import no_such_option

            raise no_such_option(word, words, click.get_current_context())
    wrt = names_of(options["wrt"])
    _check(options)
    sources = resolved(files, options["format"])  # from here on no file is looked up by a name
    _check_files(sources, [options["expression"], *given.values()], options)

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
        words=_words(options, given, files),
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
    try:
        writers.check_resumable(options["output"], options["to"], options["format"] or "csv")
    except InputError as error:
        raise click.UsageError(f"{error.message}; {error.hint}") from None


def _check_files(
    found: Sequence[RowSource], values: Sequence[str], options: dict[str, Any]
) -> None:
    """Refuse files that make no sense beside each other, or beside the options.

    Args:
        values: what else is read: the words that may be @FILE.

    Raises:
        UsageError: it is the words that make none.
        InputError: the output can't be written.
    """
    once = next((source for source in found if not source.lasts), None)
    if once is not None and options["resume"]:
        raise click.UsageError(f"--resume reads the rows again, and {once.name} is gone")
    if once is not None and options["engine"] == "dask":
        raise click.UsageError(
            f"--engine dask reads files, whose parts it shares out, and {once.name} is a stream: "
            "write it to a file, and name that"
        )
    doors = [*(source.door for source in found), *paths.doors_of(values)]
    output = options["output"]
    shown = paths.STANDARD_OUTPUT if output in (None, "-") or options["dry_run"] else {}
    if output in (None, "-"):
        paths.check(doors, shown)
    elif options["engine"] == "dask":
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
        writers.check(output, options["to"])


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
