"""Parts of a text that no formula says: only they are calls of reverse mode, and all else is a formula."""

from __future__ import annotations

import pytest

from autodiff_cli.evaluation.derivation import Declared, derive

IMAGE = "arange(16.).reshape(1,1,4,4)"


def test_a_call_is_the_part_alone() -> None:
    derivation = derive("sin(F.max_pool2d(x**2, 2)).sum()", {"x": IMAGE})
    part = "F.max_pool2d(x**2, 2)"
    assert derivation.text == f"torch.func.vjp(lambda x: {part}, x)[1](cos({part}))[0]"
    assert derivation.parts == (part,) and derivation.call == ""


def test_parts_are_of_names_of_the_user_too() -> None:
    inputs = {"x": Declared(("n", 2, 7)), "w": Declared((3, 2, 3))}
    derivation = derive("y = x*2; (F.conv1d(y, w)**2).sum()", inputs, wrt=["x"])
    call = "torch.func.vjp(lambda y: F.conv1d(y, w), y)[1](2*F.conv1d(y, w))[0]"
    assert derivation.text == f"y = x*2\n2*{call}"


def test_a_value_without_a_formula_is_its_text() -> None:
    derivation = derive("F.gelu(x)*y", {}, wrt=["y"])
    assert derivation.text == "F.gelu(x)" and derivation.parts == ()


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("sum(x**2)/n", "n = len(x)\n2*x/n"),
        ("F.layer_norm(x, (n,)).sum()", "zeros_like(x)"),
        ("n*x.mean()", "ones_like(x)"),
    ],
)
def test_sizes_may_stand_in_the_text(text: str, formula: str) -> None:
    assert derive(text, {"x": Declared(("n",))}).text == formula


def test_numbers_of_the_text_are_no_sizes() -> None:
    assert derive("sum(x*227)*113", {"x": Declared(("n",))}).text == "25651*ones_like(x)"


def test_only_what_is_asked_for_requires_a_gradient() -> None:
    inputs = {"z": Declared(("n",)), "y": Declared(("n",))}
    derivation = derive("F.soft_margin_loss(z, y, reduction='sum')", inputs, wrt=["z"])
    assert derivation.text == "-y*sigmoid(-y*z)"
