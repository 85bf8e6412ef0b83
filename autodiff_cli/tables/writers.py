"""Tables out: rows of numbers in any of the formats, to a file or standard output."""

from __future__ import annotations

import sys

from autodiff_cli.errors import InputError
from autodiff_cli.tables import formats, outputs, plain_written
from autodiff_cli.tables import resume as resuming
from autodiff_cli.tables.dialect import DELIMITERS
from autodiff_cli.tables.formats import TEXT, Format
from autodiff_cli.tables.outputs import Output
from autodiff_cli.tables.readers import Engine, no_polars
from autodiff_cli.tables.resume import Progress
from autodiff_cli.tables.text_writer import CsvText, CsvWriter, JsonText, JsonWriter
from autodiff_cli.tables.waiting import Waiting
from autodiff_cli.tables.writing import Writer


def open_writer(
    output: str | None,
    *,
    to: str | None = None,
    source: str | None = None,
    engine: Engine = "auto",
    resume: Progress | None = None,
) -> Writer:
    """A writer for a path; None and "-" are standard output.

    Args:
        to: one of `formats.NAMES`; None goes by the suffix, else by `source`.
        source: the input's format, which the output has where nothing else is said.
        engine: as for reading; both write the same text.
        resume: where an interrupted run of the same job stopped.

    Raises:
        InputError: the format is unknown, or the file can't be written.
    """
    path = None if output == "-" else output
    found = _format(path, to, source)
    if resume is not None and (found.name not in TEXT or found.compression):
        resume.close()
        raise resuming.unfit(found.compression or found.name)
    if found.name not in TEXT:
        return _stored_writer(path, found.name)
    # imported before there is a file, which an interruption would leave behind
    csv_encoder, json_encoder = encoders(engine)
    into: Output
    if resume is None:
        into = outputs.open_output(path, found.compression)
    else:
        into = resuming.Continued(resume)
    if found.name == "jsonl":
        return JsonWriter(into, json_encoder, resume)
    separator = DELIMITERS[found.name]
    return CsvWriter(into, csv_encoder, separator, Waiting(outputs.roomy(path)), resume)


def check_resumable(output: str, to: str | None = None, source: str | None = None) -> None:
    """Raise InputError if an interrupted run of this format can't be gone on with."""
    found = _format(output, to, source)
    if found.name not in TEXT or found.compression:
        raise resuming.unfit(found.compression or found.name)


def check(output: str, to: str | None) -> None:
    """Raise InputError if a file can't be written there, or its format can't be told."""
    _format(output, to, "jsonl")
    if not outputs.is_special(output):
        outputs.check_writable(output)


def _stored_writer(path: str | None, name: str) -> Writer:
    if path is None and sys.stdout is not None and sys.stdout.isatty():
        raise InputError(f"{name} is no text for a terminal", hint=f"--output FILE.{name}")
    if name in ("npy", "npz"):
        from autodiff_cli.tables.array_writer import ArrayWriter

        return ArrayWriter(outputs.open_output(path, None), name)
    try:
        from autodiff_cli.tables.polars_writer import FrameWriter
    except ImportError:
        raise no_polars(name) from None
    return FrameWriter(outputs.open_output(path, None), name, Waiting(outputs.roomy(path)))


def _format(path: str | None, to: str | None, source: str | None) -> Format:
    if path is None:
        return formats.of_path("-", to or source or "jsonl")
    # /dev/null says nothing
    plain = not formats.suffix_of(path) or outputs.is_special(path)
    return formats.of_path(path, to or (source if plain else None), "--to")


def encoders(engine: Engine) -> tuple[CsvText, JsonText]:
    """What makes text of rows, by polars where it is installed."""
    if engine != "plain":
        try:
            from autodiff_cli.tables import polars_written
        except ImportError:
            if engine == "polars":
                raise no_polars("this writer") from None
        else:
            if polars_written.same_digits():
                return polars_written.csv_text, polars_written.json_text
    return plain_written.csv_text, plain_written.json_text
