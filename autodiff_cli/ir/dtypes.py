"""Element types and the reference's type promotion.

Source: torch/docs "Tensor Attributes", ATen/native/TypeProperties.cpp (`result_type`) and
c10/core/ScalarType.h (`promoteTypes`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

BOOL, INTEGER, FLOATING = 0, 1, 2  # categories, in promotion order


class DType:
    """An element type.

    Attributes:
        name: the reference's name, `float32` for `torch.float32`.
        numpy: the numpy dtype that stores it.
        category: BOOL, INTEGER or FLOATING.
        scalar_name: the name in the reference's error messages, such as `Float` or `Long`.
        c_name: the C++ name that a few of its messages use.
        numbers: nodes of Python's numbers for where it is the default; see `ir.node.known_number`.
    """

    __slots__ = (
        "c_name",
        "category",
        "is_floating",
        "name",
        "numbers",
        "numpy",
        "scalar_name",
    )

    def __init__(self, name: str, category: int, scalar_name: str, c_name: str) -> None:
        self.name = name
        self.numpy = np.dtype(name)
        self.category = category
        self.is_floating = category == FLOATING
        self.scalar_name = scalar_name
        self.c_name = c_name
        self.numbers: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(
        self,
    ) -> tuple[Any, ...]:  # there is one of each, in a class with the reference's name
        return _of_name, (self.name,)


bool_ = DType("bool", BOOL, "Bool", "bool")
uint8 = DType("uint8", INTEGER, "Byte", "unsigned char")
int8 = DType("int8", INTEGER, "Char", "signed char")
int16 = DType("int16", INTEGER, "Short", "short int")
int32 = DType("int32", INTEGER, "Int", "int")
int64 = DType("int64", INTEGER, "Long", "long int")
float16 = DType("float16", FLOATING, "Half", "c10::Half")
float32 = DType("float32", FLOATING, "Float", "float")
float64 = DType("float64", FLOATING, "Double", "double")

ALL = (bool_, uint8, int8, int16, int32, int64, float16, float32, float64)
BY_NUMPY = {dtype.numpy: dtype for dtype in ALL}
NAMES = {dtype.name: dtype for dtype in ALL} | {
    "half": float16,
    "float": float32,
    "double": float64,
    "short": int16,
    "int": int32,
    "long": int64,
}


def _of_name(name: str) -> DType:
    return NAMES[name]


def of(x: Any) -> DType:
    """The element type of a node or an array."""
    dtype: DType = BY_NUMPY.get(x.dtype, x.dtype)
    return dtype


def promote(a: DType, b: DType) -> DType:
    """The smallest dtype that holds both, as the reference defines it.

    >>> promote(int64, float16), promote(uint8, int8)
    (torch.float16, torch.int16)
    """
    if a is b:
        return a
    if a.category != b.category:
        return a if a.category > b.category else b
    return BY_NUMPY[np.promote_types(a.numpy, b.numpy)]


# How strongly an operand's dtype counts: dimensioned tensors first, then 0-dim ones, then numbers.
DIMENSIONED, ZERO_DIM, NUMBER = 0, 1, 2


@lru_cache(1024)
def result_type(operands: tuple[tuple[DType, int], ...]) -> DType:
    """The common dtype of operands given as (dtype, strength) pairs.

    A weaker operand only matters if its category is higher than that of every stronger one.

    >>> result_type(((int64, DIMENSIONED), (float32, NUMBER)))
    torch.float32
    >>> result_type(((float32, DIMENSIONED), (float64, ZERO_DIM)))
    torch.float32
    """
    best: list[DType | None] = [None, None, None]
    for dtype, strength in operands:
        held = best[strength]
        best[strength] = dtype if held is None else promote(held, dtype)
    result: DType | None = None
    for dtype_or_none in best:
        if dtype_or_none is not None and (
            result is None or dtype_or_none.category > result.category
        ):
            result = dtype_or_none
    assert result is not None, "result_type of no operands"
    return result
