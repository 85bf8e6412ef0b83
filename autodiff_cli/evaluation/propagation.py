"""A result's standard deviation from those of its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from autodiff_cli.errors import InputError, NameFault, RuntimeFault
from autodiff_cli.evaluation import Asked, Gradients, Result, Tensor, evaluated
from autodiff_cli.evaluation.uncertainty import (
    combined,
    correlations,
    expression_of,
    impossible,
    no_covariance,
    no_deviation,
    not_numbers,
    pairs_of,
)
from autodiff_cli.inputs import Given, bind
from autodiff_cli.interpret.code import compiled_text
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.dtypes import float64
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source


def propagated(
    source: Source,
    inputs: Mapping[str, Given],
    asked: Asked,
    deviations: Mapping[str, str],
    settings: Settings,
) -> Result:
    """What `evaluated` gives, with the deviation of the result to first order.

    Args:
        source: the text.
        inputs: values by name.
        asked: what is asked besides the value.
        deviations: by input: expressions, which may name inputs, or "5%"; by "x~y" covariances.
        settings: what it is computed with.

    Raises:
        AutodiffError: also where a deviation is none, or the result is no scalar and has no seed.
    """
    pairs = pairs_of(deviations)
    off = [name for name in deviations if "~" not in name]
    for name in off:
        if name not in inputs:
            raise InputError(
                f"--propagate names '{name}', which is not an input; the inputs are "
                f"{', '.join(inputs) or 'none'}"
            )
    if len(asked.seeds) > 1:
        raise InputError("--propagate gives one deviation: leave out all seeds but one")
    wrt = None if asked.wrt is None and asked.grad else [*(asked.wrt or ()), *off]
    result = evaluated(source, inputs, asked.replaced(wrt=wrt, grad=True), settings)
    numbers = {name: number(name, text, inputs, settings) for name, text in deviations.items()}
    slopes = result.gradients[0].by_input if result.gradients else {}
    if not isinstance(result.value, Tensor) or not slopes:
        raise RuntimeFault("--propagate takes the gradients of the result, and it has none")
    terms = []
    for name in off:
        if name not in slopes:
            raise InputError(f"--propagate names '{name}', which is no floating point input")
        slope, sigma = slopes.get(name), numbers[name]
        if not (sigma >= 0).all():
            raise no_deviation(name, sigma)
        shape = np.shape(np.asarray(slope.array)) if slope is not None else sigma.shape
        if sigma.shape not in ((), shape):
            raise InputError(
                f"--propagate {name}: a deviation of shape {list(sigma.shape)} for an input of shape "
                f"{list(shape)}"
            )
        own = 0.0 if slope is None else slope.array.astype(np.float64)
        terms.append(np.reshape(np.broadcast_to(own * sigma, shape), (1, math.prod(shape))))
    correlation = None
    if pairs:
        if any(term.size != 1 for term in terms):
            raise not_numbers()
        covariances = {(x, y): numbers[f"{x}~{y}"] for x, y in pairs}
        correlation = correlations(off, {name: numbers[name] for name in off}, covariances)
        if impossible(correlation)[0]:
            raise no_covariance(list(deviations))
    sigma = combined(np.concatenate(terms, axis=1), correlation)[0]
    value = result.value
    found = Tensor(np.asarray(sigma, value.array.dtype), value.dtype)
    names = list(slopes) if asked.wrt is None else list(asked.wrt)
    rows = [Gradients(row.seed, {n: row.by_input[n] for n in names}) for row in result.gradients]
    return result.replaced(sigma=found, gradients=tuple(rows) if asked.grad else ())


def number(name: str, text: str, inputs: Mapping[str, Given], settings: Settings) -> Array:
    """A deviation or covariance that is the same for all rows.

    Raises:
        AutodiffError: it can't be evaluated, or is no number.
    """
    option = f"--propagate {name}"
    source = Source(expression_of(name, text), option)
    reads = compiled_text(source).reads.names
    given = {other: value for other, value in inputs.items() if other in reads}
    try:
        value = evaluated(source, given, Asked(grad=False), settings).value
    except NameFault as fault:
        fault.hint = f"a deviation may be computed from the inputs, {', '.join(inputs) or 'none'}"
        raise
    array = value.array if isinstance(value, Tensor) else np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise InputError(f"{option}: {text} is not a number")
    return array.astype(np.float64)


def matrix_of(given: Given) -> Array:
    """The matrix of covariances that an option gives.

    Raises:
        InputError: it has no numbers.
    """
    with changed(dtype=float64):
        found = bind("--covariance", given, False)
    array = np.asarray(found.value if isinstance(found, Node) else found)
    if array.dtype.kind not in "fiu":
        raise InputError("--covariance: it is no matrix of numbers")
    return array.astype(np.float64)
