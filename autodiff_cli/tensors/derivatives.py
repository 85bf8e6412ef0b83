"""Derivatives of a graph, as nodes: gradients, Jacobians, Hessians and products with vectors.

Where rules alone decide what flows, many gradients or tangents are one batch of the transforms. Where a
program's own code takes part, which may look at the numbers that it gets and has no forward mode, there is a
backward pass of the engine for each; the reference does the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, leaf
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full, zeros_like
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.tensors.engine import differentiate
from autodiff_cli.tensors.ruled import is_ruled, release, rows_fit
from autodiff_cli.transform import jacobian as batched
from autodiff_cli.transform.forward import forward

Flows: TypeAlias = list[Node | None]  # None where nothing flows
Given: TypeAlias = Sequence[Node | None]


def gradients(
    outputs: Given, seeds: Given, wrt: Sequence[Node], *, create_graph: bool = False
) -> Flows:
    """The gradients of the outputs, weighted by the seeds, with respect to each of `wrt`.

    Args:
        outputs: nodes; from None, and from what requires no grad, nothing flows.
        seeds: one cotangent an output, of its shape; None is ones.
        wrt: any nodes of the graph, leaves or not.
        create_graph: whether the gradients can be differentiated again.

    Raises:
        RuntimeFault: a value that a derivative needs was freed or written to, in the reference's words.
    """
    roots = [
        (output, _weight(seed, output))
        for output, seed in zip(outputs, seeds, strict=True)
        if output is not None and output.requires_grad
    ]
    return differentiate(roots, retain_graph=True, create_graph=create_graph, targets=wrt)


def gradient_rows(
    outputs: Sequence[Node],
    rows: Sequence[Node],
    wrt: Sequence[Node],
    *,
    create_graph: bool = False,
    retain_graph: bool = True,
) -> Flows:
    """As `gradients`, for rows of seeds: `(size, *output.shape)` each gives gradients `(size, *x.shape)`."""
    size = rows[0].shape[0]
    if _is_one_batch(size, outputs, wrt):
        found = batched.gradient_rows(outputs, rows, wrt, create_graph=create_graph)
        if not retain_graph:
            release(outputs, wrt)
        return found
    passes = [
        differentiate(
            [
                (output, mv.select(seeds, dim=0, index=row))
                for output, seeds in zip(outputs, rows, strict=True)
            ],
            retain_graph=retain_graph or row + 1 < size,
            create_graph=create_graph,
            targets=wrt,
        )
        for row in range(size)
    ]
    return [
        None
        if all(flow is None for flow in column)
        else mv.stack(*[zeros_like(x) if flow is None else flow for flow in column], dim=0)
        for column, x in zip(zip(*passes, strict=True), wrt, strict=True)
    ]


def jacobian(
    output: Node,
    wrt: Sequence[Node],
    *,
    create_graph: bool = False,
    forward_mode: bool | None = None,
) -> list[Node]:
    """The derivative of every element of the output by every element of each of `wrt`.

    In forward or reverse mode, or in that which takes fewer passes; where a program's own code takes part,
    in reverse mode.

    Returns:
        One node for each of `wrt`, of shape `output.shape + x.shape` and the dtype of x; zeros where the
        output doesn't depend on it.
    """
    columns = sum(x.numel for x in wrt)
    size = min(output.numel, columns)
    if forward_mode and size:
        size = columns
    found: Flows = [None] * len(wrt)
    if output.requires_grad and size:
        if _is_one_batch(size, [output], wrt):
            found = batched.jacobian(output, wrt, create_graph, forward_mode)
        else:
            rows = [batched.basis(output)]
            found = gradient_rows([output], rows, wrt, create_graph=create_graph)
    shapes = [(*output.shape, *x.shape) for x in wrt]
    return [
        full(shape=shape, value=0, dtype=x.dtype) if entry is None else mv.reshape(entry, shape)
        for entry, shape, x in zip(found, shapes, wrt, strict=True)
    ]


def hessian(output: Node, wrt: Sequence[Node]) -> list[list[Node]]:
    """The second derivatives of an output of one element by each two of `wrt`.

    Returns:
        For each x a list with, for each y, a node of shape `x.shape + y.shape`.
    """
    slopes = gradients([output], [None], wrt, create_graph=True)
    return [jacobian(slope, wrt) for slope in filled(slopes, wrt)]


def tangents(
    outputs: Given, wrt: Sequence[Node], vectors: Given, *, create_graph: bool = False
) -> Flows:
    """The outputs' tangents where `wrt` have the given ones: in forward mode, or by reverse mode twice.

    Args:
        outputs: as of `gradients`.
        wrt: any nodes of the graph, leaves or not.
        vectors: one for each of `wrt`, of its shape; None is ones.
        create_graph: whether the tangents can be differentiated again.
    """
    moving = [output for output in outputs if output is not None and output.requires_grad]
    if is_ruled(moving, wrt):
        weights = [_weight(vector, x) for vector, x in zip(vectors, wrt, strict=True)]
        found = forward(moving, wrt, weights, create_graph=create_graph)
    else:
        # The product with a cotangent is linear in it: its derivative by that is the product the other
        # way, wherever it is taken; at ones, for methods that look whether there is a gradient at all.
        seeds = [leaf(np.ones(y.shape, y.dtype.numpy), requires_grad=True) for y in moving]
        slopes = gradients(moving, seeds, wrt, create_graph=True)
        found = gradients(slopes, vectors, seeds, create_graph=create_graph)
    flowing = {id(y): flow for y, flow in zip(moving, found, strict=True)}
    return [flowing.get(id(output)) for output in outputs]


def hvp(
    output: Node, wrt: Sequence[Node], vectors: Given, *, create_graph: bool = False
) -> list[Node]:
    """The Hessian of an output of one element, times a vector given in parts.

    Args:
        output: the node to differentiate twice.
        wrt: any nodes of the graph, leaves or not.
        vectors: one for each of `wrt`, of its shape; None is ones.
        create_graph: whether the products can be differentiated again.

    Returns:
        One node for each of `wrt`, of its shape and dtype.
    """
    slopes = gradients([output], [None], wrt, create_graph=True)
    return filled(tangents(slopes, wrt, vectors, create_graph=create_graph), wrt)


def filled(flows: Given, like: Sequence[Node]) -> list[Node]:
    """Zeros where nothing flows."""
    return [zeros_like(x) if flow is None else flow for flow, x in zip(flows, like, strict=True)]


def _weight(given: Node | None, x: Node) -> Node:
    if given is None:
        return full(shape=x.shape, value=1, dtype=x.dtype)
    return as_dtype(given, x.dtype)


def _is_one_batch(size: int, outputs: Sequence[Node], wrt: Sequence[Node]) -> bool:
    """Whether rules decide what flows; and rows that are computed at once fit in memory."""
    return is_ruled(outputs, wrt) and (not current().eager or rows_fit(size, outputs, wrt))
