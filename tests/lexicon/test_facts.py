"""What examples show: derivatives that textbooks have, the graph's functions, and the page of all words."""

from __future__ import annotations

import math
import re
import shlex

import pytest
from console import ROOT

from autodiff_cli import evaluate
from autodiff_cli.lexicon.entries import Entry, entries
from autodiff_cli.lexicon.facts import Facts, facts
from autodiff_cli.lexicon.search import found
from autodiff_cli.render.lexicon import page

NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d*(?:e[-+]\d+)?")
KNOWN: dict[str, Facts] = {}


def known(entry: Entry) -> Facts:
    if entry.name not in KNOWN:
        KNOWN[entry.name] = facts(entry)
    return KNOWN[entry.name]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_examples_run(entry: Entry) -> None:
    shown = known(entry)
    assert shown.signatures and shlex.split(shown.command)[:2] == ["autodiff", entry.text]
    assert shown.output and " at 0x" not in shown.output
    assert bool(shown.derivative) <= bool(shown.grad_fn)


@pytest.mark.parametrize(
    ("name", "derivative"),
    [
        ("exp", "d_x = exp(x)"),
        ("log", "d_x = 1/x"),
        ("sin", "d_x = cos(x)"),
        ("cos", "d_x = -sin(x)"),
        ("atan", "d_x = 1/(x**2 + 1)"),
        ("tanh", "d_x = 1 - tanh(x)**2"),
        ("square", "d_x = 2*x"),
        ("sqrt", "d_x = 1/(2*sqrt(x))"),
        ("erf", "d_x = 2*exp(-x**2)/pi**0.5"),
        ("lgamma", "d_x = digamma(x)"),
        ("special.ndtr", "d_x = exp(-x**2/2)/(2*pi)**0.5"),
        ("logsumexp", "d_x = softmax(x, dim=0)"),
        ("norm", "d_x = x/norm(x)"),
        ("det", "d_A = det(A)*inverse(A).T"),
        ("logdet", "d_A = inverse(A).T"),
    ],
)
def test_derivatives_are_the_textbooks(name: str, derivative: str) -> None:
    assert known(found(name).entries[0]).derivative == (derivative,)


@pytest.mark.parametrize(
    "entry", [entry for entry in entries() if entry.inputs], ids=lambda entry: entry.name
)
def test_a_derivative_gives_the_examples_gradient(entry: Entry) -> None:
    """Where the example is the call itself, and its result a number."""
    shown = known(entry)
    if not shown.derivative or "cotangent" in shown.where or ").sum()" in entry.text:
        return
    gradients = evaluate(entry.text, entry.inputs).gradients[0].by_input
    for name, tensor in gradients.items():
        text = "\n".join([*shown.derivative, f"d_{name} + zeros_like({name})"])
        formula = evaluate(text, entry.inputs, grad=False).value.array  # type: ignore[union-attr]
        assert formula == pytest.approx(tensor.array, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", ["nansum", "nanmean"])
def test_what_holds_for_numbers_alone_is_no_derivative_of_functions_of_nan(name: str) -> None:
    assert known(found(name).entries[0]).derivative == ()


@pytest.mark.parametrize(
    ("name", "grad_fn"),
    [("mm", "MmBackward0"), ("mean", "MeanBackward0"), ("sort", "SortBackward0"), ("gcd", "")],
)
def test_the_grad_fn_is_that_of_the_call(name: str, grad_fn: str) -> None:
    assert known(found(name).entries[0]).grad_fn == grad_fn


def test_the_page_of_all_words_is_made_of_the_declarations() -> None:
    """Its numbers to four digits: the last one is a processor's."""
    kept, made = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8"), page()
    hint = "write it anew: autodiff functions --all -o docs/functions.md"
    for stands, should in zip(kept.splitlines(), made.splitlines(), strict=False):
        assert NUMBER.sub("#", stands).split() == NUMBER.sub("#", should).split(), hint
        for found_there, expected in zip(NUMBER.findall(stands), NUMBER.findall(should)):
            assert math.isclose(float(found_there), float(expected), rel_tol=1e-3, abs_tol=2e-4), (
                hint
            )
    assert kept.count("\n") == made.count("\n") + 1, hint
