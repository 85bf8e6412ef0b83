"""`autodiff batch`: words in, rows out, exit codes, standard error."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_cli.cli.batch import command
from autodiff_cli.cli.main import main
from autodiff_cli.cli.uncertain import weights_of
from autodiff_cli.tables import readers
from autodiff_cli.tables.sources import resolved

BLACK_SCHOLES = (
    "d1 = (log(S/K) + (r + sigma**2/2)*T) / (sigma*sqrt(T)); d2 = d1 - sigma*sqrt(T); "
    "S*0.5*(1 + erf(d1/2**0.5)) - K*exp(-r*T)*0.5*(1 + erf(d2/2**0.5))"
)
COMMAND = [sys.executable, "-m", "autodiff_cli", "batch"]
TABLE = "x,y,s\n1,2,0.1\n3,4,0.2\n5,6,0.3\n"
BAD = "x,y\n1,2\nabc,4\n5,6\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run among their own files."""
    path = os.environ.get("PYTHONPATH")
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, *([path] if path else [])]))
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    Path("bad.csv").write_text(BAD)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # they stay pytest's

    def call(*args: str) -> tuple[int, str, str]:
        code = main(["batch", *args])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def piped(text: str, *args: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *args], input=text, capture_output=True, text=True, check=False, **kwargs
    )


def rows_file(count: int, path: str = "rows.csv") -> str:
    draw = np.random.default_rng(3)
    columns = [
        draw.uniform(low, high, count)
        for low, high in [(50, 150), (50, 150), (0.1, 2), (0, 0.1), (0.1, 0.5)]
    ]
    lines = ["S,K,T,r,sigma", *(",".join(f"{v:.4f}" for v in row) for row in zip(*columns))]
    Path(path).write_text("\n".join(lines) + "\n")
    return path


# ---- rows in, rows out --------------------------------------------------------------------------


def test_value_and_gradients(run: Any) -> None:
    assert run("x*x*y", "t.csv") == (
        0,
        "value,grad_x,grad_y\n2.0,4.0,1.0\n36.0,24.0,9.0\n150.0,60.0,25.0\n",
        "",
    )


def test_standard_input() -> None:
    done = piped(TABLE, "x*y", "--values-only")
    assert (done.returncode, done.stdout, done.stderr) == (0, "value\n2.0\n12.0\n30.0\n", "")


def test_several_files_and_patterns(run: Any) -> None:
    Path("t2.csv").write_text("y,x\n1,10\n")
    expected = "value\n2.0\n12.0\n30.0\n10.0\n"
    assert run("x*y", "t.csv", "t2.csv", "--values-only")[1] == expected
    assert run("x*y", "t*.csv", "--values-only")[1] == expected


def test_keep(run: Any) -> None:
    out = run("x*y", "t.csv", "--keep", "--values-only")[1]
    assert out == "x,y,s,value\n1,2,0.1,2.0\n3,4,0.2,12.0\n5,6,0.3,30.0\n"


def test_to_another_format(run: Any) -> None:
    out = run("x*y", "t.csv", "--to", "jsonl", "--wrt", "y")[1]
    assert [json.loads(line) for line in out.splitlines()] == [
        {"value": x * y, "grad_y": x} for x, y in [(1, 2), (3, 4), (5, 6)]
    ]


def test_nested_gradients(run: Any) -> None:
    Path("v.jsonl").write_text('{"x":[[1,2],[3,4]]}\n{"x":[[5,6],[7,8]]}\n')
    assert run("sum(x*x)", "v.jsonl")[1].splitlines()[0] == (
        '{"value":30.0,"grad_x":[[2.0,4.0],[6.0,8.0]]}'
    )
    header = run("sum(x*x)", "v.jsonl", "--to", "csv")[1].splitlines()[0]
    assert header == "value,grad_x_0_0,grad_x_0_1,grad_x_1_0,grad_x_1_1"


def test_arrays(run: Any) -> None:
    np.save("x.npy", np.arange(6.0).reshape(3, 2))
    assert run("sum(x**2)", "x.npy", "--output", "out.npz")[0] == 0
    with np.load("out.npz") as found:
        assert found["value"].tolist() == [1, 13, 41]
        assert found["grad_x"].tolist() == [[0, 2], [4, 6], [8, 10]]


def test_bindings_have_gradients_per_row(run: Any) -> None:
    out = run("w*x", "t.csv", "w=2")[1]
    assert out == "value,grad_x,grad_w\n2.0,2.0,1.0\n6.0,2.0,3.0\n10.0,2.0,5.0\n"


def test_names_for_columns(run: Any) -> None:
    Path("bare.csv").write_text("1,2\n3,4\n")
    assert run("a*b", "bare.csv", "--columns", "a,b", "--values-only")[1] == "value\n2.0\n12.0\n"
    assert run("p*y", "t.csv", "--columns", "p=x", "--values-only")[1].split()[1] == "2.0"


def test_output_is_whole_or_not_there(run: Any) -> None:
    assert run("x*y", "t.csv", "--output", "out.csv", "--values-only") == (0, "", "")
    assert Path("out.csv").read_text() == "value\n2.0\n12.0\n30.0\n"
    Path("out.csv").write_text("before")
    assert run("x*y", "bad.csv", "--output", "out.csv")[0] == 1
    assert Path("out.csv").read_text() == "before"
    assert sorted(os.listdir()) == ["bad.csv", "out.csv", "t.csv"]


def test_same_digits_as_eval_for_a_thousand_rows(capfd: Any, monkeypatch: Any) -> None:
    from autodiff_cli.evaluation import evaluate
    from autodiff_cli.render.json_text import json_lines

    path = rows_file(20_000)
    out = piped("", BLACK_SCHOLES, path, "--to", "jsonl", "--chunk-rows", "3000").stdout
    answers = out.splitlines()
    lines = Path(path).read_text().splitlines()[1:]
    names = ["S", "K", "T", "r", "sigma"]
    for at in np.random.default_rng(4).choice(20_000, 1000, replace=False).tolist():
        numbers = [float(field) for field in lines[at].split(",")]
        one = json.loads(json_lines(evaluate(BLACK_SCHOLES, dict(zip(names, numbers)))))
        expected = {"value": one["value"], **{f"grad_{n}": g for n, g in one["grads"].items()}}
        assert json.loads(answers[at]) == expected


@pytest.mark.parametrize("option", [("--chunk-rows", "7"), ("--chunk-size", "1K"), ()])
def test_chunks_cannot_be_seen(option: tuple[str, ...]) -> None:
    path = rows_file(500)
    whole = piped("", BLACK_SCHOLES, path, "--keep").stdout
    assert len(whole.splitlines()) == 501
    assert piped("", BLACK_SCHOLES, path, "--keep", "--threads", "1", *option).stdout == whole


# ---- what is asked ------------------------------------------------------------------------------


def test_weights() -> None:
    assert weights_of("--jvp", ["x=[1, 0],t=@dt"]) == {"x": "[1, 0]", "t": "@dt"}
    assert weights_of("--jvp", ()) == {}


@pytest.mark.parametrize(
    ("option", "text", "header", "first"),
    [
        ("--jvp", "x=1,y=@s", "value,jvp", "2.0,2.1"),
        ("--propagate", "x=0.1,y=@s", "value,sigma", "2.0,0.2236068"),
    ],
)
def test_directions_and_deviations(
    run: Any, option: str, text: str, header: str, first: str
) -> None:
    out = run("x*y", "t.csv", option, text, "--values-only")[1]
    assert out.splitlines()[:2] == [header, first]


@pytest.mark.parametrize(
    ("words", "header", "row"),
    [
        (["--hessian"], "hess_x_x,hess_x_y,hess_y_x,hess_y_y", "4.0,2.0,2.0,0.0"),
        (["--hessian", "--wrt", "x"], "hess_x_x", "4.0"),
        (["--jacobian"], "jac_x,jac_y", "4.0,1.0"),
        (["--hvp", "x=1,y=@s"], "hvp_x,hvp_y", "4.2,2.0"),
        (["--hvp", "x=1", "--hvp", "y=1"], "hvp_x,hvp_y", "6.0,2.0"),
    ],
)
@pytest.mark.parametrize("chunk", [[], ["--chunk-rows", "1"]])
def test_further_derivatives(
    run: Any, words: list[str], header: str, row: str, chunk: list[str]
) -> None:
    code, out, err = run("x**2*y", "t.csv", "--values-only", *words, *chunk)
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == [f"value,{header}", f"2.0,{row}"]


@pytest.mark.parametrize("to", ["csv", "jsonl", "npz", "parquet"])
def test_names_of_answers(run: Any, to: str) -> None:
    words = ["p = x*y; p - s", "t.csv", "--also", "p", "--as", "rest", "--wrt", "x", "--keep"]
    code, _, err = run(*words, "--chunk-rows", "2", "--output", f"o.{to}")
    assert (code, err) == (0, "")
    code, out, _ = run(
        "rest*p*grad_p_x*grad_x", f"o.{to}", "--values-only", "--keep", "--to", "csv"
    )
    assert out.splitlines()[0] == "x,y,s,rest,grad_x,p,grad_p_x,value"
    words = ["--also", "p", "--as", "q", "--reduce", "sum", "--values-only"]
    code, out, _ = run("p = x*y; p", "t.csv", *words)
    assert out == "q,p\n44.0,44.0\n"
    Path("empty.csv").write_text("x,y\n")
    assert run("p = x*y; p", "empty.csv", "--also", "p", "--as", "q", "--wrt", "x")[1] == (
        "q,grad_x,p,grad_p_x\n"
    )


@pytest.mark.parametrize(
    ("words", "covariance"),
    [
        (["--propagate", "x=0.1,y=0.2,x~y=0.01"], 0.01),
        (["--propagate", "x=0.1", "--propagate", "y=0.2,y~x=0.01"], 0.01),
        (["--propagate", "x=0.1,y=0.2", "--covariance", "x~y=0.01"], 0.01),
        (["--covariance", "cov.npy"], 0.02),
        (["--covariance", "cov.npy", "--propagate", "x=0.1,y=0.2"], 0.02),
        (["--covariance", "cov.csv", "--wrt", "x,y"], 0.02),
        (["--covariance", "[[0.01,0.02],[0.02,0.04]]", "--propagate", "x=0.1,y=0.2"], 0.02),
    ],
)
def test_covariances(run: Any, words: list[str], covariance: float) -> None:
    """Of x*y at 1, 2, whose slopes are 2 and 1."""
    np.save("cov.npy", [[0.01, 0.02], [0.02, 0.04]])
    np.savetxt("cov.csv", np.load("cov.npy"), delimiter=",")
    code, out, err = run("x*y", "t.csv", *words, "--limit", "1", "--to", "jsonl")
    assert (code, err) == (0, "")
    assert json.loads(out)["sigma"] == pytest.approx((0.08 + 4 * covariance) ** 0.5, rel=1e-6)


def test_deviations_behind_values(run: Any) -> None:
    for word in ("k=2±0.5", "k=2 +/- 25%", "k=2±k/4"):
        assert run("k*x", "t.csv", word, "--values-only", "--budget") == (
            0,
            "value,sigma,sigma_k\n2.0,0.5,0.5\n6.0,1.5,1.5\n10.0,2.5,2.5\n",
            "",
        )


def test_draws_beside_the_first_order(run: Any) -> None:
    words = ["x*y", "t.csv", "--propagate", "x=5%", "--monte-carlo", "4", "--values-only"]
    found = [run(*words, "--manual-seed", "1", *chunk) for chunk in ([], ["--chunk-rows", "1"])]
    assert found[0] == found[1]
    assert found[0][1].startswith("value,sigma,mean_mc,sigma_mc\n2.0,0.1,")


def test_elements_of_jacobians_have_columns(run: Any) -> None:
    Path("v.jsonl").write_text('{"x":[1,2]}\n{"x":[3,4]}\n')
    assert run("x**2", "v.jsonl", "--jacobian", "--to", "csv", "--keep")[1].splitlines() == [
        "x,value_0,value_1,jac_x_0_0,jac_x_0_1,jac_x_1_0,jac_x_1_1",
        '"[1,2]",1.0,4.0,2.0,0.0,0.0,4.0',
        '"[3,4]",9.0,16.0,6.0,0.0,0.0,8.0',
    ]


def test_seed(run: Any) -> None:
    Path("v.jsonl").write_text('{"x":[1,2],"v":[1,0]}\n{"x":[3,4],"v":[0,1]}\n')
    out = run("x*x", "v.jsonl", "--seed", "@v")[1]
    assert [json.loads(line)["grad_x"] for line in out.splitlines()] == [[2, 0], [0, 8]]


@pytest.mark.parametrize("more", [(), ("--wrt", "x"), ("--chunk-rows", "1")])
def test_a_direction_needs_no_seed(run: Any, more: tuple[str, ...]) -> None:
    Path("v.jsonl").write_text('{"x":[1,2]}\n{"x":[3,4]}\n')
    words = ("x*2", "v.jsonl", "--jvp", "x=[1,0]", *more)
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"value": [2, 4], "jvp": [2, 0]},
        {"value": [6, 8], "jvp": [2, 0]},
    ]
    assert json.loads(run(*words, "--seed", "[1,10]")[1].splitlines()[0])["grad_x"] == [2, 20]


def test_directions_of_scalars_and_others_in_one_table(run: Any) -> None:
    """The first row decides, whatever the chunks."""
    Path("v.jsonl").write_text('{"x":[1,2],"t":[1,0]}\n{"x":3,"t":1}\n{"x":[3,4],"t":[1,0]}\n')
    for option in ((), ("--chunk-rows", "1")):
        code, out, _ = run("x*2", "v.jsonl", "--jvp", "x=@t", *option)
        assert code == 0
        assert [list(json.loads(line)) for line in out.splitlines()] == [["value", "jvp"]] * 3


@pytest.mark.parametrize(
    ("words", "header"),
    [
        (["x*y"], "value,grad_x,grad_y"),
        (["x*y", "--keep", "--on-error", "null"], "x,y,value,grad_x,grad_y,error"),
        (["x*y", "--propagate", "x=@y", "--wrt", "y"], "value,grad_y,sigma"),
        (["x*w", "w=[1,2]", "--seed", "[1,1]", "--wrt", "w"], "value_0,value_1,grad_w_0,grad_w_1"),
        (["x*w", "w=[1,2]", "--jvp", "x=1"], "value_0,value_1,jvp_0,jvp_1"),
        (["x if x > y else y"], "value,grad_x,grad_y"),
    ],
)
def test_a_table_without_rows_has_columns(run: Any, words: list[str], header: str) -> None:
    Path("none.csv").write_text("x,y\n")
    assert run(words[0], "none.csv", *words[1:], "--output", "out.csv") == (0, "", "")
    assert Path("out.csv").read_text() == header + "\n"
    assert run("value_in", "out.csv", "--columns", "value_in=" + header.split(",")[0])[0] == 0
    assert run(words[0], "none.csv", *words[1:], "--to", "jsonl") == (0, "", "")


def test_reduce(run: Any) -> None:
    assert run("x*y", "t.csv", "--reduce", "sum")[1] == "value,grad_x,grad_y\n44.0,12.0,9.0\n"
    assert run("x*y", "t.csv", "--reduce", "mean", "--wrt", "x")[1].split()[1].endswith(",4.0")


@pytest.mark.parametrize("chunk", [[], ["--chunk-rows", "1"]])
@pytest.mark.parametrize(("reduce", "row"), [("sum", "4.0,2.0"), ("mean", "2.0,1.0")])
def test_reduce_may_leave_nan_out(run: Any, reduce: str, row: str, chunk: list[str]) -> None:
    """The third row's value is finite, and its gradient isn't a number."""
    Path("n.csv").write_text("x\n1\nnan\n0\n3\n")
    text = "x + (x*0).sqrt().sqrt()*0 if x < 1 else x"
    words = [text, "n.csv", "--reduce", reduce, *chunk]
    code, out, err = run(*words, "--skip-nan")
    assert (code, out) == (0, f"value,grad_x\n{row}\n")
    assert err.startswith("rows left out for a nan in their answer: 2 of 4\n")
    assert run(*words)[1] == "value,grad_x\nnan,nan\n"


def test_reduce_leaves_bad_rows_out(run: Any) -> None:
    assert run("x*y", "bad.csv", "--reduce", "sum", "--on-error", "skip", "--values-only") == (
        0,
        "value\n32.0\n",
        "bad rows: 1 of 3, left out\n",
    )
    assert run("x*y", "bad.csv", "--reduce", "sum")[:2] == (1, "")


def test_a_program_row_by_row(run: Any) -> None:
    program = "z = x\nwhile z.item() < 10:\n    z = z * 2\nz"
    code, out, err = run(program, "t.csv")
    assert (code, out) == (0, "value,grad_x\n16.0,16.0\n12.0,4.0\n10.0,2.0\n")
    assert err == "the text depends on the numbers of a row: computed a row at a time\n"
    assert run(program, "t.csv", "--quiet")[2] == ""


# ---- bad rows -----------------------------------------------------------------------------------


def test_a_bad_row_ends_the_run(run: Any) -> None:
    code, out, err = run("x*y", "bad.csv", "--values-only")
    assert (code, out) == (1, "value\n2.0\n")
    assert err == "InputError: bad.csv, row 2 (line 3), column 'x': 'abc' is not a number\n"


def test_rows_before_a_bad_one_are_written_though_a_gradient_has_no_shape_yet() -> None:
    done = piped("x,y\n1,2\n3,4\na,5\n", "x.detach()*y", "--format", "csv", "--chunk-rows", "1")
    assert done.stdout == "value,grad_x,grad_y\n2.0,,1.0\n12.0,,3.0\n"
    assert done.returncode == 1 and "row 3" in done.stderr
    done = piped("x,y\na,5\n", "x.detach()*y", "--format", "csv")
    assert (done.stdout, done.returncode) == ("", 1)


def test_skip(run: Any) -> None:
    code, out, err = run("x*y", "bad.csv", "--values-only", "--on-error", "skip")
    assert (code, out, err) == (0, "value\n2.0\n30.0\n", "bad rows: 1 of 3, left out\n")


def test_null(run: Any) -> None:
    code, out, err = run("x*y", "bad.csv", "--on-error", "null", "--to", "jsonl", "--keep")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and err == "bad rows: 1 of 3, null, with their errors\n"
    assert rows[1] == {
        "x": "abc",
        "y": 4,
        "value": None,
        "grad_x": None,
        "grad_y": None,
        "error": "bad.csv, row 2 (line 3), column 'x': 'abc' is not a number",
    }
    assert rows[2]["value"] == 30 and rows[2]["error"] is None


def test_a_row_that_cannot_be_computed(run: Any) -> None:
    Path("n.csv").write_text("x\n2\n0\n4\n")
    code, out, err = run("x*(8 // x.long())", "n.csv", "--values-only")
    assert (code, out) == (1, "value\n8.0\n")
    assert err.startswith("RuntimeError: n.csv, row 2: ZeroDivisionError")
    assert run("x*(8 // x.long())", "n.csv", "--on-error", "skip", "--values-only")[1] == (
        "value\n8.0\n8.0\n"
    )


def test_errors_of_programs_are_their_last_line(run: Any) -> None:
    program = "for i in range(100):\n    x = x*x\nx"
    out = run(program, "t.csv", "--max-steps", "10", "--on-error", "null", "--to", "jsonl")[1]
    assert json.loads(out.splitlines()[1])["error"] == (
        "t.csv, row 2: LimitError: the program has taken 10 steps, which is the limit"
    )


def test_non_finite_results_are_data(run: Any) -> None:
    Path("n.csv").write_text("x\n1\n0\n-1\n")
    code, out, err = run("log(x)", "n.csv")
    assert (code, out) == (0, "value,grad_x\n0.0,1.0\n-inf,inf\nnan,-1.0\n")
    assert err == "rows with an infinity or nan in their answer: 2 of 3\n"
    assert run("log(x)", "n.csv", "--to", "jsonl", "--quiet")[1:] == (
        '{"value":0.0,"grad_x":1.0}\n{"value":"-Infinity","grad_x":"Infinity"}\n'
        '{"value":"NaN","grad_x":-1.0}\n',
        "",
    )


# ---- for people ---------------------------------------------------------------------------------


def test_limit(run: Any) -> None:
    assert run("x*y", "t.csv", "--limit", "2", "--values-only")[1] == "value\n2.0\n12.0\n"
    assert run("x*y", "bad.csv", "--limit", "1", "--values-only")[0] == 0
    assert run("x*y", "t.csv", "--limit", "2", "--keep", "--values-only")[1].count("\n") == 3


def test_dry_run_writes_nothing(run: Any) -> None:
    code, out, err = run("q = x*y;exp(q)*w", "t.csv", "w=2", "--dry-run", "--output", "out.csv")
    assert (code, err) == (0, "")
    assert out.splitlines()[:6] == [
        "expression: q = x*y",
        "            exp(q)*w",
        "columns: x, y",
        "the same for every row: w=2",
        "columns not read: s",
        "first rows: t.csv, row 1, 2, 3",
    ]
    cells = [line.split() for line in out.splitlines()[7:]]
    rows = [cell for cell in cells if cell[0] in ("x", "y", "value")]
    read = np.loadtxt("t.csv", delimiter=",", skiprows=1, max_rows=3, usecols=(0, 1), unpack=True)
    expected = [*read, 2 * np.exp(read[0] * read[1])]
    assert [(row[0], row[1]) for row in rows] == [(n, "float32") for n in ("x", "y", "value")]
    np.testing.assert_allclose([list(map(float, row[2:])) for row in rows], expected, rtol=1e-4)
    assert not Path("out.csv").exists()


def test_dry_run_fails_as_the_run_would(run: Any) -> None:
    Path("q.csv").write_text("x\nq\n1\n")
    code, out, err = run("x", "q.csv", "--dry-run")
    assert code == 1 and "first rows: q.csv, row 1\n" in out and "row 1, 2" not in out
    assert err == "InputError: q.csv, row 1 (line 2), column 'x': 'q' is not a number\n"
    code, out, err = run("x", "q.csv", "--dry-run", "--on-error", "skip")
    assert (code, err) == (0, "") and "error: q.csv, row 1 (line 2)" in out


@pytest.mark.parametrize(
    ("expression", "singly"),
    [("x*float(y)", True), ("x.data *= 2; x", True), ("x if x > 2 else y", False), ("x*y", False)],
)
def test_dry_run_says_what_is_slow(run: Any, expression: str, singly: bool) -> None:
    out = run(expression, "t.csv", "--dry-run", "--quiet")[1]
    assert ("computed: a row at a time" in out) == singly


def test_resume_computes_nothing_twice(run: Any) -> None:
    path = rows_file(3000)
    options = [BLACK_SCHOLES, "--output", "out.csv", "--resume", "--chunk-rows", "500"]
    text = Path(path).read_text()
    lines = text.splitlines(keepends=True)
    Path(path).write_text("".join([*lines[:2001], "oops,1,1,1,1\n", *lines[2002:]]))
    assert run(path, *options)[0] == 2 or not Path("out.csv").exists()
    assert run(options[0], path, *options[1:])[0] == 1
    assert not Path("out.csv").exists()
    Path(path).write_text(text)
    code, _, err = run(options[0], path, *options[1:])
    assert code == 0 and err == "resumed behind row 2,000\n"
    resumed = Path("out.csv").read_bytes()
    assert run(BLACK_SCHOLES, path, "--output", "whole.csv")[0] == 0
    assert resumed == Path("whole.csv").read_bytes()
    assert not [name for name in os.listdir() if "partial" in name]


def test_a_closed_pipe_is_quiet() -> None:
    path = rows_file(20_000)
    for option in ([], ["--chunk-rows", "100"]):
        done = subprocess.run(
            f"{' '.join(map(_quoted, [*COMMAND, 'S*K', path, *option]))} | head -n 2",
            shell=True,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.count("\n") == 2 and done.stderr == ""


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(number: int, code: int) -> None:
    """Whole rows on standard output; no file; nothing else left."""
    for output in ([], ["--output", "out.csv"]):
        with (
            open("out.txt", "wb") as out,
            subprocess.Popen(
                [*COMMAND, "S*K", "--chunk-size", "1K", *output],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.PIPE,
            ) as process,
        ):
            assert process.stdin is not None and process.stderr is not None
            process.stdin.write(b"S,K\n" + b"1.5,2\n" * 2000)
            process.stdin.flush()
            _wait_for(lambda: Path("out.txt").stat().st_size > 0 or len(os.listdir()) > 3)
            time.sleep(0.2)
            process.send_signal(number)
            assert process.wait(20) == code
            said = process.stderr.read().decode()
            process.stdin.close()
        assert said in ("interrupted\n", "")
        written = Path("out.txt").read_text()
        assert all(line == "3.0,2.0,1.5" for line in written.splitlines()[1:])
        assert not written or written.endswith("\n")
        assert sorted(os.listdir()) == ["bad.csv", "out.txt", "t.csv"]


def _wait_for(condition: Any) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("nothing happened")


def test_progress_on_a_terminal() -> None:
    control, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "S*K", "--chunk-size", "1K"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(terminal)
        assert process.stdin is not None
        process.stdin.write(b"S,K\n")
        for _ in range(200):
            process.stdin.write(b"1.5,2\n" * 1000)
            process.stdin.flush()
            if select.select([control], [], [], 0.1)[0]:
                break
        process.stdin.close()
        shown = b""
        while True:
            try:
                part = os.read(control, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
        assert process.wait(20) == 0
    os.close(control)
    assert b"rows/s" in shown
    assert shown.endswith(b"\x1b[K")  # the line is gone at the end


# ---- wrong usage --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "an EXPRESSION is missing"),
        (["x", "--onerror", "skip"], "No such option"),
        (["x", "t.csv", "--reduce", "sum", "--keep"], "--reduce gives one row"),
        (["x", "t.csv", "--reduce", "sum", "--propagate", "x=1"], "--reduce gives one row"),
        (["x", "t.csv", "--values-only", "--wrt", "x"], "--values-only"),
        (["x", "t.csv", "--values-only", "--seed", "1"], "--values-only"),
        (["x", "t.csv", "--values-only", "--seed", "1", "--hessian"], "--values-only"),
        (["x", "t.csv", "--hvp", "x"], "--hvp takes NAME=VALUE"),
        (["x", "t.csv", "--also", ","], "--also needs names"),
        (["x", "t.csv", "--as", ""], "--as needs a name"),
        (["x", "t.csv", "--skip-nan"], "it needs --reduce"),
        (["x*k", "t.csv", "k=1±"], "a deviation stands behind a value, as in k=1±0.1"),
        (["x*k", "t.csv", "k=1±1", "--propagate", "k=1"], "--propagate says 'k'"),
        (["x*y", "t.csv", "--propagate", "x=1,y=1,x~y=0,y~x=0"], "given twice"),
        (["x", "t.csv", "--monte-carlo", "1"], "--monte-carlo"),
        (["x", "t.csv", "--reduce", "sum", "--covariance", "x~y=1"], "--reduce gives one row"),
        (["x", "t.csv", "--covariance", "a.npy", "--covariance", "b.npy"], "one matrix"),
        (["x", "t.csv", "--resume"], "--output out.csv"),
        (["x", "--resume", "--output", "o.csv"], "standard input is gone"),
        (["x*w", "-", "w=@-"], "standard input can be read once"),
        (["x", "t.csv", "--propagate", "x"], "--propagate takes NAME=VALUE"),
        (["x", "t.csv", "--jvp", "x=1,x=2"], "names 'x' twice"),
        (["x", "t.csv", "--chunk-size", "big"], "--chunk-size takes a size"),
        (["x", "t.csv", "w="], "has no value"),
    ],
)
def test_wrong_usage(run: Any, words: list[str], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "none.csv"], "no such file"),
        (["q*x", "t.csv"], "the columns are x, y, s"),
        (["x*exo(y)", "t.csv"], "did you mean 'exp'? the columns are x, y, s"),
        (["y", "t.csv", "--columns", "y=x"], "rename that one too: --columns y=x,old_y=y"),
        (["1+1", "t.csv"], "names no column"),
        (["x", "t.csv", "x=1"], "is a column of the table, and bound"),
        (["x", "t.csv", "z=1"], "z"),
        (["value*x", "v.csv", "--keep"], "has a column 'value'"),
        (["x", "t.csv", "--wrt", "q"], "--wrt names 'q'"),
        (["x", "t.csv", "--propagate", "x=@q"], "names the column 'q'"),
        (["x +", "t.csv"], "SyntaxError"),
        (["p = x; p", "t.csv", "--also", "q"], "it assigns p"),
        (["x", "t.csv", "--covariance", "none.npy"], "none.npy"),
        (["x", "t.csv", "--budget"], "--budget needs the inputs' deviations"),
        (["x", "t.csv", "--as", "y", "--keep"], "has a column 'y'"),
    ],
)
def test_wrong_questions(run: Any, words: list[str], said: str) -> None:
    Path("v.csv").write_text("value,x\n1,2\n")
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert said in err and "Traceback" not in err


def test_every_option_has_help_and_an_example() -> None:
    for option in command.params:
        if option.param_type_name == "option":
            text = getattr(option, "help", None) or ""
            assert option.opts[0] in text, option.opts


@pytest.mark.parametrize("output", ["o.parquet", "o.npz", "o.csv.gz", "/dev/stdout"])
def test_what_cannot_be_resumed_leaves_nothing(run: Any, output: str) -> None:
    before = sorted(os.listdir())
    code, out, err = run("x", "t.csv", "--output", output, "--resume")
    assert code == (1 if output == "/dev/stdout" else 2)
    assert "--resume" in err
    assert not out
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_redirected_standard_output_is_written_through(name: str) -> None:
    Path("log").write_text("before\n")
    inode = os.stat("log").st_ino
    with open("log", "ab") as log:
        words = [*COMMAND, "x", "t.csv", "--values-only", "--output", name, "--to", "csv"]
        subprocess.run(words, stdout=log, check=True)
    assert Path("log").read_text() == "before\nvalue\n1.0\n3.0\n5.0\n"
    assert os.stat("log").st_ino == inode


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ([], "value,grad_x"),
        (["--keep", "--values-only"], "x,y,value"),
        (["--on-error", "null"], "value,grad_x,error"),
    ],
)
def test_a_header_alone_gives_a_header(run: Any, options: list[str], header: str) -> None:
    Path("h.csv").write_text("x,y\n")
    assert run("x*2", "h.csv", *options)[:2] == (0, header + "\n")


def test_lines_none_of_which_is_an_object(run: Any) -> None:
    Path("a.jsonl").write_text('{\n  "x": 1\n}\n')
    Path("b.jsonl").write_text('\n[{"x":1},\n{"x":2}]\n')
    for name, line in (("a", 1), ("b", 2)):
        code, _, err = run("x*2", f"{name}.jsonl")
        assert code == 1
        assert f"{name}.jsonl, row 1 (line {line}): invalid JSON" in err and "jq -c" in err
    Path("c.jsonl").write_text('{"x":1}\n{"x":NaN}\n')
    assert 'write "NaN"' in run("x*2", "c.jsonl")[2]


@pytest.mark.parametrize("to", ["npz", "npy", "parquet", "arrow"])
def test_bytes_are_not_written_to_a_terminal(to: str) -> None:
    leader, follower = pty.openpty()
    words = [*COMMAND, "x", "t.csv", "--to", to]
    done = subprocess.run(words, stdout=follower, stderr=subprocess.PIPE, text=True, check=False)
    os.close(follower)
    os.close(leader)
    assert done.returncode == 1
    assert f"hint: --output FILE.{to}" in done.stderr


@pytest.mark.parametrize("name", ["s.parquet", "s.arrow", "stream.arrow"])
def test_stored_tables_from_standard_input_and_streams(name: str) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"x": [1.0, 2.0], "d": ["1.50", "2.25"]}).with_columns(
        polars.col("d").cast(polars.Decimal(10, 2))
    )
    write = {"s.parquet": frame.write_parquet, "s.arrow": frame.write_ipc}
    write.get(name, frame.write_ipc_stream)(name)
    expected = "value\n1.5\n4.5\n"
    options = ["--values-only", "--to", "csv"]
    for words in ([name], ["-"]):
        with open(name, "rb") as rows:
            done = subprocess.run(
                [*COMMAND, "x*d", *words, *options],
                stdin=rows,
                capture_output=True,
                text=True,
                check=False,
            )
        assert (done.stdout, done.stderr) == (expected, "")


@pytest.mark.parametrize(
    ("to", "options"),
    [
        *((to, options) for to in ("csv", "npz") for options in ([], ["--output", "out"])),
        ("csv", ["--output", "out", "--resume"]),
        pytest.param("parquet", ["--output", "out"], marks=pytest.mark.needs("polars")),
    ],
)
def test_many_rows_wait_behind_the_wall_for_the_first_good_one(to: str, options: list[str]) -> None:
    count, name = 2000, "n" * 10_000  # more than `waiting.HELD`
    lines = [*(f"a,{row},{name}" for row in range(count)), f"2,{count},{name}"]
    Path("t.csv").write_text("x,row,name\n" + "".join(f"{line}\n" for line in lines))
    words = ["x*row", "t.csv", "--keep", "--on-error", "null", "--to", to, *options]
    done = subprocess.run([*COMMAND, *words], capture_output=True, check=False)
    assert (
        done.stderr.decode() == f"bad rows: {count:,} of {count + 1:,}, null, with their errors\n"
    )
    assert done.returncode == 0
    if "--output" not in options:
        Path("out").write_bytes(done.stdout)
    else:
        assert sorted(os.listdir()) == ["bad.csv", "out", "t.csv"]
    (chunk,) = readers.read(
        resolved(["out"], to), wanted=["row", "value"], kept="all", chunk_bytes=1 << 27
    )
    assert chunk.columns["row"].values[-1] == count  # type: ignore[index]
    assert chunk.columns["value"].values[-1] == 2 * count  # type: ignore[index]
    assert chunk.count == count + 1


# ---- columns by any name, words that count as numbers, digits ------------------------------------


def test_columns_that_python_calls_no_names(run: Any) -> None:
    Path("h.csv").write_text("unit price,Stück (kg),class\n1.5,2,3\n2.5,3,4\n")
    code, out, err = run("`unit price`*`Stück (kg)`*`class`", "h.csv", "--wrt", "unit price")
    assert (code, err) == (0, "")
    assert out == "value,grad_unit price\n9.0,6.0\n30.0,12.0\n"
    err = run("unit_price*2", "h.csv")[2]
    assert "did you mean `unit price`, not 'unit_price'?" in err
    err = run("`unit pric`*`class`", "h.csv")[2]
    assert "NameError: name 'unit pric' is not defined" in err
    assert "did you mean `unit price`?" in err


@pytest.mark.parametrize("engine", ["csv", "jsonl"])
def test_truths_and_dates_as_numbers(run: Any, engine: str) -> None:
    if engine == "csv":
        Path("h.csv").write_text("ok,day,x\ntrue,1970-01-03,5\nNo,1970-01-01T12:00,7\nmaybe,,1\n")
    else:
        Path("h.jsonl").write_text(
            '{"ok": true, "day": "1970-01-03", "x": 5}\n{"ok": false, "day": "1970-01-01T12:00Z", "x": 7}\n'
            '{"ok": "maybe", "day": "", "x": 1}\n'
        )
    words = ("ok*x + day", f"h.{engine}", "--values-only", "--to", "csv", "--on-error", "null")
    code, out, _ = run(*words, "--as-numbers", "bool,date")
    lines = out.splitlines()
    assert code == 0 and lines[1:3] == ["7.0,", "0.5,"]
    assert "column 'ok': 'maybe' is not a number" in lines[3]
    _, out, err = run(*words)
    assert out.count("is not a number") == 3
    err = run("ok*x", f"h.{engine}")[2]
    assert "--as-numbers bool takes true and yes for 1" in err
    code, _, err = run(*words, "--as-numbers", "dates")
    assert code == 2 and "--as-numbers takes bool and date, not 'dates'" in err


def test_numbers_beside_words_stay_numbers(run: Any) -> None:
    Path("h.csv").write_text("a\n20240301\n1,5\n")
    words = ("a*2", "h.csv", "--delimiter", ";", "--decimal", ",", "--as-numbers", "date")
    assert run(*words, "--values-only", "--dtype", "float64")[1] == "value\n40480602.0\n3.0\n"


@pytest.mark.needs("polars")
def test_dates_of_parquet_as_numbers(run: Any) -> None:
    import polars

    when = {"day": [date(1970, 1, 3), date(2024, 3, 1)], "at": [datetime(1970, 1, 1, 6), None]}
    polars.DataFrame(when | {"ok": [True, False]}).write_parquet("d.parquet")
    words = ("d.parquet", "--to", "csv", "--as-numbers", "bool,date")
    assert run("day*2", *words, "--keep")[1].splitlines()[1:] == [
        "1970-01-03,1970-01-01 06:00:00.000000,true,4.0,2.0", "2024-03-01,,false,39566.0,2.0",
    ]  # fmt: skip
    assert run("ok*3", *words)[1] == "value,grad_ok\n3.0,3.0\n0.0,3.0\n"
    assert run("at*4", *words, "--on-error", "skip")[1] == "value,grad_at\n1.0,4.0\n"
    err = run("day*2", "d.parquet")[2]
    assert "holds Date, not numbers" in err and "--as-numbers date" in err


@pytest.mark.parametrize("words", [[], ["--engine", "dask"], ["--reduce", "mean"]])
@pytest.mark.needs("distributed")
def test_digits(run: Any, words: list[str]) -> None:
    Path("d.csv").write_text("x\n2\n2\n")
    to = ["-o", "there", "--quiet"] if words[:1] == ["--engine"] else []
    code, out, err = run("exp(x)/3", "d.csv", "--digits", "3", *words, *to)
    assert (code, err) == (0, "")
    if to:
        out = "".join(path.read_text() for path in Path("there").glob("part*"))
    assert out.splitlines()[:2] == ["value,grad_x", "2.46,2.46"]
