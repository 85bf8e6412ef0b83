"""Strides: how the reference would lay a result out in memory.

The executors lay arrays out as they please; in a program, where tensors are computed as they are made and
share memory, the array's own strides count. Strides matter because they decide what a program sees:
whether `view` is allowed, and whether `reshape` is a view (`ViewBackward0`, `ReshapeAliasBackward0`) or
a copy (`CloneBackward0`, `UnsafeViewBackward0`). They are worked out only when somebody asks.

Source: ATen/TensorUtils.cpp (`computeStride`), ATen/TensorIterator.cpp (`reorder_dimensions`),
c10/core/Contiguity.h.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, Shape


def contiguous_strides(shape: Shape) -> Shape:
    """
    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def strides_of(node: Node) -> Shape:
    """The strides of `node` in the reference, in elements."""
    stack = [node]
    eager = current().eager
    while stack:
        top = stack[-1]
        if top.strides is None and eager and isinstance(top.value, np.ndarray):
            size = top.value.itemsize
            top.strides = tuple([stride // size for stride in top.value.strides])
        if top.strides is not None:
            stack.pop()
            continue
        if top.op.follows_layout:
            waiting = [operand for operand in top.operands if operand.strides is None]
            if waiting:
                stack.extend(waiting)
                continue
        strides = top.op.layout(top)
        top.strides = contiguous_strides(top.shape) if strides is None else strides
        stack.pop()
    assert node.strides is not None
    return node.strides


def is_contiguous(node: Node) -> bool:
    expected = 1
    if 0 in node.shape:
        return True
    for size, stride in zip(reversed(node.shape), reversed(strides_of(node)), strict=True):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def view_strides(shape: Shape, strides: Shape, new_shape: Shape) -> Shape | None:
    """The strides with which the same storage shows `new_shape`, or None if it can't."""
    numel = 1
    for size in shape:
        numel *= size
    if not shape:
        return (1,) * len(new_shape)
    if numel == 0:
        return strides if shape == new_shape else contiguous_strides(new_shape)
    new_strides = [0] * len(new_shape)
    view_dim = len(new_shape) - 1
    chunk_stride = strides[-1]
    chunk_numel = view_numel = 1
    for dim in reversed(range(len(shape))):
        chunk_numel *= shape[dim]
        chunk_ends = dim == 0 or (
            shape[dim - 1] != 1 and strides[dim - 1] != chunk_numel * chunk_stride
        )
        if not chunk_ends:
            continue
        while view_dim >= 0 and (view_numel < chunk_numel or new_shape[view_dim] == 1):
            new_strides[view_dim] = view_numel * chunk_stride
            view_numel *= new_shape[view_dim]
            view_dim -= 1
        if view_numel != chunk_numel:
            return None
        if dim > 0:
            chunk_stride = strides[dim - 1]
            chunk_numel = view_numel = 1
    return None if view_dim >= 0 else tuple(new_strides)


def elementwise_strides(shape: Shape, operands: Sequence[tuple[Shape, Shape]]) -> Shape:
    """The strides of an elementwise result: dimensions in the order its operands have them.

    Args:
        shape: the broadcast shape.
        operands: (shape, strides) of each operand.
    """
    ndim = len(shape)
    full = []
    for sizes, strides in operands:
        lead = ndim - len(sizes)
        full.append(
            (0,) * lead
            + tuple(
                0 if size == 1 and shape[lead + dim] != 1 else strides[dim]
                for dim, size in enumerate(sizes)
            )
        )
    order = list(reversed(range(ndim)))  # fastest first

    def compare(dim0: int, dim1: int) -> int:
        for strides in full:
            stride0, stride1 = strides[dim0], strides[dim1]
            if stride0 == 0 or stride1 == 0:
                continue
            if stride0 != stride1:
                return -1 if stride0 < stride1 else 1
            if shape[dim0] > shape[dim1]:
                return 1
        return 0

    for start in range(1, ndim):
        right = start
        for left in reversed(range(start)):
            comparison = compare(order[left], order[right])
            if comparison > 0:
                order[left], order[right] = order[right], order[left]
                right = left
            elif comparison < 0:
                break
    result = [0] * ndim
    step = 1
    for dim in order:
        result[dim] = step
        step *= max(shape[dim], 1)
    return tuple(result)
