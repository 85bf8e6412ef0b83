"""When to colour, and how. The text is the same either way."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO

LABEL, ERROR, CARET, HINT = "\x1b[36m", "\x1b[1;31m", "\x1b[31m", "\x1b[33m"
RESET = "\x1b[0m"


def wanted(mode: str, stream: IO[str]) -> bool:
    """Whether to colour what goes to a stream.

    Args:
        mode: "auto", "always" or "never"; "auto" colours terminals, and respects NO_COLOR (any value
            but the empty one), FORCE_COLOR and TERM=dumb.
    """
    if mode != "auto":
        return mode == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def painter(code: str, on: bool) -> Callable[[str], str]:
    return (lambda text: f"{code}{text}{RESET}") if on else str


def painted_error(report: str, on: bool) -> str:
    """An error report with its kind, carets and hint coloured."""
    if not on:
        return report
    lines = []
    for number, line in enumerate(report.split("\n")):
        if number == 0:
            kind, colon, rest = line.partition(":")
            line = f"{ERROR}{kind}{colon}{RESET}{rest}"
        elif line.strip() and not line.strip("^ "):
            line = f"{CARET}{line}{RESET}"
        elif line.startswith("hint:"):
            line = f"{HINT}hint:{RESET}{line[5:]}"
        lines.append(line)
    return "\n".join(lines)
