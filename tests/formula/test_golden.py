"""The recorded expressions derived: the formula is the gradient, and nearly always a formula.

`derive` itself compares what it gives, and refuses what doesn't agree; here it is compared once more, with
another cotangent, and the calls of reverse mode are counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_cli.evaluation import evaluate
from autodiff_cli.evaluation.derivation import derive
from autodiff_cli.inputs import bind
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import started
from autodiff_cli.ir.node import Node
from autodiff_cli.source import Source

RECORDS = json.loads((Path(__file__).parent.parent / "golden" / "expressions.json").read_text())
RANDOM = ("rand", "dropout", "normal", "bernoulli", "gumbel", "fractional")
CALLS = 0.05  # of the expressions, at most
PARTS = 8


def is_special(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(is_special, value))
    return isinstance(value, str) or (isinstance(value, float) and not math.isfinite(value))


def expressions() -> Iterator[tuple[str, dict[str, str]]]:
    """Those with a gradient, of ordinary numbers, without random draws; each once."""
    seen = set()
    for record in RECORDS:
        text = record["expression"]
        key = text, json.dumps(record["inputs"])
        if not record.get("grads") or key in seen or any(word in text for word in RANDOM):
            continue
        if is_special(record["value"]) or any(map(is_special, record["grads"].values())):
            continue
        seen.add(key)
        yield text, record["inputs"]


ALL = list(expressions())


def cotangent(shape: tuple[int, ...]) -> Any:
    return np.cos(1.7 * np.arange(1, math.prod(shape) + 1)).reshape(shape)


def problem(text: str, given: dict[str, str]) -> str:
    """What is wrong with an expression's formula; "call" if it is none."""
    with started(dtype=dtypes.float64):
        bound = {name: bind(name, value) for name, value in given.items()}
    inputs: dict[str, Any] = {
        name: value.value if isinstance(value, Node) else given[name]
        for name, value in bound.items()
    }
    for name, array in inputs.items():
        if isinstance(array, np.ndarray) and array.dtype.kind == "f":
            inputs[name] = array.astype(np.float64)
    shape = evaluate(text, inputs, grad=False, dtype="float64").value.array.shape
    derivation = derive(text, inputs, seed="seed" if shape else None)
    seeds = [cotangent(shape)] if shape else []
    wanted = evaluate(text, inputs, seeds=seeds, dtype="float64").gradients[0].by_input
    seed = {"seed": seeds[0]} if shape else {}
    found = evaluate(
        Source(derivation.text, "formula"), inputs | seed, grad=False, dtype="float64"
    ).value
    values = found if type(found) is tuple else (found,)
    for formula, tensor in zip(derivation.formulas, values, strict=True):
        gradient = wanted[formula.wrt[0]]
        expected = np.zeros(tensor.array.shape) if gradient is None else gradient.array
        if not np.allclose(tensor.array, expected, rtol=1e-9, atol=1e-10, equal_nan=True):
            return f"{text} {given}: {formula.text} is {tensor.array}, not {expected}"
    return "call" if derivation.call or derivation.parts else ""


@pytest.mark.parametrize("part", range(PARTS))
def test_formulas_are_the_gradients(part: int) -> None:
    chosen = ALL[part::PARTS]
    outcomes = [problem(text, given) for text, given in chosen]
    assert [outcome for outcome in outcomes if outcome not in ("", "call")] == []
    assert outcomes.count("call") <= math.ceil(CALLS * len(chosen))


def test_there_are_many() -> None:
    assert len(ALL) > 1300
