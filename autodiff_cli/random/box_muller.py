"""Normal numbers from uniform ones, rounded as the reference's vector code rounds them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.floating]
    F64: TypeAlias = npt.NDArray[np.float64]


def libm(function: Callable[[float], float], x: F64) -> F64:
    # np.log and np.log1p can be vector code of NumPy's own, an ulp off the C library's in 0.3 and
    # in 7 % of the arguments.  np.sin and np.cos call the C library for doubles in NumPy 2.4.
    return np.fromiter(map(function, x.data), np.float64, x.size)


# --- native/cpu/avx_mathfun.h (Cephes), rounding for rounding ------------------------------------
# The arrays are double and hold singles; `_round` marks each rounding of the FMA instructions that
# the reference's compiler chose.  All 2**24 arguments of either function agree to the bit.


def _singles(*values: float) -> list[float]:
    return [float(np.float32(value)) for value in values]


_LOG = _singles(
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_SIN = _singles(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = _singles(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SQRT_HALF, _LN2_LOW, _LN2_HIGH = _singles(0.707106781186547524, -2.12194440e-4, 0.693359375)
_TWO_PI, _FOUR_OVER_PI = _singles(2 * math.pi, 1.27323954473516)
_MINUS_QUARTER_PI = _singles(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)


def _round(x: F64) -> F64:
    return x.astype(np.float32).astype(np.float64)


def _horner(coefficients: list[float], x: F64) -> F64:
    y = _round(x * coefficients[0] + coefficients[1])
    for coefficient in coefficients[2:]:
        y = _round(y * x + coefficient)
    return y


def _log_single(u: F64) -> F64:
    mantissa, exponent = np.frexp(u)
    low = mantissa < _SQRT_HALF
    x = np.where(low, mantissa + mantissa, mantissa) - 1
    e = (exponent - low).astype(np.float64)
    z = _round(x * x)
    y = _round(_round(_horner(_LOG, x) * x) * z + _round(e * _LN2_LOW))
    return _round(e * _LN2_HIGH + _round(x + _round(y - 0.5 * z)))


def _sincos_single(theta: F64) -> tuple[F64, F64]:
    quarter = (_round(theta * _FOUR_OVER_PI).astype(np.int32) + 1) >> 1
    octants, x = (2 * quarter).astype(np.float64), theta
    for part in _MINUS_QUARTER_PI:
        x = _round(octants * part + x)
    z = _round(x * x)
    cos = _round(_round(_round(_horner(_COS, z) * z) * z - 0.5 * z) + 1)
    sin = _round(_round(_horner(_SIN, z) * z) * x + x)
    odd = (quarter & 1).astype(np.bool)
    sin, cos = np.where(odd, cos, sin), np.where(odd, sin, cos)
    return sin * (1.0 - (quarter & 2)), cos * (1.0 - ((quarter + 1) & 2))


def box_muller(uniform: Floats) -> Floats:
    """Normals from uniforms in groups of 16: 8 radii, then 8 angles (NormalFill16)."""
    pairs = uniform.reshape(-1, 2, 8).astype(np.float64)
    u, turn = 1 - pairs[:, 0].ravel(), pairs[:, 1].ravel()
    if uniform.dtype == np.float64:
        radius, theta = np.sqrt(-2 * libm(math.log, u)), 2 * math.pi * turn
        sin, cos = np.sin(theta), np.cos(theta)
    else:
        radius = _round(np.sqrt(-2 * _log_single(u)))
        sin, cos = _sincos_single(_round(_TWO_PI * turn))
    out = np.empty(pairs.shape, uniform.dtype)
    out[:, 0], out[:, 1] = (radius * cos).reshape(-1, 8), (radius * sin).reshape(-1, 8)
    return out.ravel()
