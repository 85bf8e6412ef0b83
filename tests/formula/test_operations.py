"""Every operation's gradient as a term: what has none is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import SAMPLES
from test_derivatives import DIFFERENTIABLE, leaves

import autodiff_cli.evaluation.parts  # noqa: F401 - declares operations too
from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.reading import Unspelled, read
from autodiff_cli.formula.reading.table import READERS
from autodiff_cli.formula.rules import Rules
from autodiff_cli.formula.text import written
from autodiff_cli.formula.torch_text import Torch
from autodiff_cli.formula.writing import Writer
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import started
from autodiff_cli.ir.node import Node, Op, leaf
from autodiff_cli.transform.reverse import reverse

UNSPELLED = 0.05  # of the operations, at most


def formulas(name: str, operands: list[Any], params: dict[str, Any]) -> tuple[str, ...]:
    """The gradients of an operation, as text."""
    op = Op.registry[name]
    with started(dtype=dtypes.float64), np.errstate(all="ignore"):
        nodes = leaves(op, operands)
        y = op(*nodes, **params)
        g = leaf(np.ones(y.shape), requires_grad=False)
        wrt = [node for node in nodes if node.requires_grad]
        gradients = [node for node in reverse([y], [g], wrt) if node is not None]
        algebra = Algebra(Rules())
        known = {id(node): _leaf(algebra, f"x{at}", node) for at, node in enumerate(nodes)}
        terms = read(algebra, gradients, known | {id(g): _leaf(algebra, "g", g)})
        writer = Writer(algebra)
        return written([writer.whole(term) for term in terms], Torch(), []).results


def _leaf(algebra: Algebra, name: str, node: Node) -> Any:
    return algebra.leaf(name, node.shape, node.dtype.numpy.kind)


def test_nearly_every_operation_has_a_formula() -> None:
    missing = set()
    for name in DIFFERENTIABLE:
        for operands, params in SAMPLES[name]:
            try:
                assert all(formulas(name, operands, params))
            except Unspelled:
                missing.add(name)
    assert len(missing) <= UNSPELLED * len(DIFFERENTIABLE), sorted(missing)


def test_readers_are_of_operations() -> None:
    assert set(READERS) <= set(Op.registry)


@pytest.mark.parametrize(
    ("name", "text"),
    [("tanh", "g*(1 - tanh(x0)**2)"), ("log", "g/x0"), ("linalg_inv", None), ("softmax", None)],
)
def test_formulas_are_text(name: str, text: str | None) -> None:
    operands, params = SAMPLES[name][0]
    (found,) = formulas(name, operands, params)
    assert text is None or found == text
