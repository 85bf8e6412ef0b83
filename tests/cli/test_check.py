"""`autodiff check`: what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

BCE = (
    "F.binary_cross_entropy_with_logits(x@w+b, y)", "x=tensor([1.,1.])", "w=[[1,-1],[0,2]]",
    "b=[0.5,0]", "y=tensor([0.,1.])",
)  # fmt: skip

VERDICTS = [
    (BCE, 0, "gradient agrees"),
    (("(1 - cos(x))/x**2", "x=0.0001"), 3, "hint: write 2*sin(x/2)**2 for 1 - cos(x)"),
    (("sum(abs(x))", "x=[-1,0,2]"), 3, "x[1]: the slope is -1 from the left and 1 from the right"),
    (
        ("sum(where(x>0, log(x), 0.))", "x=[0,1]"),
        3,
        "hint: mask before the function: log(where(x>0, x, 1.))",
    ),
    (("x**2", "x=[1,2]", "--seed", "[1,0]"), 0, "gradient agrees"),
    (("sin(x)", "x=linspace(0,1,100)"), 0, "compared along 8 directions"),
    (("F.dropout(x, 0.5)", "x=ones(4)", "--manual-seed", "1"), 0, "gradient agrees"),
    (("ones(0)*x", "x=1"), 0, "gradient agrees"),
]


@pytest.mark.parametrize(("words", "code", "says"), VERDICTS, ids=[w[0] for w, *_ in VERDICTS])
def test_verdicts(run: Any, words: tuple[str, ...], code: int, says: str) -> None:
    found, out, err = run("check", *words)
    assert (found, err) == (code, "")
    assert says in out


def test_where_digits_are_lost(run: Any) -> None:
    _, out, _ = run("check", "(1 - cos(x))/x**2", "x=0.0001")
    assert "forward   1 - cos(x)  1 - 0.999999995 = 5e-09" in out and "8.6 digits" in out


def test_json(run: Any) -> None:
    code, out, _ = run("check", "sum(where(x>0, log(x), 0.))", "x=[0,1]", "--json")
    made = json.loads(out)
    assert (code, made["verdict"]) == (3, "not finite")
    assert made["inputs"]["x"]["worst"] == [0] and made["inputs"]["x"]["reverse"] == "NaN"
    first = made["not_finite"][0]
    assert (first["source"], first["value"], first["operand_value"]) == ("log(x)", "-Infinity", 0)


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(run: Any, monkeypatch: Any, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = run("check", *BCE)
    assert max(map(len, out.splitlines())) <= width
    assert out.count(" ok\n") == 4


def test_a_file_is_written_whatever_the_verdict(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "check.md"
    code, out, _ = run("check", "relu(x)", "x=0", "-o", str(path))
    assert (code, out) == (3, "")
    assert "there is no derivative here" in path.read_text()


REFUSED = [
    (["x*2", "x=tensor([1,2])"], 1, "there is nothing to differentiate by"),
    (["x*2", "x=1", "y=2"], 1, "'y' bound and not used"),
    (["x, x", "x=1"], 1, "not one tensor"),
    (["x", "x=1", "--rtol", "-1"], 2, "--rtol"),
]


@pytest.mark.parametrize(("words", "code", "says"), REFUSED, ids=[" ".join(w) for w, *_ in REFUSED])
def test_refused(run: Any, words: list[str], code: int, says: str) -> None:
    found, out, err = run("check", *words)
    assert (found, out) == (code, "") and says in err
