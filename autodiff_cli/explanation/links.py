"""The local derivatives between the parts of a graph, as nodes: by the rules of the backward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import INPUT, Node
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.record import Record
from autodiff_cli.transform.batch import batched
from autodiff_cli.transform.between import flows
from autodiff_cli.transform.jacobian import basis

DENSE = 1 << 14  # elements of a local Jacobian that is made to write elements out


class LinkNodes(Record):
    """A link's nodes, not yet computed.

    Attributes:
        of, by: the parts' nodes.
        kind: as in `records.Link`.
        seed: a stand-in for the cotangent of `of`.
        flow: what it becomes.
        local: the derivative by elements: of `by`'s shape for "number" and "each", of both shapes for others;
            None where that would be too large.
        arrives: what flows in truth.
    """

    of: Node
    by: Node
    kind: str
    seed: Node
    flow: Node
    local: Node | None
    arrives: Node


def linked(
    value: Node, cotangent: Node, parts: Sequence[Node], dense: bool = True
) -> tuple[list[LinkNodes], dict[int, Node]]:
    """The links of a graph from its result back, and the cotangent of each part that one arrives at, by id.

    Args:
        value: the result.
        cotangent: of the result.
        parts: at which local derivatives end: inputs, and what has a name.
        dense: whether local Jacobians are made.
    """
    arrived = {id(value): cotangent}
    links = []
    inner = [part for part in parts if part.requires_grad]
    nodes = {id(node): node for node in inner}
    for node in sorted({**nodes, id(value): value}.values(), key=lambda n: -n.number):
        g = arrived.get(id(node))
        if g is None or node.op is INPUT:
            continue
        stops = nodes.keys() - {id(node)}
        stand_in = _stand_in(node)
        in_truth = flows(node, g, stops)
        symbolic = flows(node, stand_in, stops)
        units = flows(node, full(shape=node.shape, value=1, dtype=node.dtype), stops)
        for key, arrives in sorted(in_truth.items(), key=lambda item: -nodes[item[0]].number):
            by = nodes[key]
            held = arrived.get(key)
            arrived[key] = arrives if held is None else held + arrives
            kind = _kind(node, by, stops, stand_in, symbolic[key])
            local = None
            if kind in ("number", "each"):
                local = units[key]
            elif dense and node.numel * by.numel <= DENSE:
                local = _rows(symbolic[key], stand_in, node)
            links.append(LinkNodes(node, by, kind, stand_in, symbolic[key], local, arrives))
    return links, arrived


def _stand_in(node: Node) -> Node:
    return Node(INPUT, (), {"name": ""}, node.shape, node.dtype)


def _rows(flow: Node, seed: Node, node: Node) -> Node:
    """The local Jacobian by rows: `(node.numel, *by.shape)`."""
    with changed(grad=False):
        (rows,) = batched([flow], [seed], [basis(node)], since=seed.number)
    return rows


def _kind(of: Node, by: Node, stops: Mapping[int, Node] | set[int], seed: Node, flow: Node) -> str:
    if of.numel == 1:
        return "number"
    inside = _above(flow, of, stops)
    if of.shape == by.shape and _is_each(seed, inside):
        return "each"
    return "matrix" if any(node is by or node is of for node in inside) else "linear"


def _is_each(seed: Node, flow: Sequence[Node]) -> bool:
    """Whether nothing but functions of elements makes a flow of its seed.

    Args:
        seed: the cotangent.
        flow: what the flow is made of.
    """
    leading = {id(seed)}
    for node in sorted(flow, key=lambda n: n.number):
        if any(id(operand) in leading for operand in node.operands):
            if not isinstance(node.op, Elementwise) or node.shape != seed.shape:
                return False
            leading.add(id(node))
    return True


def _above(flow: Node, of: Node, stops: Mapping[int, Node] | set[int]) -> list[Node]:
    """What a flow is made of, no further than the stops; `of` counts if its value is read."""
    found: dict[int, Node] = {}
    waiting = [flow]
    while waiting:
        node = waiting.pop()
        if id(node) in found:
            continue
        found[id(node)] = node
        if id(node) not in stops and node is not of:
            waiting += node.operands
    return list(found.values())


def sized(value: Node) -> list[Node]:
    """The operations of a graph that gradients flow through, operands first."""
    return [
        node
        for node in topological([value])
        if node.requires_grad and node.op is not INPUT and not node.op.is_joint
    ]
