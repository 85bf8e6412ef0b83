"""Options that say what may be used of the machine: `--threads` and `--max-memory`."""

from __future__ import annotations

import re

import click

SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([KMGT]?)(?:I?B)?", re.IGNORECASE | re.ASCII)
SHIFTS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


def bytes_of(option: str, size: str) -> int:
    """The bytes that a size means, such as "500M" or "1.5 GiB"; K, M, G and T are powers of 1024.

    Args:
        option: where it was given, for the error.
        size: a number, and perhaps a unit.

    Raises:
        UsageError: it is no size, or less than a byte.

    >>> bytes_of("--max-memory", "500M"), bytes_of("--max-memory", "1.5 GiB")
    (524288000, 1610612736)
    """
    match = SIZE.fullmatch(size.strip())
    if match is None:
        raise click.UsageError(
            f"{option} takes a size, such as 500M or 2G (K, M, G, T; a bare number is bytes), "
            f"not '{size}'"
        )
    number, unit = match[1], SHIFTS[match[2].upper()]
    # whole numbers stay exact, however large
    count = int(number) << unit if number.isdigit() else int(float(number) * (1 << unit))
    if count < 1:
        raise click.UsageError(f"{option} takes a size of at least one byte, not '{size}'")
    return count
