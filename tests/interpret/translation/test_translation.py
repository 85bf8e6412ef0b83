"""Programs as CPython runs them; what they do is compared with Python in tests/golden/programs/python."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from autodiff_cli.interpret.run import compiled
from autodiff_cli.program import Settings, run_text
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program


def printed(text: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    assert run_text(Source(text, "p.py"), write=out.write, complain=err.write) == 0, err.getvalue()
    return out.getvalue()


DEEP = 3000
DEEP_TEXTS = {
    "a sum": ("print(" + "+".join(["x"] * DEEP) + ")", str(DEEP)),
    "signs": ("print(" + "-" * DEEP + "x)", "1"),
    "brackets to the right": ("print(" + "x+(" * DEEP + "x" + ")" * DEEP + ")", str(DEEP + 1)),
    "what is evaluated later": ("print(0 and (" + "+".join(["y"] * DEEP) + "))", "0"),
    "choices": ("print(" + "0 or (" * DEEP + "x" + ")" * DEEP + ")", "1"),
    "calls": ("f = lambda v: v\nprint(" + "f(" * DEEP + "x" + ")" * DEEP + ")", "1"),
    "items": ("z = [1]\nprint(z" + "[:]" * DEEP + ")", "[1]"),
    "in a function": ("def f(x):\n    return " + "+".join(["x"] * DEEP) + "\nprint(f(2))", "6000"),
    "in a loop": ("for k in range(2): y = " + "+".join(["k"] * DEEP) + "\nprint(y)", "3000"),
    "a condition": ("if " + " or ".join(["x == 2"] * DEEP) + ": print(1)\nelse: print(2)", "2"),
    "statements": ("x = x + 1\n" * DEEP + "print(x)", str(DEEP + 1)),
}


@pytest.mark.parametrize("name", DEEP_TEXTS)
def test_depth_needs_no_recursion(name: str) -> None:
    text, expected = DEEP_TEXTS[name]
    assert printed(f"x = 1\n{text}") == expected + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "(lambda v: " + "+".join(["v"] * DEEP) + ")(1)",
        "".join(" " * k + "for i in (1,):\n" for k in range(25)) + " " * 25 + "i",
    ],
)
def test_what_python_cannot_compile_is_said(text: str) -> None:
    err = io.StringIO()
    assert run_text(Source(text, "p.py"), write=err.write, complain=err.write) == 1
    assert "SyntaxError: too many" in err.getvalue()


def traceback_of(text: str) -> str:
    err = io.StringIO()
    assert run_text(Source(text, "p.py"), write=err.write, complain=err.write) == 1
    return err.getvalue()


def test_a_piece_of_an_expression_is_no_call_in_a_traceback() -> None:
    text = "def f(x):\n    return " + "x+(" * DEEP + "1/x" + ")" * DEEP + "\nf(0)\n"
    said = traceback_of(text)
    assert said.count("in f\n") == 1 and said.endswith("ZeroDivisionError: division by zero\n")


def test_places_need_no_columns_of_python_s() -> None:
    text = "x = 1\ndef f(y):\n    return 3 * (y / 0)\nprint(f(x))\n"
    program = (
        "import sys\nfrom autodiff_cli.program import run_text\nfrom autodiff_cli.source import Source\n"
        f"run_text(Source({text!r}, 'p.py'), write=print, complain=sys.stdout.write)"
    )
    done = subprocess.run(
        [sys.executable, "-X", "no_debug_ranges", "-c", program], capture_output=True, text=True
    )
    assert done.stdout == traceback_of(text)
    assert "    return 3 * (y / 0)\n                ^^^^^\n" in done.stdout


def test_no_guard_is_a_variable() -> None:
    code = compiled(parse_program(Source("x = [1]\nx[0] += 2\nprint(x.y)\n")))
    names = code.code.co_varnames[: code.code.co_argcount]
    assert names == tuple(f".{guard}" for guard in code.guards)
    assert printed("x = [1]\nx[0] += 2\nprint(list(globals()))") == "['__doc__', '__name__', 'x']\n"
    assert all(name[0] == "." for name in code.code.co_varnames)


def test_ticks_are_turns_and_calls() -> None:
    text = "def f(): pass\nfor i in range(10): f()\n[i for i in range(5)]\nx = 1\nx = 2\n"
    for steps, code in ((24, 1), (25, 0)):
        out = io.StringIO()
        settings = Settings(max_steps=steps)
        assert run_text(Source(text, "p"), settings, write=out.write, complain=out.write) == code
