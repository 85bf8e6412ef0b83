"""What the writers of all formats have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Shape
from autodiff_cli.tables import cells
from autodiff_cli.tables.kept import Kept
from autodiff_cli.tables.outputs import Output
from autodiff_cli.tables.rows import Column, Table, TextColumn

Demand: TypeAlias = Literal["shape", "depth", "nothing"]


class Writer:
    """Takes rows until the output is whole or given up.

    Attributes:
        demand: what all cells of a column have in common in the format: the shape, the number of axes, or
            nothing.
    """

    demand: Demand = "shape"

    def __init__(self, output: Output) -> None:
        self.output = output

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        """Rows, behind those before them; kept columns come first.

        Args:
            read: how many input rows these finish.

        Raises:
            InputError: the disk is full, or the rows don't fit those before them.
            BrokenPipeError: nobody reads on.
        """
        raise NotImplementedError

    def expect(self, shapes: Mapping[str, Shape]) -> None:
        """Columns have these shapes, also if all their cells are null."""

    def cut_off(self) -> None:
        """No more rows come, though the output isn't whole: those that wait are written if that lasts."""

    def close(self) -> None:
        """The output is whole: a file takes its name."""
        self.output.close()

    def abort(self) -> None:
        """The output stays unfinished; nothing is left of a file, unless it is to be resumed."""
        self.output.abort()


class Shapes:
    """The shape that each column has in all rows, for formats whose columns can't vary."""

    def __init__(self) -> None:
        self.known: dict[str, Shape | None] = {}

    def learn(self, table: Table) -> bool:
        """Note the shapes of a table; whether all are known.

        Raises:
            InputError: a column has another shape than before.
        """
        for name, column in table.items():
            if isinstance(column, TextColumn):
                self.known[name] = ()
                continue
            shape = self._shape(name, column)
            before = self.known.get(name)
            if before is not None and shape is not None and shape != before:
                raise cells.several_shapes(name, before, shape)
            self.known[name] = shape if before is None else before
        return None not in self.known.values()

    def _shape(self, name: str, column: Column) -> Shape | None:
        if column.nulls is not None and column.nulls.all():
            return None  # no value that shows it
        return cells.stacked(name, column).shape[1:]

    def fit(self, table: Table) -> dict[str, Column | TextColumn]:
        """The table with columns of nulls alone in the shape that the column has."""
        found: dict[str, Column | TextColumn] = {}
        for name, column in table.items():
            shape = self.known.get(name) or ()
            if isinstance(column, Column):
                if column.nulls is not None and column.nulls.all():
                    column = Column(np.full((column.count, *shape), np.nan), nulls=column.nulls)
                elif not isinstance(column.values, np.ndarray):
                    column = Column(cells.stacked(name, column), column.bad, column.nulls)
            found[name] = column
        return found

    def titles(self, table: Table) -> list[str]:
        """The columns of a CSV file."""
        return [title for name in table for title in cells.names_of(name, self.known[name] or ())]


def no_rows(names: Sequence[str]) -> Table:
    """What to write of a table without rows, so that its columns are named; they are taken for scalars."""
    return {name: Column(np.empty(0)) for name in names}


def columns_change(before: Iterable[str], now: Iterable[str]) -> InputError:
    """That rows have other columns than those before them."""
    return InputError(
        f"the columns change from {', '.join(before)} to {', '.join(now)}",
        hint="only JSON Lines holds both: --to jsonl",
    )


def distinct(kept: tuple[str, ...], computed: tuple[str, ...]) -> None:
    """Raise InputError if a kept column has the name of a computed one."""
    for name in kept:
        if name in computed:
            raise InputError(
                f"the kept column '{name}' has the name of a result",
                hint=f"rename it: --columns {name}_in={name}",
            )


def merged(table: Table, kept: Kept | None) -> Table:
    """The columns of a table behind those that pass through.

    Raises:
        InputError: two have the same name.
    """
    if kept is None:
        return table
    distinct(kept.names, tuple(table))
    return {**kept.columns(), **table}
