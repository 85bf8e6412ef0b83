"""An operation run for each row of its operands, one after the other: the batch of what has no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import INPUT, NO_PARAMS, Node, Op, Params, Rule, Shape
from autodiff_cli.ops.failures import RAISED, Failures

Flags = tuple[bool, ...]
Flow = Callable[[Node, Node, int], Node | None]


class Mapped(Op):
    """`inner` on each row of the operands that have rows.

    Args:
        inner: the operation on a single row.
        flags: for each operand whether it has a leading axis of rows.
        flow: the gradient rule: `flow(node, g, position)`.
    """

    __slots__ = ("flags", "flow", "inner")

    # It isn't declared, so it isn't registered either.
    def __init__(self, inner: Op, flags: Flags, flow: Flow) -> None:
        self.name = f"mapped_{inner.name}"
        self.kernel = inner.kernel
        self.vjps = inner.vjps
        self.grad_fn = "MappedBackward0"
        self.doc = f"{inner.doc}, row by row"
        self.latex = ""
        self.linear = inner.linear
        self.batch = "shape.mapped"
        self.inner = inner
        self.flags = flags
        self.flow = flow

    def on(self, flags: Flags) -> Mapped:
        """The same with rows in other operands."""
        return Mapped(self.inner, flags, self.flow)

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.inner.rules(operands)

    def linear_in(self, operands: tuple[Node, ...]) -> tuple[tuple[int, ...], ...]:
        return self.inner.linear_in(operands)

    def vjp(self, node: Node, g: Node, position: int) -> Node | None:
        return None if self.rules(node.operands)[position] is None else self.flow(node, g, position)

    def single(self, operands: tuple[Node, ...]) -> tuple[Node, ...]:
        """Stand-ins for the operands of one row."""
        return tuple(
            [
                Node(
                    INPUT,
                    (),
                    NO_PARAMS,
                    operand.shape[1:] if flag else operand.shape,
                    operand.dtype,
                )
                for operand, flag in zip(operands, self.flags, strict=True)
            ]
        )

    def size(self, operands: tuple[Node, ...]) -> int:
        """How many rows there are."""
        return operands[self.flags.index(True)].shape[0]

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        shape, dtype = self.inner.infer(self.single(operands), params)
        return (self.size(operands), *shape), dtype

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        row = Node(self.inner, self.single(node.operands), node.params, node.shape[1:], node.dtype)
        result = np.empty(node.shape, node.dtype.numpy)
        failures = Failures(node.shape[0])
        for number in range(node.shape[0]):
            own = [a[number] if flag else a for a, flag in zip(arrays, self.flags, strict=True)]
            try:
                result[number] = self.inner.evaluate(row, own)
            except RAISED as error:
                failures.add(number, error)
        failures.check()
        return result
