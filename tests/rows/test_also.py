"""Names that a text assigns as answers: their values and gradients are those of a text that ends in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff_cli.errors import AutodiffError
from autodiff_cli.rows.columns import batch

TEXTS = {
    "an expression": "p = x*y; c = p**2; p - c",
    "a program": "def f(a):\n    inner = a*x\n    return inner\np = f(y)\nc = p.sin()\nc + p",
    "a loop": "p = x\nfor k in range(3): p = p*y\nc = p + 1\np*c",
    "what depends on a row": "p = x*y if x > 0 else x - y\nc = p.exp()\np + c",
    "row by row": "p = x*float(y) + y\nc = p*p\np*c",
    "with effects": "print(end='')\np = x*y\nc = p.cos()\np + c",
    "written to": "p = x*y\np *= 2\nc = p + y\nc",
}


def columns() -> dict[str, Any]:
    draw = np.random.default_rng(8)
    return {name: draw.normal(size=20) for name in ("x", "y")}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_they_are_what_the_text_would_end_in(text: str) -> None:
    found = batch(text, columns(), also=["p", "c"])
    plain = batch(text, columns())
    assert list(found) == [
        "value", "grad_x", "grad_y", "p", "grad_p_x", "grad_p_y", "c", "grad_c_x", "grad_c_y",
    ]  # fmt: skip
    for name, column in plain.items():
        np.testing.assert_array_equal(found[name], column)
    for name in ("p", "c"):
        own = batch(f"{text}\n{name}" if "\n" in text else f"{text}; {name}", columns())
        np.testing.assert_array_equal(found[name], own["value"])
        for other in ("x", "y"):
            np.testing.assert_array_equal(found[f"grad_{name}_{other}"], own[f"grad_{other}"])


def test_a_way_that_does_not_assign_a_name_has_no_value_there() -> None:
    rows = {"x": [1.0, -1.0], "y": [3.0, 4.0]}
    found = batch("if x > 0: p = x*y\nelse: q = 2*x\nx", rows, also=["p", "q"])
    np.testing.assert_array_equal(found["p"], [3, np.nan])
    np.testing.assert_array_equal(found["grad_q_x"], [np.nan, 2])


@pytest.mark.parametrize("effect", ["", "print(end='')\n"])
def test_what_is_no_floating_scalar_has_no_gradients(effect: str) -> None:
    rows = {"x": [[1.0, 2.0], [3.0, 4.0]]}
    found = batch(f"{effect}v = x*2\nn = 3\nb = x.sum() > 4\nv.sum()", rows, also=["v", "n", "b"])
    assert list(found) == ["value", "grad_x", "v", "n", "b"]
    assert [np.asarray(found[name]).tolist() for name in ("v", "n", "b")] == [
        [[2, 4], [6, 8]], [3, 3], [False, True],
    ]  # fmt: skip


def test_gradients_are_those_that_are_asked_for() -> None:
    assert list(batch("p = x*y; p + x", columns(), also=["p"], wrt=["y"])) == [
        "value", "grad_y", "p", "grad_p_y",
    ]  # fmt: skip
    assert list(batch("p = x*y; p + x", columns(), also=["p"], grad=False)) == ["value", "p"]


@pytest.mark.parametrize(
    ("text", "also", "words"),
    [
        ("price = x*y; price", "prise", "'prise', which the text doesn't assign; it assigns price"),
        ("p = x*y; p", "x", "--also names 'x'"),
        ("def f(a):\n    b = a\n    return b\nf(x)", "b", "it assigns f"),
        ("value = x*y; value + x", "value", "two of the answers are called 'value'"),
        ("f = lambda a: a; f(x)", "f", "f is a function"),
        ("x*y", "p", "it assigns none"),
    ],
)
def test_wrong_names(text: str, also: str, words: str) -> None:
    with pytest.raises(AutodiffError, match=words):
        batch(text, columns(), also=[also])
