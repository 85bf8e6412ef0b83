"""A table in, value and gradients of every row out: whole processes, against the usual scripts.

    python benchmarks/batch.py [--rows N] [--rounds N] [--only NAME]

Run it with an interpreter that has the package installed. Peers are scripts with torch, torch.func.vmap and
JAX jit(vmap(value_and_grad)), which read and write with pyarrow (CSV) or orjson (JSON Lines), as far as the
interpreter has them; polars alone reads the table and writes it again without mathematics. All are run as
processes of their own, interleaved; figures are medians of seconds, and the greatest memory. Prints a
table, and then one JSON line. Behind these tables come others: second derivatives, branches, a wide table,
many files, rows that fail.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
from measure import environment

NAMES = ["S", "K", "T", "r", "sigma"]
LOOPED = 1000  # rows of the loop over rows; its time is multiplied
EXPRESSIONS = {
    "prices": (
        "d1 = (log(S/K) + (r + sigma**2/2)*T) / (sigma*sqrt(T)); d2 = d1 - sigma*sqrt(T); "
        "S*0.5*(1 + erf(d1/2**0.5)) - K*exp(-r*T)*0.5*(1 + erf(d2/2**0.5))"
    ),
    "vectors": "sum((x*w)**2)",
}
FUNCTIONS = {
    "prices": """
def f(S, K, T, r, sigma):
    d1 = (log(S / K) + (r + sigma**2 / 2) * T) / (sigma * sqrt(T))
    d2 = d1 - sigma * sqrt(T)
    return S * 0.5 * (1 + erf(d1 / 2**0.5)) - K * exp(-r * T) * 0.5 * (1 + erf(d2 / 2**0.5))
""",
    "vectors": """
def f(x, w):
    return ((x * w) ** 2).sum(-1)
""",
}
READ = {
    "csv": """
import pyarrow as pa, pyarrow.csv
table = pa.csv.read_csv(source)
columns = [table[name].to_numpy().astype(np.float32) for name in names]
""",
    "jsonl": """
import orjson
with open(source, "rb") as file:
    rows = [orjson.loads(line) for line in file]
columns = [np.array([row[name] for row in rows], np.float32) for name in names]
""",
}
WRITE = {
    "csv": """
out = dict(zip(["value", *("grad_" + name for name in names)], [value, *grads]))
pa.csv.write_csv(pa.table(out), target)
""",
    "jsonl": """
keys = ["value", *("grad_" + name for name in names)]
with open(target, "wb") as file:
    for row in zip(*(np.asarray(column).tolist() for column in [value, *grads])):
        file.write(orjson.dumps(dict(zip(keys, row))) + b"\\n")
""",
}
TORCH = """
import torch
from torch import erf, exp, log, sqrt
leaves = [torch.from_numpy(column.copy()).requires_grad_() for column in columns]
value = f(*leaves)
grads = torch.autograd.grad(value.sum(), leaves)
value, grads = value.detach().numpy(), [grad.numpy() for grad in grads]
"""
VMAP = """
import torch
from torch import erf, exp, log, sqrt
from torch.func import grad_and_value, vmap
both = vmap(grad_and_value(f, argnums=tuple(range(len(columns)))))
grads, value = both(*(torch.from_numpy(column.copy()) for column in columns))
value, grads = value.numpy(), [grad.numpy() for grad in grads]
"""
LOOP = """
import torch
from torch import erf, exp, log, sqrt
from time import perf_counter
started, values, found = perf_counter(), [], []
for row in zip(*(column[:{looped}] for column in columns)):
    leaves = [torch.tensor(cell, requires_grad=True) for cell in row]
    one = f(*leaves)
    one.backward()
    values.append(one.item())
    found.append([leaf.grad for leaf in leaves])
print(perf_counter() - started)
"""
JAX = """
import jax
from jax.numpy import exp, log, sqrt
from jax.scipy.special import erf
both = jax.jit(jax.vmap(jax.value_and_grad(f, argnums=tuple(range(len(columns))))))
value, grads = both(*columns)
value, grads = np.asarray(value), [np.asarray(grad) for grad in grads]
"""
POLARS = {
    "csv": "import polars; polars.read_csv({source!r}).write_csv({target!r})",
    "jsonl": "import polars; polars.read_ndjson({source!r}).write_ndjson({target!r})",
}


def make(folder: Path, rows: int) -> None:
    """Write the tables."""
    draw = np.random.default_rng(0)
    limits = [(50, 150), (50, 150), (0.1, 2), (0, 0.1), (0.1, 0.5)]
    columns = np.stack([draw.uniform(low, high, rows) for low, high in limits], axis=1).round(4)
    with (folder / "p.csv").open("w") as file, (folder / "p.jsonl").open("w") as other:
        file.write(",".join(NAMES) + "\n")
        for row in columns.tolist():
            file.write(",".join(map(repr, row)) + "\n")
            other.write(json.dumps(dict(zip(NAMES, row))) + "\n")
    with (folder / "v.jsonl").open("w") as file:
        for x, w in zip(*draw.normal(size=(2, rows // 10, 16)).round(4).tolist()):
            file.write(json.dumps({"x": x, "w": w}) + "\n")


def tables(folder: Path, rows: int) -> dict[str, tuple[str, str, Path]]:
    """Name, question, format and file of each table."""
    # by a process of its own: a child's peak of memory counts from its parent's
    subprocess.run(
        [sys.executable, __file__, "--make", str(folder), "--rows", str(rows)], check=True
    )
    return {
        f"{rows:,} rows of CSV": ("prices", "csv", folder / "p.csv"),
        f"{rows:,} rows of JSON Lines": ("prices", "jsonl", folder / "p.jsonl"),
        f"{rows // 10:,} rows of two vectors": ("vectors", "jsonl", folder / "v.jsonl"),
    }


def further(folder: Path, rows: int) -> dict[str, dict[str, list[str]]]:
    """The commands of other tables, by title and contestant."""
    few, one = rows // 10, folder / "few.csv"
    with (folder / "p.csv").open() as file, one.open("w") as other:
        other.writelines(line for _, line in zip(range(few + 1), file))
    (folder / "wide.csv").write_text(
        "\n".join([",".join(f"c{n}" for n in range(2000)), *[",".join(["1.25"] * 2000)] * 5000])
        + "\n"
    )
    (folder / "bad.csv").write_text("x\n" + "oops\n" * rows)
    for number in range(2000):
        (folder / f"small-{number}.csv").write_text("x,y\n" + "1.5,2.5\n" * 10)
    text = EXPRESSIONS["prices"]

    def own(*words: str) -> list[str]:
        target = str(folder / "further.csv")
        return [sys.executable, "-m", "autodiff_cli", "batch", *words, "-o", target, "--quiet"]

    branch = "S*exp(-r*T) if S > K else K*S"
    found = {
        f"Delta of {few:,} rows": {"autodiff": own(text, str(one), "--wrt", "S")},
        f"Gamma of {few:,} rows": {"autodiff": own(text, str(one), "--wrt", "S", "--hessian")},
        f"a conditional, {few:,} rows": {"autodiff": own(branch, str(one))},
        "2 of 2,000 columns, 5,000 rows": {
            "autodiff": own("c3*c1999", str(folder / "wide.csv"), "--values-only")
        },
        "2,000 files of 10 rows": {"autodiff": own("x*y", str(folder / "small-*.csv"))},
        f"{rows:,} rows that fail": {
            "autodiff": own("x*x", str(folder / "bad.csv"), "--on-error", "null")
        },
    }
    if find_spec("polars"):
        wide = (
            f"import polars as p; p.read_csv({str(folder / 'wide.csv')!r}, columns=['c3', 'c1999'])"
            f".write_csv({str(folder / 'further.csv')!r})"
        )
        alone = [sys.executable, "-c", wide]
        found["2 of 2,000 columns, 5,000 rows"]["polars, no mathematics"] = alone
    return found


def contestants(question: str, format: str, source: Path, target: Path) -> dict[str, list[str]]:
    """The command of each contestant that can be run here."""
    names = NAMES if question == "prices" else ["x", "w"]
    head = (
        f"import numpy as np\nsource, target, names = {str(source)!r}, {str(target)!r}, {names!r}\n"
    )

    def script(body: str) -> list[str]:
        parts = [head, READ[format], FUNCTIONS[question], body, WRITE[format]]
        return [sys.executable, "-c", "".join(parts)]

    found = {
        "autodiff": [
            *(sys.executable, "-m", "autodiff_cli", "batch", EXPRESSIONS[question], str(source)),
            *("--output", str(target), "--quiet"),
        ]
    }
    if find_spec("polars"):
        alone = POLARS[format].format(source=str(source), target=str(target))
        found["polars, no mathematics"] = [sys.executable, "-c", alone]
    if format == "csv" and not find_spec("pyarrow"):
        return found
    if find_spec("torch"):
        found["torch"] = script(TORCH)
        found["torch.func.vmap"] = script(VMAP)
        loop = "".join([head, READ[format], FUNCTIONS[question], LOOP.format(looped=LOOPED)])
        found["torch, row by row"] = [sys.executable, "-c", loop]
    if find_spec("jax"):
        found["jax jit(vmap)"] = script(JAX)
    return found


def measured(command: list[str]) -> tuple[float, int, str]:
    """Seconds, the most bytes of memory, and what was printed."""
    with tempfile.TemporaryFile() as printed:
        started = perf_counter()
        process = os.posix_spawn(
            command[0],
            command,
            environment(),
            file_actions=[(os.POSIX_SPAWN_DUP2, printed.fileno(), 1)],
        )
        _, status, usage = os.wait4(process, 0)
        seconds = perf_counter() - started
        if status:
            raise SystemExit(f"{command[:3]} failed")
        printed.seek(0)
        return seconds, usage.ru_maxrss * 1024, printed.read().decode()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="contestants whose names begin so")
    parser.add_argument("--make", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(Path(options.make), options.rows)
        return
    results: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = {
            title: (
                options.rows // (10 if question == "vectors" else 1),
                contestants(question, format, source, folder / f"out.{format}"),
            )
            for title, (question, format, source) in tables(folder, options.rows).items()
        }
        jobs |= {title: (0, own) for title, own in further(folder, options.rows).items()}
        for title, (rows, commands) in jobs.items():
            seconds: dict[str, list[float]] = {}
            memory: dict[str, int] = {}
            for _ in range(options.rounds):
                for contestant, command in commands.items():
                    if options.only and not contestant.startswith(options.only):
                        continue
                    took, most, printed = measured(command)
                    if "row by row" in contestant:
                        took = float(printed) * rows / LOOPED
                    seconds.setdefault(contestant, []).append(took)
                    memory[contestant] = max(memory.get(contestant, 0), most)
            medians = {key: statistics.median(value) for key, value in seconds.items()}
            own = medians.get("autodiff")
            print(f"\n{title}")
            for contestant, median in sorted(medians.items(), key=lambda pair: pair[1]):
                ratio = f"{own / median:6.2f}" if own else ""
                print(
                    f"  {contestant:24} {median:8.2f} s  {memory[contestant] / 1e6:6.0f} MB  {ratio}"
                )
            results[title] = {
                key: {"seconds": round(value, 3), "megabytes": round(memory[key] / 1e6)}
                for key, value in medians.items()
            }
    print(
        "\nThe last column: autodiff's time by this one's. Row by row: a thousand rows, multiplied."
    )
    print(json.dumps(results))


if __name__ == "__main__":
    main()
