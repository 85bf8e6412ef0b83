"""Expressions: what they can reach, and in which order things happen."""

from __future__ import annotations

from typing import Any

import pytest

from autodiff_cli.errors import AutodiffError, LimitError, NameFault, SourceSyntaxError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.interpret import modules
from autodiff_cli.vocabulary.calls.handles import NAMES
from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES, FUNCTIONS, METHODS


def value(text: str, **inputs: Any) -> Any:
    return evaluate(text, inputs, grad=False).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 and 0 or 3", 3),
        ("0 and 1/0", 0),
        ("1 or 1/0", 1),
        ("3 if False else 4", 4),
        ("1 if True else 1/0", 1),
        ("1 < 2 < 3 < 4", True),
        ("3 > 2 > 5 > 1/0", False),
        ("not 0", True),
        ("2 in [1, 2]", True),
        ("'b' not in 'abc'", False),
        ("None is None", True),
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("(1, 2) + (3,)", (1, 2, 3)),
        ("[1, 2] * 2", [1, 2, 1, 2]),
        ("max(3, 1, 2)", 3),
        ("min([3, 1, 2])", 1),
        ("sum([1, 2], 10)", 13),
        ("list((1, 2))", [1, 2]),
        ("len('abc')", 3),
        ("math.hypot(3, 4)", 5.0),
        ("f = exp; len(f(zeros(3)))", 3),
        ("bool([])", False),
    ],
)
def test_python_values(text: str, expected: object) -> None:
    assert value(text) == expected


def test_a_condition_forces_only_what_it_needs() -> None:
    assert value("2 if x.sum() > 2 else 1/0", x=[1.0, 2.0]) == 2


def test_builtin_sum_of_tensors_adds_them_up() -> None:
    assert evaluate("sum([x, x*2])", {"x": 1.0}).value.grad_fn == "AddBackward0"
    assert evaluate("sum(x)", {"x": [1.0, 2.0]}).value.grad_fn == "SumBackward0"


def test_spread_and_keywords() -> None:
    assert value("x.permute(*[1, 0]).shape", x="ones(2, 3)") == (3, 2)
    with pytest.raises(SourceSyntaxError, match="keyword argument repeated: dim"):
        value("sum(x, dim=0, dim=0)", x="ones(2)")
    with pytest.raises(SourceSyntaxError, match="positional argument follows keyword argument"):
        value("sum(dim=0, x)", x="ones(2)")


@pytest.mark.parametrize("name", ["__import__", "eval", "exec", "open", "compile", "locals", "os", "sys",
                                  "breakpoint", "memoryview", "__builtins__", "__build_class__"])  # fmt: skip
def test_names_outside_the_list(name: str) -> None:
    with pytest.raises(NameFault, match=f"name '{name}' is not defined"):
        value(f"{name}('x')")


@pytest.mark.parametrize(
    "text",
    ["x.__dict__", "x.op", "x.operands", "x.value", "x.span", "x.shape.__dict__",
     "torch.__builtins__", "torch.os", "torch.load", "math.__loader__", "exp.__globals__",
     "exp.implementations", "exp.call", "x.sum.function", "x.sum.__self__", "'a'.__dict__",
     "(1).__reduce__", "[].sort_keys", "x.max(0).__dict__", "torch.float32.numpy", "F.call",
     "torch.nn.functional.__loader__", "x.dtype.__slots__", "sum.call", "math.sqrt.call",
     "(1.5).fromhex", "'a'.encoding", "x.storage", "x.numpy_"],
)  # fmt: skip
def test_attributes_outside_the_list(text: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        value(text, x="ones(2)") if "x." in text else value(text)
    assert "no attribute" in caught.value.message


@pytest.mark.parametrize(
    "text",
    ["9**9**9", "2**100000", "'a' * 10**12", "[0] * 10**12", "(1,) * 10**10", "10**12 * 'a'",
     "ones(10**6, 10**6)", "eye(10**6)", "arange(10**12)", "linspace(0, 1, 10**12)", "rand(10**10)",
     "randperm(10**12)", "zeros(1).expand(10**12)", "outer(ones(10**6), ones(10**6))",
     "ones(10**5, 1) + ones(1, 10**5)", "mm(ones(10**6, 1), ones(1, 10**6))", "full((10**12,), 1)",
     "cat([ones(10**9), ones(10)])"],
)  # fmt: skip
def test_limits_are_at_once(text: str) -> None:
    with pytest.raises(LimitError):
        value(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("exp(1000)", "it takes a tensor: tensor(1000.0)"),
        ("mean([1, 2])", "it takes a tensor: tensor([...])"),
        ("x.sun()", "did you mean 'sum'?"),
        ("x.LOG()", "did you mean 'log'?"),
        ("cot(x)", "write 1/tan(x)"),
        ("(x + 1)(x - 1)", "write * to multiply: (x + 1)*(x - 1)"),
        ("softmax(x)", "it takes softmax(input, dim, dtype=None)"),
    ],
)
def test_hints_say_what_to_type(text: str, hint: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        value(text, x=1.0)
    assert caught.value.hint == hint


def test_every_public_name_is_reachable() -> None:
    for name in FUNCTIONS:
        prefix, _, bare = name.rpartition(".")
        module = {"": "torch", "F": "torch.nn.functional", "linalg": "torch.linalg",
                  "special": "torch.special"}[prefix]  # fmt: skip
        found = modules.module(module).member(bare)
        assert name in NAMES or found.function is FUNCTIONS[name]


def test_signatures_of_every_entry_parse_and_name_what_the_implementation_takes() -> None:
    """Each implementation's parameters stand in its signature."""
    from autodiff_cli.vocabulary.calls.signature import Overloads

    for method, table in ((False, FUNCTIONS), (True, METHODS)):
        for function in table.values():
            if function.in_python:
                continue
            overloads = Overloads(function.name.rpartition(".")[2], function.texts, method=method)
            assert overloads.signatures, function.name
            for text, implementation in zip(function.texts, function.implementations, strict=True):
                code = implementation.__code__
                taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
                # of several texts that an implementation serves, not every one gives what has a default
                needed = taken[: code.co_argcount - len(implementation.__defaults__ or ())]
                for name in needed:
                    assert f" {name}" in text or name in ("_dtype", "generator"), f"{text}: {name}"


def test_attributes_are_not_methods() -> None:
    assert not set(ATTRIBUTES.names()) & set(METHODS.names())
