"""What the benchmarks share: interleaved measurements, tables, and the machine's description."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time, sleep
from typing import NamedTuple

PAUSE = 0.05  # seconds before a measurement, in which another library's threads stop spinning
LIBRARIES = ("numpy", "torch", "jax", "autograd", "numexpr")


class Times(NamedTuple):
    """Seconds of a call: on the clock, and of all the process's threads together."""

    wall: float
    processor: float


def seconds(run: Callable[[], object]) -> Times:
    """How long one call takes, its result's release apart."""
    sleep(PAUSE)
    started, busy = perf_counter(), process_time()
    kept = run()
    elapsed = Times(perf_counter() - started, process_time() - busy)
    del kept
    return elapsed


def medians_of_both(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """The median times of each call; they take turns, after a round that warms up."""
    times: dict[str, list[Times]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            elapsed = seconds(run)
            if number:
                times[name].append(elapsed)
    return {
        name: Times(*map(statistics.median, zip(*found, strict=True)))
        for name, found in times.items()
    }


def medians(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median time of each call on the clock."""
    return {name: times.wall for name, times in medians_of_both(runs, rounds).items()}


def environment() -> dict[str, str]:
    """That of measured processes: a user's Python writes byte code, without which every start compiles."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def importable(wanted: Sequence[str]) -> list[str]:
    """Which peers this interpreter has."""
    return [name for name in wanted if find_spec(name)]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its columns aligned: the first to the left, numbers to the right.

    >>> print(table(["what", "ms"], [["sum", "1.5"]]))
    | what |  ms |
    |:-----|----:|
    | sum  | 1.5 |
    """
    widths = [max(len(line[at]) for line in [head, *rows]) for at in range(len(head))]

    def row(line: Sequence[str]) -> str:
        first, *others = line
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        return f"| {' | '.join(cells)} |"

    rule = [":" + "-" * (widths[0] + 1), *["-" * (width + 1) + ":" for width in widths[1:]]]
    return "\n".join([row(head), f"|{'|'.join(rule)}|", *map(row, rows)])


def significant(number: float) -> str:
    """Three digits, as tables have them.

    >>> significant(0.012345), significant(1234.5), significant(2)
    ('0.0123', '1230', '2.00')
    """
    if not number:
        return "0"
    places = max(0, 3 - len(f"{abs(number):.0f}") if abs(number) >= 1 else 0)
    if abs(number) >= 1:
        return f"{float(f'{number:.3g}'):.{places}f}"
    return f"{number:.3g}"


def machine() -> str:
    """The processors that may be used, the memory, and the libraries, in a line or two."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"{name} {metadata.version(name)}" for name in importable(LIBRARIES)]
    return (
        f"{count} processors ({model}), {memory:.0f} GB, {platform.system()}; "
        f"Python {platform.python_version()}, {', '.join(versions)}."
    )
