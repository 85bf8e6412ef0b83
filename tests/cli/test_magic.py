"""The magics of IPython: on a shell's stand-in, and in IPython itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from console import ROOT

import autodiff_cli


class Shell:
    """What the extension needs of IPython's shell."""

    def __init__(self, **variables: Any) -> None:
        self.user_ns = variables
        self.magic: Callable[..., Any]

    def register_magic_function(self, function: Any, kind: str, name: str) -> None:
        assert (kind, name) == ("line_cell", "autodiff")
        self.magic = function


def magic(**variables: Any) -> Callable[..., Any]:
    shell = Shell(**variables)
    autodiff_cli.load_ipython_extension(shell)
    return shell.magic


def test_an_expression_and_its_inputs() -> None:
    for line in ("x**2 + y x=3 y=1", "'x**2 + y' x=3 y=1", "x**2 + y y=1 x='6 / 2'"):
        result = magic()(line)
        assert (float(result), float(result.grad["x"]), float(result.grad["y"])) == (10, 6, 1)


def test_variables_of_the_notebook_are_inputs() -> None:
    call = magic(x=[1.0, 2.0], A=np.eye(2, dtype=np.float32), sum="no value", v=str, unread=5)
    result = call("sum(A @ x * x)")
    assert float(result) == 5 and result.grad["x"].tolist() == [2, 4]
    assert float(magic(x=3)("x**2 x=4")) == 16  # what is bound goes first


def test_a_cell_is_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    result = magic(x=2)("--wrt x", "y = 0\nfor k in range(3):\n    y = y + x**k\n    print(k)\ny")
    assert (float(result), float(result.grad["x"])) == (7, 5)
    assert capsys.readouterr().out == "0\n1\n2\n"


def test_options_say_what_is_computed() -> None:
    result = magic()("x**2 x=[1,2] --jacobian --dtype float64")
    assert result.jacobian["x"].array.tolist() == [[2, 0], [0, 4]]
    assert result.value.dtype == "float64"
    assert magic()("x**2 x=[1,2] --seed [1,0]").grad["x"].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("line", "cell", "says"),
    [
        ("2x x=1", None, "hint: write 2*x"),
        ("men(x) x=1", None, "did you mean 'mean'?"),
        ("x**2 x=1 -o f.csv", None, "takes no --output"),
        ("x**2 x=1 --nothing", None, "No such option"),
        ("x", "y", "'x' is not NAME=VALUE"),
        ("'x**2", None, "no closing quotation"),
        ("", None, "type an expression"),
    ],
)
def test_what_is_wrong_is_said(
    line: str, cell: str | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert magic()(line, cell) is None
    assert says in capsys.readouterr().err


def test_nothing_is_imported_for_it() -> None:
    code = "import sys, autodiff_cli; print('numpy' in sys.modules, 'click' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False False\n"


@pytest.mark.needs("IPython")
def test_in_ipython() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    with capture_output() as shown:
        shell.run_cell("%load_ext autodiff_cli")
        shell.run_cell("x = 3.0")
        shell.run_cell("%autodiff x**2")
        shell.run_cell("%autodiff x**2 + sin(y) y=1")
        shell.run_cell("r = %autodiff x**3\nfloat(r.grad['x'])")
        shell.run_cell("%%autodiff y=2\nz = x*y\nz*z")
    assert "value: tensor(9., grad_fn=<PowBackward0>)\nx.grad: tensor(6.)" in shown.stdout
    page = (ROOT / "docs" / "notebooks.md").read_text()
    assert "\nvalue: tensor(9.8415," in page
    for line in re.findall(r"^Out\[\d\]:\n(.*?)\n\n", page, re.DOTALL | re.MULTILINE):
        assert line in shown.stdout
    assert "27.0" in shown.stdout
    assert (
        "value: tensor(36., grad_fn=<MulBackward0>)\nx.grad: tensor(24.)\ny.grad: tensor(36.)"
        in (shown.stdout)
    )
