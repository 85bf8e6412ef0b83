"""Where the dimensions of members of a region lie in its space.

For each dimension of a node the number of the axis it lies along, None if it has size 1. A row sum of a
(rows, columns) space lies along (0, None) or, its dimension dropped, (0,); a row that is broadcast to
it along (1,).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from autodiff_cli.ir.node import Node, Op, Shape
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import reduce as red

Axes: TypeAlias = "tuple[int | None, ...]"

RESHAPES: frozenset[Op] = frozenset(
    {
        mv.view,
        mv.reshape_alias,
        mv.unsafe_view,
        mv.squeeze,
        mv.squeeze_dim,
        mv.squeeze_dims,
        mv.squeeze_product,
        mv.unsqueeze,
        mv.alias,
    }
)
SUMS: frozenset[Op] = frozenset({red.sum_, mv.sum_to})
EXTREMES: frozenset[Op] = frozenset({red.amax, red.amin, red.max_, red.min_})
REDUCTIONS = SUMS | EXTREMES | {red.vector_norm}


def identity(shape: Shape) -> Axes:
    return tuple([None if size == 1 else axis for axis, size in enumerate(shape)])


def aligned(node_axes: Axes, shape: Shape) -> Axes:
    """Where the dimensions of an operand lie that is broadcast to a node."""
    lead = len(node_axes) - len(shape)
    return tuple([None if size == 1 else node_axes[lead + at] for at, size in enumerate(shape)])


def member_axes(node: Node, space: Shape, known: Sequence[Axes | None]) -> Axes | None:
    """Where a member's dimensions lie, from where its operands' do; None if it doesn't fit.

    Args:
        node: elementwise, a broadcast, a reshape or a gather along a dimension.
        space: the region's.
        known: the axes of the operands in the region.
    """
    op = node.op
    if op in RESHAPES:
        return _reshaped(node, known[0])
    if op is ix.take_along:
        index = node.operands[1]
        source = known[0] or (identity(space) if node.operands[0].shape == space else None)
        dim = node.params["dim"]
        if source is None or not index.ndim or index.shape[dim] != 1:
            return None
        if index.shape[:dim] + index.shape[dim + 1 :] != (
            node.operands[0].shape[:dim] + node.operands[0].shape[dim + 1 :]
        ):
            return None
        axes: Axes = tuple([None if at == dim else axis for at, axis in enumerate(source)])
        return axes if known[1] is None or known[1] == axes else None
    if op is ix.put_along:
        g, index = node.operands
        dim = node.params["dim"]
        if node.shape != space or not g.ndim or g.shape[dim] != 1 or g.shape != index.shape:
            return None
        axes = identity(space)
        if g.shape[:dim] + g.shape[dim + 1 :] != space[:dim] + space[dim + 1 :]:
            return None
        inner = tuple([None if at == dim else axis for at, axis in enumerate(axes)])
        return axes if all(k is None or k == inner for k in known) else None
    if node.shape == space:
        axes = identity(space)
    else:
        found: list[int | None] = [None] * node.ndim
        for operand, lies in zip(node.operands, known, strict=True):
            for at, axis in enumerate(lies or ()):
                if axis is not None:
                    found[node.ndim - operand.ndim + at] = axis
        axes = tuple(found)
        along = [axis for axis in axes if axis is not None]
        if len(along) != len(set(along)) or any(
            size != 1 and (axis is None or space[axis] != size)
            for size, axis in zip(node.shape, axes, strict=True)
        ):
            return None
    for operand, lies in zip(node.operands, known, strict=True):
        if lies is not None and lies != aligned(axes, operand.shape):
            return None
    return axes


def _reshaped(node: Node, known: Axes | None) -> Axes | None:
    """A view that only adds or drops dimensions of size 1."""
    if known is None:
        return None
    (operand,) = node.operands
    sizes = [size for size in operand.shape if size > 1]
    if sizes != [size for size in node.shape if size > 1]:
        return None
    axes = iter([axis for axis, size in zip(known, operand.shape, strict=True) if size > 1])
    return tuple([next(axes) if size > 1 else None for size in node.shape])


def reduced_axes(node: Node, axes: Axes) -> frozenset[int]:
    """The axes of the space that a reduction sums out, from those of its operand."""
    operand = node.operands[0]
    if node.op is mv.sum_to:
        lead = operand.ndim - node.ndim
        gone = [
            dim
            for dim in range(operand.ndim)
            if dim < lead or (node.shape[dim - lead] == 1 != operand.shape[dim])
        ]
    else:
        dim = node.params["dim"]
        gone = list(range(operand.ndim) if dim is None else dim)
    return frozenset(axis for at in gone if (axis := axes[at]) is not None)


def reduction_axes(node: Node, known: Axes) -> Axes:
    """Where a reduction's dimensions lie."""
    gone = reduced_axes(node, known)
    if node.ndim == len(known):
        return tuple([None if axis in gone else axis for axis in known])
    if node.op is mv.sum_to:
        return aligned(tuple([None if axis in gone else axis for axis in known]), node.shape)
    dim = node.params["dim"]
    dims = range(len(known)) if dim is None else dim
    return tuple([axis for at, axis in enumerate(known) if at not in dims])


def operand_axes(node: Node, axes: Axes, source: Axes) -> list[Axes]:
    """Where the dimensions of a member's operands lie.

    Args:
        node: the member.
        axes: where its own lie.
        source: where those of the first operand of a reduction or a gather lie; others follow from `axes`.
    """
    op = node.op
    if op in RESHAPES:
        (operand,) = node.operands
        own = iter([axis for axis, size in zip(axes, node.shape, strict=True) if size > 1])
        return [tuple([next(own) if size > 1 else None for size in operand.shape])]
    if op in REDUCTIONS:
        return [source]
    if op is ix.take_along:
        return [source, axes]
    if op is ix.put_along:
        dim = node.params["dim"]
        inner = tuple([None if at == dim else axis for at, axis in enumerate(axes)])
        return [inner, inner]
    return [aligned(axes, operand.shape) for operand in node.operands]


def gathered_axis(node: Node, axes: Axes, operands: Sequence[Axes]) -> int | None:
    """The axis along which a gather picks, or its adjoint puts; None for other members."""
    if node.op is ix.take_along:
        return operands[0][node.params["dim"]]
    return axes[node.params["dim"]] if node.op is ix.put_along else None
