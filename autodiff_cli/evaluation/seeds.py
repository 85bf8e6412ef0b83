"""Cotangents that the user gives, and the gradients for several of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import AutodiffError, RuntimeFault, ValueFault
from autodiff_cli.inputs import Given, value_of
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ops import movement as mv
from autodiff_cli.source import Source
from autodiff_cli.tensors.derivatives import gradient_rows, gradients
from autodiff_cli.tensors.ruled import is_ruled, rows_fit
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.creation import tensor_from


def seed_of(seed: Given, number: int, value: Node) -> Node:
    """The cotangent that a seed gives.

    Raises:
        RuntimeFault: it hasn't the value's shape.
        ValueFault: it is no tensor.
    """
    given: Any = seed
    if isinstance(seed, str):
        given = value_of(Source(seed, f"seed {number}"))
    elif isinstance(seed, np.ndarray):
        given = constant(seed)
    try:
        node = tensor_from(given, None)
    except AutodiffError as error:
        raise ValueFault(f"seed {number}: {error.message}") from None
    if node.shape != value.shape:
        raise RuntimeFault(
            f"Mismatch in shape: grad_output[0] has a shape of {Size(node.shape)!r} and output[0] has "
            f"a shape of {Size(value.shape)!r}.",
            hint=f"seed {number} needs the shape of the result: {list(value.shape)}",
        )
    return constant(np.asarray(node.value), value.dtype)


def by_seeds(value: Node, seeds: Sequence[Node], wrt: Sequence[Node]) -> list[list[Node | None]]:
    """The gradients for each of several seeds: one reverse graph, batched over them, if it can be.

    Args:
        value: the node to differentiate.
        seeds: cotangents of its shape.
        wrt: the leaves.

    Returns:
        One list a seed, as `gradients` gives it.
    """
    if len(seeds) < 2 or not is_ruled([value], wrt) or not rows_fit(len(seeds), [value], wrt):
        return [gradients([value], [seed], wrt) for seed in seeds]
    together = gradient_rows([value], [mv.stack(*seeds, dim=0)], wrt)
    return [
        [None if node is None else mv.select(node, dim=0, index=row) for node in together]
        for row in range(len(seeds))
    ]
