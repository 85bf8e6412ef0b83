"""Arithmetic of three operands: interpolation, and products or quotients added to a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ops.arithmetic import scaled
from autodiff_cli.ops.kinds import Elementwise, like


def _lerp(a: Any, b: Any, weight: Any) -> Any:
    # From the nearer end, as the reference: exact at both.
    near = np.abs(weight) < 0.5
    return np.where(near, a + weight * (b - a), b - (b - a) * (1 - weight))


lerp = Elementwise(
    "lerp",
    _lerp,
    vjps=(
        lambda g, y, a, b, weight: g * (1 - weight),
        lambda g, y, a, b, weight: g * weight,
        lambda g, y, a, b, weight: g * (b - a),
    ),
    grad_fn="LerpBackward1",
    doc="a + weight*(b - a)",
)
lerp_number = Elementwise(
    "lerp_number",
    lambda a, b, weight: _lerp(a, b, like(a, weight)),
    vjps=(
        lambda g, y, a, b, weight: g * (1 - weight),
        lambda g, y, a, b, weight: g * weight,
    ),
    grad_fn="LerpBackward0",
    doc="a + weight*(b - a), for a number",
)
addcmul = Elementwise(
    "addcmul",
    lambda x, a, b, value: x + like(x, value) * a * b,
    vjps=(
        lambda g, y, x, a, b, value: g,
        lambda g, y, x, a, b, value: g * scaled(b, value),
        lambda g, y, x, a, b, value: g * scaled(a, value),
    ),
    doc="x + value*a*b",
)
addcdiv = Elementwise(
    "addcdiv",
    lambda x, a, b, value: x + like(x, value) * a / b,
    vjps=(
        lambda g, y, x, a, b, value: g,
        lambda g, y, x, a, b, value: g * scaled(1 / b, value),
        lambda g, y, x, a, b, value: -g * scaled(a / (b * b), value),
    ),
    doc="x + value*a/b",
)
