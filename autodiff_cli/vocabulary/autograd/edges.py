"""Edges of the graph, which may stand for tensors where gradients are asked for.

Source: torch/autograd/graph.py.
"""

from __future__ import annotations

from typing import NamedTuple

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ops import movement as mv
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.grad_fns import GradFn, grad_fn_of, output_number
from autodiff_cli.vocabulary.calls.handles import named


class GradientEdge(NamedTuple):
    """Where a tensor's gradient is computed: a backward function, and which of its gradients."""

    node: GradFn
    output_nr: int
    ownership_token: GradFn | None = None

    def tensor(self) -> Tensor:
        token = self.ownership_token
        return Tensor(self.node.node if token is None else token.node.operands[0])


named("autograd.graph.GradientEdge")(GradientEdge)


@named("autograd.graph.get_gradient_edge")
def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge of the graph that a tensor's gradient comes along.

    Raises:
        RuntimeFault: none does.
    """
    node = tensor.node
    found = grad_fn_of(node) if tensor.requires_grad else None
    if found is None:
        raise RuntimeFault(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients"
        )
    token = None
    if found.node is not node:  # an output of a program's Function
        token = grad_fn_of(mv.view(node, shape=node.shape))
    return GradientEdge(found, output_number(node) if not node.is_leaf else 0, token)
