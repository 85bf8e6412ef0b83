"""The graph of one row, made for any number of rows of the same shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from autodiff_cli.batch.graph import Asked, outputs_of
from autodiff_cli.execute.again import execute_with
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Array, Node, Shape, placeholder, state
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.summation import GRAIN
from autodiff_cli.transform.batch import batched
from autodiff_cli.transform.passes import prepared

# Elements of the largest array of a block of rows: it stays in the cache, and sums over parts of it keep
# the order that they have for one row.
BLOCK = GRAIN - 1
FEW = 8  # rows that are computed one after the other, without a graph for so many
PARTS = 8  # a last, smaller block is filled up to so many parts of a whole one, as each size has its graph
UNBOUNDED = 1 << 62


class Kind(NamedTuple):
    """What the cells of a column have in common within a group of rows."""

    shape: Shape
    dtype: DType


class Plan:
    """Answers for rows whose columns have these shapes.

    Args:
        asked: what is asked of an expression.
        kinds: of the columns that it names, and of those of the seed and the tangents.

    Attributes:
        outputs: by name, of one row; None where no gradient flows.

    Raises:
        Unknown: the graph depends on a row's numbers.
        AutodiffError: the expression can't be evaluated or differentiated for these shapes.
    """

    def __init__(self, asked: Asked, kinds: Mapping[str, Kind]) -> None:
        self.row = {
            name: placeholder(
                kind.shape,
                kind.dtype,
                requires_grad=kind.dtype.is_floating
                and name in asked.inputs
                and asked.differentiates(name),
                name=name,
            )
            for name, kind in kinds.items()
        }
        self.outputs = outputs_of(asked, self.row)
        self.nodes = [node for node in self.outputs.values() if node is not None]
        self.size = max([1, *(node.numel for node in topological(self.nodes))])
        self.graphs: dict[int, tuple[list[Node], list[Node]]] = {}
        self.one: list[Node] | None = None

    def answers(self, columns: Mapping[str, Array], count: int) -> dict[str, Array | None]:
        """The outputs of `count` rows, each with a leading axis of rows.

        Args:
            columns: by name, of shape (count, *shape) and the dtype of the plan.

        Raises:
            ExecutionError: an operation met a value outside its domain, in some row.
        """
        if count <= FEW:
            return self._few(columns, count)
        step = max(1, BLOCK // self.size)
        part = max(1, step // PARTS)
        made: list[Array] = []
        for start in range(0, count, step):
            stop = min(start + step, count)
            size = min(step, -(-(stop - start) // part) * part)
            rows, nodes = self._graph(size)
            given = [_filled(columns[name][start:stop], size) for name in self.row]
            arrays = execute_with(nodes, rows, given)
            if not made:
                made = [np.empty((count, *array.shape[1:]), array.dtype) for array in arrays]
            for whole, array in zip(made, arrays, strict=True):
                whole[start:stop] = array[: stop - start]
        finished = iter(made)
        return {n: None if node is None else next(finished) for n, node in self.outputs.items()}

    def _few(self, columns: Mapping[str, Array], count: int) -> dict[str, Array | None]:
        """The outputs of some rows, each by the graph of one row."""
        if self.one is None:
            self.one = prepared(self.nodes)
        inputs = list(self.row.values())
        rows = [
            execute_with(self.one, inputs, [np.asarray(columns[name][at]) for name in self.row])
            for at in range(count)
        ]
        finished = iter([np.stack(arrays) for arrays in zip(*rows, strict=True)])
        return {n: None if node is None else next(finished) for n, node in self.outputs.items()}

    def _graph(self, count: int) -> tuple[list[Node], list[Node]]:
        """The placeholders and the outputs for a number of rows."""
        if count not in self.graphs:
            before = state.max_elements
            state.max_elements = UNBOUNDED  # the limit is one row's
            try:
                rows = [placeholder((count, *node.shape), node.dtype) for node in self.row.values()]
                nodes = batched(self.nodes, list(self.row.values()), rows, exact=True)
                self.graphs[count] = rows, prepared(nodes)
            finally:
                state.max_elements = before
        return self.graphs[count]


def _filled(rows: Array, size: int) -> Array:
    """Rows, and the last one again as often as it takes."""
    missing = size - len(rows)
    return rows if not missing else np.concatenate((rows, np.repeat(rows[-1:], missing, axis=0)))
