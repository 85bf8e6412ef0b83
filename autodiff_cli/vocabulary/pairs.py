"""Functions of two and three operands, element by element; approximate and exact equality."""

from __future__ import annotations

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import BOOL, DType
from autodiff_cli.ir.node import Node, Number, Op, constant
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import blend, pairs, powers
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.vocabulary.arithmetic import Operand, operands_of
from autodiff_cli.vocabulary.calls.registry import alias, torch
from autodiff_cli.vocabulary.pointwise import require_floating

OUT = "*, Tensor out = None)"


def _pair(
    name: str,
    op: Op,
    kernel: str | None = None,
    integers: bool = False,
    in_place: str = "",
    numbers: bool = False,
) -> None:
    """A function of two tensors, or of numbers too; a kernel exists for floating dtypes, or integers."""

    def call(input: Operand, other: Operand) -> Node:
        if kernel is not None:
            _require(op.infer(operands_of(input, other), {})[1], kernel, integers)
        return op(input, other)

    def reflected(self: Number, other: Node) -> Node:
        return call(self, other)

    torch(f"{name}(Tensor input, Tensor other, {OUT}", in_place=in_place)(call)
    if numbers:
        torch(f"{name}(Number self, Tensor other)")(reflected)
        torch(f"{name}(Tensor input, Number other, {OUT}")(call)


def _require(dtype: DType, kernel: str, integers: bool) -> None:
    if dtype.is_floating == integers or dtype.category == BOOL:
        raise NotImplementedFault(f"\"{kernel}\" not implemented for '{dtype.scalar_name}'")


_pair("atan2", pairs.atan2, in_place="method")
_pair("hypot", pairs.hypot, "hypot_cpu", in_place="method")
_pair("logaddexp", pairs.logaddexp, "logaddexp_cpu")
_pair("logaddexp2", pairs.logaddexp2, "logaddexp2_cpu")
_pair("fmax", pairs.fmax)
_pair("fmin", pairs.fmin)
_pair("copysign", pairs.copysign, in_place="method")
_pair("ldexp", pairs.ldexp, in_place="function")
_pair("gcd", pairs.gcd, "gcd_cpu", integers=True, in_place="function")
_pair("lcm", pairs.lcm, "lcm_cpu", integers=True, in_place="function")
_pair("bitwise_left_shift", pairs.lshift, "lshift_cpu", integers=True, numbers=True)
_pair("bitwise_right_shift", pairs.rshift, "rshift_cpu", integers=True, numbers=True)
alias("arctan2", of="atan2")


@torch(f"copysign(Tensor input, Number other, {OUT}", in_place="method")
def copysign_number(input: Node, other: Number) -> Node:
    return pairs.copysign_number(input, other=other)


@torch(f"heaviside(Tensor input, Tensor values, {OUT}", in_place="method")
def heaviside(input: Node, values: Node) -> Node:
    if input.dtype is not values.dtype:
        raise RuntimeFault("heaviside is not yet implemented for tensors with different dtypes.")
    return pairs.heaviside(input, values)


# ---- powers in float64 --------------------------------------------------------------------------


def _wide(x: Node) -> Node:
    return as_dtype(x, dtypes.float64)


@torch(f"float_power(Tensor input, Tensor exponent, {OUT}", in_place="method")
def float_power(input: Node, exponent: Node) -> Node:
    return powers.pow(_wide(input), _wide(exponent))


@torch(f"float_power(Number self, Tensor exponent, {OUT}")
def float_power_from_number(self: Number, exponent: Node) -> Node:
    return powers.pow_from_number(_wide(exponent), base=float(self))


@torch(f"float_power(Tensor input, Number exponent, {OUT}")
def float_power_number(input: Node, exponent: Number) -> Node:
    return ar.pow_number(_wide(input), exponent=float(exponent))


# ---- three operands -----------------------------------------------------------------------------


def _of_dtype(name: str, node: Node, dtype: DType) -> None:
    if node.dtype is not dtype:
        raise RuntimeFault(
            f"expected dtype {dtype.c_name} for `{name}` but got dtype {node.dtype.c_name}"
        )


@torch(f"lerp(Tensor input, Tensor end, Tensor weight, {OUT}", in_place="method")
def lerp(input: Node, end: Node, weight: Node) -> Node:
    _of_dtype("end", end, input.dtype)
    _of_dtype("weight", weight, input.dtype)
    require_floating(input, "lerp_kernel_tensor")
    return blend.lerp(input, end, weight)


@torch(f"lerp(Tensor input, Tensor end, Number weight, {OUT}")
def lerp_number(input: Node, end: Node, weight: Number) -> Node:
    _of_dtype("end", end, input.dtype)
    require_floating(input, "lerp_kernel_scalar")
    return blend.lerp_number(input, end, weight=weight)


@torch(
    "addcmul(Tensor input, Number value, Tensor tensor1, Tensor tensor2)|deprecated",
    f"addcmul(Tensor input, Tensor tensor1, Tensor tensor2, *, Number value = 1, {OUT[3:]}",
    in_place="method",
)
def addcmul(input: Node, tensor1: Node, tensor2: Node, value: Number) -> Node:
    return blend.addcmul(input, tensor1, tensor2, value=value)


@torch(
    "addcdiv(Tensor input, Number value, Tensor tensor1, Tensor tensor2)|deprecated",
    f"addcdiv(Tensor input, Tensor tensor1, Tensor tensor2, *, Number value = 1, {OUT[3:]}",
    in_place="method",
)
def addcdiv(input: Node, tensor1: Node, tensor2: Node, value: Number) -> Node:
    if not tensor1.dtype.is_floating and not tensor2.dtype.is_floating:
        raise RuntimeFault(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv "
            "will perform a true division of tensor1 and tensor2. The historic addcdiv behavior can "
            "be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for "
            "integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future "
            "addcdiv behavior is just the latter implementation: (input + value * tensor1 / "
            "tensor2), for all dtypes."
        )
    return blend.addcdiv(input, tensor1, tensor2, value=value)


# ---- one operand --------------------------------------------------------------------------------


def _plain(name: str, op: Op, kernel: str | None = None, in_place: str = "") -> None:
    @torch(f"{name}(Tensor input, {OUT}", in_place=in_place)
    def call(input: Node) -> Node:
        if kernel is not None:
            require_floating(input, kernel)
        return op(input)


_plain("frac", pairs.frac, "frac_cpu", in_place="function")
_plain("deg2rad", pairs.deg2rad, in_place="function")
_plain("rad2deg", pairs.rad2deg, in_place="function")
_plain("sgn", pairs.sgn, in_place="method")
_plain("signbit", pairs.signbit)
_plain("isposinf", pairs.isposinf)
_plain("isneginf", pairs.isneginf)


@torch("isreal(Tensor input)")
def isreal(input: Node) -> Node:
    return constant(np.ones(input.shape, bool))


@torch(
    f"nan_to_num(Tensor input, float? nan = None, float? posinf = None, float? neginf = None, {OUT}",
    in_place="function",
)
def nan_to_num(input: Node, nan: float | None, posinf: float | None, neginf: float | None) -> Node:
    return pairs.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)


# ---- equality -----------------------------------------------------------------------------------

CLOSE = (
    "(Tensor input, Tensor other, float rtol = 1e-05, float atol = 1e-08, bool equal_nan = False)"
)


@torch(f"isclose{CLOSE}")
def isclose(input: Node, other: Node, rtol: float, atol: float, equal_nan: bool) -> Node:
    if input.dtype is not other.dtype:
        raise RuntimeFault(
            f"{input.dtype.scalar_name} did not match {other.dtype.scalar_name}",
            hint="convert one side with .float() or .double()",
        )
    for name, bound in (("rtol", rtol), ("atol", atol)):
        if not bound >= 0:
            raise RuntimeFault(f"{name} must be greater than or equal to zero, but got {bound:g}")
    return pairs.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@torch(f"allclose{CLOSE}")
def allclose(input: Node, other: Node, rtol: float, atol: float, equal_nan: bool) -> bool:
    return bool(force(isclose(input, other, rtol, atol, equal_nan)).all())


@torch("equal(Tensor input, Tensor other)")
def equal(input: Node, other: Node) -> bool:
    if input.shape != other.shape:
        return False
    return bool(np.array_equal(force(input), force(other)))


ISIN = "*, bool assume_unique = False, bool invert = False, Tensor out = None)"


def _isin(elements: Node | Number, tests: Node | Number, invert: bool) -> Node:
    first, second = (force(x) if isinstance(x, Node) else np.asarray(x) for x in (elements, tests))
    return constant(np.asarray(np.isin(first, second, invert=invert)))


@torch(f"isin(Tensor elements, Tensor test_elements, {ISIN}", only="function")
def isin(elements: Node, test_elements: Node, invert: bool) -> Node:
    return _isin(elements, test_elements, invert)


@torch(f"isin(Number element, Tensor test_elements, {ISIN}", only="function")
def isin_of_number(element: Number, test_elements: Node, invert: bool) -> Node:
    return _isin(element, test_elements, invert)


@torch(f"isin(Tensor elements, Number test_element, {ISIN}", only="function")
def isin_number(elements: Node, test_element: Number, invert: bool) -> Node:
    return _isin(elements, test_element, invert)


def _search(sorted_sequence: Node, x: Node, right: bool, int32: bool) -> Node:
    edges = sorted_sequence
    if edges.ndim != 1 and (edges.ndim != x.ndim or edges.shape[:-1] != x.shape[:-1] or not x.ndim):
        if not x.ndim:
            raise RuntimeFault(
                "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension "
                f"is 1, but we got boundaries tensor dim({edges.ndim}) and input value's dim({x.ndim}) "
                f"numel({x.numel})"
            )
        raise RuntimeFault(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions "
            "of boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(edges.shape)} and input value tensor {list(x.shape)}"
        )
    if edges.dtype is not x.dtype:
        raise RuntimeFault(
            "torch.searchsorted(): boundary tensor and input value tensor should have same dtype, but got "
            f"boundary tensor scalar type {edges.dtype.scalar_name} and input value tensor scalar type "
            f"{x.dtype.scalar_name}"
        )
    rows, values = force(edges), force(x)
    side = "right" if right else "left"
    if rows.ndim == 1:
        found = np.searchsorted(rows, values, side=side)  # type: ignore[call-overload]
    else:
        flat, wanted = rows.reshape(-1, rows.shape[-1]), values.reshape(-1, values.shape[-1])
        found = np.stack(
            [np.searchsorted(a, b, side=side) for a, b in zip(flat, wanted)]  # type: ignore[call-overload]
        ).reshape(values.shape)
    return constant(np.asarray(found).astype(np.int32 if int32 else np.int64))


SEARCH = "*, bool out_int32 = False, bool right = False"


@torch(f"bucketize(Tensor input, Tensor boundaries, {SEARCH}, Tensor out = None)", only="function")
def bucketize(input: Node, boundaries: Node, out_int32: bool, right: bool) -> Node:
    if boundaries.ndim != 1:
        raise RuntimeFault(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return _search(boundaries, input, right, out_int32)


def _sought(value: Number, boundaries: Node) -> Node:
    return constant(np.asarray(value).astype(boundaries.dtype.numpy))


@torch(f"bucketize(Number self, Tensor boundaries, {SEARCH})", only="function")
def bucketize_number(self: Number, boundaries: Node, out_int32: bool, right: bool) -> Node:
    return bucketize(_sought(self, boundaries), boundaries, out_int32, right)


@torch(
    f"searchsorted(Tensor sorted_sequence, Tensor input, {SEARCH}, str? side = None, "
    "Tensor? sorter = None, Tensor out = None)",
    only="function",
)
def searchsorted(
    sorted_sequence: Node, input: Node, out_int32: bool, right: bool, side: str | None
) -> Node:
    if side not in (None, "left", "right"):
        raise RuntimeFault(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if side == "left" and right:
        raise RuntimeFault(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while "
            "right was True"
        )
    return _search(sorted_sequence, input, right or side == "right", out_int32)


@torch(
    f"searchsorted(Tensor sorted_sequence, Number self, {SEARCH}, str? side = None, "
    "Tensor? sorter = None, Tensor out = None)",
    only="function",
)
def searchsorted_number(
    sorted_sequence: Node, self: Number, out_int32: bool, right: bool, side: str | None
) -> Node:
    return searchsorted(sorted_sequence, _sought(self, sorted_sequence), out_int32, right, side)
