"""`autodiff run --explain` and `--check`: a program whose backward passes are watched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autodiff_cli.cli.check import DISAGREES
from autodiff_cli.cli.commands import show_notices
from autodiff_cli.explanation.watching import Pass, Watch

if TYPE_CHECKING:
    from autodiff_cli.checking.records import Check
    from autodiff_cli.cli.run import RunWords
    from autodiff_cli.explanation.records import Explanation
    from autodiff_cli.render.document import Document

Runs = Callable[[dict[str, Any]], int]


def watched(words: RunWords, write: Callable[[str], None], run: Runs) -> int:
    """Run a program, and say of its backward passes what is asked; the exit code.

    Args:
        words: of the command.
        write: standard output.
        run: runs the program, with further arguments of `run_text`.
    """
    speaker = _Speaker(words, write)
    watch = speaker.checking() if words.check else speaker.explaining()
    code = run({"watching": watch.fields})
    if not watch.counts:
        speaker.notices.append("no backward() was called")
    show_notices(speaker.ended(watch), words.quiet)
    return code or (DISAGREES if speaker.disagrees else 0)


class _Speaker:
    """Says what is found, between the lines that the program prints."""

    def __init__(self, words: RunWords, write: Callable[[str], None]) -> None:
        self.words = words
        self.write = write
        self.width = shutil.get_terminal_size().columns
        self.disagrees = False
        self.said = 0
        self.notices: list[str] = []

    def explaining(self) -> Watch:
        from autodiff_cli.explanation.programs import watched
        from autodiff_cli.render.explanation import document

        def say(found: Pass, made: Explanation | str) -> None:
            if isinstance(made, str):
                self.notices.append(f"{found.place}: not explained: {made}")
            else:
                self.said += 1
                self._document(found, document(made))
                self.notices += made.notes

        return watched(say)

    def checking(self) -> Watch:
        from autodiff_cli.checking.graph import Terms
        from autodiff_cli.checking.programs import watched
        from autodiff_cli.checking.records import OK
        from autodiff_cli.render.check import document

        def say(found: Pass, made: Check | str) -> None:
            if isinstance(made, str):
                self.notices.append(f"{found.place}: not checked: {made}")
                return
            self.said += 1
            if made.verdict != OK:
                self.disagrees = True
                self._document(found, document(made))

        return watched(say, Terms(dtype="float64"))

    def _document(self, found: Pass, made: Document) -> None:
        from autodiff_cli.render.document_text import text

        number = f" ({found.number})" if found.number > 1 else ""
        self.write(f"── {found.place}{number} ──\n\n{text(made, self.width)}\n\n")

    def ended(self, watch: Watch) -> list[str]:
        """What is said in the end."""
        total = sum(watch.counts.values())
        done = "checked" if self.words.check else "explained"
        if self.words.check and self.said and not self.disagrees:
            self.notices.append(f"{self.said} of {total} backward passes checked: all agree")
        elif self.said < total:
            self.notices.append(f"{self.said} of {total} backward passes {done}")
        return list(dict.fromkeys(self.notices))
