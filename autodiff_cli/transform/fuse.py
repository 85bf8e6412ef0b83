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
        merger = Merger(steps[::-1], self.order, self.outputs, self.places)
        return Schedule(merger.merged())

    def _region(self, space: Shape, when: int, products: list[Node], demanded: set[int]) -> Region:
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
        if id(operand) in demanded and place.round < region.round:
            return False
        if place.ready is None or place.ready > region.round or place.cost > CHEAP:
            return False
        if operand.op in REDUCTIONS or operand.op is ix.take_along:
            return False
        if place.bound and place.space != region.space:
            return False
        if operand.op is ix.put_along:
            axis = place.axes[operand.params["dim"]]
            if (
                place.space != region.space
                or axis is None
                or not self._hold(region.space, region.round, frozenset({axis}))
            ):
                return False
            region.held = self.held[(region.space, region.round)]
        return True


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
            size != 1 and (axis is None or space[axis] != size)
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


def operand_axes(node: Node, axes: Axes, space: Shape, places: dict[int, Place]) -> list[Axes]:
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


class Merger:
    """Puts regions of one space together: an earlier one waits for a later one that reads the same arrays.

    Args:
        steps: in an order in which they can run.
        order: every node, operands first.
        outputs: what is wanted in the end.
        places: where members belong.
    """

    WINDOW = 64  # how many steps apart two regions may be

    def __init__(
        self,
        steps: Sequence[Node | Region],
        order: Sequence[Node],
        outputs: Sequence[Node],
        places: dict[int, Place],
    ) -> None:
        self.steps: list[Node | Region | None] = list(steps)
        self.number = {id(node): at for at, node in enumerate(order)}
        self.outputs = {id(output) for output in outputs}
        self.places = places
        self.maker: dict[int, int] = {}  # the step that makes a node's array
        for at, step in enumerate(steps):
            for node in products_of(step):
                self.maker[id(node)] = at
        self.needs = [{self.maker[key] for key in self._reads(step)} for step in steps]

    def _reads(self, step: Node | Region) -> set[int]:
        """The arrays of other steps that a step reads."""
        return {id(node) for node in inputs_of(step) if id(node) in self.maker}

    def merged(self) -> list[Node | Region]:
        later: dict[Shape, list[int]] = {}
        for at in range(len(self.steps) - 1, -1, -1):
            step = self.steps[at]
            if not isinstance(step, Region):
                continue
            # the latest that it can join: there most of what both need is known
            for target in later.get(step.space, ()):
                if target - at <= self.WINDOW and self._joined(at, target):
                    break
            else:
                later.setdefault(step.space, []).append(at)
        return self._sorted()

    def _joined(self, at: int, target: int) -> bool:
        first, second = self.steps[at], self.steps[target]
        assert isinstance(first, Region) and isinstance(second, Region)
        own = {id(node) for node in first.products}
        read = [node for node in inputs_of(second) if id(node) in own]
        shared = own | {id(node) for node in inputs_of(first) if node.numel >= LARGE}
        if not any(id(node) in shared for node in inputs_of(second)):
            return False
        if any(self.places[id(node)].ended for node in read) or self._leads(at, target):
            return False
        held = first.held | second.held
        if first.held and second.held and first.held != second.held:
            return False
        if held and not holdable(first.space, held):
            return False
        axes = {**first.axes, **second.axes}
        both = Region(second.space, second.round)
        both.axes, both.held = axes, held
        for region in (first, second):
            if any(axes[key] != lies for key, lies in region.axes.items()):
                return False
        both.members = sorted(
            {id(node): node for node in (*first.members, *second.members)}.values(),
            key=lambda node: self.number[id(node)],
        )
        for node in both.members:
            lies = operand_axes(node, axes[id(node)], both.space, self.places)
            for operand, wanted in zip(node.operands, lies, strict=True):
                if axes.get(id(operand), wanted) != wanted:
                    return False
        both.products = [node for node in first.products if self._needed(node, at, target)]
        both.products += [node for node in second.products if node not in both.products]
        self.steps[at], self.steps[target] = None, both
        self.needs[target] = (self.needs[target] | self.needs[at]) - {at, target}
        for node in first.products:
            self.maker[id(node)] = target
        for needs in self.needs:
            if at in needs:
                needs.remove(at)
                needs.add(target)
        self.needs[target].discard(target)
        return True

    def _leads(self, at: int, target: int) -> bool:
        """Whether the second step depends on the first by way of others."""
        pending = [step for step in self.needs[target] if step != at]
        seen = set(pending)
        while pending:
            step = pending.pop()
            if step == at:
                return True
            for before in self.needs[step]:
                if before >= at and before not in seen:
                    seen.add(before)
                    pending.append(before)
        return False

    def _needed(self, node: Node, at: int, target: int) -> bool:
        """Whether anything but those two steps needs a product."""
        if id(node) in self.outputs:
            return True
        return any(
            step is not None
            and number not in (at, target)
            and at in self.needs[number]
            and any(read is node for read in inputs_of(step))
            for number, step in enumerate(self.steps)
        )

    def _sorted(self) -> list[Node | Region]:
        """The steps in an order in which they can run, near the one that they had."""
        ordered: list[Node | Region] = []
        done: set[int] = set()
        for first in range(len(self.steps)):
            pending = [first]
            while pending:
                at = pending[-1]
                step = self.steps[at]
                waits = [n for n in self.needs[at] if n not in done and self.steps[n] is not None]
                if at in done or step is None:
                    pending.pop()
                elif waits:
                    pending.extend(waits)
                else:
                    pending.pop()
                    done.add(at)
                    ordered.append(step)
        return ordered


def holdable(space: Shape, axes: frozenset[int]) -> bool:
    """Whether blocks can have `axes` in whole and still be many."""
    some = len(axes) < sum(size > 1 for size in space)
    return some and math.prod(space[axis] for axis in axes) <= LONGEST_ROW


def products_of(step: Node | Region) -> list[Node]:
    """The nodes whose arrays a step makes."""
    return step.products if isinstance(step, Region) else [step]


def inputs_of(step: Node | Region) -> list[Node]:
    """The nodes whose arrays a step reads."""
    if not isinstance(step, Region):
        return list(step.operands)
    found: dict[int, Node] = {}
    for node in step.members:
        lies = operand_axes(node, step.axes[id(node)], step.space, {})
        for operand, axes in zip(node.operands, lies, strict=True):
            if step.axes.get(id(operand)) != axes:
                found[id(operand)] = operand
    return list(found.values())


def scheduled(outputs: Sequence[Node]) -> Schedule:
    """The order in which a graph is computed: single nodes that run whole, and regions."""
    return Planner(outputs).schedule()


def is_scalar(node: Node) -> bool:
    """Whether an operand is one number for all elements."""
    return node.op is NUMBER or node.op is full or not node.shape
