"""Derivatives of a program's graph to which it added code of its own: one backward pass for each gradient.

Hooks, and the backward methods of a program's Functions, may look at the numbers that they get, so that
nothing can be batched through them; nor have they a forward mode. The reference does the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff_cli.ir.node import Node, constant, leaf
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full, zeros_like
from autodiff_cli.tensors.engine import differentiate


def jacobian(output: Node, wrt: Sequence[Node]) -> list[Node]:
    """As `transform.jacobian.jacobian`."""
    basis = np.eye(output.numel, dtype=output.dtype.numpy).reshape(-1, *output.shape)
    rows = [_flows([(output, constant(row))], wrt) for row in basis]
    found = []
    for position, x in enumerate(wrt):
        flows = [row[position] for row in rows]
        shape = (*output.shape, *x.shape)
        if any(flow is not None for flow in flows):
            stacked = mv.stack(*[zeros_like(x) if f is None else f for f in flows], dim=0)
            found.append(mv.view(stacked, shape=shape))
        else:
            found.append(full(shape=shape, value=0, dtype=x.dtype))
    return found


def hessian(output: Node, wrt: Sequence[Node]) -> list[list[Node]]:
    """As `transform.jacobian.hessian`."""
    gradients = _flows([(output, _ones(output))], wrt, create_graph=True)
    return [
        jacobian(zeros_like(x) if gradient is None else gradient, wrt)
        for x, gradient in zip(wrt, gradients, strict=True)
    ]


def jvp(output: Node, primals: Sequence[Node], tangents: Sequence[Node]) -> Node | None:
    """As `transform.jacobian.jvp`.

    The product with a cotangent is linear in it: its derivative by that is the product the other way,
    wherever it is taken. It is taken at ones, for methods that look whether there is a gradient at all.
    """
    cotangent = leaf(np.ones(output.shape, output.dtype.numpy), requires_grad=True)
    gradients = _flows([(output, cotangent)], primals, create_graph=True)
    return _along(gradients, tangents, [cotangent])[0]


def hvp(output: Node, wrt: Sequence[Node], vectors: Sequence[Node]) -> list[Node]:
    """As `transform.jacobian.hvp`."""
    gradients = _flows([(output, _ones(output))], wrt, create_graph=True)
    products = _along(gradients, vectors, wrt)
    return [
        zeros_like(x) if product is None else product
        for x, product in zip(wrt, products, strict=True)
    ]


def _along(
    gradients: Sequence[Node | None], vectors: Sequence[Node], wrt: Sequence[Node]
) -> list[Node | None]:
    """The gradients of `gradients · vectors`."""
    pairs = [
        (gradient, vector)
        for gradient, vector in zip(gradients, vectors, strict=True)
        if gradient is not None and gradient.requires_grad
    ]
    if not pairs:
        return [None] * len(wrt)
    return _flows(pairs, wrt)


def _flows(
    roots: Sequence[tuple[Node, Node]], wrt: Sequence[Node], *, create_graph: bool = False
) -> list[Node | None]:
    return differentiate(roots, retain_graph=True, create_graph=create_graph, targets=wrt)


def _ones(x: Node) -> Node:
    return full(shape=x.shape, value=1, dtype=x.dtype)
