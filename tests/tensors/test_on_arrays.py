"""Rules that are declared to run on arrays give what they give on nodes, to the bit."""

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
from autodiff_cli.ops.kinds import Elementwise, Shaped
from autodiff_cli.tensors.engine import arrays_of, differentiate

DTYPES = (np.float32, np.float64)
FORMS = ("without dimensions", "numpy's")
CASES = [
    pytest.param(op, operands, params, id=f"{name}-{number}")
    for name, op in sorted(Op.registry.items())
    if op.on_arrays and op.vjps
    for number, (operands, params) in enumerate(SAMPLES.get(name, ()))
]
OF_ELEMENTS = [case for case in CASES if isinstance(case.values[0], Elementwise)]
OF_TWO = [case for case in OF_ELEMENTS if len(case.values[1]) == 2]  # type: ignore[arg-type]


PLAIN = [kind.evaluate for kind in (Op, Elementwise, Shaped)]


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Programs' way; an operation whose kernel isn't all of it must not meet arrays."""
    apply = Op._of_numbers

    def checked(op: Op, operands: Any, params: Any) -> Any:
        result = apply(op, operands, params)
        assert type(result) is Node or type(op).evaluate in PLAIN
        return result

    monkeypatch.setattr(Op, "_of_numbers", checked)
    with changed(eager=True):
        yield


def flows(y: Node, operands: list[Node], g: Any, on_arrays: bool) -> list[Node | None]:
    """The gradients of the operands, by rules on arrays or on nodes."""
    seed = constant(g)
    if on_arrays:
        return differentiate([(y, seed)], retain_graph=True, create_graph=False, targets=operands)
    # a graph of the gradients is made of nodes alone
    return differentiate([(y, seed)], retain_graph=True, create_graph=True, targets=operands)


def formed(op: Op, array: Any, form: str, dtype: type) -> Node:
    """An operand: as it is, its first number as an array without dimensions, or as numpy's number."""
    array = np.asarray(array)
    if array.dtype.kind != "f" and not isinstance(op, Elementwise):
        return constant(array)
    array = array.astype(dtype)
    if form:
        array = array.reshape(-1)[:1].reshape(())
    return leaf(array[()] if form == "numpy's" else array, requires_grad=True)


def check(op: Op, given: list[Any], params: dict[str, Any], dtype: type) -> None:
    y = op(*given, **params)
    if not y.requires_grad or y.dtype.numpy != dtype:  # sums may have a dtype of their own
        return
    assert arrays_of(y) is not None
    targets = [operand for operand in y.operands if operand.requires_grad]
    g = np.cos(np.arange(1, y.numel + 1)).reshape(y.shape).astype(dtype)
    for one, other in zip(flows(y, targets, g, True), flows(y, targets, g, False), strict=True):
        if one is None or other is None:  # a mask
            assert one is other
            continue
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        a, b = np.asarray(one.value), np.asarray(other.value)
        assert a.shape == b.shape == one.shape and a.dtype == b.dtype == dtype
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("op", "operands", "params"), CASES)
def test_same_bits(op: Op, operands: list[Any], params: dict[str, Any], dtype: type) -> None:
    with np.errstate(all="ignore"):
        check(op, [formed(op, array, "", dtype) for array in operands], params, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("op", "operands", "params"), OF_ELEMENTS)
def test_same_bits_of_single_numbers(
    op: Op, operands: list[Any], params: dict[str, Any], form: str, dtype: type
) -> None:
    with np.errstate(all="ignore"):
        check(op, [formed(op, array, form, dtype) for array in operands], params, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("op", "operands", "params"), OF_TWO)
def test_same_bits_beside_a_number(
    op: Op, operands: list[Any], params: dict[str, Any], dtype: type
) -> None:
    first = formed(op, operands[0], "", dtype)
    with np.errstate(all="ignore"):
        for other in (float(np.asarray(operands[1]).flat[0]), 2):
            check(op, [first, other], params, dtype)


def test_operations_that_programs_use_most() -> None:
    """They must not fall back to nodes unseen."""
    usual = """add sub rsub mul div neg exp log sqrt sin cos tanh sigmoid relu abs pow_number mm addmm sum
    mean mse_loss t expand view select""".split()
    assert [name for name in usual if not Op.registry[name].on_arrays] == []


def test_mixed_dtypes_and_numbers() -> None:
    x = leaf(np.float32(2), requires_grad=True)
    assert arrays_of(mul(x, 3.0)) == [2, 3]
    assert arrays_of(mul(x, leaf(np.ones(2), requires_grad=True))) is None
    assert arrays_of(mul(x, constant(np.ones(2, np.int64)))) is None
    assert arrays_of(add(leaf(np.float16(1), requires_grad=True), 1, alpha=1)) is None
