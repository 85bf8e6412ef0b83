"""Jacobians, and gradients for many seeds at once: reverse and forward mode, batched.

A Jacobian is one gradient, or one tangent, for each element of a basis: the graph of a single one is made,
and the basis pushed through it as rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import INPUT, NO_PARAMS, Node
from autodiff_cli.ops.create import eye, full
from autodiff_cli.ops.movement import permute, reshape
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.transform.batch import batched
from autodiff_cli.transform.forward import forward
from autodiff_cli.transform.reverse import reverse


def jacobian(
    output: Node,
    wrt: Sequence[Node],
    create_graph: bool = False,
    forward_mode: bool | None = None,
) -> list[Node | None]:
    """The derivative of every element of the output by every element of each of `wrt`.

    By rows, in reverse mode, or by columns, in forward mode; whichever are fewer, if it isn't said.

    Args:
        output: the node to differentiate.
        wrt: any nodes of the graph, leaves or not.
        create_graph: whether the Jacobians can be differentiated again.
        forward_mode: which of the two; they differ where a derivative doesn't exist, and in signs of zeros.

    Returns:
        One node for each of `wrt`, of shape `output.shape + x.shape` and the dtype of x; None where the
        output doesn't depend on it.
    """
    if forward_mode is None:
        forward_mode = sum(x.numel for x in wrt) < output.numel
    if forward_mode:
        found = [_by_columns(output, x, create_graph) for x in wrt]
    else:
        found = _by_rows(output, wrt, create_graph)
    return [
        None if entry is None else as_dtype(reshape(entry, (*output.shape, *x.shape)), x.dtype)
        for entry, x in zip(found, wrt, strict=True)
    ]


def _by_rows(output: Node, wrt: Sequence[Node], create_graph: bool) -> list[Node | None]:
    """The gradients of each element of the output, `(output.numel, *x.shape)`."""
    if output.numel == 1:
        return reverse([output], [_ones(output)], wrt, create_graph=create_graph)
    return gradient_rows([output], [basis(output)], wrt, create_graph=create_graph)


def _by_columns(output: Node, x: Node, create_graph: bool) -> Node | None:
    """The tangents for each element of x, `(*output.shape, x.numel)`."""
    if x.numel == 1:
        return forward([output], [x], [_ones(x)], create_graph=create_graph)[0]
    with changed(eager=False):  # what is made of stand-ins has no value
        tangent = _stand_in(x)
        found = forward([output], [x], [tangent], create_graph=create_graph)
    (columns,) = _for_each(found, [tangent], [basis(x)], create_graph)
    return None if columns is None else permute(columns, dims=(*range(1, columns.ndim), 0))


def gradient_rows(
    outputs: Sequence[Node],
    rows: Sequence[Node],
    wrt: Sequence[Node],
    *,
    create_graph: bool = False,
) -> list[Node | None]:
    """As `reverse`, for rows of seeds: `(size, *output.shape)` each gives gradients `(size, *x.shape)`."""
    with changed(eager=False):  # what is made of stand-ins has no value
        seeds = [_stand_in(output) for output in outputs]
        found = reverse(outputs, seeds, wrt, create_graph=create_graph)
    return _for_each(found, seeds, rows, create_graph)


def _for_each(
    found: Sequence[Node | None],
    stand_ins: Sequence[Node],
    rows: Sequence[Node],
    create_graph: bool,
) -> list[Node | None]:
    flowing = [node for node in found if node is not None]
    with changed(grad=create_graph):
        made = iter(batched(flowing, stand_ins, rows, since=stand_ins[0].number))
    return [None if node is None else next(made) for node in found]


def basis(x: Node) -> Node:
    """For each element of x, a 1 in its place among zeros."""
    return reshape(eye(n=x.numel, m=x.numel, dtype=x.dtype), (x.numel, *x.shape))


def _stand_in(x: Node) -> Node:
    return Node(INPUT, (), NO_PARAMS, x.shape, x.dtype)


def _ones(x: Node) -> Node:
    return full(shape=x.shape, value=1, dtype=x.dtype)
