"""README's examples, executed: every `$` line's output and exit code, and the Python ones."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def examples() -> list[tuple[str, str, int]]:
    """(command, what it prints, exit code) of each `$` line."""
    found = []
    for block in BLOCKS:
        for chunk in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = chunk.partition("\n")
            code = re.search(r"^\[(\d+)\]\n", output, re.MULTILINE)
            found.append(
                (
                    command,
                    re.sub(r"^\[\d+\]\n", "", output, flags=re.MULTILINE),
                    int(code[1]) if code else 0,
                )
            )
    return found


@pytest.mark.parametrize(("command", "output", "code"), examples(), ids=lambda v: str(v)[:60])
def test_console_example(command: str, output: str, code: int) -> None:
    here = f"{shlex.quote(sys.executable)} -m autodiff_cli"
    run = subprocess.run(
        re.sub(r"(?<![\w'])autodiff(?= (?:'|run |batch ))", here, command),
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout + run.stderr, run.returncode) == (output, code)


def test_there_are_examples() -> None:
    assert len(examples()) >= 10


def test_python_examples() -> None:
    test = doctest.DocTestParser().get_doctest(README, {}, "README", "README.md", 0)
    assert test.examples
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.failures == 0


def test_the_listed_functions_exist() -> None:
    from autodiff_cli import vocabulary  # noqa: F401
    from autodiff_cli.vocabulary.registry import ATTRIBUTES, FUNCTIONS, METHODS

    section = README.split("The functions, each")[1].split("## Inputs")[0]
    names = [n for words in re.findall(r"`([^`]*)`", section) for n in words.split()]
    known = {*FUNCTIONS.names(), *METHODS.names()} | {
        f"x.{name}" for name in (*METHODS.names(), *ATTRIBUTES)
    }
    words = [name for name in names if re.fullmatch(r"[\w.]*[a-zA-Z]\w*", name)]
    assert len(words) > 100
    assert [
        n for n in words if n not in known and n not in ("and", "or", "not", "if", "else", "None")
    ] == []


def test_every_option_is_listed() -> None:
    from autodiff_cli.cli.eval import command

    options = {name for param in command.params for name in param.opts if name.startswith("--")}
    missing = [name for name in options - {"--version"} if f"`{name}" not in README]
    assert missing == []
