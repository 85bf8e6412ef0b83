"""The sizes of Python's own values that a text may make."""

from __future__ import annotations

from collections import deque
from typing import Any

from autodiff_cli.errors import LimitError
from autodiff_cli.vocabulary.calls.parameters import type_name

MAX_ITEMS = 10**7  # of a Python list or string, whose items take 8 bytes and more
MAX_BITS = 1 << 16  # of a Python int: a power past this is a slip, not a number anyone wants
SEQUENCES = (str, bytes, list, tuple, deque)


def _shown(x: int) -> str:
    return str(x) if x.bit_length() < 100 else f"an integer of {x.bit_length()} bits"


def check_size(sign: str, a: Any, b: Any) -> None:
    """Refuse what Python would compute for hours, or until memory ends.

    Raises:
        LimitError: a result of more items or bits than the limits.
    """
    if isinstance(a, int) and isinstance(b, int):
        check_bits(sign, a, b)
    elif sign == "+" and isinstance(a, SEQUENCES) and isinstance(b, SEQUENCES):
        _check_items(a, len(a) + len(b))
    elif sign == "*":
        for one, other in ((a, b), (b, a)):
            if isinstance(one, SEQUENCES) and isinstance(other, int):
                _check_items(one, len(one) * other)


def _check_items(sequence: Any, count: int) -> None:
    if count > MAX_ITEMS:
        raise LimitError(
            f"a {type_name(sequence)} of {count:,} items; the limit is {MAX_ITEMS:,}",
            hint="tensors are made with ones, zeros, full, repeat or expand",
        )


def check_bits(sign: str, a: int, b: int) -> None:
    """Refuse an integer that would take hours to compute, or to print."""
    if sign == "**":
        if b > 0 and a.bit_length() * b > MAX_BITS and abs(a) > 1:
            raise LimitError(
                f"{_shown(a)} to the power {_shown(b)} has more than {MAX_BITS} bits",
                hint="use floating point: 2.0**x",
            )
    elif sign == "<<":
        if a and b > MAX_BITS:
            raise LimitError(f"an integer of more than {MAX_BITS} bits")
    elif sign in ("*", "//", "%") and max(a.bit_length(), b.bit_length()) > 2 * MAX_BITS:
        raise LimitError(f"an integer of more than {MAX_BITS} bits")


def check_length(length: int) -> None:
    if length > MAX_ITEMS:
        raise LimitError(f"a str of {length:,} characters; the limit is {MAX_ITEMS:,}")
