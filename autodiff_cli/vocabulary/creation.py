"""Tensors from numbers: constants, ranges and random streams."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, TypeFault, ValueFault
from autodiff_cli.execute import force, item
from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.context import current, of_number
from autodiff_cli.ir.dtypes import BOOL, DType
from autodiff_cli.ir.node import (
    Array,
    Node,
    Number,
    Shape,
    constant,
    leaf,
)
from autodiff_cli.ir.room import check_elements
from autodiff_cli.ops import create
from autodiff_cli.random.rounding import fma
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import torch

OPTIONS = (
    "torch.dtype? dtype = None, torch.layout? layout = None, torch.device? device = None, "
    "bool? pin_memory = False, bool? requires_grad = False)"
)
OUT = f"*, Tensor out = None, {OPTIONS}"
LIKE = f"*, torch.memory_format? memory_format = None, {OPTIONS}"


def finished(node: Node, requires_grad: bool) -> Node:
    """The created tensor; as a leaf if it is to have a gradient."""
    if not requires_grad:
        return node
    if not node.dtype.is_floating:
        raise RuntimeFault("Only Tensors of floating point and complex dtype can require gradients")
    return leaf(force(node), requires_grad=True)


def checked(shape: Shape) -> Shape:
    for size in shape:
        if size < 0:
            raise RuntimeFault(
                f"Trying to create tensor with negative dimension {size}: {list(shape)}"
            )
    check_elements(shape)
    return shape


# ---- from data ----------------------------------------------------------------------------------


def tensor_from(data: Any, dtype: DType | None) -> Node:
    """`torch.tensor(data)`: nested lists of numbers and of one-element tensors.

    Raises:
        TypeFault, ValueFault: in the reference's words, for ragged lists and other values.
    """
    if isinstance(data, Node):
        array = force(data)
        return constant(np.array(array, None if dtype is None else dtype.numpy))  # a copy
    shape = _shape_of(data)
    kinds: set[DType] = set()
    plain = _plain(data, shape, 0, kinds)
    inferred = dtype
    if inferred is None:
        inferred = current().dtype if not kinds else None
        for kind in kinds:
            inferred = kind if inferred is None else dtypes.promote(inferred, kind)
    assert inferred is not None
    if inferred.is_floating:
        # through float64, as C converts a Python number
        array = np.array(plain, dtype=np.float64).astype(inferred.numpy)
    else:
        array = _integers_from(plain, inferred)
    return constant(array.reshape(shape))


def _integers_from(plain: Any, dtype: DType) -> Array:
    """Python numbers as integers, refused where they don't fit."""
    try:
        array = np.array(plain)
        if array.dtype.kind == "f":  # fractions are cut off
            fits = np.abs(array) < 2.0**63
            array = np.trunc(np.where(fits, array, 0)).astype(np.int64)
            if not fits.all():
                raise RuntimeFault(_overflow(dtype.name))
        elif array.dtype.kind not in "iub" or (array.size and array.max() > 2**63 - 1):
            raise OverflowError
    except OverflowError:
        raise ValueFault("Overflow when unpacking long long") from None
    if dtype.category == dtypes.INTEGER and array.size:
        low, high = _range_of(dtype)
        if array.min() < low or array.max() > high:
            raise RuntimeFault(_overflow(dtype.name))
    return array.astype(dtype.numpy)


def _overflow(name: str) -> str:
    return f"value cannot be converted to type {name} without overflow"


def _range_of(dtype: DType) -> tuple[int, int]:
    """What converts to an integer dtype; unsigned ones take negative numbers, modulo their range."""
    bounds = np.iinfo(dtype.numpy)
    return (int(bounds.min) or -int(bounds.max)), int(bounds.max)


SEQUENCES = (list, tuple, deque)


def _shape_of(data: Any) -> Shape:
    shape = []
    while isinstance(data, SEQUENCES):
        shape.append(len(data))
        if len(shape) > 64:
            raise RuntimeFault("only tensors with up to 64 dims are supported")
        if not data:
            break
        data = data[0]
    if isinstance(data, (Node, np.ndarray)) and data.ndim:
        shape += data.shape
    return tuple(shape)


def _plain(data: Any, shape: Shape, depth: int, kinds: set[DType]) -> Any:
    """The data as nested lists of numbers, checked against `shape`."""
    if depth == len(shape):
        return _scalar(data, kinds)
    if isinstance(data, (Node, np.ndarray)):
        if isinstance(data, np.ndarray):
            kinds.add(_dtype_of(data))
        elif data.numel != 1:
            raise ValueFault("only one element tensors can be converted to Python scalars")
        else:
            kinds.add(data.dtype)
        if data.shape != shape[depth:]:
            raise ValueFault(
                f"expected sequence of length {shape[depth]} at dim {depth} "
                f"(got {data.shape[0] if data.ndim else 0})"
            )
        return (data if isinstance(data, np.ndarray) else force(data)).tolist()
    if not isinstance(data, SEQUENCES):
        raise TypeFault("not a sequence")
    if len(data) != shape[depth]:
        raise ValueFault(
            f"expected sequence of length {shape[depth]} at dim {depth} (got {len(data)})",
            hint="rows of one tensor have the same length: [[1, 2], [3, 4]]",
        )
    if depth + 1 == len(shape):
        return [_scalar(entry, kinds) for entry in data]
    return [_plain(entry, shape, depth + 1, kinds) for entry in data]


def _dtype_of(array: Array) -> DType:
    found = dtypes.BY_NUMPY.get(array.dtype)
    if found is None:
        raise ValueFault(f"too many dimensions '{type_name(array.flat[0]) if array.size else ''}'")
    return found


def _scalar(value: Any, kinds: set[DType]) -> Number:
    if isinstance(value, (bool, int, float)):
        kinds.add(of_number(value))
        return value
    if isinstance(value, Node):
        if value.numel != 1:
            raise ValueFault("only one element tensors can be converted to Python scalars")
        kinds.add(value.dtype)
        return force(value).item()  # type: ignore[no-any-return]
    if isinstance(value, np.ndarray):
        if value.ndim:
            raise TypeFault("only 0-dimensional arrays can be converted to Python scalars")
        kinds.add(_dtype_of(value))
        return value.item()  # type: ignore[no-any-return]
    if isinstance(value, str):
        raise TypeFault("new(): invalid data type 'str'")
    if isinstance(value, (list, tuple)):
        raise TypeFault(f"'{type_name(value)}' object cannot be interpreted as an integer")
    raise RuntimeFault(f"Could not infer dtype of {type_name(value)}")


@torch(
    "tensor(object data, *, torch.dtype? dtype = None, torch.device? device = None, "
    "bool pin_memory = False, bool requires_grad = False)",
    only="function",
)
def tensor(data: Any, dtype: DType | None, requires_grad: bool) -> Node:
    return finished(tensor_from(data, dtype), requires_grad)


@torch(
    "as_tensor(object data, *, torch.dtype? dtype = None, torch.device? device = None)",
    only="function",
)
def as_tensor(data: Any, dtype: DType | None) -> Node:
    if isinstance(data, Node) and dtype in (None, data.dtype):
        return data
    return tensor_from(data, dtype)


# ---- filled -------------------------------------------------------------------------------------


def _filled(shape: Shape, value: Number, dtype: DType | None, requires_grad: bool) -> Node:
    wanted = dtype or current().dtype
    check_fits(value, wanted)
    return finished(create.full(shape=checked(shape), value=value, dtype=wanted), requires_grad)


def check_fits(value: Number, dtype: DType) -> None:
    """Refuse a number that overflows the dtype; infinities and nan are numbers of every float."""
    if dtype.category == dtypes.INTEGER:
        low, high = _range_of(dtype)
        fits = low <= value <= high
        name = f"{dtype.name}_t"
    elif dtype.is_floating and math.isfinite(value):
        fits = abs(value) <= float(np.finfo(dtype.numpy).max)
        name = dtype.c_name
    else:
        return
    if not fits:
        raise RuntimeFault(_overflow(name))


@torch(f"ones(tuple of ints size, {OUT}", only="function")
def ones(size: Shape, dtype: DType | None, requires_grad: bool) -> Node:
    return _filled(size, 1, dtype, requires_grad)


@torch(f"zeros(tuple of ints size, {OUT}", f"empty(tuple of ints size, {OUT}", only="function")
def zeros(size: Shape, dtype: DType | None, requires_grad: bool) -> Node:
    if any(n < 0 for n in size):
        raise RuntimeFault("zeros: Dimension size must be non-negative.")
    return _filled(size, 0, dtype, requires_grad)


@torch(f"full(tuple of ints size, Number fill_value, {OUT}", only="function")
def full(size: Shape, fill_value: Number, dtype: DType | None, requires_grad: bool) -> Node:
    return _filled(size, fill_value, dtype or of_number(fill_value), requires_grad)


@torch(f"full_like(Tensor input, Number fill_value, {LIKE}", only="function")
def full_like(input: Node, fill_value: Number, dtype: DType | None, requires_grad: bool) -> Node:
    node = _filled(input.shape, fill_value, dtype or input.dtype, requires_grad)
    strides = [(input.shape, layout.strides_of(input))]
    node.strides = layout.elementwise_strides(input.shape, strides)
    return node


@torch(f"ones_like(Tensor input, {LIKE}", only="function")
def ones_like(input: Node, dtype: DType | None, requires_grad: bool) -> Node:
    return full_like(input, 1, dtype, requires_grad)


@torch(f"zeros_like(Tensor input, {LIKE}", f"empty_like(Tensor input, {LIKE}", only="function")
def zeros_like(input: Node, dtype: DType | None, requires_grad: bool) -> Node:
    return full_like(input, 0, dtype, requires_grad)


@torch(f"eye(SymInt n, {OUT}", f"eye(SymInt n, SymInt m, {OUT}", only="function")
def eye(n: int, dtype: DType | None, requires_grad: bool, m: int | None = None) -> Node:
    m = n if m is None else m
    for size, name in ((n, "n"), (m, "m")):
        if size < 0:
            raise RuntimeFault(f"{name} must be greater or equal to 0, got {size}")
    return finished(create.eye(n=n, m=m, dtype=dtype or current().dtype), requires_grad)


# ---- ranges -------------------------------------------------------------------------------------


@torch(
    f"arange(Number end, {OUT}",
    f"arange(Number start, Number end, *, {OPTIONS}",
    f"arange(Number start, Number end, Number step = 1, {OUT}",
    only="function",
)
def arange(
    end: Number, dtype: DType | None, requires_grad: bool, start: Number = 0, step: Number = 1
) -> Node:
    if dtype is None:
        integers = all(isinstance(bound, int) for bound in (start, end, step))
        dtype = dtypes.int64 if integers else current().dtype
    if not step > 0 and not step < 0:
        raise RuntimeFault("step must be nonzero")
    if dtype.category == BOOL:
        raise NotImplementedFault("\"arange_cpu\" not implemented for 'Bool'")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeFault(f"unsupported range: {start:g} -> {end:g}")
    if (step > 0) != (end >= start) and end != start:
        raise RuntimeFault("upper bound and lower bound inconsistent with step sign")
    if dtype is dtypes.int64:
        start, end, step = int(start), int(end), int(step)
        if not step:
            raise RuntimeFault("step must be nonzero")
        count = max(0, -((start - end) // step))
    else:
        count = max(0, math.ceil((end - start) / step))
    checked((count,))
    places = np.arange(count)
    if dtype.is_floating:
        array = _range(start, step, places, dtype)
    else:
        array = (int(start) + places * int(step)).astype(dtype.numpy)
    return finished(constant(array), requires_grad)


def _range(start: Number, step: Number, places: Array, dtype: DType) -> Array:
    """start + step i for each place i, in the reference's blocks, whose last digits it shows.

    Its kernel fills blocks of as many elements as a register of 256 bits has, each from its first, which is
    rounded, by a fused product and sum; what doesn't fill two such blocks is computed one by one.
    """
    if dtype.name == "float16":
        return (start + places.astype(np.float32) * step).astype(dtype.numpy)
    block = 32 // dtype.numpy.itemsize
    full = len(places) - len(places) % (2 * block)
    found = fma(places.astype(np.float64), float(step), float(start)).astype(dtype.numpy)
    blocks = found[:full].reshape(-1, block)
    blocks[:] = fma(
        np.arange(block, dtype=np.float64), float(step), blocks[:, :1].astype(np.float64)
    )
    return found


def ends_of(
    name: str, start: Node | Number, end: Node | Number, steps: int
) -> tuple[Number, Number]:
    """The first and the last number of a range of so many.

    Raises:
        RuntimeFault: one is no number, or there can't be so many.
    """
    wide = [
        f"{which} with {bound.ndim} dimension(s)"
        for which, bound in (("start", start), ("end", end))
        if isinstance(bound, Node) and bound.ndim
    ]
    if wide:
        raise RuntimeFault(
            f"{name} only supports 0-dimensional start and end tensors, but got {' and '.join(wide)}."
        )
    if steps < 0:
        raise RuntimeFault("number of steps must be non-negative")
    checked((steps,))
    first, last = (item(bound) if isinstance(bound, Node) else bound for bound in (start, end))
    return first, last


@torch(
    f"linspace(Tensor start, Tensor end, int steps, {OUT}",
    f"linspace(Number start, Tensor end, int steps, {OUT}",
    f"linspace(Tensor start, Number end, int steps, {OUT}",
    f"linspace(Number start, Number end, int steps, {OUT}",
    only="function",
)
def linspace(
    start: Node | Number, end: Node | Number, steps: int, dtype: DType | None, requires_grad: bool
) -> Node:
    first, last = ends_of("linspace", start, end, steps)
    dtype = dtype or current().dtype
    for bound in (first, last):
        check_fits(bound, dtype)
    if dtype.category == BOOL:
        raise NotImplementedFault("\"linspace_cpu\" not implemented for 'Bool'")
    if not dtype.is_floating:
        first, last = int(first), int(last)
    return finished(constant(_linspace(first, last, steps, dtype)), requires_grad)


def _linspace(start: Number, end: Number, steps: int, dtype: DType) -> Array:
    """From both ends to the middle, which keeps the last element exact (RangeFactoriesKernel.cpp)."""
    if steps == 1:
        return np.array([start]).astype(dtype.numpy)
    narrow = np.dtype(np.float64 if dtype.name == "float64" else np.float32)
    low, high = np.asarray(start, narrow), np.asarray(end, narrow)
    step = (high - low) / np.asarray(max(steps - 1, 1), narrow)
    # The reference's product and sum are one operation (fma): wider, and rounded once.
    wide = np.dtype(np.longdouble if dtype.name == "float64" else np.float64)
    low, high, step = (np.asarray(value, wide) for value in (low, high, step))
    places = np.arange(steps)
    rising = low + step * places.astype(wide)
    falling = high - step * (steps - places - 1).astype(wide)
    return np.where(places < steps // 2, rising, falling).astype(narrow).astype(dtype.numpy)
