"""Every primitive's batch rule against a loop over the rows, and its tangents against its gradients.

The cases are the samples of the derivatives' tests.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from samples import CUBE, A
from test_derivatives import CASES, leaves, weighted, weights

from autodiff_cli.execute import execute
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.legality import check
from autodiff_cli.ir.node import INPUT, Node, Op, constant, leaf
from autodiff_cli.ops.batching import rule_of
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.transform.batch import batched
from autodiff_cli.transform.forward import forward
from autodiff_cli.transform.reverse import reverse

SIZE = 3

# Operands that say which sign: they have only two values.
TARGETS = {1: ("soft_margin_loss",)}
PRECISE: dict[str, Any] = {"rtol": 1e-7, "atol": 1e-9}


def varied(name: str, array: Any, position: int) -> np.ndarray[Any, Any]:
    """Rows of a sample, the first the sample itself, inside the operation's domain."""
    own = np.asarray(array)
    if own.dtype.kind != "f":
        return np.stack([own, np.flip(own), own])
    if name in TARGETS.get(position, ()):
        return np.stack([own] * SIZE)
    return np.stack([own, own * 0.97, own * 0.94])


def subsets(count: int) -> list[tuple[bool, ...]]:
    """Which of some operands have rows: at least one of them."""
    return list(itertools.product((False, True), repeat=count))[1:]


def single(op: Op, nodes: list[Node], params: dict[str, Any]) -> list[Node]:
    """The value, and the gradients by the operands that have one."""
    y = op(*nodes, **params)
    wrt = [node for node in nodes if node.requires_grad]
    found: list[Node | None] = []
    if y.requires_grad:
        found = reverse([y], [constant(weights(y.shape), y.dtype)], wrt)
    return [y, *(g for g in found if g is not None)]


@pytest.mark.parametrize(("name", "operands", "params"), CASES)
def test_batched_is_a_loop(name: str, operands: list[Any], params: dict[str, Any]) -> None:
    op = Op.registry[name]
    rows = [varied(name, array, at) for at, array in enumerate(operands)]
    nodes = leaves(op, operands)
    outputs = single(op, nodes, params)
    for flags in subsets(len(operands)) if len(operands) < 4 else [(True,) * len(operands)]:
        inputs = [node for node, flag in zip(nodes, flags, strict=True) if flag]
        given = [constant(own) for own, flag in zip(rows, flags, strict=True) if flag]
        found = batched(outputs, inputs, given)
        check(found)
        got = execute(found)
        for row in range(SIZE):
            arrays = [
                own[row] if flag else array
                for own, array, flag in zip(rows, operands, flags, strict=True)
            ]
            expected = execute(single(op, leaves(op, arrays), params))
            for whole, part in zip(got, expected, strict=True):
                np.testing.assert_allclose(whole[row], part, **PRECISE)


@pytest.mark.parametrize(("name", "operands", "params"), CASES)
def test_rows_of_rows(name: str, operands: list[Any], params: dict[str, Any]) -> None:
    op = Op.registry[name]
    nodes = leaves(op, operands)
    rows = [varied(name, array, at) for at, array in enumerate(operands)]
    y = op(*nodes, **params)
    inner = [constant(own) for own in rows]
    (once,) = batched([y], nodes, inner)
    twice = [constant(np.stack([own, own[::-1]])) for own in rows]
    (found,) = batched([once], inner, twice)
    check([found])
    expected = execute([once])[0]
    got = execute([found])[0]
    np.testing.assert_allclose(got[0], expected, **PRECISE)
    np.testing.assert_allclose(got[1], expected[::-1], **PRECISE)


@pytest.mark.parametrize(("name", "operands", "params"), CASES)
def test_gradients_go_through_batches(
    name: str, operands: list[Any], params: dict[str, Any]
) -> None:
    """The gradient by the rows is the batch of the gradient."""
    op = Op.registry[name]
    nodes = leaves(op, operands)
    wrt = [at for at, node in enumerate(nodes) if node.requires_grad]
    total = weighted(op, nodes, params)
    if not total.requires_grad:
        return
    rows = [
        leaf(varied(name, array, at), requires_grad=nodes[at].requires_grad)
        for at, array in enumerate(operands)
    ]
    (totals,) = batched([total], nodes, rows)
    of_batch = reverse([totals], [constant(np.ones(SIZE))], [rows[at] for at in wrt])
    single_gradients = reverse([total], [constant(np.array(1.0))], [nodes[at] for at in wrt])
    for at, got, gradient in zip(wrt, of_batch, single_gradients, strict=True):
        none = np.zeros(rows[at].shape)
        expected = none if gradient is None else execute(batched([gradient], nodes, rows))[0]
        np.testing.assert_allclose(none if got is None else execute([got])[0], expected, **PRECISE)


@pytest.mark.parametrize(("name", "operands", "params"), CASES)
def test_forward_is_reverse_transposed(
    name: str, operands: list[Any], params: dict[str, Any]
) -> None:
    """w . (J t) = (J^T w) . t, for tangents of all operands and of each alone."""
    op = Op.registry[name]
    nodes = leaves(op, operands)
    wrt = [node for node in nodes if node.requires_grad]
    y = op(*nodes, **params)
    if not y.requires_grad:
        return
    w = weights(y.shape)
    gradients = reverse([y], [constant(w, y.dtype)], wrt)
    for flags in subsets(len(wrt)):
        primals = [node for node, flag in zip(wrt, flags, strict=True) if flag]
        tangents = [np.sin(1.0 + np.arange(node.numel)).reshape(node.shape) for node in primals]
        (tangent,) = forward([y], primals, [constant(t) for t in tangents])
        expected = 0.0
        for node, t in zip(primals, tangents, strict=True):
            gradient = gradients[wrt.index(node)]
            if gradient is not None:
                expected += float(np.sum(execute([gradient])[0] * t))
        if tangent is None:
            assert expected == 0
            continue
        check([tangent])
        assert (tangent.shape, tangent.dtype) == (y.shape, y.dtype)
        got = float(np.sum(execute([tangent])[0] * w))
        np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-9)


# ---- operations without a derivative ------------------------------------------------------------

POOL: dict[str, Any] = {
    "kernel": (2, 2),
    "stride": (1, 1),
    "padding": (0, 0),
    "dilation": (1, 1),
    "ceil": False,
}
ORDERED: list[tuple[list[Any], dict[str, Any]]] = [
    ([A], {"dim": None, "keepdim": False}),
    ([A], {"dim": (1,), "keepdim": False}),
]
MORE_SAMPLES: dict[str, list[tuple[list[Any], dict[str, Any]]]] = {
    "argmax": [*ORDERED, ([np.array(2.0)], {"dim": (0,), "keepdim": False})],
    "argmin": ORDERED,
    "any": ORDERED,
    "all": ORDERED,
    "count_nonzero": ORDERED,
    "max_pool_index": [([CUBE], POOL), ([CUBE], POOL | {"stride": (2, 3), "ceil": True})],
    "lu_pivots": [([CUBE], {}), ([A], {})],
    "pivot_matrix": [([np.array([1, 1])], {"size": 3, "dtype": dtypes.float64})],
    "max_place": [([CUBE, np.array([[[0, 1], [1, 2]]]), np.array([[[0, 1, 2], [3, 3, 3]]])], {})],
    "argsort": [([A], {"dim": 1, "descending": down}) for down in (False, True)],
    "argkth": [([A], {"dim": 0, "rank": 1})],
    "argmedian": [([A], {"dim": 1, "skip_nan": False})],
    "argmode": [([A], {"dim": 1})],
    "argcummax": [([CUBE], {"dim": 2}), ([np.array(2.0)], {"dim": 0})],
    "argcummin": [([CUBE], {"dim": 0})],
}


def without_derivative() -> list[str]:
    return sorted(
        name
        for name, op in Op.registry.items()
        if op.batch and not op.vjps and not isinstance(op, Elementwise) and op is not INPUT
    )


@pytest.mark.parametrize("name", without_derivative())
def test_without_a_derivative(name: str) -> None:
    for operands, params in MORE_SAMPLES[name]:
        x, *others = nodes = [constant(array) for array in operands]
        y = Op.registry[name](*nodes, **params)
        rows = np.stack([operands[0], -operands[0], operands[0] * operands[0]])
        (got,) = execute(batched([y], [x], [constant(rows)]))
        for row, found in zip(rows, got, strict=True):
            (expected,) = execute([Op.registry[name](constant(row), *others, **params)])
            np.testing.assert_array_equal(found, expected)


def test_all_rules_exist() -> None:
    for op in Op.registry.values():
        assert (rule_of(op) is None) == (not op.batch), op
