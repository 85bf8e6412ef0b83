"""Options that the environment sets."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import click
import pytest

from autodiff_cli.cli.main import COMMANDS
from autodiff_cli.cli.options import variable_of

WALLS = {"no_wall", "require_wall"}
OPTIONS = [
    (name, option)
    for name, module in COMMANDS.items()
    for option in import_module(module).command.params
    if isinstance(option, click.Option) and option.name != "version"
]


@pytest.mark.parametrize(
    ("command", "option"), [pytest.param(c, o, id=f"{c} {o.opts[0]}") for c, o in OPTIONS]
)
def test_every_option_has_a_variable_but_those_of_the_wall(
    command: str, option: click.Option
) -> None:
    assert option.envvar == (None if option.name in WALLS else variable_of(option.opts))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_so(command: str, run: Any) -> None:
    assert "AUTODIFF_DTYPE=float64" in run(command, "--help")[1]


@pytest.mark.parametrize(
    ("variables", "words", "same"),
    [
        ({"DTYPE": "float64"}, ["x/3", "x=1"], ["--dtype", "float64"]),
        ({"JSON": "1"}, ["x/3", "x=1"], ["--json"]),
        ({"JSON": "0"}, ["x/3", "x=1"], []),
        ({"TO": "csv"}, ["x/3", "x=1"], ["--to", "csv"]),
        ({"DIGITS": "2"}, ["x/3", "x=1"], ["--digits", "2"]),
        ({"WRT": "x"}, ["x*y", "x=1", "y=2"], ["--wrt", "x"]),
        ({"SEED": "[1, 0]; [0, 1]"}, ["x*x", "x=[1,2]"], ["--seed", "[1,0]", "--seed", "[0,1]"]),
        ({"MANUAL_SEED": "0"}, ["randn(2)"], ["--manual-seed", "0"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_variable_is_an_option(
    variables: dict[str, str],
    words: list[str],
    same: list[str],
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = run(*words, *same)
    for name, value in variables.items():
        monkeypatch.setenv(f"AUTODIFF_{name}", value)
    assert run(*words) == expected
    assert expected[0] == 0


@pytest.mark.parametrize(
    ("variable", "value", "typed"),
    [
        ("JSON", "1", ["--to", "csv"]),
        ("TO", "csv", ["--json"]),
        ("DTYPE", "float64", ["--dtype", "float32"]),
    ],
)
def test_what_is_typed_goes_first(
    variable: str, value: str, typed: list[str], run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run("x/3", "x=1", *typed)
    monkeypatch.setenv(f"AUTODIFF_{variable}", value)
    assert run("x/3", "x=1", *typed) == expected


def test_a_wrong_value_is_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTODIFF_DIGITS", "many")
    code, out, error = run("x/3", "x=1")
    assert (code, out) == (2, "")
    assert "AUTODIFF_DIGITS" in error


def test_errors_are_json_where_results_are(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTODIFF_JSON", "1")
    code, _, error = run("x*y", "x=1")
    assert code == 1
    assert json.loads(error)["exit_code"] == 1
