"""Arithmetic, comparisons, logic and selection of two tensors."""

from __future__ import annotations

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import NUMBER, Node, Number, Op, number
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import powers
from autodiff_cli.ops import selection as sel
from autodiff_cli.vocabulary.calls.registry import alias, torch
from autodiff_cli.vocabulary.creation import check_fits

Operand = Node | Number


def as_node(value: Operand) -> Node:
    return value if isinstance(value, Node) else number(value)


def dtype_of(value: Operand) -> int:
    return as_node(value).dtype.category


def not_bool(result: Node, kernel: str) -> Node:
    """The result, unless it is one of bools, for which the reference has no kernel."""
    if result.dtype.category == BOOL:
        raise NotImplementedFault(f"\"{kernel}\" not implemented for 'Bool'")
    return result


def check_alpha(input: Operand, other: Operand, alpha: Number) -> None:
    a, b = as_node(input).dtype, as_node(other).dtype
    floating = a.is_floating or b.is_floating
    if isinstance(alpha, bool) and not (a.category == b.category == BOOL):
        raise RuntimeFault("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and not floating:
        raise RuntimeFault(
            "For integral input tensors, argument alpha must not be a floating point number."
        )


@torch(
    "add(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
    "add(Tensor input, Number alpha, Tensor other, *, Tensor out = None)|deprecated",
    in_place="method",
)
def add(input: Operand, other: Operand, alpha: Number) -> Node:
    check_alpha(input, other, alpha)
    return ar.add(input, other, alpha=alpha)


def check_subtraction(input: Operand, other: Operand) -> None:
    a, b = dtype_of(input), dtype_of(other)
    if a == BOOL and b == BOOL:
        raise RuntimeFault(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if a == BOOL or b == BOOL:
        raise RuntimeFault(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )


@torch(
    "sub(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
    "sub(Tensor input, Number alpha, Tensor other, *, Tensor out = None)|deprecated",
    in_place="method",
)
def sub(input: Operand, other: Operand, alpha: Number) -> Node:
    check_subtraction(input, other)
    check_alpha(input, other, alpha)
    return ar.sub(input, other, alpha=alpha)


@torch("rsub(Tensor input, Tensor other, *, Number alpha = 1)", only="function")
def rsub(input: Node, other: Operand, alpha: Number) -> Node:
    check_subtraction(input, other)
    if isinstance(other, Node):
        broadcast(other.shape, input.shape)
    return ar.rsub(input, other, alpha=alpha)


@torch("rsub(Tensor input, Number other, Number alpha = 1)", only="function")
def rsub_number(input: Node, other: Number, alpha: Number) -> Node:
    check_subtraction(input, other)
    return ar.rsub_number(input, other=other, alpha=alpha)


@torch("mul(Tensor input, Tensor other, *, Tensor out = None)", in_place="method")
def mul(input: Operand, other: Operand) -> Node:
    return ar.mul(input, other)


@torch("div(Tensor input, Tensor other, *, Tensor out = None)", in_place="method")
def div(input: Operand, other: Operand) -> Node:
    return ar.div(input, other)


@torch(
    "div(Tensor input, Tensor other, *, str? rounding_mode, Tensor out = None)",
    "div(Tensor input, Number other, *, str? rounding_mode)",
)
def div_rounded(input: Operand, other: Operand, rounding_mode: str | None) -> Node:
    if rounding_mode is None:
        return ar.div_exact(input, other)
    if rounding_mode == "floor":
        return ar.div_floor(input, other)
    if rounding_mode == "trunc":
        return ar.div_trunc(input, other)
    raise RuntimeFault(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
        f"'{rounding_mode}'"
    )


@torch(
    "floor_divide(Tensor input, Tensor other, *, Tensor out = None)",
    "floor_divide(Tensor input, Number other)",
    in_place="method",
)
def floor_divide(input: Operand, other: Operand) -> Node:
    return not_bool(ar.floor_divide(input, other), "div_floor_cpu")


@torch("remainder(Tensor input, Tensor other, *, Tensor out = None)", in_place="method")
def remainder(input: Operand, other: Operand) -> Node:
    other = as_node(other)
    if other.op is NUMBER:
        return not_bool(ar.remainder_number(input, other=other.value), "remainder_cpu")
    return not_bool(ar.remainder(input, other), "remainder_cpu")


@torch("remainder(Number self, Tensor other)")
def number_remainder(self: Number, other: Node) -> Node:
    return not_bool(ar.number_remainder(self, other), "remainder_cpu")


@torch("remainder(Tensor input, Number other, *, Tensor out = None)")
def remainder_number(input: Node, other: Number) -> Node:
    return not_bool(ar.remainder_number(input, other=other), "remainder_cpu")


def check_exponent(input: Node, exponent: Number) -> None:
    if not input.dtype.is_floating and not isinstance(exponent, float) and exponent < 0:
        raise RuntimeFault(
            "Integers to negative integer powers are not allowed.",
            hint="convert to floating point first: x.float()**-1",
        )


@torch("pow(Tensor input, Tensor exponent, *, Tensor out = None)", in_place="method")
def pow(input: Node, exponent: Node) -> Node:
    return not_bool(powers.pow(input, exponent), "pow")


@torch("pow(Number self, Tensor exponent, *, Tensor out = None)")
def pow_from_number(self: Number, exponent: Node) -> Node:
    return not_bool(powers.pow_from_number(exponent, base=self), "pow")


@torch("pow(Tensor input, Number exponent, *, Tensor out = None)")
def pow_number(input: Node, exponent: Number) -> Node:
    check_exponent(input, exponent)
    return ar.pow_number(input, exponent=exponent)


def operands_of(*values: Operand) -> tuple[Node, ...]:
    return tuple(value if isinstance(value, Node) else number(value) for value in values)


def _pair(name: str, op: Op, numbers: str = "", in_place: str = "", integers: bool = False) -> None:
    """A function of two tensors, or with a number in the "first" or the "second" place."""

    def call(input: Operand, other: Operand) -> Node:
        if integers:  # the dtype first: in a program the operation is computed at once
            dtype = op.infer(operands_of(input, other), {})[1]
            if dtype.is_floating:
                kernel = f"{name}_cpu"
                raise NotImplementedFault(f"\"{kernel}\" not implemented for '{dtype.scalar_name}'")
        return op(input, other)

    def reflected(self: Number, other: Node) -> Node:
        return call(self, other)

    torch(f"{name}(Tensor input, Tensor other, *, Tensor out = None)", in_place=in_place)(call)
    if "first" in numbers:
        torch(f"{name}(Number self, Tensor other)")(reflected)
    if "second" in numbers:
        torch(f"{name}(Tensor input, Number other, *, Tensor out = None)")(call)


for _op, _names in (
    (sel.eq, "eq"),
    (sel.ne, "ne not_equal"),
    (sel.lt, "lt less"),
    (sel.le, "le less_equal"),
    (sel.gt, "gt greater"),
    (sel.ge, "ge greater_equal"),
):
    for _name in _names.split():
        _pair(_name, _op, "second", in_place=f"method {_op.name.capitalize()}Backward")
for _op in (sel.logical_and, sel.logical_or, sel.logical_xor):
    _pair(_op.name, _op, in_place="method")
for _op in (sel.bitwise_and, sel.bitwise_or, sel.bitwise_xor):
    _pair(_op.name, _op, "first second", in_place="method", integers=True)
_pair("minimum", sel.minimum)
_pair("maximum", sel.maximum)
_pair("fmod", ar.fmod, in_place="method")


@torch("fmod(Tensor input, Number other, *, Tensor out = None)")
def fmod_number(input: Node, other: Number) -> Node:
    return ar.fmod_number(input, other=other)


def _check_bounds(min: object, max: object) -> None:
    if min is None and max is None:
        raise RuntimeFault("torch.clamp: At least one of 'min' or 'max' must not be None")


@torch(
    "clamp(Tensor input, Tensor? min = None, Tensor? max = None, *, Tensor out = None)",
    in_place="function",
)
def clamp_tensors(input: Node, min: Node | None, max: Node | None) -> Node:
    _check_bounds(min, max)
    if min is None:
        assert max is not None
        return sel.clamp_max(input, max)
    return sel.clamp_min(input, min) if max is None else sel.clamp_between(input, min, max)


@torch("clamp(Tensor input, Number? min = None, Number? max = None, *, Tensor out = None)")
def clamp(input: Node, min: Number | None, max: Number | None) -> Node:
    _check_bounds(min, max)
    result = sel.clamp(input, min=min, max=max)
    for bound in (min, max):
        if bound is not None:
            check_fits(bound, result.dtype)
    return result


@torch("where(Tensor condition)")
def where_nonzero(condition: Node) -> tuple[Node, ...]:
    from autodiff_cli.vocabulary.indexing import nonzero_indices

    return nonzero_indices(condition)


@torch(
    "where(Tensor condition, Tensor input, Tensor other, *, Tensor out = None)",
    "where(Tensor condition, Number self, Tensor other)",
    "where(Tensor condition, Tensor input, Number other)",
    "where(Tensor condition, Number self, Number other)",
)
def where(condition: Node, other: Operand, input: Node | None = None, self: Number = 0) -> Node:
    if condition.dtype.name not in ("bool", "uint8"):
        raise RuntimeFault(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{condition.dtype.scalar_name}",
            hint="compare first, as in where(x > 0, a, b)",
        )
    chosen = self if input is None else input
    result = sel.where(condition, chosen, other)
    for value in (chosen, other):
        if not isinstance(value, Node):
            check_fits(value, result.dtype)
    return result


@torch("clamp_min(Tensor input, Tensor min, *, Tensor out = None)", in_place="function")
def clamp_min(input: Node, min: Node) -> Node:
    return sel.clamp_min_tensor(input, min)


@torch("clamp_min(Tensor input, Number min, *, Tensor out = None)")
def clamp_min_number(input: Node, min: Number) -> Node:
    result = sel.clamp_min_number(input, min=min)
    check_fits(min, result.dtype)
    return result


@torch("clamp_max(Tensor input, Tensor max, *, Tensor out = None)", in_place="function")
def clamp_max(input: Node, max: Node) -> Node:
    return sel.clamp_max_tensor(input, max)


@torch("clamp_max(Tensor input, Number max, *, Tensor out = None)")
def clamp_max_number(input: Node, max: Number) -> Node:
    result = sel.clamp_max_number(input, max=max)
    check_fits(max, result.dtype)
    return result


# The long names of the reference list one overload more in its errors.
torch(
    "multiply(Tensor input, Tensor other, *, Tensor out = None)",
    "multiply(Tensor input, Number other)",
    in_place="method",
)(mul)
torch(
    "subtract(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
    in_place="method",
)(sub)
torch("subtract(Tensor input, Number other, Number alpha = 1)")(sub)
torch(
    "true_divide(Tensor input, Tensor other, *, Tensor out = None)",
    "true_divide(Tensor input, Number other)",
    in_place="method",
)(div)
torch("divide(Tensor input, Tensor other, *, Tensor out = None)", in_place="method")(div)
torch("divide(Tensor input, Tensor other, *, str? rounding_mode, Tensor out = None)")(div_rounded)
torch("divide(Tensor input, Number other)")(div)
torch("divide(Tensor input, Number other, *, str? rounding_mode)")(div_rounded)
alias("clip", of="clamp")
