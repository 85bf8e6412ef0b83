"""A region, block by block: in cache, in place, on every processor.

`Program` is made once of a region; it can be run for other arrays of the same shapes. Blocks are boxes of
the space. Within one, each member is an array with as many dimensions as the space, of size 1 along axes
that it doesn't lie along, so that members of all shapes broadcast against each other.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autodiff_cli.errors import PYTHON_FAULTS, AutodiffError, fault_of
from autodiff_cli.execute import pool
from autodiff_cli.execute.partial import REDUCERS
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import NUMBER, Array, Node, Shape
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full
from autodiff_cli.ops.kinds import Elementwise, takes_out
from autodiff_cli.transform.fuse import (
    REDUCTIONS,
    RESHAPES,
    Axes,
    Region,
    operand_axes,
    reduced_axes,
)

Box: TypeAlias = tuple[slice, ...]
LEAST = 1 << 16  # elements of a block, at least: below, calling numpy costs as much as computing
MOST = 1 << 17
WHOLE = slice(None)
LANES = 64  # blocks are multiples of it, so that numpy's loops have no rest but the last


def cache_bytes() -> int:
    """The size of a processor's own second-level cache."""
    try:
        return os.sysconf("SC_LEVEL2_CACHE_SIZE") or 1 << 20
    except (AttributeError, ValueError, OSError):
        return 1 << 20


class Input(NamedTuple):
    """What a region reads: an array from before, and where its dimensions lie."""

    node: Node
    axes: Axes


class Step(NamedTuple):
    """One member in a block.

    Attributes:
        node: the member.
        register: where its value goes.
        operands: the registers it reads.
        frees: registers that nothing reads afterwards.
        writes: the number of the buffer that its result is written to; None: an array of its own.
        kind: "into", "evaluate", "alias", "reduce", "take" or "put".
        axes: those that a reduction sums out, or the one that is gathered along.
        product: the number of the product that it is, if it is one.
    """

    node: Node
    register: int
    operands: tuple[int, ...]
    frees: tuple[int, ...]
    writes: int | None
    kind: str
    axes: tuple[int, ...]
    product: int | None


class Program:
    """A region's steps, with the buffers they write to."""

    def __init__(self, region: Region, *, collapse: bool = True) -> None:
        self.region = region
        self.inputs: list[Input] = []
        self._numbers: dict[tuple[int, Axes], int] = {}
        self.constants: dict[int, Array] = {}
        self.steps: list[Step] = []
        self.groups = self._grouped(collapse)
        self.space = tuple(
            [math.prod(region.space[axis] for axis in group) for group in self.groups]
        )
        self.buffers: list[np.dtype[Any]] = []
        self._compile()
        self.block = self._block()
        self.boxes = self._boxes()

    # ---- axes -----------------------------------------------------------------------------------

    def _lying(self) -> list[Axes]:
        """Where members and what they read lie."""
        region = self.region
        found = [region.axes[id(node)] for node in region.members]
        for node in region.members:
            found += operand_axes_in(region, node)
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
            reduced_axes(node, operand_axes_in(self.region, node)[0])
            for node in self.region.members
            if node.op in REDUCTIONS
        }
        single = {
            axis
            for node in self.region.members
            if (axis := gathered_axis(self.region, node)) is not None
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

    # ---- steps ----------------------------------------------------------------------------------

    def _compile(self) -> None:
        region = self.region
        products = {id(node): number for number, node in enumerate(region.products)}
        last: dict[int, int] = {}
        reads: list[tuple[int, ...]] = []
        for at, node in enumerate(region.members):
            registers = self._reads(node)
            reads.append(registers)
            for register in registers:
                last[register] = at
        base = len(self.inputs)
        register_of = {id(node): base + at for at, node in enumerate(region.members)}
        # registers of members follow those of the inputs: what `_reads` numbered is inputs, or -1 - place
        resolved = [tuple([base - 1 - r if r < 0 else r for r in registers]) for registers in reads]
        last = {base - 1 - r if r < 0 else r: at for r, at in last.items()}
        full_axes = set(range(len(self.space)))
        free: list[int] = []
        held: dict[int, int] = {}  # register -> buffer
        sharers: dict[int, int] = {}  # buffer -> registers that show it
        for at, node in enumerate(region.members):
            register = register_of[id(node)]
            kind, axes = self._kind(node)
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
            if kind == "into" and set(self._group_axes(region.axes[id(node)])) == full_axes:
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
                    products.get(id(node)),
                )
            )
        self.registers = base + len(region.members)

    def _reads(self, node: Node) -> tuple[int, ...]:
        """The registers of a member's operands: inputs as they are numbered, members as -1 - place."""
        region = self.region
        places = {id(member): at for at, member in enumerate(region.members)}
        registers = []
        for operand, axes in zip(node.operands, operand_axes_in(region, node), strict=True):
            if id(operand) in places and region.axes[id(operand)] == axes:
                registers.append(-1 - places[id(operand)])
                continue
            key = id(operand), axes
            if operand.op is NUMBER or operand.op is full:
                key = (*key, node.op.name, node.dtype.name)  # type: ignore[assignment]
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = len(self.inputs)
                self.inputs.append(Input(operand, axes))
                if operand.op is NUMBER or operand.op is full:
                    whole = (1,) * len(self.groups)
                    self.constants[number] = _constant(node, operand).reshape(whole)
            registers.append(number)
        return tuple(registers)

    def _kind(self, node: Node) -> tuple[str, tuple[int, ...]]:
        op = node.op
        if op in REDUCTIONS:
            lies = operand_axes_in(self.region, node)[0]
            return "reduce", self._group_axes(reduced_axes(node, lies))
        if op is ix.take_along or op is ix.put_along:
            axis = gathered_axis(self.region, node)
            assert axis is not None
            return ("take" if op is ix.take_along else "put"), self._group_axes(frozenset({axis}))
        if op is mv.expand or op in RESHAPES:
            return "alias", ()
        if isinstance(op, Elementwise) and takes_out(op.kernel) and _uniform(op, node):
            return "into", ()
        return "evaluate", ()

    # ---- blocks ---------------------------------------------------------------------------------

    def _block(self) -> Shape:
        """The size of a block along each group: inner ones in whole first, as the arrays are stored."""
        live = len(self.buffers) + sum(
            len(self._group_axes(i.axes)) == len(self.space) for i in self.inputs
        )
        width = max([d.itemsize for d in self.buffers], default=4)
        target = cache_bytes() * 2 // (max(live, 2) * width)
        target = min(max(target // LANES * LANES, LEAST), MOST)
        held = set(self._group_axes(self.region.held))
        inner_first = self._filled(target, range(len(self.space))[::-1], held)
        gone = self._partial(inner_first)
        if gone > math.prod(self.space) // 8:
            outer_first = self._filled(target, range(len(self.space)), held)
            if self._partial(outer_first) < gone:
                return outer_first
        return inner_first

    def _filled(self, target: int, order: Sequence[int], held: set[int]) -> Shape:
        sizes = [self.space[at] if at in held else 1 for at in range(len(self.space))]
        room = max(1, target // math.prod(sizes))
        for at in order:
            if at in held:
                continue
            size = min(self.space[at], room)
            if size < self.space[at] and size > LANES:
                size = size // LANES * LANES
            sizes[at] = size
            room = max(1, room // size)
        return tuple(sizes)

    def _partial(self, block: Shape) -> int:
        """How many elements the partial results of reductions over the whole space have."""
        cuts = [-(-size // part) for size, part in zip(self.space, block, strict=True)]
        total = 0
        for node in self.region.products:
            if node.op in REDUCTIONS:
                gone = self._kind(node)[1]
                total += node.numel * math.prod(cuts[at] for at in gone)
        return total

    def _boxes(self) -> list[Box]:
        ranges = [
            [slice(start, min(start + part, size)) for start in range(0, size, part)]
            for size, part in zip(self.space, self.block, strict=True)
        ]
        return list(product(*ranges))

    # ---- running --------------------------------------------------------------------------------

    def view(self, array: Any, axes: Axes) -> Any:
        """An array as it lies in the space, or None if that would take a copy."""
        array = np.asarray(array)
        shape = self._shape(axes)
        if array.shape == shape:
            return array
        if array.size == 1:
            return array.reshape((1,) * len(shape))
        shown = array.view()
        # dimensions in the order of the axes; those of size 1 count for nothing
        order = sorted(
            [at for at, axis in enumerate(axes) if axis is not None],
            key=lambda at: axes[at] or 0,
        )
        rest = [at for at, axis in enumerate(axes) if axis is None]
        if order != sorted(order) or rest:
            shown = shown.transpose([*rest, *order])
        try:
            shown.shape = shape
        except AttributeError:
            return None
        return shown

    def run(
        self,
        values: Mapping[int, Any],
        workers: int,
        done: Callable[[int, int], None] | None = None,
    ) -> list[Array] | None:
        """The products' arrays.

        Args:
            values: the arrays of the inputs, by their nodes' id.
            workers: the most threads.
            done: told how many blocks of how many are begun.

        Returns:
            An array for each product; None if the inputs' strides don't allow this way of walking.
        """
        arrays: list[Any] = []
        for number, (node, axes) in enumerate(self.inputs):
            if number in self.constants:
                arrays.append(self.constants[number])
                continue
            shown = self.view(values[id(node)], axes)
            if shown is None:
                return None
            arrays.append(shown)
        results: list[Array] = []
        shown_results: list[Any] = []
        partials: dict[int, list[Any]] = {}
        for number, node in enumerate(self.region.products):
            array = np.empty(node.shape, node.dtype.numpy)
            results.append(array)
            shown_results.append(self.view(array, self.region.axes[id(node)]))
            if node.op in REDUCTIONS:
                partials[number] = [None] * len(self.boxes)

        def worker() -> Callable[[int], None]:
            return _Worker(self, arrays, shown_results, partials).block

        count = len(self.boxes)
        pool.each(
            count,
            worker,
            workers,
            None if done is None else (lambda begun: done(begun, count)),
        )
        for number, parts in partials.items():
            self._combine(number, parts, shown_results[number])
        return results

    def _combine(self, number: int, parts: list[Any], target: Any) -> None:
        """Put the partial results of all blocks together, those of one place in the blocks' order."""
        node = self.region.products[number]
        reducer = REDUCERS[node.op]
        gone = set(self._kind(node)[1])
        places: dict[tuple[tuple[int, int], ...], list[Any]] = {}
        for box, part in zip(self.boxes, parts, strict=True):
            key = tuple(
                [(0, 1) if at in gone else (cut.start, cut.stop) for at, cut in enumerate(box)]
            )
            places.setdefault(key, []).append(part)
        for key, several in places.items():
            at = tuple([slice(start, stop) for start, stop in key])
            target[at] = reducer.finish(several, node)


class _Worker:
    """One thread's registers and buffers."""

    def __init__(
        self,
        program: Program,
        arrays: list[Any],
        products: list[Any],
        partials: dict[int, list[Any]],
    ) -> None:
        self.program = program
        size = math.prod(program.block)
        self.buffers = [np.empty(size, dtype) for dtype in program.buffers]
        self.registers: list[Any] = [None] * program.registers
        self.arrays = arrays
        self.products = products
        self.partials = partials
        self.rooms: dict[Shape, list[Any]] = {}
        self.cuts = [
            None if number in program.constants else tuple([n > 1 for n in array.shape])
            for number, array in enumerate(arrays)
        ]
        self.product_cuts = [tuple([n > 1 for n in array.shape]) for array in products]

    def _rooms(self, shape: Shape) -> list[Any]:
        """The buffers as arrays of a block's shape."""
        rooms = self.rooms.get(shape)
        if rooms is None:
            size = math.prod(shape)
            rooms = [buffer[:size].reshape(shape) for buffer in self.buffers]
            self.rooms[shape] = rooms
        return rooms

    def block(self, number: int) -> None:
        box = self.program.boxes[number]
        registers = self.registers
        shape = tuple([cut.stop - cut.start for cut in box])
        for at, (array, own) in enumerate(zip(self.arrays, self.cuts, strict=True)):
            registers[at] = array if own is None else array[_cut(box, own)]
        rooms = self._rooms(shape)
        step = None
        try:
            for step in self.program.steps:
                self._step(step, registers, rooms, box, number, shape)
        except AutodiffError as error:
            assert step is not None
            raise ExecutionError(step.node, error) from error
        except tuple(PYTHON_FAULTS) as error:
            assert step is not None
            raise ExecutionError(step.node, fault_of(error)) from error

    def _step(
        self,
        step: Step,
        registers: list[Any],
        rooms: list[Any],
        box: Box,
        number: int,
        shape: Shape,
    ) -> None:
        """One member's value in one block."""
        node = step.node
        kind = step.kind
        out = None
        if step.product is not None and kind != "reduce":
            out = self.products[step.product][_cut(box, self.product_cuts[step.product])]
        operands = [registers[r] for r in step.operands]
        result: Any
        if kind == "into":
            if step.writes is None:
                result = node.op.kernel(*operands, **node.params)
            else:
                room = rooms[step.writes] if out is None else out
                result = node.op.kernel(*operands, out=room, **node.params)
        elif kind == "alias":
            result = operands[0]
        elif kind == "evaluate":
            result = np.asarray(node.op.evaluate(node, operands.copy()))
            if result.dtype != node.dtype.numpy:
                result = result.astype(node.dtype.numpy)
            elif result.base is not None or any(result is given for given in operands):
                result = result.copy()  # what it shows is written to later
        elif kind == "reduce":
            result = self._reduce(step, operands[0], number, shape)
        elif kind == "take":
            result = np.take_along_axis(operands[0], operands[1], step.axes[0])
        else:
            result = np.zeros(shape, node.dtype.numpy)
            np.put_along_axis(result, operands[1], operands[0], step.axes[0])
        if out is not None and result is not out:
            out[...] = result
        registers[step.register] = result
        for register in step.frees:
            registers[register] = None

    def _reduce(self, step: Step, x: Any, number: int, shape: Shape) -> Any:
        node = step.node
        reducer = REDUCERS[node.op]
        if x.shape != shape:  # a broadcast that nothing has spread yet
            sizes = tuple([n if at in step.axes else x.shape[at] for at, n in enumerate(shape)])
            if x.shape != sizes:
                x = np.broadcast_to(x, sizes)
        part = reducer.part(x, step.axes, node)
        if not step.axes and np.may_share_memory(part, x):  # of axes of size 1: nothing was added
            part = part.copy()
        if step.product is not None:
            self.partials[step.product][number] = part
        held = self.program.region.held
        return reducer.finish([part], node) if held else part


def _cut(box: Box, own: tuple[bool, ...]) -> Box:
    """The part of an array that belongs to a block: along axes of size 1 all of it."""
    return tuple([cut if along else WHOLE for cut, along in zip(box, own, strict=True)])


def operand_axes_in(region: Region, node: Node) -> list[Axes]:
    """Where the operands of a member lie."""
    if node.op in REDUCTIONS or node.op is ix.take_along:
        source = node.operands[0]
        lies = region.axes.get(id(source))
        if lies is None:
            lies = tuple([None if n == 1 else axis for axis, n in enumerate(source.shape)])
        return [lies] if node.op in REDUCTIONS else [lies, region.axes[id(node)]]
    return operand_axes(node, region.axes[id(node)], region.space, {})


def gathered_axis(region: Region, node: Node) -> int | None:
    """The axis of the space along which a gather picks, or its adjoint puts."""
    if node.op is ix.take_along:
        return operand_axes_in(region, node)[0][node.params["dim"]]
    if node.op is ix.put_along:
        return region.axes[id(node)][node.params["dim"]]
    return None


def _uniform(op: Elementwise, node: Node) -> bool:
    """Whether a kernel can be called on the operands as they are: all have the dtype it works in."""
    if node.dtype.name == "float16" or type(op).evaluate is not Elementwise.evaluate:
        return False
    dtype = op.compute_dtype(node.operands, node.params)
    return all(
        operand.dtype is dtypes.bool_
        if position < op.conditions
        else operand.op is NUMBER or operand.dtype is dtype
        for position, operand in enumerate(node.operands)
    )


def _constant(node: Node, operand: Node) -> Any:
    """A number as an array of the dtype in which the member that reads it computes."""
    value = operand.value if operand.op is NUMBER else operand.params["value"]
    if operand.op is full:
        array = np.asarray(value).astype(operand.dtype.numpy)
    elif isinstance(node.op, Elementwise):
        dtype = node.op.compute_dtype(node.operands, node.params).numpy
        place = [o is operand for o in node.operands].index(True)
        if place < node.op.conditions:
            return np.asarray(value)
        array = np.asarray(value).astype(np.float32 if dtype == np.float16 else dtype)
    else:
        array = np.asarray(value).astype(operand.dtype.numpy)
    return array
