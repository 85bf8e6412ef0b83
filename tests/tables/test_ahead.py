"""Threads that read ahead and write behind: order, errors, and their end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from autodiff_cli.errors import InputError
from autodiff_cli.tables.ahead import Behind, ahead
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.rows import Column, Table


def test_order_is_kept() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))


def test_an_error_comes_in_its_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise InputError("broken")

    found = []
    with pytest.raises(InputError, match="broken"):
        for item in ahead(items()):
            found.append(item)
    assert found == [1, 2]


def test_closing_ends_the_thread_and_the_items() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    reading = ahead(items())
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert closed.wait(10)


class Recorder:
    """A writer that notes what it gets."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.found: list[float] = []
        self.ended = ""
        self.fail_at = fail_at

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        time.sleep(0.001)
        if len(self.found) == self.fail_at:
            raise InputError("no space left")
        column = table["a"]
        assert isinstance(column, Column)
        self.found.append(float(column.values[0]))

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


def rows(number: int) -> Table:
    return {"a": Column(np.array([float(number)]))}


@pytest.mark.parametrize("end", ["close", "abort"])
def test_what_was_handed_over_is_written(end: str) -> None:
    recorder = Recorder()
    writer = Behind(recorder)
    for number in range(20):
        writer.write(rows(number))
    getattr(writer, end)()
    assert recorder.found == list(range(20))
    assert recorder.ended == end.removesuffix("e") + "ed"
    assert not writer.thread.is_alive()


def test_a_failure_is_raised_by_a_later_call() -> None:
    recorder = Recorder(fail_at=3)
    writer = Behind(recorder)
    with pytest.raises(InputError, match="no space left"):
        for number in range(20):
            writer.write(rows(number))
    writer.abort()
    assert recorder.found == [0, 1, 2]
    assert recorder.ended == "aborted"


def test_a_failure_at_the_end() -> None:
    writer = Behind(Recorder(fail_at=0))
    writer.write(rows(0))
    with pytest.raises(InputError, match="no space left"):
        writer.close()
    writer.abort()
