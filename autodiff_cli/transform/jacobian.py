"""Jacobians, Hessians and their products with vectors: forward and reverse mode, batched.

A Jacobian is one gradient, or one tangent, for each element of a basis: the graph of a single one is made,
and the basis pushed through it as rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import INPUT, NO_PARAMS, Node
from autodiff_cli.ops.create import eye, full, zeros_like
from autodiff_cli.ops.movement import permute, reshape
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.transform.batch import batched
from autodiff_cli.transform.forward import forward
from autodiff_cli.transform.reverse import reverse


def jacobian(output: Node, wrt: Sequence[Node], *, create_graph: bool = False) -> list[Node]:
    """The derivative of every element of the output by every element of each of `wrt`.

    By rows, in reverse mode, or by columns, in forward mode, whichever are fewer.

    Args:
        output: the node to differentiate.
        wrt: any nodes of the graph, leaves or not.
        create_graph: whether the Jacobians can be differentiated again.

    Returns:
        One node for each of `wrt`, of shape `output.shape + x.shape` and the dtype of x; zeros where the
        output doesn't depend on it.
    """
    return [
        full(shape=(*output.shape, *x.shape), value=0, dtype=x.dtype) if entry is None else entry
        for entry, x in zip(jacobian_parts(output, wrt, create_graph), wrt, strict=True)
    ]


def jacobian_parts(
    output: Node, wrt: Sequence[Node], create_graph: bool = False
) -> list[Node | None]:
    """As `jacobian`, with None where the output doesn't depend on one of `wrt`."""
    if not output.numel:
        return [None] * len(wrt)
    if sum(x.numel for x in wrt) < output.numel:
        found = [_by_columns(output, x, create_graph) for x in wrt]
    else:
        found = _by_rows(output, wrt, create_graph)
    return [
        None if entry is None else as_dtype(reshape(entry, (*output.shape, *x.shape)), x.dtype)
        for entry, x in zip(found, wrt, strict=True)
    ]


def hessian(output: Node, wrt: Sequence[Node]) -> list[list[Node]]:
    """The second derivatives of an output of one element by each two of `wrt`.

    Returns:
        For each x a list with, for each y, a node of shape `x.shape + y.shape`.
    """
    gradients = reverse([output], [_ones(output)], wrt, create_graph=True)
    return [
        jacobian(zeros_like(x) if gradient is None else gradient, wrt)
        for x, gradient in zip(wrt, gradients, strict=True)
    ]


def jvp(output: Node, primals: Sequence[Node], tangents: Sequence[Node]) -> Node | None:
    """The output's tangent where the primals have the given ones; None where none flows."""
    return forward([output], primals, tangents)[0]


def hvp(output: Node, wrt: Sequence[Node], vectors: Sequence[Node]) -> list[Node]:
    """The Hessian of an output of one element, times a vector given in parts.

    Args:
        output: the node to differentiate twice.
        wrt: any nodes of the graph, leaves or not.
        vectors: one for each of `wrt`, of its shape and dtype.

    Returns:
        One node for each of `wrt`, of its shape and dtype.
    """
    gradients = reverse([output], [_ones(output)], wrt, create_graph=True)
    moving = [gradient for gradient in gradients if gradient is not None]
    tangents = iter(forward(moving, wrt, vectors))
    found = [None if gradient is None else next(tangents) for gradient in gradients]
    return [
        zeros_like(x) if product is None else product for x, product in zip(wrt, found, strict=True)
    ]


# ---- many at once -------------------------------------------------------------------------------


def gradient_rows(
    outputs: Sequence[Node],
    rows: Sequence[Node],
    wrt: Sequence[Node],
    *,
    create_graph: bool = False,
) -> list[Node | None]:
    """As `reverse`, for rows of seeds: `(size, *output.shape)` each gives gradients `(size, *x.shape)`."""
    with changed(eager=False):  # those of stand-ins have no value
        seeds = [_stand_in(output) for output in outputs]
        found = reverse(outputs, seeds, wrt, create_graph=create_graph)
    return _of_each(found, seeds, rows, create_graph)


def tangent_rows(
    outputs: Sequence[Node],
    primals: Sequence[Node],
    rows: Sequence[Node],
    *,
    create_graph: bool = False,
) -> list[Node | None]:
    """As `forward`, for rows of tangents: `(size, *x.shape)` each gives `(size, *output.shape)`."""
    with changed(eager=False):  # those of stand-ins have no value
        tangents = [_stand_in(x) for x in primals]
        found = forward(outputs, primals, tangents, create_graph=create_graph)
    return _of_each(found, tangents, rows, create_graph)


def _of_each(
    found: Sequence[Node | None],
    stand_ins: Sequence[Node],
    rows: Sequence[Node],
    create_graph: bool,
) -> list[Node | None]:
    flowing = [node for node in found if node is not None]
    with changed(grad=create_graph):
        made = iter(batched(flowing, stand_ins, rows, since=stand_ins[0].number))
    return [None if node is None else next(made) for node in found]


# ---- by a basis ---------------------------------------------------------------------------------


def _by_rows(output: Node, wrt: Sequence[Node], create_graph: bool) -> list[Node | None]:
    """The gradients of each element of the output, `(output.numel, *x.shape)`."""
    if output.numel == 1:
        return reverse([output], [_ones(output)], wrt, create_graph=create_graph)
    return gradient_rows([output], [_basis(output)], wrt, create_graph=create_graph)


def _by_columns(output: Node, x: Node, create_graph: bool) -> Node | None:
    """The tangents for each element of x, `(*output.shape, x.numel)`."""
    if x.numel == 1:
        return forward([output], [x], [_ones(x)], create_graph=create_graph)[0]
    (columns,) = tangent_rows([output], [x], [_basis(x)], create_graph=create_graph)
    return None if columns is None else permute(columns, dims=(*range(1, columns.ndim), 0))


def _basis(x: Node) -> Node:
    """For each element of x, a 1 in its place among zeros."""
    return reshape(eye(n=x.numel, m=x.numel, dtype=x.dtype), (x.numel, *x.shape))


def _stand_in(x: Node) -> Node:
    return Node(INPUT, (), NO_PARAMS, x.shape, x.dtype)


def _ones(x: Node) -> Node:
    return full(shape=x.shape, value=1, dtype=x.dtype)
