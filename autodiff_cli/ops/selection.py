"""Comparisons, logic and selection, element by element.

Derivatives: torch/tools/autograd/derivatives.yaml; ties and bounds are the reference's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ops.kinds import Elementwise, in_place, like

eq: Elementwise = Elementwise("eq", np.equal, result="bool", doc="a == b", latex="{} = {}")
ne = Elementwise("ne", np.not_equal, result="bool", doc="a != b", latex=r"{} \ne {}")
lt: Elementwise = Elementwise("lt", np.less, result="bool", doc="a < b", latex="{} < {}")
le: Elementwise = Elementwise("le", np.less_equal, result="bool", doc="a <= b", latex=r"{} \le {}")
gt: Elementwise = Elementwise("gt", np.greater, result="bool", doc="a > b", latex="{} > {}")
ge: Elementwise = Elementwise(
    "ge", np.greater_equal, result="bool", doc="a >= b", latex=r"{} \ge {}"
)
logical_not = Elementwise("logical_not", np.logical_not, result="bool", doc="not a")
logical_and: Elementwise = Elementwise("logical_and", np.logical_and, result="bool", doc="a and b")
logical_or: Elementwise = Elementwise("logical_or", np.logical_or, result="bool", doc="a or b")
logical_xor = Elementwise("logical_xor", np.logical_xor, result="bool", doc="a or b, not both")
bitwise_not = Elementwise("bitwise_not", np.invert, doc="~a")
bitwise_and = Elementwise("bitwise_and", np.bitwise_and, doc="a & b")
bitwise_or = Elementwise("bitwise_or", np.bitwise_or, doc="a | b")
bitwise_xor = Elementwise("bitwise_xor", np.bitwise_xor, doc="a ^ b")

# ---- selection ----------------------------------------------------------------------------------


BLENDED = 1 << 13  # elements from where on their bits are blended
BITS = {size: np.dtype(f"i{size}") for size in (1, 2, 4, 8)}


@in_place
def chosen(condition: Any, a: Any, b: Any, out: Any = None) -> Any:
    """`np.where`; of many elements without branches, which a processor guesses wrong at random masks."""
    condition, a, b = np.asarray(condition), np.asarray(a), np.asarray(b)
    bits = BITS.get(b.itemsize)
    if condition.size >= BLENDED and a.dtype == b.dtype and bits and condition.dtype == bool:
        if out is None:
            shape = np.broadcast_shapes(condition.shape, a.shape, b.shape)
            like = next((x for x in (b, a, condition) if x.shape == shape), None)
            out = np.empty(shape, b.dtype) if like is None else np.empty_like(like, b.dtype)
        first, second, into = a.view(bits), b.view(bits), out.view(bits)
        if not first.ndim and not first:
            np.multiply(second, np.logical_not(condition), out=into)
        elif not second.ndim and not second:
            np.multiply(first, condition, out=into)
        else:
            mask = np.negative(condition.view(np.int8), dtype=bits)
            np.bitwise_xor(mask & (first ^ second), second, out=into)
        return out
    if out is None:
        return np.where(condition, a, b)
    if condition.size == 1:
        out[...] = a if condition.item() else b
    elif np.may_share_memory(out, a):  # then it has to stay until it is chosen
        np.copyto(out, a)
        np.copyto(out, b, where=np.logical_not(condition))
    else:
        np.copyto(out, b)
        np.copyto(out, a, where=condition)
    return out


where: Elementwise = Elementwise(
    "where",
    chosen,
    vjps=(
        None,
        lambda g, y, c, a, b: where(c, g, 0.0),
        lambda g, y, c, a, b: where(c, 0.0, g),
    ),
    conditions=1,
    doc="a where c holds, else b",
)
# Operands of functions in the branch of a rule that isn't taken past a bound, so that nothing flows there.
capped: Elementwise = Elementwise(
    "capped",
    lambda x, bound: np.minimum(x, like(x, bound)),
    vjps=(lambda g, y, x, bound: where(lt(x, bound), g, 0.0),),
    doc="x below a bound, which is constant",
)
away: Elementwise = Elementwise(
    "away",
    lambda x, bound: np.where(np.abs(x) > bound, x, like(x, bound)),
    vjps=(lambda g, y, x, bound: where(logical_or(gt(x, bound), lt(x, -bound)), g, 0.0),),
    doc="x away from 0, a constant near it",
)
masked_fill: Elementwise = Elementwise(
    "masked_fill",
    lambda x, mask, value: np.where(mask.astype(bool), like(x, value), x),
    vjps=(lambda g, y, x, mask, value: masked_fill(g, mask, value=0.0), None),
    doc="x, with a number where the mask holds",
)


# At a tie the gradient is split in halves.
def _extreme(ufunc: Any) -> Any:
    """The greater or smaller one, with the reference's choice between 0.0 and -0.0.

    Its loop over whole registers takes b, as numpy's does; its loop over the rest takes a.
    """

    def kernel(a: Any, b: Any) -> Any:
        result = ufunc(a, b)
        width = 64 // max(result.itemsize, 1)
        rest = np.size(result) % width
        if result.dtype.kind != "f" or not rest or np.all(result):
            return result
        flat = np.array(result).reshape(-1)
        ties = np.broadcast_to(a == b, result.shape).reshape(-1)[-rest:]
        first = np.broadcast_to(a, result.shape).reshape(-1)[-rest:]
        flat[-rest:] = np.where(ties, first, flat[-rest:])
        return flat.reshape(result.shape)

    return kernel


minimum = Elementwise(
    "minimum",
    _extreme(np.minimum),
    vjps=(
        lambda g, y, a, b: where(gt(a, b), 0.0, where(eq(a, b), g / 2, g)),
        lambda g, y, a, b: where(gt(b, a), 0.0, where(eq(a, b), g / 2, g)),
    ),
    doc="the lesser of a and b",
    latex=r"\min({}, {})",
)
maximum = Elementwise(
    "maximum",
    _extreme(np.maximum),
    vjps=(
        lambda g, y, a, b: where(lt(a, b), 0.0, where(eq(a, b), g / 2, g)),
        lambda g, y, a, b: where(lt(b, a), 0.0, where(eq(a, b), g / 2, g)),
    ),
    doc="the greater of a and b",
    latex=r"\max({}, {})",
)


def clamped(a: Any, min: Number | None, max: Number | None) -> Any:
    # Not np.maximum, which turns -0.0 into 0.0. A bound of nan makes all nan.
    if min is not None:
        low = like(a, min)
        a = np.where((a < low) | (low != low), low, a)
    if max is not None:
        high = like(a, max)
        a = np.where((a > high) | (high != high), high, a)
    return a


def _clamp_vjp(g: Node, y: Node, a: Node, min: Number | None, max: Number | None) -> Node:
    # On a bound itself the gradient passes.
    if min is not None and max is not None:
        inside = logical_and(ge(a, min), le(a, max))
    elif min is not None:
        inside = ge(a, min)
    else:
        assert max is not None
        inside = le(a, max)
    return where(inside, g, 0.0)


clamp = Elementwise(
    "clamp",
    clamped,
    vjps=(_clamp_vjp,),
    scalars=("min", "max"),
    grad_fn="ClampBackward1",
    doc="a, not below min nor above max",
)
clamp_min_number = Elementwise(
    "clamp_min_number",
    lambda a, min: clamped(a, min, None),
    vjps=(lambda g, y, a, min: where(ge(a, min), g, 0.0),),
    scalars=("min",),
    grad_fn="ClampMinBackward0",
    doc="a, not below a number",
)
clamp_max_number = Elementwise(
    "clamp_max_number",
    lambda a, max: clamped(a, None, max),
    vjps=(lambda g, y, a, max: where(le(a, max), g, 0.0),),
    scalars=("max",),
    grad_fn="ClampMaxBackward0",
    doc="a, not above a number",
)
clamp_min = Elementwise(
    "clamp_min",
    np.maximum,
    vjps=(
        lambda g, y, a, low: where(ge(a, low), g, 0.0),
        lambda g, y, a, low: where(lt(a, low), g, 0.0),
    ),
    grad_fn="ClampBackward0",
    doc="a, not below a tensor",
)
clamp_max = Elementwise(
    "clamp_max",
    np.minimum,
    vjps=(
        lambda g, y, a, high: where(le(a, high), g, 0.0),
        lambda g, y, a, high: where(gt(a, high), g, 0.0),
    ),
    grad_fn="ClampBackward0",
    doc="a, not above a tensor",
)
clamp_min_tensor = Elementwise(
    "clamp_min_tensor",
    np.maximum,
    vjps=clamp_min.vjps,
    grad_fn="ClampMinBackward1",
    doc="a, not below a tensor, by clamp_min",
)
clamp_max_tensor = Elementwise(
    "clamp_max_tensor",
    np.minimum,
    vjps=clamp_max.vjps,
    grad_fn="ClampMaxBackward1",
    doc="a, not above a tensor, by clamp_max",
)
clamp_between = Elementwise(
    "clamp_between",
    lambda a, low, high: np.minimum(np.maximum(a, low), high),
    vjps=(
        lambda g, y, a, low, high: where(logical_and(ge(a, low), le(a, high)), g, 0.0),
        # Where the bounds are crossed, the lower has no gradient.
        lambda g, y, a, low, high: where(logical_and(lt(low, high), lt(a, low)), g, 0.0),
        lambda g, y, a, low, high: where(logical_or(gt(a, high), lt(high, low)), g, 0.0),
    ),
    grad_fn="ClampBackward0",
    doc="a, between two tensors",
)
