"""Console examples of a document: `$ command`, then what it prints, then `[code]` if it isn't 0."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from needs import PROGRAMS

ROOT = Path(__file__).parent.parent


class Example(NamedTuple):
    """One command of a document, with its output and exit code as they stand there."""

    command: str
    output: str
    code: int


def examples(text: str) -> list[Example]:
    """The commands of all console blocks, in order."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            code = re.search(r"^\[(\d+)\]\n", output, re.MULTILINE)
            output = re.sub(r"^\[\d+\]\n", "", output, flags=re.MULTILINE)
            found.append(Example(command, output, int(code[1]) if code else 0))
    return found


def needed(command: str) -> list[str]:
    """What a command needs besides `autodiff`, as the marker `needs` takes it."""
    words = {"bash", *re.findall(r"[\w/-]+", command)}
    names = [name for name in (*PROGRAMS, "/dev/full") if name in words]
    tables = ["polars"] * bool({"polars", "parquet"} & words)
    return names + tables + ["distributed"] * ("dask" in words)


def executed(command: str, folder: Path) -> tuple[str, int]:
    """What a command prints, and its exit code; `autodiff` is this checkout's, `python3` what runs."""
    tools = folder / ".bin"
    tools.mkdir(exist_ok=True)
    for name, words in (("autodiff", "-m autodiff_cli "), ("python3", "")):
        script = tools / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words}"$@"\n')
        script.chmod(0o755)
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode
