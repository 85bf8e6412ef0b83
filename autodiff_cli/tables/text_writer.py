"""Rows to CSV, TSV and JSON Lines, as text that is made by polars or cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from autodiff_cli.ir.node import Shape
from autodiff_cli.tables import outputs
from autodiff_cli.tables.kept import Kept, KeptLines, KeptValues
from autodiff_cli.tables.outputs import Output
from autodiff_cli.tables.plain_written import csv_line
from autodiff_cli.tables.resume import Progress
from autodiff_cli.tables.rows import Table
from autodiff_cli.tables.waiting import Waiting
from autodiff_cli.tables.writing import Shapes, Writer, columns_change, distinct

JsonText: TypeAlias = Callable[[Table, Kept | None], bytes]
CsvText: TypeAlias = Callable[[Table, Kept | None, str], bytes]


class JsonWriter(Writer):
    """JSON Lines: an object a row, tensors as nested lists."""

    demand = "nothing"

    def __init__(self, output: Output, encode: JsonText, resume: Progress | None) -> None:
        super().__init__(output)
        self.encode = encode
        self.resume = resume

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        if kept is not None:
            distinct(
                kept.uses(tuple(table)) if isinstance(kept, KeptLines) else kept.names, tuple(table)
            )
        self.output.write(self.encode(table, kept))
        if self.resume is not None:
            self.resume.add(read)


class CsvWriter(Writer):
    """CSV and TSV: a header, then a line a row, tensors an element a column."""

    def __init__(
        self,
        output: Output,
        encode: CsvText,
        separator: str,
        waiting: Waiting[tuple[Table, Kept | None, int]],
        resume: Progress | None,
    ) -> None:
        super().__init__(output)
        self.encode = encode
        self.separator = separator
        self.resume = resume
        self.shapes = Shapes()
        self.titles: list[str] | None = None
        self.names: tuple[tuple[str, ...], tuple[str, ...]] | None = None  # kept ones, and others
        self.waiting = waiting  # until all shapes are known

    def expect(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes.known |= shapes

    def write(self, table: Table, kept: Kept | None = None, read: int = 0) -> None:
        if kept is not None:
            distinct(kept.names, tuple(table))
        if isinstance(kept, KeptValues):  # an element a column, as of the results
            table, kept = {**kept.values, **table}, None
        for rows in self.waiting.passed((table, kept, read), ready=self.shapes.learn(table)):
            self._put(*rows)

    def _put(self, table: Table, kept: Kept | None, read: int) -> None:
        if self.names is None:
            self.names = (kept.names if kept is not None else (), tuple(table))
        kept, table = self._ordered(kept, table)
        fitted = self.shapes.fit(table)
        names = kept.names if kept is not None else ()
        titles = [*names, *self.shapes.titles(fitted)]
        if self.titles is None:
            self.titles = titles
            if self.resume is None or not self.resume.bytes:
                self.output.write(csv_line(titles, self.separator))
        elif titles != self.titles:
            raise columns_change(self.titles, titles)
        if any(column.count for column in fitted.values()):
            self.output.write(self.encode(fitted, kept, self.separator))
        if self.resume is not None:
            self.resume.add(read)

    def _ordered(self, kept: Kept | None, table: Table) -> tuple[Kept | None, Table]:
        """The columns in the order of the first rows; another file may have them in another one."""
        first, computed = self.names or ((), ())
        if kept is not None and kept.names != first and set(kept.names) == set(first):
            kept = kept.ordered(first)
        if set(table) == set(computed):
            table = {name: table[name] for name in computed}
        return kept, table

    def cut_off(self) -> None:
        if isinstance(self.output, outputs.Through):
            self._put_waiting()

    def _put_waiting(self) -> None:
        for rows in self.waiting.taken():
            self._put(*rows)

    def close(self) -> None:
        self._put_waiting()
        self.waiting.close()
        super().close()

    def abort(self) -> None:
        self.waiting.close()
        super().abort()
