"""What can't be written yet waits in a file, not in memory, and is written as if it hadn't waited."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from reading import read

from autodiff_cli.errors import InputError
from autodiff_cli.tables import array_writer, placing, waiting
from autodiff_cli.tables.bad import GOOD
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.rows import Column, Sentences, Table
from autodiff_cli.tables.waiting import Waiting
from autodiff_cli.tables.writers import open_writer

needs_polars = pytest.mark.needs("polars")
ROWS = 40  # of each input
KINDS = ["csv", "tsv", "npy", "npz"]
KINDS += [pytest.param(kind, marks=needs_polars) for kind in ("parquet", "arrow")]  # type: ignore[misc]


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let more than one small table wait on disk."""
    monkeypatch.setattr(waiting, "HELD", 500)
    monkeypatch.setattr(array_writer, "HELD", 500)


def lines_of(writer: Any) -> list[Waiting[Any]]:
    """What rows wait in: a line for all of them, or one a column."""
    if isinstance(writer, array_writer.ArrayWriter):
        return [spool.rows for spool in writer.spools.values()]
    return [writer.waiting]


@pytest.mark.parametrize("held", [0, 300, 1 << 20])
def test_items_come_back_in_their_order(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "HELD", held)
    line: Waiting[str] = Waiting(None)
    items = [f"item {number} " * number for number in range(12)]
    for _ in range(2):  # the second time over what the file still holds
        for item in items[:-1]:
            assert not list(line.passed(item, ready=False))
        assert list(line.passed(items[-1], ready=True)) == items
        assert not list(line.taken())
    line.close()


def kept(format: str, engine: str) -> Iterator[Kept]:
    """Kept columns of the file's chunks."""
    if format == "csv":
        text = "x,name\n" + "".join(f'{row},"n, {row}"\n' for row in range(ROWS))
    elif format == "jsonl":
        text = "".join(f'{{"x":{row},"name":"n {row}"}}\n' for row in range(ROWS))
    if format == "parquet":
        import polars

        names = [f"n {row}" for row in range(ROWS)]
        polars.DataFrame({"x": list(range(ROWS)), "name": names}).write_parquet("in.parquet")
    else:
        Path(f"in.{format}").write_text(text)
    chunks = read([f"in.{format}"], kept="all", wanted=["x"], engine=engine, chunk_rows=4)
    for chunk in chunks:
        assert chunk.kept is not None
        yield chunk.kept


def unanswered(start: int, count: int) -> Table:
    """A table none of whose rows has an answer, with what is wrong with them."""
    nulls = Column(np.full(count, np.nan), nulls=np.ones(count, bool))
    lines, codes = np.arange(start + 1, start + count + 1), np.zeros(count, np.int64)
    codes[0] = GOOD if start == 1 else 0
    errors = Sentences("in.csv", start, lines, [": 'a, b' is not a number"], codes)
    return {"value": Column(np.zeros(count)), "grad": nulls, "error": errors}


def written(name: str, engine: str, source: str, ends_in: str) -> tuple[bytes, list[Waiting[Any]]]:
    """The file of tables that wait, each of which is given up by whoever made it."""
    writer: Any = open_writer(name, engine=engine)  # type: ignore[arg-type]
    alive, row = [], 1
    for passing in kept(source, engine):
        count = len(passing.members())
        table = dict(unanswered(row, count))
        alive.append(weakref.ref(table["grad"].values))  # type: ignore[union-attr]
        row += count
        writer.write(table, passing, count)
    del table, passing
    gc.collect()
    assert not any(one() is not None for one in alive)
    if ends_in == "a good row":
        answers = dict(unanswered(row, 1)) | {"grad": Column(np.array([[1.5, 2.5]]))}
        writer.write(answers, next(kept(source, engine)).take(np.array([0])), 1)
    else:
        assert {line.count for line in lines_of(writer)} == {len(alive)}
    lines = lines_of(writer)
    writer.close()
    return Path(name).read_bytes(), lines


@pytest.mark.parametrize("ends_in", ["a good row", "bad rows"])
@pytest.mark.parametrize("source", ["csv", "jsonl", pytest.param("parquet", marks=needs_polars)])
@pytest.mark.parametrize("to", KINDS)
def test_what_waits_is_on_disk_and_written_in_its_order(
    here: Path, monkeypatch: pytest.MonkeyPatch, engine: str, to: str, source: str, ends_in: str
) -> None:
    whole, lines = written(f"a.{to}", engine, source, ends_in)
    assert all(line.store is not line.file for line in lines)
    small(monkeypatch)
    made: list[IO[bytes]] = []

    def unnamed(beside: str | None) -> IO[bytes]:
        made.append(open(f"waits{len(made)}", "w+b"))  # noqa: SIM115
        return made[-1]

    monkeypatch.setattr(placing, "unnamed", unnamed)
    again, _ = written(f"b.{to}", engine, source, ends_in)
    assert again == whole
    assert sum(os.path.getsize(file.name) for file in made) > 10 * waiting.HELD
    assert all(file.closed for file in made)


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.needs("/dev/full")
def test_a_full_disk_has_no_room_for_what_waits(
    here: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    small(monkeypatch)
    monkeypatch.setattr(placing, "unnamed", lambda _: open("/dev/full", "w+b"))  # noqa: SIM115
    writer = open_writer(f"o.{to}")
    arrays = to in ("npy", "npz")
    told = f"'o.{to}' can't be written" if arrays else f"kept in the folder of 'o.{to}'"
    with pytest.raises(InputError, match=f"{told}: no space left") as caught:
        for row in range(100):
            writer.write(unanswered(row, 1))
        writer.close()
    assert arrays or "--to jsonl" in str(caught.value.hint)
    writer.abort()
    assert os.listdir() == []


@pytest.mark.parametrize("to", KINDS)
def test_where_no_file_can_be_made_little_may_wait(
    here: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    def unnamed(beside: str | None) -> IO[bytes]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(placing, "unnamed", unnamed)
    writer = open_writer(f"o.{to}")
    writer.write(unanswered(1, 3))
    writer.close()
    (chunk,) = read([f"o.{to}"], wanted=["value"])
    assert chunk.count == 3
    small(monkeypatch)
    writer = open_writer(f"p.{to}")
    with pytest.raises(InputError, match="permission denied"):
        for row in range(100):
            writer.write(unanswered(row, 1))
    writer.abort()
    assert os.listdir() == [f"o.{to}"]
