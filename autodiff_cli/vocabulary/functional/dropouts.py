"""`torch.nn.functional`: dropout.

Source: torch/nn/functional.py, ATen/native/Dropout.cpp.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir import layout
from autodiff_cli.ir.node import Array, Node, Shape, constant
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full
from autodiff_cli.random.streams import default_generator
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.registry import Calls, python

ALPHA = 1.7580993408473766  # minus the value that SELU goes to


def _dropping(name: str) -> Calls:
    def calls(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return f"{name}(Tensor input, float p, bool train)", {**given, "train": given["training"]}

    return calls


def _check_probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueFault(f"dropout probability has to be between 0 and 1, but got {p}")


def _kept(p: float, shape: Shape, x: Node) -> Array:
    """Ones where something is kept, zeros elsewhere."""
    return default_generator().bernoulli(1 - p, shape, x.dtype.numpy)


def _kept_of_each(p: float, x: Node) -> Array:
    """`_kept` for each element, drawn in the order in which they lie."""
    strides = layout.strides_of(x)
    order = sorted(range(x.ndim), key=lambda dim: -strides[dim])
    drawn = _kept(p, tuple(x.shape[dim] for dim in order), x)
    return np.ascontiguousarray(drawn.transpose(np.argsort(order))).reshape(x.shape)


def _scaled(x: Node, kept: Array, p: float) -> Node:
    scale = np.asarray(1 - p, x.dtype.numpy)
    return ar.mul(x, constant((kept / scale).astype(x.dtype.numpy)))


def _unless_trivial(x: Node, p: float, training: bool) -> Node | None:
    """What comes out where nothing is drawn."""
    if p == 0 or not training or not x.numel:
        return x
    return ar.mul(x, full(shape=(), value=0, dtype=x.dtype)) if p == 1 else None


@python("F.dropout", calls=_dropping("dropout"))
def dropout(input: Node, p: float = 0.5, training: bool = True, inplace: bool = False) -> Node:
    _check_probability(p)
    trivial = _unless_trivial(input, p, training)
    return _scaled(input, _kept_of_each(p, input), p) if trivial is None else trivial


def _by_channel(x: Node, p: float, training: bool) -> Node:
    """Dropout of whole channels: dimensions from the third on are kept or dropped together."""
    trivial = _unless_trivial(x, p, training)
    if trivial is not None:
        return trivial
    if x.ndim < 2:
        raise RuntimeFault("Feature dropout requires at least 2 dimensions in the input")
    return _scaled(x, _kept(p, (*x.shape[:2], *(1,) * (x.ndim - 2)), x), p)


@python("F.dropout1d", asks="input.dim", calls=_dropping("feature_dropout"))
def dropout1d(input: Node, p: float = 0.5, training: bool = True, inplace: bool = False) -> Node:
    _check_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeFault(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that dropout1d "
            "exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel "
            "dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    if input.ndim == 3:
        return _by_channel(input, p, training)
    result = _by_channel(mv.unsqueeze(input, shape=(1, *input.shape)), p, training)
    return mv.squeeze_dim(result, shape=input.shape)


@python("F.dropout2d", asks="input.dim", calls=_dropping("feature_dropout"))
def dropout2d(input: Node, p: float = 0.5, training: bool = True, inplace: bool = False) -> Node:
    _check_probability(p)
    if input.ndim not in (3, 4):
        warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated and will result "
            "in an error in a future release. To retain the behavior and silence this warning, please use "
            "dropout instead. Note that dropout2d exists to provide channel-wise dropout on inputs with 2 "
            "spatial dimensions, a channel dimension, and an optional batch dimension (i.e. 3D or 4D "
            "inputs)."
        )
    if input.ndim == 3:
        warn(
            "dropout2d: Received a 3-D input to dropout2d and assuming that channel-wise 1-D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel dim. "
            "This behavior will change in a future release to interpret the input as one without a batch "
            "dimension, i.e. shape (C, H, W). To maintain the 1-D channel-wise dropout behavior, please "
            "switch to using dropout1d instead."
        )
    return _by_channel(input, p, training)


@python("F.dropout3d", asks="input.dim", calls=_dropping("feature_dropout"))
def dropout3d(input: Node, p: float = 0.5, training: bool = True, inplace: bool = False) -> Node:
    _check_probability(p)
    if input.ndim not in (4, 5):
        warn(
            f"dropout3d: Received a {input.ndim}-D input to dropout3d, which is deprecated and will result "
            "in an error in a future release. To retain the behavior and silence this warning, please use "
            "dropout instead. Note that dropout3d exists to provide channel-wise dropout on inputs with 3 "
            "spatial dimensions, a channel dimension, and an optional batch dimension (i.e. 4D or 5D "
            "inputs)."
        )
    if input.ndim == 5:
        return _by_channel(input, p, training)
    result = _by_channel(mv.unsqueeze(input, shape=(1, *input.shape)), p, training)
    return mv.squeeze_dim(result, shape=input.shape)


@python("F.alpha_dropout", calls=_dropping("alpha_dropout"))
def alpha_dropout(
    input: Node, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Node:
    _check_probability(p)
    trivial = _unless_trivial(input, p, training)
    if trivial is not None:
        return trivial
    return _with_moments(input, _kept_of_each(p, input), p)


def _with_moments(x: Node, kept: Array, p: float) -> Node:
    """What isn't kept goes to SELU's value, and all is scaled so that mean and variance stay."""
    factor = 1 / math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    real = x.dtype.numpy.type
    shift = (kept - real(1)) * real(ALPHA * factor) + real(ALPHA * factor * p)
    return ar.add(ar.mul(x, constant(kept * real(factor))), constant(shift), alpha=1)


@python("F.feature_alpha_dropout", calls=_dropping("feature_alpha_dropout"))
def feature_alpha_dropout(
    input: Node, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Node:
    _check_probability(p)
    trivial = _unless_trivial(input, p, training)
    if trivial is not None:
        return trivial
    if input.ndim < 2:
        raise RuntimeFault("Feature dropout requires at least 2 dimensions in the input")
    shape = (*input.shape[:2], *(1,) * (input.ndim - 2))
    return _with_moments(input, _kept(p, shape, input), p)
