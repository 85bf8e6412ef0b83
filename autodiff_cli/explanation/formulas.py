"""Formulas of local derivatives, each compared with the number that the rule gave."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import Tensor, evaluate
from autodiff_cli.evaluation.recorded import parts_of
from autodiff_cli.explanation.elements import element
from autodiff_cli.explanation.records import Formula, Index
from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.expressions import Expression, used
from autodiff_cli.formula.identities import RULES
from autodiff_cli.formula.opening import Closed, opened
from autodiff_cli.formula.reading import Unspelled, read
from autodiff_cli.formula.rules import Rules
from autodiff_cli.formula.terms import Term, leaves_of
from autodiff_cli.formula.text import ATOM, SUM, Text
from autodiff_cli.formula.tidying import tidied
from autodiff_cli.formula.torch_text import Torch
from autodiff_cli.formula.writing import Writer
from autodiff_cli.ir.node import INPUT, Array, Node
from autodiff_cli.source import Source

EVERY_RULE = tuple(rule.name for rule in RULES)
GUARDED = tuple(rule.name for rule in RULES if rule.guarded)
WITHOUT = ((), GUARDED, EVERY_RULE)  # rules that are left out, from the first try to the last
TOLERANCES = {"float16": 2e-2, "float32": 2e-4, "float64": 1e-9}  # of the largest element
HEAVY = 2_000  # about the characters from where on a formula isn't read by anybody

Show = Callable[[float], str]


class Element(NamedTuple):
    """The formula of an element: with indices, with bare names, and with numbers for names."""

    indexed: Formula
    bare: Formula
    inserted: Formula


class Formulas:
    """Writes derivatives in the names of some nodes.

    Args:
        nodes: by name.
        values: of the names, and of what else has one.
        show: writes a number.
        cotangent: what to call one, if that means nothing yet.
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        values: Mapping[str, Any],
        show: Show,
        cotangent: str = "g",
    ) -> None:
        self.nodes = dict(nodes)
        self.values = dict(values)
        self.show = show
        while cotangent in self.values:
            cotangent += "_"
        self.cotangent = cotangent
        self.words = {  # names that are no words of the language, such as net[0].weight
            name: f"word_{at}__" for at, name in enumerate(self.values) if not name.isidentifier()
        }
        self.ways = [Way(self, without) for without in WITHOUT]

    def written(self, make: Callable[[Way], Term], wanted: Array, g: Any = None) -> Formula | None:
        """The first formula that agrees with a number; None if none does.

        Args:
            make: reads the term, with some rules.
            wanted: what the rule gave; the formula broadcasts to it.
            g: the value of the cotangent.
        """
        for way in self.ways:
            try:
                term = make(way)
            except Unspelled:
                return None
            if term.weight > HEAVY:
                continue
            found = way.formula(term)
            if self._agrees(found.text, wanted, g):
                return found
        return None

    def elements(
        self, make: Callable[[Way], Term], at: Index, wanted: float, g: Any = None
    ) -> Element | None:
        """The text of an element of a term, if it agrees with a number."""
        for way in self.ways:
            try:
                found = way.element(make(way), at)
            except (Unspelled, Closed):
                return None
            if found is not None and self._agrees(found.indexed.text, np.asarray(wanted), g):
                return found
        return None

    def _agrees(self, text: str, wanted: Array, g: Any) -> bool:
        found = self.value(text, g)
        if found is None or not np.can_cast(found.dtype, np.float64):
            return False
        try:
            found = np.broadcast_to(found.astype(np.float64), wanted.shape)
        except ValueError:
            return False
        if not np.array_equal(np.isfinite(found), np.isfinite(wanted)):
            return False
        finite = np.isfinite(wanted)
        if not np.array_equal(found[~finite], wanted[~finite], equal_nan=True):
            return False
        size = np.max(np.abs(wanted[finite]), initial=0.0)
        gap = np.max(np.abs(found[finite] - wanted[finite]), initial=0.0)
        return bool(gap <= TOLERANCES.get(wanted.dtype.name, TOLERANCES["float64"]) * size)

    def value(self, text: str, g: Any = None) -> Array | None:
        """What a text gives of the names' values; None if it can't be evaluated."""
        given = self.values if g is None else self.values | {self.cotangent: g}
        if self.words:
            longest = sorted(self.words, key=len, reverse=True)
            names = rf"(?<![\w.])(?:{'|'.join(map(re.escape, longest))})(?!\w)"
            text = re.sub(names, lambda found: self.words[found[0]], text)
            given = {self.words.get(name, name): value for name, value in given.items()}
        try:
            value = evaluate(Source(text), _read(text, given), grad=False).value
        except AutodiffError:
            return None
        if isinstance(value, Tensor):
            return value.array
        return np.asarray(value) if isinstance(value, (bool, int, float)) else None


def _read(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values whose names are in a text: others would be unused inputs."""
    names, _ = parts_of(text)
    return {name: values[name] for name in names if name in values}


class Way:
    """Terms that were made with some rules."""

    def __init__(self, formulas: Formulas, without: tuple[str, ...]) -> None:
        self.formulas = formulas
        self.algebra = Algebra(Rules(without))
        shapes = {n.shape: name for name, n in formulas.nodes.items() if n.dtype.is_floating}
        self.writer = Writer(self.algebra, None, {s: n for s, n in shapes.items() if s})
        self.dialect = Torch([*formulas.values, formulas.cotangent])
        self.leaves = {
            name: self.algebra.leaf(name, node.shape, _kind(node))
            for name, node in formulas.nodes.items()
        }
        self.numbers: dict[str, float] = {}  # of names of elements
        self.bare: dict[str, str] = {}  # the same without their indices

    def read(self, flow: Node, seed: Node, without: str = "", named: bool = False) -> Term:
        """The term of what flows from a seed.

        Args:
            flow: what flows.
            seed: the cotangent that it was made with.
            without: a name that isn't used: the result's.
            named: whether the cotangent has a name, and isn't 1.
        """
        known = {
            id(node): self.leaves[name]
            for name, node in self.formulas.nodes.items()
            if name != without
        }
        known |= {  # what is detached is a constant of the same array
            id(node.value): self.leaves[name]
            for name, node in self.formulas.nodes.items()
            if node.op is INPUT and node.value is not None and name != without
        }
        known[id(seed)] = (
            self.cotangent(seed.shape) if named else self.algebra.number(1, seed.shape)
        )
        (term,) = tidied(self.algebra, read(self.algebra, [flow], known))
        return term

    def cotangent(self, shape: tuple[int, ...]) -> Term:
        return self.algebra.leaf(self.formulas.cotangent, shape)

    def opened(self, term: Term, shape: tuple[int, ...]) -> Term:
        """The matrix of a term that is linear in the cotangent.

        Raises:
            Closed: it has none.
        """
        return opened(self.algebra, term, self.cotangent(shape))

    def formula(self, term: Term) -> Formula:
        expression = self.writer.write(term)
        return Formula(_text(expression, self.dialect), expression)

    def element(self, term: Term, at: Index) -> Element | None:
        """The text of an element."""
        made = element(self.algebra, term, at, self._apart)
        leaves = {leaf.name for leaf in leaves_of(made)}
        if any(name not in self.numbers and name in self.bare for name in leaves):
            return None
        expression = self.writer.write(made)
        numbers = {name: self.formulas.show(value) for name, value in self.numbers.items()}
        taken = list(self.dialect.taken)
        return Element(
            *(
                Formula(_text(expression, Renamed(taken, names)), expression, names)
                for names in ({}, dict(self.bare), numbers)
            )
        )

    def _apart(self, term: Term, at: Index) -> str:
        """The name of an element of something, whose number is noted."""
        text = _text(self.writer.argument(term), self.dialect)
        name = f"{text.within(ATOM)}[{', '.join(map(str, at))}]" if at else text.within(ATOM)
        if name not in self.bare:
            self.bare[name] = text.within(ATOM)
            found = self.formulas.value(name)
            if found is not None and found.size == 1:
                self.numbers[name] = float(found)
        return name


class Renamed(Torch):
    """Torch's words, with others for some names.

    Args:
        taken: as any dialect takes it.
        by: what names are shown as.
    """

    def __init__(self, taken: Sequence[str], by: Mapping[str, str]) -> None:
        super().__init__(taken)
        self.by = by

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        name = self.by.get(expression.data)
        if name is None:
            return super().on_name(expression, parts)
        return Text(name, SUM if name.startswith("-") else ATOM)  # in brackets within others


def _text(expression: Expression, dialect: Torch) -> Text:
    texts: dict[Expression, Text] = {}
    for part in used([expression]):
        texts[part] = dialect.write(part, [texts[arg] for arg in part.args])
    return texts[expression]


def _kind(node: Node) -> str:
    kind: str = node.dtype.numpy.kind
    return {"u": "i"}.get(kind, kind)
