"""What `autodiff eval` writes besides text, where it goes, and what --strict refuses."""

from __future__ import annotations

import ast
import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_cli.cli.eval import FORMS, SUFFIXES

JACOBIAN = ("x**2 * a", "x=[1,2]", "a=0.3", "--seed", "[1,1]", "--jacobian")
ARRAYS = {
    "value": [0.3, 1.2], "grad.x": [0.6, 1.2], "grad.a": 5.0,
    "jacobian.x": [[0.6, 0.0], [0.0, 1.2]], "jacobian.a": [1.0, 4.0],
}  # fmt: skip


def close(found: Any, expected: Any) -> bool:
    return bool(np.allclose(np.asarray(found, float), np.asarray(expected, float), equal_nan=True))


def test_csv_has_a_line_for_each_element(run: Any) -> None:
    code, out, _ = run(*JACOBIAN, "--to", "csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    for name, expected in ARRAYS.items():
        for place in np.ndindex(np.shape(expected)):
            (row,) = [
                r for r in rows if r["name"] == name and r["index"] == ",".join(map(str, place))
            ]
            assert close(float(row["value"]), np.asarray(expected)[place])
    assert len(rows) == sum(np.size(value) for value in ARRAYS.values())


def test_python_reads_what_is_written_for_it(run: Any) -> None:
    _, out, _ = run(*JACOBIAN, "--to", "python")
    names: dict[str, Any] = {}
    exec(out, names)
    assert close(names["value"], ARRAYS["value"])
    assert close(names["grad"]["x"], ARRAYS["grad.x"])
    assert close(names["jacobian"]["x"], ARRAYS["jacobian.x"])


def test_python_of_what_is_not_finite(run: Any) -> None:
    _, out, _ = run("log(x)", "x=[0,-1,1]", "--no-grad", "--to", "python")
    names: dict[str, Any] = {}
    exec(out, names)
    assert close(names["value"], [-np.inf, np.nan, 0])


def test_several_seeds_in_python(run: Any) -> None:
    _, out, _ = run("x*x", "x=[1,2]", "--seed", "[1,0]", "--seed", "[0,1]", "--to", "python")
    grads = ast.literal_eval(out.splitlines()[1].removeprefix("grad = "))
    assert grads == [{"x": [2.0, 0.0]}, {"x": [0.0, 4.0]}]


def test_markdown(run: Any) -> None:
    _, out, _ = run("mean(3*(x+2)**2)", "x=ones(1,2)", "--to", "markdown")
    assert out == "|  | value |\n|---|---|\n|  | 27 |\n\ngrad.x:\n\n| 9 | 9 |\n|---|---|\n"


def test_latex(run: Any) -> None:
    _, out, _ = run("x*x_2", "x=[1e-9,2]", "x_2=1", "--jvp", "x=[1,0]", "--to", "latex")
    assert out.splitlines() == [
        r"\begin{align*}",
        r"  \mathrm{value} &= \begin{bmatrix} 1 \cdot 10^{-9} & 2 \end{bmatrix} \\",
        r"  \mathrm{jvp} &= \begin{bmatrix} 1 & 0 \end{bmatrix}",
        r"\end{align*}",
    ]


@pytest.mark.parametrize("form", ["csv", "markdown", "latex", "python", "json"])
@pytest.mark.parametrize(
    "text",
    ["(x, 'word', [x*2, None])", "zeros(0)", "ones(2, 2, 3)", "3", "True", "'a'", "tensor([True])"],
)
def test_every_value_has_every_form(form: str, text: str, run: Any) -> None:
    code, out, _ = run(text.replace("x", "1.5*ones(1)"), "--no-grad", "--to", form)
    assert code == 0
    assert out.strip()


@pytest.mark.parametrize("form", FORMS)
def test_digits(form: str, run: Any) -> None:
    _, out, _ = run("x/3", "x=2", "--to", form, "--digits", "6")
    assert "0.666667" in out
    assert "0.6666667" not in out


def test_json_is_to_json(run: Any) -> None:
    assert run("x*x", "x=3", "--to", "json") == run("x*x", "x=3", "--json")
    code, _, error = run("x*y", "x=3", "--to", "json")
    assert code == 1
    assert json.loads(error)["error"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_suffix_decides_the_form(suffix: str, run: Any, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    assert run("x*x", "x=[1,2]", "--seed", "[1,1]", "-o", str(path)) == (0, "", "")
    if suffix == ".npz":
        with np.load(path) as arrays:
            assert arrays["grad.x"].tolist() == [2.0, 4.0]
    else:
        _, out, _ = run("x*x", "x=[1,2]", "--seed", "[1,1]", "--to", SUFFIXES[suffix])
        assert path.read_text() == out


def test_text_in_a_file_has_no_colour(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    assert run("x*x", "x=3", "-o", str(path), "--color", "always")[0] == 0
    assert path.read_text() == "value: tensor(9., grad_fn=<MulBackward0>)\nx.grad: tensor(6.)\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "csv", "--json"], "two forms"),
        (["--to", "csv", "-o", "a.npz"], "archive of arrays"),
        (["--trace", "--to", "latex"], "--trace is shown in text and JSON"),
        (["--to", "yaml"], "yaml"),
        (["--digits", "0"], "0"),
        (["-o", "a.npz", "--save", "./a.npz"], "name the same file"),
    ],
)
def test_what_does_not_go_together(
    words: list[str], message: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = run("x*x", "x=3", *words)
    assert (code, out) == (2, "")
    assert message in error
    assert list(tmp_path.iterdir()) == []


def test_an_input_is_never_written_over(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.ones(2))
    before = path.read_bytes()
    assert run("sum(x)", f"x=@{path}", "-o", str(path))[0] != 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("log(x)", "x=0"), "value is -inf"),
        (("x", "x=[1,nan]", "--no-grad"), "value[1] is nan"),
        (("sum(sqrt(x))", "x=[[1,0]]"), "grad.x[0, 1] is inf"),
        (("float('nan')",), "value is nan"),
    ],
)
def test_strict(words: tuple[str, ...], where: str, run: Any) -> None:
    plain = run(*words)
    assert plain[0] == 0
    code, out, error = run(*words, "--strict")
    assert (code, out) == (1, plain[1])
    assert where in error


def test_strict_of_what_is_finite(run: Any) -> None:
    assert run("x*x", "x=3", "--strict") == run("x*x", "x=3")
