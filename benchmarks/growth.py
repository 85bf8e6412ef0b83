"""How cost grows: from 10^3 to 10^8 elements, and from 10 to 10^5 operations.

    python benchmarks/growth.py [--elements N] [--operations N] [--rounds N]

Value and gradient in process. Growing elements go through one expression; growing operations are
statements on the same 1,000 elements, and parsing them counts. Prints two tables, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from expressions import EXPRESSIONS
from measure import machine, medians, significant, table

if TYPE_CHECKING:
    import numpy as np

FUNCTIONS = EXPRESSIONS[1]
FEW = 1000  # elements
DOUBLING = 10**7  # elements from which on one round has to do


def evaluated(text: str, arrays: Mapping[str, np.ndarray]) -> Callable[[], object]:
    from autodiff_cli.evaluation import evaluate

    return lambda: evaluate(text, arrays)


def chain(operations: int) -> str:
    """Statements of so many operations."""
    steps = ["y = x"]
    steps += ["y = y * 1.0001 + 0.0001"] * ((operations - 1) // 2)
    return "; ".join([*steps, "sum(y)"])


def growing(
    most: int, start: int, run: Callable[[int], Callable[[], object]], rounds: int
) -> dict[int, float]:
    """The median time for each power of ten."""
    found = {}
    count = start
    while count <= most:
        call = run(count)
        found[count] = medians({"": call}, rounds if count < DOUBLING else min(rounds, 3))[""]
        count *= 10
    return found


def shown(what: str, found: dict[int, float]) -> str:
    counts = list(found)
    rows = []
    for before, count in zip([None, *counts], counts):
        growth = "" if before is None else f"{found[count] / found[before]:.1f}"
        each = found[count] / count * 1e9
        rows.append([f"{count:,}", significant(found[count] * 1e3), significant(each), growth])
    head = [what, "ms", "ns each", "times the row above"]
    return f"\n{table(head, rows)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=lambda text: int(float(text)), default=10**8)
    parser.add_argument("--operations", type=lambda text: int(float(text)), default=10**5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    few = FUNCTIONS.arrays(FEW)
    elements = growing(
        options.elements,
        1000,
        lambda size: evaluated(FUNCTIONS.text, FUNCTIONS.arrays(size)),
        options.rounds,
    )
    operations = growing(
        options.operations, 10, lambda count: evaluated(chain(count), few), options.rounds
    )
    print(machine())
    print(f"\n`{FUNCTIONS.text}`:")
    print(shown("elements", elements))
    print(f"`y = y * 1.0001 + 0.0001` again and again, {FEW:,} elements:")
    print(shown("operations", operations))
    print(json.dumps({"benchmark": "growth", "elements": elements, "operations": operations}))


if __name__ == "__main__":
    main()
