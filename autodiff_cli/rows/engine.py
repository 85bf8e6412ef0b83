"""Columns to answers: rows of the same shapes are computed at once, or, where that can't be, one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.errors import AutodiffError, NameFault
from autodiff_cli.evaluation.notices import Notices
from autodiff_cli.evaluation.uncertainty import no_covariance
from autodiff_cli.interpret.limits import started_with
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import Unknown, current, own
from autodiff_cli.ir.node import Array, Shape
from autodiff_cli.random.checks import checked_seed
from autodiff_cli.rows.deviation import Deviations
from autodiff_cli.rows.faults import Faults, light
from autodiff_cli.rows.grouped import ANSWER, Part, groups, joined, non_finite
from autodiff_cli.rows.named import deviations_of, gradients_of, names_of
from autodiff_cli.rows.plan import FEW, Failed, Fork, RowsKind, RowsPlan, planned
from autodiff_cli.rows.question import Question
from autodiff_cli.rows.resolved import resolved
from autodiff_cli.rows.single import single
from autodiff_cli.tables.bad import GOOD
from autodiff_cli.tables.rows import Column

MOST_PLANS = 2048
MOST_FORKS = 1000  # each of which runs the text again
FAR = 32  # branches behind which a few rows are computed one by one: each further one begins anew
MEANT = re.compile(r"did you mean (['`])[^'`]*\1\?|write [^,]+,")


class Answers(NamedTuple):
    """What the rows of a chunk gave.

    Attributes:
        columns: as `Engine.names`; null in the rows that have no answer.
        faults: why a row has none, by its offset.
        non_finite: how many rows have an infinity or nan in their answer.
    """

    columns: dict[str, Column]
    faults: Faults
    non_finite: int


class Group(NamedTuple):
    """Rows whose cells have the same shapes: the cells by column, and where the rows are in the chunk."""

    cells: Mapping[str, Array]
    offsets: Array

    @property
    def size(self) -> int:
        return len(self.offsets)

    def some(self, rows: Array | slice) -> Group:
        """Some of the rows, by their places among these."""
        return Group({n: cells[rows] for n, cells in self.cells.items()}, self.offsets[rows])

    def one(self, at: int) -> Group:
        return self.some(slice(at, at + 1))


class Found(NamedTuple):
    """What the rows of a chunk gave up to now."""

    parts: list[Part]
    faults: Faults


class Engine:
    """Answers a question for the rows of a table.

    Args:
        question: what is asked.
        columns: the names of the table's columns.
        warn: called with what a person should know, once for each text.

    Attributes:
        wanted: the columns that have to be read.
        names: of the columns of the answers.
        turned: called with each row that is computed by itself.

    Raises:
        AutodiffError: the expression, a binding or an option is wrong.
    """

    def __init__(
        self,
        question: Question,
        columns: Sequence[str],
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.question = question
        self.columns = tuple(columns)
        self.warn = warn
        self.warned: set[str] = set()
        given = question.settings.manual_seed
        self.seed = int.from_bytes(os.urandom(7)) if given is None else checked_seed(given)
        self.settings = question.settings.replaced(manual_seed=self.seed)
        with self._started():
            self.asked = resolved(question, columns, self._say)
            self.deviations = None
            if self.asked.off:
                self.deviations = Deviations(
                    self.asked, columns, lambda other, names: Engine(other, names, self._say)
                )
        named = {*self.asked.inputs, *(w.column for w in self.asked.weights)}
        named |= set() if self.deviations is None else self.deviations.wanted
        self.wanted = tuple(name for name in columns if name in named)
        self.ungraded: set[str] = set()
        self.undecided = set(question.also)
        self.turned: Callable[[], None] = lambda: None
        self.names = self._names({})
        self.single = not self.asked.is_graph
        if self.single:
            self._say("a program with effects: computed a row at a time")
        self.plans: dict[tuple[tuple[str, RowsKind], ...], RowsPlan | Fork | AutodiffError] = {}
        self.forks = 0

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """The context of what is drawn, which is the same each time."""
        with self._started():
            self._draw_again()
            yield

    @contextmanager
    def _started(self) -> Iterator[None]:
        """The context of what is computed for rows."""
        with started_with(self.settings), np.errstate(all="ignore"):
            yield

    def _names(self, columns: Mapping[str, Column]) -> tuple[str, ...]:
        """The columns of the answers, whether or not a row has any.

        Args:
            columns: of the table; those of bools have no gradient.
        """
        bools = [name for name, column in columns.items() if _dtype(column).kind == "b"]
        return tuple(n for n in names_of(self.asked, bools) if n not in self.ungraded)

    def _say(self, text: str) -> None:
        if text not in self.warned:
            self.warned.add(text)
            self.warn(text)

    def answers(
        self,
        columns: Mapping[str, Column],
        count: int,
        without: Array | Sequence[int] = (),
        to_first: bool = False,
    ) -> Answers:
        """Answer for consecutive rows.

        Args:
            columns: the wanted ones, each of `count` rows.
            without: the offsets of rows that are bad already.
            to_first: whether rows behind the first that fails may be left out.
        """
        parts, faults = found = Found([], Faults(count))
        good = np.ones(count, bool)
        good[np.asarray(without, np.int64)] = False
        if self.deviations is not None:
            columns = self.deviations.columns(columns, count, good, faults)
        notices = Notices(self.question.expression, not self.question.values_only)
        with self._started(), notices.taken():
            for shapes, offsets in groups(columns, np.flatnonzero(good)):
                if to_first and faults.reasons:
                    offsets = offsets[offsets < faults.first]
                cells = {
                    name: self._numbers(column, shapes[name], offsets)
                    for name, column in columns.items()
                }
                self._group(Group(cells, offsets), found, to_first)
        for text in notices.texts:
            self._say(text)
        found_columns = joined(self._names(columns), parts, count)
        return Answers(self._titled(found_columns), faults, non_finite(parts))

    def _titled(self, columns: dict[str, Column]) -> dict[str, Column]:
        """The columns with the name that the value's own is to have."""
        title = self.question.title
        return {title if name == "value" else name: column for name, column in columns.items()}

    def empty(self) -> dict[str, Column]:
        """The columns of the answers for a table without rows, whose cells would be single numbers."""
        shapes: dict[str, Shape] = dict.fromkeys(self.names, ())
        if not self.single:
            with self._started():
                kinds = {name: RowsKind((), current().dtype) for name in self.wanted}
                try:
                    self._draw_again()
                    plan = planned(self.asked, kinds)
                    while isinstance(plan, Fork):
                        plan = planned(self.asked, kinds, (*plan.path, True))
                    nodes = plan.outputs
                except (Unknown, RecursionError):
                    pass
                except AutodiffError as error:
                    self._check_names(error)
                else:
                    shown = {n: () if node is None else node.shape for n, node in nodes.items()}
                    shapes = {
                        n: s
                        for n, s in shown.items()
                        if n.removeprefix("grad_") not in self.asked.hidden
                    }
                    shapes = {
                        self.question.title if n == "value" else n: s for n, s in shapes.items()
                    }
                    shapes |= dict.fromkeys(deviations_of(self.asked), ())
        dtype = self.settings.dtype
        return {name: Column(np.zeros((0, *shape), dtype)) for name, shape in shapes.items()}

    def _numbers(self, column: Column, shape: Shape, offsets: Array) -> Array:
        """The cells of rows with one shape, in the dtype of the expression."""
        values = column.values
        if isinstance(values, list):
            array = np.array([values[at] for at in offsets.tolist()])
        else:
            array = values if len(offsets) == len(values) else values[offsets]
        if array.dtype.kind == "b":
            return array
        return array.astype(current().dtype.numpy, copy=False).reshape(len(offsets), *shape)

    def _group(self, group: Group, found: Found, to_first: bool) -> None:
        """Rows of the same shapes: at once, and one by one where that can't be."""
        if self.deviations is not None and self.deviations.pairs:
            wrong = self.deviations.impossible(group.cells, group.size)
            if wrong.any():
                found.faults.fail(
                    group.offsets[wrong], no_covariance(list(self.question.deviations))
                )
                group = group.some(np.flatnonzero(~wrong))
        for at in self._at_once(group, found).tolist():
            self._one(group.one(at), found)
            self.turned()
            if to_first and found.faults.codes[group.offsets[at]] != GOOD:
                return

    def _one(self, row: Group, found: Found) -> None:
        try:
            self._draw_again()
            cells = {name: np.asarray(array[0]) for name, array in row.cells.items()}
            answer = single(self.asked, cells, self.settings, self._say)
            outputs = {n: None if a is None else a[None] for n, a in answer.items()}
            found.parts.append(Part(row.offsets, self._measured(outputs, row)))
        except AutodiffError as error:
            self._check_names(error)
            found.faults.fail(row.offsets, _said_here(error, self.question))

    def _at_once(self, group: Group, found: Found) -> Array:
        """Answer for rows of the same shapes; which of them have to be computed one by one is returned."""
        plan = self._plan(group.cells) if group.size else None
        left = [np.empty(0, np.int64)]
        pending = [(plan, np.arange(group.size))]
        while pending:  # the ways that rows go, of which each may go on in two
            plan, rows = pending.pop()
            own = group if len(rows) == group.size else group.some(rows)
            if isinstance(plan, Fork) and len(plan.path) >= FAR and len(rows) <= FEW:
                left.append(rows)
            elif isinstance(plan, Fork):
                ways, failed = self._ways(plan, own)
                left.append(rows[self._fail(failed, own, found)])
                pending += [
                    (self._arm(plan, way, own.cells), rows[ways == way])
                    for way in (False, True)
                    if (ways == way).any()
                ]
            else:
                left.append(rows[self._by_plan(plan, own, found)])
        return np.sort(np.concatenate(left))

    def _ways(self, fork: Fork, group: Group) -> tuple[Array, list[Failed]]:
        """Which way each row goes, True or False, and the rows whose condition fails, which go none (-1)."""
        condition = fork.condition
        cells = {name: group.cells[name] for name in condition.row}
        outputs, failed = condition.answers(cells, group.size)
        truth = outputs["value"]
        assert truth is not None
        ways = truth.reshape(group.size).astype(bool).astype(np.int8)
        for rows, _ in failed:
            ways[rows] = -1
        return ways, failed

    def _by_plan(self, plan: RowsPlan | AutodiffError | None, group: Group, found: Found) -> Array:
        """Answer for rows of one plan; those without one are returned, to be computed one by one."""
        everything = np.arange(group.size)
        if plan is None:
            return everything
        if isinstance(plan, AutodiffError):
            return self._fail([Failed(everything, plan)], group, found)
        outputs, failed = plan.answers({name: group.cells[name] for name in plan.row}, group.size)
        chosen, good = group, everything
        if failed:
            good = np.delete(everything, np.concatenate([rows for rows, _ in failed]))
            chosen = group.some(good)
            outputs = {n: None if a is None else a[good] for n, a in outputs.items()}
        if chosen.size:
            try:
                found.parts.append(Part(chosen.offsets, self._measured(outputs, chosen)))
            except AutodiffError as error:  # a deviation of another shape than its input
                failed = [*failed, Failed(good, error)]
        return self._fail(failed, group, found)

    def _arm(
        self, fork: Fork, way: bool, cells: Mapping[str, Array]
    ) -> RowsPlan | Fork | AutodiffError | None:
        if way not in fork.arms:
            made = self._made(self._kinds(cells), (*fork.path, way))
            if made is None:
                return None
            fork.arms[way] = made
        return fork.arms[way]

    def _fail(self, failed: Sequence[Failed], group: Group, found: Found) -> Array:
        """Rows that failed together: of those that fail alike, the first one's own evaluation says why.

        Returns:
            Those whose first one says something else, which each have to be asked.
        """
        alike: dict[tuple[str, str], list[Array]] = {}
        for rows, error in failed:
            alike.setdefault((error.kind, error.message), []).append(rows)
        others = [np.empty(0, np.int64)]
        for key, pieces in alike.items():
            first, *rest = np.sort(np.concatenate(pieces)).tolist()
            self._one(group.one(first), found)
            said = found.faults.get(int(group.offsets[first]))
            if said is not None and (said.kind, said.message) == key:
                found.faults.fail(group.offsets[rest], said)
            else:
                others.append(np.array(rest, np.int64))
        return np.sort(np.concatenate(others))

    def _kinds(self, cells: Mapping[str, Array]) -> dict[str, RowsKind]:
        return {
            name: RowsKind(array.shape[1:], dtypes.BY_NUMPY[array.dtype])
            for name, array in cells.items()
            if name in self.asked.inputs or self._in_graph(name)
        }

    def _plan(self, cells: Mapping[str, Array]) -> RowsPlan | Fork | AutodiffError | None:
        """The plan for rows of these shapes, or why there is none; None if rows are computed one by one."""
        if self.single:
            return None
        kinds = self._kinds(cells)
        key = tuple(kinds.items())
        if key in self.plans:
            self.plans[key] = self.plans.pop(key)  # the last that is left out
            return self.plans[key]
        if len(self.plans) == MOST_PLANS:
            del self.plans[next(iter(self.plans))]
        made = self._made(kinds)
        if made is not None:
            self.plans[key] = made
        return made

    def _made(
        self, kinds: Mapping[str, RowsKind], path: tuple[bool, ...] = ()
    ) -> RowsPlan | Fork | AutodiffError | None:
        """What answers rows that go these ways; None if they are computed one by one from now on."""
        try:
            if self.forks > MOST_FORKS:
                raise Unknown
            self._draw_again()
            made = planned(self.asked, kinds, path)
        except Unknown:
            self.single = True
            self._say("the text depends on the numbers of a row: computed a row at a time")
            return None
        except AutodiffError as error:
            self._check_names(error)
            return light(error)
        self.forks += isinstance(made, Fork)
        return made

    def _check_names(self, error: AutodiffError) -> None:
        """A name that an expression can't find is no row's fault."""
        if isinstance(error, NameFault) and self.asked.text.is_expression:
            meant = MEANT.match(error.hint or "")
            error.hint = f"{meant[0]} {self.listed}" if meant else self.listed
            raise error

    @property
    def listed(self) -> str:
        """Which names there are, and how there are more."""
        return (
            f"the columns are {', '.join(self.columns)}; NAME=VALUE binds another name, and "
            "--columns NAME=COLUMN renames one"
        )

    def _in_graph(self, name: str) -> bool:
        return any(weight.column == name for weight in self.asked.weights)

    def _measured(self, outputs: dict[str, Array | None], group: Group) -> ANSWER:
        """The outputs with the result's deviation, and without what only that needed."""
        if self.asked.undecided:  # the first row decides for all: columns don't come and go
            flows = any(name.startswith("grad_") for name in outputs)
            shown = self.asked.shown if flows else ()
            self.asked = self.asked._replace(undecided=False, shown=shown)
        if self.deviations is not None:
            outputs |= self.deviations.answers(outputs, group.cells, group.size)
        self._decide(outputs, group.size)
        return {
            name: array
            for name, array in outputs.items()
            if name.removeprefix("grad_") not in self.asked.hidden and name not in self.ungraded
        }

    def _decide(self, outputs: Mapping[str, Array | None], count: int) -> None:
        """Which names have no gradients: no floating scalars in the first row that assigns them."""
        for name in list(self.undecided):
            array = outputs[name]
            if array is not None:
                self.undecided.remove(name)
                if array.size != count or array.dtype.kind != "f":
                    self.ungraded |= {n for n in outputs if n.startswith(f"grad_{name}_")} & set(
                        gradients_of(name, [*self.asked.inputs, *self.asked.fixed])
                    )

    def _draw_again(self) -> None:
        """Every row sees the random generator as it was at the start."""
        context = own()
        context.seed, context.streams = self.seed, {}


def _dtype(column: Column) -> np.dtype[Any]:
    values = column.values
    if isinstance(values, list):
        return np.dtype(values[0].dtype if values else np.float64)
    return values.dtype


def _said_here(error: AutodiffError, question: Question) -> AutodiffError:
    """An error of the evaluation with the options of this command in its hint."""
    if error.hint:
        instead = "leave out --propagate" if question.values_only else "use --values-only"
        error.hint = error.hint.replace("use --no-grad", instead)
    return error
