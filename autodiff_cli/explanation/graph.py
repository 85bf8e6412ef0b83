"""The explanation of a graph whose parts have names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.errors import InputError, RuntimeFault
from autodiff_cli.evaluation.leaves import executed
from autodiff_cli.evaluation.recorded import Branches
from autodiff_cli.explanation import compact
from autodiff_cli.explanation.chain import chain_of
from autodiff_cli.explanation.formulas import Element, Formulas, Way
from autodiff_cli.explanation.links import LinkNodes, linked, sized
from autodiff_cli.explanation.records import (
    Chain,
    Explanation,
    Formula,
    Gradient,
    Index,
    Jacobian,
    Link,
    Part,
)
from autodiff_cli.formula.terms import Term
from autodiff_cli.ir.node import INPUT, Array, Node, placeholder
from autodiff_cli.source import Source
from autodiff_cli.tensors.derivatives import jacobian
from autodiff_cli.transform.reverse import reverse

MANY = 200  # parts from where on there is a summary
LONG = 2_000  # operations from where on no formula of the whole is looked for
SHORT = 20  # characters of a formula that needs no other
ELEMENTS = 36  # of a Jacobian that is written out


COTANGENT = "v"  # what the cotangent of a result is called


class Named(NamedTuple):
    """A part of a graph."""

    name: str
    node: Node
    text: str


class Graph(NamedTuple):
    """What is explained.

    Attributes:
        value: the result.
        parts: inputs, then what the text names, in the order of making; the result is the last.
        leaves: the inputs to differentiate by.
        values: of all names that a formula may use and that aren't nodes.
        seed: the result's cotangent, of its shape.
        is_given: whether somebody gave it.
        source: in which what fails has its place.
        steps: "names" or "operations".
    """

    value: Node
    parts: Sequence[Named]
    leaves: Mapping[str, Node]
    values: Mapping[str, Any]
    seed: Node
    is_given: bool
    source: Source
    steps: str


class Wish(NamedTuple):
    """What is shown.

    Attributes:
        at: indices of elements, by input; "" for those of all inputs.
        jacobian: whether Jacobians are.
        digits: of numbers in formulas.
    """

    at: Mapping[str, Index] = {}
    jacobian: bool = False
    digits: int = 4


def check_gradient(value: Node, leaves: Mapping[str, Node]) -> None:
    """Refuse what has no gradient.

    Raises:
        RuntimeFault: there is nothing to differentiate by, or the result doesn't depend on it.
    """
    if not leaves:
        raise RuntimeFault(
            "there is nothing to differentiate by",
            hint="give an input of floating point numbers, as in x='[1., 2.]'",
        )
    if not value.requires_grad:
        raise RuntimeFault(
            "element 0 of tensors does not require grad and does not have a grad_fn",
            hint="the result does not depend on a floating point input",
        )


def checked(at: Mapping[str, Index], leaves: Mapping[str, Node]) -> dict[str, Index]:
    """Indices of elements, by input, from the front.

    Raises:
        InputError: there is no such input, or it has no such element.
    """
    found = {}
    for name, index in at.items():
        if name and name not in leaves:
            known = ", ".join(leaves)
            raise InputError(f"--element names '{name}', which is not an input; those are {known}")
        fitting = [
            n for n, leaf in leaves.items() if (n == name or not name) and _fits(leaf, index)
        ]
        if not fitting:
            shapes = ", ".join(f"{n} has shape {list(leaf.shape)}" for n, leaf in leaves.items())
            raise InputError(f"no input has an element {list(index)}: {shapes}")
        for own in fitting:
            pairs = zip(index, leaves[own].shape, strict=True)
            found[own] = tuple(n + size if n < 0 else n for n, size in pairs)
    return found


def _fits(leaf: Node, index: Index) -> bool:
    return len(index) == leaf.ndim and all(
        -size <= n < size for n, size in zip(index, leaf.shape, strict=True)
    )


def explained(
    graph: Graph, wish: Wish, notes: Sequence[str] = (), branches: Branches | None = None
) -> Explanation:
    """Explain a graph.

    Args:
        graph: of which the parts have names.
        wish: what is shown.
        notes: what else a person should know.
        branches: what ran of a program, as `Recorded` has it; None of an expression.

    Raises:
        AutodiffError: something can't be computed.
    """
    wish = wish._replace(at=checked(wish.at, graph.leaves))
    return _Maker(graph, wish).explanation(notes, branches)


class _Maker:
    """Makes an explanation."""

    def __init__(self, graph: Graph, wish: Wish) -> None:
        self.graph = graph
        self.wish = wish
        self.names = {id(part.node): part.name for part in reversed(graph.parts)}
        self.operations = sized(graph.value)
        self.is_large = sum(part.node.requires_grad for part in graph.parts) > MANY

    def explanation(self, notes: Sequence[str], branches: Branches | None) -> Explanation:
        graph, value = self.graph, self.graph.value
        links: list[LinkNodes] = []
        arrived: dict[int, Node] = {}
        nodes = [part.node for part in graph.parts]
        if not self.is_large:
            links, arrived = linked(value, graph.seed, nodes)
        total = reverse([value], [graph.seed], list(graph.leaves.values()))
        matrices = jacobian(value, list(graph.leaves.values())) if self.wish.jacobian else []
        found = executed(
            {
                "parts": nodes,
                "arrived": arrived,
                "links": [(link.local, link.arrives) for link in links],
                "total": total,
                "seed": graph.seed,
                "jacobians": matrices,
            },
            graph.source,
        )
        values = {part.name: found["parts"][at] for at, part in enumerate(graph.parts)}
        self.formulas = Formulas(
            {part.name: part.node for part in graph.parts}, {**graph.values, **values}, self.show
        )
        made = [
            self._link(link, arrays, found["arrived"])
            for link, arrays in zip(links, found["links"], strict=True)
        ]
        gradients = tuple(
            self._gradient(name, flow, array)
            for name, flow, array in zip(graph.leaves, total, found["total"], strict=True)
        )
        seed = found["seed"] if graph.is_given else None
        return Explanation(
            self.names[id(value)],
            tuple(
                self._part(part, array, found["arrived"])
                for part, array in zip(graph.parts, found["parts"], strict=True)
                if not self.is_large or part.node is value or part.node.op is INPUT
            ),
            tuple(link for link, _ in made),
            self._chains(links, made, found["total"], seed),
            gradients,
            tuple(
                self._jacobian(name, array, gradient.value)
                for name, array, gradient in zip(graph.leaves, found["jacobians"], gradients)
            ),
            found["seed"] if value.numel != 1 or graph.is_given else None,
            graph.is_given,
            graph.steps,
            self._counts() if self.is_large else (),
            len(self.operations),
            branches,
            tuple(notes),
        )

    def show(self, value: float) -> str:
        return compact.number(value, self.wish.digits)

    def _counts(self) -> tuple[tuple[str, int], ...]:
        counts = Counter(node.grad_fn or "" for node in self.operations)
        return tuple(counts.most_common())

    def _part(self, part: Named, array: Array, arrived: Mapping[int, Array]) -> Part:
        node = part.node
        return Part(
            part.name,
            part.text,
            node.grad_fn,
            node.shape,
            node.dtype.name,
            array,
            arrived.get(id(node)),
        )

    # ---- links ----------------------------------------------------------------------------------

    def _link(
        self, nodes: LinkNodes, arrays: tuple[Array | None, Array], arrived: Mapping[int, Array]
    ) -> tuple[Link, Array | None]:
        """A link, and its derivative by elements."""
        local, arrives = arrays
        of, by = self.names[id(nodes.of)], self.names[id(nodes.by)]
        simple = nodes.kind in ("number", "each")
        formula = None
        if simple and local is not None:
            formula = self.formulas.written(self._reader(nodes, of, False), local)
        incoming = arrived[id(nodes.of)]
        flow = self.formulas.written(self._reader(nodes, of, True), arrives, incoming)
        if local is not None and not simple:
            local = local.reshape(*nodes.of.shape, *nodes.by.shape)
        here = local if simple else None
        first = (0,) * nodes.of.ndim
        return Link(of, by, first, nodes.kind, formula, flow, here, arrives), local

    @staticmethod
    def _reader(nodes: LinkNodes, of: str, named: bool) -> Callable[[Way], Term]:
        without = "" if nodes.of.op.is_foreign else of  # what a Function saves may be its result
        return lambda way: way.read(nodes.flow, nodes.seed, without, named)

    def _texts(self, nodes: Sequence[LinkNodes], made: Sequence[tuple[Link, Array | None]]) -> Any:
        """Gives the text of an element of a link."""
        nodes_of = {id(link): n for (link, _), n in zip(made, nodes, strict=True)}
        locals_of = {id(link): local for link, local in made}

        def text(link: Link, at: Index, by_at: Index) -> Element | None:
            node, local = nodes_of[id(link)], locals_of[id(link)]
            assert local is not None
            simple = link.kind in ("number", "each")
            reader = self._reader(node, link.of, not simple)
            if simple:
                return self.formulas.elements(reader, by_at, local[by_at])
            place = (*at, *by_at)
            return self.formulas.elements(
                lambda way: way.opened(reader(way), node.of.shape), place, local[place]
            )

        return text

    def _chains(
        self,
        nodes: Sequence[LinkNodes],
        made: Sequence[tuple[Link, Array | None]],
        totals: Sequence[Array | None],
        seed: Array | None,
    ) -> tuple[Chain, ...]:
        if self.is_large:
            return ()
        graph = self.graph
        locals_of = {(link.of, link.by): local for link, local in made}
        texts = self._texts(nodes, made)
        result = self.names[id(graph.value)], graph.value.shape
        chains = []
        for (name, leaf), total in zip(graph.leaves.items(), totals, strict=True):
            if total is None or not leaf.numel:
                continue
            at = self.wish.at.get(name, self.wish.at.get("", (0,) * leaf.ndim))
            links = [link for link, _ in made]
            chains.append(
                chain_of(name, at, float(total[at]), result, seed, links, locals_of, texts)
            )
        return tuple(chains)

    # ---- gradients ------------------------------------------------------------------------------

    def _gradient(self, name: str, flow: Node | None, array: Array | None) -> Gradient:
        if flow is None or array is None or len(self.operations) > LONG:
            return Gradient(name, None, array)
        graph = self.graph
        seed = graph.seed
        named = graph.is_given
        cotangent = np.asarray(executed([seed], graph.source)[0]) if named else None
        if named:  # which has a name in the formula
            seed = placeholder(seed.shape, seed.dtype)
            (flow,) = reverse([graph.value], [seed], [graph.leaves[name]])
            assert flow is not None
        result = self.names[id(graph.value)]
        inputs = {part.name: part.node for part in graph.parts if part.node.op is INPUT}
        values = self.formulas.values
        known = {n: v for n, v in values.items() if n in inputs or n in graph.values}
        found = []
        every = {part.name: part.node for part in graph.parts}
        for nodes, numbers in ((inputs, known), (every, values)):
            formulas = Formulas(nodes, numbers, self.show, COTANGENT)
            formula = formulas.written(
                lambda way: way.read(flow, seed, result, named), array, cotangent
            )
            if formula is not None:
                found.append(formula)
                if len(formula.text) <= SHORT:
                    break
        return Gradient(name, min(found, key=_length, default=None), array)

    def _jacobian(self, name: str, array: Array, total: Array | None) -> Jacobian:
        graph = self.graph
        value, leaf = graph.value, graph.leaves[name]
        product = total if graph.is_given else None
        if value.ndim > 1 or leaf.ndim > 1 or array.size > ELEMENTS or not array.size:
            return Jacobian(name, None, array, product)
        seed = placeholder(value.shape, value.dtype)
        (flow,) = reverse([value], [seed], [leaf])
        if flow is None:
            return Jacobian(name, None, array, product)
        result = self.names[id(value)]
        rows = []
        for i in np.ndindex(value.shape):
            row = []
            for j in np.ndindex(leaf.shape):
                found = self.formulas.elements(
                    lambda way: way.opened(way.read(flow, seed, result, True), value.shape),
                    (*i, *j),
                    array[(*i, *j)],
                )
                if found is None:
                    return Jacobian(name, None, array, product)
                row.append(found.indexed)
            rows.append(tuple(row))
        return Jacobian(name, tuple(rows), array, product)


def _length(formula: Formula) -> int:
    return len(formula.text)
