"""Normalization, embedding and resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Op, Params, Rule, Shape
from autodiff_cli.ops.create import attached
from autodiff_cli.ops.indexing import index_backward
from autodiff_cli.ops.kinds import Elementwise, Shaped
from autodiff_cli.ops.movement import reshape, sum_to
from autodiff_cli.ops.pointwise import rsqrt
from autodiff_cli.ops.reduce import mean
from autodiff_cli.ops.selection import eq, where

Sizes = tuple[int, ...]

# ---- normalization ------------------------------------------------------------------------------


class _Normalization(Op):
    """(x - mean)/sqrt(variance + eps), then times a weight and plus a bias, if they are given.

    Parameters: `grouped`, the shape in which x is seen for its statistics; `dims`, those of that shape
    that are averaged; `affine`, the shape in which weight and bias meet x.
    """

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.vjps[: len(operands)]

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        return operands[0].shape, operands[0].dtype

    def composed(self, node: Node) -> Node:
        x, *pair = node.operands
        how = dict(node.params)
        affine = how.pop("affine")
        normal, _ = _normal_form(x, **how)
        result = reshape(normal, x.shape)
        for at, term in enumerate(pair):
            term = reshape(term, affine)
            result = result + term if at else result * term
        return result


def _normalize(
    x: Any, *affine_pair: Any, grouped: Shape, dims: Sizes, affine: Shape, eps: float
) -> Any:
    if not x.size:  # numpy warns of an average of nothing
        return x.copy()
    wide = x.astype(np.float64).reshape(grouped)
    centred = wide - wide.mean(dims, keepdims=True)
    scale = 1 / np.sqrt(np.square(centred).mean(dims, keepdims=True) + eps)
    result = (centred * scale).reshape(x.shape)
    for at, term in enumerate(affine_pair):
        term = term.reshape(affine)
        result = result + term if at else result * term
    return result.astype(x.dtype)


def _normal_form(x: Node, grouped: Shape, dims: Sizes, eps: float) -> tuple[Node, Node]:
    """The normalized x, and what it was multiplied by, in the grouped shape."""
    wide = reshape(x, grouped)

    def average(node: Node) -> Node:
        return mean(node, dim=dims, keepdim=True, dtype=node.dtype)

    centred = wide - average(wide)
    scale = rsqrt(average(centred * centred) + eps)
    return centred * scale, scale


def _normalize_vjp(
    g: Node, y: Node, x: Node, *pair: Node, grouped: Shape, dims: Sizes, affine: Shape, eps: float
) -> Node:
    if pair:
        g = g * reshape(pair[0], affine)
    flow = reshape(g, grouped)
    normal, scale = _normal_form(x, grouped, dims, eps)

    def average(node: Node) -> Node:
        return mean(node, dim=dims, keepdim=True, dtype=node.dtype)

    inner = flow - average(flow) - normal * average(flow * normal)
    return reshape(scale * inner, x.shape)


def _to_affine(flow: Node, shape: Shape, affine: Shape) -> Node:
    return reshape(sum_to(flow, shape=affine), shape)


def _weight_vjp(
    g: Node,
    y: Node,
    x: Node,
    w: Node,
    *b: Node,
    grouped: Shape,
    dims: Sizes,
    affine: Shape,
    eps: float,
) -> Node:
    normal, _ = _normal_form(x, grouped, dims, eps)
    return _to_affine(g * reshape(normal, x.shape), w.shape, affine)


def _shift_vjp(g: Node, y: Node, x: Node, w: Node, b: Node, affine: Shape, **how: Any) -> Node:
    return attached(_to_affine(g, b.shape, affine), x, w)


def _normalizer(name: str, backward: str, doc: str) -> Op:
    return _Normalization(
        name,
        _normalize,
        vjps=(_normalize_vjp, _weight_vjp, _shift_vjp),
        backward=backward,
        batch="window.normalization",
        doc=doc,
    )


layer_norm = _normalizer(
    "native_layer_norm",
    "NativeLayerNormBackwardBackward0",
    "normalized over the last dimensions",
)
group_norm = _normalizer("native_group_norm", "", "normalized over groups of channels")
batch_norm = _normalizer(
    "native_batch_norm",
    "NativeBatchNormBackwardBackward0",
    "normalized over all but the channels",
)


class _Scaled(Elementwise):
    """(x - mean)/sqrt(variance + eps) with given statistics, which have no derivative."""

    __slots__ = ()

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.vjps[: len(operands)]


def _scaled(x: Any, centre: Any, spread: Any, *pair: Any, eps: float) -> Any:
    result = (x - centre) / np.sqrt(spread + np.asarray(eps, x.dtype))
    for at, term in enumerate(pair):
        result = result + term if at else result * term
    return result


def _scaled_vjp(
    g: Node, y: Node, x: Node, centre: Node, spread: Node, *pair: Node, eps: float
) -> Node:
    flow = g * rsqrt(spread + eps)
    return attached(flow * pair[0] if pair else flow, x)


batch_norm_fixed = _Scaled(
    "batch_norm_fixed",
    _scaled,
    vjps=(
        _scaled_vjp,
        None,
        None,
        lambda g, y, x, centre, spread, *pair, eps: g * ((x - centre) * rsqrt(spread + eps)),
        lambda g, y, x, centre, spread, *pair, eps: attached(g, x, pair[0]),
    ),
    grad_fn="NativeBatchNormBackward0",
    backward="NativeBatchNormBackwardBackward0",
    doc="normalized by running statistics",
)

# ---- embedding ----------------------------------------------------------------------------------


def _embedding_vjp(g: Node, y: Node, weight: Node, index: Node, padding: int) -> Node:
    if padding >= 0:
        skipped = reshape(eq(index, padding), (*index.shape, 1))
        g = where(skipped, 0.0, g)
    return index_backward(g, index, dims=(0,), shape=weight.shape)


embedding = Shaped(
    "embedding",
    lambda weight, index, padding: weight[index],
    shape=lambda weight, index, padding: (*index.shape, weight.shape[1]),
    vjps=(_embedding_vjp, None),
    backward="EmbeddingDenseBackwardBackward0",
    linear=((0,),),
    batch="indexing.embedding",
    doc="rows of a table",
)


def _nearest(size: int, wanted: int) -> Any:
    return np.minimum(np.arange(wanted) * size // wanted, size - 1)


def _upsample(x: Any, size: Sizes) -> Any:
    rows, columns = (_nearest(n, wanted) for n, wanted in zip(x.shape[-2:], size))
    return x[..., rows[:, None], columns]


def _downsum(g: Any, shape: Shape) -> Any:
    rows, columns = (_nearest(n, wanted) for n, wanted in zip(shape[-2:], g.shape[-2:]))
    result = np.zeros(shape, g.dtype)
    at: Any = (..., rows[:, None], columns)
    np.add.at(result, at, g)
    return result


upsample_nearest: Shaped = Shaped(
    "upsample_nearest2d",
    _upsample,
    shape=lambda x, size: (*x.shape[:-2], *size),
    vjps=(lambda g, y, x, size: upsample_nearest_backward(g, shape=x.shape),),
    linear=((0,),),
    batch="shape.leading",
    doc="each element repeated to a size",
)
upsample_nearest_backward: Shaped = Shaped(
    "upsample_nearest2d_backward",
    _downsum,
    shape=lambda g, shape: shape,
    vjps=(lambda g, y, x, shape: upsample_nearest(g, size=x.shape[-2:]),),
    linear=((0,),),
    batch="shape.shifted",
    doc="the adjoint of upsample_nearest2d",
)
