"""`torch.autograd.grad`, and many gradients or tangents at once.

Source: torch/autograd/__init__.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full, zeros_like
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.tensors.engine import differentiate, owned
from autodiff_cli.tensors.ruled import is_ruled, release, rows_fit
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.transform.forward import forward
from autodiff_cli.transform.jacobian import gradient_rows, jacobian_parts
from autodiff_cli.vocabulary.autograd.gradients import (
    as_tensors,
    check_roots,
    cotangents,
    requires_grad_,
)
from autodiff_cli.vocabulary.calls.handles import named

UNUSED = (
    "The differentiated Tensor at index {} appears to not have been used in the graph. Set "
    "allow_unused=True if this is the desired behavior."
)
Tensors = tuple[Tensor, ...]


@named("autograd.grad")
def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    if materialize_grads and allow_unused is False:
        raise RuntimeFault(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    allow_unused = materialize_grads if allow_unused is None else allow_unused
    results = as_tensors(outputs)
    if isinstance(inputs, dict):
        inputs = inputs.values()
    targets = as_tensors(inputs)
    given = as_tensors(grad_outputs) if grad_outputs is not None else [None] * len(results)
    seeds = cotangents(results, given, batched=is_grads_batched)
    if not targets:
        raise RuntimeFault("`inputs` argument to `grad()` cannot be empty.")
    check_roots(results)
    for target in targets:
        if not isinstance(target, Tensor):
            raise TypeFault(
                f"inputs can be either Tensors or GradientEdges, but got {type(target).__name__}"
            )
        if not target.requires_grad:
            raise RuntimeFault("One of the differentiated Tensors does not require grad")
    keep = create_graph if retain_graph is None else retain_graph
    nodes = [target.node for target in targets]
    roots = [tensor.node for tensor in results]
    if is_grads_batched:
        flows = _batched(roots, seeds, nodes, keep, create_graph)
    else:
        flows = differentiate(
            list(zip(roots, seeds, strict=True)),
            retain_graph=keep,
            create_graph=create_graph,
            targets=nodes,
        )
    return tuple(_delivered(flows, nodes, allow_unused, materialize_grads, create_graph))


def _batched(
    roots: list[Node], seeds: list[Node], targets: list[Node], retain: bool, create_graph: bool
) -> list[Node | None]:
    """The gradients for each row of the cotangents."""
    count = seeds[0].shape[0] if seeds else 0
    if count and is_ruled(roots, targets) and rows_fit(count, roots, targets):
        flows = gradient_rows(roots, seeds, targets, create_graph=create_graph)
        if not retain:
            release(roots, targets)
        return flows
    rows = [
        differentiate(
            [
                (root, mv.select(seed, dim=0, index=i))
                for root, seed in zip(roots, seeds, strict=True)
            ],
            retain_graph=retain or i + 1 < count,
            create_graph=create_graph,
            targets=targets,
        )
        for i in range(count)
    ]
    return [
        mv.stack(*column, dim=0) if all(flow is not None for flow in column) else None
        for column in zip(*rows, strict=True)
    ]


def _delivered(
    flows: Sequence[Node | None],
    targets: Sequence[Node],
    allow_unused: bool,
    materialize: bool,
    create_graph: bool,
) -> list[Tensor | None]:
    result: list[Tensor | None] = []
    for number, (flow, target) in enumerate(zip(flows, targets, strict=True)):
        if flow is not None:
            repeated = isinstance(flow.value, np.ndarray) and 0 in flow.value.strides
            result.append(Tensor(flow if repeated else owned(flow)))
        elif materialize:
            zeros = Tensor(zeros_like(target))
            result.append(requires_grad_(zeros) if create_graph else zeros)
        elif allow_unused:
            result.append(None)
        else:
            raise RuntimeFault(UNUSED.format(number))
    return result


# ---- by the transforms of the graph ---------------------------------------------------------------


def jacobian_nodes(
    output: Tensor, inputs: Sequence[Tensor], create_graph: bool
) -> list[Node | None] | None:
    """The Jacobian of one output by every input, as one batched execution; None where it can't be one."""
    root, nodes = output.node, [tensor.node for tensor in inputs]
    count = min(root.numel, sum(node.numel for node in nodes))
    if not root.requires_grad or not count:
        return None
    if not is_ruled([root], nodes) or not rows_fit(count, [root], nodes):
        return None
    return jacobian_parts(root, nodes, create_graph)


def tangent_nodes(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    tangents: Sequence[Tensor | None],
    create_graph: bool,
) -> list[Node | None] | None:
    """The tangents of outputs, in forward mode; None where rules alone don't give them."""
    roots, nodes = [out.node for out in outputs], [tensor.node for tensor in inputs]
    if not is_ruled(roots, nodes):
        return None
    moving = [
        full(shape=node.shape, value=1, dtype=node.dtype)
        if tangent is None
        else as_dtype(tangent.node, node.dtype)
        for tangent, node in zip(tangents, nodes, strict=True)
    ]
    return forward(roots, nodes, moving, create_graph=create_graph)
