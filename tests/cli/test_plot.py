"""`autodiff plot`: numbers, pictures and what it refuses."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

BELL = ["exp(-x**2)", "x=-2:2:41"]
DRAWN = [
    BELL,
    ["1/x", "x=-1:1"],
    ["x**2*y", "x=-1:1", "y=0:1"],
    ["sum(x**3)", "x=rand(4,5)", "--heat"],
]


def test_csv_has_the_function_and_its_derivative(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    assert run("plot", *BELL, "--what", "value,grad,second", "-o", str(path)) == (0, "", "")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert len(rows) == 41 and list(rows[0]) == ["x", "value", "grad_x", "second_x"]
    for row in rows:
        x, bell = float(row["x"]), math.exp(-(float(row["x"]) ** 2))
        assert float(row["value"]) == pytest.approx(bell, rel=1e-12)
        assert float(row["grad_x"]) == pytest.approx(-2 * x * bell, abs=1e-12)
        assert float(row["second_x"]) == pytest.approx((4 * x * x - 2) * bell, abs=1e-12)


def test_json_has_the_remarkable_places(run: Any) -> None:
    code, out, _ = run("plot", "x**x", "x=0.01:2", "--json")
    record = json.loads(out)
    assert code == 0 and len(record["x"]) == len(record["grad"]) == 201
    (place,) = record["stationary"]
    assert place["kind"] == "minimum" and place["x"] == pytest.approx(1 / math.e)
    record = json.loads(run("plot", "1/x", "x=-1:1:3", "--json")[1])
    assert record["value"] == [-1, "Infinity", 1] and record["poles"] == [0]


def test_two_ranges(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    run("plot", "a*x*y", "x=0:1:3", "y=0:2:2", "a=2", "-o", str(path))
    rows = [list(map(float, row)) for row in list(csv.reader(io.StringIO(path.read_text())))[1:]]
    assert len(rows) == 6 and all(
        v == 2 * x * y and gx == 2 * y and gy == 2 * x for x, y, v, gx, gy in rows
    )
    record = json.loads(run("plot", "x*y", "x=0:1:3", "y=0:2:2", "--json")[1])
    assert record["value"] == [[0, 0, 0], [0, 1, 2]] and {"grad_x", "grad_y"} <= set(record)


def test_bounds_are_expressions_and_logarithmic_points_have_one_ratio(run: Any) -> None:
    record = json.loads(run("plot", "sin(x)", "x=-pi:2*pi:4", "--json")[1])
    assert record["x"] == pytest.approx([-math.pi, 0, math.pi, 2 * math.pi])
    record = json.loads(run("plot", "log(x)", "x=1:1000:4", "--log", "x", "--json")[1])
    assert record["x"] == pytest.approx([1, 10, 100, 1000])


def test_heat_as_json_is_the_gradients(run: Any) -> None:
    record = json.loads(run("plot", "sum(x**2)", "x=[[1,2],[3,4]]", "--heat", "--json")[1])
    assert record["grads"] == {"x": [[2, 4], [6, 8]]}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["x**2", "x=3"], "plot needs a range"),
        (["x**2"], "plot needs a range"),
        (["x*y*z", "x=0:1", "y=0:1", "z=0:1"], "these have one: x, y, z"),
        (["x", "x=1:1"], "from one number to another"),
        (["x", "x=0:inf"], "from one number to another"),
        (["x", "x=0:1:1"], "COUNT"),
        (["x", "x=0:1:2:3"], "FROM:TO"),
        (["x", "x=:1"], "FROM:TO"),
        (["x", "x=0:[1,2]"], "no number"),
        (["x", "x=-1:1", "--log", "x"], "above 0"),
        (["x", "x=0:1", "--what", "slope"], "not 'slope'"),
        (["x", "x=0:1", "-o", "c.xyz"], "suffix"),
        (["x", "x=0:1", "--json", "-o", "c.svg"], "--json"),
        (["x", "x=0:1", "--heat"], "no range"),
        (["x", "x=0:1", "--wrt", "x"], "--heat"),
    ],
)
def test_wrong_words(run: Any, words: list[str], says: str) -> None:
    code, _, err = run("plot", *words, *([] if "-o" in words or "--json" in words else ["--json"]))
    assert code == 2 and says in err


def test_errors_of_the_text_are_said(run: Any) -> None:
    code, _, err = run("plot", "x + men(x)", "x=0:1", "-o", "never.csv")
    assert code == 1 and "NameError" in err and "^^^" in err and "column" not in err
    code, _, err = run("plot", "2*y", "x=0:1", "y=3", "--json")
    assert code == 1 and "'x'" in err


@pytest.mark.parametrize("words", [["-o", "c.svg"], []])
def test_without_the_extra(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("autodiff_cli.cli.plot.find_spec", lambda name: None)
    code, out, err = run("plot", *BELL, *words)
    assert (code, out) == (1, "") and "pip install 'autodiff-cli[pictures]'" in err
    assert run("plot", *BELL, "-o", "c.csv")[0] == 0 and run("plot", *BELL, "--json")[0] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c.csv"]


def test_the_libraries_are_optional() -> None:
    """Whether they are there or not, the command's own module doesn't import them."""
    import subprocess
    import sys

    names = "('matplotlib', 'plotext', 'rich')"
    code = f"import sys, autodiff_cli.cli.plot; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.needs("plotext")
@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal(run: Any, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = run("plot", *BELL)
    lines = out.rstrip("\n").split("\n")
    assert code == 0 and max(map(len, lines)) == width and "\x1b" not in out
    assert "exp(-x**2)" in out and "d/dx" in out and len(re.findall("[⠁-⣿]", out)) > width / 2
    assert lines[-1] == "maximum 1 at x = 0: d/dx = 0"
    painted = run("plot", *BELL, "--color", "always")[1]
    assert "\x1b[" in painted


@pytest.mark.needs("plotext")
def test_fields_and_matrices_in_the_terminal(run: Any) -> None:
    code, out, _ = run("plot", "x**2+y**2", "x=-1:1:21", "y=-1:1:21")
    rows = [line for line in out.split("\n") if "┤" in line]
    assert (
        code == 0 and len(rows) == 21 and rows[0].endswith("↗") and rows[-1].rstrip().endswith("↘")
    )
    code, out, _ = run("plot", "sum(x*tensor([[1.,-2.],[0.,4.]]))", "x=ones(2,2)", "--heat")
    assert code == 0 and out.split("\n")[0] == "x.grad, shape [2, 2], largest size 4"
    cells = re.findall(r"[-+ ][ ░▒▓█]\s*-?\d", out.split("\n", 1)[1])
    assert cells == ["+░ 1", "-▒-2", "   0", "+█ 4"]


@pytest.mark.needs("matplotlib")
@pytest.mark.parametrize("words", DRAWN, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("suffix", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_pictures(tmp_path: Path, words: list[str], suffix: str, magic: bytes) -> None:
    """In a process of its own, behind the wall."""
    import shlex

    from console import executed
    from pictures import shades

    out, code = executed(f"autodiff plot {shlex.join(words)} -o c.{suffix}", tmp_path)
    picture = (tmp_path / f"c.{suffix}").read_bytes()
    assert (out, code) == ("", 0) and picture.startswith(magic)
    if suffix == "png":
        assert len(shades(picture)) > 30
    if suffix == "svg":
        assert picture.count(b"<path") > 10


@pytest.mark.needs("matplotlib")
def test_texts_are_no_formulas(run: Any, tmp_path: Path) -> None:
    """A dollar sign in the text is one, and what it encloses isn't set as mathematics."""
    assert importlib.util.find_spec("matplotlib")
    path = tmp_path / "c.svg"
    text = "t = '$\\frac{1}{0$'; x"
    assert run("plot", text, "x=0:1", "-o", str(path))[0] == 0
