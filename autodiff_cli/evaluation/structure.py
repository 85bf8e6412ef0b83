"""The graph of a text as a record: what feeds what, with the values and the gradients that are there.

    text ──► nodes ──► vertices ──folded──► fewer vertices ──filled──► with values and gradients

Each step is linear in the nodes, and none recurses.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff_cli.evaluation.leaves import executed
from autodiff_cli.evaluation.traced import Traced
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.limits import started_with
from autodiff_cli.ir.node import INPUT, NUMBER, Array, Node, Shape
from autodiff_cli.ir.walk import topological
from autodiff_cli.record import Record
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source


class Vertex(Record):
    """A node of the graph, or several that are shown as one.

    Attributes:
        text: what the user wrote for it; the operation where nothing was written.
        name: the variable that it is assigned to; "" if there is none.
        operation: our name of the operation; "input" and "constant" have no operands.
        grad_fn: the backward function's name; None of what has none.
        shape, dtype: of its value.
        is_leaf: whether a gradient is collected there: an input that requires grad.
        operands: the places of the vertices that it is computed from.
        count: how often the text made it.
        value: its elements; of several nodes, those of the last.
        gradient: of the result by it, likewise; None where none flows.
    """

    text: str
    name: str
    operation: str
    grad_fn: str | None
    shape: Shape
    dtype: str
    is_leaf: bool
    operands: tuple[int, ...]
    count: int = 1
    value: Array | None = None
    gradient: Array | None = None

    @property
    def label(self) -> str:
        """Its text, behind its name."""
        return f"{self.name} = {self.text}" if self.name not in ("", self.text) else self.text


class Graph(Record):
    """The graph of a text.

    Attributes:
        vertices: operands before what uses them, unless a loop is shown as one turn.
        roots: the places of the results, or of the gradients.
        notices: what a person should know besides.
    """

    vertices: tuple[Vertex, ...]
    roots: tuple[int, ...]
    notices: tuple[str, ...] = ()


def graph_in(
    source: Source,
    inputs: Mapping[str, Given],
    *,
    wrt: Sequence[str] | None = None,
    seed: Given | None = None,
    backward: bool = False,
    fold: bool = False,
    most: int | None = None,
    settings: Settings | None = None,
    write: Callable[[str], object] | None = None,
) -> Graph:
    """The graph of an expression or a program.

    Args:
        source: the text. A program ends in the tensor whose graph it is.
        inputs: values by name, as for `evaluate`.
        wrt: the names of the inputs that gradients are asked for; all floating ones if None.
        seed: the cotangent of a result that is no number; without one it has no gradients.
        backward: whether the graph is that of the gradients, as the rules made it.
        fold: whether all that one place of the text made is one vertex.
        most: above so many vertices, a summary: by the text, or else by the function.
        settings: what it is computed with.
        write: called with what a program prints; standard error if None.

    Raises:
        AutodiffError: anything wrong with the text, the inputs or the evaluation.

    >>> found = graph_in(Source("mean(3*x)"), {"x": [1, 2]})
    >>> [(v.label, v.grad_fn, v.gradient.tolist()) for v in found.vertices]
    [('x', None, [1.5, 1.5]), ('3*x', 'MulBackward0', [0.5, 0.5]), ('mean(3*x)', 'MeanBackward0', 1.0)]
    """
    settings = Settings() if settings is None else settings
    room = settings.max_memory
    memory = {} if room is None else {"max_memory": room, "max_bytes": room}
    with started_with(settings, **memory), np.errstate(all="ignore"):
        run = Traced(source, inputs, wrt, sys.stderr.write if write is None else write)
        flows = run.gradients(seed, as_graph=backward)
        nodes = _Nodes(run, flows, backward)
        notes = list(run.notices.texts)
        if fold:
            nodes.fold(nodes.place)
        if most is not None and len(nodes.vertices) > most:
            count, deep = len(nodes.vertices), depth(nodes.vertices)
            nodes.fold(nodes.place)
            how = "what one place of the text made"
            if len(nodes.vertices) > most:
                nodes.fold(nodes.function)
                how = "one function"
            notes.append(
                f"{count:,} nodes, {deep:,} deep: {how} is shown as one; --to json has all"
            )
        return Graph(nodes.filled(), nodes.roots, tuple(notes))


class _Nodes:
    """The nodes that are shown, and as what.

    Attributes:
        vertices: without values.
        shown: for each, the node whose value it has.
        roots: the places of the results.
    """

    def __init__(self, run: Traced, flows: Mapping[int, Node], backward: bool) -> None:
        self.run = run
        self.flows = flows
        forward = topological(run.results)
        outputs = run.results
        if backward:
            self.known = {id(node) for node in forward}  # where the graph of the gradients begins
            leaves = [node for node in forward if node.op is INPUT and id(node) in flows]
            outputs = [flows[id(node)] for node in leaves]
            run.names |= {id(flows[id(n)]): f"{self._name(n) or 'leaf'}.grad" for n in leaves}
            order = [node for node in self._above(outputs) if node.op is not NUMBER]
            self.flows = {}
        else:
            self.known = set()
            order = [node for node in forward if node.op is not NUMBER and not node.op.is_joint]
        place = {id(node): at for at, node in enumerate(order)}
        inside = {  # what another node of the same text reads, such as the parts of x@w
            id(operand)
            for node in order
            for operand in node.operands
            if node.span is not None and operand.span == node.span
        }
        self.shown = order
        self.backward = backward
        self.vertices = [self._vertex(node, place, id(node) in inside) for node in order]
        self.roots = tuple(place[id(node)] for node in outputs if id(node) in place)

    def _above(self, outputs: Sequence[Node]) -> list[Node]:
        """The nodes that compute the gradients, and those of the value that they read."""
        order: list[Node] = []
        done: set[int] = set()
        stack = [(node, False) for node in reversed(outputs)]
        while stack:
            node, ready = stack.pop()
            if id(node) in done:
                continue
            if ready or id(node) in self.known or not node.operands:
                done.add(id(node))
                order.append(node)
                continue
            stack.append((node, True))
            stack += [(operand, False) for operand in reversed(node.operands)]
        return order

    def _name(self, node: Node) -> str:
        given = node.params.get("name", "") if node.op is INPUT else ""
        return self.run.names.get(id(node)) or given or ""

    def _vertex(self, node: Node, place: Mapping[int, int], inside: bool) -> Vertex:
        made = self.backward and id(node) not in self.known
        operands = () if self.backward and not made else node.operands
        if operands and operands[0].op.is_joint:
            operands = operands[0].operands
        name, text = self._name(node), ""
        if node.span is not None and not made and not inside:
            text = " ".join(self.run.source.slice(node.span).split())
            name = name or self.run.assigned.get(node.span, "")
        elif made and node.operands:
            text = _call(node)
        if not node.operands:
            text = name or text or ("leaf" if node.requires_grad else "constant")
        return Vertex(
            text or node.op.name,
            name,
            node.op.name,
            None if made else node.grad_fn,
            node.shape,
            node.dtype.name,
            node.op is INPUT and node.requires_grad,
            tuple([place[id(o)] for o in operands if id(o) in place]),
        )

    # ---- fewer vertices --------------------------------------------------------------------------

    def place(self, at: int) -> Hashable:
        """What is the same for all that one place of the text made, and for constants alike."""
        node = self.shown[at]
        if not node.operands:
            return None if node.op is INPUT else (node.op, node.shape, node.dtype)
        made = self.backward and id(node) not in self.known
        return None if node.span is None else (node.span, made)

    def function(self, at: int) -> Hashable:
        """What is the same for all vertices of one function; for inputs, of one shape."""
        vertex = self.vertices[at]
        return vertex.grad_fn or vertex.operation, None if vertex.operands else vertex.shape

    def fold(self, key: Callable[[int], Hashable]) -> None:
        """Show as one what has the same key; what has none, None, stays by itself."""
        last: dict[Hashable, int] = {}
        groups: list[Hashable] = []
        for at in range(len(self.vertices)):
            group = key(at)
            groups.append((at,) if group is None else group)
            last[groups[-1]] = at
        by_function = key == self.function
        feeds: dict[Hashable, dict[Hashable, None]] = {group: {} for group in last}
        counts: Counter[Hashable] = Counter()
        for at, group in enumerate(groups):
            vertex = self.vertices[at]
            kept = self.vertices[last[group]]
            # of what one operation of the text is made of, one counts
            counts[group] += vertex.count * (vertex.operation == kept.operation)
            feeds[group] |= dict.fromkeys(groups[operand] for operand in vertex.operands)
        order = sorted(last.values())
        place = {groups[at]: new for new, at in enumerate(order)}
        vertices = []
        for at in order:
            group, vertex = groups[at], self.vertices[at]
            feeding = [other for other in feeds[group] if other != group]
            changes: dict[str, Any] = {
                "operands": tuple(place[other] for other in feeding),
                "count": counts[group],
            }
            if by_function and vertex.operands:
                changes |= {"text": vertex.grad_fn or vertex.operation, "name": ""}
            elif key == self.place and vertex.operands:
                changes |= self._whole(at)
            vertices.append(vertex.replaced(**changes))
        self.roots = tuple(dict.fromkeys(place[groups[root]] for root in self.roots))
        self.shown = [self.shown[at] for at in order]
        self.vertices = vertices

    def _whole(self, at: int) -> dict[str, str]:
        """The text and the name of the place that a vertex stands for."""
        node = self.shown[at]
        if node.span is None or (self.backward and id(node) not in self.known):
            return {}
        return {
            "text": " ".join(self.run.source.slice(node.span).split()),
            "name": self.vertices[at].name or self.run.assigned.get(node.span, ""),
        }

    # ---- values ----------------------------------------------------------------------------------

    def filled(self) -> tuple[Vertex, ...]:
        """The vertices with what is known of them, computed in one pass."""
        flows = [self.flows.get(id(node)) for node in self.shown]
        values, gradients = executed((self.shown, flows), self.run.source)
        return tuple(
            vertex.replaced(value=value, gradient=gradient)
            for vertex, value, gradient in zip(self.vertices, values, gradients, strict=True)
        )


def _call(node: Node) -> str:
    """An operation of the backward pass, with the numbers that it takes.

    >>> from autodiff_cli.ir.node import leaf
    >>> _call(leaf(np.ones(2), requires_grad=False) * 3)
    'mul(·, 3)'
    """
    numbers = [operand.op is NUMBER for operand in node.operands]
    if not any(numbers):
        return node.op.name
    given = [f"{o.value:.6g}" if n else "·" for n, o in zip(numbers, node.operands, strict=True)]
    return f"{node.op.name}({', '.join(given)})"


def depth(vertices: Sequence[Vertex]) -> int:
    """The most vertices on a way from an input to a result."""
    found: list[int] = []
    for vertex in vertices:
        found.append(1 + max([found[o] for o in vertex.operands], default=0))
    return max(found)
