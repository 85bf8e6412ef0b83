"""Operators remember what an operation decided, and never decide otherwise themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.errors import AutodiffError
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import Recording, changed
from autodiff_cli.ir.node import Node, constant, leaf, number
from autodiff_cli.ops.arithmetic import add, div, mul, sub

OPERATORS = {
    "__add__": (add, {"alpha": 1}),
    "__sub__": (sub, {"alpha": 1}),
    "__mul__": (mul, {}),
    "__truediv__": (div, {}),
}
NUMBERS = [2, 0, 0.5, 0.0, -0.0, float("nan"), float("inf"), True, 1 << 60, -3, 1e300]
SHAPES = [(), (1,), (3,), (2, 3), (2, 1), (4,), (0,)]
DTYPES = ["float32", "float64", "float16", "int64", "bool"]


@st.composite
def operands(draw: Any) -> Any:
    """A node of a value of any dtype and few dimensions; a number, by itself or as a node."""
    kind = draw(st.sampled_from(["array", "scalar", "number", "number node"]))
    if kind == "number":
        return draw(st.sampled_from(NUMBERS))
    if kind == "number node":
        return number(draw(st.sampled_from(NUMBERS[:-2])))
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(st.sampled_from(SHAPES)) if kind == "array" else ()
    value = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) - 1.5).astype(dtype)
    if draw(st.booleans()) and dtype.startswith("float"):
        node = leaf(value, requires_grad=True)
    else:
        node = constant(value)
    if kind == "scalar":
        node.value = value[()]
    return node


def outcome(apply: Any, a: Node, b: Any) -> tuple[Any, ...]:
    """All that there is to a node, or the error's words."""
    try:
        made: Node = apply(a, b)
    except AutodiffError as error:
        return type(error), str(error)
    value = made.value
    found = None if value is None else np.asarray(value).tobytes()
    ends = [o.dtype.name if o.op.name == "number" else id(o) for o in made.operands]
    return (made.op, made.params, made.shape, made.dtype, made.requires_grad, found, ends)


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(sorted(OPERATORS)),
    first=operands().filter(lambda x: isinstance(x, Node)),
    second=operands(),
    eager=st.booleans(),
    grad=st.booleans(),
    recorded=st.booleans(),
    default=st.sampled_from([dtypes.float32, dtypes.float64]),
)
def test_as_the_operation_itself(
    name: str, first: Any, second: Any, eager: bool, grad: bool, recorded: bool, default: Any
) -> None:
    op, params = OPERATORS[name]
    with (
        np.errstate(all="ignore"),
        changed(eager=eager, grad=grad, dtype=default, recording=Recording() if recorded else None),
    ):
        expected = outcome(lambda a, b: op(a, b, **params), first, second)
        for _ in range(3):  # learnt, kept, and with the number's node
            assert outcome(getattr(Node, name), first, second) == expected


def test_what_is_told_of_new_nodes_is_told_of_these() -> None:
    told: list[Node] = []
    x = leaf(np.float32(2), requires_grad=True)
    with changed(eager=True):
        _ = x * 3.0
        with changed(saving=(told.append,)):
            y = x * 3.0
    assert told == [y]
