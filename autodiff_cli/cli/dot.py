"""Pictures by Graphviz's `dot`, which is started before the wall and waits for its text."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from typing import Self

from autodiff_cli.errors import InputError

MISSING = "drawing needs Graphviz, whose program 'dot' isn't in PATH"
INSTALL = (
    "install it: apt install graphviz, dnf install graphviz, brew install graphviz; or write its text "
    "with --to dot, or --to mermaid, which needs no program"
)


class Dot:
    """The program, waiting for a graph.

    Args:
        form: of the picture: "svg", "png" or "pdf".

    Raises:
        InputError: it isn't there.
    """

    def __init__(self, form: str) -> None:
        path = shutil.which("dot")
        if path is None:
            raise InputError(MISSING, hint=INSTALL)
        pipe = subprocess.PIPE
        resolution = ["-Gdpi=144"] if form == "png" else []
        command = [path, f"-T{form}", *resolution]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)

    def drawn(self, text: str) -> bytes:
        """The picture of a graph.

        Raises:
            InputError: the program failed, and says why.
        """
        picture, said = self.process.communicate(text.encode())
        if self.process.returncode or not picture:
            lines = said.decode(errors="replace").strip().splitlines()
            raise InputError(f"dot failed: {lines[0] if lines else self.process.returncode}")
        return picture

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(OSError):  # it has ended
                    stream.close()
        self.process.wait()
