"""A long loop of scalar operations, and its backward pass: time and memory an operation.

    python benchmarks/deep.py [--rounds N] [--operations N]

Peers are torch and HIPS autograd, as far as the interpreter has them; all run in this process,
interleaved after a warm-up round; figures are medians. Prints a table, whether time grows linearly, and
then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter

PROGRAM = """
import torch
x = torch.tensor(1.0, requires_grad=True)
y = x
for i in range({turns}):
    y = y * 1.00001
    y = y + 0.00001
y.backward()
"""
MEMORY = """
import sys, tracemalloc
from autodiff_cli.program import run_text
from autodiff_cli.source import Source
run_text(Source({small!r}, "p"), write=lambda t: 0, complain=sys.stderr.write)
tracemalloc.start()
run_text(Source({large!r}, "p"), write=lambda t: 0, complain=sys.stderr.write)
print(tracemalloc.get_traced_memory()[1])
"""


def run_autodiff(operations: int) -> float:
    from autodiff_cli.program import run_text
    from autodiff_cli.source import Source

    source = Source(PROGRAM.format(turns=operations // 2), "deep.py")
    started = perf_counter()
    if run_text(source, write=sys.stdout.write, complain=sys.stderr.write):
        raise SystemExit("the program failed")
    return perf_counter() - started


def run_torch(operations: int) -> float:
    code = compile(PROGRAM.format(turns=operations // 2), "deep.py", "exec")
    started = perf_counter()
    exec(code, {})
    return perf_counter() - started


def run_hips(operations: int) -> float:
    from autograd import grad

    def chain(x: float) -> float:
        y = x
        for _ in range(operations // 2):
            y = y * 1.00001
            y = y + 0.00001
        return y

    started = perf_counter()
    sys.setrecursionlimit(10**6)
    grad(chain)(1.0)
    return perf_counter() - started


def bytes_an_operation(operations: int) -> float:
    """The most memory that a long loop and its backward pass hold at once."""
    code = MEMORY.format(
        small=PROGRAM.format(turns=500), large=PROGRAM.format(turns=operations // 2)
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) / operations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--operations", type=int, default=100_000)
    options = parser.parse_args()
    peers: dict[str, Callable[[int], float]] = {"autodiff": run_autodiff}
    if find_spec("torch"):
        peers["torch"] = run_torch
    if find_spec("autograd"):
        peers["HIPS autograd"] = run_hips
    times: dict[str, list[float]] = {name: [] for name in peers}
    for number in range(options.rounds + 1):
        for name, run in peers.items():
            seconds = run(options.operations)
            if number:  # the first round warms up
                times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in medians.items():
        print(f"{name:14} {seconds * 1e6 / options.operations:8.2f} us an operation")
    tenth = statistics.median(run_autodiff(options.operations // 10) for _ in range(5))
    growth = medians["autodiff"] / tenth / 10
    memory = bytes_an_operation(options.operations)
    print(f"time for 10 times as many operations: {growth:.2f} times the linear")
    print(f"memory: {memory:.0f} bytes an operation")
    ratios = {
        f"to_{name.split()[0].lower()}": medians["autodiff"] / seconds
        for name, seconds in medians.items()
        if name != "autodiff"
    }
    print(", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()))
    print(
        json.dumps(
            {
                "benchmark": "deep",
                "operations": options.operations,
                "growth": growth,
                "bytes": memory,
                **ratios,
            }
        )
    )


if __name__ == "__main__":
    main()
