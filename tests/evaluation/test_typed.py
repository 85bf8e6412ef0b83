"""Sessions as they are typed: what is shown, what is part of them, what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.evaluation.interactive import Interactive
from autodiff_cli.evaluation.typed import Desk, Failed, statements
from autodiff_cli.settings import Settings


class Typed:
    """A session, and what it prints."""

    def __init__(self, session: Interactive, printed: list[str]) -> None:
        self.desk = Desk(session)
        self.session = session
        self.printed = printed

    def shown(self, text: str) -> str:
        """What is printed when a text is run."""
        self.printed.clear()
        self.desk.run(text)
        return "".join(self.printed)


@pytest.fixture
def typed() -> Iterator[Typed]:
    printed: list[str] = []
    settings = Settings(max_steps=1000)
    with Interactive(settings, write=printed.append, complain=printed.append) as session:
        yield Typed(session, printed)


def refused(typed: Typed, text: str) -> Failed:
    with pytest.raises(Failed) as caught:
        typed.desk.run(text)
    return caught.value


# ---- what is shown ---------------------------------------------------------------------------------


def test_a_result_is_shown_with_the_gradients_that_it_has(typed: Typed) -> None:
    typed.desk.bind("x", "3")
    typed.desk.bind("w", "[1, 2]")
    assert typed.shown("x**2") == (
        "value: tensor(9., grad_fn=<PowBackward0>)\nx.grad: tensor(6.)\n"
    )
    assert typed.shown("sum(w*w)*x").splitlines()[1:] == [
        "x.grad: tensor(5.)",
        "w.grad: tensor([ 6., 12.])",
    ]
    assert typed.shown("1 + 1") == "2\n"
    assert typed.shown("x") == "tensor(3., requires_grad=True)\n"
    assert typed.shown("y = x + 1") == ""


def test_two_names_of_an_input_are_one(typed: Typed) -> None:
    typed.desk.bind("x", "3")
    assert "y.grad" not in typed.shown("y = x\nx*y")
    assert typed.printed[-1].endswith("x.grad: tensor(6.)\n")


def test_what_a_backward_pass_has_freed_is_shown_without_gradients(typed: Typed) -> None:
    typed.desk.bind("x", "3")
    shown = typed.shown("y = x**2\ny.backward()\ny")
    assert shown.startswith("note: no gradients: Trying to backward through the graph a second")
    assert shown.endswith("tensor(9., grad_fn=<PowBackward0>)\n")
    assert typed.shown("x.grad") == "tensor(6.)\n"


def test_the_last_value_has_a_name(typed: Typed) -> None:
    typed.shown("3 + 4")
    assert typed.shown("_ * 2") == "14\n"
    assert typed.shown("y = 1") == "" and typed.shown("_") == "14\n"


def test_how_gradients_come_is_said_once(typed: Typed) -> None:
    assert ".input x=4 makes it an input" in typed.shown("x = 4\nx**2")
    assert typed.shown("x**2") == "16\n"
    assert typed.shown("x") == "4\n"


def test_what_a_caret_means_is_said(typed: Typed) -> None:
    said = "note: '^' is Python's exclusive or of whole numbers; a power is x**2"
    assert typed.shown("6^3") == f"5\n{said}\n"


def test_a_loop_shows_each_of_its_values(typed: Typed) -> None:
    assert typed.shown("for i in range(3):\n    i") == "0\n1\n2\n"


# ---- what is part of it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x = 1; y = 2", ["x = 1", "y = 2"]),
        ("x = 1  # one\ny = ';'\n", ["x = 1  # one", "y = ';'"]),
        (
            "@a\n@b(1)\ndef f():\n    return 1\n\n\nf()",
            ["@a\n@b(1)\ndef f():\n    return 1", "f()"],
        ),
        ("if x:\n  y\nelse:\n  z\nw", ["if x:\n  y\nelse:\n  z", "w"]),
        ("", []),
    ],
)
def test_statements(text: str, parts: list[str]) -> None:
    assert list(statements(text)) == parts


def test_what_ends_well_before_an_error_stays(typed: Typed) -> None:
    failed = refused(typed, "x = 2; y = men(x); z = 3")
    assert failed.done == ["x = 2"]
    assert str(failed).splitlines()[:3] == [
        "NameError: name 'men' is not defined",
        "  y = men(x)",
        "      ^^^",
    ]
    assert typed.desk.variables() == ["x"]
    assert [done.text for done in typed.desk.done] == ["x = 2"]


def test_a_session_runs_again_as_it_ran(typed: Typed) -> None:
    first = "".join(
        typed.shown(text)
        for text in (
            "x = tensor([1., 2.], requires_grad=True)",
            "y = (x*x).sum()",
            "y",
            "def f(a):\n    return a + _",
            "f(x).sum()",
            "torch.manual_seed(1); rand(2)",
        )
    )
    texts = [done.text for done in typed.desk.done]
    printed: list[str] = []
    with Interactive(Settings(), write=printed.append, complain=printed.append) as session:
        Desk(session).run("\n".join(texts))
    assert "".join(printed) == first


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("3", ["x = tensor(3., requires_grad=True)"]),
        ("-2.5e-1", ["x = tensor(-2.5e-1, requires_grad=True)"]),
        ("[[1,-2],[3.5,4]]", ["x = tensor([[1.,-2.],[3.5,4.]], requires_grad=True)"]),
        ("ones(2,2)", ["x = ones(2,2)", "x = x.requires_grad_()"]),
        ("tensor([0,2])", ["x = tensor([0,2])"]),
    ],
)
def test_an_input_is_what_it_is_on_the_command_line(
    typed: Typed, value: str, made: list[str]
) -> None:
    assert typed.desk.bind("x", value) == made
    given = typed.session.variables["x"]
    same = evaluate("x", {"x": value}, grad=False).value
    assert np.array_equal(given.node.value, same.array)
    assert (given.node.dtype.name, given.requires_grad) == (same.dtype, same.requires_grad)


def test_an_input_may_be_an_array(typed: Typed) -> None:
    assert typed.desk.bind("x", np.array([1.0, 2.0], np.float32)) == []
    assert typed.shown("sum(x*x)").endswith("x.grad: tensor([2., 4.])\n")


# ---- errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2x", "hint: write 2*x"),
        ("ones(2)^2", "hint: write '**' for a power"),
        ("q", "hint: type .input q=3"),
        ("x +", "SyntaxError"),
        ("def f(:", "SyntaxError"),
        ("print 'a'", "Missing parentheses in call to 'print'"),
        ("tensor([1., 2.]) @ tensor([1.])", "RuntimeError"),
        ("1/0", "ZeroDivisionError: division by zero\n  1/0\n  ^^^"),
        ("raise ValueError('no')", "ValueError: no"),
    ],
)
def test_errors_have_a_place_and_what_to_type(typed: Typed, text: str, says: str) -> None:
    typed.desk.run("x = 2")
    assert says in str(refused(typed, text))


def test_an_error_within_a_function_has_the_way_there(typed: Typed) -> None:
    typed.desk.run("def f(a):\n    return a + b")
    said = str(refused(typed, "f(1)"))
    assert said.startswith("Traceback") and "in f\n    return a + b" in said


def test_each_text_may_take_as_many_steps(typed: Typed) -> None:
    for _ in range(2):
        assert "1,000 steps" in str(refused(typed, "while True:\n    pass"))
    typed.desk.run("def f():\n    for i in range(600): pass")
    for _ in range(3):
        typed.desk.run("f()")


def test_an_interrupted_text_leaves_the_session(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any) -> None:
        raise KeyboardInterrupt

    typed.desk.run("x = 1")
    with monkeypatch.context() as patch:
        patch.setattr(typed.desk, "_run", interrupted)
        assert str(refused(typed, "x = 2")) == "interrupted"
    assert typed.shown("x") == "1\n"


# ---- what other commands are asked ------------------------------------------------------------------------


def asked(typed: Typed, text: str = "") -> tuple[float, dict[str, list[Any]]]:
    """What the command would print of a question: its value and gradients."""
    question, words, wrt = typed.desk.question(text)
    inputs = dict(word.split("=", 1) for word in words)
    result = evaluate(question, inputs, wrt=wrt)
    return float(result.value), {name: grad.tolist() for name, grad in result.grad.items()}


def test_a_question_is_the_last_result_with_all_that_it_is_made_of(typed: Typed) -> None:
    typed.desk.bind("x", "3")
    typed.desk.run("k = 2\nunused = 5\ndef f(a):\n    return a*k\ny = f(x) + 1\ny*y")
    text, words, _ = typed.desk.question("")
    assert "unused" not in text and words == ["x=3.0"]
    assert asked(typed) == (49.0, {"x": 28.0})


def test_a_question_may_be_typed(typed: Typed) -> None:
    typed.desk.bind("x", "[1, 2]")
    typed.desk.bind("t", "tensor([1., 0.])")
    typed.desk.run("t = t.detach()")
    assert asked(typed, "sum(x*x*t)") == (1.0, {"x": [2.0, 0.0]})


def test_the_last_value_is_written_out(typed: Typed) -> None:
    typed.desk.bind("x", "3")
    typed.desk.run("x**2")
    typed.desk.run("_ + x")
    assert asked(typed) == (12.0, {"x": 7.0})
    assert asked(typed, "2*_") == (24.0, {"x": 14.0})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_inputs_are_written_to_all_digits(typed: Typed, dtype: str) -> None:
    typed.desk.run(f"x = tensor([1/3, 1e-30, inf], dtype=torch.{dtype}, requires_grad=True)")
    _, words, _ = typed.desk.question("x.sum()")
    value = evaluate("x", dict(word.split("=", 1) for word in words), grad=False).value
    assert np.array_equal(value.array, typed.session.variables["x"].node.value)
    assert value.dtype == dtype


def test_a_question_that_needs_an_earlier_value_is_refused(typed: Typed) -> None:
    typed.desk.bind("x", "3")
    typed.desk.run("y = x*x")
    typed.desk.bind("x", "4")
    with pytest.raises(InputError, match="another value"):
        typed.desk.question("y")
    assert asked(typed, "x*x") == (16.0, {"x": 8.0})


def test_there_has_to_be_a_question(typed: Typed) -> None:
    with pytest.raises(InputError, match="nothing was shown yet"):
        typed.desk.question("")
    with pytest.raises(AutodiffError, match="operator"):
        typed.desk.question("2x")


def test_large_inputs_are_not_written_out(typed: Typed) -> None:
    typed.desk.run("x = ones(200, 200).requires_grad_()")
    with pytest.raises(InputError, match="40,000 elements"):
        typed.desk.question("x.sum()")


# ---- names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begun", "word"),
    [
        ("tan", "tanh"), ("xvalu", "xvalue"), ("xvalue.cumpr", "xvalue.cumprod"), ("F.gel", "F.gelu"),
        ("torch.nn.functional.mse", "torch.nn.functional.mse_loss"), ("math.sq", "math.sqrt"),
        (".unsq", ".unsqueeze"), ("nn.Line", "nn.Linear"), ("prin", "print"),
    ],
)  # fmt: skip
def test_names_are_completed(typed: Typed, begun: str, word: str) -> None:
    typed.desk.run("xvalue = ones(2)")
    assert word in typed.desk.names(begun)


def test_completing_runs_no_code_of_the_session(typed: Typed) -> None:
    typed.desk.run(
        "class A:\n    @property\n    def b(self):\n        print('run')\n        return self\na = A()"
    )
    assert typed.desk.names("a.") == ["a.b"]
    assert typed.desk.names("a.b.") == [] and typed.printed == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("x", "x: a tensor of shape [2], float32, an input"),
        ("x.sum", "sum(Tensor input"),
        ("f", "def f(a): return a"),
        ("n", "n: 3"),
    ],
)
def test_what_a_name_means(typed: Typed, name: str, says: str) -> None:
    typed.desk.run("x = ones(2, requires_grad=True)\nn = 3\ndef f(a): return a")
    assert typed.desk.about(name).startswith(says)


@pytest.mark.parametrize("name", ["relu", "average", "x +", "__import__", ""])
def test_what_is_no_variable(typed: Typed, name: str) -> None:
    typed.desk.run("x = ones(2)")
    assert typed.desk.about(name) == ""


@pytest.mark.parametrize("name", ["x.nothing", "x.__globals__"])
def test_what_is_no_part_of_one(typed: Typed, name: str) -> None:
    typed.desk.run("x = ones(2)")
    with pytest.raises(InputError, match="none of its parts"):
        typed.desk.about(name)
