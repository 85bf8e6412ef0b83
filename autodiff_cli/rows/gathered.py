"""What the parts of a run give, put together in the order of the rows."""

from __future__ import annotations

from collections.abc import Callable

from autodiff_cli.rows.job import Summary
from autodiff_cli.rows.part import Done, Form
from autodiff_cli.rows.total import Total
from autodiff_cli.tables import cells
from autodiff_cli.tables.writing import columns_change


class Gathered:
    """What parts have given, taken in their order whatever the order in which they come."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self.warn = warn
        self.said: set[str] = set()
        self.done: dict[int, Done] = {}
        self.next = 0
        self.known: dict[str, Form] = {}
        self.names: dict[str, None] = {}
        self.titles: tuple[str, ...] = ()
        self.totals: dict[str, Total] = {}

    @property
    def forms(self) -> dict[str, Form]:
        """The form of each column; of one that is null in all rows, that of single numbers."""
        return {name: self.known.get(name, Form((), "<f8")) for name in self.names}

    @property
    def summary(self) -> Summary:
        found = self.done.values()
        return Summary(
            sum(d.rows for d in found),
            sum(d.bad for d in found),
            sum(d.non_finite for d in found),
            0,
            sum(d.skipped for d in found),
        )

    def take(self, number: int, done: Done) -> None:
        """Take what became of a part.

        Raises:
            AutodiffError: the parts before are finished, and this one has a fault, or another form.
        """
        for text in done.said:
            if text not in self.said:
                self.said.add(text)
                self.warn(text)
        self.done[number] = done
        while self.next in self.done:
            self._add(self.done[self.next])
            self.next += 1

    def _add(self, done: Done) -> None:
        if done.fault is not None:
            raise done.fault
        for name, total in done.totals.items():
            self.totals.setdefault(name, Total(name)).merge(total)
        for name, form in done.forms.items():
            self.names[name] = None
            before = self.known.setdefault(name, form) if form is not None else None
            if before is not None and form is not None and before.shape != form.shape:
                raise cells.several_shapes(name, before.shape, form.shape)
        if done.titles and self.titles and done.titles != self.titles:
            raise columns_change(self.titles, done.titles)
        self.titles = done.titles or self.titles
