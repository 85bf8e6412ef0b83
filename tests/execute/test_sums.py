"""Sums of blocks: of every way in which elements lie, as accurate as the exact sum rounded."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest

from autodiff_cli.execute.sums import takes_up, total

SHAPES = [(5000,), (4096,), (3, 2048), (64, 100), (129, 500), (70, 1009), (4000, 3), (8, 30, 40)]
SHAPES += [(2, 5003), (1, 6000), (6000, 1), (20, 1, 300)]


def subsets(count: int) -> list[tuple[int, ...]]:
    every = chain.from_iterable(combinations(range(count), n) for n in range(1, count + 1))
    return list(every)


def drawn(shape: tuple[int, ...], dtype: Any, seed: int) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# of the sum of the terms' sizes; what is added up as float64 has nothing wider to accumulate in
ERROR = {np.float32: 8 * 2.0**-24, np.float64: 2000 * 2.0**-53}


def check(found: Any, terms: Any, axes: tuple[int, ...], dtype: Any) -> None:
    expected = terms.sum(axis=axes, keepdims=True, dtype=np.longdouble)
    size = np.abs(terms).sum(axis=axes, keepdims=True, dtype=np.longdouble)
    assert found.shape == expected.shape
    assert np.all(np.abs(found - expected) <= ERROR[dtype] * size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums(shape: tuple[int, ...], dtype: Any) -> None:
    x = drawn(shape, dtype, 0)
    for axes in subsets(len(shape)):
        for given in (x, x.T.copy().T, np.broadcast_to(x[:1], shape)):
            check(total(given, axes), given, axes, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_of_products(shape: tuple[int, ...], dtype: Any) -> None:
    x = drawn(shape, dtype, 0)
    every = tuple(range(len(shape)))
    seen = 0
    for axes in subsets(len(shape)):
        for along in [(), *subsets(len(shape))]:
            if not takes_up(len(shape), axes, [every, along]):
                continue
            seen += 1
            by = drawn(tuple([n if at in along else 1 for at, n in enumerate(shape)]), dtype, 1)
            terms = x.astype(np.longdouble) * by
            for one, other in ((x, by), (x.T.copy().T, by)):
                check(total(one, axes, other), terms, axes, dtype)
    assert seen


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_infinities_and_nan(axes: tuple[int, ...]) -> None:
    x = drawn((80, 200), np.float32, 0)
    x[3, 7], x[5, 9], x[5, 11], x[9, 2] = np.inf, np.inf, -np.inf, np.nan
    with np.errstate(all="ignore"):
        expected = x.sum(axes, keepdims=True)
        found = total(x, axes)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
