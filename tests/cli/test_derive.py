"""`autodiff derive`: what it prints, what reads it back, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PIPED = [
    ("mean(3*(x+2)**2)", ["x=ones(2,2)"]),
    ("x**x", ["x=2"]),
    ("norm(x)", ["x=[3,4]"]),
    ("F.binary_cross_entropy_with_logits(x@w+b, y)",
     ["x=ones(2)", "w=[[1,-1],[0,2]]", "b=[0.5,0]", "y=tensor([0.,1.])", "--wrt", "w,b"]),
    ("y = sin(x); y*x", ["x=2"]),
    ("x.cumprod(0)", ["x=[1,0,2]"]),
    ("F.max_pool2d(x, 2).sum()", ["x=arange(16.).reshape(1,1,4,4)"]),
    ("sum(x[1:]*x[:-1])", ["x=[1,2,3]"]),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "words"), PIPED, ids=[e for e, _ in PIPED])
def test_the_text_reads_back_and_gives_the_gradient(
    run: Any, tmp_path: Path, expression: str, words: list[str]
) -> None:
    code, text, _ = run("derive", expression, *words)
    assert code == 0
    path = tmp_path / "formula"
    path.write_text(text)
    inputs = [word for word in words if "=" in word]
    names = words[words.index("--wrt") + 1 :] if "--wrt" in words else []
    code, out, _ = run(f"@{path}", *inputs, "--no-grad", "--json")
    assert code == 0
    value = json.loads(out)["value"]
    wrt = names[0].split(",") if names else [word.partition("=")[0] for word in inputs]
    seeds = ["--seed", "ones(3)"] if expression == "x.cumprod(0)" else []
    _, out, _ = run(expression, *inputs, "--json", *seeds, *(["--wrt", *names] if names else []))
    grads = json.loads(out)["grads"]
    found = value if len(wrt) > 1 else [value]
    for name, array in zip(wrt, found, strict=True):
        assert flat(array) == pytest.approx(flat(grads[name]), rel=1e-5)


def flat(value: Any) -> list[float]:
    return [n for entry in value for n in flat(entry)] if isinstance(value, list) else [value]


def test_json_has_a_line_for_each_input(run: Any) -> None:
    code, out, _ = run("derive", "sum(a*x**2)", "a=2", "x:n,3", "--json")
    first, second = map(json.loads, out.splitlines())
    assert code == 0
    assert (first["wrt"], first["text"], first["shape"]) == ("a", "sum(x**2)", [])
    assert (second["wrt"], second["text"], second["shape"]) == ("x", "2*a*x", ["n", 3])
    assert second["checked"]["points"] == 4 and len(second["checked"]["sizes"]) == 4


def test_a_condition_is_said(run: Any) -> None:
    _, out, _ = run("derive", "norm(x)", "x=[3,4]", "--json")
    assert json.loads(out)["conditions"] == ["norm(x) != 0"]


def test_where_the_derivative_is_not_finite_is_said(run: Any) -> None:
    code, out, _ = run("derive", "sqrt(x)", "x=-1")
    note, title, formula = out.splitlines()
    assert (code, note) == (0, "# at the given values the derivative isn't finite")
    assert "equal at 2 points" in title  # of which one has a finite derivative
    assert formula == "1/(2*sqrt(x))"


def test_names_are_the_users(run: Any) -> None:
    assert run("derive", "y = sin(x); y*x", "x")[1] == (
        "# d/dx, checked: equal at 4 points\ny = sin(x)\nx*cos(x) + y\n"
    )
    # a name that is given away is none
    assert run("derive", "y = x*2; y = y*x; y", "x")[1].endswith("\n4*x\n")
    # t1 is taken
    text = run("derive", "softmax(t1, 0)[0]", "t1:3")[1]
    assert "t2 = softmax(t1, dim=0)" in text


def test_functions_keep_their_module_where_an_input_has_their_name(run: Any) -> None:
    assert run("derive", "torch.exp(exp)", "exp")[1].endswith("\ntorch.exp(exp)\n")


def test_a_name_without_a_value_is_a_number(run: Any) -> None:
    assert run("derive", "P*exp(r*t)", "--wrt", "t")[1].endswith("\nP*r*exp(r*t)\n")
    assert run("derive", "pi*r**2")[1].endswith("\n2*pi*r\n")  # which has one


def test_expand_names_and_inline(run: Any) -> None:
    assert run("derive", "(x+1)**2", "x", "--expand")[1].endswith("\n2*x + 2\n")
    shared = "sigmoid(x)*sigmoid(x + y)"
    assert "t1 = " in run("derive", shared, "x", "y", "--names")[1]
    assert "t1" not in run("derive", shared, "x", "y", "--inline")[1]


def test_output_is_written_whole(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "gradient.py"
    words = ["sum(exp(A@x))", "A:n,m", "x:m", "--wrt", "x", "--to", "numpy", "--function", "f"]
    assert run("derive", *words, "-o", str(path)) == (0, "", "")
    assert path.read_text().startswith("import numpy as np\n\n\ndef f(A, x):\n")


def test_programs(run: Any) -> None:
    program = "y = x*2\nwhile y.norm() < 100:\n    y = y*2\ny.sum()"
    code, out, err = run("derive", program, "x=[3.,4.]")
    assert (code, err) == (0, "")
    assert out.endswith("\n32*ones_like(x)\n")
    assert "where y.norm() < 100 was true 4 times, then false" in out
    code, _, err = run("derive", "y = x*1\ny[0] = 3\nz = y*x\ny[1] = 2\nz.sum()", "x=[1.,2.]")
    assert code == 1 and "the program has no formula" in err


def test_turns_of_loops_are_said(run: Any) -> None:
    _, out, _ = run("derive", "y = x\nfor k in range(3):\n    y = y*x\ny", "x=2.")
    assert out.startswith(
        "# a program: 'for k in range(3)' took 3 turns; no tensor decided what runs\n"
    )
    _, out, _ = run(
        "derive", "y = x\nif y > 1:\n    y = y*x\nfor k in range(2):\n    y = y*x\ny", "x=2."
    )
    assert "for these inputs alone, where y > 1 was true, 'for k in range(2)' took 2 turns" in out


@pytest.mark.parametrize(
    ("line", "said", "place"),
    [
        ("print(y)", "it uses print", "print"),
        ("y[0] = 1", "it writes to an item", "y[0]"),
        ("y.add_(1)", "it writes to a tensor, by add_", "y.add_"),
        ("y.register_hook(lambda g: g)", "it uses register_hook", "y.register_hook"),
        ("class C:\n    pass", "it defines a class", "class C:"),
        ("z = y[:1]; y += 1; y = y*z.sum()", "here it writes to a tensor", "y += 1"),
    ],
)
def test_effects_are_said_with_their_place(run: Any, line: str, said: str, place: str) -> None:
    code, _, err = run("derive", f"y = x*2\n{line}\ny.sum()", "x=[1.,2.]")
    message, source, carets, *_ = err.split("\n")
    assert code == 1 and said in message
    assert place in source and set(carets.strip()) == {"^"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["x**2", "x:0"], 2, "a size is a name or a number from 1 on"),
        (["x**2", "x:n,"], 2, "a size is a name or a number"),
        (["x**2", "x=1", "x:n"], 2, "'x' is bound twice"),
        (["x**2", "x", "y:n"], 1, "the expression doesn't read it"),
        (["x**2", "x", "--wrt", "y"], 1, "is not an input"),
        (["x**2", "x=[1,2]", "--hessian"], 1, "ask for --jacobian"),
        (["sum(x)", "x=[1,2]", "--order", "2"], 1, "--order is for numbers"),
        (["x**2", "x", "--names", "--inline"], 2, "opposites"),
        (["x**2", "x", "--jacobian", "--order", "2"], 2, "ask one at a time"),
        (["x**2", "x", "--function", "f", "--to", "latex"], 2, "latex has none"),
        (["x**2", "x", "--function", "1f"], 2, "takes a name"),
        (["x**2", "x", "--function", "class"], 2, "takes a name"),
        (["sin(x)", "x", "--to", "python", "--function", "math"], 1, "'math' is a module"),
        (["sin(np)*2", "np", "--to", "numpy", "--function", "f"], 1, "'np' is a module"),
        (["x**2", "x", "--to", "numpy", "--function", "x"], 1, "'x' is an input"),
        (["d_x*x**2", "x", "d_x"], 1, "is what a derivative is called"),
        (["sum(x**2)", "x:n", "--hvp", "x=x"], 1, "called 'x', which is an input"),
        (["x*y", "x:n", "y:n", "--seed", "y"], 1, "called 'y', which is an input"),
        (["A@x", "A:n,m", "x:n"], 1, "mat (nxm), vec (n)"),
        (["if x > 0:\n    y = x\nelse:\n    y = -x\ny", "x"], 1, "give x one"),
        (["x**2", "x=[1,2]", "--seed", "[1,2,3]"], 1, "the seed has shape [3]"),
        (["x**2", "x=[1,2]", "--seed", "ones(2)", "--jacobian"], 1, "leave out --seed"),
        (["x**2", "x=tensor([1,2])"], 1, "nothing to differentiate by"),
        (["x.detach()", "x=2"], 1, "does not require grad"),
        (["rand(3)*x", "x=2"], 1, "random draws have no formula"),
        (["x@y", "x:n", "y:m"], 1, "expected tensor [n] and src [m]"),
        (["x, x", "x=1"], 1, "the result is not one tensor"),
        (["sum(x)", "x:n", "--to", "python"], 1, "numbers alone"),
        (["x.cummax(0)[0]", "x:n", "--to", "numpy"], 1, "has no words here"),
        (["F.max_pool2d(x,2)", "x=rand(1,1,2,2)", "--to", "jax"], 1, "no words here for 'F.max_pool2d(x,2)'"),
        (["sum(sqrt(-x-5))", "x:n"], 1, "give values instead of shapes"),
        (["sum(x**2)", "x:n", "--hvp", "y=v"], 1, "is not an input"),
        (["x", "x=2", "-o", "/nonexistent/f"], 1, "can't be written"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)  # fmt: skip
def test_what_is_refused_says_why(run: Any, words: list[str], code: int, said: str) -> None:
    found, out, err = run("derive", *words)
    assert (found, out) == (code, "")
    assert said in err


def test_an_input_may_be_there_for_its_size_alone(run: Any, tmp_path: Path) -> None:
    code, out, _ = run("derive", "sum(w**2)/n", "w:3", "x:n")
    assert code == 0 and "2*w/n" in out and "d_x" not in out
    path = tmp_path / "gradient.txt"
    path.write_text(out)
    code, out, _ = run("--no-grad", f"@{path}", "w=[1,2,3]", "x=[1,2]")
    assert code == 0 and out.startswith("value: tensor([1., 2., 3.]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("int(x)*x", "int(x) read 2.5"),
        ("x if x > 1 else 2*x", "x > 1 was true"),
        ("x.item()//1*x", "x.item() read 2.5"),
        ("sum(stack([x, -x])[stack([x, -x]) > 0])", "read values"),
    ],
)
def test_what_values_decided_is_said(run: Any, text: str, said: str) -> None:
    code, out, _ = run("derive", text, "x=2.5")
    assert code == 0 and "# for these inputs alone, where" in out and said in out
    code, out, _ = run("explain", text, "x=2.5")
    assert code == 0 and said in out
    assert "for these inputs" not in run("derive", "x**3", "x=2.5")[1]
