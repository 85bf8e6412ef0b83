"""`autodiff run --explain` and `--check`: a program whose backward passes are watched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from autodiff_cli.cli.asking import written
from autodiff_cli.cli.check import DISAGREES
from autodiff_cli.cli.commands import show_notices
from autodiff_cli.explanation.watching import Pass, Watch

if TYPE_CHECKING:
    from autodiff_cli.checking.records import Check
    from autodiff_cli.cli.run import RunWords
    from autodiff_cli.explanation.records import Explanation
    from autodiff_cli.render.document import Block, Document
    from autodiff_cli.tables.outputs import WholeFile

Streams: TypeAlias = "tuple[Callable[[str], None], Callable[[str], None]]"
Runs: TypeAlias = "Callable[[dict[str, Any]], int]"


def watched(words: RunWords, form: str, file: WholeFile | None, streams: Streams, run: Runs) -> int:
    """Run a program, and say of its backward passes what is asked; the exit code.

    Where that is the only thing on standard output, the program prints to standard error.

    Args:
        words: of the command.
        form: that it is said in.
        file: where to; None to standard output.
        streams: standard output and standard error.
        run: runs the program, with further arguments of `run_text`.
    """
    write, complain = streams
    speaker = _Speaker(words, form, write if file is None and form == "text" else None)
    watch = speaker.checking() if words.check else speaker.explaining()
    aside = complain if file is None and form != "text" else write
    code = run({"watching": watch.fields, "write": aside})
    text = speaker.text()
    if file is not None:
        file.write(text.encode())
    elif form != "text":
        click.echo(text.encode(), nl=False)  # UTF-8, whatever the locale
    if not watch.counts:
        speaker.notices.append("no backward() was called")
    show_notices(speaker.ended(watch), words.quiet)
    return code or (DISAGREES if speaker.disagrees else 0)


class _Speaker:
    """Says what is found: between the lines that the program prints, or all of it in the end.

    Args:
        words: of the command.
        form: one of `options.FORMS`.
        write: called with each explanation or check; None to keep them.
    """

    def __init__(self, words: RunWords, form: str, write: Callable[[str], None] | None) -> None:
        self.words = words
        self.form = form
        self.write = write
        self.width = shutil.get_terminal_size().columns
        self.disagrees = False
        self.said = 0
        self.notices: list[str] = []
        self.blocks: list[Block] = []
        self.lines: list[str] = []

    def explaining(self) -> Watch:
        from autodiff_cli.explanation.programs import watched
        from autodiff_cli.render import document_json
        from autodiff_cli.render.explanation import document

        def say(found: Pass, made: Explanation | str) -> None:
            if isinstance(made, str):
                self.notices.append(f"{found.place}: not explained: {made}")
            else:
                self.said += 1
                self._say(found, document(made), partial(document_json.explanation, made))
                self.notices += made.notes

        return watched(say)

    def checking(self) -> Watch:
        from autodiff_cli.checking.graph import Terms
        from autodiff_cli.checking.programs import watched
        from autodiff_cli.checking.records import OK
        from autodiff_cli.render import document_json
        from autodiff_cli.render.check import document

        def say(found: Pass, made: Check | str) -> None:
            if isinstance(made, str):
                self.notices.append(f"{found.place}: not checked: {made}")
                return
            self.said += 1
            self.disagrees |= made.verdict != OK
            if made.verdict != OK or self.write is None:
                self._say(found, document(made), partial(document_json.check, made))

        return watched(say, Terms(dtype="float64"))

    def _say(self, found: Pass, made: Document, as_json: Callable[..., str]) -> None:
        from autodiff_cli.render.document import Heading

        number = f" ({found.number})" if found.number > 1 else ""
        blocks = [Heading(f"{found.place}{number}"), *made]
        if self.write is not None:
            from autodiff_cli.render.document_text import text

            self.write(f"{text(blocks, self.width)}\n\n")
        elif self.form == "json":
            self.lines.append(as_json(place=found.place, number=found.number) + "\n")
        else:
            self.blocks += blocks

    def text(self) -> str:
        """All that was kept."""
        if self.form == "json":
            return "".join(self.lines)
        return written(self.blocks, self.form, self.words.file, self.width) + "\n"

    def ended(self, watch: Watch) -> list[str]:
        """What is said in the end."""
        total = sum(watch.counts.values())
        done = "checked" if self.words.check else "explained"
        if self.words.check and self.said and not self.disagrees:
            self.notices.append(f"{self.said} of {total} backward passes checked: all agree")
        elif self.said < total:
            self.notices.append(f"{self.said} of {total} backward passes {done}")
        return list(dict.fromkeys(self.notices))
