"""Tables out: rows of numbers in any of the formats, to a file or standard output."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Shape
from autodiff_cli.tables import cells, files, formats, outputs
from autodiff_cli.tables import resume as resuming
from autodiff_cli.tables.formats import TEXT, Format
from autodiff_cli.tables.kept import Kept, KeptValues
from autodiff_cli.tables.outputs import Output
from autodiff_cli.tables.readers import Engine, no_polars, separator_of
from autodiff_cli.tables.resume import Progress
from autodiff_cli.tables.rows import Column, TextColumn
from autodiff_cli.tables.waiting import Waiting

Table: TypeAlias = Mapping[str, Column | TextColumn]
JsonText: TypeAlias = Callable[[Table, Kept | None], bytes]
CsvText: TypeAlias = Callable[[Table, Kept | None, str], bytes]

NEEDS_QUOTES = {separator: re.compile(f'["\r\n{separator}]') for separator in ",\t"}


class Writer(Protocol):
    """Takes rows until the output is whole or given up."""

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        """Rows, behind those before them; kept columns come first.

        Args:
            read: how many input rows these finish.

        Raises:
            InputError: the disk is full, or the rows don't fit those before them.
            BrokenPipeError: nobody reads on.
        """

    def cut_off(self) -> None:
        """No more rows come, though the output isn't whole: those that wait are written if that lasts."""

    def close(self) -> None:
        """The output is whole: a file takes its name."""

    def abort(self) -> None:
        """The output stays unfinished; nothing is left of a file, unless it is to be resumed."""


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
        into = outputs.opened(path, found.compression)
    else:
        into = resuming.Continued(resume)
    if found.name == "jsonl":
        return JsonWriter(into, json_encoder, resume)
    separator = separator_of(found.name) or ","
    return CsvWriter(into, csv_encoder, separator, Waiting(outputs.roomy(path)), resume)


def check_resumable(output: str, to: str | None = None, source: str | None = None) -> None:
    """Raise InputError if an interrupted run of this format can't be gone on with."""
    found = _format(output, to, source)
    if found.name not in TEXT or found.compression:
        raise resuming.unfit(found.compression or found.name)


def format_of(output: str | None, to: str | None, source: str | None) -> str:
    """The format of an output, as `open_writer` finds it."""
    return _format(None if output == "-" else output, to, source).name


def check(output: str, to: str | None) -> None:
    """Raise InputError if a file can't be written there, or its format can't be told."""
    _format(output, to, "jsonl")
    if not files.is_special(output):
        files.check_writable(output)


def _stored_writer(path: str | None, name: str) -> Writer:
    if path is None and sys.stdout is not None and sys.stdout.isatty():
        raise InputError(f"{name} is no text for a terminal", hint=f"--output FILE.{name}")
    if name in ("npy", "npz"):
        from autodiff_cli.tables.array_writer import ArrayWriter

        return ArrayWriter(outputs.opened(path, None), name, Waiting(outputs.roomy(path)))
    try:
        from autodiff_cli.tables.polars_writer import FrameWriter
    except ImportError:
        raise no_polars(name) from None
    return FrameWriter(outputs.opened(path, None), name, Waiting(outputs.roomy(path)))


def _format(path: str | None, to: str | None, source: str | None) -> Format:
    if path is None:
        return formats.of_path("-", to or source or "jsonl")
    # /dev/null says nothing
    plain = not formats.suffix_of(path) or files.is_special(path)
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
    return csv_text, json_text


class JsonWriter:
    """JSON Lines: an object a row, tensors as nested lists."""

    def __init__(self, output: Output, encode: JsonText, resume: Progress | None) -> None:
        self.output = output
        self.encode = encode
        self.resume = resume

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        if kept is not None:
            distinct(kept.names if not hasattr(kept, "lines") else (), tuple(table))
        self.output.write(self.encode(table, kept))
        if self.resume is not None:
            self.resume.add(read)

    def cut_off(self) -> None:
        pass  # none waits

    def close(self) -> None:
        self.output.close()

    def abort(self) -> None:
        self.output.abort()


class CsvWriter:
    """CSV and TSV: a header, then a line a row, tensors an element a column."""

    def __init__(
        self,
        output: Output,
        encode: CsvText,
        separator: str,
        waiting: Waiting[tuple[Table, Kept | None, int]],
        resume: Progress | None,
    ) -> None:
        self.output = output
        self.encode = encode
        self.separator = separator
        self.resume = resume
        self.shapes = Shapes()
        self.titles: list[str] | None = None
        self.names: tuple[tuple[str, ...], tuple[str, ...]] | None = None  # kept ones, and others
        self.waiting = waiting  # until all shapes are known

    def expect(self, shapes: Mapping[str, Shape]) -> None:
        """Columns have these shapes, also if all their cells are null."""
        self.shapes.known |= shapes

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        if kept is not None:
            distinct(kept.names, tuple(table))
        if isinstance(kept, KeptValues):  # an element a column, as of the results
            table, kept = {**kept.values, **table}, None
        for rows in self.waiting.passed((table, kept, read), ready=self.shapes.learn(table)):
            self._put(*rows)

    def _put(self, table: Table, kept: Kept | None, read: int) -> None:
        if self.names is None:
            self.names = (kept.names if kept is not None else (), tuple(table))
        kept, table = self._ordered(kept, table)
        fitted = self.shapes.fit(table)
        names = kept.names if kept is not None else ()
        titles = [*names, *self.shapes.titles(fitted)]
        if self.titles is None:
            self.titles = titles
            if self.resume is None or not self.resume.bytes:
                self.output.write(csv_line(titles, self.separator))
        elif titles != self.titles:
            raise columns_change(self.titles, titles)
        if any(column.count for column in fitted.values()):
            self.output.write(self.encode(fitted, kept, self.separator))
        if self.resume is not None:
            self.resume.add(read)

    def _ordered(self, kept: Kept | None, table: Table) -> tuple[Kept | None, Table]:
        """The columns in the order of the first rows; another file may have them in another one."""
        first, computed = self.names or ((), ())
        if kept is not None and kept.names != first and set(kept.names) == set(first):
            kept = kept.ordered(first)
        if set(table) == set(computed):
            table = {name: table[name] for name in computed}
        return kept, table

    def cut_off(self) -> None:
        if isinstance(self.output, outputs.Through):
            self._put_waiting()

    def _put_waiting(self) -> None:
        for rows in self.waiting.taken():
            self._put(*rows)

    def close(self) -> None:
        self._put_waiting()
        self.waiting.close()
        self.output.close()

    def abort(self) -> None:
        self.waiting.close()
        self.output.abort()


class Shapes:
    """The shape that each column has in all rows, for formats whose columns can't vary."""

    def __init__(self) -> None:
        self.known: dict[str, Shape | None] = {}

    def learn(self, table: Table) -> bool:
        """Note the shapes of a table; whether all are known.

        Raises:
            InputError: a column has another shape than before.
        """
        for name, column in table.items():
            if isinstance(column, TextColumn):
                self.known[name] = ()
                continue
            shape = self._shape(name, column)
            before = self.known.get(name)
            if before is not None and shape is not None and shape != before:
                raise cells.several_shapes(name, before, shape)
            self.known[name] = shape if before is None else before
        return None not in self.known.values()

    def _shape(self, name: str, column: Column) -> Shape | None:
        if column.nulls is not None and column.nulls.all():
            return None  # no value that shows it
        return cells.stacked(name, column).shape[1:]

    def fit(self, table: Table) -> dict[str, Column | TextColumn]:
        """The table with columns of nulls alone in the shape that the column has."""
        found: dict[str, Column | TextColumn] = {}
        for name, column in table.items():
            shape = self.known.get(name) or ()
            if isinstance(column, Column):
                if column.nulls is not None and column.nulls.all():
                    column = Column(np.full((column.count, *shape), np.nan), nulls=column.nulls)
                elif not isinstance(column.values, np.ndarray):
                    column = Column(cells.stacked(name, column), column.bad, column.nulls)
            found[name] = column
        return found

    def titles(self, table: Table) -> list[str]:
        """The columns of a CSV file."""
        return [title for name in table for title in cells.names_of(name, self.known[name] or ())]


def no_rows(names: Sequence[str]) -> Table:
    """What to write of a table without rows, so that its columns are named; they are taken for scalars."""
    return {name: Column(np.empty(0)) for name in names}


def columns_change(before: Iterable[str], now: Iterable[str]) -> InputError:
    """That rows have other columns than those before them."""
    return InputError(
        f"the columns change from {', '.join(before)} to {', '.join(now)}",
        hint="only JSON Lines holds both: --to jsonl",
    )


def distinct(kept: tuple[str, ...], computed: tuple[str, ...]) -> None:
    """Raise InputError if a kept column has the name of a computed one."""
    for name in kept:
        if name in computed:
            raise InputError(
                f"the kept column '{name}' has the name of a result",
                hint=f"rename it: --columns {name}_in={name}",
            )


def csv_line(fields: list[str], separator: str) -> bytes:
    """A line of CSV with its end.

    >>> csv_line(["a", 'b "c"'], ",")
    b'a,"b ""c\"""\\n'
    """
    return (separator.join(quoted(fields, separator)) + "\n").encode("utf-8", "surrogateescape")


def quoted(fields: Sequence[str], separator: str) -> list[str]:
    """Fields, those in quotes that need them."""
    needs = NEEDS_QUOTES[separator].search
    return ['"' + f.replace('"', '""') + '"' if needs(f) else f for f in fields]


def csv_text(table: Table, kept: Kept | None, separator: str) -> bytes:
    """Rows as CSV, without a header."""
    columns = [] if kept is None else [quoted(texts, separator) for texts in kept.texts().values()]
    columns += [
        quoted(texts, separator) if isinstance(table.get(name), TextColumn) else texts
        for name, texts in cells.flat_texts(table).items()
    ]
    lines = [separator.join(row) + "\n" for row in zip(*columns)]
    return "".join(lines).encode("utf-8", "surrogateescape")


def json_text(table: Table, kept: Kept | None) -> bytes:
    """Rows as JSON Lines."""
    return json_lines([b"{" + members + b"}" for members in cells.members(table)], kept)


def json_lines(objects: list[bytes], kept: Kept | None) -> bytes:
    """Objects as lines, with the kept members before their own."""
    if kept is None:
        return b"\n".join(objects) + b"\n" if objects else b""
    first, rest = kept.members(), [line[1:] for line in objects]
    if all(first) and first:
        return b"{" + b"\n{".join(map(b",".join, zip(first, rest))) + b"\n"
    return b"".join(
        b"{" + (members + b"," if members else b"") + line + b"\n"
        for members, line in zip(first, rest)
    )
