"""Completion: what is offered at a place, and that shells put it there."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console import ROOT

from autodiff_cli.cli.candidates import candidates
from autodiff_cli.cli.completing import SHELLS, VARIABLE, line_of
from autodiff_cli.cli.main import COMMANDS, group
from autodiff_cli.vocabulary.calls.registry import METHODS

TABLE = "Strike,K\n1,2\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "prices.csv").write_text(TABLE)
    (tmp_path / "rows.jsonl").write_text('{"a": 1, "b": [2]}\n{"c": 1}\n')
    (tmp_path / "tabs.tsv").write_text("u\tv\n1\t2\n")
    (tmp_path / "expr.txt").write_text("y = p*q\ny.sum()\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.npy").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def offered(line: str) -> list[str]:
    """The words that may stand at the end of a line, and `<file>` where the shell lists files."""
    taken = line_of(f"autodiff {line}")
    items = candidates(group, taken.words[1:], taken.word)
    return [f"<{item.type}>" if item.type in ("file", "dir") else item.value for item in items]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bat", ["batch", "batch_norm"]),
        ("help gr", ["graph"]),
        ("x --js", ["--json"]),
        ("batch x --on-error ", ["fail", "skip", "null"]),
        ("batch x --on-error=sk", ["--on-error=skip"]),
        ("x --dtype float3", ["float32"]),
        ("'mean(sinh", ["mean(sinh"]),
        ("'mean(x) + logsumex", ["mean(x) + logsumexp"]),
        ("'x.logsumex", ["x.logsumexp"]),
        ("'F.mse", ["F.mse_loss"]),
        ("'nn.MSE", ["nn.MSELoss"]),
        ("'torch.nn.MSE", ["torch.nn.MSELoss"]),
        ("'torch.nn.functional.mse", ["torch.nn.functional.mse_loss"]),
        ("'torch.nn.func", ["torch.nn.functional."]),
        ("'torch.lina", ["torch.linalg."]),
        ("'special.ndtri", ["special.ndtri"]),
        ("'x y", []),
        ("'x*w' ", ["x=", "w="]),
        ("'x*w' x=1 ", ["w="]),
        ("'mean(x, dim=0) + pi' ", ["x="]),
        ("'y = x*a; y*b' ", ["x=", "a=", "b="]),
        ("@expr.txt ", ["p=", "q="]),
        ("@exp", ["@expr.txt"]),
        ("@da", ["@data/"]),
        ("@data/", ["@data/w.npy"]),
        ("x x=@pri", ["x=@prices.csv"]),
        ("x x=@prices.csv:", ["x=@prices.csv:Strike", "x=@prices.csv:K"]),
        ("x x=@nothing.csv:", []),
        ("x x='ones_l", ["x=ones_like"]),
        ("'x*w' --wrt ", ["x", "w"]),
        ("'x*w' --wrt x,", ["x,w"]),
        ("'x*w' --hvp ", ["x=", "w="]),
        ("batch 'p*q' pri", ["<file>"]),
        ("batch p*q prices.csv --wrt ", ["p", "q", "Strike", "K"]),
        ("batch p rows.jsonl --columns ", ["p", "a", "b"]),
        ("batch u tabs.tsv --wrt ", ["u", "v"]),
        ("batch x prices.csv --seed @", ["@Strike", "@K"]),
        ("run ", ["<file>"]),
        ("x -o ", ["<file>"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("functions logsumex", ["logsumexp"]),
        ("functions lina", ["linalg.vecdot", "linalg"]),
        ("derive 'x*w' --to la", ["latex"]),
        ("prompt x", []),
        ("prompt x=@pri", ["x=@prices.csv"]),
        ("prompt x=logsumex", ["x=logsumexp"]),
        ("-- --js", []),
    ],
)  # fmt: skip
def test_what_is_offered(folder: Path, line: str, words: list[str]) -> None:
    found = offered(line)
    assert found[:1] == words[:1] and set(words) <= set(found)
    if line != "functions lina":
        assert found == words


def test_the_first_word_may_be_a_command() -> None:
    assert offered("") == [*sorted(COMMANDS), "help", "version"]


def test_every_option_of_every_command_is_offered() -> None:
    for name in COMMANDS:
        command = group.commands.get(name) or group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        flags = {flag for param in command.params for flag in param.opts if flag.startswith("--")}
        assert flags | {"--help"} == {word for word in offered(f"{name} x --") if word[:2] == "--"}


def test_every_method_is_offered() -> None:
    assert {f"x.{name}" for name in METHODS.names()} <= set(offered("'x."))


@pytest.mark.parametrize(
    "line", ["autodiff 'mean(si", "autodiff ", "autodiff batch 'p*q' a.csv --wrt "]
)
def test_a_tab_imports_neither_numpy_nor_the_vocabulary(line: str, folder: Path) -> None:
    (folder / "a.csv").write_text(TABLE)
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('|', *(m for m in sys.modules if m in ('numpy', 'scipy') "
        "or m.startswith(('autodiff_cli.vocabulary', 'autodiff_cli.ops')))))\n"
        "from autodiff_cli.__main__ import run\nrun()"
    )
    for shell in SHELLS:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder,
            env={**os.environ, VARIABLE: f"{shell}_complete", "COMP_LINE": line, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        words, _, imported = done.stdout.rpartition("|")
        assert "\t" in words and imported.split() == [] and done.stderr == ""


def test_a_script_for_each_shell(run: Any) -> None:
    for shell in SHELLS:
        code, out, err = run("completion", shell)
        assert (code, err) == (0, "") and f"{VARIABLE}={shell}_complete" in out
    assert run("completion", "csh")[0] == 2
    assert run("completion")[0] == 2


# ---- the shells themselves --------------------------------------------------------------------------

BEGIN = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(autodiff completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -u -D; eval "$(autodiff completion zsh)"',
    ),
    "fish": (["fish", "--no-config", "-i"], "autodiff completion fish | source"),
}
TYPED = {  # what is typed, with a TAB in it, and the words that the program gets
    "autodiff 'mean(sinh\t(x))' x=1": ["mean(sinh(x))", "x=1"],
    "autodiff 'logsumex\t(x, 0)' x=1": ["logsumexp(x, 0)", "x=1"],
    'autodiff "logsumex\t(x, 0)"': ["logsumexp(x, 0)"],
    "autodiff 'torch.nn.functional.cross_e\t(x, y)'": ["torch.nn.functional.cross_entropy(x, y)"],
    "autodiff 'x*wide' wi\t3": ["x*wide", "wide=3"],
    "autodiff x x='ones_l\t(y)'": ["x", "x=ones_like(y)"],
    "autodiff x x=@pri\t": ["x", "x=@prices.csv"],
    "autodiff x x=@prices.csv:Str\t": ["x", "x=@prices.csv:Strike"],
    "autodiff batch x --to jso\t": ["batch", "x", "--to", "jsonl"],
    "autodiff x --to=lat\t": ["x", "--to=latex"],
    "autodiff run pri\t": ["run", "prices.csv"],
}


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, words: list[str], environment: dict[str, str], folder: Path) -> None:
        pid, self.door = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, environment)
        self.pid = pid
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self.door, text.encode())

    def until(self, pattern: str, seconds: float = 30) -> str:
        """What is shown up to a pattern, which it has to show."""
        end = time.monotonic() + seconds
        while not (match := re.search(pattern, self.shown)):
            assert time.monotonic() < end, self.shown
            if select.select([self.door], [], [], 0.2)[0]:
                self.shown += os.read(self.door, 1 << 16).decode(errors="replace")
        self.shown = self.shown[match.end() :]
        return match[0]

    def close(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.door)


@pytest.fixture(scope="module", params=[pytest.param(s, marks=pytest.mark.needs(s)) for s in BEGIN])
def shell(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    """A shell that completes; `autodiff` prints its words there, in brackets."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "prices.csv").write_text(TABLE)
    program = folder / "bin" / "autodiff"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nif [ -n "${VARIABLE}" ] || [ "$1" = completion ]; then\n'
        f'  PYTHONPATH={ROOT} exec {sys.executable} -m autodiff_cli "$@"\nfi\n'
        "printf '[%s]' \"$@\"; echo '<end>'\n"
    )
    program.chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(folder),
        "TERM": "xterm" if request.param == "fish" else "dumb", "COLUMNS": "200", "PS1": "$ ",
    }  # fmt: skip
    words, begin = BEGIN[request.param]
    terminal = Terminal(words, environment, folder)
    terminal.type(f'{begin}; echo REA""DY\n')
    terminal.until("READY\r\n")
    yield terminal
    terminal.close()


@pytest.mark.parametrize("typed", TYPED)
def test_a_shell_completes(shell: Terminal, typed: str) -> None:
    shell.type(f"{typed}\n")
    shown = shell.until(r"(?:\[[^\[\x1b]*\])+<end>\r?\n")
    assert re.findall(r"\[([^\[]*)\]", shown) == TYPED[typed]
