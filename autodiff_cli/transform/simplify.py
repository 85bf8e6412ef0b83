"""Algebraic simplification that changes no bit of a result, whatever the values.

Infinities, nan (but for its sign, which means nothing), denormal numbers and the sign of zero included: so
`x + 0.0` stays, because -0.0 + 0.0 is 0.0, and `x - 0.0` goes. Two things that seem to be missing are done
by kernels: `x**2` is a square (`ops/arithmetic.py:_power`), and adding goes without `alpha` where it is 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import NO_PARAMS, Node, Number, Op, number
from autodiff_cli.ir.shapes import reduced
from autodiff_cli.ops.arithmetic import (
    add,
    add_number,
    div,
    div_number,
    mul,
    mul_number,
    neg,
    pow_number,
    sub,
)
from autodiff_cli.ops.constants import filled, inverse_of_power, splat
from autodiff_cli.ops.create import attachment
from autodiff_cli.ops.movement import (
    alias,
    expand,
    permute,
    reshape_alias,
    slice_,
    squeeze,
    squeeze_dim,
    squeeze_dims,
    squeeze_product,
    sum_to,
    t,
    transpose,
    transpose_outputs,
    unsafe_view,
    unsqueeze,
    view,
)
from autodiff_cli.ops.pointwise import cast, clone, detach, rnn_layer
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.ops.selection import where
from autodiff_cli.ops.summation import GRAIN
from autodiff_cli.transform.rewrite import fitting, in_place_of, made, rewritten

Simpler: TypeAlias = Callable[[Node], Node | None]

EXACT_COUNT = 2**24  # float32 numbers that float64 adds up without rounding


def simplify(outputs: Sequence[Node]) -> list[Node]:
    """The graph without the operations that change nothing, and others in their plainest form."""
    return rewritten(outputs, lambda node, before: simplified(node))


def simplified(node: Node) -> Node:
    while node.operands and node.value is None:
        rule = RULES.get(node.op)
        simpler = None if rule is None else rule(node)
        if simpler is None:
            break
        node = simpler
    return node


def is_plain(node: Node) -> bool:
    """Whether a sum or difference is one of its operands as they are."""
    return not node.params or node.params["alpha"] == 1


def is_number(node: Node, value: Number, *, negative: bool = False) -> bool:
    """Whether every element is a number; of zeros, that of the given sign."""
    found = splat(node)
    return found == value and (value != 0 or (math.copysign(1, found) < 0) is negative)


# ---- arithmetic ---------------------------------------------------------------------------------


def _add(node: Node) -> Node | None:
    if not is_plain(node):
        return None
    a, b = node.operands
    floating = node.dtype.is_floating
    for x, other in ((a, b), (b, a)):
        if is_number(other, 0, negative=floating) and in_place_of(node, x):
            return x
    return None


def _sub(node: Node) -> Node | None:
    a, b = node.operands
    return in_place_of(node, a) if is_plain(node) and is_number(b, 0) else None


def _mul(node: Node) -> Node | None:
    a, b = node.operands
    for x, other in ((a, b), (b, a)):
        if is_number(other, 1) and in_place_of(node, x):
            return x
    return None


def _div(node: Node) -> Node | None:
    a, b = node.operands
    divisor = splat(b)
    if divisor is None or not node.dtype.is_floating:
        return None
    if divisor == 1:
        return in_place_of(node, a)
    inverse = inverse_of_power(divisor, node.dtype)
    return None if inverse is None else fitting(mul, (a, number(inverse)), node)


def _neg(node: Node) -> Node | None:
    (x,) = node.operands
    return x.operands[0] if x.op is neg and x.value is None else None


def _pow_number(node: Node) -> Node | None:
    exponent = node.params["exponent"]
    if exponent == 1:
        return in_place_of(node, node.operands[0])
    return filled(node.shape, 1, node.dtype) if exponent == 0 else None


def _plain(op: Op, **params: Number) -> Simpler:
    """An overload for numbers, which the reference's composites call, as the operation itself."""

    def rule(node: Node) -> Node | None:
        return fitting(op, (node.operands[0], number(node.params["other"])), node, params)

    return rule


def _where(node: Node) -> Node | None:
    condition, *branches = node.operands
    known = splat(condition)
    if known is None:
        return None
    chosen = branches[0 if known else 1]
    value = splat(chosen)
    if value is not None:
        return filled(node.shape, value, node.dtype)
    return in_place_of(node, chosen) or fitting(expand, (chosen,), node, {"shape": node.shape})


# ---- casts and views ----------------------------------------------------------------------------


def _nothing(node: Node) -> Node | None:
    return in_place_of(node, node.operands[0])


def _holds(wide: DType, narrow: DType) -> bool:
    """Whether a number goes from `narrow` to `wide` and back as it was."""
    same_kind = wide.is_floating == narrow.is_floating
    return narrow is dtypes.bool_ or (same_kind and dtypes.promote(wide, narrow) is wide)


def _cast(node: Node) -> Node | None:
    (x,) = node.operands
    if x.op is cast and x.value is None and _holds(x.dtype, node.dtype):
        there_and_back = in_place_of(node, x.operands[0])
        if there_and_back is not None:
            return there_and_back
    return _nothing(node)


def _reshaped(node: Node) -> Node | None:
    (x,) = node.operands
    if x.value is None and x.op in RESHAPES:
        return fitting(view, x.operands, node, {"shape": node.shape})
    return _nothing(node)


def _permuted(node: Node) -> Node | None:
    (x,) = node.operands
    dims = node.params["dims"]
    if x.value is None and x.op in PERMUTATIONS:
        first = x.params["dims"]
        return fitting(permute, x.operands, node, {"dims": tuple([first[dim] for dim in dims])})
    return x if dims == tuple(range(len(dims))) else None


def _expand(node: Node) -> Node | None:
    (x,) = node.operands
    if x.op is expand and x.value is None:
        return fitting(expand, x.operands, node, node.params)
    return _nothing(node)


def _sum(node: Node) -> Node | None:
    """A sum over what `expand` repeated is a product, where `summation.total` makes it one.

    From GRAIN elements on it adds float32 in float64, where up to 2**24 of one number are exact. A sum of
    negative zeros is 0.0, which the product isn't before 0.0 is added.
    """
    (x,) = node.operands
    if x.op is not expand or x.value is not None or x.numel < GRAIN or not node.numel:
        return None
    if x.dtype is not dtypes.float32 or node.dtype is not x.dtype:
        return None
    (one,) = x.operands
    if node.op is sum_to:
        kept = (1,) * (x.ndim - node.ndim) + node.shape
    else:
        dim = node.params["dim"]
        kept = reduced(x.shape, tuple(range(x.ndim)) if dim is None else dim, True)
    count = x.numel // node.numel
    if (1,) * (x.ndim - one.ndim) + one.shape != kept or count > EXACT_COUNT:
        return None
    if one.shape != node.shape:
        one = made(view, (one,), {"shape": node.shape}, node)
    product = made(mul, (one, number(count)), NO_PARAMS, node)
    return made(add, (product, number(0.0)), {"alpha": 1}, node)


def _sum_to(node: Node) -> Node | None:
    return _nothing(node) or _sum(node)


def _slice(node: Node) -> Node | None:
    return _nothing(node) if node.params["step"] == 1 else None


RESHAPES = (
    view, reshape_alias, unsafe_view, squeeze, squeeze_dim, squeeze_dims, squeeze_product, unsqueeze,
    alias,
)  # fmt: skip
PERMUTATIONS = (permute, transpose, transpose_outputs, t)

RULES: dict[Op, Simpler] = {
    add: _add,
    sub: _sub,
    mul: _mul,
    div: _div,
    neg: _neg,
    pow_number: _pow_number,
    add_number: _plain(add, alpha=1),
    mul_number: _plain(mul),
    div_number: _plain(div),
    where: _where,
    cast: _cast,
    clone: _nothing,
    detach: _nothing,
    attachment: _nothing,
    rnn_layer: _nothing,
    expand: _expand,
    sum_: _sum,
    sum_to: _sum_to,
    slice_: _slice,
    **dict.fromkeys(RESHAPES, _reshaped),
    **dict.fromkeys(PERMUTATIONS, _permuted),
}
