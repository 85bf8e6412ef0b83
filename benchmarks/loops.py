"""Small programs in loops: numbers, short vectors, training of small models.

    python benchmarks/loops.py [--rounds N] [--processes N] [PROGRAM]...

The peer is torch, which runs the same text; the floor is the same by hand in numpy. They run in this
process, taking turns after a round that warms up, in which what they print is compared; figures are
medians. Then `autodiff run` against Python with torch, as processes. Prints a table, then one JSON line.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from autodiff_cli.startup import hold_threads

hold_threads()  # as the command does, before numpy is imported

import numpy as np  # noqa: E402
from floors import FLOORS  # noqa: E402
from measure import environment, machine, medians, significant, table  # noqa: E402
from programs import PROGRAMS  # noqa: E402

Numbers = list[float]


def in_autodiff(text: str) -> Numbers:
    from autodiff_cli.program import run_text
    from autodiff_cli.source import Source

    output = io.StringIO()
    if run_text(Source(text, "loop.py"), write=output.write, complain=sys.stderr.write):
        raise SystemExit("the program failed")
    return [float(word) for word in output.getvalue().split()]


def in_torch(text: str) -> Numbers:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(text, "loop.py", "exec"), {})
    return [float(word) for word in output.getvalue().split()]


def runs(name: str, has_torch: bool) -> dict[str, Callable[[], Numbers]]:
    text = PROGRAMS[name]
    found: dict[str, Callable[[], Numbers]] = {"autodiff": lambda: in_autodiff(text)}
    if has_torch:
        found["torch"] = lambda: in_torch(text)
    return found | {"floor": FLOORS[name]}


def compared(name: str, calls: dict[str, Callable[[], Numbers]]) -> None:
    """Raise SystemExit unless all give the same numbers, but for what float32 loses in a training."""
    numbers = {who: call() for who, call in calls.items()}
    for who, found in numbers.items():
        if not np.allclose(found, numbers["autodiff"], rtol=2e-3, atol=1e-6):
            raise SystemExit(f"{name}: autodiff printed {numbers['autodiff']}, {who} {found}")


def processes(name: str, rounds: int) -> dict[str, float]:
    """The same from the shell, start and imports included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loop.py"
        path.write_text(PROGRAMS[name])
        words = {
            "autodiff": [sys.executable, "-m", "autodiff_cli", "run", str(path)],
            "torch": [sys.executable, str(path)],
        }

        def run(command: list[str]) -> None:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())

        return medians({who: lambda c=c: run(c) for who, c in words.items()}, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--processes", type=int, default=3, help="rounds as processes; 0: none")
    parser.add_argument("programs", nargs="*", default=list(PROGRAMS), metavar="PROGRAM")
    options = parser.parse_args()
    has_torch = find_spec("torch") is not None
    print(machine())
    rows, ratios = [], {}
    for name in options.programs:
        calls = runs(name, has_torch)
        compared(name, calls)
        times = medians(calls, options.rounds)
        row = [name, *(significant(times[who] * 1e3) for who in ("autodiff", "floor"))]
        if has_torch:
            ratio = times["autodiff"] / times["torch"]
            ratios[name] = {"loop": ratio}
            row += [significant(times["torch"] * 1e3), f"{ratio:.2f}"]
        if has_torch and options.processes:
            whole = processes(name, options.processes)
            ratios[name]["process"] = whole["autodiff"] / whole["torch"]
            row.append(f"{ratios[name]['process']:.2f}")
        rows.append(row)
        print(*row, file=sys.stderr)
    head = ["program", "autodiff, ms", "by hand", "torch", "of torch's", "of its process"]
    print(table(head[: len(rows[0])], rows))
    print(json.dumps({"benchmark": "loops", "rounds": options.rounds, **ratios}))


if __name__ == "__main__":
    main()
