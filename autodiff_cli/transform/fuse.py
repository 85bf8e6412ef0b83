"""Regions: runs of elementwise operations with the broadcasts that feed them and the reductions that end them.

A region has a *space*, the shape that is walked block by block. Each of its members lies along some axes of
the space: a member of the space's shape along all, a row sum along the first. The values of members exist
for one block at a time; only *products* are arrays in whole.

Time is counted in rounds: first the operations that run whole, then the regions. A reduction that needs the
whole space is known at the end of its round, so what uses it belongs to a later one. What a later round needs
of an earlier one is computed again, if that is cheap, rather than kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from autodiff_cli.ir.node import NUMBER, Node, Op, Shape
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Elementwise

Axes: TypeAlias = "tuple[int | None, ...]"  # for each dimension of a node the axis it lies along

LARGE = 1 << 15  # elements from which on blocks pay
LONGEST_ROW = 1 << 17  # elements of a row up to which its reduction is known within a block
CHEAP = 16  # operations that are computed again rather than kept

RESHAPES: frozenset[Op] = frozenset(
    {
        mv.view,
        mv.reshape_alias,
        mv.unsafe_view,
        mv.squeeze,
        mv.squeeze_dim,
        mv.squeeze_dims,
        mv.squeeze_product,
        mv.unsqueeze,
        mv.alias,
    }
)
SUMS: frozenset[Op] = frozenset({red.sum_, mv.sum_to})
EXTREMES: frozenset[Op] = frozenset({red.amax, red.amin, red.max_, red.min_})
REDUCTIONS = SUMS | EXTREMES | {red.vector_norm}


class Region:
    """What is computed in one walk over a space.

    Attributes:
        space: the shape that is walked.
        round: when.
        members: operations in order, operands before what uses them.
        axes: for each member, by id, where its dimensions lie.
        products: the members whose arrays are made.
        held: axes that a block must have in whole.
    """

    __slots__ = ("axes", "held", "members", "products", "round", "space")

    def __init__(self, space: Shape, round: int) -> None:
        self.space = space
        self.round = round
        self.members: list[Node] = []
        self.axes: dict[int, Axes] = {}
        self.products: list[Node] = []
        self.held: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        names = " ".join(node.op.name for node in self.members)
        return f"<region {list(self.space)} round {self.round}: {names}>"


class Place(NamedTuple):
    """Where a member belongs, and what it is there.

    Attributes:
        space, round: of its region.
        axes: where its dimensions lie.
        ended: whether its value is known only at the end of the round.
        cost: operations that computing it again would take; those of its region's members it needs.
        light: whether only elementwise operations lead to it.
    """

    space: Shape
    round: int
    axes: Axes
    ended: bool
    cost: int
    light: bool


class Schedule(NamedTuple):
    """The steps of an execution in order: single nodes that run whole, and regions."""

    steps: list[Node | Region]


def reduced_axes(node: Node, axes: Axes) -> frozenset[int]:
    """The axes of the space that a reduction sums out, from those of its operand."""
    operand = node.operands[0]
    if node.op is mv.sum_to:
        lead = operand.ndim - node.ndim
        gone = [
            dim
            for dim in range(operand.ndim)
            if dim < lead or (node.shape[dim - lead] == 1 != operand.shape[dim])
        ]
    else:
        dim = node.params["dim"]
        gone = list(range(operand.ndim) if dim is None else dim)
    return frozenset(axis for at in gone if (axis := axes[at]) is not None)


def identity(shape: Shape) -> Axes:
    return tuple([None if size == 1 else axis for axis, size in enumerate(shape)])


def aligned(node_axes: Axes, shape: Shape) -> Axes:
    """Where the dimensions of an operand lie that is broadcast to a node."""
    lead = len(node_axes) - len(shape)
    return tuple([None if size == 1 else node_axes[lead + at] for at, size in enumerate(shape)])


class Planner:
    """Finds rounds and regions of a graph."""

    def __init__(self, outputs: Sequence[Node]) -> None:
        self.outputs = outputs
        self.order = topological(outputs, through_values=False)
        self.places: dict[int, Place] = {}
        self.whole: dict[int, int] = {}  # the round of what isn't in a region
        self.held: dict[tuple[Shape, int], frozenset[int]] = {}

    # ---- forwards: where each node belongs --------------------------------------------------------

    def settle(self) -> None:
        for node in self.order:
            place = None if node.value is not None else self._place(node)
            if place is not None:
                self.places[id(node)] = place
                continue
            when = 0
            for operand in node.operands if node.value is None else ():
                inside = self.places.get(id(operand))
                when = max(when, self.whole[id(operand)] if inside is None else inside.round + 1)
            self.whole[id(node)] = when

    def _place(self, node: Node) -> Place | None:
        op = node.op
        if op in REDUCTIONS:
            return self._reduction(node)
        if not (
            isinstance(op, Elementwise)
            or op is mv.expand
            or op in RESHAPES
            or op is ix.take_along
            or op is ix.put_along
        ):
            return None
        spaces: list[Shape] = []
        for operand in node.operands:
            inside = self.places.get(id(operand))
            if inside is not None and not inside.ended and inside.space not in spaces:
                spaces.append(inside.space)
        spaces.sort(key=math.prod, reverse=True)
        if op in RESHAPES:
            pass
        elif node.numel >= LARGE and node.shape not in spaces:
            spaces.append(node.shape)
        for space in spaces:
            place = self._in(node, space)
            if place is not None:
                return place
        return None

    def _in(self, node: Node, space: Shape) -> Place | None:
        """The node as a member of a region of `space`, if it can be one."""
        known: list[Axes | None] = []
        when, cost, light = 0, 1, True
        for operand in node.operands:
            inside = self.places.get(id(operand))
            if inside is None:
                when = max(when, self.whole[id(operand)])
                known.append(None)
            elif inside.space == space and not inside.ended:
                when = max(when, inside.round)
                cost += inside.cost
                light = light and inside.light
                known.append(inside.axes)
            else:
                again = inside.light and not inside.ended and operand.numel * 4 <= math.prod(space)
                when = max(when, inside.round + (0 if again else 1))
                known.append(None)
        axes = member_axes(node, space, known)
        if axes is None:
            return None
        if node.op is ix.take_along or node.op is ix.put_along:
            dim = node.params["dim"]
            axis = (known[0] or identity(node.operands[0].shape) if node.op is ix.take_along else axes)[dim]
            if axis is None or not self._hold(space, when, frozenset({axis})):
                return None
            light = False
        return Place(space, when, axes, False, min(cost, 1 << 20), light)

    def _reduction(self, node: Node) -> Place | None:
        (operand,) = node.operands
        if node.op is red.vector_norm and (node.params["ord"] != 2 or operand.dtype is not node.dtype):
            return None
        if operand.dtype.name == "float16" or not operand.numel:
            return None
        inside = self.places.get(id(operand))
        if inside is not None and not inside.ended:
            space, when, known, cost = inside.space, inside.round, inside.axes, inside.cost
        elif operand.numel >= LARGE:
            space, known, cost = operand.shape, identity(operand.shape), 0
            when = self.whole[id(operand)] if inside is None else inside.round + 1
        else:
            return None
        gone = reduced_axes(node, known)
        axes = reduction_axes(node, known)
        kept = frozenset(axis for axis in known if axis is not None) - gone
        trailing = all(axis not in kept for axis in range(min(gone, default=0), len(space)))
        local = (
            kept
            and trailing
            and math.prod(space[axis] for axis in gone) <= LONGEST_ROW
            and self._hold(space, when, gone)
        )
        return Place(space, when, axes, not local, cost + 2, False)

    def _hold(self, space: Shape, when: int, axes: frozenset[int]) -> bool:
        """Whether blocks of a region can have `axes` in whole; from now on they do."""
        held = self.held.get((space, when), frozenset())
        if held and not axes <= held:
            return False
        if not held and (
            len(axes) == sum(size > 1 for size in space)
            or math.prod(space[axis] for axis in axes) > LONGEST_ROW
        ):
            return False
        self.held[(space, when)] = held | axes
        return True

    # ---- backwards: what has to be made -----------------------------------------------------------

    def schedule(self) -> Schedule:
        self.settle()
        demanded = {id(output) for output in self.outputs}
        by_round: dict[int, tuple[list[Node], dict[Shape, list[Node]]]] = {}
        for node in self.order:
            if node.value is not None:
                continue
            place = self.places.get(id(node))
            when = self.whole[id(node)] if place is None else place.round
            wholes, groups = by_round.setdefault(when, ([], {}))
            if place is None:
                wholes.append(node)
            else:
                groups.setdefault(place.space, []).append(node)
        steps: list[Node | Region] = []
        for when in sorted(by_round, reverse=True):
            wholes, groups = by_round[when]
            regions = []
            for space, group in groups.items():
                products = [node for node in group if id(node) in demanded]
                if products:
                    regions.append(self._region(space, when, products, demanded))
            steps.extend(regions)
            for node in reversed(wholes):
                if id(node) in demanded:
                    steps.append(node)
                    demanded.update(id(operand) for operand in node.operands)
        return Schedule(steps[::-1])

    def _region(
        self, space: Shape, when: int, products: list[Node], demanded: set[int]
    ) -> Region:
        """What is needed for the products; what has to be there before is demanded."""
        region = Region(space, when)
        region.products = products
        region.held = self.held.get((space, when), frozenset())
        region.axes = {id(node): self.places[id(node)].axes for node in products}
        pending = list(products)
        while pending:
            node = pending.pop()
            lies = operand_axes(node, region.axes[id(node)], space, self.places)
            for operand, axes in zip(node.operands, lies, strict=True):
                known = region.axes.get(id(operand))
                if known is None and self._inside(operand, region, demanded):
                    region.axes[id(operand)] = axes
                    pending.append(operand)
                elif known != axes:  # made before, or used along other axes too
                    demanded.add(id(operand))
        region.members = [node for node in self.order if id(node) in region.axes]
        return region

    def _inside(self, operand: Node, region: Region, demanded: set[int]) -> bool:
        """Whether an operand is computed within the region."""
        place = self.places.get(id(operand))
        if place is None:
            return False
        if place.space == region.space and place.round == region.round:
            return not place.ended
        if id(operand) in demanded or place.ended or place.cost > CHEAP:
            return False
        return place.light


def member_axes(node: Node, space: Shape, known: Sequence[Axes | None]) -> Axes | None:
    """Where a member's dimensions lie, from where its operands' do; None if it doesn't fit.

    Args:
        node: elementwise, a broadcast, a reshape or a gather along a dimension.
        space: the region's.
        known: the axes of the operands in the region.
    """
    op = node.op
    if op in RESHAPES:
        return _reshaped(node, known[0])
    if op is ix.take_along:
        index = node.operands[1]
        source = known[0] or (identity(space) if node.operands[0].shape == space else None)
        dim = node.params["dim"]
        if source is None or not index.ndim or index.shape[dim] != 1:
            return None
        if index.shape[:dim] + index.shape[dim + 1 :] != (
            node.operands[0].shape[:dim] + node.operands[0].shape[dim + 1 :]
        ):
            return None
        axes: Axes = tuple([None if at == dim else axis for at, axis in enumerate(source)])
        return axes if known[1] is None or known[1] == axes else None
    if op is ix.put_along:
        g, index = node.operands
        dim = node.params["dim"]
        if node.shape != space or not g.ndim or g.shape[dim] != 1 or g.shape != index.shape:
            return None
        axes = identity(space)
        if g.shape[:dim] + g.shape[dim + 1 :] != space[:dim] + space[dim + 1 :]:
            return None
        inner = tuple([None if at == dim else axis for at, axis in enumerate(axes)])
        return axes if all(k is None or k == inner for k in known) else None
    if node.shape == space:
        axes = identity(space)
    else:
        found: list[int | None] = [None] * node.ndim
        for operand, lies in zip(node.operands, known, strict=True):
            for at, axis in enumerate(lies or ()):
                if axis is not None:
                    found[node.ndim - operand.ndim + at] = axis
        axes = tuple(found)
        if any(
            size > 1 and (axis is None or space[axis] != size)
            for size, axis in zip(node.shape, axes, strict=True)
        ):
            return None
    for operand, lies in zip(node.operands, known, strict=True):
        if lies is not None and lies != aligned(axes, operand.shape):
            return None
    return axes


def _reshaped(node: Node, known: Axes | None) -> Axes | None:
    """A view that only adds or drops dimensions of size 1."""
    if known is None:
        return None
    (operand,) = node.operands
    sizes = [size for size in operand.shape if size > 1]
    if sizes != [size for size in node.shape if size > 1]:
        return None
    axes = iter([axis for axis, size in zip(known, operand.shape, strict=True) if size > 1])
    return tuple([next(axes) if size > 1 else None for size in node.shape])


def reduction_axes(node: Node, known: Axes) -> Axes:
    """Where a reduction's dimensions lie."""
    gone = reduced_axes(node, known)
    if node.ndim == len(known):
        return tuple([None if axis in gone else axis for axis in known])
    if node.op is mv.sum_to:
        return aligned(tuple([None if axis in gone else axis for axis in known]), node.shape)
    dim = node.params["dim"]
    dims = range(len(known)) if dim is None else dim
    return tuple([axis for at, axis in enumerate(known) if at not in dims])


def operand_axes(
    node: Node, axes: Axes, space: Shape, places: dict[int, Place]
) -> list[Axes]:
    """Where the dimensions of a member's operands lie."""
    op = node.op
    if op in RESHAPES:
        (operand,) = node.operands
        own = iter([axis for axis, size in zip(axes, node.shape, strict=True) if size > 1])
        return [tuple([next(own) if size > 1 else None for size in operand.shape])]
    if op in REDUCTIONS:
        (operand,) = node.operands
        place = places.get(id(operand))
        inside = place is not None and place.space == space and not place.ended
        return [place.axes if inside and place is not None else identity(operand.shape)]
    if op is ix.take_along:
        source, index = node.operands
        place = places.get(id(source))
        inside = place is not None and place.space == space and not place.ended
        return [place.axes if inside and place is not None else identity(source.shape), axes]
    if op is ix.put_along:
        dim = node.params["dim"]
        inner = tuple([None if at == dim else axis for at, axis in enumerate(axes)])
        return [inner, inner]
    return [aligned(axes, operand.shape) for operand in node.operands]


def scheduled(outputs: Sequence[Node]) -> Schedule:
    """The order in which a graph is computed: single nodes that run whole, and regions."""
    return Planner(outputs).schedule()


def is_scalar(node: Node) -> bool:
    """Whether an operand is one number for all elements."""
    return node.op is NUMBER or node.op is full or not node.shape
