"""A whole graph's execution, planned once: passes, regions, and when each array can go.

A plan can be run again for other values of its inputs, of the same shapes and dtypes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import LimitError
from autodiff_cli.execute.memory import KEPT, store
from autodiff_cli.execute.region import BlockProgram
from autodiff_cli.execute.walk import walk
from autodiff_cli.execute.whole import value_of
from autodiff_cli.ir.context import changed, current
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.threads import pool
from autodiff_cli.transform.fuse import scheduled
from autodiff_cli.transform.lower import lowered
from autodiff_cli.transform.passes import prepared
from autodiff_cli.transform.regions import Region


class Plan:
    """How some outputs of one graph are computed.

    Args:
        outputs: nodes; the same one may stand more than once.
        exact: whether float32 functions are rounded as `execute.whole` does; otherwise they are numpy's
            own, which are up to ten times as fast and up to 4 ulp off.

    >>> from autodiff_cli.ir.node import leaf
    >>> x = leaf(np.zeros(100_000, np.float32), requires_grad=True)
    >>> plan = Plan([x * 2 + 1])
    >>> float(plan.run()[0][0]), float(plan.run({id(x): np.ones(100_000, np.float32)})[0][0])
    (1.0, 3.0)
    """

    def __init__(self, outputs: Sequence[Node], *, exact: bool = False) -> None:
        with changed(eager=False, grad=False, span=None):
            self.outputs = executable(outputs)
        self.exact = exact
        self.dtypes = [output.dtype.numpy for output in outputs]
        with np.errstate(all="ignore"):  # a number may be more than its dtype holds: infinite
            self.steps: list[Node | BlockProgram] = [
                BlockProgram(step) if isinstance(step, Region) else step
                for step in scheduled(self.outputs)
            ]
        self.fallbacks: dict[int, BlockProgram] = {}
        self.frees = self._frees()

    def _reads(self, step: Node | BlockProgram) -> list[Node]:
        return list(step.operands) if isinstance(step, Node) else [i.node for i in step.inputs]

    def _frees(self) -> list[list[int]]:
        """For each step the arrays that nothing needs behind it."""
        last: dict[int, int] = {}
        for at, step in enumerate(self.steps):
            for node in self._reads(step):
                last[id(node)] = at
            for node in [step] if isinstance(step, Node) else step.products:
                last.setdefault(id(node), at)
        for output in self.outputs:
            last.pop(id(output), None)
        frees: list[list[int]] = [[] for _ in self.steps]
        for key, at in last.items():
            frees[at].append(key)
        return frees

    def bytes_needed(self) -> int:
        """An estimate of the most memory that the arrays take at a time, inputs apart."""
        sizes: dict[int, int] = {}
        held = most = 0
        for step, frees in zip(self.steps, self.frees, strict=True):
            made = [step] if isinstance(step, Node) else step.products
            for node in made:
                is_view = isinstance(step, Node) and node.op.is_view
                sizes[id(node)] = (
                    0 if is_view else math.prod(node.shape) * node.dtype.numpy.itemsize
                )
                held += sizes[id(node)]
            most = max(most, held)
            for key in frees:
                held -= sizes.pop(key, 0)
        return most

    def run(self, values: Mapping[int, Array] | None = None) -> list[Array]:
        """The outputs' arrays. Not to be written to: they may be shared.

        Args:
            values: arrays instead of the values that some of the inputs have, by the nodes' id.

        Raises:
            ExecutionError: an operation met a value outside its domain.
            LimitError: the estimate of `bytes_needed` is beyond the context's `max_memory`.
        """
        limit = current().max_memory
        if limit is not None and (needed := self.bytes_needed()) > limit:
            raise LimitError(
                f"about {needed / 1e6:,.0f} MB of arrays are needed; the limit is {limit / 1e6:,.3g} MB",
                hint="--max-memory SIZE raises the limit, as in --max-memory 8G",
            )
        workers = pool.threads()
        given = values or {}
        arrays: dict[int, Any] = {}
        try:
            with np.errstate(all="ignore"), changed(exact=self.exact):
                for at, step in enumerate(self.steps):
                    for node in self._reads(step):
                        if id(node) not in arrays:
                            arrays[id(node)] = given.get(id(node), node.value)
                    if isinstance(step, Node):
                        arrays[id(step)] = value_of(
                            step, [arrays[id(operand)] for operand in step.operands]
                        )
                    else:
                        products = self._walk(at, step, arrays, workers)
                        for node, array in zip(step.products, products, strict=True):
                            arrays[id(node)] = array
                    for key in self.frees[at]:
                        arrays.pop(key, None)
        finally:
            store.limit = 0 if limit is not None else KEPT
        return [
            np.asarray(
                arrays[id(output)] if id(output) in arrays else given.get(id(output), output.value),
                dtype,
            )
            for output, dtype in zip(self.outputs, self.dtypes, strict=True)
        ]

    def _walk(
        self, at: int, program: BlockProgram, arrays: dict[int, Any], workers: int
    ) -> list[Array]:
        report = current().progress
        done = None
        if report is not None:
            steps = len(self.steps)

            def done(begun: int, count: int) -> None:
                report((at + begun / count) / steps)

        products = walk(program, arrays, workers, done)
        if products is None:  # an input whose strides don't let neighbouring axes be walked as one
            if at not in self.fallbacks:
                self.fallbacks[at] = BlockProgram(program.region, collapse=False)
            products = walk(self.fallbacks[at], arrays, workers, done)
            assert products is not None
        return products


def executable(outputs: Sequence[Node]) -> list[Node]:
    """The outputs' graph as it is executed: composites taken apart, then all passes."""
    return prepared(lowered(outputs))
