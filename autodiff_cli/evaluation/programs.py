"""Texts that are programs: the value of the last expression, and its derivatives.

Nodes of programs are computed as they are made; what differentiates them here is built without values
and executed at once, as for expressions, unless the program has a say in it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from autodiff_cli.evaluation.derivatives import nodes_of
from autodiff_cli.evaluation.leaves import cotangents_of, executed, mapped
from autodiff_cli.evaluation.notices import check_result
from autodiff_cli.evaluation.request import Asked, Request
from autodiff_cli.evaluation.result import Result
from autodiff_cli.evaluation.seeds import by_seeds
from autodiff_cli.evaluation.values import Gradients, Tensor, plain_tensor, shown_tensor
from autodiff_cli.execute import force
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.ending import no_value
from autodiff_cli.interpret.graph import located
from autodiff_cli.ir.context import changed, current
from autodiff_cli.ir.node import Node
from autodiff_cli.program import ProgramError, inner, variables_of
from autodiff_cli.source import Source
from autodiff_cli.tensors import tensor as handles
from autodiff_cli.tensors.ruled import is_ruled
from autodiff_cli.vocabulary.calls.handles import unwrap
from autodiff_cli.vocabulary.calls.values import NO_VALUE, Size


def evaluate_program(request: Request) -> Result:
    """A program's last expression, and its gradients; those of its own backward passes if it made some.

    Args:
        request: the program, and what is asked.

    Raises:
        AutodiffError: it ends in an error, gives nothing, or can't be differentiated.
    """
    started = perf_counter()
    text, source, bound, notices = request.text, request.source, request.bound, request.notices
    asked, seeds = request.asked, request.asked.seeds
    if not text.is_expression:
        idle = text.unread(bound, source)
        if idle and not text.has_value and "print" not in (*text.reads.names, *text.reads.called):
            raise no_value(text.tree, source)
        notices.unused(idle)
    variables = variables_of(bound)
    nodes = {
        name: value.node if isinstance(value, handles.Tensor) else value
        for name, value in variables.items()
    }
    leaves = request.leaves(nodes)
    with inner(request.write or sys.stdout.write, variables) as session:
        try:
            value = session.run_compiled(text, source)
        except ProgramError as error:
            if text.is_expression and isinstance(error.error, Exception):
                raise located(error.error, source, bound) from None
            raise
        check_result(value, source, bound)
        if text.is_expression:
            notices.unused(text.unread(bound, source))
        if value is None:  # shows nothing, as at Python's prompt
            value = NO_VALUE
        built = perf_counter()
        shown = shown_value(value)
        derived: dict[str, Any] = {}
        if asked.further:
            derived = _derived(asked, value, leaves, nodes, source)
        made = {
            name: tensor.grad
            for name in leaves
            if isinstance(tensor := variables[name], handles.Tensor)
        }
        rows: tuple[Gradients, ...] = ()
        if not asked.grad:
            pass
        elif any(gradient is not None for gradient in made.values()):
            rows = (Gradients(None, {name: _gradient(g) for name, g in made.items()}),)
        elif isinstance(value, handles.Tensor) and (value.requires_grad or seeds):
            rows = rows_of(value.node, leaves, seeds, source, scalars_only=request.scalars_only)
        elif value is not NO_VALUE or seeds:
            node = unwrap(value, [])
            if not isinstance(node, Node):
                cotangents_of(node, leaves, seeds)  # refuses parts that require grad
            if request.scalars_only and request.expects_gradients:
                notices.ungraded(node, leaves, nodes)
        also = {
            name: _also(session.variables[name], leaves if asked.grad else {}, source)
            for name in asked.also
            if name in session.variables
        }
        shows = session.printed or derived or (rows and not text.is_expression)
        if value is NO_VALUE and not shows:
            raise no_value(text.tree, source)
    return Result(
        shown,
        rows,
        (),
        current().dtype.name,
        {"parse": 0.0, "build": built - started, "forward_backward": perf_counter() - built},
        also=also or None,
        notices=tuple(notices.texts),
        **derived,
    )


def _also(value: Any, leaves: Mapping[str, Node], source: Source) -> tuple[Any, Gradients | None]:
    """What a name holds, and its gradients if it is a scalar that has some."""
    rows: tuple[Gradients, ...] = ()
    if leaves and isinstance(value, handles.Tensor) and value.requires_grad:
        rows = rows_of(value.node, leaves, (), source, scalars_only=False)
    return shown_value(value), rows[0] if rows else None


def rows_of(
    node: Node,
    leaves: Mapping[str, Node],
    seeds: Sequence[Given],
    source: Source,
    *,
    scalars_only: bool,
) -> tuple[Gradients, ...]:
    """The gradients for each seed."""
    cotangents = cotangents_of(node, leaves, seeds, scalars_only=scalars_only)
    targets = list(leaves.values())
    for cotangent in cotangents:
        force(cotangent)
    with changed(eager=len(cotangents) < 2 or not is_ruled([node], targets)):
        flows = by_seeds(node, cotangents, targets)
    rows = [dict(zip(leaves, flow, strict=True)) for flow in flows]
    shown: Sequence[Tensor | None] = [None] * len(rows)
    if seeds:
        shown = [plain_tensor(cotangent, force(cotangent)) for cotangent in cotangents]
    return tuple(map(Gradients, shown, mapped(shown_tensor, rows, executed(rows, source))))


def _derived(
    asked: Asked,
    value: Any,
    leaves: Mapping[str, Node],
    bound: Mapping[str, Any],
    source: Source,
) -> dict[str, Any]:
    """The derivatives asked for.

    Raises:
        RuntimeFault: also where a backward pass would: a value that a derivative reads was freed or
            written to.
    """
    node = value.node if isinstance(value, handles.Tensor) else value
    own_code = isinstance(node, Node) and not is_ruled([node], list(leaves.values()))
    with changed(eager=own_code, grad=True):  # which may look at values
        wanted = nodes_of(asked, node, leaves, bound)
        found: dict[str, Any] = mapped(plain_tensor, wanted, executed(wanted, source))
    return found


def _tensor_of(node: Node) -> Tensor:
    return shown_tensor(node, force(node))


def _gradient(grad: Any) -> Tensor | None:
    return None if grad is None else _tensor_of(grad.node)


def shown_value(value: Any) -> Any:
    """The value of a program with every tensor replaced by its elements."""
    if isinstance(getattr(value, "node", None), Node):
        return _tensor_of(value.node)
    if isinstance(value, (list, tuple)) and not isinstance(value, Size):
        entries = [shown_value(entry) for entry in value]
        if isinstance(value, list):
            return entries
        return type(value)(*entries) if hasattr(value, "fields") else tuple(entries)
    return value
