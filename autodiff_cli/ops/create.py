"""Arrays from nothing: the operations without operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number, Rule, Shape
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


class Attached(Shaped):
    """Its first operand, which says nothing about the others, and is differentiable by them."""

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.vjps + tuple([_nothing(other) for other in operands[1:]])


def _nothing(other: Node) -> Rule:
    return lambda *_: zeros_like(other)


attachment = Attached(
    "attached",
    lambda flow, *others: flow,
    vjps=(lambda g, y, flow, *others: g,),
    linear=((0,),),
    batch="pointwise.source",
    doc="a gradient that does not depend on the others, and is differentiable by them",
)


def attached(flow: Node, *others: Node) -> Node:
    """A gradient that `others` say nothing about: a derivative of it by them is 0, and exists.

    So it is in the reference, where a backward function records all its operands: a penalty on the
    gradient of relu is a constant to the optimizer, and no error.
    """
    if type(flow) is Node and current().grad:
        tracked = [other for other in others if other.requires_grad]
        if tracked:
            return attachment(flow, *tracked)
    return flow
