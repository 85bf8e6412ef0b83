"""What can't be written yet: tables before the first row that shows the form of a column."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import IO, Generic, TypeVar

from autodiff_cli.errors import InputError
from autodiff_cli.tables import placing

T = TypeVar("T")
HELD = 1 << 24  # bytes in memory


def no_room_for_rows(beside: str | None, error: OSError) -> InputError:
    """Why the rows before the first that shows the shape of every answer can't be kept, as an error."""
    where, hint = f"the folder of '{beside}'", "JSON Lines needs no shape: --to jsonl"
    if beside is None:
        where = "the folder for temporary files"
        hint += "; TMPDIR names another folder"
    return InputError(
        "the rows before the first that shows the shape of every answer can't be kept in "
        f"{where}: {(error.strerror or str(error)).lower()}",
        hint=hint,
    )


class Waiting(Generic[T]):
    """Items that wait in their order: in memory while they are small, then in a file without a name.

    The file is there from the beginning, as behind the wall (`autodiff_cli.wall`) none can be made. What
    is unpickled was pickled by this object, and no other process can write to it.

    Args:
        beside: the path of an output, whose disk has the room; None: where the system has it.
        refused: the error where it has none.
        held: how many bytes are kept in memory.
    """

    def __init__(
        self,
        beside: str | None,
        refused: Callable[[str | None, OSError], InputError] = no_room_for_rows,
        held: int | None = None,
    ) -> None:
        self.beside = beside
        self.refused = refused
        self.held = HELD if held is None else held
        self.count = 0
        self.store: IO[bytes] = BytesIO()
        self.file: IO[bytes] | OSError
        try:
            self.file = placing.unnamed(beside)
        except OSError as error:  # it may never be needed
            self.file = error

    def passed(self, item: T, ready: bool) -> Iterator[T]:
        """What can be written when an item has come: all that waits, and the item; nothing until it is ready.

        Raises:
            InputError: there is no room for what waits.
        """
        if ready:
            yield from self.taken()
            yield item
        else:
            self.add(item)

    def taken(self) -> Iterator[T]:
        """All that waits, which then waits no longer.

        Raises:
            InputError: there is no room for what waits.
        """
        with self._explained():
            self.store.seek(0)
        for _ in range(self.count):
            yield pickle.load(self.store)
        self.count = 0
        self.store = BytesIO()

    def close(self) -> None:
        """Nothing waits any longer."""
        for file in (self.store, self.file):
            if not isinstance(file, OSError):
                with contextlib.suppress(OSError):  # what a full disk didn't take is tried again
                    file.close()

    def add(self, item: T) -> None:
        """Another item waits.

        Raises:
            InputError: there is no room for what waits.
        """
        with self._explained():
            pickle.dump(item, self.store, pickle.HIGHEST_PROTOCOL)
            self.count += 1
            if isinstance(self.store, BytesIO) and self.store.tell() > self.held:
                if isinstance(self.file, OSError):
                    raise self.file
                self.file.seek(0)
                self.file.write(self.store.getbuffer())
                self.store = self.file

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self.refused(self.beside, error) from None
