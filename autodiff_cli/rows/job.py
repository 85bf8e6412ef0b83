"""The record that says all of a job: it can be pickled and done elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from autodiff_cli.rows.question import Question
from autodiff_cli.tables import formats, outputs
from autodiff_cli.tables.layout import Keep
from autodiff_cli.tables.sources import RowSource

OnError = Literal["fail", "skip", "null"]
Reduce = Literal["sum", "mean"]


class Job(NamedTuple):
    """A question, the table that it is asked of, and where the answers go.

    Attributes:
        question: what is asked about each row.
        sources: the files, as `tables.sources.resolved` found them.
        columns: names for the columns, as `tables.readers.read` takes them.
        output: a file; None is standard output.
        to: the format of the answers; None is the output's, or the input's.
        on_error: what a bad row does: ends the job, is left out, or stays without an answer.
        keep: whether the input's columns stand beside the answers.
        reduce: one answer for all rows: their sum or their mean.
        skip_nan: whether that leaves out rows with a nan in an answer.
        limit: the most rows to read.
        resume: whether to go on where an interrupted job of the same words stopped.
        chunk_rows: the most rows of a chunk; None: as many as `chunk_bytes` hold.
        chunk_bytes: of text or arrays that a chunk is read from.
        digits: of numbers that are written, at most; None: all that read back.
        words: the question and the options, to know the same job by.
    """

    question: Question
    sources: tuple[RowSource, ...]
    columns: tuple[str, ...] | None = None
    output: str | None = None
    to: str | None = None
    on_error: OnError = "fail"
    keep: bool = False
    reduce: Reduce | None = None
    skip_nan: bool = False
    limit: int | None = None
    resume: bool = False
    chunk_rows: int | None = None
    chunk_bytes: int = 4 << 20
    digits: int | None = None
    words: Mapping[str, str] = {}

    @property
    def form(self) -> str:
        """The format of the answers."""
        path = self.output or ""
        said = "" if outputs.is_special(path) else formats.suffix_of(path)
        return self.to or formats.SUFFIXES.get(said) or self.sources[0].form.name

    def kept(self, columns: Collection[str]) -> tuple[Keep, bool]:
        """The columns that pass through, and whether there may be no others: those of the first file."""
        if not self.keep:
            return None, False
        return ("all", False) if self.form == "jsonl" else (tuple(columns), True)


class Summary(NamedTuple):
    """What a job did.

    Attributes:
        rows: how many were read, without those that an interrupted job had finished.
        bad: how many of them have no answer.
        non_finite: how many have an infinity or nan in their answer.
        resumed: how many an interrupted job had finished.
        skipped: how many were left out of a sum for a nan in their answer.
    """

    rows: int
    bad: int
    non_finite: int
    resumed: int
    skipped: int = 0
