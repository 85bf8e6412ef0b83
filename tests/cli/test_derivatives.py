"""`--jacobian`, `--hessian`, `--jvp` and `--hvp` of `autodiff eval`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def test_jacobian(run: Any) -> None:
    assert run("x**2 * a", "x=[1,2]", "a=3", "--jacobian") == (
        0,
        "value: tensor([ 3., 12.], grad_fn=<MulBackward0>)\n"
        "x.jacobian: tensor([[ 6.,  0.],\n"
        "                    [ 0., 12.]])\n"
        "a.jacobian: tensor([1., 4.])\n",
        "",
    )
    _, out, _ = run("x**2 * a", "x=[1,2]", "a=3", "--jacobian", "--json")
    record = json.loads(out)
    assert record["jacobian"] == {"x": [[6, 0], [0, 12]], "a": [1, 4]}
    assert record["grads"] == {}


def test_hessian(run: Any) -> None:
    _, out, _ = run("sum(x**3) * a", "x=[1,2]", "a=3", "--hessian", "--json")
    record = json.loads(out)
    assert record["grads"] == {"x": [9, 36], "a": 9}
    assert record["hessian"] == {
        "x": {"x": [[18, 0], [0, 36]], "a": [3, 12]},
        "a": {"x": [3, 12], "a": 0},
    }
    _, out, _ = run("sum(x**3) * a", "x=[1,2]", "a=3", "--hessian", "--wrt", "a")
    assert out.endswith("\na.grad: tensor(9.)\na.a.hessian: tensor(0.)\n")


def test_products(run: Any) -> None:
    args = ["x * y", "x=[1,2]", "y=[3,4]", "--jvp", "x=[1,0]", "--jvp", "y=[0,1]"]
    assert json.loads(run(*args, "--json")[1])["jvp"] == [3, 2]
    assert run(*args)[1].endswith("\njvp: tensor([3., 2.])\n")
    args = ["sum(x**3 * y)", "x=[1,2]", "y=[3,4]", "--hvp", "x=[1,0]"]
    assert json.loads(run(*args, "--json")[1])["hvp"] == {"x": [18, 0], "y": [3, 0]}
    assert run(*args)[1].endswith("\nx.hvp: tensor([18.,  0.])\ny.hvp: tensor([3., 0.])\n")


def test_with_several_seeds(run: Any) -> None:
    args = ["x * x", "x=[1,2]", "--seed", "[1,0]", "--seed", "[0,1]", "--jacobian"]
    _, out, _ = run(*args)
    assert out.endswith("\n\nx.jacobian: tensor([[2., 0.],\n                    [0., 4.]])\n")
    first, second = [json.loads(line) for line in run(*args, "--json")[1].splitlines()]
    assert first["jacobian"] == {"x": [[2, 0], [0, 4]]} and "jacobian" not in second


def test_of_programs(run: Any) -> None:
    text = "y = x\nfor _ in range(3):\n    y = y * x\ny.sum()"
    _, out, _ = run(text, "x=[1,2]", "--hessian", "--jvp", "x=[1,1]", "--json")
    record = json.loads(out)
    assert record["hessian"] == {"x": {"x": [[12, 0], [0, 48]]}} and record["jvp"] == 36


def test_with_trace(run: Any) -> None:
    _, out, _ = run("y = x * x; y.sum()", "x=[1,2]", "--trace", "--jvp", "x=[1,1]")
    assert out.startswith("x * x [2]: tensor([1., 4.]") and out.endswith("\njvp: tensor(6.)\n")


def test_json_of_what_is_not_finite(run: Any) -> None:
    _, out, _ = run("1 / x", "x=[0,1]", "--jacobian", "--json")
    assert json.loads(out)["jacobian"]["x"][0][0] == "-Infinity"


def test_vectors_from_files(run: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.array([1.0, -1.0]))
    args = ["sum(x**3)", "x=[1,2]", "--hvp", f"x=@{tmp_path / 'v.npy'}", "--json"]
    assert json.loads(run(*args)[1])["hvp"] == {"x": [6, -12]}


def test_vectors_keep_the_precision_of_the_input(run: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([2.0]))
    args = ["x * 1", f"x=@{tmp_path / 'x.npy'}", "--jvp", "x=[0.1]", "--json"]
    assert json.loads(run(*args)[1])["jvp"] == [0.1]


def test_save(run: Any, tmp_path: Path) -> None:
    every, derivatives = tmp_path / "all.npz", tmp_path / "derivatives.npz"
    code, _, _ = run(
        "sum(x * y)", "x=[1,2]", "y=[3,4]", "--jacobian", "--hessian", "--jvp", "x=[1,1]",
        "--hvp", "y=[1,1]", "--save", str(every), "--save-grads", str(derivatives),
    )  # fmt: skip
    assert code == 0
    names = [
        "grad.x", "grad.y", "jacobian.x", "jacobian.y", "hessian.x.x", "hessian.x.y", "hessian.y.x",
        "hessian.y.y", "jvp", "hvp.x", "hvp.y",
    ]  # fmt: skip
    assert list(np.load(every)) == ["value", *names] and list(np.load(derivatives)) == names
    assert np.load(every)["hessian.x.y"].tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["x*x", "x=[1,2]", "--hessian"], "should contain a single element"),
        (["x*x", "x=[1,2]", "--hvp", "x=[1,1]"], "given to hvp should contain a single element"),
        (["sum(x)", "x=[1,2]", "--hvp", "x=[1]"], "should be torch.Size([2]) but got torch.Size([1])"),
        (["sum(x)", "x=[1,2]", "--jvp", "x=1"], "hint: --jvp x needs the shape of the input x: [2]"),
        (["sum(x)", "x=[1,2]", "--jvp", "x='a'"], "neither a tensor nor a number"),
        (["sum(x)", "x=[1,2]", "--jvp", "x=[1,"], "in the value of --jvp x:"),
        (["sum(x*y)", "x=[1,2]", "y=1", "--jvp", "x=y"], "a value can't use inputs"),
        (["sum(x)", "x=[1,2]", "--jvp", "x=@gone.npy"], "no such file: 'gone.npy'"),
        (["sum(x)", "x=[1,2]", "--jvp", "y=[1,1]"], "--jvp names 'y', which is not an input"),
        (["sum(x*t)", "x=[1,2]", "t=tensor([1,2])", "--hvp", "t=[1,1]"], "leave it out of --hvp"),
        (["sum(x*y)", "x=1", "y=1", "--wrt", "x", "--hvp", "y=1"], "hint: add it: --wrt x,y"),
        (["t*2", "t=tensor([1,2])", "--jacobian"], "element 0 of tensors does not require grad"),
        (["[x, x]", "x=1", "--jacobian"], "given to jacobian should return a single Tensor"),
        (["x.max(0)", "x=[1,2]", "--jacobian"], "pick one of its parts"),
        (["x.shape", "x=[1,2]", "--jacobian"], "of type torch.Size"),
        (["y = x\nfor _ in range(2):\n    y = y + x", "x=1", "--jacobian"], "has to be an expression"),
    ],
    ids=lambda v: " ".join(v)[:60] if isinstance(v, list) else "",
)  # fmt: skip
def test_failures(run: Any, args: list[str], message: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (1, "")
    assert message in err and "Traceback" not in err and "internal" not in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["--jvp", "x"],
            "--jvp takes an input's name and a value, as in --jvp x='[1, 0]', not 'x'",
        ),
        (["--jvp", "[1,0]"], "--jvp takes an input's name"),
        (["--hvp", "x="], "--hvp takes an input's name"),
        (["--hvp", "x=@"], "--hvp takes an input's name"),
        (["--hvp", "x=1", "--hvp", "x=2"], "--hvp names 'x' twice"),
        (["--jvp", "x=@-", "--hvp", "x=@-"], "can be read once"),
        (["--jacobian", "--no-grad"], "--jacobian asks for derivatives, and --no-grad for none"),
        (["--hessian", "--no-grad"], "--hessian asks for derivatives"),
        (["--jvp", "x=1", "--no-grad"], "--jvp asks for derivatives"),
        (["--hvp", "x=1", "--no-grad"], "--hvp asks for derivatives"),
    ],
)
def test_wrong_usage(run: Any, args: list[str], message: str) -> None:
    code, out, err = run("sum(x)", "x=1", *args)
    assert (code, out) == (2, "") and message in err
