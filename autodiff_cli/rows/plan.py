"""The graph of one row, made for any number of rows of the same shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.execute.again import execute_with
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.ir.context import Deferred, Unknown, changed
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Array, Node, Shape, placeholder
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.summation import GRAIN
from autodiff_cli.rows.graph import outputs_of
from autodiff_cli.rows.resolved import Resolved
from autodiff_cli.transform.batch import batched
from autodiff_cli.transform.passes import prepared

# Elements of the largest array of a block of rows: it stays in the cache, and sums over parts of it keep
# the order that they have for one row.
BLOCK = GRAIN - 1
FEW = 8  # rows that are computed one after the other, without a graph for so many
PARTS = 8  # a last, smaller block is filled up to so many parts of a whole one, as each size has its graph
UNBOUNDED = 1 << 62


class RowsKind(NamedTuple):
    """What the cells of a column have in common within a group of rows."""

    shape: Shape
    dtype: DType


class Failed(NamedTuple):
    """Rows that fail in the same way, and the error of one of them."""

    rows: Array
    error: AutodiffError


class Found(NamedTuple):
    """The outputs by name, each with a leading axis of rows, and the rows that have none."""

    outputs: dict[str, Array | None]
    failed: list[Failed]


Arrays: TypeAlias = tuple[list[Array], list[Failed]]


class Undecided(Unknown):
    """A branch depends on a node, and it isn't said which way to go."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node


class Choices:
    """The ways that branches go, in the order in which they are met."""

    def __init__(self, path: Sequence[bool]) -> None:
        self.left = list(reversed(path))

    def __call__(self, node: Node) -> bool:
        if not self.left:
            raise Undecided(node)
        return self.left.pop()


class Fork:
    """Rows whose columns have these shapes go different ways: each way has a plan of its own.

    Attributes:
        condition: which way a row goes, as "value".
        path: the ways that lead here.
        arms: what was made of each way.
    """

    def __init__(self, condition: RowsPlan, path: tuple[bool, ...]) -> None:
        self.condition = condition
        self.path = path
        self.arms: dict[bool, RowsPlan | Fork | AutodiffError] = {}


def planned(
    asked: Resolved, kinds: Mapping[str, RowsKind], path: tuple[bool, ...] = ()
) -> RowsPlan | Fork:
    """What answers rows whose columns have these shapes.

    Args:
        asked: what is asked of an expression, or of a program without effects.
        kinds: of the columns that it names, and of those of the seed and the tangents.
        path: the ways that its branches go.

    Raises:
        Unknown: the graph depends on a row's numbers, otherwise than by the ways of branches.
        AutodiffError: it can't be evaluated or differentiated for these shapes.
    """
    row = {
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
    try:
        with changed(deferred=Deferred(Choices(path))):
            return RowsPlan(row, outputs_of(asked, row))
    except Undecided as branch:
        return Fork(RowsPlan(row, {"value": branch.node}), path)


class RowsPlan:
    """Answers for rows whose columns have the same shapes, by one graph.

    Args:
        row: the placeholders of one row, by column.
        outputs: by name, of one row; None where no gradient flows.
    """

    def __init__(self, row: Mapping[str, Node], outputs: dict[str, Node | None]) -> None:
        self.row = row
        self.outputs = outputs
        flowing = {name: node for name, node in outputs.items() if node is not None}
        self.names, self.nodes = list(flowing), list(flowing.values())
        self.size = max([1, *(node.numel for node in topological(self.nodes))])
        self.graphs: dict[int, tuple[list[Node], list[Node]]] = {}
        self.one: list[Node] | None = None

    def answers(self, columns: Mapping[str, Array], count: int) -> Found:
        """The outputs of `count` rows.

        Args:
            columns: by name, of shape (count, *shape) and the dtype of the plan.
        """
        arrays, failed = self._arrays(columns, count)
        return Found(dict.fromkeys(self.outputs) | dict(zip(self.names, arrays)), failed)

    def _arrays(self, columns: Mapping[str, Array], count: int) -> Arrays:
        """The arrays of the nodes for some rows, and which rows fail; those have any numbers."""
        made = [np.empty((count, *node.shape), node.dtype.numpy) for node in self.nodes]
        failed: list[Failed] = []
        step = max(1, BLOCK // self.size) if count > FEW else 1
        for start in range(0, count, step):
            stop = min(start + step, count)
            block = {name: columns[name][start:stop] for name in self.row}
            if count > FEW:
                arrays, own = self._block(block, stop - start, step)
            else:
                arrays, own = self._one(block)
            failed += [Failed(start + rows, error) for rows, error in own]
            if arrays:  # else all rows of the block fail
                for whole, array in zip(made, arrays, strict=True):
                    whole[start:stop] = array[: stop - start]
        return made, failed

    def _one(self, columns: Mapping[str, Array]) -> Arrays:
        """One row, by the graph of one row."""
        if self.one is None:
            self.one = prepared(self.nodes)
        given = [np.asarray(columns[name][0]) for name in self.row]
        try:
            arrays = execute_with(self.one, list(self.row.values()), given)
        except ExecutionError as raised:
            return [], [Failed(np.zeros(1, np.int64), raised.error)]
        return [array[None] for array in arrays], []

    def _block(self, columns: Mapping[str, Array], count: int, step: int) -> Arrays:
        """The rows of a block; where some fail, another one is computed in the place of each that does."""
        part = max(1, step // PARTS)
        size = min(step, -(-count // part) * part)
        rows, nodes = self._graph(size)
        given = [_filled(columns[name], size) for name in self.row]
        failed: list[Failed] = []
        good = np.arange(size) < count
        while True:
            try:
                return execute_with(nodes, rows, given), failed
            except ExecutionError as raised:
                ways = _ways(raised, rows, size)
            found = [Failed(np.flatnonzero(mask & good), error) for mask, error in ways]
            found = [one for one in found if len(one.rows)]
            if not found:
                return self._halves(columns, count)
            failed += found
            for own, _ in found:
                good[own] = False
            if not good.any():
                return [], failed
            given = [np.where(_wide(good, array), array, array[np.argmax(good)]) for array in given]

    def _halves(self, columns: Mapping[str, Array], count: int) -> Arrays:
        """The rows of a block of which it isn't known which fail: halves of it, down to a row."""
        half = count // 2
        first, failed = self._arrays({name: array[:half] for name, array in columns.items()}, half)
        rest, more = self._arrays(
            {name: array[half:] for name, array in columns.items()}, count - half
        )
        joined = [np.concatenate(pair) for pair in zip(first, rest, strict=True)]
        return joined, [*failed, *(Failed(half + rows, error) for rows, error in more)]

    def _graph(self, count: int) -> tuple[list[Node], list[Node]]:
        """The placeholders and the outputs for a number of rows."""
        if count not in self.graphs:
            with changed(max_elements=UNBOUNDED):  # the limit is one row's
                rows = [placeholder((count, *node.shape), node.dtype) for node in self.row.values()]
                nodes = batched(self.nodes, list(self.row.values()), rows, exact=True)
                self.graphs[count] = rows, prepared(nodes)
        return self.graphs[count]


def _filled(rows: Array, size: int) -> Array:
    """Rows, and the last one again as often as it takes."""
    missing = size - len(rows)
    return rows if not missing else np.concatenate((rows, np.repeat(rows[-1:], missing, axis=0)))


def _wide(rows: Array, like: Array) -> Array:
    """A number a row, with as many axes as another array of rows."""
    return rows.reshape(len(rows), *(1,) * (like.ndim - 1))


def _ways(raised: ExecutionError, rows: list[Node], size: int) -> list[tuple[Array, AutodiffError]]:
    """The ways in which rows fail, each with a mask of them; none if that can't be told."""
    own = {id(node) for node in rows}
    if not any(id(node) in own for node in topological([raised.node])):
        return [(np.ones(size, bool), raised.error)]
    ways = raised.error.where
    if any(not mask.ndim or len(mask) % size for _, mask in ways):
        return []
    return [(np.any(mask.reshape(size, -1), axis=1), error) for error, mask in ways]
