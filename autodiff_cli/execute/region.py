"""A region as steps: which register and which buffer each member's value has within a block.

Within a block each member is an array with as many dimensions as the space, of size 1 along axes that it
doesn't lie along, so that members of all shapes broadcast against each other. Results go into buffers that
are used again as soon as nothing reads them any more.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from autodiff_cli.execute.blocks import block_shape, boxes
from autodiff_cli.execute.steps import Input, Step, as_array, uniform
from autodiff_cli.execute.sums import takes_up
from autodiff_cli.ir.node import NUMBER, Array, Shape
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Elementwise, takes_out
from autodiff_cli.transform.axes import (
    REDUCTIONS,
    RESHAPES,
    SUMS,
    Axes,
    gathered_axis,
    reduced_axes,
)
from autodiff_cli.transform.regions import Key, Member, Region, products_of


class BlockProgram:
    """A region's steps, with the buffers they write to: made once, walked for arrays of the same shapes.

    Args:
        region: what is computed.
        collapse: whether neighbouring axes along which everything lies together are walked as one.

    Attributes:
        products: the nodes whose arrays are made.
        inputs: what is read; `constants`: those of them that are numbers, by position.
        steps: the members in order.
        space: the region's, after collapsing.
        buffers: the dtypes of the buffers; `registers`: how many registers there are.
        block: a block's shape; `boxes`: all blocks.
    """

    def __init__(self, region: Region, *, collapse: bool = True) -> None:
        self.region = region
        self.products = products_of(region)
        self.inputs: list[Input] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self.constants: dict[int, Array] = {}
        self.steps: list[Step] = []
        self.groups = self._grouped(collapse)
        self.space = tuple(
            [math.prod(region.space[axis] for axis in group) for group in self.groups]
        )
        self.buffers: list[np.dtype[Any]] = []
        self._compile()
        self.block = self._block()
        self.boxes = boxes(self.space, self.block)

    # ---- axes -----------------------------------------------------------------------------------

    def _lying(self) -> list[Axes]:
        """Where members and what they read lie."""
        region = self.region
        found = [axes for _, axes in region.members]
        for lies in region.lies.values():
            found += lies
        return found

    def _grouped(self, collapse: bool) -> list[tuple[int, ...]]:
        """Neighbouring axes along which everything lies together: they are walked as one."""
        space = self.region.space
        axes = [axis for axis, size in enumerate(space) if size > 1]
        if not axes:
            return [tuple(range(len(space)))] if space else []
        if not collapse:
            return [(axis,) for axis in axes]
        masks = {frozenset(a for a in lies if a is not None) for lies in self._lying()}
        masks |= {
            reduced_axes(member.node, self.region.lies[member.key][0])
            for member in self.region.members
            if member.node.op in REDUCTIONS
        }
        single = {
            axis for member in self.region.members if (axis := self._gathered(member)) is not None
        }
        groups: list[tuple[int, ...]] = [(axes[0],)]
        for before, axis in zip(axes, axes[1:]):
            together = all((before in mask) == (axis in mask) for mask in masks)
            if together and before not in single and axis not in single:
                groups[-1] = (*groups[-1], axis)
            else:
                groups.append((axis,))
        return groups

    def _group_axes(self, axes: Axes | frozenset[int]) -> tuple[int, ...]:
        given = {axis for axis in axes if axis is not None}
        return tuple([at for at, group in enumerate(self.groups) if given & set(group)])

    def _shape(self, axes: Axes) -> Shape:
        """The shape of a member in whole, among the groups."""
        own = set(self._group_axes(axes))
        return tuple([size if at in own else 1 for at, size in enumerate(self.space)])

    def _gathered(self, member: Member) -> int | None:
        return gathered_axis(member.node, member.axes, self.region.lies[member.key])

    # ---- steps ----------------------------------------------------------------------------------

    def _compile(self) -> None:
        region = self.region
        products = {member.key: number for number, member in enumerate(region.products)}
        inner = self._joined(products)
        gone = {member.key for member in inner.values()}
        members = [member for member in region.members if member.key not in gone]
        last: dict[int, int] = {}
        reads: list[tuple[int, ...]] = []
        places = {member.key: at for at, member in enumerate(members)}
        for at, member in enumerate(members):
            registers = self._reads(member, inner.get(member.key), places)
            reads.append(registers)
            for register in registers:
                last[register] = at
        base = len(self.inputs)
        # registers of members follow those of the inputs: what `_reads` numbered is inputs, or -1 - place
        resolved = [tuple([base - 1 - r if r < 0 else r for r in registers]) for registers in reads]
        last = {base - 1 - r if r < 0 else r: at for r, at in last.items()}
        full_axes = set(range(len(self.space)))
        free: list[int] = []
        held: dict[int, int] = {}  # register -> buffer
        sharers: dict[int, int] = {}  # buffer -> registers that show it
        for at, member in enumerate(members):
            node, register = member.node, base + at
            kind, axes, puts = self._kind_with(member, inner.get(member.key))
            dying = tuple([r for r in set(resolved[at]) if last[r] == at and r >= base])
            writes = None
            if kind == "alias":
                source = resolved[at][0]
                if source in held:
                    held[register] = held[source]
                    sharers[held[source]] += 1
            for r in dying:
                if r in held:
                    buffer = held.pop(r)
                    sharers[buffer] -= 1
                    if not sharers[buffer]:
                        free.append(buffer)
            if kind in ("into", "onto") and set(self._group_axes(member.axes)) == full_axes:
                dtype = node.dtype.numpy
                writes = next((b for b in reversed(free) if self.buffers[b] == dtype), None)
                if writes is None:
                    writes = len(self.buffers)
                    self.buffers.append(dtype)
                else:
                    free.remove(writes)
                held[register] = writes
                sharers[writes] = 1
                if register not in last:  # a product alone
                    free.append(writes)
                    del held[register]
            self.steps.append(
                Step(
                    node,
                    register,
                    resolved[at],
                    dying,
                    writes,
                    kind,
                    axes,
                    products.get(member.key),
                    self._group_axes(member.axes),
                    puts,
                )
            )
        self.registers = base + len(members)

    def _joined(self, products: Collection[Key]) -> dict[Key, Member]:
        """What is computed along with the one member that reads it, by that member's key.

        A product of two factors that a sum adds up; elements put among zeros that an operation takes.
        """
        region = self.region
        readers: dict[Key, list[Member]] = {}
        for member in region.members:
            for operand, axes in zip(member.node.operands, region.lies[member.key], strict=True):
                readers.setdefault((id(operand), axes), []).append(member)
        found: dict[Key, Member] = {}
        for member in region.members:
            reading = readers.get(member.key, ())
            if len(reading) != 1 or member.key in products or reading[0].key in found:
                continue
            (reader,) = reading
            if reader.node.dtype is not member.node.dtype or not member.node.dtype.is_floating:
                continue
            if member.node.op is ix.put_along:
                joins = self._kind(reader)[0] == "into" and len(reader.axes) == len(self.groups)
            else:
                joins = reader.node.op in SUMS and self._is_product(member, self._kind(reader)[1])
            if joins:
                found[reader.key] = member
        return found

    def _is_product(self, member: Member, axes: tuple[int, ...]) -> bool:
        """Whether a member is a product that a sum over axes can take up."""
        node, lies = member.node, self.region.lies[member.key]
        if node.op is ar.pow_number and node.params["exponent"] == 2:
            lies = lies * 2
        elif node.op is not ar.mul:
            return False
        factors = [self._group_axes(axes) for axes in lies]
        return self._kind(member)[0] == "into" and takes_up(len(self.groups), axes, factors)

    def _reads(
        self, member: Member, inner: Member | None, places: dict[Key, int]
    ) -> tuple[int, ...]:
        """The registers of a member's operands, and of those of what is computed along with it."""
        if inner is None:
            return self._operands(member, places)
        if inner.node.op is ix.put_along:
            value, index = self._operands(inner, places)
            return *self._operands(member, {**places, inner.key: -1 - value}), index
        registers = self._operands(inner, places)
        if len(registers) == 1:
            return registers * 2
        first, second = [len(self._group_axes(axes)) for axes in self.region.lies[inner.key]]
        return registers if first >= second else registers[::-1]

    def _operands(self, member: Member, places: dict[Key, int]) -> tuple[int, ...]:
        """The registers of operands: inputs as they are numbered, members as -1 - place."""
        registers = []
        node = member.node
        for operand, axes in zip(node.operands, self.region.lies[member.key], strict=True):
            key: tuple[Any, ...] = (id(operand), axes)
            place = places.get((id(operand), axes))
            if place is not None:
                registers.append(-1 - place)
                continue
            if operand.op is NUMBER or operand.op is full:
                key = (*key, node.op.name, node.dtype.name)
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = len(self.inputs)
                self.inputs.append(Input(operand, axes))
                if operand.op is NUMBER or operand.op is full:
                    whole = (1,) * len(self.groups)
                    self.constants[number] = as_array(node, operand).reshape(whole)
            registers.append(number)
        return tuple(registers)

    def _kind_with(
        self, member: Member, inner: Member | None
    ) -> tuple[str, tuple[int, ...], int | None]:
        kind, axes = self._kind(member)
        if inner is None or inner.node.op is not ix.put_along:
            return kind, axes, None
        lies = self.region.lies[member.key]
        keys = [
            (id(operand), axes) for operand, axes in zip(member.node.operands, lies, strict=True)
        ]
        return "onto", self._kind(inner)[1], keys.index(inner.key)

    def _kind(self, member: Member) -> tuple[str, tuple[int, ...]]:
        node = member.node
        op = node.op
        if op in REDUCTIONS:
            return "reduce", self._group_axes(reduced_axes(node, self.region.lies[member.key][0]))
        if op is ix.take_along or op is ix.put_along:
            axis = self._gathered(member)
            assert axis is not None
            return ("take" if op is ix.take_along else "put"), self._group_axes(frozenset({axis}))
        if op is mv.expand or op in RESHAPES:
            return "alias", ()
        if isinstance(op, Elementwise) and takes_out(op.kernel) and uniform(op, node):
            return "into", ()
        return "evaluate", ()

    # ---- blocks ---------------------------------------------------------------------------------

    def _block(self) -> Shape:
        lying = [axes for _, axes in self.inputs]
        lying += [axes for _, axes in self.region.products]
        whole = sum(len(self._group_axes(axes)) == len(self.space) for axes in lying)
        live = len(self.buffers) + whole
        width = max([d.itemsize for d in self.buffers], default=4)
        held = set(self._group_axes(self.region.held))
        return block_shape(self.space, held, max(live, 2) * width, self._partial)

    def _partial(self, block: Shape) -> int:
        """How many elements the partial results of reductions over the whole space have."""
        cuts = [-(-size // part) for size, part in zip(self.space, block, strict=True)]
        return sum(
            step.node.numel * math.prod(cuts[at] for at in step.axes)
            for step in self.steps
            if step.kind == "reduce" and step.product is not None
        )

    def view(self, array: Any, axes: Axes) -> Any:
        """An array as it lies in the space, or None if that would take a copy."""
        array = np.asarray(array)
        shape = self._shape(axes)
        if array.shape == shape:
            return array
        if array.size == 1:
            return array.reshape((1,) * len(shape))
        shown = array
        # dimensions in the order of the axes; those of size 1 count for nothing
        order = sorted(
            [at for at, axis in enumerate(axes) if axis is not None],
            key=lambda at: axes[at] or 0,
        )
        rest = [at for at, axis in enumerate(axes) if axis is None]
        if order != sorted(order) or rest:
            shown = shown.transpose([*rest, *order])
        try:
            return shown.reshape(shape, copy=False)
        except ValueError:
            return None
