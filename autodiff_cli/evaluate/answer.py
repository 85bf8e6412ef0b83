"""A text's value and all that is asked of it, computed in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from autodiff_cli.evaluate.leaves import cotangents_of, executed
from autodiff_cli.evaluate.notices import Notices
from autodiff_cli.evaluate.result import Gradients, Intermediate, Result, Tensor, computed_tensor
from autodiff_cli.interpret.graph import Step
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.ir.walk import nodes_in
from autodiff_cli.source import Source
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.vocabulary.values import Size

if TYPE_CHECKING:
    from autodiff_cli.evaluate.derivatives import Asked, Name


def answered(
    source: Source,
    value: Any,
    steps: Sequence[Step],
    bound: Mapping[str, Any],
    leaves: Mapping[str, Node],
    wrt: Sequence[str] | None,
    seeds: Sequence[str | Array],
    grad: bool,
    asked: Asked | None,
    notices: Notices,
) -> Result:
    """The result of a text, and all that is asked of it, computed in one pass.

    Args:
        source: the text.
        value: what it gives: nodes without values, or what holds them.
        steps: the intermediate results to show.
        bound: the inputs.
        leaves: those to differentiate by.
        wrt, seeds, grad: as `evaluate` takes them.
        asked: the derivatives to give besides gradients.
        notices: takes what a person should know.

    Raises:
        AutodiffError: it can't be differentiated or computed.
    """
    began = perf_counter()
    wanted: dict[Name, Node] = {}
    if asked is not None:
        from autodiff_cli.evaluate.derivatives import nodes_of

        wanted = nodes_of(asked, value, leaves, bound)
    scalars_only = asked is None
    cotangents = cotangents_of(value, leaves, seeds, scalars_only=scalars_only) if grad else []
    if grad and not cotangents and not wanted and (wrt is None or wrt):
        notices.ungraded(value, leaves, bound)
    gradients = _reversed(value, cotangents, list(leaves.values()))
    built = perf_counter()

    outputs = nodes_in(value)
    traced = nodes_in([step.value for step in steps])
    flat = [node for row in gradients for node in row if node is not None]
    arrays = executed(
        [*outputs, *flat, *(cotangents if seeds else ()), *wanted.values(), *traced], source
    )
    finished = iter(arrays)
    tensors = {id(node): computed_tensor(node, next(finished)) for node in outputs}
    rows = [
        {
            name: None if node is None else Tensor(next(finished), node.dtype.name)
            for name, node in zip(leaves, row, strict=True)
        }
        for row in gradients
    ]
    shown_seeds = [Tensor(next(finished), c.dtype.name) for c in cotangents] if seeds else [None]
    derived = {name: Tensor(next(finished), node.dtype.name) for name, node in wanted.items()}
    shown = {id(node): computed_tensor(node, next(finished)) for node in traced}
    intermediate = tuple(
        Intermediate(source.slice(step.span), _computed(step.value, shown)) for step in steps
    )
    further: dict[str, Any] = {}
    if derived:
        from autodiff_cli.evaluate.derivatives import gathered

        further = gathered(derived)
    return Result(
        _computed(value, tensors),
        tuple(Gradients(seed, row) for seed, row in zip(shown_seeds, rows, strict=False)),
        intermediate,
        current().dtype.name,
        {"parse": 0.0, "build": built - began, "forward_backward": perf_counter() - built},
        notices=tuple(notices.texts),
        **further,
    )


def _reversed(
    value: Any, cotangents: list[Node], leaves: list[Node]
) -> Sequence[Sequence[Node | None]]:
    """The gradients for each cotangent."""
    if len(cotangents) < 2:
        return [reverse([value], [cotangent], leaves) for cotangent in cotangents]
    from autodiff_cli.evaluate.seeds import by_seeds

    return by_seeds(value, cotangents, leaves)


def _computed(value: Any, tensors: Mapping[int, Tensor]) -> Any:
    """The value with every node replaced by its tensor."""
    if isinstance(value, Node):
        return tensors[id(value)]
    if isinstance(value, (list, tuple)) and not isinstance(value, Size):
        entries = [_computed(entry, tensors) for entry in value]
        if isinstance(value, list):
            return entries
        return type(value)(*entries) if hasattr(value, "fields") else tuple(entries)
    return value
