"""What newcomers type, and what they are told: messages.tsv has a line for each.

Its columns are the words as typed at a shell, the exit code, and a part of what is printed: of the results if
the code is 0, otherwise of standard error, where it names what to type instead.
"""

from __future__ import annotations

import io
import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autodiff_cli.cli import wishes
from autodiff_cli.cli.main import COMMANDS, group
from autodiff_cli.evaluation import evaluate
from autodiff_cli.interpret import habits, names
from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES, METHODS

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "messages.tsv").read_text().splitlines()[1:]
]
FILES = {
    "train.py": "print(1)\n",
    "book.ipynb": '{"cells": []}\n',
    "a.csv": "x,y\n1,2\n3,4\n",
    "semi.csv": "x;y\n1;2\n",
    "bs.txt": "S*2\n",
    "blank.csv": '""\n1\n',
    "model": "x**2\n",
    "rows.json": '[{"x": 1}]\n',
    "data/b.csv": "x,y\n1,2\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of all kinds, which is the working and the home folder; standard input is empty."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "binary").write_bytes(b"\x7fELF\0\xff")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    return tmp_path


@pytest.mark.parametrize(("typed", "code", "says"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_typed_is_answered(
    run: Any, folder: Path, typed: str, code: str, says: str
) -> None:
    found, out, err = run(*shlex.split(typed)[1:])
    assert found == int(code), out + err
    assert says in (err if found else out)
    if found:
        assert "README" not in err and "internal error" not in err
        assert not out or "batch" in typed


def test_every_line_says_something() -> None:
    assert len(ROWS) > 400
    assert all(len(row) == 3 and len(row[2]) > 3 for row in ROWS)
    typed = [row[0] for row in ROWS]
    assert len(set(typed)) == len(typed)


# ---- what is advised is true ---------------------------------------------------------------------

INPUTS = {
    "x": [0.3, 0.6], "y": [0.2, 0.5], "A": [[2.0, 0.5], [0.5, 1.0]], "n": "3",
}  # fmt: skip


@pytest.mark.parametrize(
    "text", sorted({*habits.FUNCTIONS.values(), *habits.NAMES.values(), *habits.METHODS.values()})
)
def test_what_a_habit_is_told_to_write_can_be_evaluated(text: str) -> None:
    import re

    used = set(re.findall(r"(?<![\w.])(?:x|y|A|n)\b", text))
    given: Any = {name: INPUTS[name] for name in used}
    evaluate(text, given, grad=False)


def test_no_habit_is_a_name_that_exists() -> None:
    known = {*names.function_names(), *names.CONSTANTS}
    assert known.isdisjoint(habits.FUNCTIONS)
    assert known.isdisjoint(habits.SAID)
    assert {*names.CONSTANTS, *names.SHORT, *names.IMPLICIT}.isdisjoint(
        {*habits.NAMES, *habits.MODULES} - {"np", "optim"}  # of which functions are asked
    )
    assert {*METHODS.names(), *ATTRIBUTES.names()}.isdisjoint({*habits.METHODS, *habits.ATTRIBUTES})


def test_wished_options_name_options_that_exist() -> None:
    import click

    options: set[str] = set()
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        options |= {spelled for param in command.params for spelled in param.opts}
    for meant in wishes.OPTIONS.values():
        for advice in meant.split(" || "):
            if advice.startswith("--"):
                assert advice.split()[0] in options, advice


# ---- doors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelled", ["-h", "--help"])
@pytest.mark.parametrize(
    "command", [[], ["eval"], ["run"], ["batch"], ["x", "x=1"], ["batch", "x"]]
)
def test_help_everywhere(run: Any, command: list[str], spelled: str) -> None:
    code, out, err = run(*command, spelled)
    assert (code, err) == (0, "") and out.startswith("Usage: autodiff")


def test_help_of_a_command_by_name(run: Any) -> None:
    for name in COMMANDS:
        expected = run(name, "--help")
        assert expected[0] == 0 and f"Usage: autodiff {name} " in expected[1]
        assert run("help", name) == run("--help", name) == run("-h", name) == expected


@pytest.mark.parametrize("spelled", ["-V", "--version"])
@pytest.mark.parametrize(
    "command", [[], ["eval"], ["run"], ["batch"], ["x", "x=1"], ["run", "p.py"]]
)
def test_version_everywhere(run: Any, command: list[str], spelled: str) -> None:
    assert run(*command, spelled) == run("version")
    assert run("version")[1].startswith("autodiff ")


@pytest.mark.parametrize("name", ["help", "version", "h", "V", "v"])
def test_a_bound_name_is_no_request(run: Any, name: str) -> None:
    code, out, _ = run(name, f"{name}=3")
    assert code == 0 and "tensor(3." in out
    if len(name) == 1:
        code, out, _ = run(f"-{name}", f"{name}=3")
        assert code == 0 and "tensor(-3." in out


def test_a_program_may_have_a_variable_h(run: Any, folder: Path) -> None:
    assert run("run", "train.py", "h=0.1", "-h")[1].startswith("Usage: autodiff run")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
@pytest.mark.parametrize(
    ("args", "typed", "printed"),
    [
        (["run", "-"], "print(6*7)\n", "42"),
        (["@-", "x=3"], "x**2\n", "value: tensor(9."),
    ],
)
def test_a_terminal_is_read_until_its_end(args: list[str], typed: str, printed: str) -> None:
    main, side = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "autodiff_cli", *args],
            stdin=side, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        os.write(main, typed.encode() + b"\x04")
        out, err = process.communicate(timeout=60)
    finally:
        os.close(main)
        os.close(side)
    assert process.returncode == 0 and printed in out
    assert err.count("from the terminal; end with Ctrl-D") == 1


@pytest.mark.parametrize(
    "typed",
    [
        "autodiff @~/bs.txt S=2",
        "autodiff 'sum(x)' x=@~/v.csv",
        "autodiff 'x*2' x='[1,2]' --seed @~/v.csv",
        "autodiff 'x*2' x='[1,2]' --jvp x=@~/v.csv",
        "autodiff 'x*2' x=1 --save=~/out.npz",
        "autodiff 'x*2' x=1 --save-grads=~/out.npz",
        "autodiff run train.py x=@~/v.csv --quiet",
        "autodiff run '~/train.py'",
        "autodiff batch 'x*y' '~/a.csv'",
        "autodiff batch 'x*y' '~/data/*.csv'",
        "autodiff batch 'sum(x*y*v)' a.csv v=@~/v.csv",
        "autodiff batch 'x*y' a.csv --output=~/out.csv",
        "autodiff batch @~/xy.txt a.csv",
    ],
)  # fmt: skip
def test_the_users_folder_is_known(
    run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    (folder / "v.csv").write_text("1,2\n")
    (folder / "xy.txt").write_text("x*y\n")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    for name in ("a.csv", "train.py"):
        (elsewhere / name).write_text(FILES[name])
    monkeypatch.chdir(elsewhere)
    code, _, err = run(*shlex.split(typed)[1:])
    assert (code, err) == (0, "")
    assert ("=~/out" in typed) == any(folder.glob("out.*"))


def test_a_file_that_is_called_tilde_is_itself(run: Any, folder: Path) -> None:
    (folder / "~v.csv").write_text("5\n")
    assert "tensor([5.]" in run("x", "x=@~v.csv")[1]


# ---- errors as JSON --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "code", "kind", "message"),
    [
        (["sqrt(x", "x=1"], 1, "SyntaxError", "'(' was never closed"),
        (["men(x)", "x=1"], 1, "NameError", "name 'men' is not defined"),
        (["x", "x=@gone.npy"], 1, "InputError", "no such file: 'gone.npy'"),
        (["x", "x"], 2, "UsageError", "'x' is not NAME=VALUE; give it a value"),
        (["x", "x=1", "--jason"], 2, "UsageError", "No such option '--jason'"),
        (["train.py"], 2, "UsageError", "autodiff run train.py"),
        (["for i in [1]: raise ValueError(x)", "x='a'"], 1, "ValueError", "a"),
        ([], 2, "UsageError", "an EXPRESSION is missing"),
    ],
)  # fmt: skip
def test_errors_are_json_where_results_are(
    run: Any, folder: Path, args: list[str], code: int, kind: str, message: str
) -> None:
    found, out, err = run(*args, "--json")
    record = json.loads(err)
    assert (found, out, record["exit_code"]) == (code, "", code)
    assert record["error"]["type"] == kind and message in record["error"]["message"]


def test_an_error_in_json_has_its_place_and_its_hint(run: Any) -> None:
    error = json.loads(run("y = x;\nmen(y)", "x=1", "--json")[2])["error"]
    assert error["hint"] == "did you mean 'mean'?"
    assert (error["line"], error["column"], error["length"], error["text"]) == (2, 1, 3, "men(y)")
