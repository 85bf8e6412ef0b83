"""Sums over rows don't depend on how the rows were cut into chunks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli.errors import InputError
from autodiff_cli.rows.total import Total

numbers = st.lists(st.floats(-1e9, 1e9).map(lambda v: round(v, 3)), min_size=1, max_size=60)


@given(numbers, st.lists(st.integers(0, 60), max_size=5))
def test_cuts_cannot_be_seen(values: list[float], cuts: list[int]) -> None:
    array = np.array(values)
    total = Total("value")
    edges = sorted({0, len(array), *(cut for cut in cuts if cut < len(array))})
    for start, stop in zip(edges, edges[1:]):
        total.add(array[start:stop])
    assert total.result(mean=False) == math.fsum(values)


def test_dtype_and_shape_are_those_of_the_rows() -> None:
    total = Total("grad_x")
    total.add(np.array([[1, 2], [3, 4]], np.float32))
    result = total.result(mean=True)
    assert result.dtype == np.float32 and result.tolist() == [2, 3]


def test_infinities_and_nan_stay() -> None:
    total = Total("value")
    total.add(np.array([1.0, np.inf, 2.0]))
    assert total.result(mean=False) == np.inf
    total.add(np.array([-np.inf]))
    assert np.isnan(total.result(mean=False))


def test_nothing() -> None:
    assert Total("value").result(mean=False) == 0
    assert np.isnan(Total("value").result(mean=True))


def test_shapes_must_agree() -> None:
    total = Total("grad_x")
    total.add(np.ones((2, 3)))
    with pytest.raises(InputError, match=r"grad_x.*\[3\] to \[2\]"):
        total.add(np.ones((1, 2)))
