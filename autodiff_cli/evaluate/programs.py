"""Texts that are programs: the value of the last expression, and its derivatives.

Nodes of programs are computed as they are made; what differentiates them here is built without values
and executed at once, as for expressions, unless the program has a say in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

from autodiff_cli.autograd import tensor as handles
from autodiff_cli.autograd.engine import differentiate
from autodiff_cli.autograd.ruled import is_ruled
from autodiff_cli.errors import AutodiffError, InputError, LimitError
from autodiff_cli.evaluate import answered, cotangents_of, executed, leaves_of
from autodiff_cli.evaluate.derivatives import Asked, Name, gathered, nodes_of
from autodiff_cli.evaluate.notices import Notices, check_result
from autodiff_cli.evaluate.result import Gradients, Result, Tensor, computed_tensor
from autodiff_cli.evaluate.seeds import by_seeds
from autodiff_cli.execute import force
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.ending import has_value, no_value
from autodiff_cli.ir.context import Unknown, changed, current, own
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.program import ProgramError, Session, Settings, bound, compiled_program, graph_of
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.handles import lower
from autodiff_cli.vocabulary.values import NO_VALUE, Size


def evaluate_program(
    source: Source,
    inputs: Mapping[str, Given],
    wrt: Sequence[str] | None,
    seeds: Sequence[str | Array],
    grad: bool,
    asked: Asked | None,
    settings: Settings,
    write: Callable[[str], object] | None = None,
    unknown: AutodiffError | None = None,
) -> Result:
    """A program's last expression, and its gradients; those of its own backward passes if it made some.

    Args:
        source: the program.
        inputs, wrt, seeds, grad: as `evaluate` takes them.
        asked: the derivatives to give besides gradients.
        settings: limits and modes.
        write: called with what the program prints; standard output if None.
        unknown: why the text is no expression: what it means that isn't known. Raised if a program doesn't
            know that either, or has nothing to show.
    """
    said: list[str] = []
    output: Callable[[str], object] = write or sys.stdout.write

    def noted(text: str) -> object:
        said.append(text)
        return output(text)

    noted.__self__ = getattr(output, "__self__", None)  # type: ignore[attr-defined]
    try:
        result = _evaluated(source, inputs, wrt, seeds, grad, asked, settings, noted)
    except AutodiffError as error:
        cause = getattr(error, "error", error)
        if unknown is None or isinstance(cause, LimitError):
            raise
        single = len(compiled_program(source, valued=True).tree.body) == 1
        if isinstance(cause, (NameError, AttributeError)) or (
            single and isinstance(error, InputError)
        ):
            raise unknown from None
        if not isinstance(error, ProgramError):
            raise
        one = error.as_one()  # the name is known, and something else is wrong
        one.hint = one.hint or unknown.hint
        raise one from None
    if unknown is not None and result.value is NO_VALUE and not said:
        raise unknown
    return result


def _evaluated(
    source: Source,
    inputs: Mapping[str, Given],
    wrt: Sequence[str] | None,
    seeds: Sequence[str | Array],
    grad: bool,
    asked: Asked | None,
    settings: Settings,
    write: Callable[[str], object],
) -> Result:
    started = perf_counter()
    compiled = compiled_program(source, valued=True)
    notices = Notices(source)
    idle = compiled.reads.unread(inputs, source)
    if idle and not has_value(compiled.tree) and "print" not in compiled.reads.names:
        raise no_value(compiled.tree, source)
    notices.unused(idle)
    variables = bound(inputs, dtype=settings.dtype, max_elements=settings.max_elements, wrt=wrt)
    nodes = {
        name: value.node if isinstance(value, handles.Tensor) else value
        for name, value in variables.items()
    }
    leaves = leaves_of(nodes, wrt) if grad or asked else {}
    streams = current().streams
    if has_value(compiled.tree) and not compiled.code.has_effects:
        try:
            value = graph_of(source, nodes, settings, complain=sys.stderr.write)
            if value is not None:
                check_result(value, source, inputs)
                return answered(source, value, (), nodes, leaves, wrt, seeds, grad, asked, notices)
        except (Unknown, AutodiffError) as error:
            # run again as it is written, which says why, and where
            if isinstance(getattr(error, "error", error), LimitError):
                raise
    with Session(settings, write=write, complain=sys.stderr.write, variables=variables) as session:
        own().streams = streams  # the program draws on where its inputs did
        value = session.run_compiled(compiled, source)
        check_result(value, source, inputs)
        if value is None:  # shows nothing, as at Python's prompt
            value = NO_VALUE
        built = perf_counter()
        shown = _computed(value)
        derived: dict[Name, Tensor] = {}
        if asked is not None:
            derived = _derived(asked, value, leaves, nodes, source)
        made = {
            name: tensor.grad
            for name in leaves
            if isinstance(tensor := variables[name], handles.Tensor)
        }
        rows: tuple[Gradients, ...] = ()
        if not grad:
            pass
        elif any(gradient is not None for gradient in made.values()):
            rows = (Gradients(None, {name: _gradient(g) for name, g in made.items()}),)
        elif isinstance(value, handles.Tensor) and (value.requires_grad or seeds):
            rows = _rows(value.node, leaves, seeds, source, scalars_only=asked is None)
        elif value is not NO_VALUE or seeds:
            node = lower(value, [])
            if not isinstance(node, Node):
                cotangents_of(node, leaves, seeds)  # refuses parts that require grad
            if asked is None and (wrt is None or wrt):
                notices.ungraded(node, leaves, nodes)
        if value is NO_VALUE and not (session.printed or rows or derived):
            raise no_value(compiled.tree, source)
    return Result(
        shown,
        rows,
        (),
        settings.dtype,
        {"parse": 0.0, "build": built - started, "forward_backward": perf_counter() - built},
        notices=tuple(notices.texts),
        **gathered(derived),
    )


def _rows(
    node: Node,
    leaves: Mapping[str, Node],
    seeds: Sequence[str | Array],
    source: Source,
    *,
    scalars_only: bool,
) -> tuple[Gradients, ...]:
    """The gradients for each seed."""
    cotangents = cotangents_of(node, leaves, seeds, scalars_only=scalars_only)
    targets = list(leaves.values())
    for cotangent in cotangents:
        force(cotangent)
    flows: list[list[Node | None]]
    if len(cotangents) > 1 and is_ruled([node], targets):
        flows = _at_once(node, cotangents, targets, source)
    else:
        flows = [
            differentiate(
                [(node, cotangent)], retain_graph=True, create_graph=False, targets=targets
            )
            for cotangent in cotangents
        ]
    return tuple(
        Gradients(
            Tensor(force(cotangent), cotangent.dtype.name) if seeds else None,
            {
                name: None if flow is None else _tensor_of(flow)
                for name, flow in zip(leaves, row, strict=True)
            },
        )
        for cotangent, row in zip(cotangents, flows, strict=True)
    )


def _at_once(
    node: Node, cotangents: Sequence[Node], targets: Sequence[Node], source: Source
) -> list[list[Node | None]]:
    """The gradients for several cotangents, computed together."""
    with changed(eager=False):
        flows = by_seeds(node, cotangents, targets)
        flowing = [flow for row in flows for flow in row if flow is not None]
        for flow, array in zip(flowing, executed(flowing, source), strict=True):
            flow.value = array
    return flows


def _derived(
    asked: Asked,
    value: Any,
    leaves: Mapping[str, Node],
    bound: Mapping[str, Any],
    source: Source,
) -> dict[Name, Tensor]:
    """The derivatives asked for.

    Raises:
        RuntimeFault: also where a backward pass would: a value that a derivative reads was freed or
            written to.
    """
    node = value.node if isinstance(value, handles.Tensor) else value
    loop = isinstance(node, Node) and not is_ruled([node], list(leaves.values()))
    with changed(eager=loop, grad=True):
        wanted = nodes_of(asked, node, leaves, bound, loop=loop)
        arrays = executed(list(wanted.values()), source)
    return {
        name: Tensor(array, node.dtype.name)
        for (name, node), array in zip(wanted.items(), arrays, strict=True)
    }


def _tensor_of(node: Node) -> Tensor:
    return computed_tensor(node, force(node))


def _gradient(grad: Any) -> Tensor | None:
    return None if grad is None else _tensor_of(grad.node)


def _computed(value: Any) -> Any:
    """The value of a program with every tensor replaced by its elements."""
    if isinstance(getattr(value, "node", None), Node):
        return _tensor_of(value.node)
    if isinstance(value, (list, tuple)) and not isinstance(value, Size):
        entries = [_computed(entry) for entry in value]
        if isinstance(value, list):
            return entries
        return type(value)(*entries) if hasattr(value, "fields") else tuple(entries)
    return value
