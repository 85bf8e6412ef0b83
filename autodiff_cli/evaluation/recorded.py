"""The graph of a text, for who reads formulas in it: the one place that knows how texts are run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.errors import AutodiffError, RuntimeFault
from autodiff_cli.evaluation.notices import Notices, check_result
from autodiff_cli.execute import force
from autodiff_cli.interpret import names
from autodiff_cli.interpret.builtins import BUILTINS
from autodiff_cli.interpret.code import Compiled, compiled_text
from autodiff_cli.interpret.graph import graph_of, located
from autodiff_cli.interpret.places import here
from autodiff_cli.ir.context import Deferred, Unknown, changed
from autodiff_cli.ir.node import INPUT, NUMBER, Node
from autodiff_cli.record import Record
from autodiff_cli.source import Source
from autodiff_cli.syntax.tree import Assign, Binary, Name, Tree, Unary

Text: TypeAlias = Compiled


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
        branches: conditions that tensors decided, and what they were, in order.
    """

    value: Node
    assigned: tuple[Assigned, ...]
    lines: tuple[tuple[str, str], ...]
    body: str
    branches: tuple[tuple[str, bool], ...]


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
        and (not _is_known(name) or (name in numbers and callable(names.bare_name(name))))
    ]


def _operands(tree: Any) -> set[str]:
    """The names that an operator calculates with."""
    found = set()
    for top in _trees(tree):
        if isinstance(top, Binary):
            found |= {side.id for side in (top.left, top.right) if isinstance(side, Name)}
        elif isinstance(top, Unary) and isinstance(top.operand, Name):
            found.add(top.operand.id)
    return found


def _is_known(name: str) -> bool:
    if name in names.IMPLICIT or names.bare_name(name) is not None:
        return True

    return name in BUILTINS


def unread(source: Source, text: Text, bound: Sequence[str]) -> list[str]:
    """The bound names that a text doesn't read."""
    return text.unread(bound, source)


def recorded(source: Source, text: Text, inputs: Mapping[str, Any]) -> Recorded:
    """Run a text as one graph, in which tensors' conditions are what they are for these inputs.

    Raises:
        AutodiffError: it can't be run so, or its result isn't one tensor.
    """
    named = list(_named(text, inputs)) if text.is_expression else []
    value, *nodes, branches = _run(source, text, inputs, [name for name, _ in named])
    check_result(value, source, inputs)
    if not isinstance(value, Node):
        raise RuntimeFault(
            "the result is not one tensor, and has no derivative",
            hint="pick one of its parts, such as (…)[0]",
        )
    assigned = []
    for (name, statement), node in zip(named, nodes, strict=True):
        if isinstance(node, Node) and node.op is not INPUT and node.op is not NUMBER:
            line = f"{name} = {source.slice(statement.value.span)}"
            assigned.append(Assigned(name, node, line, _reads(statement, inputs, text)))
    lines = tuple(
        (target.id, source.slice(statement.value.span))
        for statement in (text.tree.body if text.is_expression else ())
        if isinstance(statement, Assign)
        for target in statement.targets
        if isinstance(target, Name)
    )
    body = source.slice(_result(text).span) if text.is_expression else ""
    return Recorded(value, tuple(assigned), lines, body, tuple(branches))


def _result(text: Text) -> Any:
    last = text.last
    return last.targets[0] if isinstance(last, Assign) else last.value


def _run(source: Source, text: Text, inputs: Mapping[str, Any], wanted: Sequence[str]) -> list[Any]:
    """The value of a text, those of the names that are wanted, and the branches that were taken."""
    if (text.code.has_effects and not text.is_expression) or not text.has_value:
        raise _refused("it prints, writes or has other effects, or gives no value")
    branches: list[tuple[str, bool]] = []

    def choose(node: Node) -> bool:
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
    try:
        with changed(deferred=Deferred(choose, here)), np.errstate(all="ignore"), notices.taken():
            value = graph_of(text, whole, inputs)
    except Unknown:
        raise _refused(
            "it writes to a tensor that something else reads, or needs a value before the graph is whole"
        ) from None
    except Exception as error:
        raise located(error, source, inputs) from None
    return [*value, branches] if wanted else [value, branches]


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


def _reads(statement: Assign, inputs: Mapping[str, Any], text: Text) -> frozenset[str]:
    assigned = {name for s in text.tree.body if isinstance(s, Assign) for name in _targets(s)}
    return frozenset(_names_in(statement.value) & (assigned | set(inputs)))


def _names_in(tree: Any) -> set[str]:
    """The names in a tree, whatever they are used for."""
    return {top.id for top in _trees(tree) if isinstance(top, Name)}


def _trees(tree: Any) -> Iterator[Any]:
    """A tree and all trees in it."""
    waiting = [tree]
    while waiting:
        top = waiting.pop()
        if isinstance(top, (tuple, list)):
            waiting += top
        elif isinstance(top, Tree):
            yield top
            waiting += [getattr(top, name) for name in top.fields if name != "span"]
