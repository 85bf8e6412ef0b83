"""The expressions of the study notebooks that the project comes from, with what they print there."""

from __future__ import annotations

import pytest

from autodiff_cli.evaluation import Tensor, evaluate
from autodiff_cli.evaluation.report import text

W = (
    "[[0.9698, -0.4488, -0.2511], [0.0960, -2.0260, -0.1918], [-0.6390, -0.2648, 1.2296], "
    "[0.9061, -0.0338, -1.8336], [0.5091, 0.0953, -0.0344]]"
)
X3 = "[[0.4490, -0.7287, -1.2367], [1.0262, 0.3886, -1.2934], [0.2356, -1.5048, 0.1285]]"
A5 = "[0.1143, 0.4725, 0.5751, 0.2952, 0.7967]"
LINEAR = {"x": "ones(5)", "w": W, "b": "[-1.7136, 1.8476, -0.7694]", "y": "zeros(3)"}


@pytest.mark.parametrize(
    ("expression", "inputs", "seed", "value", "grads"),
    [
        (
            "x + 2", {"x": "ones(2, 2)"}, "ones(2, 2)",
            "tensor([[3., 3.],\n        [3., 3.]], grad_fn=<AddBackward0>)", {},
        ),
        (
            "y = x + 2; y*y*3", {"x": "ones(2, 2)"}, "ones(2, 2)",
            "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)", {},
        ),
        (
            "y = x + 2; z = y*y*3; z.mean()", {"x": "ones(2, 2)"}, None,
            "tensor(27., grad_fn=<MeanBackward0>)",
            {"x": "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])"},
        ),
        (
            "2*(x**3)", {"x": X3}, "ones(3, 3)",
            "tensor([[ 1.8104e-01, -7.7388e-01, -3.7829e+00],\n"
            "        [ 2.1614e+00,  1.1736e-01, -4.3274e+00],\n"
            "        [ 2.6155e-02, -6.8150e+00,  4.2436e-03]], grad_fn=<MulBackward0>)", {},
        ),
        (
            "g = 2*(x**3); g.sum()/12", {"x": X3}, None, "tensor(-1.1008, grad_fn=<DivBackward0>)",
            {"x": "tensor([[0.1008, 0.2655, 0.7647],\n        [0.5265, 0.0755, 0.8364],\n"
                  "        [0.0278, 1.1322, 0.0083]])"},
        ),
        (
            "x**2", {"x": "[[1, 2, 3, 4]]"}, "[[1, 0, 0, 0]]",
            "tensor([[ 1.,  4.,  9., 16.]], grad_fn=<PowBackward0>)",
            {"x": "tensor([[2., 0., 0., 0.]])"},
        ),
        (
            "xx = x**2; xx*2", {"x": "[[1, 2, 3, 4]]"}, "[[1, 0, 0, 0]]",
            "tensor([[ 2.,  8., 18., 32.]], grad_fn=<MulBackward0>)",
            {"x": "tensor([[4., 0., 0., 0.]])"},
        ),
        (
            "xx = x**2; xx*2", {"x": "[[1, 2, 3, 4]]"}, "[[0, 1, 0, 0]]",
            "tensor([[ 2.,  8., 18., 32.]], grad_fn=<MulBackward0>)",
            {"x": "tensor([[0., 8., 0., 0.]])"},
        ),
        (
            "2 * torch.dot(x, x)", {"x": "torch.arange(4.0)"}, None,
            "tensor(28., grad_fn=<MulBackward0>)", {"x": "tensor([ 0.,  4.,  8., 12.])"},
        ),
        (
            "2 * x@x", {"x": "torch.arange(4.0)"}, None, "tensor(28., grad_fn=<DotBackward0>)",
            {"x": "tensor([ 0.,  4.,  8., 12.])"},
        ),
        (
            "x.sum()", {"x": "torch.arange(4.0)"}, None, "tensor(6., grad_fn=<SumBackward0>)",
            {"x": "tensor([1., 1., 1., 1.])"},
        ),
        (
            "x * x", {"x": "torch.arange(4.0)"}, "torch.ones(4)",
            "tensor([0., 1., 4., 9.], grad_fn=<MulBackward0>)",
            {"x": "tensor([0., 2., 4., 6.])"},
        ),
        (
            "y = x*x; u = y.detach(); z = u*x; z.sum()", {"x": "torch.arange(4.0)"}, None,
            "tensor(36., grad_fn=<SumBackward0>)", {"x": "tensor([0., 1., 4., 9.])"},
        ),
        ("x**2", {"x": "1."}, "100.", "tensor(1., grad_fn=<PowBackward0>)", {"x": "tensor(200.)"}),
        (
            "3*x**2", {"x": "[1., 2.]"}, "torch.tensor([1., 1.])",
            "tensor([ 3., 12.], grad_fn=<MulBackward0>)", {"x": "tensor([ 6., 12.])"},
        ),
        (
            "x * 512", {"x": "randn(3)"}, "torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float)",
            "tensor([  788.9900,  -150.2356, -1115.5402], grad_fn=<MulBackward0>)",
            {"x": "tensor([5.1200e+01, 5.1200e+02, 5.1200e-02])"},
        ),
        (
            "x * 512", {"x": "randn(3)"}, "torch.tensor([1,1,1],dtype=torch.long)",
            "tensor([  788.9900,  -150.2356, -1115.5402], grad_fn=<MulBackward0>)",
            {"x": "tensor([512., 512., 512.])"},
        ),
        (
            "b = a+2; b**(1/2)", {"a": A5}, "ones(5)",
            "tensor([1.4541, 1.5724, 1.6047, 1.5150, 1.6723], grad_fn=<PowBackward0>)",
            {"a": "tensor([0.3439, 0.3180, 0.3116, 0.3300, 0.2990])"},
        ),
        (
            "b = a+2; c = b**(1/2); c.sum()", {"a": A5}, None,
            "tensor(7.8185, grad_fn=<SumBackward0>)",
            {"a": "tensor([0.3439, 0.3180, 0.3116, 0.3300, 0.2990])"},
        ),
        (
            "z = torch.matmul(x, w) + b; torch.nn.functional.binary_cross_entropy_with_logits(z, y)",
            LINEAR, None, "tensor(0.4224, grad_fn=<BinaryCrossEntropyWithLogitsBackward0>)",
            {"w": "tensor([[0.1774, 0.1012, 0.0453],\n" + 3 * "        [0.1774, 0.1012, 0.0453],\n"
                  + "        [0.1774, 0.1012, 0.0453]])",
             "b": "tensor([0.1774, 0.1012, 0.0453])"},
        ),
    ],
)  # fmt: skip
def test_prints_what_the_notebook_prints(
    expression: str, inputs: dict[str, str], seed: str | None, value: str, grads: dict[str, str]
) -> None:
    """x of the third notebook is known to its four printed digits only, and so are its results."""
    wrt = ["w", "b"] if "w" in inputs else None
    seeds = [] if seed is None else [seed]
    result = evaluate(expression, inputs, wrt=wrt, seeds=seeds, manual_seed=0)
    assert isinstance(result.value, Tensor)
    assert text(result.value, result) == value
    for name, expected in grads.items():
        assert text(result.gradients[0].by_input[name], result) == expected


def test_random_cells() -> None:
    shown = evaluate("a = randn(2, 2); ((a*3) / (a-1))", manual_seed=0)
    assert text(shown.value, shown) == ("tensor([[ 8.5453,  0.6806],\n        [ 2.0562, -3.9514]])")
    norm = evaluate("x = randn(3); y = x*2; y.data.norm()", manual_seed=0)
    assert text(norm.value, norm) == "tensor(5.3695)"
