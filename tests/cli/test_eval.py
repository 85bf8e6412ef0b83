"""The command: options, streams, exit codes."""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HEADLINE = """\
value: tensor(27., grad_fn=<MeanBackward0>)
x.grad: tensor([[4.5000, 4.5000],
                [4.5000, 4.5000]])
"""
HEADLINE_JSON = (
    '{"value":27.0,"shape":[],"dtype":"float32","grad_fn":"MeanBackward0",'
    '"grads":{"x":[[4.5,4.5],[4.5,4.5]]}}\n'
)


def test_headline(run: Any) -> None:
    assert run("mean(3*(x+2)**2)", "x=ones(2,2)") == (0, HEADLINE, "")
    assert run("eval", "mean(3*(x+2)**2)", "x=ones(2,2)") == (0, HEADLINE, "")


def test_json(run: Any) -> None:
    assert run("mean(3*(x+2)**2)", "x=ones(2,2)", "--json") == (0, HEADLINE_JSON, "")
    assert run("--json", "mean(3*(x+2)**2)", "x=ones(2,2)") == (0, HEADLINE_JSON, "")


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    ("expression", "value", "dtype"),
    [
        ("x/0", ["Infinity", "-Infinity", "NaN"], "float32"),
        ("x.double()*0.1", [0.1, -0.1, 0.0], "float64"),
        ("x*0.1", [0.1, -0.1, 0.0], "float32"),
        ("x > 0", [True, False, False], "bool"),
        ("x.long()", [1, -1, 0], "int64"),
        ("x.half()/3", [0.333251953125, -0.333251953125, 0.0], "float16"),
        ("x.sum()", 0.0, "float32"),
        ("x[:0]", [], "float32"),
        ("x.shape", [3], "torch.Size"),
        ("x.sum().item()", 0.0, "float"),
        ("len(x)", 3, "int"),
        ("2**100", "1267650600228229401496703205376", "int"),
        ("[x, 1]", [[1.0, -1.0, 0.0], 1], "list"),
        ("x.max(0)", {"values": 1.0, "indices": 0}, "torch.return_types.max"),
        ("inf", "Infinity", "float"),
        ("x.dtype", "torch.float32", "torch.dtype"),
    ],
)
def test_json_is_strict(run: Any, expression: str, value: Any, dtype: str) -> None:
    inputs = ["x=[1,-1,0]"] if "x" in expression else []
    code, out, err = run(expression, *inputs, "--no-grad", "--json")
    assert (code, err) == (0, "")
    record = strict(out)
    assert (record["value"], record["dtype"]) == (value, dtype)


def test_json_float32_digits_read_back(run: Any) -> None:
    _, out, _ = run("x", "x=[0.1, 1e-10, 16777217, 3.4e38]", "--no-grad", "--json")
    digits = strict(out)["value"]
    assert np.float32(digits).tolist() == np.float32([0.1, 1e-10, 16777217, 3.4e38]).tolist()
    assert digits[0] == 0.1


def test_seeds(run: Any) -> None:
    code, out, _ = run("x*x", "x=[1,2]", "--seed", "[1,0]", "--seed", "[0,1]", "--json")
    records = [strict(line) for line in out.splitlines()]
    assert code == 0
    assert [r["seed"] for r in records] == [0, 1]
    assert [r["grads"]["x"] for r in records] == [[2.0, 0.0], [0.0, 4.0]]
    _, out, _ = run("x*x", "x=[1,2]", "--seed", "[0.5,-1]", "--json")
    assert "seed" not in strict(out) and strict(out)["grads"]["x"] == [1.0, -4.0]


def test_wrt_order_and_choice(run: Any) -> None:
    _, out, _ = run("sum(a*b*c)", "a=[1,2]", "b=[3,4]", "c=2", "--wrt", "c, a", "--json")
    assert list(strict(out)["grads"]) == ["c", "a"]


def test_no_gradient_flows(run: Any) -> None:
    code, out, _ = run("sum(x.detach()*y)", "x=[1,2]", "y=[3,4]")
    assert code == 0 and "x.grad: None" in out
    _, out, _ = run("sum(x.detach()*y)", "x=[1,2]", "y=[3,4]", "--json")
    assert strict(out)["grads"]["x"] is None


def test_trace(run: Any) -> None:
    _, out, _ = run("y = x+2; (y*y).mean()", "x=ones(2)", "--trace", "--json")
    trace = strict(out)["trace"]
    assert [step["source"] for step in trace] == ["x+2", "y*y", "(y*y).mean()"]
    assert [step["grad_fn"] for step in trace] == [
        "AddBackward0", "MulBackward0", "MeanBackward0"
    ]  # fmt: skip
    assert trace[0]["value"] == [3.0, 3.0] and trace[2]["shape"] == []


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["np.exp(x)", "x=1"], "write exp(x)"),
        (["ln(x)", "x=1"], "log(x) is the natural logarithm"),
        (["x.backward()", "x=1"], "printed anyway"),
        (["x.grad", "x=1"], "printed anyway"),
        (["torch.autograd.grad(x)", "x=1"], "printed anyway"),
        (["x*y", "x=1", "y=2*x"], "a value can't use other inputs"),
        (["x*k", "x=1"], "bind it on the command line: k="),
        (["mean(x) + men(x)", "x=1"], "did you mean 'mean'?"),
        (["F.nll_loss(x, t)", "x=[1,2]", "t=tensor([1])"], "the target is a number"),
    ],
)
def test_habits_get_an_answer(run: Any, args: list[str], hint: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (1, "") and hint in err


def test_trace_of_an_expression_that_reads_values(run: Any) -> None:
    """It is run again with values, and has no steps then."""
    text = "torch.distributions.Geometric(p).log_prob(tensor(2.))"
    assert run(text, "p=0.5", "--trace") == run(text, "p=0.5")


def test_trace_shows_results_of_several_tensors(run: Any) -> None:
    _, out, _ = run("m = x.max(dim=0); m.values.sum()", "x=ones(2,2)", "--trace")
    assert out.startswith("x.max(dim=0): torch.return_types.max(\n")
    _, out, _ = run("x.sum()", "x=ones(2,2,2)")
    assert "\n\n" in out and " \n" not in out


def test_no_warnings_of_numpys(run: Any, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1e99\n")
    for value in (f"@{tmp_path / 'x.csv'}", "1e99", "tensor(1e99)"):
        code, out, err = run("x.sum()", f"x={value}")
        assert (code, err) == (0, "") and "inf" in out


def test_save(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    code, out, _ = run("sum(x*w)", "x=[1,2]", "w=[0.1,3]", "--save", str(path))
    assert code == 0 and "value:" in out
    saved = np.load(path)
    assert sorted(saved) == ["grad.w", "grad.x", "value"]
    assert saved["grad.x"].dtype == np.float32 and saved["grad.x"][0] == np.float32(0.1)
    run("x*x", "x=[1,2]", "--seed", "[1,0]", "--seed", "[0,1]", "--save-grads", str(path))
    assert sorted(np.load(path)) == ["seed0.grad.x", "seed1.grad.x"]


def test_a_place_that_cannot_be_written_is_refused_at_once(run: Any, tmp_path: Path) -> None:
    (tmp_path / "dir.npz").mkdir()
    for path in (tmp_path / "no" / "out.npz", tmp_path / "dir.npz"):
        code, out, err = run("sum(x)", "x=[1,2]", "--save", str(path))
        assert (code, out) == (1, "") and "can't be written" in err


def test_a_disk_that_fills_up_does_not_cost_the_result(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autodiff_cli.tables.outputs.write_archive", full)
    code, out, err = run("sum(x)", "x=[1,2]", "--save", str(tmp_path / "out.npz"))
    assert code == 1 and "value: tensor(3." in out and "no space left" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error, told", [
    (OSError(28, "No space left on device"), "standard output can't be written: No space left on device\n"),
    (OSError(2, "No such file or directory", "a.txt"), "'a.txt': no such file or directory\n"),
    (OSError(12, "Cannot allocate memory"), "the system refused something: Cannot allocate memory\n"),
    (OSError("without a number"), "the system refused something: without a number\n"),
])  # fmt: skip
def test_what_the_system_refuses_is_named(
    run: Any, monkeypatch: pytest.MonkeyPatch, error: OSError, told: str
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("autodiff_cli.cli.main.LazyGroup.main", refused)
    assert run("1") == (1, "", told)


def test_timings(run: Any) -> None:
    code, out, err = run("sum(x)", "x=[1,2]", "--timings")
    seconds = strict(err)
    assert code == 0 and out.startswith("value")
    assert list(seconds) == ["import", "parse", "build", "forward_backward", "render"]
    assert all(s >= 0 for s in seconds.values())


def test_dtype_and_manual_seed(run: Any) -> None:
    _, out, _ = run("sum(x)", "x=[0.1,0.2]", "--dtype", "float64", "--json")
    assert strict(out)["dtype"] == "float64" and strict(out)["value"] == 0.30000000000000004
    first = run("randn(3)", "--manual-seed", "0")[1]
    assert first == run("randn(3)", "--manual-seed", "0")[1]
    assert "1.5410, -0.2934, -2.1788" in first


def test_inputs_draw_before_the_expression(run: Any) -> None:
    _, both, _ = run(
        "cat([x, randn(1)])", "x=randn(2)", "--manual-seed", "0", "--no-grad", "--json"
    )
    _, whole, _ = run("randn(3)", "--manual-seed", "0", "--json")
    assert strict(both)["value"] == strict(whole)["value"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["x*x", "x=[1,2,3]"], "grad can be implicitly created only for scalar outputs"),
        (["x*x", "x=[1,2,3]", "--seed", "[1,2]"], "Mismatch in shape: grad_output[0] has a shape of "
         "torch.Size([2]) and output[0] has a shape of torch.Size([3])."),
        (["x*x", "x=[1,2,3]", "--seed", "1"], "Mismatch in shape"),
        (["x.max(0)", "x=[1,2]"], "grad can be implicitly created only for scalar outputs"),
        (["x > 0", "x=1"], "element 0 of tensors does not require grad and does not have a grad_fn"),
        (["sum(x*t)", "x=[1,2]", "t=tensor([1,2])", "--wrt", "t"],
         "only Tensors of floating point and complex dtype can require gradients"),
        (["sum(x)", "x=1", "--wrt", "y"], "--wrt names 'y'"),
        (["sum(x)", "x=1", "w=2"], "input 'w' bound and not used"),
        (["sum(x*y)", "x=1"], "name 'y' is not defined"),
        (["x+y", "x=ones(2,2)", "y=ones(3)"], "The size of tensor a (2) must match the size of "
         "tensor b (3) at non-singleton dimension 1"),
        (["x@x", "x=ones(2,3)"], "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
        (["ones(100000,100000,100000)"], "1,000,000,000,000,000 elements"),
        (["x.expand(100000,100000,100000)", "x=1"], "elements; the limit"),
        (["sum(x)", "x=ones(100)", "--max-elements", "10"], "100 elements; the limit is 10"),
        (["9**9**9"], "bits"),
        (["'a'*10**12"], "items; the limit"),
        (["sum(x)", "x=@gone.npy"], "no such file: 'gone.npy'"),
        (["@gone.txt", "x=1"], "no such file: 'gone.txt'"),
        (["x.__dict__", "x=1"], "has no attribute '__dict__'"),
        (["__import__('os')"], "name '__import__' is not defined"),
        (["eval('1')"], "name 'eval' is not defined"),
        (["open('x')"], "name 'open' is not defined"),
        (["x.numpi", "x=1"], "has no attribute 'numpi'"),
        (["torch._C"], "module 'torch' has no attribute '_C'"),
        (["mean.__globals__"], "has no attribute '__globals__'"),
        (["(1).unreal"], "'int' object has no attribute 'unreal'"),
        (["'{}'.shape(x)", "x=1"], "'str' object has no attribute 'shape'"),
        (["sum(x)", "x=[1,[2]]"], "cannot be interpreted as an integer"),
        (["sum(x)", "x=men"], "name 'men' is not defined"),
        (["sum(x)", "x=1e999999"], ""),
        (["t//0", "t=tensor([1])", "--no-grad"], "ZeroDivisionError"),
        (["F.binary_cross_entropy(x, x)", "x=[2.0]"], "all elements of input should be between 0 and 1"),
    ],
    ids=lambda v: " ".join(v)[:60] if isinstance(v, list) else "",
)  # fmt: skip
def test_failures(run: Any, args: list[str], message: str) -> None:
    code, out, err = run(*args)
    if not message:
        return
    assert (code, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--jsn", "x", "x=1"], "--json"),
        (["x", "x=1", "--jsn"], "--json"),
        (["x", "x=1", "--sed=3"], "--seed"),
        (["x", "y"], "not NAME=VALUE"),
        (["x", "2=3"], "not NAME=VALUE"),
        (["x", "x="], "has no value"),
        (["x", "x=1", "x=2"], "bound twice"),
        (["x", "x=1", "--dtype", "int8"], "float64"),
        (["x", "x=1", "--manual-seed", "a"], "not a valid integer"),
        (["x", "x=1", "--wrt", " , "], "--wrt needs names"),
        (["x", "x=1", "--seed"], "requires an argument"),
        (["x", "x=1", "--max-elements", "0"], "not in the range"),
        (["eval"], "EXPRESSION is missing"),
        (["--json"], "EXPRESSION is missing"),
        (["x", "x:3"], "write x=3"),
        (["x", "x", "=", "3"], "write x=3 without spaces"),
        (["x=3", "x*2"], "the expression comes first"),
        (["x", "x=@"], "'x=@' has no value"),
        (["@", "x=1"], "needs a file's name"),
        (["x", "x=1", "-z"], "values are written z=1"),
        (["x", "x=1", "--save", "out.npy"], "writes an .npz file"),
        (["x", "x=1", "--save", ""], "names no file"),
        (["x", "x=1", "--save", "a.npz", "--save-grads", "a.npz"], "the same file"),
        (["x", "x=1", "--no-grad", "--save-grads", "a.npz"], "nothing to write"),
        (["x", "x=1", "--no-grad", "--seed", "1"], "--no-grad for none"),
        (["x", "x=@-", "y=@-"], "read once"),
        (["x", "--manual-seed", "18446744073709551616"], "2**64 - 1"),
    ],
)
def test_wrong_usage(run: Any, args: list[str], message: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("expression", ["-2*x", "-x", "--x", "-(x)", "- x", "-sin(x)", "-j"])
def test_an_expression_may_begin_with_a_minus(run: Any, expression: str) -> None:
    name = "j" if expression == "-j" else "x"
    arguments = ["--", expression] if expression == "--x" else [expression]
    code, out, err = run(*arguments, f"{name}=3")
    assert (code, err) == (0, "")
    assert out.startswith("value: tensor(")


def test_help_and_version(run: Any) -> None:
    code, out, _ = run("--help")
    assert code == 0 and "Examples:" in out and "--seed VECTOR" in out and "Commands:" in out
    assert run() == (code, out, "")
    assert run("eval", "--help")[0] == 0
    from autodiff_cli import __version__

    code, out, err = run("--version")
    assert (code, err) == (0, "") and out.startswith(f"autodiff {__version__}\n")
    _, wall, parts = out.splitlines()
    assert re.fullmatch(r"the kernel's wall stands .* here: .*Landlock.*, .*seccomp", wall)
    assert parts.endswith(f"numpy {np.__version__}, Python {platform.python_version()}")
    assert run("eval", "--version")[1] == out


def test_expression_from_a_file(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "expr.txt"
    path.write_text("y = x + 2  # shift\nz = y*y*3\n\nz.mean()\n")
    code, out, _ = run(f"@{path}", "x=ones(2,2)")
    assert (code, out) == (0, HEADLINE)
    path.write_text("y = x + 2\ny.men()\n")
    code, _, err = run(f"@{path}", "x=1")
    assert code == 1 and str(path) in err and "line 2: y.men()" in err


def test_inputs_from_files(run: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.0, 2.0]))
    np.savez(tmp_path / "w.npz", w=np.float32([3, 4]), other=np.zeros(1))
    _, out, _ = run("sum(x*w)", f"x=@{tmp_path / 'x.npy'}", f"w=@{tmp_path / 'w.npz'}:w", "--json")
    record = strict(out)
    assert record["value"] == 11.0 and record["dtype"] == "float64"
    assert record["grads"] == {"x": [3.0, 4.0], "w": [1.0, 2.0]}


def test_colour(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run("sum(x)", "x=[1,2]", "--color", "never")[1]
    colored = run("sum(x)", "x=[1,2]", "--color", "always")[1]
    assert "\x1b[" in colored and "\x1b[" not in plain

    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain
    assert run("sum(x)", "x=[1,2]")[1] == plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run("sum(x)", "x=[1,2]")[1] == colored
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("sum(x)", "x=[1,2]")[1] == plain
    assert "\x1b[" in run("men(x)", "x=1", "--color", "always")[2]
    assert "\x1b[" not in run("men(x)", "x=1")[2]


PYTHON = [sys.executable, "-m", "autodiff_cli"]


def test_standard_input() -> None:
    for data in (b"3\n4\n", b"[3, 4]", b"3,4\n"):
        done = subprocess.run(
            [*PYTHON, "norm(x)", "x=@-"], input=data, capture_output=True, check=True
        )
        assert b"value: tensor(5.," in done.stdout
    stream = subprocess.run([*PYTHON, "norm(x)", "x=@-"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, check=False)  # fmt: skip
    assert stream.returncode == 1 and "nothing on standard input" in stream.stderr
    done = subprocess.run(
        [*PYTHON, "@-", "x=[3,4]"], input=b"norm(x)\n", capture_output=True, check=True
    )
    assert b"value: tensor(5.," in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_closed_pipe_is_quiet() -> None:
    process = subprocess.Popen([*PYTHON, "arange(100000.).reshape(-1, 1)", "--json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait() == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_interrupt() -> None:
    process = subprocess.Popen([*PYTHON, "x", "x=@-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    time.sleep(1.5)  # it waits for its input
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, b"")
    assert b"interrupted" in err and b"Traceback" not in err


def test_twenty_thousand_terms(run: Any) -> None:
    code, out, _ = run("+".join("x" * 20_000), "x=1", "--json")
    assert code == 0
    record = strict(out)
    assert record["value"] == 20_000.0 and record["grads"] == {"x": 20_000.0}
    code, out, _ = run("(" * 20_000 + "x" + ")" * 20_000, "x=1", "--json")
    assert code == 0 and strict(out)["value"] == 1.0
    code, out, _ = run("sin(" * 20_000 + "x" + ")" * 20_000, "x=1", "--json")
    assert code == 0 and strict(out)["grad_fn"] == "SinBackward0"
    code, out, _ = run("x" + ".neg()" * 20_000, "x=1", "--json")
    assert code == 0 and strict(out)["grads"] == {"x": 1.0}


# ---- nothing is silent ----------------------------------------------------------------------------


MISSING = "Error: an EXPRESSION is missing, such as 'mean(3*(x+2)**2)'\n"


@pytest.mark.parametrize(
    "words",
    [("",), (" ",), ("# note",), (";",), ("x=1",), ("x=1", "y=2"), ("", "x=3"), ("x=[1,2]",)],
)
def test_a_missing_expression_is_wrong_usage(run: Any, words: tuple[str, ...]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith(MISSING)


@pytest.mark.parametrize(
    ("text", "found"), [("# nothing yet\n", "has only comments"), (" \n\n", "is empty")]
)
def test_an_empty_file_is_named(run: Any, tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "empty.txt"
    path.write_text(text)
    for command in ("eval", "batch"):
        code, out, err = run(command, f"@{path}")
        assert (code, out) == (2, "")
        assert err.startswith(f"Error: {path} {found}: an EXPRESSION is missing")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("E=m*c**2", "m=1", "c=3"), 9.0),
        (("y = 3*4",), 12),
        (("x=x+1", "x=3"), 4.0),
        (("y = x\ny += 1", "x=tensor(3)"), 4),
    ],
)
def test_an_assignment_is_an_expression(run: Any, words: tuple[str, ...], value: float) -> None:
    code, out, _ = run(*words, "--json")
    assert (code, json.loads(out)["value"]) == (0, value)


def test_an_assignments_arrays_are_saved(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.npz"
    assert run("y = x**2", "x=3", "--save", str(path))[0] == 0
    with np.load(path) as saved:
        assert {name: saved[name].item() for name in saved} == {"value": 9, "grad.x": 6}


def test_notices_go_to_standard_error_unless_quiet(run: Any) -> None:
    code, out, err = run("math.sin(x)", "x=1")
    assert (code, out) == (0, "value: 0.8414709848078965\n")
    assert (
        err
        == "note: no gradient flows through math.sin(x), which gives a Python number; write sin(x)\n"
    )
    assert run("math.sin(x)", "x=1", "--quiet") == (0, out, "")


@pytest.mark.parametrize("command", ["eval", "batch"])
def test_a_text_of_a_file_may_leave_an_input_unused(
    run: Any, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("e.txt").write_text("x*2\n")
    Path("r.csv").write_text("x\n3\n")
    rows = ["r.csv"] if command == "batch" else ["x=3"]
    code, out, err = run(command, "@e.txt", *rows, "y=1")
    assert (code, bool(out)) == (0, True)
    assert "input 'y' bound and not used in e.txt" in err
    code, out, err = run(command, "@e.txt", *rows, "y=1", "--quiet")
    assert (code, bool(out), err) == (0, True, "")
    code, out, err = run(command, "x*2", *rows, "y=1")
    assert (code, out) == (1, "")
    assert "input 'y' bound and not used in the expression" in err


@pytest.mark.parametrize("command", ["eval", "explain", "check", "graph", "batch"])
def test_an_expression_with_a_minus_in_front_is_no_heap_of_options(
    command: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("x\n1\n")
    code, out, error = run(command, "-cos(x)", "x.csv" if command == "batch" else "x=1")
    assert (code, error) == (0, "")
    assert out
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_minus_a_name_that_is_an_option_too(run: Any) -> None:
    assert run("-o", "o=2")[1].startswith("value: tensor(-2.")


def test_a_file_s_keys_are_inputs(run: Any, tmp_path: Path) -> None:
    """Those that the expression names; a file may have others."""
    path = tmp_path / "in.json"
    path.write_text('{"x": 3, "y": [1, 2], "not a name": 1, "z": 0}')
    code, out, err = run("x*sum(y)", f"@{path}")
    assert (code, err) == (0, "")
    assert "value: tensor(9." in out
    np.savez(tmp_path / "in.npz", x=np.float32(2), y=np.ones(2, np.float32))
    assert "value: tensor(4." in run("x*sum(y)", f"@{tmp_path / 'in.npz'}")[1]
    code, out, err = run("q*2", f"@{path}")
    assert code == 2
    assert "has x, y, z, and the expression none of them" in err
    assert "'x' is bound twice" in run("x*2", "x=1", f"@{path}")[2]
    path.write_text("[1, 2]")
    assert "is no object, whose keys would be names" in run("x*2", f"@{path}")[2]
