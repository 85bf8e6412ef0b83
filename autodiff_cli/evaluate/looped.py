"""Derivatives through Functions of a program: their backward methods are called once for each gradient.

Such a method is code of the program's own, which may look at the numbers that it gets, so that nothing can be
batched through it; nor has it a forward mode. The reference does the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff_cli.ir.node import Node, constant, leaf
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full, zeros_like
from autodiff_cli.transform.reverse import reverse


def needs_loop(output: Node) -> bool:
    """Whether a Function of a program stands in the graph."""
    return any(node.op.name == "function_call" for node in topological([output]))


def jacobian(output: Node, wrt: Sequence[Node]) -> list[Node]:
    """As `transform.jacobian.jacobian`."""
    basis = np.eye(output.numel, dtype=output.dtype.numpy).reshape(-1, *output.shape)
    rows = [reverse([output], [constant(row)], wrt) for row in basis]
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
    gradients = reverse([output], [_ones(output)], wrt, create_graph=True)
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
    gradients = reverse([output], [cotangent], primals, create_graph=True)
    return _along(gradients, tangents, [cotangent])[0]


def hvp(output: Node, wrt: Sequence[Node], vectors: Sequence[Node]) -> list[Node]:
    """As `transform.jacobian.hvp`."""
    gradients = reverse([output], [_ones(output)], wrt, create_graph=True)
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
    return reverse([gradient for gradient, _ in pairs], [vector for _, vector in pairs], wrt)


def _ones(x: Node) -> Node:
    return full(shape=x.shape, value=1, dtype=x.dtype)
