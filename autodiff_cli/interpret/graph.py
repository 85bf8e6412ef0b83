"""A text as one graph, of which nothing is computed until it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autodiff_cli.errors import PYTHON_FAULTS, AutodiffError, fault_of
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.interpret import protocols  # noqa: F401 (gives tensors Python's operators)
from autodiff_cli.interpret.code import Compiled
from autodiff_cli.interpret.limits import limits, out_of_memory
from autodiff_cli.interpret.places import here, places
from autodiff_cli.interpret.run import run
from autodiff_cli.ir.context import Deferred, changed, current
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.walk import nodes_in
from autodiff_cli.record import Record
from autodiff_cli.source import Source, Span
from autodiff_cli.tensors.inplace import check_unread
from autodiff_cli.tensors.tensor import wrapped
from autodiff_cli.vocabulary.calls.handles import unwrap


class Step(Record):
    """An intermediate result: the source it came from, and its tensor, or several in a tuple."""

    span: Span
    value: Any


def graph_of(
    text: Compiled,
    source: Source,
    variables: Mapping[str, Any],
    *,
    steps: list[Step] | None = None,
    held: dict[str, Any] | None = None,
) -> Any:
    """What a text without effects (`Code.has_effects`) gives, as nodes that aren't computed yet.

    Where a graph is being made already (`Context.deferred`), that one decides what branches do.

    Args:
        text: compiled; it ends in an expression.
        source: its text.
        variables: that it starts with: nodes, and other values.
        steps: takes intermediate results, if the text is compiled to give them.
        held: names that the text assigns, which take what they hold at its end; those of ways that it
            doesn't go stay as they are.

    Returns:
        The value of its last expression, with nodes for tensors.

    Raises:
        Unknown: a value is needed that only placeholders could tell, or memory would be shared.
        BaseException: what the text raises; `located` makes an error of it.
    """
    caller = current().deferred
    deferred = Deferred(None if caller is None else caller.choose, here)
    own = {
        name: wrapped(value, ()) if isinstance(value, Node) else value
        for name, value in variables.items()
    }
    values: list[Any] = []
    with changed(deferred=deferred, eager=False, implicit=True, bare=True):
        run(text.code, source, own, echo=values.append, traced=_tracing(text, steps))
        if (thrown_away := limits().ended) is not None:
            raise thrown_away
    value = unwrap(values[-1], [])
    if held:
        held |= {name: unwrap(own[name], []) for name in held if name in own}
    check_unread((value, *(held or {}).values()), deferred)
    return value


def _tracing(text: Compiled, steps: list[Step] | None) -> Callable[[Any, int], Any] | None:
    if steps is None:
        return None

    def take(value: Any, line: int) -> Any:
        lowered = unwrap(value, [])
        if nodes_in(lowered if isinstance(lowered, tuple) else (lowered,)):
            steps.append(Step(text.code.spans[line - 1], lowered))
        return value

    return take


def located(error: Exception, source: Source, bound: Iterable[str] = ()) -> AutodiffError:
    """What an expression raised as an error with its place, and what to type instead.

    Args:
        error: as it was raised.
        source: the text.
        bound: the names that the user gave a value.
    """
    trace = places(error)
    if not trace and not isinstance(error, (AutodiffError, ExecutionError, MemoryError)):
        raise error  # a defect of ours, not of the text
    if isinstance(error, ExecutionError):
        found: AutodiffError = error.error
        if error.node.span is not None:
            found.at(error.node.span, source)
    elif isinstance(error, MemoryError):
        found = out_of_memory()
    elif isinstance(error, AutodiffError):
        found = error
    elif isinstance(error, tuple(PYTHON_FAULTS)):
        found = fault_of(error)
    else:  # a program's own
        from autodiff_cli.interpret.traceback import final_line

        kind, _, message = final_line(error).rstrip("\n").partition(": ")
        found = AutodiffError(message)
        found.kind = kind
    if trace:
        _, source, span = trace[-1]
        found.at(span, source)
        if found.hint is None:
            from autodiff_cli.interpret.advice import advice

            found.hint = advice(error, found, span, source, bound)
    return found
