"""Tables in: files of any of the formats as chunks of rows, by polars or by the plain reader.

Both readers give the same chunks. polars reads a piece of text at once or refuses it; what it refuses, the
plain reader goes over, which can say which row and field is bad.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, chain
from typing import Any, Literal, Protocol, TypeAlias

from autodiff_cli.errors import InputError
from autodiff_cli.tables import hints, plain_csv, plain_json
from autodiff_cli.tables.bad import RowError
from autodiff_cli.tables.dialect import USUAL, Dialect
from autodiff_cli.tables.formats import TEXT
from autodiff_cli.tables.layout import Choice, ColumnLayout, Keep, naming, no_column
from autodiff_cli.tables.pieces import Piece, pieces
from autodiff_cli.tables.rows import Chunk
from autodiff_cli.tables.sources import RowSource

Engine: TypeAlias = Literal["auto", "plain", "polars"]
Parser: TypeAlias = Callable[[Piece, ColumnLayout, int], Chunk]


class StoredReader(Protocol):
    """The module that reads a format which stores values."""

    def read(
        self, source: RowSource, choice: Choice, size: int, rows: tuple[int, int] | None = None
    ) -> Iterator[Chunk]:
        """The rows, or those from one to before another, in chunks of about `size` bytes."""

    def header(self, source: RowSource, choice: Choice) -> tuple[str, ...]:
        """The names of the columns, of which those that are wanted can be read."""

    def rows(self, source: RowSource) -> int:
        """How many rows there are; 0 if they can only be read from the first."""


PIECE = 2 << 20  # bytes: large enough that calls do not count, small enough for a processor's cache
ROWS = 1 << 16  # of a chunk, however short: what is said of a bad one is longer than it
LOOKED_AT = 1 << 16  # bytes that show the columns


def read(
    sources: Sequence[RowSource],
    *,
    columns: Sequence[str] | None = None,
    wanted: Collection[str] | None = None,
    kept: Keep = None,
    closed: bool = False,
    chunk_rows: int | None = None,
    chunk_bytes: int = PIECE,
    engine: Engine = "auto",
    skip: int = 0,
    skipped: Callable[[Chunk, int], None] | None = None,
) -> Iterator[Chunk]:
    """The rows of files, in order, in chunks.

    Args:
        sources: the files, as `sources.resolved` found them.
        columns: names for the columns of a file without a header, or "new=old" words.
        wanted: the columns to parse; None for all.
        kept: the columns to pass on as they are.
        closed: whether there may be no others, as in a format whose columns are the same in all rows.
        chunk_rows, chunk_bytes: how large a chunk may be; whichever comes first. A row is never cut.
        engine: "plain" for the standard library, "polars", or the latter where it is installed.
        skip: how many rows at the beginning, over all files, to leave out.
        skipped: called with what is left out, and how many of its first rows are.

    Raises:
        InputError: a file can't be read, or has no such column; after the rows before it. There are fewer
            rows than are to be left out.
    """
    left = skip
    most = min(chunk_rows or ROWS, ROWS)
    choice = Choice(naming(columns), wanted, kept, closed)
    for source, place in zip(sources, places_of(sources)):
        for chunk in _file(source, choice, chunk_bytes, engine, place):
            if left and skipped is not None:
                skipped(chunk, min(left, chunk.count))
            if left >= chunk.count:
                left -= chunk.count
                continue
            rows = chunk.part(left, chunk.count) if left else chunk
            left = 0
            yield from rows.parts(most)
    if left:
        raise InputError(f"the input has {skip - left:,} rows, and {skip:,} were finished")


def header(
    source: RowSource, *, columns: Sequence[str] | None = None, patient: bool = False
) -> tuple[str, ...]:
    """The names of a file's columns; what is looked at of a pipe stays to be read.

    Args:
        patient: whether to wait for as many objects of a slow pipe of JSON Lines as show its columns.

    Raises:
        InputError: the file can't be read or has no header.
    """
    choice = Choice(naming(columns), ())
    if source.form.name not in TEXT:
        return stored_by(source.form.name).header(source, choice)
    first, layout = looked_at(source, choice, patient)
    if not layout.names and first is not None:
        _begins_with_an_object(first, source.name)
    return layout.names


def check(
    sources: Sequence[RowSource],
    *,
    columns: Sequence[str] | None = None,
    wanted: Collection[str],
    kept: Keep = None,
    closed: bool = False,
    chunk_bytes: int = PIECE,
) -> Iterator[tuple[RowSource, tuple[str, ...]]]:
    """Look at files as `read` will, before it reads any; not at what is opened once.

    Args:
        columns, wanted, kept, closed, chunk_bytes: as `read` takes them.

    Yields:
        Each file that was looked at, with the names of its columns.

    Raises:
        InputError: one can't be read, has no header, or no such column.
    """
    choice = Choice(naming(columns), wanted, kept, closed)
    for source in sources:
        if not source.lasts:
            continue
        if source.form.name not in TEXT:
            yield source, stored_by(source.form.name).header(source, choice)
            continue
        layout = looked_at(source, choice)[1]
        if set(wanted) - set(layout.names):  # later objects may have it
            next(_file(source, choice, chunk_bytes, "auto", None), None)
        yield source, layout.names


def looked_at(
    source: RowSource, choice: Choice, patient: bool = False
) -> tuple[Piece | None, ColumnLayout]:
    """How a text file begins, and its columns.

    Of a pipe of JSON Lines it is what is there, unless that is to be waited for.
    """
    name = source.form.name
    stream = source.beginning()
    try:
        cut = pieces(stream, LOOKED_AT, source.fields, source.name)
        first = _first(cut)
        if name == "jsonl" and first is not None and (source.lasts or patient or choice.closed):
            first = _with_objects(first, cut)
    finally:
        stream.close()
    return first, layout_of(first, source, choice)[0]


def _first(cut: Iterator[Piece]) -> Piece | None:
    """The first piece, with those before it that are blank."""
    found = None
    for piece in cut:
        found = (
            piece
            if found is None
            else found._replace(
                data=found.data + piece.data, lines=found.lines + piece.lines, quotes=piece.quotes
            )
        )
        if not piece.data.isspace():
            break
    return found


def _with_objects(first: Piece, cut: Iterator[Piece]) -> Piece:
    """The beginning with as many objects as show the columns."""
    with suppress(InputError):  # which is said again behind the rows before it
        while len(plain_json.lines_of(first.data)[0]) < plain_json.OBJECTS:
            piece = next(cut, None)
            if piece is None:
                break
            first = first._replace(data=first.data + piece.data)
    return first


def _begins_with_an_object(first: Piece, file: str) -> None:
    """Raise InputError with what is wrong with the first row, as no row shows the columns."""
    lines, offsets = plain_json.lines_of(first.data)
    for line, offset in zip(lines[:1], offsets):
        message = plain_json.object_of(line)[1]
        if message:
            hint = plain_json.hint_of(line)
            raise RowError(file, 1, "", message, hint, first.line + offset).fault()


def places_of(sources: Sequence[RowSource]) -> list[tuple[float, float] | None]:
    """Which part of all bytes each file has, as in (0.25, 0.5); None where the end of one isn't known.

    Raises:
        InputError: a file is gone.
    """
    if not all(source.lasts for source in sources):
        return [None] * len(sources)
    sizes = [source.size for source in sources]
    ends = [end / max(sum(sizes), 1) for end in accumulate(sizes)]
    return list(zip([0.0, *ends], ends))


def _file(
    source: RowSource,
    choice: Choice,
    size: int,
    engine: Engine,
    place: tuple[float, float] | None,
) -> Iterator[Chunk]:
    """The rows of a file, each chunk with its share where the file's own place is known."""
    name = source.form.name
    if name not in TEXT:
        rows = 0 if place is None else stored_by(name).rows(source)
        chunks = stored(source, choice, size)
        known = place if rows else None
        yield from _shared(chunks, known, lambda chunk: (chunk.start - 1 + chunk.count) / rows)
        return
    held: Any = source.stored()
    stream = source.decoded(held)
    try:
        cut = pieces(stream, size, source.fields, source.name)
        chunks = _text(cut, source, choice, engine)
        yield from _shared(chunks, place, lambda _: held.tell() / source.size)
    finally:
        stream.close()


def _shared(
    chunks: Iterator[Chunk],
    place: tuple[float, float] | None,
    reached: Callable[[Chunk], float],
) -> Iterator[Chunk]:
    """Chunks of a file with their shares.

    Args:
        place: the file's own; None if it isn't known.
        reached: how much of the file is read with a chunk.
    """
    if place is None:
        yield from chunks
        return
    begun, whole = place[0], place[1] - place[0]
    for chunk in chunks:
        end = place[0] + whole * min(reached(chunk), 1.0)
        chunk.share = begun, end
        begun = end
        yield chunk


def stored(
    source: RowSource, choice: Choice, size: int, rows: tuple[int, int] | None = None
) -> Iterator[Chunk]:
    """The rows of a format that stores values; those from one to before another, or all."""
    return stored_by(source.form.name).read(source, choice, size, rows)


def stored_by(name: str) -> StoredReader:
    """What reads a format that stores values."""
    if name in ("npy", "npz"):
        from autodiff_cli.tables import array_reader

        return array_reader
    try:
        from autodiff_cli.tables import polars_reader
    except ImportError:
        raise no_polars(name) from None
    return polars_reader


def no_polars(what: str) -> InputError:
    """That something needs polars, and how to get it."""
    return InputError(
        f"{what} needs polars, which isn't installed", hint="pip install 'autodiff-cli[tables]'"
    )


def _text(
    cut: Iterator[Piece], source: RowSource, choice: Choice, engine: Engine
) -> Iterator[Chunk]:
    name = source.form.name
    if name == "jsonl":
        yield from parsed(cut, name, looked_at(source, choice)[1], engine)
        return
    first = _first(cut)
    layout, first = layout_of(first, source, choice)
    yield from parsed(cut if first is None else chain([first], cut), name, layout, engine)


def parsed(
    cut: Iterable[Piece], name: str, layout: ColumnLayout, engine: Engine = "auto", row: int = 1
) -> Iterator[Chunk]:
    """The rows of pieces of text, the first of which has the number `row`.

    Raises:
        InputError: polars was asked for and isn't installed; no object has a column.
    """
    parse = parser(name, engine)
    for piece in cut:
        chunk = parse(piece, layout, row)
        if row == 1 and name == "jsonl":
            _some_of_each(chunk, layout)
        row += chunk.count
        if chunk.count:
            yield chunk


def _some_of_each(chunk: Chunk, layout: ColumnLayout) -> None:
    """Raise InputError if no object of many has a column: a name that was mistyped, not a bad row."""
    for name, column in chunk.columns.items():
        if name not in layout.names and chunk.count and len(column.bad) == chunk.count:
            said = {(reason.field, reason.message) for reason in chunk.bad.distinct()}
            if (name, "missing") in said and {field or name for field, _ in said} == {name}:
                raise no_column(name, layout.names, layout.file)


def parser(name: str, engine: Engine) -> Parser:
    """What makes chunks of pieces of text."""
    if engine != "plain":
        try:
            from autodiff_cli.tables import polars_text
        except ImportError:
            if engine == "polars":
                raise no_polars("this reader") from None
        else:
            return polars_text.json_chunk if name == "jsonl" else polars_text.csv_chunk
    return plain_json.chunk if name == "jsonl" else plain_csv.chunk


def layout_of(
    first: Piece | None, source: RowSource, choice: Choice
) -> tuple[ColumnLayout, Piece | None]:
    """The columns, by the file's first piece, and what of the piece is rows."""
    file, dialect = source.name, source.fields
    if dialect is None:
        kinds = source.dialect.kinds
        return _layout_of_objects(first, choice, file, USUAL._replace(kinds=kinds)), first
    titles, end = plain_csv.first_record(first.data, dialect, file) if first else ([], 0)
    if first is None or not titles:
        raise InputError(f"{file} is empty", hint="a table begins with its header: S,K,T")
    rows = first
    if choice.naming.names:
        hints.check_fields(first.data, dialect, file)
        names = choice.naming.given(len(titles), f"the first row of {file}")
    else:
        hints.check_header(titles, first.data, dialect, file)
        titles = hints.named(titles)
        names = choice.naming.apply(titles, file)
        lines = first.data.count(b"\n", 0, end)
        rows = first._replace(data=first.data[end:], line=first.line + lines)
    want, keep = choice.of(names, file)
    layout = ColumnLayout(file, dialect, names, tuple(titles), want, keep, choice.kept == "all")
    return layout, rows if rows.data else None


def _layout_of_objects(
    first: Piece | None, choice: Choice, file: str, dialect: Dialect
) -> ColumnLayout:
    if choice.naming.names:
        raise InputError(
            f"{file}: JSON Lines name their columns", hint="rename one: --columns new=old"
        )
    found: dict[str, None] = {}
    if first is not None:
        for line in plain_json.lines_of(first.data)[0][: plain_json.OBJECTS]:
            found |= dict.fromkeys(plain_json.object_of(line)[0])
    for old in choice.naming.renamed:  # keys of objects in objects, which new names make columns
        if old.strip() not in found and old.partition(".")[0].strip() in found and "." in old:
            found[old.strip()] = None
    titles = tuple(found)
    names = choice.naming.apply(titles, file) if titles else ()
    want, keep = choice.of(names, file, fixed=False)
    return ColumnLayout(
        file, dialect, names, titles, want, keep, choice.kept == "all", choice.closed
    )
