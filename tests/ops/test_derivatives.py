"""Every primitive's derivative, and the derivative of that, against finite differences.

The list of primitives is the registry: a new one without samples fails here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import SAMPLES, SYMMETRIC

from autodiff_cli import ops  # noqa: F401  (declares the operations)
from autodiff_cli.errors import RuntimeFault
from autodiff_cli.execute import execute
from autodiff_cli.ir.legality import check
from autodiff_cli.ir.node import Node, Op, constant, leaf
from autodiff_cli.transform.reverse import reverse

STEP = 1e-6
WITH_RULES = sorted(name for name, op in Op.registry.items() if op.vjps and not op.is_foreign)
# The reference names these so, and raises when it is asked for their gradient.
REFUSED = [name for name in WITH_RULES if Op.registry[name].grad_fn == "NotImplemented"]
DIFFERENTIABLE = [name for name in WITH_RULES if name not in REFUSED]
CASES = [
    pytest.param(name, operands, params, id=f"{name}-{number}")
    for name in DIFFERENTIABLE
    for number, (operands, params) in enumerate(SAMPLES.get(name, []))
]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_has_samples(name: str) -> None:
    assert SAMPLES.get(name), f"{name} needs an entry in samples.py"


def leaves(op: Op, arrays: list[Any]) -> list[Node]:
    """Floating operands with a derivative as leaves, the others as constants."""
    plain = [constant(np.asarray(array)) for array in arrays]
    rules = op.rules(tuple(plain))
    return [
        leaf(np.array(array), requires_grad=True)
        if np.asarray(array).dtype.kind == "f" and rule is not None
        else node
        for array, node, rule in zip(arrays, plain, rules, strict=True)
    ]


def weights(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """A cotangent with no two elements alike."""
    return np.cos(1.7 * np.arange(1, int(np.prod(shape)) + 1)).reshape(shape)


def weighted(op: Op, nodes: list[Node], params: dict[str, Any]) -> Node:
    from autodiff_cli.ops.reduce import sum_

    y = op(*nodes, **params)
    product = y * constant(weights(y.shape), y.dtype)
    return sum_(product, dim=None, keepdim=False, dtype=product.dtype)


def gradients(op: Op, nodes: list[Node], params: dict[str, Any], create: bool) -> list[Node | None]:
    total = weighted(op, nodes, params)
    wrt = [node for node in nodes if node.requires_grad]
    return reverse([total], [constant(np.array(1.0))], wrt, create_graph=create)


def numeric(function: Any, arrays: list[Any], position: int) -> np.ndarray[Any, Any]:
    """Central differences of a scalar function by one of its arrays."""
    base = np.array(arrays[position], np.float64)
    result = np.zeros(base.shape)
    for place in np.ndindex(base.shape):
        ends = []
        for sign in (1, -1):
            moved = base.copy()
            moved[place] += sign * STEP
            ends.append(function([*arrays[:position], moved, *arrays[position + 1 :]]))
        result[place] = (ends[0] - ends[1]) / (2 * STEP)
    return result


def comparable(name: str, gradient: Any) -> Any:
    return gradient + np.swapaxes(gradient, -1, -2) if name in SYMMETRIC else gradient


@pytest.mark.parametrize(("name", "operands", "params"), CASES)
def test_first_derivative(name: str, operands: list[Any], params: dict[str, Any]) -> None:
    op = Op.registry[name]
    nodes = leaves(op, operands)
    total = weighted(op, nodes, params)
    found = gradients(op, nodes, params, create=False)
    check([total, *(g for g in found if g is not None)])

    def value(arrays: list[Any]) -> float:
        return float(execute([weighted(op, leaves(op, arrays), params)])[0])

    wrt = [at for at, node in enumerate(nodes) if node.requires_grad]
    for at, gradient in zip(wrt, found, strict=True):
        expected = numeric(value, operands, at)
        got = np.zeros_like(expected) if gradient is None else execute([gradient])[0]
        got, expected = comparable(name, got), comparable(name, expected)
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("name", "operands", "params"), CASES)
def test_second_derivative(name: str, operands: list[Any], params: dict[str, Any]) -> None:
    op = Op.registry[name]
    wrt = [at for at, node in enumerate(leaves(op, operands)) if node.requires_grad]

    def slope(nodes: list[Node]) -> Node | None:
        """A weighted sum of all the first derivatives."""
        from autodiff_cli.ops.reduce import sum_

        total: Node | None = None
        for gradient in gradients(op, nodes, params, create=True):
            if gradient is None:
                continue
            product = gradient * constant(weights(gradient.shape))
            term = sum_(product, dim=None, keepdim=False, dtype=product.dtype)
            total = term if total is None else total + term
        return total

    def value(arrays: list[Any]) -> float:
        node = slope(leaves(op, arrays))
        return 0.0 if node is None else float(execute([node])[0])

    nodes = leaves(op, operands)
    total = slope(nodes)
    seconds: list[Node | None] = [None] * len(wrt)
    if total is not None and total.requires_grad:
        seconds = reverse([total], [constant(np.array(1.0))], [nodes[at] for at in wrt])
        check([second for second in seconds if second is not None])
    for at, second in zip(wrt, seconds, strict=True):
        expected = numeric(value, operands, at)
        got = np.zeros_like(expected) if second is None else execute([second])[0]
        got, expected = comparable(name, got), comparable(name, expected)
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", REFUSED)
def test_not_differentiable_says_so(name: str) -> None:
    op = Op.registry[name]
    x = leaf(np.array([1.0, 2.0]), requires_grad=True)
    y = op(x, 2.0)
    with pytest.raises(RuntimeFault, match="derivative for"):
        reverse([y], [constant(np.ones(2))], [x])
