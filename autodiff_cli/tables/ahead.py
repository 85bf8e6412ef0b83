"""Reading ahead and writing behind, each in a thread of its own, so that both overlap with computing."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.rows import Table
from autodiff_cli.tables.writing import Writer

T = TypeVar("T")
TURN = 0.1  # seconds of waiting before looking whether to go on


class _End(Generic[T]):
    """The last thing a reading thread hands over: how it ended."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same items, one of them read before it is asked for.

    An error comes out in its turn. Closing this iterator ends the thread, and closes the items.
    """
    handed: queue.Queue[T | _End[T]] = queue.Queue(1)
    stopped = threading.Event()

    def put(item: T | _End[T]) -> bool:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                handed.put(item, timeout=TURN)
                return True
        return False

    def run() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not put(item):
                    break
        except BaseException as raised:  # it is the caller's, and is raised there
            error = raised
        finally:
            close: Callable[[], None] | None = getattr(items, "close", None)
            if close is not None:
                close()
        put(_End(error))

    thread = threading.Thread(target=run, name="reading ahead", daemon=True)
    thread.start()
    try:
        while True:
            item = _next(handed)
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()


def _next(handed: queue.Queue[T]) -> T:
    """The next item, waited for in short turns.

    polars' handler of Ctrl-C restarts what it interrupts, so that a single long wait would go on.
    """
    while True:
        with contextlib.suppress(queue.Empty):
            return handed.get(timeout=TURN)


class Behind:
    """A writer whose work is done in a thread; an error is raised by the next call."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.waiting: queue.Queue[tuple[Table, Kept | None, int] | None] = queue.Queue(1)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="writing behind", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while (rows := self.waiting.get()) is not None:
            if self.error is not None:
                continue  # what comes behind a failure is lost with it
            try:
                self.writer.write(*rows)
            except BaseException as raised:  # it is the caller's, and is raised there
                self.error = raised

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        """Hand rows to the thread; waits while it has others to begin with."""
        self._check()
        while True:  # in short turns, as above
            with contextlib.suppress(queue.Full):
                return self.waiting.put((table, kept, read), timeout=TURN)

    def close(self) -> None:
        """Finish what was handed over; then the output is whole."""
        self._finish()
        self._check()
        self.writer.close()

    def cut_off(self) -> None:
        """Finish what was handed over, as no more rows come."""
        self._finish()
        if self.error is None:
            self.writer.cut_off()

    def abort(self) -> None:
        """Finish what was handed over; the output stays unfinished."""
        self._finish()
        self.writer.abort()

    def _finish(self) -> None:
        if self.thread.is_alive():
            self.waiting.put(None)
            self.thread.join()

    def _check(self) -> None:
        if self.error is not None:
            raise self.error
