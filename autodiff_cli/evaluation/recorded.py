"""The graph of a text, for who reads formulas in it: the one place that knows how texts are run."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.errors import AutodiffError, RuntimeFault
from autodiff_cli.evaluation.notices import Notices, check_result
from autodiff_cli.execute import force
from autodiff_cli.interpret import names
from autodiff_cli.interpret.code import Compiled, compiled_text
from autodiff_cli.interpret.graph import graph_of, located
from autodiff_cli.interpret.limits import Limits
from autodiff_cli.interpret.places import here, places
from autodiff_cli.ir.context import Deferred, Recording, Unknown, changed, current
from autodiff_cli.ir.node import INPUT, NUMBER, Node
from autodiff_cli.ir.walk import topological
from autodiff_cli.record import Record
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax.tree import Assign, Binary, Call, Name, Unary, trees_in

Text: TypeAlias = Compiled


Branches: TypeAlias = "tuple[tuple[str, bool | int | float | None], ...]"


class Assigned(Record):
    """A name that a text gives to a tensor, once.

    Attributes:
        name: the name.
        node: the tensor.
        text: the assignment, as the user wrote it.
        reads: the names in it.
    """

    name: str
    node: Node
    text: str
    reads: frozenset[str]


class Recorded(Record):
    """A text that was run.

    Attributes:
        value: the result.
        assigned: what the text names, in order; of expressions.
        lines: (name, text) of all assignments; of expressions.
        body: the text of the result's expression; "" of a program.
        branches: conditions that tensors decided, and what they were, in order; where values were read of
            tensors that depend on inputs: a float, or None of several; then a program's loops and turns.
        source: in which nodes have their places; of expressions.
    """

    value: Node
    assigned: tuple[Assigned, ...]
    lines: tuple[tuple[str, str], ...]
    body: str
    branches: Branches
    source: Source

    @property
    def told(self) -> Branches | None:
        """The branches, if anything is to be said of them: of a program also that there were none."""
        return None if self.body and not self.branches else self.branches


def parsed(source: Source) -> Text:
    """A text, ready to run.

    Raises:
        SourceSyntaxError: it is neither an expression nor a program.
    """
    return compiled_text(source)


def unbound(text: Text, bound: Mapping[str, Any]) -> list[str]:
    """Names that an expression reads, that nothing binds and that the language doesn't have.

    Those of functions that it calculates with are such, too: `t` in r*t.
    """
    if not text.is_expression:
        return []
    numbers = _operands(text.tree)
    return [
        name
        for name in text.reads.names
        if name not in bound
        and (not is_known(name) or (name in numbers and callable(names.bare_name(name))))
    ]


def _operands(tree: Any) -> set[str]:
    """The names that an operator calculates with."""
    found = set()
    for top in trees_in(tree):
        if isinstance(top, Binary):
            found |= {side.id for side in (top.left, top.right) if isinstance(side, Name)}
        elif isinstance(top, Unary) and isinstance(top.operand, Name):
            found.add(top.operand.id)
    return found


def is_known(name: str) -> bool:
    """Whether a name means something in the language itself."""
    return name in names.IMPLICIT or names.bare_name(name) is not None or hasattr(builtins, name)


def unread(source: Source, text: Text, bound: Sequence[str]) -> list[str]:
    """The bound names that a text doesn't read."""
    return text.unread(bound, source)


def recorded(
    source: Source, text: Text, inputs: Mapping[str, Any], draws: bool = False
) -> Recorded:
    """Run a text as one graph, in which tensors' conditions are what they are for these inputs.

    Args:
        source: the text.
        text: the same, parsed.
        inputs: values by name.
        draws: whether it may draw random numbers, which are constants of its graph.

    Raises:
        AutodiffError: it can't be run so, or its result isn't one tensor.
    """
    named = list(_named(text, inputs)) if text.is_expression else []
    wanted = [name for name, _ in named]
    value, *nodes, branches, whole = _run(source, text, inputs, wanted, draws)
    check_result(value, source, inputs)
    if not isinstance(value, Node):
        raise RuntimeFault(
            "the result is not one tensor, and has no derivative",
            hint="pick one of its parts, such as (…)[0]",
        )
    lines = tuple(
        (target.id, source.slice(statement.value.span))
        for statement in (text.tree.body if text.is_expression else ())
        if isinstance(statement, Assign)
        for target in statement.targets
        if isinstance(target, Name)
    )
    known = {name for name, _ in lines}.union(inputs)
    assigned = []
    for (name, statement), node in zip(named, nodes, strict=True):
        if isinstance(node, Node) and node.op is not INPUT and node.op is not NUMBER:
            line = f"{name} = {source.slice(statement.value.span)}"
            reads = frozenset(_names_in(statement.value) & known)
            assigned.append(Assigned(name, node, line, reads))
    body = source.slice(_result(text).span) if text.is_expression else ""
    return Recorded(value, tuple(assigned), lines, body, tuple(branches), whole)


def parts_of(text: str) -> tuple[list[str], bool]:
    """The names that an expression reads, and whether it is a call."""
    compiled = compiled_text(Source(text))
    return list(compiled.reads.names), isinstance(compiled.last.value, Call)


def _result(text: Text) -> Any:
    last = text.last
    return last.targets[0] if isinstance(last, Assign) else last.value


def _run(
    source: Source, text: Text, inputs: Mapping[str, Any], wanted: Sequence[str], draws: bool
) -> list[Any]:
    """The value of a text, those of the names that are wanted, the branches, and the text that was run."""
    effect = None if text.is_expression else text.code.effect
    if effect is not None:
        raise _refused(f"it {effect[0]}").at(effect[1], source)
    if not text.has_value:
        raise _refused("it gives no value")
    branches: list[tuple[str, bool | int | float | None]] = []

    def choose(node: Node) -> bool:
        with changed(recording=None):
            held = bool(np.all(force(node)))
        span = here() or node.span
        branches.append((source.slice(span) if span is not None else "a condition", held))
        return held

    whole = source
    if wanted:
        result = _result(text).span
        values = f"({source.slice(result)}\n), {', '.join(wanted)},"
        head = source.text[: result.start] if not isinstance(text.last, Assign) else source.text
        separator = "\n" if isinstance(text.last, Assign) else ""
        whole = Source(f"{head}{separator}({values})", source.name)
        text = compiled_text(whole)
    notices = Notices(source)
    turns = _Turns(current().limits)
    reads = _Reads()
    drawn: dict[str, Any] = current().streams if draws else {}
    try:
        with (
            changed(deferred=Deferred(choose, here), limits=turns, streams=drawn, recording=reads),
            np.errstate(all="ignore"),
            notices.taken(),
        ):
            value = graph_of(text, whole, inputs)
    except Unknown as error:
        refused = _refused("here it writes to a tensor, or needs a value before the graph is whole")
        for _, where, span in places(error)[-1:]:
            refused.at(span, where)
        raise refused from None
    except Exception as error:
        raise located(error, source, inputs) from None
    if drawn and not draws:
        raise RuntimeFault(
            "random draws have no formula", hint="draw them before, and bind them: u='rand(3)'"
        )
    branches += reads.told(source)
    if not text.is_expression:
        branches += [
            (source.slice(span).partition("\n")[0].rstrip(" :"), count)
            for span, count in turns.found.items()
        ]
    return [*value, branches, whole] if wanted else [value, branches, whole]


class _Reads(Recording):
    """Where values leave a graph: by int(x), x.item(), a mask that is an index."""

    __slots__ = ("spans",)

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span | None] = []

    def reads(self, node: Node) -> None:
        super().reads(node)
        self.spans.append(here())

    def told(self, source: Source) -> list[tuple[str, float | None]]:
        """The places where what depends on floating inputs was read, and the number that it was, if one."""
        varying: set[int] = set()
        for node in topological(self.read):
            is_input = node.op is INPUT and node.dtype.is_floating
            if is_input or any(id(operand) in varying for operand in node.operands):
                varying.add(id(node))
        return [
            (source.slice(span), float(force(node).item()) if node.numel == 1 else None)
            for node, span in zip(self.read, self.spans, strict=True)
            if id(node) in varying and span is not None
        ]


class _Turns(Limits):
    """Limits that also count the turns of each loop.

    Args:
        limits: those that hold.
    """

    __slots__ = ("found",)

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits.max_steps, limits.max_bytes)
        self.found: dict[Span, int] = {}

    def turn(self) -> bool:
        span = here()
        if span is not None:
            self.found[span] = self.found.get(span, 0) + 1
        return super().turn()


def _refused(reason: str) -> AutodiffError:
    return RuntimeFault(
        f"the program has no formula: {reason}",
        hint="write y = y + 1 instead of y += 1 or y[0] = 1, and leave out print() and .item()",
    )


def _named(text: Text, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Assign]]:
    """What a text names once, by what is named so too."""
    statements = [s for s in text.tree.body if isinstance(s, Assign) and len(s.targets) == 1]
    counts: dict[str, int] = {}
    for statement in statements:
        for name in _targets(statement):
            counts[name] = counts.get(name, 0) + 1
    known = {name for name in inputs if name not in counts}
    for statement in statements:
        (name,) = _targets(statement) or [""]
        reads = _names_in(statement.value)
        ours = {read for read in reads if read in counts or read in inputs}
        if name and counts[name] == 1 and name not in inputs and ours <= known:
            known.add(name)
            yield name, statement


def _targets(statement: Assign) -> list[str]:
    return [target.id for target in statement.targets if isinstance(target, Name)]


def _names_in(tree: Any) -> set[str]:
    """The names in a tree, whatever they are used for."""
    return {top.id for top in trees_in(tree) if isinstance(top, Name)}
