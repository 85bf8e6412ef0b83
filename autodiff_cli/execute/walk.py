"""A region's walk: one block after the other, in cache, in place, on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.errors import FAILURES, AutodiffError
from autodiff_cli.execute.blocks import Box
from autodiff_cli.execute.memory import empty
from autodiff_cli.execute.partial import REDUCERS
from autodiff_cli.execute.region import BlockProgram
from autodiff_cli.execute.steps import Step
from autodiff_cli.execute.whole import ExecutionError, refused
from autodiff_cli.ir.node import Array, Node, Shape
from autodiff_cli.threads import pool
from autodiff_cli.threads.blas import alone
from autodiff_cli.transform.axes import REDUCTIONS

Call: TypeAlias = Callable[[], Any]  # a step of a block
WHOLE = slice(None)


def walk(
    program: BlockProgram,
    values: Mapping[int, Any],
    workers: int,
    done: Callable[[int, int], None] | None = None,
) -> list[Array] | None:
    """Compute a region for some values of its inputs: the arrays of its products.

    Args:
        program: the region's.
        values: the arrays of the inputs, by their nodes' id.
        workers: the most threads.
        done: told how many blocks of how many are begun.

    Returns:
        An array for each product; None if the inputs' strides don't allow this way of walking.
    """
    arrays: list[Any] = []
    for number, (node, axes) in enumerate(program.inputs):
        if number in program.constants:
            arrays.append(program.constants[number])
            continue
        shown = program.view(values[id(node)], axes)
        if shown is None:
            return None
        arrays.append(shown)
    results: list[Array] = []
    shown_results: list[Any] = []
    partials: dict[int, list[Any]] = {}
    for number, (node, axes) in enumerate(program.region.products):
        array = empty(node.shape, node.dtype.numpy)
        results.append(array)
        shown_results.append(program.view(array, axes))
        if node.op in REDUCTIONS:
            partials[number] = [None] * len(program.boxes)

    made: list[Worker] = []

    def worker() -> Callable[[int], None]:
        one = Worker(program, arrays, shown_results, partials)
        made.append(one)
        return one.block

    count = len(program.boxes)
    try:
        alone(
            pool.each,
            count,
            worker,
            workers,
            None if done is None else (lambda begun: done(begun, count)),
        )
    finally:
        for (
            one
        ) in made:  # whose calls refer to it: the results' memory would wait for the collector
            one.calls.clear()
    for number, parts in partials.items():
        _combine(program, number, parts, shown_results[number])
    return results


def _combine(program: BlockProgram, number: int, parts: list[Any], target: Any) -> None:
    """Put the partial results of all blocks together, those of one place in the blocks' order."""
    node = program.products[number]
    reducer = REDUCERS[node.op]
    gone = {at for step in program.steps if step.product == number for at in step.axes}
    places: dict[tuple[tuple[int, int], ...], list[Any]] = {}
    for box, part in zip(program.boxes, parts, strict=True):
        key = tuple([(0, 1) if at in gone else (cut.start, cut.stop) for at, cut in enumerate(box)])
        places.setdefault(key, []).append(part)
    for key, several in places.items():
        at = tuple([slice(start, stop) for start, stop in key])
        target[at] = reducer.finish(several, node)


class Worker:
    """One thread's registers and buffers.

    What a step reads and writes is mostly the same in every block of a shape: buffers. Such steps are
    bound to them once; the others look into the registers.
    """

    def __init__(
        self,
        program: BlockProgram,
        arrays: list[Any],
        products: list[Any],
        partials: dict[int, list[Any]],
    ) -> None:
        self.program = program
        size = math.prod(program.block)
        self.buffers = [np.empty(size, dtype) for dtype in program.buffers]
        self.registers: list[Any] = [None] * program.registers
        self.partials = partials
        self.shape: Shape | None = None  # of the block that the calls are bound to
        self.calls: list[tuple[Node, Call]] = []
        self.number = 0
        # registers that are the same in every block, and their arrays
        self.fixed: dict[int, Any] = {}
        self.inputs: list[tuple[int, Any, tuple[bool, ...]]] = []
        for at, array in enumerate(arrays):
            along = _along(array, program.block)
            if any(along):
                self.inputs.append((at, array, along))
            else:
                self.fixed[at] = array
        self.outs: list[Any] = [None] * len(products)
        self.products = [
            (at, array, _along(array, program.block))
            for at, array in enumerate(products)
            if at not in partials
        ]

    def block(self, number: int) -> None:
        """Compute one block."""
        self.number = number
        box = self.program.boxes[number]
        shape = tuple([cut.stop - cut.start for cut in box])
        if shape != self.shape:
            self._bind(shape)
        registers, outs = self.registers, self.outs
        for at, array, along in self.inputs:
            registers[at] = array[_cut(box, along)]
        for at, array, along in self.products:
            outs[at] = array[_cut(box, along)]
        node: Node | None = None
        try:
            for node, call in self.calls:  # noqa: B007 (named where it fails)
                call()
        except AutodiffError as error:
            assert node is not None
            raise ExecutionError(node, error) from error
        except FAILURES as error:
            assert node is not None
            raise refused(node, error) from error

    def _bind(self, shape: Shape) -> None:
        """Make the calls for blocks of a shape."""
        size = math.prod(shape)
        rooms = [buffer[:size].reshape(shape) for buffer in self.buffers]
        bound = dict(self.fixed)
        self.calls = []
        for step in self.program.steps:
            known = [bound.get(register) for register in step.operands]
            fixed = step.product is None and all(array is not None for array in known)
            if step.kind in ("into", "onto") and step.product is None:
                sizes = tuple([n if at in step.along else 1 for at, n in enumerate(shape)])
                room = (
                    np.empty(sizes, step.node.dtype.numpy)
                    if step.writes is None
                    else rooms[step.writes]
                )
                bound[step.register] = room
                call = self._into(step, room, known if fixed else None, shape)
            elif fixed and step.kind == "alias":
                bound[step.register] = known[0]
                continue
            else:
                call = self._call(step, shape)
            frees = [register for register in step.frees if register not in bound]
            self.calls.append((step.node, self._freeing(call, frees) if frees else call))
        self.shape = shape
        for register, array in bound.items():
            self.registers[register] = array

    def _into(self, step: Step, room: Any, known: list[Any] | None, shape: Shape) -> Call:
        """An elementwise operation that writes to a buffer; its operands, if they are always the same."""
        kernel = _loop(step, shape)
        if known is not None:
            return partial(kernel, *known, out=room)
        registers, operands = self.registers, step.operands
        return lambda: kernel(*[registers[at] for at in operands], out=room)

    def _freeing(self, call: Call, frees: list[int]) -> Call:
        registers = self.registers

        def run() -> None:
            call()
            for register in frees:
                registers[register] = None

        return run

    def _call(self, step: Step, shape: Shape) -> Call:
        """One member's value, where that is an array of its own, or a part of a product."""
        registers, outs, product = self.registers, self.outs, step.product
        find = self._finder(step, shape)

        def run() -> None:
            operands = [registers[at] for at in step.operands]
            if product is None or step.kind == "reduce":
                registers[step.register] = find(operands, None)
                return
            out = outs[product]
            result = find(operands, out)
            if result is not out:
                out[...] = result
            registers[step.register] = out

        return run

    def _finder(self, step: Step, shape: Shape) -> Callable[[list[Any], Any], Any]:
        """`find(operands, out)`: a member's value, perhaps in `out`."""
        node = step.node
        if step.kind in ("into", "onto"):
            kernel = _loop(step, shape)
            return lambda operands, out: kernel(*operands, out=out)
        if step.kind == "alias":
            return lambda operands, out: operands[0]
        if step.kind == "reduce":
            return lambda operands, out: self._reduce(step, operands, shape)
        if step.kind == "take":
            picks = _places(shape, step.axes[0])
            return lambda operands, out: _spread(operands[0], shape)[picks(operands[1])]
        if step.kind == "put":
            picks = _places(shape, step.axes[0])
            zeros = partial(np.zeros, shape, node.dtype.numpy)
            return lambda operands, out: _put(zeros(), picks(operands[1]), operands[0])
        return lambda operands, out: _evaluated(node, operands)

    def _reduce(self, step: Step, factors: list[Any], shape: Shape) -> Any:
        node = step.node
        reducer = REDUCERS[node.op]
        x = factors[0]
        if x.shape != shape:  # a broadcast that nothing has spread yet
            sizes = tuple([n if at in step.axes else x.shape[at] for at, n in enumerate(shape)])
            if x.shape != sizes:
                x = factors[0] = np.broadcast_to(x, sizes)
        part = reducer.part(factors, step.axes, node)
        if not step.axes and np.may_share_memory(part, x):  # of axes of size 1: nothing was added
            part = part.copy()
        if step.product is not None:
            self.partials[step.product][self.number] = part
        held = self.program.region.held
        return reducer.finish([part], node) if held else part


def _places(shape: Shape, axis: int) -> Callable[[Any], tuple[Any, ...]]:
    """What picks, in a block, one element along an axis for each index."""
    grid = np.ogrid[tuple(slice(1 if at == axis else size) for at, size in enumerate(shape))]
    return lambda index: (*grid[:axis], index, *grid[axis + 1 :])


def _spread(array: Any, shape: Shape) -> Any:
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _put(zeros: Any, places: tuple[Any, ...], value: Any) -> Any:
    zeros[places] = value
    return zeros


def _evaluated(node: Node, operands: list[Any]) -> Any:
    """An operation's value as an array that nothing else writes to."""
    result = np.asarray(node.op.evaluate(node, operands.copy()))
    if result.dtype != node.dtype.numpy:
        return result.astype(node.dtype.numpy)
    if result.base is not None or any(result is given for given in operands):
        return result.copy()  # what it shows is written to later
    return result


def _along(array: Any, block: Shape) -> tuple[bool, ...]:
    """Along which axes an array is cut into blocks."""
    return tuple([size > most for size, most in zip(array.shape, block, strict=True)])


def _cut(box: Box, own: tuple[bool, ...]) -> Box:
    """The part of an array that belongs to a block: along axes of size 1 all of it."""
    return tuple([cut if along else WHOLE for cut, along in zip(box, own, strict=True)])


def _loop(step: Step, shape: Shape) -> Callable[..., Any]:
    """What computes an elementwise operation on arrays of its dtype: numpy's own loop if it is one."""
    node = step.node
    kernel, params = node.op.kernel, node.params
    plain = getattr(kernel, "plain", None)
    if plain is not None and node.dtype.is_floating and params.get("alpha", 1) == 1:
        kernel = plain
    elif params:
        kernel = partial(kernel, **params)
    return kernel if step.puts is None else _onto(kernel, step, shape)


def _onto(kernel: Callable[..., Any], step: Step, shape: Shape) -> Callable[..., Any]:
    """An operation whose one operand is 0 but where an index says: computed of 0, and there again."""
    axis, at = step.axes[0], step.puts
    assert at is not None
    picks = _places(shape, axis)
    zero = np.zeros((1,) * len(shape), step.node.dtype.numpy)

    def run(*operands: Any, out: Any) -> Any:
        *arrays, index = operands
        places = picks(index)
        few = [
            array
            if number == at or array.shape[axis] == 1
            else np.broadcast_to(array, shape)[places]
            for number, array in enumerate(arrays)
        ]
        arrays[at] = zero
        kernel(*arrays, out=out)
        out[places] = kernel(*few, out=np.empty(places[axis].shape, out.dtype))
        return out

    return run
