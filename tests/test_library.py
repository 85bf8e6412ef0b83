"""The package as a library: its names, what its functions return, and what they say of wrong use."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autodiff_cli
from autodiff_cli import Result, batch, evaluate, run
from autodiff_cli.errors import AutodiffError, InputError, NameFault, RuntimeFault
from autodiff_cli.program import ProgramError

ROOT = Path(__file__).parent.parent


# ---- what there is ------------------------------------------------------------------------------


def test_its_names_are_those_four() -> None:
    assert autodiff_cli.__all__ == ["Result", "batch", "evaluate", "run"]
    assert [name for name in dir(autodiff_cli) if name[0] != "_"] == autodiff_cli.__all__
    for name in autodiff_cli.__all__:
        getattr(autodiff_cli, name)
    others = {
        name: value
        for name, value in vars(autodiff_cli).items()
        if name[0] != "_" and name not in autodiff_cli.__all__
    }
    assert all(isinstance(value, ModuleType) for value in others.values()), others


def test_the_functions_stay_when_everything_is_imported() -> None:
    """A folder of the same name would take a function's place."""
    folders = {path.stem for path in (ROOT / "autodiff_cli").iterdir()}
    assert not folders & set(autodiff_cli.__all__)


def test_importing_it_imports_nothing() -> None:
    code = "import autodiff_cli, sys; print(*(m for m in sys.modules if m in ('numpy', 'click')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'autodiff_cli' has no attribute 'grad'"):
        autodiff_cli.grad  # type: ignore[attr-defined]  # noqa: B018


def test_the_types_of_a_users_file(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    file = tmp_path / "user.py"
    file.write_text(
        "import numpy as np\n"
        "import autodiff_cli as ad\n"
        "result: ad.Result = ad.evaluate('sum(x**2)', x=np.ones(3), dtype='float64')\n"
        "total: float = float(result) + float(result.grad['x'].sum())\n"
        "text: str = str(result) + ad.run('print(w)', w=1.0).printed\n"
        "found = ad.batch('x*k', {'x': [1, 2]}, {'k': 3}, wrt=['x'])['value']\n"
        "ad.evaluate('x', x=1, seeds=3)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "MYPYPATH": str(ROOT)},
    )
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert len(errors) == 1 and "user.py:7" in errors[0] and '"seeds"' in errors[0], done.stdout
    assert (ROOT / "autodiff_cli" / "py.typed").exists()


# ---- evaluate -----------------------------------------------------------------------------------


def printed_by_the_command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "autodiff_cli", *words], capture_output=True, text=True, cwd=ROOT
    )
    return done.stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("text", "inputs", "options"),
    [
        ("mean(3*(x+2)**2)", {"x": "ones(2,2)"}, {}),
        ("x*x", {"x": "[1, 2]"}, {"seeds": ["[1, 0]", "[0, 1]"], "jacobian": True}),
        ("(x+2)**2", {"x": "1"}, {"trace": True, "dtype": "float64"}),
        ("max(x, 0)", {"x": "tensor([[1, 2], [3, 0]])"}, {"grad": False}),
    ],
)
def test_a_printed_result_is_the_commands_report(
    text: str, inputs: dict[str, str], options: dict[str, Any]
) -> None:
    words = [text, *(f"{name}={value}" for name, value in inputs.items())]
    for name, value in options.items():
        if name == "seeds":
            words += [word for seed in value for word in ("--seed", seed)]
        elif name == "dtype":
            words += ["--dtype", value]
        else:
            words.append("--no-grad" if name == "grad" else f"--{name}")
    assert str(evaluate(text, inputs, **options)) == printed_by_the_command(*words)


def test_a_result_is_numbers() -> None:
    result = evaluate("sum(x**2)", x=np.array([1.0, 2.0]))
    assert float(result) == 5.0
    assert isinstance(result.grad["x"], np.ndarray)
    np.testing.assert_array_equal(result.grad["x"], [2.0, 4.0])
    assert repr(result) == "<Result: float64 5, with gradients: x>"
    large = evaluate("x", x=np.ones((100, 100)), grad=False)
    assert repr(large) == "<Result: float64 of shape [100, 100]>"
    assert float(evaluate("math.sqrt(4)")) == 2.0


def test_a_tensor_is_an_array() -> None:
    value = evaluate("x*2", x=np.array([1.0, 2.0]), grad=False).value
    assert np.asarray(value) is value.array or np.shares_memory(np.asarray(value), value.array)
    assert np.asarray(value, np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(value, copy=True), value.array)
    with pytest.raises(ValueError, match="copy"):
        np.array(value, np.float32, copy=False)
    np.testing.assert_array_equal(np.add(value, 1), [3.0, 5.0])


def test_gradients_of_several_seeds_stand_one_behind_the_other() -> None:
    result = evaluate("x*x", x=[1, 2, 3], seeds=["[1, 0, 0]", "[0, 0, 1]"])
    np.testing.assert_array_equal(result.grad["x"], [[2, 0, 0], [0, 0, 6]])


def test_a_gradient_that_is_not_there_says_which_are() -> None:
    result = evaluate("x*2", x=1)
    with pytest.raises(KeyError, match="no gradient flows to 'y'; those that are there: x"):
        result.grad["y"]


def test_inputs_are_what_numpy_makes_an_array_of() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"x": [1.0, 2.0, 4.0]})
    assert float(evaluate("sum(x)", x=frame["x"])) == 7.0
    chained = evaluate("x**2", x=evaluate("x + 1", x=2.0).value)
    assert (float(chained), chained.grad["x"].item()) == (9.0, 6.0)


def test_inputs_by_name_and_in_a_mapping_are_one() -> None:
    assert float(evaluate("x*grad", {"grad": 3}, x=2)) == 6.0
    with pytest.raises(TypeError, match="the input 'x' is given twice"):
        evaluate("x", {"x": 1}, x=2)


@pytest.mark.parametrize(
    "text",
    ["x**2", "max(x, 0)", "[x, 2, 'a']", "x.dtype", "print(x)\nfor i in []: pass", "x.shape"],
)
def test_a_result_can_be_pickled(text: str) -> None:
    result = evaluate(text, x=[1, 2], grad=False, hessian=False, write=len)
    again = pickle.loads(pickle.dumps(result))
    assert isinstance(again, Result)
    assert str(again) == str(result)


def test_a_pickled_result_has_its_gradients() -> None:
    result = evaluate("sum(x**3)", x=[1, 2], hessian=True)
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.grad["x"], result.grad["x"])
    np.testing.assert_array_equal(again.hessian["x"]["x"].array, [[6, 0], [0, 12]])


# ---- run ----------------------------------------------------------------------------------------


def test_run_gives_what_was_printed_and_the_variables() -> None:
    ran = run(
        "import torch\n"
        "def f(x): return x**2\n"
        "y = f(w).sum()\n"
        "y.backward()\n"
        "print(y)\n"
        "n, kept = 3, {'a': [w.detach()], 'b': 'text'}\n",
        w=[1, 2],
    )
    assert str(ran) == ran.printed == "tensor(5., grad_fn=<SumBackward0>)\n"
    assert sorted(ran.variables) == ["kept", "n", "w", "y"]
    assert (ran.variables["n"], float(ran.variables["y"])) == (3, 5.0)
    np.testing.assert_array_equal(ran.variables["kept"]["a"][0], [1, 2])
    np.testing.assert_array_equal(ran.grad["w"], [2, 4])
    assert repr(ran) == "<Ran: 35 characters printed, variables: w, y, n, kept>"
    assert str(pickle.loads(pickle.dumps(ran))) == ran.printed


def test_run_reads_files(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("print(1 + 1)\n")
    assert run(tmp_path / "p.py").printed == "2\n"
    cell = '{"cell_type": "code", "source": ["x = 3\\n", "x * 2"]}'
    (tmp_path / "book.ipynb").write_text(
        f'{{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": [{cell}]}}'
    )
    assert run(tmp_path / "book.ipynb").printed == "6\n"


def test_a_program_that_fails_keeps_what_it_printed() -> None:
    with pytest.raises(ProgramError) as caught:
        run("print('before')\n1/0\n")
    assert caught.value.printed == "before\n"
    assert "ZeroDivisionError: division by zero" in caught.value.text
    assert 'File "program", line 2' in caught.value.text


def test_run_writes_to_nothing_of_the_callers(capsys: pytest.CaptureFixture[str]) -> None:
    run("print('kept')")
    assert capsys.readouterr() == ("", "")


# ---- batch --------------------------------------------------------------------------------------

TABLE = {"S": [100.0, 80.0], "K": [95.0, 105.0], "name": ["a", "b"]}
VALUES, BY_S = [5.0, 0.0], [1.0, 0.0]


def frame_of(kind: str) -> Any:
    return pytest.importorskip(kind).DataFrame(TABLE)


@pytest.mark.parametrize(
    "rows",
    [
        lambda: TABLE,
        lambda: {name: np.array(column) for name, column in TABLE.items()},
        lambda: [dict(zip(TABLE, row)) for row in zip(*TABLE.values())],
        lambda: frame_of("polars"),
        lambda: frame_of("pandas"),
    ],
    ids=["lists", "arrays", "rows", "polars", "pandas"],
)
def test_batch_takes_columns_rows_and_frames(rows: Callable[[], Any]) -> None:
    found = batch("relu(S - K)", rows())
    assert list(found) == ["value", "grad_S", "grad_K"]
    np.testing.assert_array_equal(found["value"], VALUES)
    np.testing.assert_array_equal(found["grad_S"], BY_S)


def test_batch_reads_files(tmp_path: Path) -> None:
    for number, row in enumerate(["100,95", "80,105"]):
        (tmp_path / f"{number}.csv").write_text(f"S,K\n{row}\n")
    whole = batch("relu(S - K)", [tmp_path / "0.csv", str(tmp_path / "1.csv")])
    np.testing.assert_array_equal(whole["value"], VALUES)
    np.testing.assert_array_equal(batch("S", tmp_path / "0.csv", grad=False)["value"], [100.0])


def test_batch_answers_as_evaluate_does() -> None:
    x = np.random.default_rng(0).normal(size=(5, 3))
    found = batch("sum(sin(x)*w)", {"x": x}, w=[1, 2, 3])
    assert isinstance(found["value"], np.ndarray) and found["value"].dtype == np.float64
    for row in range(5):
        one = evaluate("sum(sin(x)*w)", x=x[row], w=np.array([1.0, 2.0, 3.0]))
        assert found["value"][row] == float(one)
        np.testing.assert_array_equal(found["grad_x"][row], one.grad["x"])
        np.testing.assert_array_equal(found["grad_w"][row], one.grad["w"])


def test_batch_has_the_dtype_of_its_columns() -> None:
    single = {"x": np.ones(2, np.float32)}
    assert np.asarray(batch("x*2", single)["value"]).dtype == np.float32
    assert np.asarray(batch("x*2", single, dtype="float64")["value"]).dtype == np.float64


def test_batch_of_rows_of_several_shapes() -> None:
    found = batch("x*2", {"x": [[1, 2], [3]]}, grad=False)["value"]
    assert [cell.tolist() for cell in found] == [[2.0, 4.0], [6.0]]


def test_batch_of_no_rows() -> None:
    assert {name: len(column) for name, column in batch("x", {"x": []}).items()} == {
        "value": 0,
        "grad_x": 0,
    }


def test_batch_of_directions_and_deviations() -> None:
    found = batch("x*y", {"x": [1, 2], "y": [3, 4]}, jvp={"x": "1"}, propagate={"y": "0.5"})
    np.testing.assert_array_equal(found["jvp"], [3, 4])
    np.testing.assert_array_equal(found["sigma"], [0.5, 1])


def test_what_becomes_of_bad_rows() -> None:
    table = {"x": [1.0, 2.0], "n": [1, 0]}
    text = "x*(2 // n.long())"
    with pytest.raises(AutodiffError, match="the table, row 2: "):
        batch(text, table)
    assert len(batch(text, table, on_error="skip")["value"]) == 1
    found = batch(text, table, on_error="null")
    assert np.isnan(found["value"]).tolist() == [False, True]
    assert found["error"][0] is None and "the table, row 2" in found["error"][1]


# ---- threads ------------------------------------------------------------------------------------


def test_all_three_may_be_called_in_threads() -> None:
    def work(number: int) -> tuple[str, str, Any]:
        dtype = ("float32", "float64")[number % 2]
        result = evaluate("x/3", x=number, dtype=dtype)
        ran = run("print((w/3).item())", w=number, dtype=dtype)
        value = batch("x/3", {"x": [number]}, dtype=dtype)["value"]
        return result.value.dtype, ran.printed, np.asarray(value).dtype.name

    with ThreadPoolExecutor(8) as pool:
        for number, (dtype, printed, name) in enumerate(pool.map(work, range(40))):
            kind = np.dtype(("float32", "float64")[number % 2])
            assert dtype == name == kind.name
            assert printed == f"{(kind.type(number) / kind.type(3)).item()}\n"


# ---- wrong use ----------------------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "an unknown name": (lambda: evaluate("x*y", x=1), NameFault, "name 'y' is not defined"),
    "an unknown option": (
        lambda: evaluate("x", x=1, jacobain=True),
        InputError,
        "'jacobain' bound",
    ),
    "no number": (lambda: evaluate("x", x=object()), InputError, "of type object"),  # type: ignore[arg-type]
    "an array of text": (lambda: evaluate("x", x=np.array(["a"])), InputError, "an array of <U1"),
    "a masked array": (lambda: evaluate("x", x=np.ma.ones(2)), InputError, "a masked array"),
    "a dtype": (
        lambda: evaluate("x", x=1, dtype="int64"),
        InputError,
        "float16, float32 or float64",
    ),
    "no scalar": (lambda: evaluate("x*x", x=[1, 2]), RuntimeFault, "only for scalar outputs"),
    "a seed's shape": (
        lambda: evaluate("x*x", x=[1, 2], seeds=[np.ones(3)]),
        RuntimeFault,
        "Mismatch in shape",
    ),
    "wrt": (lambda: evaluate("x", x=1, wrt=["y"]), InputError, "'y', which is not an input"),
    "float of many": (
        lambda: float(evaluate("x", x=[1, 2], grad=False)),
        TypeError,
        "shape \\[2\\]",
    ),
    "float of a list": (lambda: float(evaluate("[x]", x=1, grad=False)), TypeError, "is a list"),
    "a program's syntax": (lambda: run("for"), ProgramError, "SyntaxError"),
    "a missing file": (lambda: run(Path("/nowhere.py")), InputError, "no such file"),
    "an assigned input": (lambda: run("x = 1", x=2), InputError, "'x'"),
    "no rows": (lambda: batch("x", 3), TypeError, "a mapping of columns, a frame"),
    "a missing column": (lambda: batch("x*z", {"x": [1]}), AutodiffError, "'z' is not defined"),
    "no column": (lambda: batch("2", {"x": [1]}), InputError, "names no column"),
    "a column of text": (lambda: batch("x", {"x": ["a"]}), InputError, "no column of numbers"),
    "a number for a column": (lambda: batch("x", {"x": 1}), InputError, "no column of numbers"),
    "lengths": (lambda: batch("x+y", {"x": [1], "y": [1, 2]}), InputError, "x 1, y 2"),
    "rows without a name": (lambda: batch("x", [{"x": 1}, {"y": 1}]), InputError, "row 2"),
    "on_error": (lambda: batch("x", {"x": [1]}, on_error="no"), InputError, "'null', not 'no'"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_said(name: str) -> None:
    call, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        call()
