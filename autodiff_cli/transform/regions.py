"""Regions: runs of elementwise operations with the broadcasts that feed and the reductions that end them.

A region has a *space*, the shape that is walked block by block. Each of its members lies along some axes of
the space: a member of the space's shape along all, a row sum along the first. The values of members exist
for one block at a time; only *products* are arrays in whole.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.transform.axes import Axes

LARGE = 1 << 15  # elements from which on blocks pay, and reading an array once
LONGEST_ROW = 1 << 17  # elements of a row up to which its reduction is known within a block


class Member(NamedTuple):
    """What a region computes: a node, and where its dimensions lie.

    A node that is cheap may be there twice: a column and, beside it, the same as a row.
    """

    node: Node
    axes: Axes

    @property
    def key(self) -> Key:
        return id(self.node), self.axes


Key: TypeAlias = "tuple[int, Axes]"  # of a member: its node's id, and where it lies


class Region:
    """What is computed in one walk over a space.

    Attributes:
        space: the shape that is walked.
        round: when.
        members: operations in order, operands before what uses them.
        lies: for each of them, where its operands' dimensions lie.
        products: the members whose arrays are made.
        held: axes that a block must have in whole.
    """

    __slots__ = ("held", "lies", "members", "products", "round", "space")

    def __init__(self, space: Shape, round: int) -> None:
        self.space = space
        self.round = round
        self.members: list[Member] = []
        self.lies: dict[Key, list[Axes]] = {}
        self.products: list[Member] = []
        self.held: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        names = " ".join(node.op.name for node, _ in self.members)
        return f"<region {list(self.space)} round {self.round}: {names}>"


Step: TypeAlias = "Node | Region"  # what runs whole, or block by block


class Place(NamedTuple):
    """Where a member belongs, and what it is there.

    Attributes:
        space, round: of its region.
        axes: where its dimensions lie.
        ended: whether its value is known only at the end of the round.
        ready: the first round in which it can be computed again from what is kept then; None: in none.
        cost: operations that this would take.
        bound: whether that is possible in regions of its own space alone.
    """

    space: Shape
    round: int
    axes: Axes
    ended: bool
    ready: int | None
    cost: int
    bound: bool


def holdable(space: Shape, axes: frozenset[int]) -> bool:
    """Whether blocks can have `axes` in whole and still be many."""
    some = len(axes) < sum(size > 1 for size in space)
    return some and math.prod(space[axis] for axis in axes) <= LONGEST_ROW


def products_of(step: Step) -> list[Node]:
    """The nodes whose arrays a step makes."""
    return [node for node, _ in step.products] if isinstance(step, Region) else [step]


def inputs_of(step: Step) -> list[Node]:
    """The nodes whose arrays a step reads."""
    if not isinstance(step, Region):
        return list(step.operands)
    found: dict[int, Node] = {}
    for member in step.members:
        for operand, axes in zip(member.node.operands, step.lies[member.key], strict=True):
            if (id(operand), axes) not in step.lies:
                found[id(operand)] = operand
    return list(found.values())
