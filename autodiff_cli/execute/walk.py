"""A region's walk: one block after the other, in cache, in place, on every processor."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from autodiff_cli.errors import FAILURES, AutodiffError
from autodiff_cli.execute.blocks import Box
from autodiff_cli.execute.memory import empty
from autodiff_cli.execute.partial import REDUCERS
from autodiff_cli.execute.region import Program, Step
from autodiff_cli.execute.whole import ExecutionError, refused
from autodiff_cli.ir.node import NO_PARAMS, Array, Node, Params, Shape
from autodiff_cli.threads import pool
from autodiff_cli.transform.axes import REDUCTIONS

WHOLE = slice(None)


def walk(
    program: Program,
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

    def worker() -> Callable[[int], None]:
        return Worker(program, arrays, shown_results, partials).block

    count = len(program.boxes)
    pool.each(
        count,
        worker,
        workers,
        None if done is None else (lambda begun: done(begun, count)),
    )
    for number, parts in partials.items():
        _combine(program, number, parts, shown_results[number])
    return results


def _combine(program: Program, number: int, parts: list[Any], target: Any) -> None:
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
        self.shape: Shape | None = None  # of the block that the calls are bound to
        self.calls: list[tuple[Node, Callable[[], Any]]] = []
        # registers that are the same in every block, and their arrays
        self.bound: dict[int, Any] = {}
        self.box: Box = ()
        self.number = 0
        self.scratch: dict[Any, Any] = {}
        self.cuts = [tuple([n > 1 for n in array.shape]) for array in arrays]
        self.product_cuts = [tuple([n > 1 for n in array.shape]) for array in products]

    def block(self, number: int) -> None:
        """Compute one block."""
        self.number = number
        self.box = box = self.program.boxes[number]
        shape = tuple([cut.stop - cut.start for cut in box])
        if shape != self.shape:
            self._bind(shape)
        registers, bound = self.registers, self.bound
        for at, (array, own) in enumerate(zip(self.arrays, self.cuts, strict=True)):
            if at not in bound:
                registers[at] = array[_cut(box, own)]
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
        bound = {at: array for at, array in enumerate(self.arrays) if not any(self.cuts[at])}
        calls: list[tuple[Node, Callable[[], Any]]] = []
        for step in self.program.steps:
            known = [bound.get(register) for register in step.operands]
            fixed = all(array is not None for array in known) and step.product is None
            room = None if step.writes is None else rooms[step.writes]
            if fixed and step.kind == "alias":
                bound[step.register] = known[0]
                continue
            if room is not None and step.product is None:
                bound[step.register] = room
            if fixed and room is not None:
                kernel, params = _loop(step.node)
                calls.append((step.node, partial(kernel, *known, out=room, **params)))
            else:
                calls.append((step.node, partial(self._step, step, room, shape)))
        self.shape, self.calls, self.bound = shape, calls, bound
        for register, array in bound.items():
            self.registers[register] = array

    def _step(self, step: Step, room: Any, shape: Shape) -> None:
        """One member's value in one block."""
        node, kind, registers = step.node, step.kind, self.registers
        if step.product is not None and kind != "reduce":
            own = self.product_cuts[step.product]
            out = room = self.products[step.product][_cut(self.box, own)]
        else:
            out = None
        operands = [registers[r] for r in step.operands]
        result: Any
        if kind == "into":
            kernel, params = _loop(node)
            result = (
                kernel(*operands, **params)
                if step.writes is None
                else kernel(*operands, out=room, **params)
            )
        elif kind == "alias":
            result = operands[0]
        elif kind == "evaluate":
            result = np.asarray(node.op.evaluate(node, operands.copy()))
            if result.dtype != node.dtype.numpy:
                result = result.astype(node.dtype.numpy)
            elif result.base is not None or any(result is given for given in operands):
                result = result.copy()  # what it shows is written to later
        elif kind == "reduce":
            result = self._reduce(step, operands[0], shape)
        elif kind == "take":
            result = np.take_along_axis(operands[0], operands[1], step.axes[0])
        else:
            result = np.zeros(shape, node.dtype.numpy)
            np.put_along_axis(result, operands[1], operands[0], step.axes[0])
        if out is not None and result is not out:
            out[...] = result
        registers[step.register] = result
        for register in step.frees:
            if register not in self.bound:
                registers[register] = None

    def _scratch(self, x: Any) -> Any:
        """Room for an array like one of a block."""
        key = x.shape, x.dtype
        room = self.scratch.get(key)
        if room is None:
            room = self.scratch[key] = np.empty(x.shape, x.dtype)
        return room

    def _reduce(self, step: Step, x: Any, shape: Shape) -> Any:
        node = step.node
        reducer = REDUCERS[node.op]
        if x.shape != shape:  # a broadcast that nothing has spread yet
            sizes = tuple([n if at in step.axes else x.shape[at] for at, n in enumerate(shape)])
            if x.shape != sizes:
                x = np.broadcast_to(x, sizes)
        if reducer.scratch:
            part = reducer.part(x, step.axes, node, self._scratch(x))
        else:
            part = reducer.part(x, step.axes, node)
        if not step.axes and np.may_share_memory(part, x):  # of axes of size 1: nothing was added
            part = part.copy()
        if step.product is not None:
            self.partials[step.product][self.number] = part
        held = self.program.region.held
        return reducer.finish([part], node) if held else part


def _cut(box: Box, own: tuple[bool, ...]) -> Box:
    """The part of an array that belongs to a block: along axes of size 1 all of it."""
    return tuple([cut if along else WHOLE for cut, along in zip(box, own, strict=True)])


def _loop(node: Node) -> tuple[Callable[..., Any], Params]:
    """What computes an elementwise operation on arrays of its dtype: numpy's own loop if it is one."""
    kernel, params = node.op.kernel, node.params
    plain = getattr(kernel, "plain", None)
    if plain is not None and node.dtype.is_floating and params.get("alpha", 1) == 1:
        return plain, NO_PARAMS
    return kernel, params
