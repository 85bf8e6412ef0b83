"""Forward mode of programs: tangents, which are found as the nodes are computed.

A tangent is a tensor, whose memory is what writes change: a view's tangent is a view of its base's, as in the
reference, so that a write to one is seen in the other.

Source: torch/csrc/autograd/autograd_meta.cpp.
"""

from __future__ import annotations

import numpy as np

from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.pointwise import clone
from autodiff_cli.ops.writes import Steps, copy
from autodiff_cli.tensors.inplace import in_place
from autodiff_cli.tensors.tensor import Tensor, wrapped
from autodiff_cli.transform.forward import pushed


class Level:
    """The nodes that have tangents; it is called with each that is made while it holds."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.on = True

    def __call__(self, node: Node) -> None:
        """Give a new node the tangent that those of its operands move it to."""
        given = [operand.tangent for operand in node.operands]
        tangents = [tangent for tangent in given if tangent is not None]
        if not tangents or not self.on or not node.dtype.is_floating or not node.op.vjps:
            return
        with self.aside():
            moved = pushed(node, [None if one is None else one.node for one in given])
            if moved is None:
                return
            tangent = wrapped(moved, tangents)
            if not node.op.is_view and tangent.view is None:
                value = np.asarray(tangent._node.value)
                if any(np.may_share_memory(value, np.asarray(t._node.value)) for t in tangents):
                    tangent = Tensor(clone(tangent.node))
        self.give(node, tangent)

    def give(self, node: Node, tangent: Tensor) -> None:
        node.tangent = tangent
        self.nodes.append(node)

    def end(self) -> None:
        """Take all tangents away."""
        for node in self.nodes:
            node.tangent = None

    def aside(self) -> changed:
        """Inside, nothing gets a tangent: there is one level."""
        return changed(duals=None, saving=())

    def overwrite(self, tensor: Tensor, held: Tensor | None, new: Node) -> None:
        """Let the tangent of a tensor that was written to be that of what was written.

        Args:
            tensor: it holds what was written.
            held: its tangent before, which is written to.
            new: what was written.
        """
        if not self.on:
            if held is not None:
                self.give(tensor._node, held)
            return
        with self.aside():
            if held is None and tensor.view is not None:
                base = tensor.view.base
                if base._node.tangent is None:
                    self.give(base._node, Tensor(zeros_like(base._node)))
                held = self.part_of(base._node.tangent, tensor.view.steps)
            came = zeros_like(new) if new.tangent is None else new.tangent.node
            if held is None:
                held = new.tangent
            elif came is not held.node:
                in_place(held, lambda node: copy(node, came), [came])
        self.give(tensor._node, held)

    def part_of(self, tangent: Tensor, steps: Steps) -> Tensor:
        """The part of a base's tangent that is a view's: it shares its memory."""
        with self.aside():
            node = tangent.node
            for op, params in steps:
                node = op(node, **params)
            part: Tensor = wrapped(node, [tangent])
        return part


def storage_size(array: Array) -> int:
    """How many elements the memory has that an array shows."""
    root = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    return root.nbytes // array.itemsize
