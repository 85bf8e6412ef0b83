"""What is asked of seeds, dtypes and bounds, in the words of the reference's errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, ValueFault

if TYPE_CHECKING:
    DType: TypeAlias = np.dtype[np.generic] | type[np.generic]
    Shape: TypeAlias = tuple[int, ...]

# dtype -> the names of the reference's errors: of a missing kernel, of a value out of bounds
NAMES = {
    "bool": ("Bool", "bool"), "uint8": ("Byte", "unsigned char"), "int8": ("Char", "signed char"),
    "int16": ("Short", "short int"), "int32": ("Int", "int"), "int64": ("Long", "long int"),
    "float16": ("Half", "c10::Half"), "float32": ("Float", "float"),
    "float64": ("Double", "double"), "uint16": ("UInt16", "short unsigned int"),
    "uint32": ("UInt32", "unsigned int"), "uint64": ("UInt64", "long unsigned int"),
    "complex64": ("ComplexFloat", ""), "complex128": ("ComplexDouble", ""),
}  # fmt: skip
_DISPATCHED = tuple(NAMES)[:9]  # what AT_DISPATCH_ALL_TYPES_AND3 covers


def checked_seed(seed: Any) -> int:
    """A seed, as the reference reads it: from 0 to 2**64 - 1, the negative ones counted from the end.

    Raises:
        RuntimeFault: it is no integer.
        ValueFault: it is out of range.

    >>> checked_seed(-1) == 2**64 - 1
    True
    """
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        raise RuntimeFault(f"manual_seed expected a long, but got {type(seed).__name__}")
    if not -(2**63) <= seed < 2**64:
        raise ValueFault("Overflow when unpacking long long")
    return int(seed) % 2**64


def check(condition: bool | np.bool, message: str) -> None:
    if not condition:
        raise RuntimeFault(message)


def dispatch(kernel: str, dtype: DType, kinds: str = "f") -> np.dtype[np.generic]:
    dtype = np.dtype(dtype)
    if dtype.kind not in kinds or dtype.name not in _DISPATCHED:
        raise NotImplementedFault(f"\"{kernel}\" not implemented for '{NAMES[dtype.name][0]}'")
    return dtype


def continuous(name: str, dtype: DType, spelling: int = 1) -> np.dtype[np.generic]:
    dtype = np.dtype(dtype)
    wrong = f"dtype must be a floating point but you specified {NAMES[dtype.name][spelling]}"
    check(
        dtype.kind == "f",
        f"{name} distribution is a continuous probability distribution. {wrong}",
    )
    return dtype


def numel(shape: Shape) -> int:
    for size in shape:
        dims = ", ".join(map(str, shape))
        check(size >= 0, f"Trying to create tensor with negative dimension {size}: [{dims}]")
    return math.prod(shape)


def bounds(dtype: np.dtype[np.generic]) -> tuple[int, int]:
    if dtype.kind == "b":
        return 0, 1
    limits = np.finfo(dtype.name) if dtype.kind == "f" else np.iinfo(dtype.name)
    return int(limits.min), int(limits.max)


def digits(dtype: np.dtype[np.generic]) -> int:
    return np.finfo(dtype.name).nmant + 1
