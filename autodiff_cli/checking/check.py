"""Checks of a text's gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff_cli.checking.graph import Narrow, Terms, checked, weights_of
from autodiff_cli.checking.programs import checked_run
from autodiff_cli.checking.records import Check
from autodiff_cli.evaluation.leaves import executed, leaves_of
from autodiff_cli.evaluation.notices import Notices
from autodiff_cli.evaluation.recorded import Recorded, Text, parsed, recorded
from autodiff_cli.evaluation.seeds import seed_of
from autodiff_cli.explanation.graph import check_gradient
from autodiff_cli.inputs import Given, bind_all
from autodiff_cli.interpret.limits import started_with
from autodiff_cli.ir.node import INPUT, NUMBER, Array, Node, constant, leaf
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.transform.reverse import reverse


def check(
    expression: str | Source,
    inputs: Mapping[str, Given] | None = None,
    *,
    wrt: Sequence[str] | None = None,
    seed: Given | None = None,
    terms: Terms | None = None,
    settings: Settings | None = None,
) -> Check:
    """Check the gradients of an expression.

    Args:
        expression: in the language, such as "mean(3*(x+2)**2)".
        inputs: values as `evaluate` takes them; they are compared in float64.
        wrt: names of the inputs to check; all floating ones if None.
        seed: the cotangent of a result that is no number; one without order if None.
        terms: how to check.
        settings: what the text is computed with; its dtype is `terms`'.

    Raises:
        AutodiffError: the text can't be evaluated as one graph, or has no gradient.

    >>> check("sum(x**3)", {"x": [1, 2]}).verdict
    'ok'
    >>> check("sum(abs(x))", {"x": [-1, 0, 2]}).kinks
    (Kink(name='x', at=(1,), left=-1.0, right=1.0, taken=0.0),)
    """
    source = expression if isinstance(expression, Source) else Source(expression)
    terms = terms or Terms()
    settings = settings or Settings()
    text = parsed(source)
    with started_with(settings.replaced(dtype="float64")), np.errstate(all="ignore"):
        if text.code.has_effects:
            return checked_run(source, inputs or {}, wrt, seed, terms)
        bound = _cast(bind_all(inputs or {}, wrt), np.float64)
        notices = Notices(source)
        notices.unused(text.unread(bound, source))
        run = recorded(source, text, bound, draws=True)
        leaves = leaves_of(bound, wrt)
        check_gradient(run.value, leaves)
        weights = None if seed is None else np.asarray(seed_of(seed, 0, run.value).value)
        narrow = _narrow(source, text, bound, weights, settings.replaced(dtype=terms.dtype))
        found = checked(run.value, leaves, weights, _namer(run), terms, narrow)
        return found.replaced(notes=(*notices.texts, *found.notes))


def _cast(bound: Mapping[str, Any], dtype: Any) -> dict[str, Any]:
    """Inputs with their floating arrays in another dtype."""
    return {
        name: leaf(np.asarray(value.value, dtype), requires_grad=value.requires_grad, name=name)
        if isinstance(value, Node) and value.dtype.is_floating
        else value
        for name, value in bound.items()
    }


def _narrow(
    source: Source,
    text: Text,
    bound: Mapping[str, Any],
    weights: Array | None,
    settings: Settings,
) -> Narrow | None:
    """The gradients as they come out in the asked dtype; None if they say nothing of its digits."""
    if settings.dtype == "float64":
        return None
    with started_with(settings) as context, np.errstate(all="ignore"):
        own = _cast(bound, context.dtype.numpy)
        run = recorded(source, text, own, draws=True)
        leaves = leaves_of(own, None)
        if context.streams or not run.value.requires_grad:
            return None  # what is drawn in another dtype is something else
        value = run.value
        seed = constant(weights_of(value.shape) if weights is None else weights, value.dtype)
        flows = reverse([value], [seed], list(leaves.values()))
        result, found = executed((value, flows), source)
        pairs = zip(leaves.items(), found, strict=True)
        gradients = {name: array for (name, _), array in pairs if array is not None}
        inputs = {name: np.asarray(x.value) for name, x in leaves.items()}
        return Narrow(inputs, result, gradients)


def _namer(run: Recorded) -> Callable[[Node], str]:
    assigned = {id(entry.node): entry.name for entry in run.assigned}

    def name(node: Node) -> str:
        if node.op is INPUT:
            return str(node.params["name"])
        if node.op is NUMBER:
            return f"{node.value}"
        if node.span is not None:
            return run.source.slice(node.span)
        return assigned.get(id(node), node.op.name)

    return name
