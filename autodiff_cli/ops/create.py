"""Arrays from nothing: the operations without operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number, Shape
from autodiff_cli.ops.kinds import Shaped


def _full(shape: Shape, value: Number, dtype: DType) -> Any:
    # One element seen everywhere: no memory, whatever the shape.
    return np.broadcast_to(np.asarray(value).astype(dtype.numpy), shape)


full = Shaped(
    "full",
    _full,
    shape=lambda shape, value, dtype: shape,
    dtype=lambda shape, value, dtype: dtype,
    doc="the same number everywhere",
)
eye = Shaped(
    "eye",
    lambda n, m, dtype: np.eye(n, m, dtype=dtype.numpy),
    shape=lambda n, m, dtype: (n, m),
    dtype=lambda n, m, dtype: dtype,
    doc="ones on the diagonal",
)


def zeros_like(x: Node) -> Node:
    if isinstance(x, (np.ndarray, np.generic)):  # a rule that is run on values
        return np.zeros(x.shape, x.dtype)
    return full(shape=x.shape, value=0, dtype=x.dtype)
