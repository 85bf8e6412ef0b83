"""What a derivative needs, as a program's hooks keep it: packed when a node is made, unpacked in backward.

Source: torch/csrc/autograd/saved_variable.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import Context, changed
from autodiff_cli.ir.node import INPUT, NO_PARAMS, NUMBER, Node
from autodiff_cli.ops.pointwise import unpacked
from autodiff_cli.tensors.saved import RESULT, saved
from autodiff_cli.tensors.tensor import Tensor, tape_of

WRITES = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot "
    "be modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if "
    "you need to perform in-place operations on the input to a pack hook."
)
Hook = Callable[[Any], Any]


class Packed:
    """One saved value, as hooks keep it."""

    def __init__(self, held: Node, pack: Hook, unpack: Hook) -> None:
        given = known_tensor(held)
        version = given.version
        with changed(saving=(), grad=False):
            self.value = pack(given)
        if given.version != version:
            raise RuntimeFault(WRITES)
        self.unpack = unpack

    def open(self, held: Node, *, shown: bool = False) -> Node:
        """The value that the hook unpacks, with the history of the node that was saved.

        Args:
            held: that node.
            shown: whether it is to look as that: a leaf, if it is one.
        """
        with changed(saving=()):
            found = self.unpack(self.value)
        if not isinstance(found, Tensor):
            raise TypeFault(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(found).__name__}"
            )
        node = found._node
        if not held.requires_grad or node is held:
            return node
        made = Node(unpacked, (held,), NO_PARAMS, node.shape, node.dtype, True, node.value)
        if shown and held.op is INPUT:
            made.op, made.operands, made.tape = INPUT, (), held.tape
        made.output = int(held.params.get("output", held.output))
        made.memory = found.memory
        return made


def known_tensor(node: Node) -> Tensor:
    """A leaf's own tensor; of another node, one that shares its memory and history."""
    known = node.tape.tensor() if node.op is INPUT and node.tape is not None else None
    return Tensor(node) if known is None else known


def held_by(node: Node, place: int) -> Node:
    """The node that stands at a place of what another one saved."""
    return node if place == RESULT else (node.kept or node.operands)[place]


def places_of(node: Node) -> list[int]:
    """The places of the tensors that a node saves, in the reference's order."""
    places = saved(node)
    order = sorted((place for place in places if place != RESULT), reverse=True)
    order += [RESULT] if RESULT in places else []
    return [place for place in order if held_by(node, place).op is not NUMBER]


class Packing:
    """Told of new nodes while hooks hold: packs what they save.

    Args:
        pack, unpack: the hooks.
    """

    def __init__(self, pack: Hook, unpack: Hook) -> None:
        self.pack, self.unpack = pack, unpack
        self.waiting: list[Node] | None = None
        self.outer: Packing | None = None  # those that hold again afterwards

    def __call__(self, node: Node) -> None:
        if self.waiting is not None:
            self.waiting.append(node)
        elif node.requires_grad:
            for place in places_of(node):
                tape_of(node).packed[place] = self.packed(held_by(node, place))

    def packed(self, held: Node) -> Packed:
        return Packed(held, self.pack, self.unpack)

    def overwritten(self, tensor: Tensor) -> None:
        """Take note that a tensor is about to be written to."""

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Inside, nodes wait: what a write saves is known when it is done."""
        self.waiting = []
        try:
            yield
            made, self.waiting = self.waiting, None
            for node in made:
                self(node)
        finally:
            self.waiting = None


def packing_of(context: Context) -> Packing | None:
    """The hooks that hold."""
    for tell in context.saving:
        if isinstance(tell, Packing):
            return tell
    return None


@contextmanager
def opened(node: Node) -> Iterator[None]:
    """Inside, a node's rules read what its hooks unpack."""
    packed, kept = tape_of(node).packed, node.kept
    if node.released:
        yield
        return
    found = {place: one.open(held_by(node, place)) for place, one in packed.items()}
    operands = kept or node.operands
    node.kept = tuple([found.get(place, operand) for place, operand in enumerate(operands)])
    node.opened = found.get(RESULT)
    try:
        yield
    finally:
        node.kept, node.opened = kept, None
