"""Going on where an interrupted run stopped: FILE.partial, and beside it what it is of and how far it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from autodiff_cli.errors import InputError
from autodiff_cli.tables import outputs
from autodiff_cli.tables.files import check_writable, mode_of


class Progress:
    """How far a job is.

    output: the file it makes; rows: the input rows that are finished; bytes: the output that they made.
    """

    def __init__(self, output: str, job: Mapping[str, str], rows: int, bytes: int) -> None:
        self.output = output
        self.job = dict(job)
        self.rows = rows
        self.bytes = bytes
        self.partial = f"{os.path.realpath(output)}.partial"
        self.state = f"{self.partial}.state"
        self.written = bytes

    def add(self, rows: int) -> None:
        """Note that rows are finished, and written: after a loss of power the file is as long at least."""
        self.rows += rows
        self.bytes = self.written
        self.save()

    def save(self) -> None:
        """Write the state, whole or not at all."""
        beside = f"{self.state}.new"
        record = {"job": self.job, "rows": self.rows, "bytes": self.bytes}
        try:
            Path(beside).write_bytes(orjson.dumps(record))
            os.replace(beside, self.state)
        except OSError as error:
            raise outputs.refused(self.output, error) from None


def begin(output: str, job: Mapping[str, str]) -> Progress:
    """Where the job stands: at the beginning, or where its last run stopped.

    Args:
        job: what must be the same, such as {"expression": …, "options": …, "inputs": …}.

    Raises:
        InputError: what is there is another job's; it says what differs.
    """
    check_writable(output)
    fresh = Progress(output, job, 0, 0)
    try:
        record = orjson.loads(Path(fresh.state).read_bytes())
        size = os.path.getsize(fresh.partial)
        old, rows, length = record["job"], int(record["rows"]), int(record["bytes"])
    except FileNotFoundError:
        fresh.save()
        return fresh
    except OSError as error:
        raise outputs.refused(output, error) from None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise InputError(
            f"'{fresh.state}' is damaged", hint=f"begin anew: rm {fresh.partial} {fresh.state}"
        ) from None
    for name in dict.fromkeys((*old, *job)):
        if old.get(name) != job.get(name):
            raise InputError(
                f"'{fresh.partial}' is of another run: its {name} was {old.get(name)!r}, "
                f"now it is {job.get(name)!r}",
                hint=f"begin anew: rm {fresh.partial} {fresh.state}",
            )
    if size < length:
        raise InputError(
            f"'{fresh.partial}' is shorter than its state says",
            hint=f"begin anew: rm {fresh.partial} {fresh.state}",
        )
    return Progress(output, job, rows, length)


def unfit(name: str) -> InputError:
    """That a format can't be continued."""
    return InputError(f"--resume can't go on with {name}", hint="it can with JSON Lines and CSV")


class Continued:
    """The output of a job that can be resumed: what isn't finished rows is cut off first."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        try:
            self.file = open(progress.partial, "ab", buffering=0)  # noqa: SIM115
            self.file.truncate(progress.bytes)
        except OSError as error:
            raise outputs.refused(progress.output, error) from None

    def write(self, data: bytes) -> None:
        try:
            outputs.write_all(self.file, data)
        except OSError as error:
            raise outputs.refused(self.progress.output, error) from None
        self.progress.written += len(data)

    def close(self) -> None:
        target = Path(os.path.realpath(self.progress.output))
        try:
            os.fsync(self.file.fileno())
            self.file.close()
            os.chmod(self.progress.partial, mode_of(target))
            os.replace(self.progress.partial, target)
            os.unlink(self.progress.state)
        except OSError as error:
            raise outputs.refused(self.progress.output, error) from None

    def abort(self) -> None:
        self.file.close()
