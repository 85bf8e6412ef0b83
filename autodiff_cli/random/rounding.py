"""Sums and products of arrays, rounded as the reference's instructions round them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.generic]
    Floats: TypeAlias = npt.NDArray[np.floating]


def opmath_of(dtype: np.dtype[np.generic]) -> type[np.float32 | np.float64]:
    return np.float64 if dtype == np.float64 else np.float32


def narrow(values: Floats, dtype: np.dtype[np.generic]) -> Array:
    # c10::Half converts from double by way of float, which rounds twice.
    return values if dtype == np.float64 else values.astype(np.float32).astype(dtype, copy=False)


def _to_odd(a: Floats, b: Floats) -> Floats:
    """a + b; where that is rounded, to the neighbour whose last bit is 1, so that rounding again is right.

    Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding
    to odd", 2008.
    """
    total = np.asarray(a + b)
    part = total - a
    error = (a - (total - part)) + (b - part)
    even = (total.view(np.int64) & 1) == 0
    return np.where((error != 0) & even, np.nextafter(total, np.copysign(np.inf, error)), total)


def fma(x: Floats, scale: float, offset: float | Floats) -> Floats:
    """``x * scale + offset`` in one rounding; the numbers are values of the type of `x`."""
    if scale == 1 or (not isinstance(offset, np.ndarray) and offset == 0):
        return x * x.dtype.type(scale) + np.asarray(offset, x.dtype)
    if x.dtype == np.float32:  # an exact product; the sum rounds twice, an ulp in 1 of 2**29
        return (x.astype(np.float64) * scale + offset).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        # Dekker's exact product, Knuth's exact sum
        x_high = x * 134217729.0 - (x * 134217729.0 - x)
        s_high = scale * 134217729.0 - (scale * 134217729.0 - scale)
        x_low, s_low = x - x_high, scale - s_high
        product = x * scale
        error = ((x_high * s_high - product) + x_high * s_low + x_low * s_high) + x_low * s_low
        total = product + offset
        part = total - product
        fused = total + _to_odd(error, (product - (total - part)) + (offset - part))
    return np.where(np.isfinite(fused), fused, total)  # the splitting overflows beyond 1e300
