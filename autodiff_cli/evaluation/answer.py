"""A text's value and all that is asked of it, computed in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from autodiff_cli.evaluation.leaves import cotangents_of, executed
from autodiff_cli.evaluation.request import Request
from autodiff_cli.evaluation.result import Gradients, Intermediate, Result, Tensor, computed_tensor
from autodiff_cli.interpret.graph import Step
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.walk import nodes_in
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.vocabulary.calls.values import Size

if TYPE_CHECKING:
    from autodiff_cli.evaluation.derivatives import Name


def answered(
    request: Request, value: Any, leaves: Mapping[str, Node], steps: Sequence[Step] = ()
) -> Result:
    """The result of a text, and all that is asked of it, computed in one pass.

    Args:
        request: the text, and what is asked.
        value: what the text gives: nodes without values, or what holds them.
        leaves: the inputs to differentiate by.
        steps: the intermediate results to show.

    Raises:
        AutodiffError: it can't be differentiated or computed.
    """
    began = perf_counter()
    source, seeds, notices = request.source, request.seeds, request.notices
    wanted: dict[Name, Node] = {}
    if request.asked is not None:
        from autodiff_cli.evaluation.derivatives import nodes_of

        wanted = nodes_of(request.asked, value, leaves, request.bound)
    cotangents: list[Node] = []
    if request.grad:
        cotangents = cotangents_of(value, leaves, seeds, scalars_only=request.scalars_only)
    if request.expects_gradients and not cotangents and not wanted:
        notices.ungraded(value, leaves, request.bound)
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
        from autodiff_cli.evaluation.derivatives import gathered

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
    from autodiff_cli.evaluation.seeds import by_seeds

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
