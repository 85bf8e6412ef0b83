"""Numbers and arrays in a line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Array

FEW = 24  # elements that are all shown
ENDS = 3  # that are shown of more, from each end


def number(value: Any, digits: int = 4) -> str:
    """A number with so many decimals at most.

    >>> number(18.0), number(0.40884), number(-8.3333e-06), number(float("inf"))
    ('18', '0.4088', '-8.3333e-06', 'inf')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    value = float(value)
    if not math.isfinite(value) or value == 0:
        return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(str(value), "0")
    if value == int(value) and abs(value) < 10 ** (digits + 3):
        return str(int(value))
    if 10.0 ** (1 - digits) <= abs(value) < 10.0 ** (digits + 1):
        return f"{value:.{digits}f}".rstrip("0").rstrip(".")
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"


def array(values: Array, digits: int = 4) -> str:
    """An array as nested lists; a large one by its ends, its shape and its range.

    >>> array(np.array([[1.0, 0.5], [2.0, 3.0]]))
    '[[1, 0.5], [2, 3]]'
    >>> array(np.arange(100.0))
    '[0, 1, 2, …, 97, 98, 99], shape [100], 0 to 99'
    """
    values = np.asarray(values)
    if values.size <= FEW:
        return _nested(values, digits)
    flat = values.reshape(-1)
    shown = [number(n, digits) for n in (*flat[:ENDS], *flat[-ENDS:])]
    ends = ", ".join([*shown[:ENDS], "…", *shown[ENDS:]])
    low, high = number(flat.min(), digits), number(flat.max(), digits)
    return f"[{ends}], shape {list(values.shape)}, {low} to {high}"


def _nested(values: Array, digits: int) -> str:
    if not values.ndim:
        return number(values.item(), digits)
    return f"[{', '.join(_nested(row, digits) for row in values)}]"


def uniform(values: Array, digits: int = 4) -> str:
    """An array, or its one number if all elements are the same."""
    if values.size and (values == values.flat[0]).all():
        return number(values.flat[0], digits)
    return array(values, digits)
