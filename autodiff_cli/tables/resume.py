"""Going on where an interrupted run stopped: FILE.partial, and beside it what it is of and how far it is.

The state is a line of JSON that is written whole, and further lines as rows are finished, each of which
replaces members of those before it. Behind the wall (`autodiff_cli.wall`) a process can go on with files
that it has open, and can't replace any.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson

from autodiff_cli.errors import InputError
from autodiff_cli.tables import partial, placing
from autodiff_cli.tables.outputs import check_writable, errors_of, is_special, refused, write_all
from autodiff_cli.tables.placing import Placement
from autodiff_cli.tables.rows import Chunk


class Digest:
    """Tells rows from others by the numbers in them, whatever chunks they come in."""

    def __init__(self) -> None:
        self.columns: dict[str, hashlib.blake2b] = {}

    def add(self, chunk: Chunk, count: int) -> None:
        """Rows, from the chunk's first; cells that aren't read don't count."""
        for name, column in chunk.columns.items():
            state = self.columns.setdefault(name, hashlib.blake2b(digest_size=16))
            part = column.part(0, count)
            if isinstance(part.values, np.ndarray):
                good = np.delete(part.values, part.bad, 0) if len(part.bad) else part.values
                state.update(np.ascontiguousarray(good).tobytes())
                continue
            bad = set(part.bad.tolist())
            for offset, value in enumerate(part.values):
                if offset not in bad:
                    state.update(np.ascontiguousarray(value).tobytes())

    def text(self) -> str:
        """The same for the same rows."""
        return " ".join(f"{name}:{state.hexdigest()}" for name, state in self.columns.items())


class Progress:
    """How far a job is.

    output: the file it makes; file: the unfinished one, which no other run may write; rows: the input rows
    that are finished; bytes: the output that they made; digest: of what they held.
    """

    def __init__(self, output: str, file: BinaryIO, job: Mapping[str, str]) -> None:
        self.output = output
        self.file = file
        self.job = dict(job)
        self.rows = 0
        self.bytes = 0
        self.partial, self.state = partial.places(output)
        self.placement = Placement(self.partial, os.path.realpath(output), resumable=True)
        self.lines: BinaryIO | None = None  # of the state
        self.written = 0
        self.digest = ""
        self.seen = Digest()
        self.unseen = 0  # finished rows that haven't been read again
        self.coming: deque[str] = deque()  # digests up to rows that aren't written yet

    def skipped(self, chunk: Chunk, count: int) -> None:
        """Finished rows were read again: in the end, they must be what they were.

        Raises:
            InputError: they have changed.
        """
        self.seen.add(chunk, count)
        self.unseen -= count
        if not self.unseen and self.seen.text() != self.digest:
            raise InputError(
                f"the first {self.rows:,} rows have changed since the run that made '{self.partial}'",
                hint=f"begin anew: rm {self.partial} {self.state}",
            )

    def read(self, chunk: Chunk, count: int) -> None:
        """Note rows that the next `add` finishes."""
        self.seen.add(chunk, count)
        self.coming.append(self.seen.text())

    def add(self, rows: int) -> None:
        """Note that rows are finished, and written: after a loss of power the file is as long at least."""
        self.rows += rows
        self.bytes = self.written
        self.digest = self.coming.popleft()
        assert self.lines is not None
        with errors_of(self.output):
            write_all(self.lines, orjson.dumps(self._reached()) + b"\n")

    def _reached(self) -> dict[str, object]:
        return {"rows": self.rows, "bytes": self.bytes, "digest": self.digest}

    def save(self) -> None:
        """Write the state, whole or not at all, and open it for what is finished from now on."""
        beside = f"{self.state}.new"
        with errors_of(self.output):
            Path(beside).write_bytes(orjson.dumps({"job": self.job} | self._reached()) + b"\n")
            os.replace(beside, self.state)
            self.lines = open(self.state, "ab", buffering=0)  # noqa: SIM115

    def close(self) -> None:
        """Let other runs have the files."""
        for file in (self.lines, self.file):
            if file is not None:
                file.close()


def begin(output: str, job: Mapping[str, str]) -> Progress:
    """Where the job stands: at the beginning, or where its last run stopped.

    Args:
        job: what must be the same, such as {"expression": …, "options": …, "inputs": …}.

    Raises:
        InputError: what is there is another job's, or another run is writing it; it says what differs.
    """
    check_writable(output)
    if is_special(output):
        raise InputError(f"--resume needs a file to go on with: '{output}' is none")
    with errors_of(output):
        file = partial.locked(partial.places(output)[0])
    progress = Progress(output, file, job)
    try:
        _go_on(progress)
        progress.save()
    except BaseException:
        progress.close()
        raise
    placing.place.placer.expect(progress.placement)
    return progress


def _go_on(progress: Progress) -> None:
    """Take up what an earlier run of the same job finished."""
    anew = f"begin anew: rm {progress.partial} {progress.state}"
    try:
        state = Path(progress.state).read_bytes()
        record = dict(chain.from_iterable(line.items() for line in records(state)))
        size = os.path.getsize(progress.partial)
        old, rows, length = dict(record["job"]), int(record["rows"]), int(record["bytes"])
        progress.digest = str(record["digest"])
    except FileNotFoundError:
        return
    except OSError as error:
        raise refused(progress.output, error) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(f"'{progress.state}' is damaged", hint=anew) from None
    check_job(old, progress.job, f"'{progress.partial}'", anew)
    if size < length:
        raise InputError(f"'{progress.partial}' is shorter than its state says", hint=anew)
    progress.rows, progress.bytes, progress.written = rows, length, length
    progress.unseen = rows


def records(data: bytes) -> list[dict[str, Any]]:
    """The lines of a state; one that was cut off ends it."""
    found = []
    for line in data.splitlines():
        try:
            found.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            break
    return found


def check_job(old: Mapping[str, str], job: Mapping[str, str], what: str, hint: str) -> None:
    """Raise InputError if what an interrupted run left is another job's."""
    for name in dict.fromkeys((*old, *job)):
        if old.get(name) != job.get(name):
            raise InputError(
                f"{what} is of another run: its {name} was {old.get(name)!r}, "
                f"now it is {job.get(name)!r}",
                hint=hint,
            )


def unfit(name: str) -> InputError:
    """That a format can't be continued."""
    return InputError(f"--resume can't go on with {name}", hint="it can with JSON Lines and CSV")


class Continued:
    """The output of a job that can be resumed: what isn't finished rows is cut off first."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.file = progress.file
        with errors_of(progress.output):
            self.file.truncate(progress.bytes)

    def write(self, data: bytes) -> None:
        with errors_of(self.progress.output):
            write_all(self.file, data)
        self.progress.written += len(data)

    def close(self) -> None:
        with errors_of(self.progress.output):
            os.fsync(self.file.fileno())
            placing.place.placer.place(self.progress.placement)
            self.progress.close()  # and with it the lock, when nothing is left that another run could take

    def abort(self) -> None:
        self.progress.close()
        placing.place.placer.drop(self.progress.placement)
