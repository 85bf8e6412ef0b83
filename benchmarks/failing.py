"""Tables whose rows fail, against the same tables without a fault: whole processes, time and memory.

    python benchmarks/failing.py [--rows N] [--rounds N] [--only WORDS] [--plain]

Each kind of fault stands in every row, in every second one and in one of a thousand, and is answered by each
of `--on-error fail`, `skip` and `null`. Figures are those of the run with faults by those of the run without:
medians of processor seconds, which don't depend on what else the machine does, and the greatest memory.
Prints a table, and then one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from measure import environment, machine, table

SHARES = {"all": 1, "half": 2, "1/1000": 1000}
WAYS = ("fail", "skip", "null")
MATRIX = [[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]]
SINGULAR = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 4.0]]
PROGRAM = 'def f(t):\n    if t < 0: raise ValueError("neg")\n    return t.sqrt()\nf(x)'


class Kind(NamedTuple):
    """A fault.

    Attributes:
        expression: what is asked.
        format: of the table.
        good, bad: the text of a row by its number.
        options: further words of the command.
        portion: one row for so many of the others' rows.
    """

    expression: str
    format: str
    good: Callable[[int], str]
    bad: Callable[[int], str]
    options: tuple[str, ...] = ()
    portion: int = 1


def _csv(number: int) -> str:
    return f"{number}.5,{number % 7}.25"


def _object(number: int) -> str:
    return f'{{"x":{number}.5,"y":{number % 7}.25}}'


def _vector(number: int) -> str:
    return f'{{"v":[{number}.5,2.25,3],"w":[1,2,3]}}'


def _divisor(number: int) -> str:
    return f'{{"x":{number}.5,"n":3}}'


def _matrix(number: int) -> str:
    return json.dumps({"A": MATRIX, "b": [number, 1, 2]})


KINDS = {
    "csv: a word": Kind("x*y", "csv", _csv, lambda n: f"abc,{n % 7}.25"),
    "csv: words that differ": Kind("x*y", "csv", _csv, lambda n: f"a{n},{n % 7}.25"),
    "csv: an empty field": Kind("x*y", "csv", _csv, lambda n: f",{n % 7}.25"),
    "csv: too short": Kind("x*y", "csv", _csv, lambda n: f"{n}.5"),
    "csv: too long": Kind("x*y", "csv", _csv, lambda n: f"{n}.5,1,2"),
    "jsonl: no object": Kind("x*y", "jsonl", _object, lambda n: f"[{n}.5,1]"),
    "jsonl: invalid": Kind("x*y", "jsonl", _object, lambda n: f'{{"x":{n}.5,"y":'),
    "jsonl: missing": Kind("x*y", "jsonl", _object, lambda n: f'{{"y":{n}.5}}'),
    "jsonl: null": Kind("x*y", "jsonl", _object, lambda n: f'{{"x":null,"y":{n}.5}}'),
    "jsonl: a string": Kind("x*y", "jsonl", _object, lambda n: f'{{"x":"a{n}","y":2.5}}'),
    "jsonl: ragged lists": Kind(
        "sum(v*w)", "jsonl", _vector, lambda n: f'{{"v":[{n}.5,[2],3],"w":[1,2,3]}}'
    ),
    "parquet: null": Kind("x*y", "parquet", _object, lambda n: f'{{"x":null,"y":{n}.5}}'),
    "shapes that differ": Kind(
        "sum(v*w)", "jsonl", _vector, lambda n: f'{{"v":[{n}.5,2.25],"w":[1,2,3]}}'
    ),
    "a division by 0": Kind(
        "x*(8 // n.long())", "jsonl", _divisor, lambda n: f'{{"x":{n}.5,"n":0}}'
    ),
    "a singular matrix": Kind(
        "linalg.inv(A).sum()",
        "jsonl",
        _matrix,
        lambda n: json.dumps({"A": SINGULAR, "b": [n, 1, 2]}),
        portion=10,
    ),
    "a singular system": Kind(
        "linalg.solve(A, b).sum()",
        "jsonl",
        _matrix,
        lambda n: json.dumps({"A": SINGULAR, "b": [n, 1, 2]}),
        portion=10,
    ),
    "an index": Kind(
        "v[n.long()]",
        "jsonl",
        lambda n: f'{{"v":[{n},2,3],"n":1}}',
        lambda n: f'{{"v":[{n},2,3],"n":7}}',
        portion=100,
    ),
    "a program raises": Kind(PROGRAM, "csv", _csv, lambda n: f"-{n}.5,1", portion=100),
    "a deviation below 0": Kind(
        "x**2", "csv", _csv, lambda n: f"{n}.5,-1", ("--propagate", "x=@y")
    ),
    "an answer of another shape": Kind(
        "v*2", "jsonl", _vector, lambda n: f'{{"v":[{n}.5,2],"w":[1,2,3]}}',
        ("--to", "csv", "--values-only"),
    ),
}  # fmt: skip


def make(folder: Path, name: str, rows: int) -> None:
    """Write a kind's tables: without a fault, and with each share of faults (the first row is good)."""
    kind = KINDS[name]
    for share, every in {"good": 0, **SHARES}.items():
        text = folder / f"{share.replace('/', '-')}.txt"
        with text.open("w") as file:
            if kind.format == "csv":
                file.write("x,y\n")
            for number in range(rows // kind.portion):
                bad = every and number and number % every == 0
                file.write((kind.bad if bad else kind.good)(number) + "\n")
        if kind.format == "parquet":
            import polars

            polars.read_ndjson(text, infer_schema_length=None).write_parquet(text)


def measured(command: list[str], output: Path) -> tuple[float, int]:
    """Seconds of the processors and the most bytes of memory of a command, which may fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    actions = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    process = os.posix_spawn(command[0], command, environment(), file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    os.close(null)
    os.close(out)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{command[2:]} ended with {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def compared(folder: Path, name: str, rounds: int, plain: bool) -> Iterator[dict[str, object]]:
    """The figures of a kind: one record for each share and way."""
    kind = KINDS[name]
    start = [sys.executable, "-m", "autodiff_cli"]
    if plain:  # as if polars weren't installed
        hidden = (
            "import sys; sys.modules['polars'] = None; from autodiff_cli.__main__ import run; run()"
        )
        start = [sys.executable, "-c", hidden]
    cases = [("good", "skip"), *((share, way) for share in SHARES for way in WAYS)]
    seconds: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
    memory = dict.fromkeys(cases, 0)
    for _ in range(rounds):
        for share, way in cases:
            source = str(folder / f"{share.replace('/', '-')}.txt")
            words = ["batch", kind.expression, source, "--format", kind.format, "--quiet"]
            if kind.format == "parquet":
                words += ["--to", "csv"]
            command = [*start, *words, "--on-error", way, *kind.options]
            took, most = measured(command, folder / "out")
            seconds[share, way].append(took)
            memory[share, way] = max(memory[share, way], most)
    good = statistics.median(seconds["good", "skip"])
    for share, way in cases[1:]:
        median = statistics.median(seconds[share, way])
        yield {
            "kind": name,
            "share": share,
            "way": way,
            "good": round(good, 3),
            "seconds": round(median, 3),
            "times": round(median / good, 2),
            "good megabytes": round(memory["good", "skip"] / 1e6),
            "megabytes more": round((memory[share, way] - memory["good", "skip"]) / 1e6),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="kinds whose names have this in them")
    parser.add_argument("--plain", action="store_true", help="without polars")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(Path(options.make[0]), options.make[1], options.rows)
        return
    found: list[dict[str, object]] = []
    for name, kind in KINDS.items():
        if (options.only and options.only not in name) or (
            options.plain and kind.format == "parquet"
        ):
            continue
        with tempfile.TemporaryDirectory() as folder:
            # by a process of its own: a child's peak of memory counts from its parent's
            words = [sys.executable, __file__, "--rows", str(options.rows), "--make", folder, name]
            subprocess.run(words, check=True)
            found += compared(Path(folder), name, options.rounds, options.plain)
    print(machine())
    head = ["bad rows", "good, s", "MB"]
    head += [f"{share}, {way}" for share in SHARES for way in WAYS]
    rows = []
    for name in dict.fromkeys(str(record["kind"]) for record in found):
        own = [record for record in found if record["kind"] == name]
        cells = [f"{r['times']} ({r['megabytes more']:+})" for r in own]
        rows.append([name, str(own[0]["good"]), str(own[0]["good megabytes"]), *cells])
    print(f"\n{table(head, rows)}\n")
    print("Times the good run's processor seconds, and MB more than it.")
    print(json.dumps({"benchmark": "failing", "rows": options.rows, "found": found}))


if __name__ == "__main__":
    main()
