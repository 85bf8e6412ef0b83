"""Whether two printed texts say the same: numbers to the digits that both show, addresses left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isclose

# A number, a place in memory, a word, or a sign. A minus belongs to the number if nothing is subtracted.
TOKEN = re.compile(
    r"""(?P<address>0x[0-9a-fA-F]+)
    |(?P<time>\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|sec|seconds|min|minutes)\b)
    |(?P<number>(?<![\w.)\]])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w]))
    |(?P<word>\w+)
    |(?P<sign>\S)""",
    re.VERBOSE,
)
WHOLE = 1e-6  # to which float32 has whole numbers, relatively
Token = tuple[str, str]


def tokens(text: str) -> list[Token]:
    """The pieces of a text, each with its kind; how they are spaced says nothing.

    >>> tokens("y: -1.50 <A at 0x7f>")
    [('word', 'y'), ('sign', ':'), ('number', '-1.50'), ('sign', '<'), ('word', 'A'), ('word', 'at'), \
('address', ''), ('sign', '>')]
    """
    found = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup or ""
        found.append((kind, "" if kind in ("address", "time") else match[0]))
    return found


def agree(stored: Sequence[Token], found: Sequence[Token]) -> bool:
    """Whether two texts say the same.

    >>> agree(tokens("tensor([0.3333, 2.])"), tokens("tensor([0.3334,  2.])"))
    True
    >>> agree(tokens("[1, 2]"), tokens("[1, 3]")), agree(tokens("28."), tokens("27."))
    (False, False)
    """
    if len(stored) != len(found):
        return False
    return all(_same(a, b) for a, b in zip(stored, found, strict=True))


def shape(text: Sequence[Token]) -> list[Token]:
    """A text without the values of its numbers."""
    return [(kind, "" if kind == "number" else word) for kind, word in text]


def _same(stored: Token, found: Token) -> bool:
    if stored == found:
        return True
    if stored[0] != "number" or found[0] != "number":
        return False
    a, b = stored[1], found[1]
    if not {*".eE"} & {*a} and not {*".eE"} & {*b}:
        return int(a) == int(b)
    x, y = float(a), float(b)
    unit = max(_unit(a), _unit(b))
    return abs(x - y) <= 1.01 * unit if unit else isclose(x, y, rel_tol=WHOLE)


def _unit(number: str) -> float:
    """One in the last digit that is shown; 0 where that is none behind the point."""
    mantissa, _, exponent = number.lower().partition("e")
    digits = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - digits) if digits or exponent else 0.0
