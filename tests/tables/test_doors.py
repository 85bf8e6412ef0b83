"""Every kind of door gives all rows once: pipes, sockets, open files, files and patterns, to both readers."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_cli.errors import InputError
from autodiff_cli.tables import readers
from autodiff_cli.tables.doors import check_once, check_outputs, door, held
from autodiff_cli.tables.sources import RowSource, resolved

ROWS = 30_000
VALUES = np.arange(ROWS, dtype=np.float64)
TEXT = {
    "csv": b"x,y\n" + b"".join(b"%d,1\n" % n for n in range(ROWS)),
    "tsv": b"x\ty\n" + b"".join(b"%d\t1\n" % n for n in range(ROWS)),
    "jsonl": b"".join(b'{"x":%d,"y":1}\n' % n for n in range(ROWS)),
}
FORMATS = ["csv", "tsv", "jsonl", "npy", "npz", "parquet", "arrow"]


def content(name: str) -> bytes:
    """A table of a format, with the column x."""
    if name in TEXT:
        return TEXT[name]
    data = io.BytesIO()
    if name == "npy":
        np.save(data, VALUES)
    elif name == "npz":
        np.savez(data, x=VALUES)
    else:
        polars = pytest.importorskip("polars")
        frame = polars.DataFrame({"x": VALUES})
        (frame.write_parquet if name == "parquet" else frame.write_ipc)(data)
    return data.getvalue()


def in_thread(write: Callable[[], None]) -> None:
    def run() -> None:
        with contextlib.suppress(BrokenPipeError):
            write()

    threading.Thread(target=run, daemon=True).start()


def pour(number: int, data: bytes, slowly: bool = False) -> None:
    """All of the data into an open file, which is closed then."""
    draw = random.Random(0)
    sizes = [1, 1, 1, 5, 40_000] if slowly else []  # in the middle of lines, with a pause behind
    with open(number, "wb", buffering=0) as file:
        while data:
            data = data[file.write(data[: sizes[0] if sizes else draw.randrange(1, 50_000)]) :]
            if sizes:
                sizes.pop(0)
                time.sleep(0.002)


@contextlib.contextmanager
def opened_as(kind: str, data: bytes) -> Iterator[str]:
    """A path from which the data come."""
    if kind == "file":
        Path("named").write_bytes(data)
        yield "named"
    elif kind == "open file":
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            file.seek(0)
            yield f"/dev/fd/{file.fileno()}"
    elif kind == "fifo":
        os.mkfifo("fifo")
        in_thread(lambda: pour(os.open("fifo", os.O_WRONLY), data))
        yield "fifo"
    else:
        if kind == "socket":
            ours, theirs = (end.detach() for end in socket.socketpair())
        else:
            ours, theirs = os.pipe()
        in_thread(lambda: pour(theirs, data, slowly=kind == "slow pipe"))
        try:
            yield f"/dev/fd/{ours}" if kind != "pipe of the process" else f"/proc/self/fd/{ours}"
        finally:
            os.close(ours)


DOORS = ["file", "open file", "fifo", "pipe", "pipe of the process", "slow pipe", "socket"]


def rows(sources: tuple[RowSource, ...], engine: str, **options: Any) -> list[float]:
    """The column x, as a run reads it: the header first, then all others that last, then the rows."""
    assert "x" in readers.header(sources[0])
    assert [source for source, _ in readers.check(sources[1:], wanted=["x"])] == [
        source for source in sources[1:] if source.lasts
    ]
    found: list[float] = []
    for chunk in readers.read(sources, wanted=["x"], engine=engine, **options):  # type: ignore[arg-type]
        assert not chunk.bad
        found += np.asarray(chunk.columns["x"].values).tolist()
    return found


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="needs /dev/fd")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", DOORS)
def test_every_door_gives_all_rows(here: Path, engine: str, kind: str, name: str) -> None:
    with opened_as(kind, content(name)) as path:
        assert rows(resolved([path], name), engine) == VALUES.tolist()


@pytest.mark.parametrize("name", [n for n in FORMATS if n != "tsv"])
@pytest.mark.parametrize("kind", ["fifo", "slow pipe", "socket"])
def test_a_pipe_shows_its_format(here: Path, engine: str, kind: str, name: str) -> None:
    with opened_as(kind, content(name)) as path:
        (source,) = resolved([path])
        assert source.form.name == name
        assert rows((source,), engine) == VALUES.tolist()


@pytest.mark.parametrize("kind", DOORS)
def test_compressed_doors(here: Path, engine: str, kind: str) -> None:
    with opened_as(kind, gzip.compress(TEXT["csv"])) as path:
        if kind == "file":
            path = str(Path(path).rename("named.gz"))
        assert rows(resolved([path], "csv"), engine) == VALUES.tolist()


def test_doors_one_after_the_other(here: Path, engine: str) -> None:
    Path("a.csv").write_bytes(TEXT["csv"])
    Path("b.csv").symlink_to("a.csv")
    with opened_as("pipe", TEXT["csv"]) as pipe, opened_as("fifo", TEXT["csv"]) as fifo:
        found = resolved(["a.csv", pipe, "a.csv", "[ab].csv", fifo], None)
        assert rows(found, engine, chunk_bytes=10_000) == VALUES.tolist() * 6


def test_a_writer_of_two_pipes_is_not_kept_waiting(here: Path, engine: str) -> None:
    """The second isn't opened before the first is read: it has no writer until then."""
    os.mkfifo("one")
    os.mkfifo("two")

    def write() -> None:
        for name in ("one", "two"):
            pour(os.open(name, os.O_WRONLY), TEXT["csv"])

    in_thread(write)
    assert rows(resolved(["one", "two"], "csv"), engine) == VALUES.tolist() * 2


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_mark_of_the_encoding_may_come_in_parts(
    here: Path, engine: str, mark: bytes, cut: int
) -> None:
    data = mark + b"x\n1\n2\n"
    ours, theirs = os.pipe()

    def write() -> None:
        with open(theirs, "wb", buffering=0) as file:
            file.write(data[:cut])
            time.sleep(0.02)
            file.write(data[cut:])

    in_thread(write)
    assert rows(resolved([f"/dev/fd/{ours}"], "csv"), engine) == [1, 2]
    os.close(ours)


def test_a_header_longer_than_a_pipe(here: Path, engine: str) -> None:
    names = ["x", *(f"column_with_a_long_name_{n}" for n in range(10_000))]
    row = ",".join(["3"] * len(names))
    data = f"{','.join(names)}\n{row}\n".encode()
    with opened_as("slow pipe", data) as path:
        assert rows(resolved([path]), engine) == [3]
    with opened_as("slow pipe", gzip.compress(data)) as path:
        assert rows(resolved([path], "csv"), engine) == [3]


def test_patterns_are_looked_up_once(here: Path, engine: str) -> None:
    Path("b.csv").write_text("x\n1\n")
    found = resolved(["*.csv"])
    Path("a.csv").write_text("x\n2\n")  # comes first in the order
    assert [source.name for source in found] == ["b.csv"]
    assert rows(found, engine) == [1]


def test_nothing_is_left_of_a_copy(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(here))
    with opened_as("pipe", content("npy")) as path:
        sources = resolved([path], "npy")
        assert "x" in readers.header(sources[0])
        assert os.listdir(here) == []
        assert rows(sources, "auto") == VALUES.tolist()


@pytest.mark.parametrize("name", ["npy", "parquet"])
def test_no_room_for_a_copy(here: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(here / "none"))
    said = r"can't be kept in .*none: no such file"
    with opened_as("pipe", content(name)) as path, pytest.raises(InputError, match=said):
        readers.header(resolved([path], name)[0])


def test_what_is_no_file(here: Path) -> None:
    Path("folder").mkdir()
    Path("dangling.csv").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.csv")
    for path, said in [
        ("folder", "is a folder"),
        ("folder/", "is a folder"),
        ("dangling.csv", "no such file: 'dangling.csv' (a link to nothing)"),
        ("none.csv", "no such file"),
        ("none*.csv", "no file matches"),
        ("socket.csv", "is a socket"),
        ("a\0b.csv", "can't be read"),
        ("/dev/fd/999", "can't be read"),
    ]:
        with pytest.raises(InputError) as caught:
            resolved([path])
        assert said in caught.value.message


def test_what_ends_clearly(here: Path, engine: str) -> None:
    for path, said in [("/dev/null", "is empty"), ("/dev/zero", "a row longer than")]:
        if os.path.exists(path):
            with pytest.raises(InputError, match=said):
                rows(resolved([path], "csv"), engine)
    ours, theirs = os.pipe()
    os.close(theirs)
    with pytest.raises(InputError, match="is empty"):
        rows(resolved([f"/dev/fd/{ours}"]), engine)
    os.close(ours)


# ---- inputs and outputs beside each other --------------------------------------------------------


def test_what_is_read_twice(here: Path) -> None:
    Path("a.csv").write_text("x\n1\n")
    os.mkfifo("fifo")
    ours, theirs = os.pipe()
    both, others = os.pipe()
    pipe, same = f"/dev/fd/{ours}", f"/proc/self/fd/{ours}"
    for paths, twice in [
        (["a.csv", "a.csv", "./a.csv"], False),
        (["fifo", "a.csv", "./fifo"], True),
        ([pipe, "a.csv", f"/dev/fd/{both}"], False),
        ([pipe, "a.csv", same], True),
        (["-", "/dev/stdin"], True),
        (["-", "/dev/fd/0"], True),
        (["-", "a.csv"], False),
    ]:
        with pytest.raises(InputError, match="once only") if twice else contextlib.nullcontext():
            check_once(map(door, paths))
    for number in (ours, theirs, both, others):
        os.close(number)


def test_an_input_is_known_by_any_name(here: Path) -> None:
    Path("a.csv").write_text("x\n1\n")
    Path("same.csv").write_text("x\n1\n")
    Path("link.csv").symlink_to("a.csv")
    os.link("a.csv", "hard.csv")
    inputs = [door("same.csv"), door("a.csv")]
    with open("a.csv", "ab") as file:
        number = f"/dev/fd/{file.fileno()}"
        for output in ("a.csv", "./a.csv", "link.csv", "hard.csv", str(here / "a.csv"), number):
            with pytest.raises(InputError, match="would be written over an input"):
                check_outputs({"--output": output}, inputs)
            check_outputs({"--output": "new.csv"}, [door(output)])
    check_outputs({"--output": "/dev/null"}, [door("/dev/null")])


def test_a_folder_that_holds_an_input(here: Path) -> None:
    Path("d/deep").mkdir(parents=True)
    Path("d/deep/a.csv").write_text("x\n1\n")
    Path("other").symlink_to("d")
    inner = door("d/deep/a.csv")
    assert held("d", [inner]) is inner
    assert held("other", [inner]) is inner
    assert held("d/deep", [inner]) is inner
    assert held(".", [inner]) is inner
    Path("e").mkdir()
    assert held("e", [inner]) is None
    assert held("none", [inner]) is None
