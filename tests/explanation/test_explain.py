"""Explanations: the derivations that people write by hand, and that the factors are those of reverse mode."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from formula.test_golden import ALL

from autodiff_cli.evaluation import evaluate
from autodiff_cli.explanation.explain import explain
from autodiff_cli.explanation.records import Explanation
from autodiff_cli.settings import Settings

WIDE = Settings(dtype="float64")
SHARE = 16  # one in so many of the recorded expressions; all of them with --every
BLANK = 0.05  # of the links, which may have no formula


def links_of(made: Explanation) -> dict[str, str]:
    return {
        f"d{link.of}/d{link.by}": "" if link.formula is None else link.formula.text
        for link in made.links
    }


def written_out(made: Explanation, name: str = "x") -> list[list[str]]:
    """The factors of an input's chain: formulas, and with numbers."""
    (path,) = next(chain for chain in made.chains if chain.name == name).paths
    formulas = [f.formula.factor if f.formula else "" for f in path.factors]
    numbers = [f.inserted.factor if f.inserted else "" for f in path.factors]
    return [formulas, numbers]


def gradient_of(made: Explanation, name: str = "x") -> tuple[str, Any]:
    found = next(g for g in made.gradients if g.name == name)
    assert found.value is not None
    return found.formula.text if found.formula else "", found.value.tolist()


# ---- the notebooks' derivations -----------------------------------------------------------------


def test_a_quarter_times_six_y_times_one() -> None:
    made = explain("y = x + 2; z = y * y * 3; z.mean()", {"x": "ones(2, 2)"})
    assert links_of(made) == {"dout/dz": "1/4", "dz/dy": "6*y", "dy/dx": "1"}
    assert written_out(made) == [["1/4", "6*y", "1"], ["1/4", "6*3", "1"]]
    assert made.chains[0].total == 4.5
    assert gradient_of(made) == ("3*(x + 2)/2", [[4.5, 4.5], [4.5, 4.5]])


def test_a_jacobian_and_its_products() -> None:
    made = explain("y = 3*x**2; y", {"x": [1, 2]}, seed="[1., 1.]", jacobian=True)
    (jacobian,) = made.jacobians
    assert jacobian.elements is not None and jacobian.product is not None
    texts = [[formula.text for formula in row] for row in jacobian.elements]
    assert texts == [["6*x[0]", "0"], ["0", "6*x[1]"]]
    assert jacobian.value.tolist() == [[6, 0], [0, 12]]
    assert jacobian.product.tolist() == [6, 12]


def test_a_cubic_by_twelve() -> None:
    made = explain("g = 2*(x**3); z = g.sum()/12; z", {"x": [[1, -2], [3, 0.5]]})
    assert links_of(made) == {"dz/dg": "1/12", "dg/dx": "6*x**2"}
    assert gradient_of(made) == ("x**2/2", [[0.5, 2], [4.5, 0.125]])


def test_a_linear_layer_and_its_loss() -> None:
    made = explain(
        "z = x@w+b; F.binary_cross_entropy_with_logits(z, y)",
        {"x": "tensor([1.,1.])", "w": [[1, -1], [0, 2]], "b": [0.5, 0], "y": "tensor([0.,1.])"},
        wrt=["w", "b"],
    )
    flows = {(link.of, link.by): link.flow.text for link in made.links if link.flow}
    assert flows["z", "w"] == "outer(x, g)"
    assert flows["z", "b"] == "g"
    assert {link.by: link.kind for link in made.links} == {
        "z": "number",
        "w": "linear",
        "b": "each",
    }
    text, values = gradient_of(made, "w")
    assert text == "outer(x, sigmoid(z) - y)/2"
    sigmoid = [1 / (1 + math.exp(-z)) - y for z, y in ((1.5, 0), (1.0, 1))]
    assert np.allclose(values, [[s / 2 for s in sigmoid]] * 2, rtol=1e-6)


def test_a_gradient_that_ends_at_a_name() -> None:
    """Of y = sin(x); y*x what flows to x from the product is y, and not y + x*cos(x)."""
    made = explain("y = sin(x); y*x", {"x": 2}, settings=WIDE)
    assert links_of(made) == {"dout/dy": "x", "dout/dx": "y", "dy/dx": "cos(x)"}
    (chain,) = made.chains
    values = sorted(path.value for path in chain.paths)
    assert np.allclose(values, [2 * math.cos(2), math.sin(2)])
    assert math.isclose(chain.total, math.sin(2) + 2 * math.cos(2))


def test_doubling_until_a_thousand() -> None:
    made = explain(
        "y = x * 2\nwhile y.norm() < 1000:\n    y = y * 2\ny",
        {"x": [1.541, -0.2934, -2.1788]},
        seed="[0.1, 1.0, 0.0001]",
    )
    text, values = gradient_of(made)
    assert text == "512*v"
    assert np.allclose(values, [51.2, 512, 0.0512])
    assert made.branches is not None and made.steps == "operations"


# ---- factors and reverse mode -------------------------------------------------------------------


def check(text: str, inputs: dict[str, str]) -> tuple[int, int]:
    """Multiply an explanation's factors out; how many links it has, and how many without a formula."""
    seeded = WIDE.replaced(manual_seed=0)
    made = explain(text, inputs, steps="operations", settings=seeded)
    value = evaluate(text, inputs, dtype="float64", manual_seed=0, grad=False).value
    seeds = [np.ones(value.array.shape)] if value.array.size != 1 else []
    wanted = evaluate(text, inputs, dtype="float64", manual_seed=0, seeds=seeds).grad
    arrived = {g.name: g.value for g in made.gradients if g.value is not None}
    assert arrived.keys() == wanted.keys()
    for name, array in arrived.items():
        assert np.allclose(array, wanted[name], rtol=1e-12, atol=1e-14, equal_nan=True)
    for part in made.parts:  # what links bring to an input is its gradient
        if part.grad_fn is None and part.name in wanted and made.links:
            brought = sum(link.arrives for link in made.links if link.by == part.name)
            assert np.allclose(brought, wanted[part.name], rtol=1e-9, atol=1e-12, equal_nan=True)
    for chain in made.chains:
        total = 0.0
        for path in chain.paths:
            product = math.prod([factor.value for factor in path.factors], start=path.seed or 1.0)
            assert math.isclose(product, path.value, rel_tol=1e-12)
            total += product
        assert chain.more != 0 or chain.rest == 0 or chain.too_large
        scale = sum(abs(path.value) for path in chain.paths) + abs(chain.rest)
        gap = abs(total + chain.rest - float(wanted[chain.name][chain.at]))
        assert gap <= 1e-9 * max(scale, 1e-300), (text, chain)
        if not chain.too_large and chain.more == 0:
            assert gap <= 1e-9 * scale
    return len(made.links), sum(link.flow is None for link in made.links)


def test_factors_multiply_to_the_gradient(every: bool) -> None:
    links = blank = 0
    wide = [(text, given) for text, given in ALL if ".float()" not in "".join(given.values())]
    for text, inputs in wide if every else wide[::SHARE]:
        found, without = check(text, inputs)
        links, blank = links + found, blank + without
    assert blank <= BLANK * links


# ---- what strangers ask -------------------------------------------------------------------------


def test_an_input_that_is_the_result() -> None:
    made = explain("x", {"x": [1, 2]})
    assert made.result == "x" and made.links == ()
    assert gradient_of(made)[1] == [1, 1]


def test_an_element_of_a_matrix_product() -> None:
    made = explain("(A@x)[0]", {"A": [[1, 2], [3, 4]], "x": [5, 6]}, at={"A": (0, 1)})
    chain = made.chains[0]
    assert chain.name == "A" and chain.at == (0, 1) and chain.total == 6


def test_many_paths_are_summed_and_counted() -> None:
    made = explain("y = x@x; (y@y@y).sum()", {"x": "ones(4,4)"}, steps="operations", settings=WIDE)
    (chain,) = made.chains
    assert chain.more is not None and chain.more > 0
    assert math.isclose(sum(p.value for p in chain.paths) + chain.rest, chain.total)


@pytest.mark.parametrize("count", [300, 5_000])
def test_a_long_chain_is_a_summary(count: int) -> None:
    made = explain("x" + "*1.0001" * count, {"x": 2})
    assert made.operations == count
    assert dict(made.counts) == {"MulBackward0": count}
    assert made.links == () and made.chains == ()


def test_an_empty_tensor_has_no_chain() -> None:
    made = explain("x.sum()", {"x": "ones(0, 3)"})
    assert made.chains == ()


def test_nan_and_infinities_are_numbers_too() -> None:
    made = explain("where(x>0, log(x), 0.).sum()", {"x": [0, 1]})
    assert np.isnan(gradient_of(made)[1][0])


def test_random_draws_are_constants() -> None:
    settings = Settings(manual_seed=0)
    made = explain("(torch.randn(3)*x).sum()", {"x": [1, 2, 3]}, settings=settings)
    wanted = evaluate("(torch.randn(3)*x).sum()", {"x": [1, 2, 3]}, manual_seed=0).grad["x"]
    assert gradient_of(made)[1] == wanted.tolist()
