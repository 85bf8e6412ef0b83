"""`torch.autograd.grad`, and how programs get gradients and tangents.

Source: torch/autograd/__init__.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault, ValueFault
from autodiff_cli.ir.node import Node
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.tensors.derivatives import filled, gradient_rows
from autodiff_cli.tensors.engine import differentiate, owned
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.edges import GradientEdge
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
        raise ValueFault(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    allow_unused = materialize_grads if allow_unused is None else allow_unused
    results = as_tensors(outputs)
    if isinstance(inputs, dict):
        inputs = inputs.values()
    if not isinstance(inputs, (Tensor, GradientEdge)):
        inputs = tuple(inputs)
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
    if is_grads_batched and seeds:
        flows = gradient_rows(roots, seeds, nodes, retain_graph=keep, create_graph=create_graph)
    else:
        flows = differentiate(
            list(zip(roots, seeds, strict=True)),
            retain_graph=keep,
            create_graph=create_graph,
            targets=nodes,
        )
    result: list[Tensor | None] = []
    for number, (flow, target) in enumerate(zip(flows, nodes, strict=True)):
        if flow is not None:
            result.append(_own(flow))
        elif materialize_grads:
            if isinstance(inputs, GradientEdge) or (
                isinstance(inputs, tuple) and isinstance(inputs[number], GradientEdge)
            ):
                raise RuntimeFault(
                    "materialize_grads cannot be used when the given input is a GradientEdge"
                )
            zeros = Tensor(zeros_like(target))
            result.append(requires_grad_(zeros) if create_graph else zeros)
        elif allow_unused:
            result.append(None)
        else:
            raise RuntimeFault(UNUSED.format(number))
    return tuple(result)


def handed(flows: Sequence[Node | None], like: Sequence[Tensor]) -> Tensors:
    """Gradients or tangents as a program gets them, with zeros where none flows."""
    nodes = filled(flows, [tensor.node for tensor in like])
    return tuple([_own(node) for node in nodes])


def _own(flow: Node) -> Tensor:
    """A gradient in memory of its own, unless that repeats elements."""
    repeated = isinstance(flow.value, np.ndarray) and 0 in flow.value.strides
    return Tensor(flow if repeated else owned(flow))


def nodes_of(tensors: Iterable[Tensor | None]) -> list[Node | None]:
    return [None if tensor is None else tensor.node for tensor in tensors]
