"""`torch.nn.functional`: normalizations by squares, and softmax with noise.

Sources: torch/nn/functional.py; ATen/native/layer_norm.cpp (rms_norm_composite).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.node import Node, Shape, constant
from autodiff_cli.ir.shapes import wrap_dim
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import pooling as pl
from autodiff_cli.ops import rearrange as re
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.create import full
from autodiff_cli.ops.scatter import scatter_number
from autodiff_cli.random.streams import default_generator
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.registry import python, torch
from autodiff_cli.vocabulary.reductions import softmax_of


@torch(
    "rms_norm(Tensor input, tuple of ints normalized_shape, Tensor? weight = None, float? eps = None)",
    only="function",
)
def rms_norm(input: Node, normalized_shape: Shape, weight: Node | None, eps: float | None) -> Node:
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeFault(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = {list(shape)}"
        )
    if weight is not None and weight.shape != shape:
        raise RuntimeFault(
            "Expected weight to be of same shape as normalized_shape, but got weight of shape "
            f"{list(weight.shape)} and normalized_shape = {list(shape)}"
        )
    if input.shape[input.ndim - len(shape) :] != shape:
        raise RuntimeFault(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[*{', '.join(map(str, shape))}], but got input of size{list(input.shape)}"
        )
    if eps is None:
        eps = float(np.finfo(input.dtype.numpy).eps)
    dims = tuple(range(input.ndim - len(shape), input.ndim))
    squares = ar.pow_number(input, exponent=2)
    mean = red.mean(squares, dim=dims, keepdim=True, dtype=input.dtype)
    result = ar.mul(input, pw.rsqrt(ar.add_number(mean, other=eps)))
    return result if weight is None else ar.mul(result, weight)


@python(
    "F.rms_norm",
    calls="rms_norm(Tensor input, tuple of ints normalized_shape, Tensor? weight, float? eps)",
)
def functional_rms_norm(
    input: Node,
    normalized_shape: Sequence[int],
    weight: Node | None = None,
    eps: float | None = None,
) -> Node:
    return rms_norm(input, tuple(normalized_shape), weight, eps)


@python("F.local_response_norm", asks="input.dim")
def local_response_norm(
    input: Node, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Node:
    if input.ndim < 3:
        blanks = " " * 26
        raise ValueFault(
            f"Expected 3D or higher dimensionality{blanks}input (got {input.ndim} dimensions)"
        )
    if not input.numel:
        return input
    count, channels, *spatial = input.shape
    squares = mv.reshape(ar.mul(input, input), (count, channels, input.numel // count // channels))
    margins = ((0, 0), (size // 2, (size - 1) // 2), (0, 0))
    wide = re.pad(squares, margins=margins, value=0)
    how = {"padding": (0, 0), "pads": True, "ceil": False, "divisor": None}
    near = pl.avg_pool(wide, kernel=(size, 1), stride=(1, 1), **how)
    sums = mv.reshape(near, (count, channels, *spatial))
    scale = ar.add_number(ar.mul_number(sums, other=alpha), other=k)
    return ar.div(input, ar.pow_number(scale, exponent=beta))


@python("F.gumbel_softmax")
def gumbel_softmax(
    logits: Node, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Node:
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect.")
    drawn = default_generator().exponential(logits.shape, logits.dtype.numpy)
    noise = constant(np.asarray(-np.log(drawn), logits.dtype.numpy))
    noisy = ar.div_number(ar.add(logits, noise, alpha=1), other=tau)
    soft = softmax_of(noisy, dim, None, log=False)
    if not hard:
        return soft
    at = wrap_dim(dim, logits.ndim)
    best = red.argmax(pw.detach(soft), dim=(at,), keepdim=True)
    nothing = full(shape=soft.shape, value=0, dtype=soft.dtype)
    chosen = scatter_number(nothing, best, dim=at, value=1)
    return ar.add(ar.sub(chosen, pw.detach(soft), alpha=1), soft, alpha=1)
