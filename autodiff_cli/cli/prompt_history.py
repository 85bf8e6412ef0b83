"""What was typed at the prompt before: a line for each text, in the user's own folder for such things."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

MOST = 5000  # texts that are read again


def place() -> str:
    """The file: where the platform keeps what programs remember."""
    if state := os.environ.get("XDG_STATE_HOME"):
        folder = state
    elif sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    elif sys.platform == "darwin":
        folder = os.path.expanduser("~/Library/Application Support")
    else:
        folder = os.path.expanduser("~/.local/state")
    return os.path.join(folder, "autodiff", "history")


def escaped(text: str) -> str:
    r"""A text as a line.

    >>> escaped("a\\b\nc")
    'a\\\\b\\nc'
    """
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "")


def unescaped(line: str) -> str:
    r"""The text of a line.

    >>> unescaped(escaped("print('\\n')\n  x")) == "print('\\n')\n  x"
    True
    """
    return "\\".join(part.replace("\\n", "\n") for part in line.split("\\\\"))


class History:
    """The texts, oldest first, and the file that keeps them.

    Args:
        path: of the file.

    Attributes:
        texts: what was typed, in this session too.
        is_new: whether there was no file yet.
        failed: why what is typed isn't kept; "" while it is.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.texts: list[str] = []
        self.is_new = False
        self.failed = ""
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
            self.texts = [unescaped(line) for line in lines[-MOST:] if line]
        except FileNotFoundError:
            self.is_new = True
        except OSError as error:
            self.failed = f"'{path}': {(error.strerror or str(error)).lower()}"

    def add(self, text: str) -> None:
        """Keep a text; one that begins with a space, and one that comes again, isn't."""
        if not text.strip() or text.startswith(" ") or text == (self.texts or [""])[-1]:
            return
        self.texts.append(text)
        if self.failed:
            return
        try:
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            self.failed = f"'{self.path}': {(error.strerror or str(error)).lower()}"
            return
        try:
            with suppress(OSError):  # a full disk costs the history, not the session
                os.write(file, f"{escaped(text)}\n".encode("utf-8", "replace"))
        finally:
            os.close(file)
