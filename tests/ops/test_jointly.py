"""Gradients that are computed at once: numpy gives what the graph gives, which has been differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import SAMPLES
from test_derivatives import leaves, weights

from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Op, constant
from autodiff_cli.ops import jointly
from autodiff_cli.tensors.engine import differentiate

CASES = [
    pytest.param(name, operands, params, id=f"{name}-{number}")
    for name, op in sorted(Op.registry.items())
    if any(rule and rule.__module__ == jointly.__name__ for rule in op.vjps)
    for number, (operands, params) in enumerate(SAMPLES[name])
]


@pytest.mark.parametrize("saved", [True, False])
@pytest.mark.parametrize("name, operands, params", CASES)
def test_numpy_gives_what_the_graph_gives(
    name: str, operands: list[Any], params: dict[str, Any], saved: bool
) -> None:
    op = Op.registry[name]
    with changed(eager=True):
        nodes = leaves(op, operands)
        y = op(*nodes, **params)
        if not saved:
            y.__dict__.clear()  # what forward kept is computed again
        roots = [(y, constant(weights(y.shape)))]
        wanted = [node for node in nodes if node.requires_grad]
        by_numpy, by_graph = (
            differentiate(roots, retain_graph=True, create_graph=create, targets=wanted)
            for create in (False, True)
        )
    for first, second in zip(by_numpy, by_graph, strict=True):
        assert first is not None and second is not None and second.requires_grad
        np.testing.assert_allclose(first.value, second.value, rtol=1e-12, atol=1e-12)
