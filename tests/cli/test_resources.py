"""`--threads` and `--max-memory`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

import autodiff_cli.evaluation.leaves as evaluate_package
from autodiff_cli.cli.main import COMMANDS, group
from autodiff_cli.cli.resources import bytes_of
from autodiff_cli.ir.context import current
from autodiff_cli.program import Session


@pytest.mark.parametrize(
    ("size", "count"),
    [
        ("1", 1), ("500M", 500 << 20), ("2g", 2 << 30), ("1.5 GiB", 3 << 29), ("10kb", 10 << 10),
        (".5K", 512), ("3T", 3 << 40), ("123456789012345678901B", 123456789012345678901),
    ],
)  # fmt: skip
def test_sizes(size: str, count: int) -> None:
    assert bytes_of("--max-memory", size) == count


@pytest.mark.parametrize("size", ["", "M", "1 2", "1E3", "\u0663", "0.1", "nan", "1MM", "-1G", "0"])
def test_what_is_no_size(size: str) -> None:
    with pytest.raises(click.UsageError, match="--max-memory takes a size"):
        bytes_of("--max-memory", size)


def recorded(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[Any]:
    """What may be used when something is called."""
    seen = []
    inner = getattr(owner, name)

    def call(*args: Any, **options: Any) -> Any:
        seen.append((current().threads, current().max_memory))
        return inner(*args, **options)

    monkeypatch.setattr(owner, name, call)
    return seen


@pytest.mark.parametrize(
    ("args", "variable", "threads"),
    [
        ([], None, None),
        (["--threads", "3"], None, 3),
        ([], "2", 2),
        (["--threads", "1"], "2", 1),
        ([], "", None),
    ],
)
def test_threads(
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    args: list[str],
    variable: str | None,
    threads: int | None,
) -> None:
    monkeypatch.delenv("AUTODIFF_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("AUTODIFF_THREADS", variable)
    seen = recorded(monkeypatch, evaluate_package, "execute")
    assert run("x * 2", "x=1", *args)[0] == 0
    assert seen == [(threads, None)]
    (tmp_path / "p.py").write_text("y = x * 2\n")
    seen = recorded(monkeypatch, Session, "run")
    assert run("run", str(tmp_path / "p.py"), "x=1", *args)[0] == 0
    assert seen == [(threads, None)]
    assert current().threads is None


def test_the_limit_reaches_the_execution(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = recorded(monkeypatch, evaluate_package, "execute")
    assert run("x * 2", "x=1", "--max-memory", "2G")[0] == 0
    assert seen == [(None, 2 << 30)] and current().max_memory is None


def test_memory_of_a_program(run: Any) -> None:
    text = "y = x\nfor _ in range(10**6):\n    y = y + 0\ny"
    code, out, err = run(text, "x=1", "--max-memory", "1M")
    assert (code, out) == (1, "") and "the limit is 1 MiB" in err and "--max-memory SIZE" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--threads", "0"], "--threads"),
        (["--threads", "two"], "--threads"),
        (["--max-memory", "lots"], "takes a size, such as 500M or 2G"),
        (["--max-memory", "0"], "at least one byte"),
        (["--max-memory", "-1G"], "takes a size"),
    ],
)
@pytest.mark.parametrize("command", [["sum(x)"], ["run", "-"]])
def test_wrong_usage(run: Any, command: list[str], args: list[str], message: str) -> None:
    code, out, err = run(*command, "x=1", *args)
    assert (code, out) == (2, "") and message in err


def test_a_variable_that_is_no_number(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTODIFF_THREADS", "many")
    code, out, err = run("sum(x)", "x=1")
    assert (code, out) == (2, "") and "AUTODIFF_THREADS" in err


# ---- help ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_each_option_has_an_example(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    for option in command.params:
        if isinstance(option, click.Option) and option.name != "version":
            assert any(word in (option.help or "") for word in option.opts), option.opts
