"""Record what each program prints with the reference; run with an interpreter that has torch 2.13.0.

    python tests/golden/programs/record.py [FOLDER] [--check] [--fresh] [--threads N]

Writes recorded.json into the folder (this one, unless told). --check compares with it instead.
What is recorded holds for every version of Python. Programs whose output is in words or forms that differ
between versions stand in the subfolder `python`, use no torch, and aren't recorded: their judge is the Python
that runs the tests.
A program runs in a fork of a process that has imported torch, with --fresh in a new interpreter.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
WARNING = re.compile(r"^.*?:\d+: (\w*Warning: .*)$")
INTERNALS = re.compile(r"\s*\((Triggered internally at|function) .*\)$")
LIMIT_SECONDS = 60


def programs(folder: Path) -> list[Path]:
    """The programs and notebooks in the subfolders of a folder that are recorded."""
    found = (p for p in folder.glob("*/*") if p.suffix in (".py", ".ipynb"))
    return sorted(p for p in found if p.parent.name != "python")


def normalised(text: str) -> str:
    return ADDRESS.sub("0x…", text)


def warned(stderr: str) -> list[str]:
    """The warnings in a program's stderr, without where in the source they come from."""
    found = (WARNING.match(line) for line in stderr.splitlines())
    return [INTERNALS.sub("", match[1]) for match in found if match]


def cells(path: Path) -> list[str]:
    """The code cells of a notebook."""
    notebook = json.loads(path.read_text())
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]


def execute(path: Path) -> None:
    """Run a program as `python FILE` does, or a notebook cell by cell, as __main__."""
    main = types.ModuleType("__main__")
    main.__file__ = path.name
    sys.modules["__main__"] = main
    sys.argv = [path.name]
    if path.suffix == ".py":
        exec(compile(path.read_bytes(), path.name, "exec", dont_inherit=True), main.__dict__)
        return
    from IPython.core.displayhook import DisplayHook
    from IPython.lib.pretty import pretty

    for number, source in enumerate(cells(path), 1):
        tree = ast.parse(source, f"<cell {number}>")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"<cell {number}>", "exec", dont_inherit=True), main.__dict__)
        if last is not None:
            echoed = compile(ast.Expression(last.value), f"<cell {number}>", "eval")
            value = eval(echoed, main.__dict__)
            if value is not None and not DisplayHook.semicolon_at_end_of_expression(source):
                print(pretty(value))


def exit_code(path: Path) -> int:
    """Run a program to its end; an uncaught error is shown on stderr."""
    try:
        execute(path)
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
            return 1
        return stop.code or 0
    except BaseException:
        sys.__excepthook__(*sys.exc_info())  # not traceback's: this one suggests names, too
        return 1
    return 0


def in_fork(path: Path, out: int, err: int) -> int:
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.chdir(path.parent)
            os.dup2(out, 1)
            os.dup2(err, 2)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            sys.setrecursionlimit(1000)
            code = exit_code(path)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def fresh(path: Path, out: int, err: int) -> int:
    command = [sys.executable]
    if path.suffix == ".py":
        command += [path.name]
    else:
        start = f"import sys; sys.path.insert(0, {str(HERE)!r}); import record, pathlib; "
        command += ["-c", start + f"sys.exit(record.exit_code(pathlib.Path({path.name!r})))"]
    done = subprocess.run(command, cwd=path.parent, stdout=out, stderr=err, timeout=LIMIT_SECONDS)
    return done.returncode


def record(path: Path, run: Any = in_fork) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        code = run(path, out.fileno(), err.fileno())
        out.seek(0)
        err.seek(0)
        stdout, stderr = out.read().decode(), normalised(err.read().decode())
    answer: dict[str, Any] = {"stdout": normalised(stdout), "exit": code}
    if code:
        answer["stderr_last"] = stderr.rstrip("\n").splitlines()[-1] if stderr.strip() else ""
    if warned(stderr):
        answer["stderr"] = warned(stderr)
    return answer


def records(folder: Path = HERE, run: Any = in_fork) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of every program and what the reference answers to it."""
    import numpy  # noqa: F401
    import torch
    import torch.nn.functional
    import torch.optim.lr_scheduler

    # imported before the first fork, as every program would: dynamo on the first optimizer
    with contextlib.suppress(ImportError):
        import torch._dynamo  # noqa: F401
    for path in programs(folder):
        yield path.relative_to(folder).as_posix(), record(path.resolve(), run)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--threads", default="1")
    options = parser.parse_args()
    wanted = {
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": options.threads,
        "PYTHONIOENCODING": "utf-8",
    }
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | wanted)
    answers = dict(records(options.folder.resolve(), fresh if options.fresh else in_fork))
    file = options.folder / "recorded.json"
    if options.check:
        before = json.loads(file.read_text())
        names = sorted(before.keys() | answers.keys())
        wrong = [name for name in names if before.get(name) != answers.get(name)]
        for name in wrong:
            print(f"{name}\n  recorded: {before.get(name)}\n  now: {answers.get(name)}")
        print(f"{len(answers)} programs, {len(wrong)} differ")
        sys.exit(bool(wrong))
    lines = ",\n".join(f"{json.dumps(n)}: {json.dumps(r)}" for n, r in answers.items())
    file.write_text("{\n" + lines + "\n}\n")
    failed = [name for name, answer in answers.items() if answer["exit"]]
    print(f"{len(answers)} programs, {len(failed)} of them end in an error")
    for name in answers:
        meant = name.startswith("errors/")
        if meant != (name in failed):
            print(f"not as meant: {name}: {answers[name].get('stderr_last', 'no error')}")


if __name__ == "__main__":
    main()
