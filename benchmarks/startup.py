"""Start-up: the one-liner against `import numpy`, and against the same thing in torch.

    python benchmarks/startup.py [--rounds N]

Run it with an interpreter that has the package installed (compiled, as pip leaves it); torch is a peer
if that interpreter has it. Processor time is that of user and system, of all threads. Commands are
interleaved, after a warm-up round; figures are medians.
Prints a table, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

TORCH = (
    "import torch; x = torch.ones(2, 2, requires_grad=True); y = torch.mean(3*(x+2)**2); y.backward(); "
    "print(y, x.grad)"
)


def commands() -> dict[str, list[str]]:
    python = sys.executable
    script = Path(python).parent / "autodiff"
    command = [str(script)] if script.exists() else [python, "-m", "autodiff_cli"]
    found = {
        "python": [python, "-c", "pass"],
        "import numpy": [python, "-c", "import numpy"],
        "autodiff": [*command, "mean(3*(x+2)**2)", "x=ones(2,2)"],
    }
    if find_spec("torch"):
        found["torch"] = [python, "-c", TORCH]
    return found


def seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor time of one run."""
    before = os.times()
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    wall = perf_counter() - started
    after = os.times()
    return wall, (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    # A user's Python writes byte code; without it every start would compile the package again.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    walls: dict[str, list[float]] = {name: [] for name in commands()}
    cpus: dict[str, list[float]] = {name: [] for name in commands()}
    for number in range(rounds + 1):
        for name, command in commands().items():
            wall, cpu = seconds(command, environment)
            if number:  # the first round warms the caches
                walls[name].append(wall)
                cpus[name].append(cpu)
    wall = {name: statistics.median(times) for name, times in walls.items()}
    cpu = {name: statistics.median(times) for name, times in cpus.items()}
    for name in wall:
        print(f"{name:14} {wall[name] * 1e3:8.1f} ms wall {cpu[name] * 1e3:8.1f} ms processor")
    ratios = {
        "wall_to_numpy": wall["autodiff"] / wall["import numpy"],
        "processor_to_numpy": cpu["autodiff"] / cpu["import numpy"],
    }
    if "torch" in wall:
        ratios["wall_to_torch"] = wall["autodiff"] / wall["torch"]
        ratios["processor_to_torch"] = cpu["autodiff"] / cpu["torch"]
    print(", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()))
    print(json.dumps({"benchmark": "startup", "rounds": rounds, **ratios}))


if __name__ == "__main__":
    main()
