"""README's examples, executed: every `$` line's output and exit code; and the names that docs/ lists."""

from __future__ import annotations

import doctest
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from console import Example, examples, executed
from reference import differences

from autodiff_cli.evaluation import Tensor, evaluate

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
EXPRESSIONS = (ROOT / "docs" / "expressions.md").read_text()
RECORDS: list[dict[str, Any]] = [
    record
    for record in json.loads((ROOT / "tests/golden/expressions.json").read_text())
    if "error" not in record
]


@pytest.mark.parametrize("example", examples(README), ids=lambda e: e.command[:60])
def test_console_example(example: Example, tmp_path: Path) -> None:
    assert executed(example.command, tmp_path) == (example.output, example.code)


def test_there_are_examples() -> None:
    assert len(examples(README)) >= 10


def test_python_examples() -> None:
    test = doctest.DocTestParser().get_doctest(README, {}, "README", "README.md", 0)
    assert test.examples
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.failures == 0


# ---- what it lists is typed -----------------------------------------------------------------------


def listed() -> list[str]:
    """The names in the list of functions, as they are written there."""
    section = EXPRESSIONS.split("The functions, each")[1].split("## Inputs")[0]
    words = [word for words in re.findall(r"`([^`]*)`", section) for word in words.split()]
    grammar = {"and", "or", "not", "if", "else", "None"}
    return [w for w in words if re.fullmatch(r"[\w.]*[a-zA-Z]\w*", w) and w not in grammar]


# Calls of the names of which the recordings have none, and what they are equal to.
EQUAL = {
    "remainder": ("remainder(x, 2)", "x % 2"),
    "floor_divide": ("floor_divide(x, 2)", "x // 2"),
    "frac": ("frac(x)", "x - trunc(x)"),
    "sgn": ("sgn(x)", "sign(x)"),
    "special.softmax": ("special.softmax(x, 1)", "softmax(x, 1)"),
    "F.hardshrink": ("F.hardshrink(x)", "where(abs(x) > 0.5, x, 0.)"),
    "matrix_exp": ("matrix_exp(m)", "linalg.matrix_exp(m)"),
    "qr": ("qr(m)[1]", "linalg.qr(m)[1]"),
    "x.repeat": ("x.repeat(2, 1)", "cat([x, x])"),
    "x.unfold": ("x.unfold(1, 2, 1)", "stack([x[:, :2], x[:, 1:]], 1)"),
    "F.unfold": ("F.unfold(x.reshape(1, 1, 2, 3), (1, 3))", "x.T.unsqueeze(0)"),
}
GIVEN = {"x": "[[1.5, -2.25, 0.25], [3.5, -0.75, 4.0]]", "m": "[[2.0, 1.0], [0.5, 3.0]]"}


def calls(name: str) -> Iterator[dict[str, Any]]:
    """The recordings of a name, their expressions rewritten to call it as it is listed."""
    last = name.rpartition(".")[2]
    function = re.compile(rf"(?<![\w.])(?:torch\.)?{re.escape(name)}\(")
    method = re.compile(
        rf"(?<![\w.])(?!torch\b|F\b|linalg\b|special\b)(\w+)\.{last}\(((?:[^()]|\([^()]*\))*)\)"
    )
    for record in RECORDS:
        text = record["expression"]
        if name.startswith("x."):
            if re.search(rf"\.{last}\b", text):
                yield record
        elif function.search(text):
            yield record | {"expression": function.sub(f"{name}(", text)}
        elif method.search(text):
            yield record | {"expression": method.sub(rf"{name}(\1, \2)", text)}
            yield record | {"expression": method.sub(rf"{name}(\1, (\2))", text)}


@pytest.mark.parametrize("name", listed())
def test_a_listed_name_answers_as_it_is_written(name: str) -> None:
    if name not in EQUAL:
        found = [(call["expression"], differences(call)) for _, call in zip(range(8), calls(name))]
        assert [] in [wrong for _, wrong in found], found
        return
    differentiable = name != "floor_divide"
    called, same = [
        evaluate(
            text,
            {given: value for given, value in GIVEN.items() if re.search(rf"\b{given}\b", text)},
            grad=differentiable,
            jacobian=differentiable,
        )
        for text in EQUAL[name]
    ]
    assert isinstance(called.value, Tensor)
    np.testing.assert_array_equal(called.value.array, same.value.array)
    for input_name, jacobian in (called.jacobian or {}).items():
        assert same.jacobian is not None
        np.testing.assert_allclose(jacobian.array, same.jacobian[input_name].array, 1e-5, 1e-6)


def test_the_list_is_long() -> None:
    assert len(listed()) > 300


def prefixes() -> list[str]:
    section = EXPRESSIONS.split("# Expressions")[1].split("```")[0]
    return [word for word in re.findall(r"`([^`]*)`", section) if word.endswith(".")]


@pytest.mark.parametrize("prefix", prefixes())
def test_a_prefix_stands_before_functions(prefix: str) -> None:
    name = {"linalg": "norm", "special": "erf"}.get(prefix.split(".")[-2], "relu")
    for text in (f"{prefix}{name}(x)", f"for i in []: pass\n{prefix}{name}(x)"):
        gradient = evaluate(text, {"x": 0.5}).gradients[0].by_input["x"]
        assert gradient is not None and gradient.array > 0


def test_the_prefixes_are_those_of_the_vocabulary() -> None:
    from autodiff_cli.interpret.names import IMPLICIT, SHORT, TORCH

    short = {**IMPLICIT, **SHORT}
    of_functions = {name: path for name, path in short.items() if path in TORCH}
    del of_functions["nn"], of_functions["optim"]  # whose names are classes
    both = {f"{name}." for pair in of_functions.items() for name in pair}
    assert set(prefixes()) == both | {"nn.functional."}


def test_it_is_short() -> None:
    assert README.count("\n") <= 130
