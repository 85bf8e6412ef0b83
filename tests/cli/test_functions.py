"""`autodiff functions`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from autodiff_cli.lexicon.entries import FAMILIES, entries


def test_alone_it_lists_families_with_their_names(run: Any) -> None:
    code, out, err = run("functions")
    assert (code, err) == (0, "")
    listed = out.replace("\n  ", " ").split("\n\n")
    assert [block.split(":")[0] for block in listed] == FAMILIES
    assert {entry.name for entry in entries()} <= set(out.split())


@pytest.mark.parametrize("columns", ["80", "100", "200"])
@pytest.mark.parametrize("words", [[], ["linalg"], ["average"], ["softmax"], ["powers", "--all"]])
def test_text_fits_the_terminal(
    words: list[str], columns: str, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = run("functions", *words)
    assert max(map(len, out.splitlines())) <= min(int(columns), 100)


def test_a_family_shows_how_words_are_called(run: Any) -> None:
    out = run("functions", "special")[1]
    assert "special.ndtr(input)\n    the standard normal distribution function\n" in out


def test_a_name_shows_everything(run: Any) -> None:
    code, out, _ = run("functions", "log")
    assert code == 0
    for line in (
        "log(input)", "  The natural logarithm.", "  family      powers", "  domain      a > 0",
        "  grad_fn     LogBackward0", "  derivative  d_x = 1/x", "  $ autodiff 'log(x)' x=2",
        "  value: tensor(0.6931, grad_fn=<LogBackward0>)", "  x.grad: tensor(0.5000)",
    ):  # fmt: skip
        assert line in out.splitlines()


def test_the_example_is_what_the_command_prints(run: Any) -> None:
    shown = run("functions", "logsumexp")[1]
    printed = run("logsumexp(x, 0)", "x=[1,2,3]")[1]
    assert shown.endswith("".join(f"  {line}\n" for line in printed.splitlines()))


def test_a_module_shows_all_that_is_in_it(run: Any) -> None:
    out = run("functions", "optim")[1]
    names = [entry.name for entry in entries() if entry.name.startswith("optim.")]
    assert len(names) > 20 and all(f"\n{name}(" in f"\n{out}" for name in names)


def test_a_long_search_says_how_many_more(run: Any) -> None:
    assert re.search(r"\n\(\d+ more\)\n$", run("functions", "element")[1])


def test_several_words_are_one_meaning(run: Any) -> None:
    assert run("functions", "norm", "cdf") == run("functions", "norm cdf")
    assert run("functions", "norm", "cdf")[1].startswith("special.ndtr(input)\n")


def test_a_typing_error_is_said(run: Any) -> None:
    code, out, err = run("functions", "sofmax")
    assert code == 0 and out.startswith("softmax(")
    assert err == "note: nothing is called 'sofmax'; nearest is 'softmax'\n"


def test_what_is_nothing_is_wrong_usage(run: Any) -> None:
    code, out, err = run("functions", "qqqqqq")
    assert (code, out) == (2, "") and "autodiff functions lists what there is" in err
    code, _, err = run("functions", "qqqqqq", "--json")
    assert code == 2 and json.loads(err)["error"]["type"] == "UsageError"


def test_json(run: Any) -> None:
    (record,) = json.loads(run("functions", "log", "--json")[1])["functions"]
    assert record["name"] == "log" and record["derivative"] == ["d_x = 1/x"]
    assert record["example"]["output"].splitlines()[1] == "x.grad: tensor(0.5000)"
    everything = json.loads(run("functions", "--to", "json")[1])["functions"]
    assert [record["name"] for record in everything] == [entry.name for entry in entries()]
    assert "example" not in everything[0]
    full = json.loads(run("functions", "trigonometry", "--all", "--json")[1])["functions"]
    assert [r["domain"] for r in full if r["name"] == "acosh"] == ["a > 1"]
    assert all(record["example"]["output"] for record in full)


def test_the_suffix_decides_the_form(run: Any, tmp_path: Path) -> None:
    for suffix, begins in ((".json", '{"functions":'), (".md", "## "), (".txt", "log(input)")):
        path = tmp_path / f"log{suffix}"
        assert run("functions", "log", "-o", str(path)) == (0, "", "")
        assert path.read_text().startswith(begins)
    assert run("functions", "log", "-o", str(tmp_path / "log.html"))[0] == 2
    assert run("functions", "log", "-o", str(tmp_path / "no" / "log.md"))[0] == 1


def test_two_forms_are_wrong(run: Any) -> None:
    assert run("functions", "log", "--json", "--to", "markdown")[0] == 2


def test_a_name_that_is_bound_stays_a_name(run: Any) -> None:
    assert run("functions*2", "functions=3")[1].startswith("value: tensor(6.")
