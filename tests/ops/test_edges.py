"""Values and gradients at the edges of domains and dtypes, as the reference has them."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff_cli.evaluation import evaluate

NAN = float("nan")
CASES = [
    # expression, inputs, gradient by the first input
    ("torch.atan2(x, y)", {"x": [0.0, 1.0], "y": [0.0, 0.0]}, [0.0, 0.0]),
    ("torch.atan2(x, y)", {"x": [1e-30], "y": [1e-30]}, [0.0]),
    (
        "torch.xlogy(x, y)",
        {"x": [0.0, 1.0, 0.0], "y": [2.0, 3.0, 0.0]},
        [np.log(2), np.log(3), 0.0],
    ),
    ("torch.special.xlog1py(x, y)", {"x": [0.0, 0.0], "y": [2.0, -1.0]}, [np.log(3), 0.0]),
    ("F.smooth_l1_loss(x, y)", {"x": [NAN, 1.0], "y": [0.0, 0.0]}, [NAN, 0.5]),
]


@pytest.mark.parametrize("expression, inputs, expected", CASES)
def test_gradients(expression: str, inputs: dict[str, list[float]], expected: list[float]) -> None:
    arrays = {name: np.array(values, np.float32) for name, values in inputs.items()}
    result = evaluate(f"({expression}).sum()", arrays)
    gradient = result.gradients[0].by_input["x"]
    assert gradient is not None
    np.testing.assert_allclose(gradient.array, np.float32(expected), rtol=1e-6)


def test_float16_beyond_its_range() -> None:
    """More elements than the greatest number: means and variances are those of float32, rounded."""
    x = np.linspace(0, 1, 100_000).astype(np.float16)
    assert float(evaluate("x.mean()", {"x": np.ones_like(x)}).value.array) == 1
    result = evaluate("x.var()", {"x": x})
    gradient = result.gradients[0].by_input["x"]
    assert gradient is not None
    np.testing.assert_allclose(gradient.array[[0, -1]].astype(float), [-1e-5, 1e-5], rtol=0.01)


def test_distances_of_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are computed some rows at a time."""
    from autodiff_cli.ops import distance

    generator = np.random.default_rng(0)
    a, b = generator.standard_normal((2, 7, 3)), generator.standard_normal((5, 3))
    whole = evaluate("torch.cdist(a, b)", {"a": a, "b": b}, grad=False).value.array
    monkeypatch.setattr(distance, "AT_ONCE", 20)
    np.testing.assert_array_equal(
        evaluate("torch.cdist(a, b)", {"a": a, "b": b}, grad=False).value.array, whole
    )
