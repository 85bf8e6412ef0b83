"""Sums: to the last bit the reference's where its order is fixed, and accurate beyond."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autodiff_cli.ops.summation import GRAIN, SHORT, _inner, _short, total

RECORDS = json.loads((Path(__file__).parent.parent / "golden" / "sums.json").read_text())


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: f"{r['shape']} {r['axes']} {r['dtype']}")
def test_to_the_last_bit(record: dict[str, Any]) -> None:
    shape, axes = tuple(record["shape"]), record["axes"]
    x = np.random.default_rng(sum(shape)).normal(size=shape).astype(record["dtype"])
    found = total(x, None if axes is None else tuple(axes), False)
    assert [float(value).hex() for value in found.reshape(-1)] == record["sum"]


ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=40),
    elements=st.floats(-1000, 1000, width=32),
)


@given(ARRAYS, st.data())
def test_any_shape_and_layout(array: Any, data: st.DataObject) -> None:
    array = array.transpose(data.draw(st.permutations(range(array.ndim))))
    axes = data.draw(
        st.none() | st.sets(st.sampled_from(range(array.ndim))) if array.ndim else st.none()
    )
    axes = None if axes is None else tuple(sorted(axes))
    keepdims = data.draw(st.booleans())
    found = total(array, axes, keepdims)
    expected = np.sum(array, axis=axes, keepdims=keepdims, dtype=np.float64)
    magnitude = np.sum(np.abs(array), axis=axes, keepdims=keepdims, dtype=np.float64)
    assert found.shape == expected.shape and found.dtype == array.dtype
    bound = magnitude * array.size * np.finfo(array.dtype).eps
    assert (np.abs(found - expected) <= bound + np.finfo(array.dtype).tiny).all()


def test_large_float32_sums_are_right_to_the_last_bit() -> None:
    x = np.full(GRAIN * 100, 0.1, np.float32)
    assert total(x, None, False) == np.float32(x.astype(np.float64).sum())


@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
def test_special_values(special: float) -> None:
    x = np.array([1.0, special, 2.0], np.float32)
    with np.errstate(all="ignore"):  # as the executor
        np.testing.assert_array_equal(total(x, None, False), np.float32(special))
        assert total(np.zeros((0, 3), np.float32), (0,), False).tolist() == [0, 0, 0]
        assert np.isnan(total(np.float32([np.inf, -np.inf]), None, False))


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        st.integers(1, SHORT // 4 - 1),
        elements=st.floats(width=32),
    )
)
def test_short_rows(row: Any) -> None:
    """The few steps of a short row give what the many do, signs of zeros included."""
    if row.nbytes < SHORT:
        with np.errstate(all="ignore"):
            quick, slow = _short(row), _inner(row.reshape(1, -1))[0]
        np.testing.assert_array_equal(quick, slow)
        assert np.signbit(quick) == np.signbit(slow) or np.isnan(quick)
