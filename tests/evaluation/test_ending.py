"""What a text ends in: a value, an assignment whose name it gives, or nothing, which is an error."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from autodiff_cli.errors import AutodiffError, InputError, RuntimeFault, SourceSyntaxError
from autodiff_cli.evaluation import Tensor, evaluate
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.calls.values import NO_VALUE


def answer(text: str, **inputs: Any) -> tuple[Any, dict[str, Any]]:
    result = evaluate(text, inputs)
    value = result.value
    gradients = result.gradients[0].by_input if result.gradients else {}
    return value.array.tolist() if isinstance(value, Tensor) else value, {
        name: None if gradient is None else gradient.array.tolist()
        for name, gradient in gradients.items()
    }


@pytest.mark.parametrize(
    "text",
    [
        "y = x**2",
        "y=x**2;",
        "\ny = x**2\n\n# the area\n",
        "a = x; y = a*a",
        "a = x\ny = a*a",
        "y: float = x**2",
        "a = b = x**2",
        "y = x\ny = y*x",
        "y = x*1; y *= x",
        "y = 0\nfor i in range(2): pass\ny = x**2",
        "(y := x**2)",
        "class P: pass\np = P()\np.area = x**2",
        "p = {}; p['x'] = x; y = p['x']**2",
        "x = x**2",
        "x = x*x; x",
        "if x > 5: x = 3\nx**2",
    ],
)
def test_a_text_that_ends_in_an_assignment_has_that_names_value(text: str) -> None:
    assert answer(text, x=3) == (9.0, {"x": 6.0})


def test_an_assignment_to_an_element_gives_the_whole() -> None:
    text = "z = zeros(3); z[0] = x; z[1:] = x**2"
    result = evaluate(text, {"x": 3}, jacobian=True)
    assert result.value.array.tolist() == [3, 9, 9]
    assert result.jacobian is not None
    assert result.jacobian["x"].array.tolist() == [1, 6, 6]


def test_an_assignment_to_several_names_gives_all_of_them() -> None:
    values = evaluate("a, (b, *c) = x, [1, x**2]", {"x": 3}, grad=False).value
    assert values[0].array == 3
    assert values[1][0] == 1
    assert values[1][1][0].array == 9
    with pytest.raises(RuntimeFault, match="scalar outputs"):
        evaluate("a, b = x, x**2", {"x": 3})


def test_every_derivative_is_of_the_assigned_name() -> None:
    given: dict[str, Any] = {"x": [1.0, 2.0]}
    result = evaluate("y = x*x\nz = y*x", given, jacobian=True, jvp={"x": [1, 0]}, trace=True)
    assert result.jacobian is not None and result.jvp is not None
    assert result.jacobian["x"].array.tolist() == [[3, 0], [0, 12]]
    assert result.jvp.array.tolist() == [3, 0]
    assert [step.text for step in result.trace] == ["x*x", "y*x"]
    seeded = evaluate("y = x*x", given, seeds=["[1,0]", "[0,1]"])
    assert [g.by_input["x"].array.tolist() for g in seeded.gradients] == [[2, 0], [0, 4]]  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", " ", "\n", "# a comment", ";", " ; \n;", "#;\n  # two"])
def test_an_empty_text_is_an_error(text: str) -> None:
    with pytest.raises(SourceSyntaxError, match="the expression is empty"):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("import torch", "end with the expression"),
        ("def f(a, b=1, *c): return a", "call it on a last line: f(a)"),
        ("class A: pass", "A(…)"),
        ("if x>0: x", "x if x>0 else …"),
        ("if x>0: x\nelse: -x", "x if x>0 else -x"),
        ("if x>0: y = x\nelse: y = -x", "such as y"),
        ("for i in range(3): y = x*i", "such as y"),
        ("while x<5: x = x+1", "such as x"),
        ("with no_grad(): z = x", "such as z"),
        ("try:\n    z = x\nfinally: pass", "such as z"),
        ("pass", "end with"),
        ("x; pass", "end with"),
        ("y = x\ndel y", "end with"),
        ("y: float", "end with"),
        ("a = []; a.append(x)", "end with"),
        ("x.requires_grad_(True); None", "end with"),
    ],
)
def test_a_text_that_gives_and_prints_nothing_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(InputError, match="the text ends in") as caught:
        evaluate(text, {"x": 3})
    assert hint in str(caught.value.hint)
    assert caught.value.span is not None


def test_what_prints_or_differentiates_needs_no_value() -> None:
    written: list[str] = []
    result = evaluate("for i in range(2): print(i, x.item())", {"x": 3}, write=written.append)
    assert "".join(written) == "0 3.0\n1 3.0\n"
    assert result.value is NO_VALUE
    result = evaluate("for i in range(2): (x*x).backward()", {"x": 3})
    assert result.gradients[0].by_input["x"].array == 12  # type: ignore[union-attr]
    with pytest.raises(RuntimeFault, match="scalar outputs"):
        evaluate("print(x); pass", {"x": 3}, seeds=["1"], write=written.append)


# ---- inputs that the text doesn't read -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x = 2; x**2", 0),
        ("x = 2", 0),
        ("y = 1; x = y; x", 7),
        ("for x in range(3): y = x\ny", 4),
        ("import math as x\nx.pi", 7),
        ("if True: x = 1\nelse: x = 2\nx", 9),
        ("def x(): return 1\nx()", 0),
        ("try:\n    x = 1\nexcept Exception: x = 2\nx", 9),
        ("a, x = 1, 2; x", 3),
        ("x = [x for x in range(3)]\nx[0]", 0),
        ("x = 2\ndef f(): return x\nf()", 0),
        ("(x := 2) + x", 1),
    ],
)
def test_an_input_that_is_assigned_before_it_is_read_is_an_error(text: str, place: int) -> None:
    with pytest.raises(InputError, match="'x' is bound, and assigned before it is read") as caught:
        evaluate(text, {"x": 3})
    assert caught.value.span is not None
    assert caught.value.span.start == place


@pytest.mark.parametrize(
    "text",
    [
        "x = x*2; x",
        "y = x; x = 2; y*x",
        "x += 1; x",
        "if 1 > 2: x = 5\nx*2",
        "for i in range(0): x = i\nx",
        "while x > 5: x = 1\nx",
        "def f(): return x\nx = f()*2\nx",
        "y = [x for i in range(2)]\nx = sum(y)\nx",
        "try:\n    y = x\nexcept Exception: x = 2\nx",
        "f = lambda: x\nx = f()\nx",
        "for i in range(2): pass\nglobals()['x']",
        "with no_grad(): x = 1\nx",
        "x[...]; x = x.clone(); x",
        "class A: y = x\nx = A.y\nx",
        "for i in range(2):\n    if i: break\n    x = x*2\nx",
    ],
)
def test_an_input_that_may_be_read_is_one(text: str) -> None:
    evaluate(text, {"x": "tensor(3)"})


@pytest.mark.parametrize(
    "text",
    [
        "1 + 1",
        "for i in range(3): y = i\ny",
        "def f(x): return x*2\nf(1)",
        "[x for x in range(3)][0]",
        "(lambda x: x)(1)",
        "def f():\n    x = 1\n    return x\nf()",
        "y = 1; y.x if y == 0 else y",
    ],
)
def test_an_input_that_nothing_reads_is_an_error_or_a_notice(text: str) -> None:
    with pytest.raises(InputError, match="input 'x' bound and not used in the expression"):
        evaluate(text, {"x": "tensor(3)"})
    result = evaluate(Source(text, "price.txt"), {"x": "tensor(3)"})
    assert result.notices[0] == "input 'x' bound and not used in price.txt"


def test_a_file_may_not_overwrite_an_input_either() -> None:
    with pytest.raises(InputError, match="assigned before it is read"):
        evaluate(Source("x = 2; x**2", "price.txt"), {"x": 3})


# ---- notices ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "given", "notice"),
    [
        ("math.sin(x)", 1, "through math.sin(x), which gives a Python number; write sin(x)"),
        ("math.sin(x)*x", 1, "through math.sin(x), which gives a Python number; write sin(x)"),
        ("y = math.gamma(x); y", 1, "through math.gamma(x), which gives a Python number"),
        ("x/float(x)", 1, "through float(x), which gives a Python number"),
        ("x.item()", 1, "the result is a Python float"),
        ("int(x)", 1, "the result is a Python int"),
        ("[1, x.item()]", 1, "the result is a Python list"),
        ("x.shape", [1, 2], "the result is a Python torch.Size"),
        ("sum(x)", "tensor([1, 2])", "x is int64"),
        ("x*2", True, "x is a Python bool"),
        ("x*2", np.arange(3), "x is int64"),
        ("for i in range(2): y = x.detach()\ny", 1, "does not depend on a floating point input"),
    ],
)
def test_a_missing_gradient_is_said(text: str, given: Any, notice: str) -> None:
    (said,) = evaluate(text, {"x": given}).notices
    assert said.startswith("no gradient")
    assert notice in said
    assert evaluate(text, {"x": given}, grad=False).notices == ()


@pytest.mark.parametrize("text", ["1 + 1", "math.sin(1)", "tensor([1, 2])", "float(2)"])
def test_nothing_is_said_where_no_gradient_was_to_be_expected(text: str) -> None:
    assert evaluate(text).notices == ()


def test_the_reference_gives_the_same_number_where_a_gradient_is_cut() -> None:
    assert answer("math.sin(x)*x", x=1.0)[1] == {"x": pytest.approx(0.8414709848)}


# ---- a text of a table's rows ---------------------------------------------------------------------


def batch(expression: str, rows: str, *options: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "autodiff_cli", "batch", expression, "--format", "csv", *options],
        input=rows,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_row_has_the_value_of_the_assigned_name() -> None:
    table = "value,grad_S,grad_K\n6.0,3.0,2.0\n"
    assert batch("price = S*K", "S,K\n2,3\n") == (0, table, "")
    assert batch("a = b = S*K", "S,K\n2,3\n", "--quiet") == (0, table, "")


def test_a_column_of_the_name_that_is_assigned_is_no_input() -> None:
    assert batch("x = 2*y; x", "x,y\n5,3\n") == (0, "value,grad_y\n6.0,2.0\n", "")
    assert batch("x = y*1\nx *= 2", "x,y\n5,3\n", "--quiet")[:2] == (0, "value,grad_y\n6.0,2.0\n")


@pytest.mark.parametrize(
    "text", ["for i in range(2): print(x)", "import torch", "y = x\nif y > 0: y"]
)
def test_rows_need_a_value(text: str) -> None:
    code, out, err = batch(text, "x\n1\n")
    assert (code, out) == (1, "")
    assert "the text ends in a statement" in err
    assert "NoValue" not in err


def test_a_cut_gradient_is_said_once_for_all_rows() -> None:
    code, out, err = batch("x*math.sin(x)", "x\n0\n0\n")
    assert (code, out) == (0, "value,grad_x\n0.0,0.0\n0.0,0.0\n")
    assert err.count("no gradient flows through math.sin(x)") == 1
    assert "no gradient" not in batch("x*math.sin(x)", "x\n0\n", "--values-only")[2]
    assert batch("x*math.sin(x)", "x\n0\n0\n", "--quiet") == (0, out, "")


def test_errors_are_of_the_projects_tree() -> None:
    for text in ("x = 1", "import torch", ""):
        with pytest.raises(AutodiffError):
            evaluate(text, {"x": 3})
