"""A text's value and all that is asked of it, computed in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from autodiff_cli.evaluation.leaves import cotangents_of, executed, mapped
from autodiff_cli.evaluation.request import Request
from autodiff_cli.evaluation.result import Result
from autodiff_cli.evaluation.values import Gradients, Intermediate, plain_tensor, shown_tensor
from autodiff_cli.interpret.graph import Step
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.walk import nodes_in
from autodiff_cli.transform.reverse import reverse


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
    source, notices = request.source, request.notices
    asked = request.asked
    derived: dict[str, Any] = {}
    if asked.further:
        from autodiff_cli.evaluation.derivatives import nodes_of

        derived = nodes_of(asked, value, leaves, request.bound)
    cotangents: list[Node] = []
    if asked.grad:
        cotangents = cotangents_of(value, leaves, asked.seeds, scalars_only=request.scalars_only)
    if request.expects_gradients and not cotangents and not derived:
        notices.ungraded(value, leaves, request.bound)
    flows = _reversed(value, cotangents, list(leaves.values()))
    rows = [dict(zip(leaves, flow, strict=True)) for flow in flows]
    built = perf_counter()

    nodes_in(value)  # refuses a value of too many entries
    shown = value, [step.value for step in steps]
    plain = rows, cotangents if asked.seeds else [None] * len(rows), derived
    arrays = executed((shown, plain), source)
    value, traced = mapped(shown_tensor, shown, arrays[0])
    rows, seeds, derived = mapped(plain_tensor, plain, arrays[1])
    return Result(
        value,
        tuple(map(Gradients, seeds, rows)),
        tuple(Intermediate(source.slice(step.span), v) for step, v in zip(steps, traced)),
        current().dtype.name,
        {"parse": 0.0, "build": built - began, "forward_backward": perf_counter() - built},
        notices=tuple(notices.texts),
        **derived,
    )


def _reversed(
    value: Any, cotangents: list[Node], leaves: list[Node]
) -> Sequence[Sequence[Node | None]]:
    """The gradients for each cotangent."""
    if len(cotangents) < 2:
        return [reverse([value], [cotangent], leaves) for cotangent in cotangents]
    from autodiff_cli.evaluation.seeds import by_seeds

    return by_seeds(value, cotangents, leaves)
