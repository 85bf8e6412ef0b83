"""Forward mode: from the graph of a value to the graph of its tangent.

There are no rules for tangents. The rule of an elementwise operation is linear in the gradient and stands
for a diagonal matrix, which is its own transpose: the tangent goes through the same rule. A linear map is
applied to the tangent itself. All else is transposed: the graph of the vector-Jacobian product is linear in
its cotangent, so that its derivative by the cotangent, seeded with the tangent, is the product the other way.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.context import Context, changed, current
from autodiff_cli.ir.node import INPUT, NO_PARAMS, Node
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.ops.movement import expand
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.transform.replay import replayed
from autodiff_cli.transform.reverse import fitted, gradients


def forward(
    outputs: Sequence[Node],
    primals: Sequence[Node],
    tangents: Sequence[Node],
    *,
    create_graph: bool = False,
) -> list[Node | None]:
    """Tangents of the outputs where the primals have the given ones.

    They flow where gradients would: through nodes that require grad.

    Args:
        outputs: the nodes to differentiate.
        primals: any nodes of the graph, leaves or not; one tangent each replaces what flows to it.
        tangents: of the shapes and dtypes of the primals.
        create_graph: whether the tangents can be differentiated again.

    Returns:
        One node for each output, of its shape and dtype; None where no tangent flows.
    """
    with changed(grad=create_graph, span=None) as context:
        return _forward(outputs, primals, tangents, context)


def _forward(
    outputs: Sequence[Node],
    primals: Sequence[Node],
    tangents: Sequence[Node],
    context: Context,
) -> list[Node | None]:
    flowing = {id(node): tangent for node, tangent in zip(primals, tangents, strict=True)}
    for node in topological(outputs):
        if not node.requires_grad or id(node) in flowing:
            continue
        moving = [flowing.get(id(operand)) for operand in node.operands]
        if any(tangent is not None for tangent in moving):
            context.span = node.span
            tangent = pushed(node, moving)
            if tangent is not None:
                flowing[id(node)] = tangent
    return [flowing.get(id(output)) for output in outputs]


def pushed(node: Node, moving: Sequence[Node | None]) -> Node | None:
    """The tangent of one operation's result, from those of its operands (None: it has none)."""
    if isinstance(node.op, Elementwise):
        return _through_rules(node, moving)
    total: Node | None = None
    rest = list(moving)
    for group in node.op.linear_in(node.operands):
        if any(moving[position] is not None for position in group):
            total = _sum(total, _applied(node, moving, group))
            for position in group:
                rest[position] = None
    if any(tangent is not None for tangent in rest):
        total = _sum(total, _transposed(node, rest))
    return total


def _sum(a: Node | None, b: Node | None) -> Node | None:
    if a is None or b is None:
        return a if b is None else b
    return a + b


def _through_rules(node: Node, moving: Sequence[Node | None]) -> Node | None:
    total: Node | None = None
    for position, tangent in enumerate(moving):
        if tangent is not None:
            flow = node.op.vjp(node, as_dtype(tangent, node.dtype), position)
            total = _sum(total, flow)
    if total is None:
        return None
    if total.shape != node.shape:  # broadcast late: what was small stays small so long
        total = expand(total, shape=node.shape)
    return as_dtype(total, node.dtype)


def _applied(node: Node, moving: Sequence[Node | None], group: tuple[int, ...]) -> Node:
    """A map applied to the tangents of the operands in which it is linear."""
    operands = list(node.kept or node.operands)
    for position in group:
        tangent = moving[position]
        operands[position] = zeros_like(operands[position]) if tangent is None else tangent
    return as_dtype(node.op(*operands, **node.params), node.dtype)


def _transposed(node: Node, moving: Sequence[Node | None]) -> Node | None:
    """The tangent by differentiating the vector-Jacobian products by their cotangent."""
    grad = current().grad
    cotangent = Node(INPUT, (), NO_PARAMS, node.shape, node.dtype, requires_grad=True)
    flows: list[Node] = []
    seeds: list[Node] = []
    with changed(grad=True, eager=False) as context:
        for position, tangent in enumerate(moving):
            flow = None if tangent is None else node.op.vjp(node, cotangent, position)
            if flow is not None and tangent is not None:
                flows.append(fitted(flow, node.operands[position]))
                seeds.append(tangent)
        context.grad = grad
        # Only what was made since depends on the cotangent: the graph above isn't walked again.
        order = topological(flows, since=cotangent.number)
        (result,) = gradients(order, flows, seeds, [cotangent])
    if result is None:
        return None
    made = topological([result], since=cotangent.number)
    if current().eager or any(part is cotangent for part in made):
        # A linear function has the same derivative everywhere, so also at a cotangent of 0.
        others = {id(cotangent): zeros_like(node)}
        (result,) = replayed([result], others, since=cotangent.number)
    return result
