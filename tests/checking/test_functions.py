"""Checks and explanations of passes through a program's own Functions, whose methods are run again."""

from __future__ import annotations

from typing import Any

import pytest

from autodiff_cli.checking.check import check
from autodiff_cli.errors import AutodiffError
from autodiff_cli.explanation.explain import explain

HEAD = "import torch\nclass F(torch.autograd.Function):\n"
# A text whose backward is right, and what stands in the place of a part of it to make it wrong.
FUNCTIONS = {
    "one operand": (
        """    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return 3*x**2*g
F.apply(x).sum()""",
        ("3*x**2*g", "3*x*g"),
    ),
    "a mask": (
        """    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        g = g.clone()
        g[x < 0] = 0
        return g
(F.apply(x)*x).sum()""",
        ("x < 0", "x > 0"),
    ),
    "values are read": (
        """    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        ctx.save_for_backward(x)
        return torch.from_numpy(x.detach().numpy()*scale)
    @staticmethod
    def backward(ctx, g):
        print("back")
        if float(g.sum()) > 1e9:
            return None, None
        return torch.tensor([[float(n)*ctx.scale for n in row] for row in g]), None
F.apply(x, 2.5).pow(2).sum()""",
        ("*ctx.scale", "*2"),
    ),
    "two results, keywords": (
        """    @staticmethod
    def forward(ctx, x, y, p=2.0):
        r, t = torch.sqrt(x*x + y*y), torch.atan2(y, x)
        ctx.save_for_backward(x, y, r)
        ctx.p = p
        return r**p, t
    @staticmethod
    def backward(ctx, gr, gt):
        x, y, r = ctx.saved_tensors
        gr = gr*ctx.p*r**(ctx.p - 1)
        return gr*x/r - gt*y/r**2, gr*y/r + gt*x/r**2, None
r, t = F.apply(x, x.T, 3.0)
(r*t + t).sum()""",
        ("- gt*y", "+ gt*y"),
    ),
    "the result is saved, by setup_context": (
        """    @staticmethod
    def forward(x):
        return x.exp(), 7
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output[0])
    @staticmethod
    def backward(ctx, g, _):
        result, = ctx.saved_tensors
        return g*result
F.apply(x)[0].mean()""",
        ("g*result", "g"),
    ),
    "written in place": (
        """    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(3)
    @staticmethod
    def backward(ctx, g):
        return 3*g
F.apply(x*x).sum()""",
        ("3*g", "2*g"),
    ),
    "no gradient of a result": (
        """    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x*2, x*3
    @staticmethod
    def backward(ctx, a, b):
        return 2*a if b is None else 3*b + 2*a
F.apply(x)[0].sum() + F.apply(x)[0].prod()""",
        ("2*a if", "3*a if"),
    ),
    "sums of what is broadcast": (
        """    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x@w
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g@w.T if ctx.needs_input_grad[0] else None, x.T@g
F.apply(x, w).tanh().sum()""",
        ("x.T@g", "x@g"),
    ),
}
X = "[[0.5,-1.25],[2,0.75]]"


def inputs_of(text: str) -> dict[str, Any]:
    return {"x": X, "w": "[[1.,2.],[-3.,0.5]]"} if "w).tanh" in text else {"x": X}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_right_and_wrong_ones_are_told_apart(name: str) -> None:
    body, (right, wrong) = FUNCTIONS[name]
    inputs = inputs_of(body)
    assert check(HEAD + body, inputs).verdict == "ok"
    assert check(HEAD + body.replace(right, wrong), inputs).verdict == "differs"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_factors_multiply_to_what_the_methods_give(name: str) -> None:
    body, _ = FUNCTIONS[name]
    made = explain(HEAD + body, inputs_of(body))
    plain = explain(HEAD + body, inputs_of(body), steps="operations")
    for found in (made, plain):
        for chain in found.chains:
            assert sum(path.value for path in chain.paths) == pytest.approx(chain.total, rel=1e-5)


def test_a_step_has_the_formula_of_its_backward_method() -> None:
    body, _ = FUNCTIONS["one operand"]
    made = explain(HEAD + body, {"x": X})
    (link,) = [link for link in made.links if link.by == "x"]
    assert link.formula is not None and link.formula.text == "3*x**2"
    assert {part.name: part.grad_fn for part in made.parts}["t1"] == "FBackward"


def test_a_mask_is_a_condition() -> None:
    body, _ = FUNCTIONS["a mask"]
    made = explain(HEAD + body, {"x": X})
    formulas = [link.formula.text for link in made.links if link.formula is not None]
    assert "x >= 0" in formulas


def test_an_error_of_the_methods_is_said() -> None:
    text = HEAD + FUNCTIONS["one operand"][0].replace("return 3*x**2*g", "raise KeyError('no')")
    for ask in (check, explain):
        with pytest.raises(AutodiffError, match="KeyError: 'no'"):
            ask(text, {"x": X})
