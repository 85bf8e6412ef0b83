"""Parts of a text that no formula says: their values are their own text, their gradients calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Op, Params, Shape
from autodiff_cli.ir.walk import topological


class _Part(Op):
    """A part of a text, of what the names in it stand for; its gradients are another operation."""

    __slots__ = ()
    is_foreign: ClassVar[bool] = True

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        return params["shape"], params["dtype"]

    def vjp(self, node: Node, g: Node, position: int) -> Node:
        operand = node.operands[position]
        by = [at for at, one in enumerate(node.operands) if one.requires_grad]
        params = {
            "text": node.params["text"],
            "names": tuple(node.params["names"][at] for at in by),
            "position": by.index(position),
            "shape": operand.shape,
            "dtype": operand.dtype,
        }
        return PART_BACK(g, *node.operands, **params)

    def _records(self, nodes: tuple[Node, ...]) -> bool:
        return any(node.requires_grad for node in nodes)


PART = _Part("part", lambda *_: None, vjps=(None,), doc="a part of a text, which has no formula")
PART_BACK = _Part("part_back", lambda *_: None, doc="the gradient of such a part, by a name in it")


def part(whole: Node, text: str, names: Mapping[str, Node], is_call: bool) -> Node:
    """A part of a text.

    Args:
        whole: the node that it gives.
        text: the part.
        names: what the names in it stand for.
        is_call: whether it is one, which needs no parentheses.
    """
    how = {"text": text, "names": tuple(names), "is_call": is_call}
    return PART(*names.values(), **how, shape=whole.shape, dtype=whole.dtype)


def with_part(outputs: Sequence[Node], whole: Node, by: Node) -> list[Node]:
    """Graphs in which a part stands in the place of the node that it gives."""
    new = {id(whole): by}
    for node in topological(outputs):
        operands = tuple(new.get(id(operand), operand) for operand in node.operands)
        if id(node) not in new and operands != node.operands:
            made = Node(node.op, operands, node.params, node.shape, node.dtype, node.requires_grad)
            made.span = node.span
            new[id(node)] = made
    return [new.get(id(output), output) for output in outputs]


def ends(outputs: Sequence[Node], span: object) -> list[Node]:
    """The nodes that a place in the text made, and that something else reads."""
    order = topological(outputs)
    here = {id(node): node for node in order if node.span == span and node.operands}
    read = {id(o) for node in order if id(node) not in here for o in node.operands}
    last = {id(output) for output in outputs}
    return [node for key, node in here.items() if key in read | last]
