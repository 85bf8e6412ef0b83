"""How the parent of a process that did a command's work goes home."""

from __future__ import annotations


class Ended(Exception):
    """The work was done in another process, which ended with this exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
