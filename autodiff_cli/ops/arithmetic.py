"""Arithmetic and powers, element by element.

Derivatives: torch/tools/autograd/derivatives.yaml; where a rule is a `vjp`, its edge is the reference's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import (
    CONSTANT,
    MAX_NUMBERS,
    NO_PARAMS,
    NUMBER,
    Node,
    Number,
    Params,
    known_number,
)
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.failures import failing
from autodiff_cli.ops.kinds import EXACT, Elementwise, in_place, like, precise
from autodiff_cli.ops.selection import (
    ge,
    gt,
    le,
    logical_and,
    logical_not,
    logical_or,
    lt,
)


def _scaled(g: Node, alpha: Number) -> Node:
    return g if alpha == 1 else g * alpha


def _times(b: Any, alpha: Number) -> Any:
    return b if alpha == 1 else np.multiply(b, like(b, alpha))


add = Elementwise(
    "add",
    in_place(lambda a, b, alpha, out=None: np.add(a, _times(b, alpha), out=out), np.add),
    vjps=(lambda g, y, a, b, alpha: g, lambda g, y, a, b, alpha: _scaled(g, alpha)),
    doc="a + alpha*b",
    latex="{} + {}",
)
sub = Elementwise(
    "sub",
    in_place(lambda a, b, alpha, out=None: np.subtract(a, _times(b, alpha), out=out), np.subtract),
    vjps=(lambda g, y, a, b, alpha: g, lambda g, y, a, b, alpha: _scaled(-g, alpha)),
    doc="a - alpha*b",
    latex="{} - {}",
)
rsub = Elementwise(
    "rsub",
    in_place(lambda a, b, alpha, out=None: np.subtract(b, _times(a, alpha), out=out)),
    vjps=(lambda g, y, a, b, alpha: _scaled(-g, alpha), lambda g, y, a, b, alpha: g),
    doc="b - alpha*a",
    latex="{1} - {0}",
)
rsub_number = Elementwise(
    "rsub_number",
    in_place(
        lambda a, other, alpha, out=None: np.subtract(like(a, other), _times(a, alpha), out=out)
    ),
    vjps=(lambda g, y, a, other, alpha: _scaled(-g, alpha),),
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
    domain="b != 0",
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
mul_number = Elementwise(
    "mul_number",
    in_place(lambda a, other, out=None: np.multiply(a, like(a, other), out=out)),
    vjps=(lambda g, y, a, other: g * other,),
    scalars=("other",),
    grad_fn="MulBackward1",
    doc="a times a number, inside composites",
)
div_number = Elementwise(
    "div_number",
    in_place(lambda a, other, out=None: np.true_divide(a, like(a, other), out=out)),
    vjps=(lambda g, y, a, other: g / other,),
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
    vjps=(lambda g, y, a, b: _not_differentiable("floor_divide"),) * 2,
    grad_fn="NotImplemented",
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
    vjps=(lambda g, y, a, b: _not_differentiable("remainder"),) * 2,
    grad_fn="NotImplemented",
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


def _not_differentiable(name: str) -> Node:
    raise RuntimeFault(
        f"derivative for aten::{name} is not implemented",
        hint="detach() its operands, or use torch.div(a, b, rounding_mode='floor')",
    )


# ---- powers by a number; by a tensor: `ops/powers.py` -------------------------------------------


@in_place
def _power(a: Any, exponent: Any, out: Any = None) -> Any:
    # The reference multiplies for small powers; np.power would go through logarithms for some.
    if a.dtype.kind == "f":
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


def _at_once(
    op: Elementwise, compute: Callable[[Any, Any], Any], params: Params
) -> Callable[[Node, Any], Node]:
    """An operation for programs' loops over single numbers, which numpy's scalars compute fastest.

    Where both operands are known floats of one dtype, nothing has to be inferred; all else goes to `op`.
    Python's floats are kept, by the kind of number that they meet: their nodes, and as numbers of that kind.
    """

    def run(a: Node, b: Any) -> Node:
        left = a.value
        kind: Any = type(left)
        context = current()
        known = context.dtype.scalars.get(kind)
        if known is None or not context.eager:
            return op(a, b, **params)
        if type(b) is float:
            pair = known.get(b)
            if pair is None:
                pair = known_number(b), kind(b)
                if len(known) < MAX_NUMBERS and b == b and b:  # not nan; 0 has two signs
                    known[b] = pair
            other, right = pair
        elif type(b) is Node:
            other, right = b, b.value
            if type(right) is not kind:
                if b.op is not NUMBER:
                    return op(a, b, **params)
                right = kind(right)
        elif type(b) is int and -EXACT < b < EXACT:
            other, right = known_number(b), kind(b)
        else:
            return op(a, b, **params)
        value = compute(left, right)
        flows = context.grad and (a.requires_grad or other.requires_grad)
        if flows or context.recording is not None:
            return Node(op, (a, other), params, (), a.dtype, flows, value)
        return Node(CONSTANT, (), NO_PARAMS, (), a.dtype, False, value)

    return run


plus = _at_once(add, operator.add, {"alpha": 1})
minus = _at_once(sub, operator.sub, {"alpha": 1})
times = _at_once(mul, operator.mul, NO_PARAMS)
over = _at_once(div, operator.truediv, NO_PARAMS)


def _install_operators() -> None:
    operators = {
        "__add__": plus,
        "__radd__": plus,
        "__sub__": minus,
        "__rsub__": lambda a, b: rsub_number(a, other=b, alpha=1),
        "__mul__": times,
        "__rmul__": times,
        "__truediv__": over,
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
