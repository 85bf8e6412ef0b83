"""Convolutions and pools against their definitions, and whatever the pieces in which they are computed."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from autodiff_cli.evaluation import evaluate
from autodiff_cli.ops import convolution as cv
from autodiff_cli.ops import pooling

# images, channels, size, filters, kernel, stride, padding, dilation, groups
CASES = [
    (2, 3, (7,), 4, (3,), (1,), (0,), (1,), 1),
    (2, 4, (9,), 6, (3,), (2,), (1,), (2,), 2),
    (3, 2, (6, 5), 3, (3, 2), (1, 1), (1, 1), (1, 1), 1),
    (2, 2, (6, 5), 8, (3, 2), (1, 1), (0, 1), (1, 2), 1),
    (2, 4, (8, 7), 4, (2, 3), (3, 2), (2, 0), (2, 1), 4),
    (1, 1, (4, 4), 2, (1, 1), (1, 1), (2, 1), (1, 1), 1),
    (2, 2, (5, 5), 2, (5, 5), (1, 1), (0, 0), (1, 1), 1),
    (0, 2, (5, 5), 2, (3, 3), (1, 1), (1, 1), (1, 1), 1),
]


def by_definition(x: Any, w: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
    out = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    result = np.zeros((len(x), len(w), *out), x.dtype)
    for filter_, place in itertools.product(range(len(w)), np.ndindex(*out)):
        group = filter_ // (len(w) // groups)
        channels = slice(group * w.shape[1], (group + 1) * w.shape[1])
        window = tuple(
            slice(o * s, o * s + r, d)
            for o, s, r, d in zip(place, stride, reach, dilation, strict=True)
        )
        terms = x[(slice(None), channels, *window)] * w[filter_]
        result[(slice(None), filter_, *place)] = terms.sum(tuple(range(1, terms.ndim)))
    return result


@pytest.mark.parametrize("piece", [1, 50, 1 << 17])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES)
def test_convolution_and_its_adjoints(
    case: Any, dtype: Any, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """<g, conv(x, w)> = <conv_input(g, w), x> = <conv_weight(g, x), w>, of operands of any layout."""
    images, channels, size, filters, kernel, stride, padding, dilation, groups = case
    monkeypatch.setattr(cv, "PIECE", piece)
    draw = np.random.default_rng(0).standard_normal
    x = np.asfortranarray(draw((images, channels, *size)).astype(dtype))
    w = draw((*kernel, channels // groups, filters)).astype(dtype).T
    if len(kernel) == 2:
        w = w.swapaxes(2, 3)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    y = cv.convolution.kernel(x, w, **how)
    exact = by_definition(x.astype(np.float64), w.astype(np.float64), **how)
    close = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    assert y.dtype == dtype
    np.testing.assert_allclose(y, exact, **close)
    g = draw(y.shape[::-1]).astype(dtype).T
    by_x = cv.convolution_input.kernel(g, w, shape=x.shape, **how)
    by_w = cv.convolution_weight.kernel(g, x, shape=w.shape, **how)
    assert by_x.shape == x.shape and by_w.shape == w.shape and by_x.dtype == by_w.dtype == dtype
    product = (g.astype(np.float64) * exact).sum()
    for gradient, operand in ((by_x, x), (by_w, w)):
        flow = (gradient.astype(np.float64) * operand).sum()
        assert flow == pytest.approx(product, rel=close["rtol"], abs=1e-3 * close["rtol"])
    direction = draw(x.shape)
    moved = by_definition(direction, w.astype(np.float64), **how)
    np.testing.assert_allclose(
        (by_x * direction).sum(), (moved * g).sum(), rtol=close["rtol"], atol=1e-4
    )


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_digit(threads: int) -> None:
    x = np.random.default_rng(0).standard_normal((8, 16, 40, 40)).astype(np.float32)
    w = np.random.default_rng(1).standard_normal((32, 16, 3, 3)).astype(np.float32)

    def found(count: int) -> list[Any]:
        text = "F.conv2d(x, w, stride=2, padding=1).square().sum()"
        result = evaluate(text, {"x": x, "w": w}, threads=count)
        return [result.value.array, *(g.array for g in result.gradients[0].by_input.values())]

    for one, several in zip(found(1), found(threads), strict=True):
        np.testing.assert_array_equal(one, several)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize(
    "kernel, stride, padding, dilation",
    [((2, 2), (2, 2), (0, 0), (1, 1)), ((3, 2), (2, 1), (1, 1), (1, 2)), ((3,), (1,), (1,), (2,))],
)
def test_greatest_elements(
    kernel: Any, stride: Any, padding: Any, dilation: Any, dtype: Any
) -> None:
    """The first of equal ones, the last nan, and never a place in the margin."""
    draw = np.random.default_rng(0)
    x = draw.integers(-3, 3, (2, 3, 7, 8)[: 2 + len(kernel)]).astype(dtype)
    if dtype != np.int64:
        x[draw.random(x.shape) < 0.3] = -np.inf
        x[1][draw.random(x.shape[1:]) < 0.1] = np.nan
        x[0, 1] = -np.inf
    how = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    index = pooling.best_place.kernel(x, ceil=False, **how)
    spatial = x.shape[2:]
    for at in np.ndindex(index.shape):
        best, where = -math.inf, None
        for tap in np.ndindex(kernel):
            place = [
                o * s - p + t * d
                for o, s, p, t, d in zip(at[2:], stride, padding, tap, dilation, strict=True)
            ]
            if any(not 0 <= n < size for n, size in zip(place, spatial, strict=True)):
                continue
            value = x[(*at[:2], *place)]
            if where is None or value > best or np.isnan(value):
                best, where = value, np.ravel_multi_index(place, spatial)
        assert index[at] == where
