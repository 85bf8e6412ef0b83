"""Inputs that are ranges: `x=-3:3`, `t=0:2*pi:100`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from autodiff_cli.rows.curve import Range

MOST = 1_000_000  # points
OPENING, CLOSING = "([{", ")]}"


def parts_of(value: str) -> list[str] | None:
    """The parts of FROM:TO[:COUNT]; None of a value that is no range.

    >>> parts_of("-pi:pi:101"), parts_of("ones(3)[0:2]"), parts_of("@x.npz:w"), parts_of("3")
    (['-pi', 'pi', '101'], None, None, None)
    """
    if value.lstrip().startswith("@"):
        return None
    parts, depth, quote = [""], 0, ""
    for sign in value:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        depth += (sign in OPENING) - (sign in CLOSING)
        if sign == ":" and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts] if len(parts) > 1 else None


def range_of(name: str, parts: list[str], count: int, *, logarithmic: bool) -> Range:
    """The points of a range.

    Args:
        name: of the input.
        parts: FROM, TO and perhaps COUNT.
        count: where it isn't given.
        logarithmic: whether neighbours have the same ratio.

    Raises:
        UsageError: it is no range.
        AutodiffError: a bound can't be evaluated.
    """
    import math

    from autodiff_cli.evaluation import evaluate
    from autodiff_cli.rows.curve import Range, spaced

    word = f"{name}={':'.join(parts)}"
    if len(parts) > 3 or not all(parts):
        raise click.UsageError(f"'{word}': a range is FROM:TO or FROM:TO:COUNT, as in {name}=-3:3")
    if len(parts) == 3:
        if not parts[2].isdecimal() or not 2 <= int(parts[2]) <= MOST:
            raise click.UsageError(
                f"'{word}': COUNT is a whole number from 2 to {MOST:,}, as in {name}=-3:3:101"
            )
        count = int(parts[2])
    ends = []
    for part in parts[:2]:
        try:
            ends.append(float(evaluate(part, grad=False, dtype="float64")))
        except TypeError:
            raise click.UsageError(f"'{word}': {part} is no number") from None
    low, high = ends
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise click.UsageError(f"'{word}': a range goes from one number to another one")
    low, high = min(low, high), max(low, high)
    if logarithmic and low <= 0:
        raise click.UsageError(f"--log x needs a range above 0, and {word} begins at {low:g}")
    return Range(name, spaced(low, high, count, logarithmic))
