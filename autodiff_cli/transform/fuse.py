"""Which parts of a graph are computed together, and when.

Time is counted in rounds: first the operations that run whole, then the regions. A reduction that needs the
whole space is known at the end of its round, so what uses it belongs to a later one. What a later round needs
of an earlier one is computed again, if that is cheap, rather than kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.transform.axes import (
    REDUCTIONS,
    RESHAPES,
    Axes,
    identity,
    member_axes,
    operand_axes,
    reduced_axes,
    reduction_axes,
)
from autodiff_cli.transform.merge import Merger
from autodiff_cli.transform.regions import (
    LARGE,
    LONGEST_ROW,
    Member,
    Place,
    Region,
    Step,
    holdable,
)

CHEAP = 16  # operations that are computed again rather than kept


class Planner:
    """Finds rounds and regions of a graph."""

    def __init__(self, outputs: Sequence[Node]) -> None:
        self.outputs = outputs
        self.order = topological(outputs, through_values=False)
        self.number = {id(node): at for at, node in enumerate(self.order)}
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
        own = node.operands[0] if op is ix.take_along else node
        if op not in RESHAPES and own.numel >= LARGE and own.shape not in spaces:
            spaces.append(own.shape)
        for space in spaces:
            place = self._in(node, space)
            if place is not None:
                return place
        return None

    def _in(self, node: Node, space: Shape) -> Place | None:
        """The node as a member of a region of `space`, if it can be one."""
        known: list[Axes | None] = []
        when, cost, bound = 0, 1, node.op is ix.put_along
        ready: int | None = 0
        for operand in node.operands:
            inside = self.places.get(id(operand))
            if inside is None:
                made: int | None = self.whole[id(operand)]
                when = max(when, self.whole[id(operand)])
                known.append(None)
            elif inside.space == space and not inside.ended:
                made = inside.ready
                when = max(when, inside.round)
                cost += inside.cost
                bound = bound or inside.bound
                known.append(inside.axes)
            else:
                made = inside.round + 1
                small = operand.numel * 4 <= math.prod(space)
                if inside.ready is not None and small and not inside.bound and inside.cost <= CHEAP:
                    made = inside.ready
                    cost += inside.cost
                when = max(when, made)
                known.append(None)
            ready = None if ready is None or made is None else max(ready, made)
        axes = member_axes(node, space, known)
        if axes is None:
            return None
        if node.op is ix.take_along or node.op is ix.put_along:
            dim = node.params["dim"]
            axis = (
                known[0] or identity(node.operands[0].shape) if node.op is ix.take_along else axes
            )[dim]
            if axis is None or not self._hold(space, when, frozenset({axis})):
                return None
        if node.op is ix.take_along:  # small enough to be kept
            return Place(space, when, axes, False, when + 1, 0, False)
        return Place(space, when, axes, False, ready, min(cost, 1 << 20), bound)

    def _reduction(self, node: Node) -> Place | None:
        (operand,) = node.operands
        if node.op is red.vector_norm and (
            node.params["ord"] != 2 or operand.dtype is not node.dtype
        ):
            return None
        if operand.dtype.name == "float16" or not operand.numel:
            return None
        inside = self.places.get(id(operand))
        if inside is not None and not inside.ended:
            space, when, known = inside.space, inside.round, inside.axes
        elif operand.numel >= LARGE:
            space, known = operand.shape, identity(operand.shape)
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
        return Place(space, when, axes, not local, when + 1, 0, False)

    def _hold(self, space: Shape, when: int, axes: frozenset[int]) -> bool:
        """Whether blocks of a region can have `axes` in whole; from now on they do."""
        held = self.held.get((space, when), frozenset())
        if held and not axes <= held:
            return False
        if not held and not holdable(space, axes):
            return False
        self.held[(space, when)] = held | axes
        return True

    # ---- backwards: what has to be made -----------------------------------------------------------

    def schedule(self) -> list[Step]:
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
        steps: list[Step] = []
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
        merger = Merger(steps[::-1], self.number, self.outputs, self.places)
        return merger.merged()

    def _region(self, space: Shape, when: int, products: list[Node], demanded: set[int]) -> Region:
        """What is needed for the products; what has to be there before is demanded."""
        region = Region(space, when)
        region.products = [Member(node, self.places[id(node)].axes) for node in products]
        region.held = self.held.get((space, when), frozenset())
        pending = list(region.products)
        while pending:
            member = pending.pop()
            if member.key in region.lies:
                continue
            node, axes = member
            lies = operand_axes(node, axes, self._source_axes(node, space))
            region.lies[member.key] = lies
            region.members.append(member)
            for operand, along in zip(node.operands, lies, strict=True):
                if self._inside(operand, along, region, demanded):
                    pending.append(Member(operand, along))
                else:
                    demanded.add(id(operand))
        region.members.sort(key=lambda member: self.number[id(member.node)])
        return region

    def _source_axes(self, node: Node, space: Shape) -> Axes:
        """Where the dimensions of a member's first operand lie, if it isn't broadcast to it."""
        source = node.operands[0]
        place = self.places.get(id(source))
        inside = place is not None and place.space == space and not place.ended
        return place.axes if inside and place is not None else identity(source.shape)

    def _inside(self, operand: Node, axes: Axes, region: Region, demanded: set[int]) -> bool:
        """Whether an operand that lies along these axes is computed within the region."""
        if (id(operand), axes) in region.lies:
            return True
        place = self.places.get(id(operand))
        if place is None:
            return False
        if place.space == region.space and place.round == region.round:
            return not place.ended
        if id(operand) in demanded and place.round < region.round:
            return False
        if place.ready is None or place.ready > region.round or place.cost > CHEAP:
            return False
        if operand.op in REDUCTIONS or operand.op is ix.take_along:
            return False
        if place.bound and place.space != region.space:
            return False
        if operand.op is ix.put_along:
            axis = axes[operand.params["dim"]]
            if (
                place.space != region.space
                or axis is None
                or not self._hold(region.space, region.round, frozenset({axis}))
            ):
                return False
            region.held = self.held[(region.space, region.round)]
        return True


def scheduled(outputs: Sequence[Node]) -> list[Step]:
    """The order in which a graph is computed: single nodes that run whole, and regions."""
    return Planner(outputs).schedule()
