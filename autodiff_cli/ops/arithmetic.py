"""Arithmetic and powers, element by element.

Derivatives: torch/tools/autograd/derivatives.yaml; where a rule is a `vjp`, its edge is the reference's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import Context, current
from autodiff_cli.ir.node import (
    CONSTANT,
    MAX_NUMBERS,
    NO_PARAMS,
    Node,
    Number,
    Params,
    known_number,
)
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.failures import failing
from autodiff_cli.ops.kinds import Elementwise, in_place, like, precise
from autodiff_cli.ops.selection import (
    ge,
    gt,
    le,
    logical_and,
    logical_not,
    logical_or,
    lt,
)


def scaled(g: Node, factor: Number) -> Node:
    """A gradient times a number, as derivative rules of the reference multiply."""
    return g if factor == 1 else mul_number(g, other=factor)


def _times(b: Any, alpha: Number) -> Any:
    return b if alpha == 1 else np.multiply(b, like(b, alpha))


add = Elementwise(
    "add",
    in_place(lambda a, b, alpha, out=None: np.add(a, _times(b, alpha), out=out), np.add),
    vjps=(lambda g, y, a, b, alpha: g, lambda g, y, a, b, alpha: scaled(g, alpha)),
    doc="a + alpha*b",
    latex="{} + {}",
)
sub = Elementwise(
    "sub",
    in_place(lambda a, b, alpha, out=None: np.subtract(a, _times(b, alpha), out=out), np.subtract),
    vjps=(lambda g, y, a, b, alpha: g, lambda g, y, a, b, alpha: scaled(-g, alpha)),
    doc="a - alpha*b",
    latex="{} - {}",
)
rsub = Elementwise(
    "rsub",
    in_place(lambda a, b, alpha, out=None: np.subtract(b, _times(a, alpha), out=out)),
    vjps=(lambda g, y, a, b, alpha: scaled(-g, alpha), lambda g, y, a, b, alpha: g),
    doc="b - alpha*a",
    latex="{1} - {0}",
)
rsub_number = Elementwise(
    "rsub_number",
    in_place(
        lambda a, other, alpha, out=None: np.subtract(like(a, other), _times(a, alpha), out=out)
    ),
    vjps=(lambda g, y, a, other, alpha: scaled(-g, alpha),),
    scalars=("other", "alpha"),
    grad_fn="RsubBackward1",
    doc="other - alpha*a, for a number other",
)
mul = Elementwise(
    "mul",
    in_place(
        lambda a, b, out=None: (np.logical_and if a.dtype == bool else np.multiply)(a, b, out=out),
        np.multiply,
    ),
    vjps=(lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    doc="a*b",
    latex="{} {}",
)
div = Elementwise(
    "div",
    np.true_divide,
    vjps=(lambda g, y, a, b: g / b, lambda g, y, a, b: -g * ((a / b) / b)),
    result="float",
    doc="a/b",
    latex=r"\frac{{{}}}{{{}}}",
)
# The reference's C++ composites call the overloads for numbers, which are functions of their own.
add_number = Elementwise(
    "add_number",
    in_place(lambda a, other, out=None: np.add(a, like(a, other), out=out)),
    vjps=(lambda g, y, a, other: g,),
    scalars=("other",),
    grad_fn="AddBackward1",
    doc="a + a number, inside composites",
)
mul_number: Elementwise = Elementwise(
    "mul_number",
    in_place(lambda a, other, out=None: np.multiply(a, like(a, other), out=out)),
    vjps=(lambda g, y, a, other: mul_number(g, other=other),),
    scalars=("other",),
    grad_fn="MulBackward1",
    doc="a times a number, inside composites",
)
div_number: Elementwise = Elementwise(
    "div_number",
    in_place(lambda a, other, out=None: np.true_divide(a, like(a, other), out=out)),
    vjps=(lambda g, y, a, other: div_number(g, other=other),),
    scalars=("other",),
    result="float",
    grad_fn="DivBackward1",
    doc="a over a number, inside composites",
)
neg = Elementwise("neg", np.negative, vjps=(lambda g, y, a: -g,), doc="-a", latex="-{}")


def _check_divisor(a: Any, b: Any) -> None:
    if b.dtype.kind in "iub" and not np.all(b):
        error = RuntimeFault("ZeroDivisionError", hint="an integer tensor is divided by zero")
        raise failing(error, (error, np.broadcast_arrays(b == 0, a)[0]))


def _floor_divide(a: Any, b: Any) -> Any:
    _check_divisor(a, b)
    return np.floor_divide(a, b)


def _trunc_divide(a: Any, b: Any) -> Any:
    _check_divisor(a, b)
    if a.dtype.kind == "f":
        return np.trunc(np.true_divide(a, b))
    quotient = np.floor_divide(a, b)
    return quotient + ((quotient < 0) & (quotient * b != a))


def _remainder(a: Any, b: Any) -> Any:
    _check_divisor(a, b)
    if a.dtype.kind != "f":
        return np.remainder(a, b)
    rest = np.fmod(a, b)  # and not np.remainder, whose zeros take the sign of b
    return np.where((rest != 0) & ((rest < 0) != (b < 0)), rest + b, rest)


def _fmod(a: Any, b: Any) -> Any:
    _check_divisor(a, b)
    return np.fmod(a, b)


div_exact = Elementwise(
    "div_exact",
    np.true_divide,
    vjps=div.vjps,
    result="float",
    grad_fn="DivBackward2",
    doc="a/b, asked for with rounding_mode=None",
)
_no_slope = (lambda g, y, a, b: zeros_like(g), lambda g, y, a, b: zeros_like(g))
div_floor = Elementwise(
    "div_floor", _floor_divide, vjps=_no_slope, grad_fn="DivBackward2", doc="floor(a/b)"
)
div_trunc = Elementwise(
    "div_trunc", _trunc_divide, vjps=_no_slope, grad_fn="DivBackward2", doc="a/b towards zero"
)
# The reference has no derivative for floor_divide; its grad_fn is NotImplemented and backward raises.
floor_divide = Elementwise(
    "floor_divide",
    _floor_divide,
    vjps=(lambda g, y, a, b: _not_differentiable("floor_divide", y),) * 2,
    grad_fn="NotImplemented",
    on_arrays=False,
    doc="floor(a/b), of no derivative in the reference",
)
remainder = Elementwise(
    "remainder",
    _remainder,
    vjps=(lambda g, y, a, b: g, lambda g, y, a, b: -g * div_floor(a, b)),
    grad_fn="RemainderBackward1",
    doc="a modulo b, with the sign of b",
    latex=r"{} \bmod {}",
)
remainder_number = Elementwise(
    "remainder_number",
    lambda a, other: _remainder(a, like(a, other)),
    vjps=(lambda g, y, a, other: g,),
    scalars=("other",),
    grad_fn="RemainderBackward0",
    doc="a modulo a number",
)
number_remainder = Elementwise(
    "number_remainder",
    _remainder,
    vjps=(lambda g, y, a, b: _not_differentiable("remainder", y),) * 2,
    grad_fn="NotImplemented",
    on_arrays=False,
    doc="a number modulo b, of no derivative in the reference",
)
fmod = Elementwise(
    "fmod",
    _fmod,
    vjps=(lambda g, y, a, b: g, lambda g, y, a, b: -g * div_trunc(a, b)),
    grad_fn="FmodBackward1",
    doc="the remainder of a/b, with the sign of a",
)
fmod_number = Elementwise(
    "fmod_number",
    lambda a, other: _fmod(a, like(a, other)),
    vjps=(lambda g, y, a, other: g,),
    scalars=("other",),
    grad_fn="FmodBackward0",
    doc="the remainder of a over a number",
)


def _not_differentiable(name: str, y: Node) -> Node:
    written = y.memory is not None and y.number in y.memory.writes
    raise RuntimeFault(
        f"derivative for aten::{name}{'_' if written else ''} is not implemented",
        hint="detach() its operands, or use torch.div(a, b, rounding_mode='floor')",
    )


# ---- powers by a number; by a tensor: `ops/powers.py` -------------------------------------------


@in_place
def _power(a: Any, exponent: Any, out: Any = None) -> Any:
    # The reference multiplies for small powers; np.power would go through logarithms for some.
    if a.dtype.kind == "f":
        if exponent == 1:
            return a if out is None else np.positive(a, out=out)
        if exponent == 2:
            return np.square(a, out=out)
        if exponent == 3:
            return np.multiply(a * a, a, out=out)
        if exponent == 0.5:
            return np.sqrt(a, out=out)
        if exponent == -1:
            return np.reciprocal(a, out=out)
        if exponent == -0.5:
            return np.reciprocal(np.sqrt(a), out=out)
        if exponent == -2:
            return np.reciprocal(np.square(a), out=out)
    return to_power(a, like(a, exponent), out=out)


to_power = precise(np.power)


def _pow_number_vjp(g: Node, y: Node, a: Node, exponent: Number) -> Node:
    if exponent == 0:  # 0 * 0**-1 is nan; the derivative of 1 is 0
        return zeros_like(a)
    return g * (exponent * pow_number(a, exponent=exponent - 1))


pow_number = Elementwise(
    "pow_number",
    _power,
    vjps=(_pow_number_vjp,),
    scalars=("exponent",),
    grad_fn="PowBackward0",
    doc="a to a number's power",
    latex="{}^{{{exponent}}}",
)


Binary: TypeAlias = Callable[[Any, Any], Node]
KINDS = (np.ndarray, np.float32, np.float64)
EXACT = 1 << 53  # up to here integers are float64 numbers, so that they are rounded once


def cached(
    apply: Binary, op: Elementwise, compute: Callable[[Any, Any], Any], params: Params
) -> Binary:
    """`apply` with an inline cache, for what programs' loops do most.

    Of operands that are computed floats of one dtype, or one and a Python number, it is remembered whether
    `apply` let a gradient flow, by all that this can depend on; from then on only the value is computed.

    Args:
        apply: makes a node of `op` with two operands.
        compute: the operator that computes the same of numpy's numbers and arrays.
        params: what `apply` gives the operation.
    """
    known: dict[tuple[Any, ...], tuple[bool, dict[Any, Any]]] = {}

    def run(a: Any, b: Any) -> Node:
        if type(a) is not Node:
            return apply(a, b)
        context = current()
        left, dtype = a.value, a.dtype
        flows = context.grad and a.requires_grad
        key: tuple[Any, ...]
        if type(b) is Node:
            right = b.value
            key = type(left), dtype, flows, type(right), b.dtype, context.grad and b.requires_grad
        else:
            key = type(left), dtype, flows, type(b), context.dtype
        found = known.get(key)
        if found is None or not context.eager or context.recording is not None or context.saving:
            return learnt(key, a, b, context)
        flows, numbers = found
        shape = a.shape
        if type(b) is not Node:
            pair = numbers.get(b)
            if pair is None:
                if type(b) is int and not -EXACT < b < EXACT:
                    return apply(a, b)
                pair = known_number(b), dtype.numpy.type(b)
                if len(numbers) < MAX_NUMBERS and b == b and b:  # not nan; 0 has two signs
                    numbers[b] = pair
            b, right = pair
        elif b.shape != shape:
            if shape and b.shape:
                return apply(a, b)
            shape = shape or b.shape
        if flows:
            return Node(op, (a, b), params, shape, dtype, True, compute(left, right))
        return Node(CONSTANT, (), NO_PARAMS, shape, dtype, False, compute(left, right))

    def learnt(key: tuple[Any, ...], a: Node, b: Any, context: Context) -> Node:
        made = apply(a, b)
        if context.eager and context.recording is None and type(a.value) in KINDS:
            if type(b) is Node:
                alike = type(b.value) in KINDS and b.dtype is a.dtype
            else:
                alike = type(b) in (int, float)
            if alike and a.dtype is made.dtype and a.dtype.numpy.type in KINDS:
                known[key] = made.requires_grad, {}
        return made

    return run


def _operator(op: Elementwise, compute: Callable[[Any, Any], Any], **params: Any) -> Binary:
    return cached(lambda a, b: op(a, b, **params), op, compute, params)


def _install_operators() -> None:
    operators = {
        "__add__": (plus := _operator(add, operator.add, alpha=1)),
        "__radd__": plus,
        "__sub__": _operator(sub, operator.sub, alpha=1),
        "__rsub__": lambda a, b: rsub_number(a, other=b, alpha=1),
        "__mul__": (times := _operator(mul, operator.mul)),
        "__rmul__": times,
        "__truediv__": _operator(div, operator.truediv),
        "__rtruediv__": lambda a, b: div(b, a),
        "__neg__": lambda a: neg(a),
        "__lt__": lambda a, b: lt(a, b),
        "__le__": lambda a, b: le(a, b),
        "__gt__": lambda a, b: gt(a, b),
        "__ge__": lambda a, b: ge(a, b),
        "__and__": lambda a, b: logical_and(a, b),
        "__or__": lambda a, b: logical_or(a, b),
        "__invert__": lambda a: logical_not(a),
    }
    for name, function in operators.items():
        setattr(Node, name, function)


_install_operators()
