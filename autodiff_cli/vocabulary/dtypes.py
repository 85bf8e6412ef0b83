"""What dtypes, devices and tensors tell about themselves, and tensors made like another."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import current, of_number
from autodiff_cli.ir.dtypes import BOOL, DType
from autodiff_cli.ir.layout import strides_of
from autodiff_cli.ir.node import Node, Number, Shape, constant
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import python, torch
from autodiff_cli.vocabulary.calls.signature import Overloads
from autodiff_cli.vocabulary.calls.values import Device, Finfo, Iinfo
from autodiff_cli.vocabulary.creation import (
    OPTIONS,
    OUT,
    check_fits,
    ends_of,
    finished,
    full,
    tensor_from,
)


@python("device")
def device(type: str | Device, index: int | None = None) -> Device:
    if isinstance(type, Device):
        return type
    if not isinstance(type, str):
        raise RuntimeFault("Cannot access accelerator device when none is available.")
    return Device.of(type, index)


@torch("get_device(Tensor input)")
def get_device(input: Node) -> int:
    return -1


@torch("is_complex(Tensor input)")
def is_complex(input: Node) -> bool:
    return False


@torch("is_signed(Tensor input)")
def is_signed(input: Node) -> bool:
    return input.dtype.numpy.kind in "if"


@torch("is_nonzero(Tensor input)")
def is_nonzero(input: Node) -> bool:
    if input.numel != 1:
        found = "no values" if not input.numel else "more than one value"
        raise RuntimeFault(f"Boolean value of Tensor with {found} is ambiguous")
    return bool(force(input).reshape(-1)[0])


@torch("storage_offset(Tensor input)", only="method")
def storage_offset(input: Node) -> int:
    node, offset = input, 0
    while node.op.is_view:
        source = node.operands[0]
        strides = strides_of(source)
        how = node.params
        if "start" in how:
            offset += how["start"] * strides[how["dim"]]
        elif "index" in how:
            offset += how["index"] * strides[how["dim"]]
        elif "offset" in how:
            row = how["dim1"] if how["offset"] < 0 else how["dim2"]
            offset += abs(how["offset"]) * strides[row]
        node = source
    return offset


@python("is_tensor")
def is_tensor(obj: Any) -> bool:
    return isinstance(obj, Node)


@python("typename")
def typename(obj: Any) -> str:
    return f"torch.{obj.dtype.scalar_name}Tensor" if isinstance(obj, Node) else type_name(obj)


# ---- dtypes -------------------------------------------------------------------------------------

FINFO = Overloads("finfo", ["finfo(torch.dtype type)"])
IINFO = Overloads("iinfo", ["iinfo(torch.dtype type)"])


@python("finfo")
def finfo(*given: Any) -> Finfo:
    dtype = FINFO.bind(given, {})[1]["type"] if given else current().dtype
    assert isinstance(dtype, DType)
    if not dtype.is_floating:
        raise TypeFault(
            "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
            "'torch.finfo'"
        )
    return Finfo(dtype)


@python("iinfo")
def iinfo(*given: Any) -> Iinfo:
    dtype = IINFO.bind(given, {})[1]["type"]
    assert isinstance(dtype, DType)
    if dtype.is_floating or dtype.category == BOOL:
        raise TypeFault(
            "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'"
        )
    return Iinfo(dtype)


@torch("promote_types(torch.dtype type1, torch.dtype type2)", only="function")
def promote_types(type1: DType, type2: DType) -> DType:
    return dtypes.promote(type1, type2)


@torch("can_cast(torch.dtype from_, torch.dtype to)", only="function")
def can_cast(from_: DType, to: DType) -> bool:
    if from_.is_floating and not to.is_floating:
        return False
    return from_.category == BOOL or to.category != BOOL


def _strength(value: Node | Number) -> tuple[DType, int]:
    if not isinstance(value, Node):
        return of_number(value), dtypes.NUMBER
    return value.dtype, dtypes.DIMENSIONED if value.ndim else dtypes.ZERO_DIM


@torch("result_type(Tensor tensor, Tensor other)", only="function")
def result_type(tensor: Node, other: Node | Number) -> DType:
    return dtypes.result_type((_strength(tensor), _strength(other)))


@torch("result_type(Number scalar, Tensor tensor)", only="function")
def result_type_of_number(scalar: Number, tensor: Node) -> DType:
    return result_type(tensor, scalar)


@torch("result_type(Tensor tensor, Number other)", only="function")
def result_type_with_number(tensor: Node, other: Number) -> DType:
    return result_type(tensor, other)


@torch("result_type(Number scalar1, Number scalar2)", only="function")
def result_type_of_numbers(scalar1: Number, scalar2: Number) -> DType:
    return dtypes.result_type((_strength(scalar1), _strength(scalar2)))


# ---- tensors like another -----------------------------------------------------------------------


@torch(
    "new_tensor(Tensor input, object data, *, torch.dtype? dtype = None, "
    "torch.device? device = None, bool requires_grad = False)",
    only="method",
)
def new_tensor(input: Node, data: Any, dtype: DType | None, requires_grad: bool) -> Node:
    return finished(tensor_from(data, dtype or input.dtype), requires_grad)


def _new(name: str, value: int) -> None:
    @torch(f"{name}(Tensor input, tuple of ints size, *, {OPTIONS}", only="method")
    def new(input: Node, size: Shape, dtype: DType | None, requires_grad: bool) -> Node:
        return full(size, value, dtype or input.dtype, requires_grad)


_new("new_zeros", 0)
_new("new_ones", 1)
_new("new_empty", 0)


@torch(f"new_full(Tensor input, tuple of ints size, Number fill_value, *, {OPTIONS}", only="method")
def new_full(
    input: Node, size: Shape, fill_value: Number, dtype: DType | None, requires_grad: bool
) -> Node:
    return full(size, fill_value, dtype or input.dtype, requires_grad)


@torch(
    *[
        f"logspace({start} start, {end} end, int steps, float base = 10.0, {OUT}"
        for end in ("Tensor", "Number")
        for start in ("Tensor", "Number")
    ],
    only="function",
)
def logspace(
    start: Node | Number,
    end: Node | Number,
    steps: int,
    base: float,
    dtype: DType | None,
    requires_grad: bool,
) -> Node:
    first, last = ends_of("logspace", start, end, steps)
    kind = dtype or current().dtype
    check_fits(first, kind)
    powers = np.linspace(first, last, steps)
    return finished(constant(np.power(float(base), powers).astype(kind.numpy)), requires_grad)
