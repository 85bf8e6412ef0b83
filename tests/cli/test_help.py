"""Help: its order, its width, its groups; and the pages for `man` that are made of it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest

from autodiff_cli.cli.help import GROUPS, page_of
from autodiff_cli.cli.main import COMMANDS, group
from autodiff_cli.cli.manual import escaped, pages, write
from autodiff_cli.cli.version import built_from

WORDS = [["--help"], *[[name, "--help"] for name in COMMANDS]]
FLAGS = [flag for flags in GROUPS.values() for flag in flags.split()]


def command(name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def joined(text: str) -> str:
    """Text whose line breaks don't matter."""
    return " ".join(text.split())


def test_every_option_has_one_group() -> None:
    assert [flag for flag, count in Counter(FLAGS).items() if count > 1] == []
    used = {"--help"}
    for name in COMMANDS:
        used |= {
            next(flag for flag in param.opts if flag.startswith("--"))
            for param in command(name).params
            if isinstance(param, click.Option)
        }
    assert sorted(FLAGS) == sorted(used)


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
@pytest.mark.parametrize("words", WORDS, ids=lambda words: words[0])
def test_it_fits_the_terminal_up_to_100_columns(
    words: list[str], columns: int, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    long = [line for line in out.splitlines() if len(line) > min(columns, 100)]
    assert [line for line in long if columns > 60 or not line.startswith("  --")] == []  # choices


@pytest.mark.parametrize("name", COMMANDS)
def test_no_word_is_broken(name: str, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = joined(run(name, "--help")[1])
    for param in command(name).params:
        if isinstance(param, click.Option):
            assert joined(param.help or "") in out


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_come_before_options(name: str, run: Any) -> None:
    out = run(name, "--help")[1]
    titles = re.findall(r"^(\w.*):$", out, re.MULTILINE)
    assert titles[0] == "Examples" and titles[1:] == [t for t in GROUPS if t in titles]


@pytest.mark.parametrize("columns", ["50", "80"])
@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_is_the_same_to_a_shell_on_any_terminal(
    name: str, columns: str, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commands(width: str) -> list[list[str]]:
        monkeypatch.setenv("COLUMNS", width)
        block = run(name, "--help")[1].partition("Examples:\n")[2].partition("\n\n")[0]
        lines = block.replace("\\\n", " ").splitlines()
        return [shlex.split(line, comments=True) for line in lines]

    assert commands(columns) == commands("100")


def test_the_programs_help_lists_the_commands_before_the_options(run: Any) -> None:
    out = run("--help")[1]
    assert out.index("Examples:") < out.index("Commands:") < out.index("Derivatives:")
    listed = out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^  (\w+)  ", listed, re.MULTILINE) == sorted(COMMANDS)
    assert "..." not in listed


def test_nothing_of_help_is_imported_without_it() -> None:
    code = (
        "import sys; from autodiff_cli.cli.main import main; main(['x', 'x=1']); "
        "print(*(m for m in sys.modules if m.endswith(('cli.help', 'cli.manual', 'textwrap'))))"
    )
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "autodiff_cli" not in done.stdout.splitlines()[-1]


# ---- man --------------------------------------------------------------------------------------------


def test_each_command_has_a_page() -> None:
    assert set(pages()) == {"autodiff.1", *(f"autodiff-{name}.1" for name in COMMANDS)}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_says_what_help_says(name: str) -> None:
    with click.Context(command(name), info_name=name) as ctx:
        page = page_of(ctx, f"autodiff {name}")
    text = pages()[f"autodiff-{name}.1"]
    for rows in page.groups.values():
        for names, said in rows:
            assert f".B {escaped(names)}\n{escaped(said)}\n" in text
    for example in page.examples:
        assert f"\n{escaped(example)}\n" in text


@pytest.mark.needs("man")
@pytest.mark.parametrize("name", ["autodiff", *(f"autodiff-{name}" for name in COMMANDS)])
def test_man_shows_the_pages(name: str, tmp_path: Path) -> None:
    """Found beside a program on PATH, as in an environment; without a word of warning."""
    write(str(tmp_path / "share" / "man" / "man1"))
    program = tmp_path / "bin" / "autodiff"
    program.parent.mkdir()
    program.touch(mode=0o755)
    kept = {key: value for key, value in os.environ.items() if key != "MANPATH"}
    done = subprocess.run(
        ["man", "--warnings", "-P", "cat", name], capture_output=True, text=True, check=False,
        env={**kept, "PATH": f"{program.parent}:{os.environ['PATH']}", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    plain = re.sub(".\b", "", done.stdout)
    assert joined("OPTIONS") in plain or name == "autodiff-completion"
    example = re.search(r"^EXAMPLES\n +(\S.*)$", plain, re.MULTILINE)
    assert example is not None and "autodiff" in example[1]
    assert max(map(len, plain.splitlines())) <= 100


# ---- --version --------------------------------------------------------------------------------------


def test_a_build_names_its_commit(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "_commit"
    monkeypatch.setattr("autodiff_cli.cli.version.COMMIT", str(path))
    assert built_from() == "" and "build" not in run("--version")[1]
    path.write_text("1a2b3c4+\n")
    assert run("--version")[1].splitlines()[2].startswith("build 1a2b3c4+, numpy ")
