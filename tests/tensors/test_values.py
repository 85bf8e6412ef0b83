"""Rules on bare values give what they give on nodes, to the bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from samples import SAMPLES

from autodiff_cli import ops  # noqa: F401  (declares the operations)
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Node, Op, constant, leaf
from autodiff_cli.ops.arithmetic import add, mul
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.tensors.engine import differentiate
from autodiff_cli.tensors.values import suits, value_rules

ON_VALUES = sorted(name for name, op in Op.registry.items() if value_rules(op))
DTYPES = (np.float32, np.float64)
CASES = [
    pytest.param(Op.registry[name], operands, params, id=f"{name}-{number}")
    for name in ON_VALUES
    for number, (operands, params) in enumerate(SAMPLES[name])
]


@pytest.fixture(autouse=True)
def _eager() -> Iterator[None]:
    with changed(eager=True):
        yield


def flows(y: Node, operands: list[Node], g: Any, bare: bool) -> list[Node | None]:
    """The gradients of the operands, on bare values or on nodes."""
    seed = constant(g)
    if bare:
        return differentiate([(y, seed)], retain_graph=True, create_graph=False, targets=operands)
    # a graph of the gradients is made of nodes alone
    return differentiate([(y, seed)], retain_graph=True, create_graph=True, targets=operands)


def numbers(array: Any) -> list[Any]:
    """An operand as an array of each kind that programs have: of a few dimensions, of none, a number."""
    return [array, np.asarray(array).reshape(-1)[:1].reshape(()), np.asarray(array).reshape(-1)[0]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", range(3))
@pytest.mark.parametrize(("op", "operands", "params"), CASES)
def test_same_bits(
    op: Op, operands: list[Any], params: dict[str, Any], form: int, dtype: type
) -> None:
    with np.errstate(all="ignore"):
        given = [leaf(numbers(np.asarray(a, dtype))[form], requires_grad=True) for a in operands]
        y = op(*given, **params)
        assert suits(y, value_rules(op))  # type: ignore[arg-type]
        g = np.cos(np.arange(1, y.numel + 1)).reshape(y.shape).astype(dtype)
        for one, other in zip(flows(y, given, g, True), flows(y, given, g, False), strict=True):
            if one is None or other is None:  # a mask
                assert one is other
                continue
            assert (one.shape, one.dtype) == (other.shape, other.dtype)
            a, b = np.asarray(one.value), np.asarray(other.value)
            assert a.shape == b.shape == one.shape and a.dtype == b.dtype == dtype
            assert a.tobytes() == b.tobytes()


def test_most_elementwise_operations() -> None:
    """Those that programs use most must not fall back to nodes unseen."""
    usual = "add sub rsub mul div neg exp log sqrt sin cos tanh sigmoid relu abs pow_number".split()
    assert set(usual) <= set(ON_VALUES)


def test_a_rule_of_other_things_is_not_taken() -> None:
    shaped = Elementwise("test_shaped", np.add, vjps=(lambda g, y, a: g * a.ndim,))
    closed = 2.0
    enclosing = Elementwise("test_closed", np.add, vjps=(lambda g, y, a: g * closed,))
    try:
        assert value_rules(shaped) is None and value_rules(enclosing) is None
    finally:
        del Op.registry["test_shaped"], Op.registry["test_closed"]


def test_mixed_dtypes_and_numbers() -> None:
    x = leaf(np.float32(2), requires_grad=True)
    rules = value_rules(mul)
    assert rules is not None
    assert suits(mul(x, 3.0), rules)
    assert not suits(mul(x, leaf(np.ones(2), requires_grad=True)), rules)
    assert not suits(add(leaf(np.float16(1), requires_grad=True), 1, alpha=1), rules)
