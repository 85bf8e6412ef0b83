"""What a region's program consists of: inputs, steps, and numbers as arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import NUMBER, Node
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.transform.axes import Axes


class Input(NamedTuple):
    """What a region reads: an array from before, and where its dimensions lie."""

    node: Node
    axes: Axes


class Step(NamedTuple):
    """One member in a block.

    Attributes:
        node: the member.
        register: where its value goes.
        operands: the registers it reads; of a sum two if it multiplies by itself; the index last, if it puts.
        frees: registers that nothing reads afterwards.
        writes: the number of the buffer that its result is written to; None: an array of its own.
        kind: "into", "evaluate", "alias", "reduce", "take", "put", or "onto": "into", but one operand is put
            among zeros.
        axes: those that a reduction sums out, or the one that is gathered along.
        product: the number of the product that it is, if it is one.
        along: the axes along which its value lies.
        puts: which operand is put among zeros, if one is.
    """

    node: Node
    register: int
    operands: tuple[int, ...]
    frees: tuple[int, ...]
    writes: int | None
    kind: str
    axes: tuple[int, ...]
    product: int | None
    along: tuple[int, ...]
    puts: int | None = None


def uniform(op: Elementwise, node: Node) -> bool:
    """Whether a kernel can be called on the operands as they are: all have the dtype it works in."""
    if node.dtype.name == "float16" or type(op).evaluate is not Elementwise.evaluate:
        return False
    dtype = op.compute_dtype(node.operands, node.params)
    return all(
        operand.dtype is dtypes.bool_
        if position < op.conditions
        else operand.op is NUMBER or operand.dtype is dtype
        for position, operand in enumerate(node.operands)
    )


def as_array(node: Node, operand: Node) -> Any:
    """A number as an array of the dtype in which the member that reads it computes."""
    value = operand.value if operand.op is NUMBER else operand.params["value"]
    if operand.op is full:
        array = np.asarray(value).astype(operand.dtype.numpy)
    elif isinstance(node.op, Elementwise):
        dtype = node.op.compute_dtype(node.operands, node.params).numpy
        place = [o is operand for o in node.operands].index(True)
        if place < node.op.conditions:
            return np.asarray(value)
        array = np.asarray(value).astype(np.float32 if dtype == np.float16 else dtype)
    else:
        array = np.asarray(value).astype(operand.dtype.numpy)
    return array
