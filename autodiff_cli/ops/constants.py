"""What is known of nodes before anything is computed: for the passes over a graph, which see no arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.errors import PYTHON_FAULTS, AutodiffError
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import CONSTANT, NO_PARAMS, NUMBER, Array, Node, Number, Shape
from autodiff_cli.ops.create import full
from autodiff_cli.ops.summation import GRAIN

MAX_ELEMENTS = 1 << 16  # of a result that is computed ahead, and of what it is computed from
FAULTS: tuple[type[Exception], ...] = (AutodiffError, *PYTHON_FAULTS)
MANTISSA = {"float16": 11, "float32": 24, "float64": 53}


def splat(node: Node) -> Number | None:
    """The number that every element of a node is, if that can be seen without computing.

    >>> from autodiff_cli.ir import dtypes
    >>> splat(full(shape=(2, 3), value=0.5, dtype=dtypes.float32))
    0.5
    """
    op = node.op
    value: Any = None
    if op is NUMBER:
        value = node.value
    elif op is full:
        value = node.params["value"]
        if node.dtype.is_floating:
            value = rounded(value, node.dtype)
    elif op is CONSTANT and not node.shape:
        value = node.value.item()  # type: ignore[union-attr]
    number: Number | None = value
    return number


def rounded(value: Number, dtype: DType) -> float:
    """A number as `dtype` holds it."""
    with np.errstate(all="ignore"):
        return float(np.asarray(value).astype(dtype.numpy))


def filled(shape: Shape, value: Number, dtype: DType) -> Node:
    """A tensor of one number; without dimensions, one that has its value."""
    if shape:
        return Node(full, (), {"shape": shape, "value": value, "dtype": dtype}, shape, dtype)
    with np.errstate(over="ignore"):  # infinite in the dtype
        array = np.asarray(value).astype(dtype.numpy)
    return Node(CONSTANT, (), NO_PARAMS, (), dtype, value=array)


def known(node: Node) -> Array | Number | None:
    """A node's array, if it is a small constant."""
    if node.op is NUMBER:
        return node.value
    if node.numel > MAX_ELEMENTS:
        return None
    if node.op is CONSTANT:
        return node.value
    return computed(node, []) if node.op is full else None


def computed(node: Node, arrays: list[Any]) -> Array | None:
    """A node's array from its operands'; None where the operation fails, which its execution will say."""
    try:
        with np.errstate(all="ignore"):
            result = node.op.evaluate(node, arrays)
            return np.asarray(result).astype(node.dtype.numpy, copy=False)
    except FAULTS:
        return None


def computed_of_splats(node: Node) -> Number | None:
    """The one number in an elementwise operation's result, if each operand is one number."""
    arrays = []
    for operand in node.operands:
        value = splat(operand)
        if value is None:
            return None
        arrays.append(
            value if operand.op is NUMBER else np.asarray(value).astype(operand.dtype.numpy)
        )
    result = computed(node, arrays)
    if result is None or result.shape:
        return None
    number: Number = result.item()
    return number


def sum_of_splat(value: Number, count: int, size: int, dtype: DType) -> float | None:
    """`count` times a number, if adding it up in any order rounds to the same.

    Args:
        value: the number; one that `dtype` holds.
        count: how often it is added.
        size: of the tensor it is taken from, which decides in what precision sums are accumulated.
        dtype: of the sum.
    """
    if not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0) or count < 1:
        return None
    wide = size >= GRAIN or dtype.name == "float16"
    precision = MANTISSA["float64" if wide else dtype.name]
    mantissa = abs(math.frexp(value)[0])
    digits = 0
    while mantissa != int(mantissa):
        mantissa *= 2
        digits += 1
    # Every partial sum is an integer multiple of the last digit: it has at most this many digits.
    if digits + (count - 1).bit_length() > precision:
        return None
    whole = rounded(float(value) * count, dtype)
    return whole if math.isfinite(whole) else None


def exact_product(a: float, b: float, dtype: DType) -> float | None:
    """a*b, if `dtype` holds it exactly as a normal number."""
    product = a * b
    smallest = float(np.finfo(dtype.numpy).smallest_normal)
    if not smallest <= abs(product) < math.inf or rounded(product, dtype) != product:
        return None
    (n, d), (p, q), (r, s) = a.as_integer_ratio(), b.as_integer_ratio(), product.as_integer_ratio()
    return product if n * p * s == r * d * q else None


def inverse_of_power(value: Number, dtype: DType) -> float | None:
    """1/value, for a power of two, if `dtype` holds both: dividing by it is multiplying by that."""
    if type(value) is not int and type(value) is not float:
        return None
    value = float(value)
    if not math.isfinite(value) or abs(math.frexp(value)[0]) != 0.5:
        return None
    inverse = 1 / value if rounded(value, dtype) == value else 0.0
    return inverse if inverse and rounded(inverse, dtype) == inverse else None
