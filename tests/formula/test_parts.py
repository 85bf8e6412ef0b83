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
    part = "F.conv1d(y, w, stride=2)"
    derivation = derive(f"y = x*2; ({part}**2).sum()", inputs, wrt=["x"])
    assert derivation.text == f"y = x*2\n2*torch.func.vjp(lambda y: {part}, y)[1](2*{part})[0]"


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


IMAGES, KERNELS = Declared(("n", 3, 5, 6)), Declared((4, 3, 2, 3))


@pytest.mark.parametrize(
    ("how", "by", "formula"),
    [
        ("", "x", "F.conv2d(g, w.flip((2, 3)).permute(1, 0, 2, 3), padding=(1, 2))"),
        ("", "w", "F.conv2d(x.permute(1, 0, 2, 3), g.permute(1, 0, 2, 3)).permute(1, 0, 2, 3)"),
        (
            ", padding=1, dilation=2",
            "x",
            "F.conv2d(g, w.flip((2, 3)).permute(1, 0, 2, 3), padding=(1, 3), dilation=2)",
        ),
        (
            ", stride=2",
            "w",
            "F.conv2d(x.permute(1, 0, 2, 3), g.permute(1, 0, 2, 3), dilation=2)"
            "[:, :, :2][:, :, :, :3].permute(1, 0, 2, 3)",
        ),
    ],
)
def test_convolutions_have_their_adjoints(how: str, by: str, formula: str) -> None:
    inputs = {"x": IMAGES, "w": KERNELS}
    derivation = derive(f"F.conv2d(x, w{how})", inputs, wrt=[by], seed="g")
    assert (derivation.text, derivation.call, derivation.parts) == (formula, "", ())


def test_a_bias_is_added_and_sums() -> None:
    inputs = {"x": IMAGES, "w": KERNELS, "b": Declared((4,))}
    derivation = derive("(F.conv2d(x, w, b)**2).sum()", inputs, wrt=["b"])
    assert derivation.text == "2*sum(F.conv2d(x, w) + b[:, None, None], (0, 2, 3))"
