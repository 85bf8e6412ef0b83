"""An output folder of parts: what of it is finished, and the marker that says that all of it is.

part-00000.csv …     the rows, in order; each takes its name when it is whole
_unfinished.jsonl    the run, then a line for each finished part; gone when all are
_SUCCESS             written last: what the run did
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from autodiff_cli.errors import InputError
from autodiff_cli.rows.part import Done, Form
from autodiff_cli.tables import outputs
from autodiff_cli.tables.outputs import check_writable, errors_of
from autodiff_cli.tables.resume import check_job, records

SUCCESS, UNFINISHED = "_SUCCESS", "_unfinished.jsonl"
PART = re.compile(r"part-\d{5,}\.[a-z.]+")
BEGUN = re.compile(
    r"\.(part-\d{5,}\.[a-z.]+|_SUCCESS|_unfinished.jsonl)\..*"
)  # what the killed leave
KNOWN = ("rows", "written", "bad", "non_finite")


class Folder:
    """The output of a run.

    Args:
        path: as it was asked for.
        words: the job's.
        resume: whether to go on with an unfinished run of the same words.

    Attributes:
        path: wherever one stands.
        done: the parts that an earlier run finished, by number.
        complete: whether an earlier run finished all of them.

    Raises:
        InputError: it can't be written, or holds something else.
    """

    def __init__(self, path: str, words: Mapping[str, str], resume: bool) -> None:
        self.name = path
        self.path = os.path.realpath(path)
        self.words = dict(words)
        self.done: dict[int, Done] = {}
        self.complete: dict[str, Any] | None = None
        self.cut: str | None = None
        if os.path.lexists(self.path) and not os.path.isdir(self.path):
            raise InputError(f"'{path}' is a file", hint="--engine dask writes a folder of parts")
        held = self._held()
        if SUCCESS in held:
            self._finished(resume)
        elif UNFINISHED in held:
            self._unfinished(resume)
        elif held:
            raise InputError(
                f"the folder '{path}' isn't empty: it holds '{held[0]}'",
                hint="the parts need a folder of their own",
            )
        if os.path.isdir(self.path):
            if not os.access(self.path, os.W_OK):
                raise InputError(f"'{path}' can't be written: permission denied")
        else:
            check_writable(self.path)

    def _held(self) -> list[str]:
        try:
            return sorted(os.listdir(self.path))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise outputs.refused(self.name, error) from None

    def _finished(self, resume: bool) -> None:
        if not resume:
            raise InputError(
                f"the folder '{self.name}' holds a finished run", hint=f"rm -r {self.name}"
            )
        self.complete = self._read(SUCCESS)[0]

    def _unfinished(self, resume: bool) -> None:
        """Take over what an interrupted run has done, or leave it behind."""
        foreign = [name for name in self._held() if not self._own(name)]
        if foreign:
            raise InputError(
                f"the folder '{self.name}' holds '{foreign[0]}', which isn't this command's",
                hint="the parts need a folder of their own",
            )
        if not resume:
            return
        first, *lines = self._read(UNFINISHED)
        self.cut = first.get("cut")
        for record in lines:
            self.done[record["part"]] = _from(record)

    def _own(self, name: str) -> bool:
        return name == UNFINISHED or bool(PART.fullmatch(name) or BEGUN.fullmatch(name))

    def _read(self, name: str) -> list[dict[str, Any]]:
        """The records of a file, which begin with what the run is.

        Raises:
            InputError: it is damaged, or of another run.
        """
        anew = f"begin anew: rm -r {self.name}"
        found = records(Path(self.path, name).read_bytes())
        if not found:
            raise InputError(f"'{os.path.join(self.name, name)}' is damaged", hint=anew)
        job = found[0].get("job", {})
        check_job(job, self.words, f"the folder '{self.name}'", anew)
        return found

    def begin(self, cut: str) -> None:
        """Make the folder, with what the run is; or see that it may go on.

        Args:
            cut: says how the files are cut into portions.

        Raises:
            InputError: the files aren't what they were, or nothing can be written.
        """
        if self.done and self.cut != cut:
            raise InputError(
                f"the rows have changed since the run in '{self.name}' began",
                hint="begin anew: leave out --resume",
            )
        self.tidy()
        lines = [{"job": self.words, "cut": cut}, *map(_record, self.done, self.done.values())]
        with errors_of(self.name):
            os.makedirs(self.path, exist_ok=True)
            if not self.done:
                for name in self._held():
                    if PART.fullmatch(name):
                        os.unlink(os.path.join(self.path, name))
        self._write(UNFINISHED, b"".join(orjson.dumps(line) + b"\n" for line in lines))

    def add(self, number: int, done: Done) -> None:
        """Note that a part is finished."""
        with errors_of(self.name), open(os.path.join(self.path, UNFINISHED), "ab") as file:
            file.write(orjson.dumps(_record(number, done)) + b"\n")

    def succeed(self, summary: Mapping[str, Any]) -> None:
        """All parts are there: say so."""
        self.tidy()
        self._write(SUCCESS, orjson.dumps({**summary, "job": self.words}) + b"\n")
        os.unlink(os.path.join(self.path, UNFINISHED))

    def _write(self, name: str, data: bytes) -> None:
        """A file, whole or not at all."""
        output = outputs.Replacing(os.path.join(self.path, name))
        try:
            output.write(data)
        except BaseException:
            output.abort()
            raise
        output.close()

    def tidy(self) -> None:
        """Remove what writers that were killed have left."""
        for name in self._held():
            if BEGUN.fullmatch(name):
                os.unlink(os.path.join(self.path, name))


def _record(number: int, done: Done) -> dict[str, Any]:
    forms = {n: None if f is None else [list(f.shape), f.dtype] for n, f in done.forms.items()}
    return {
        "part": number,
        **{name: getattr(done, name) for name in KNOWN},
        "forms": forms,
        "titles": list(done.titles),
    }


def _from(record: Mapping[str, Any]) -> Done:
    forms = {n: None if f is None else Form(tuple(f[0]), f[1]) for n, f in record["forms"].items()}
    return Done(
        **{name: record[name] for name in KNOWN}, forms=forms, titles=tuple(record["titles"])
    )
