"""Memory: the most that the six expressions take, against their inputs and gradients.

    python benchmarks/memory.py [--size N] [--peers NAMES] [NAME]...

Each runs in a process of its own, which reads its inputs from .npy files and writes the gradients; what
counts is that process's greatest resident size (`getrusage`), less that of a process that computes 1+1
with the same library. Prints a table in megabytes, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from expressions import DEFAULT_SIZE, Expression
from large import SHELL, chosen, command
from measure import importable, machine, table

MEGABYTE = 10**6
EMPTY = {
    "autodiff": [sys.executable, "-m", "autodiff_cli", "1+1"],
    "torch": [sys.executable, "-c", "import numpy, torch; print(torch.ones(1) + 1)"],
    "jax": [sys.executable, "-c", "import jax.numpy as jnp; print(jnp.ones(1) + 1)"],
}
# The inputs are drawn in a process of their own: what this one holds counts for its children.
DRAW = """
import sys
from pathlib import Path
from expressions import EXPRESSIONS
(found,) = [e for e in EXPRESSIONS if e.name == {name!r}]
for name, path in found.save(Path({folder!r}), {size}):
    print(name, path)
"""


def peak(words: list[str]) -> int:
    """The greatest resident size of a process, in bytes."""
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{words} ended with {child.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def drawn(expression: Expression, folder: str, size: int) -> dict[str, Path]:
    code = DRAW.format(name=expression.name, folder=folder, size=size)
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=here
    )
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    return {name: Path(path) for name, path in lines}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=lambda text: int(float(text)), default=DEFAULT_SIZE)
    parser.add_argument("--peers", default=",".join(SHELL), help="of those that are importable")
    parser.add_argument("names", nargs="*", help="expressions, by a part of their names")
    options = parser.parse_args()
    libraries = ["autodiff"]
    libraries += [name for name in importable(list(SHELL)) if name in options.peers.split(",")]
    empty = {name: peak(EMPTY[name]) for name in libraries}
    rows = []
    record: dict[str, dict[str, float]] = {}
    for expression in chosen(options.names):
        with TemporaryDirectory() as folder:
            paths = drawn(expression, folder, options.size)
            sizes = {name: path.stat().st_size for name, path in paths.items()}
            inputs = sum(sizes.values())
            gradients = sum(sizes[name] for name in expression.leaves())
            out = Path(folder, "out.npz")
            taken = {
                name: peak(command(name, expression, paths, out)) - empty[name]
                for name in libraries
            }
        found = {"inputs": inputs, "gradients": gradients, **taken}
        found["beyond"] = taken["autodiff"] - inputs - gradients
        record[expression.name] = {name: value / MEGABYTE for name, value in found.items()}
        rows.append([f"`{expression.text}`", *[f"{v / MEGABYTE:.0f}" for v in found.values()]])
    print(machine())
    head = ["", "inputs", "gradients", *libraries, "autodiff beyond both"]
    print(f"\nMegabytes beyond an empty run:\n\n{table(head, rows)}\n")
    shown = {name: round(value / MEGABYTE) for name, value in empty.items()}
    print(f"Empty runs: {', '.join(f'{name} {value} MB' for name, value in shown.items())}.")
    print(json.dumps({"benchmark": "memory", "size": options.size, "megabytes": record}))


if __name__ == "__main__":
    main()
