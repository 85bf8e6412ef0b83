"""`torch.arange` by fractions: the reference's blocks, with exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.vocabulary.creation import arange


def rounded(value: Fraction, dtype: DType) -> Fraction:
    return Fraction(
        float(dtype.numpy.type(float(value)))
    )  # a product in double, and what it is stored as


@pytest.mark.parametrize("dtype", [dtypes.float32, dtypes.float64])
@pytest.mark.parametrize(
    ("start", "step", "count"), [(-1, 0.1, 20), (-3, 0.1, 61), (2.25, -0.7, 37)]
)
def test_elements_are_counted_from_the_first_of_their_block(
    dtype: DType, start: float, step: float, count: int
) -> None:
    block = 8 if dtype is dtypes.float32 else 4
    in_blocks = count - count % (2 * block)
    expected = []
    for place in range(count):
        within = place % block if place < in_blocks else 0
        base = rounded(Fraction(step) * (place - within) + Fraction(start), dtype)
        expected.append(float(rounded(Fraction(step) * within + base, dtype)))
    found = arange(start + step * (count - 0.5), dtype, False, start, step)
    np.testing.assert_array_equal(found.value, np.array(expected, dtype.numpy))
    assert any(
        expected[place] != float(dtype.numpy.type(start + step * place)) for place in range(count)
    )
