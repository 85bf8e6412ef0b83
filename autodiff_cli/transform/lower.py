"""Composite operations as the elementwise operations and reductions that they consist of.

The reference computes a softmax, a mean or a cross entropy as one operation, and so do our graphs, which
name its backward functions. For an execution block by block what counts is what happens to each element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import own
from autodiff_cli.ir.node import Node, Op
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import loss, matrix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.attention import attention, graph_of_shares
from autodiff_cli.transform.rewrite import rewritten
from autodiff_cli.transform.simplify import is_plain

Lowering: TypeAlias = Callable[[Node, Node], "Node | None"]  # of a node, and as it was before


def lowered(outputs: Sequence[Node]) -> list[Node]:
    """The outputs' graph with composites replaced; values are the same within rounding."""
    return rewritten(outputs, _lower)


def _lower(node: Node, before: Node) -> Node:
    rule = LOWERINGS.get(node.op)
    if rule is None or node.dtype is dtypes.float16:  # which rounds only once in a composite
        return node
    own().span = node.span
    return rule(node, before) or node


def _mean(node: Node, before: Node) -> Node | None:
    (x,), dim, dtype = node.operands, node.params["dim"], node.params["dtype"]
    total = red.sum_(x, dim=dim, keepdim=node.params["keepdim"], dtype=dtype)
    count = x.numel if dim is None else math.prod(x.shape[d] for d in dim)
    return ar.div(total, count) if count else None


def _shifted(x: Node, dim: int) -> Node:
    return ar.sub(x, red.amax(x, dim=(dim,), keepdim=True), alpha=1)


def _total(x: Node, dim: tuple[int, ...], keepdim: bool = True) -> Node:
    return red.sum_(x, dim=dim, keepdim=keepdim, dtype=x.dtype)


def _softmax(node: Node, before: Node) -> Node | None:
    (x,), dim = node.operands, node.params["dim"]
    if not x.ndim or not x.shape[dim]:
        return None
    powers = pw.exp(_shifted(x, dim))
    return ar.mul(powers, pw.reciprocal(_total(powers, (dim,))))


def _log_softmax(node: Node, before: Node) -> Node | None:
    (x,), dim = node.operands, node.params["dim"]
    if not x.ndim or not x.shape[dim]:
        return None
    shifted = _shifted(x, dim)
    return ar.sub(shifted, pw.log(_total(pw.exp(shifted), (dim,))), alpha=1)


def _exp(node: Node, before: Node) -> Node | None:
    """That of a log_softmax is the softmax, whose powers are there already."""
    (y,) = node.operands
    if before.operands[0].op is not red.log_softmax or y.op is not ar.sub or y.value is not None:
        return None
    (total,) = y.operands[1].operands
    return ar.mul(total.operands[0], pw.reciprocal(total))


def _mul(node: Node, before: Node) -> Node | None:
    """A softmax is at most 1: what is the same along its rows may be multiplied by their sums first."""
    softmax, other = node.operands
    exp = before.operands[0]
    if (
        exp.op is not pw.exp
        or exp.operands[0].op is not red.log_softmax
        or softmax.op is not ar.mul
    ):
        return None
    dim = exp.operands[0].params["dim"]
    if other.ndim != softmax.ndim or other.shape[dim] != 1 or other.dtype is not node.dtype:
        return None
    powers, inverse = softmax.operands
    return ar.mul(powers, ar.mul(inverse, other))


def _logsumexp(node: Node, before: Node) -> Node | None:
    (x,), dim = node.operands, node.params["dim"]
    dims = tuple(range(x.ndim)) if dim is None else dim
    if not x.numel or not dims:
        return None
    top = red.amax(x, dim=dims, keepdim=True)
    shift = sel.where(pw.isfinite(top), top, 0.0)
    total = ar.add(pw.log(_total(pw.exp(ar.sub(x, shift, alpha=1)), dims)), shift, alpha=1)
    return mv.reshape(total, node.shape)


def _mse(node: Node, before: Node) -> Node | None:
    return _reduced(ar.pow_number(ar.sub(*node.operands, alpha=1), exponent=2), node)


def _reduced(values: Node, node: Node) -> Node | None:
    reduction = node.params["reduction"]
    if values.dtype is not node.dtype or not values.numel:
        return None
    if reduction == "none":
        return values
    total = red.sum_(values, dim=None, keepdim=False, dtype=values.dtype)
    return total if reduction == "sum" else ar.div(total, values.numel)


def _with_logits(node: Node, before: Node) -> Node | None:
    if len(node.operands) != 2:
        return None
    x, target = node.operands
    if x.dtype is not target.dtype:
        return None
    softplus = ar.add(
        pw.log1p(pw.exp(ar.neg(pw.abs(x)))), sel.clamp_min_tensor(ar.neg(x), 0.0), alpha=1
    )
    return _reduced(
        ar.add(ar.mul(ar.rsub_number(target, other=1, alpha=1), x), softplus, alpha=1), node
    )


def _by_class(target: Node, ignore_index: int, dtype: dtypes.DType) -> tuple[Node, Node, Node]:
    """Targets as a column that is always in range; which of them count; and how many do."""
    column = mv.reshape(target, (target.numel, 1))
    counted = sel.ne(column, ignore_index)
    count = red.sum_(pw.as_dtype(counted, dtype), dim=None, keepdim=False, dtype=dtype)
    return pw.as_dtype(sel.where(counted, column, 0), dtypes.int64), counted, count


def _nll_loss(node: Node, before: Node) -> Node | None:
    x = node.operands[0]
    if len(node.operands) != 2 or x.ndim != 2 or not x.numel:
        return None
    safe, counted, count = _by_class(node.operands[1], node.params["ignore_index"], x.dtype)
    picked = sel.where(counted, ar.neg(_picked(x, safe, 1)), 0.0)
    if node.params["reduction"] == "none":
        return mv.reshape(picked, node.shape)
    total = red.sum_(picked, dim=None, keepdim=False, dtype=x.dtype)
    return total if node.params["reduction"] == "sum" else ar.div(total, count)


def _nll_loss_backward(node: Node, before: Node) -> Node | None:
    g, shape = node.operands[0], node.params["shape"]
    if len(node.operands) != 2 or len(shape) != 2 or not g.numel:
        return None
    safe, counted, count = _by_class(node.operands[1], node.params["ignore_index"], g.dtype)
    share = ar.neg(mv.reshape(g, (g.numel, 1)) if g.ndim else g)
    if node.params["reduction"] == "mean":
        share = ar.div(share, count)
    share = sel.where(counted, share, 0.0)
    return ix.put_along(share, safe, shape=shape, dim=1)


def _norm(node: Node, before: Node) -> Node | None:
    (x,), ord, dim = node.operands, node.params["ord"], node.params["dim"]
    if x.dtype is not node.dtype or not x.numel:
        return None
    dims = tuple(range(x.ndim)) if dim is None else dim
    keepdim = node.params["keepdim"]
    if ord == 1:
        return _total(pw.abs(x), dims, keepdim)
    if ord == math.inf:
        return red.amax(pw.abs(x), dim=dims, keepdim=keepdim)
    if ord == -math.inf:
        return red.amin(pw.abs(x), dim=dims, keepdim=keepdim)
    return None


def _picked(x: Node, index: Node, dim: int) -> Node:
    """Elements along a dimension; what all along it are lessened by is subtracted from those alone."""
    less: list[Node] = []
    while x.op is ar.sub and x.value is None and is_plain(x) and x.operands[1].shape == index.shape:
        x, same = x.operands
        less.append(same)
    picked = ix.take_along(x, index, dim=dim)
    for same in reversed(less):
        picked = ar.sub(picked, same, alpha=1)
    return picked


def _take_along(node: Node, before: Node) -> Node | None:
    x, index = node.operands
    dim = node.params["dim"]
    column = x.ndim and index.shape == (*x.shape[:dim], 1, *x.shape[dim + 1 :]) != x.shape
    return _picked(x, index, dim) if column else None


def _total_of_put(node: Node, before: Node) -> Node | None:
    """A sum over the dimension along which elements were put into zeros: those elements, or their sum."""
    (x,) = node.operands
    dim = node.params["dim"]
    if x.op is not ix.put_along or dim != (x.params["dim"],) or node.dtype is not x.dtype:
        return None
    (values, _) = x.operands
    if values.shape[dim[0]] == 1:
        return mv.reshape(values, node.shape)
    return red.sum_(values, **node.params)


WALKED = (
    1 << 18
)  # elements of a matrix that is walked once rather than once a product with a vector


def _mv(node: Node, before: Node) -> Node | None:
    """A matrix times a vector as sums of products, which can be computed with what else reads the matrix."""
    a, v = node.operands
    if a.numel < WALKED or a.dtype is not node.dtype or v.dtype is not node.dtype:
        return None
    if a.op is mv.t and a.value is None:
        product, dim = ar.mul(a.operands[0], mv.reshape(v, (v.numel, 1))), 0
    else:
        product, dim = ar.mul(a, v), 1
    return red.sum_(product, dim=(dim,), keepdim=False, dtype=node.dtype)


def _attention(node: Node, before: Node) -> Node:
    q, k, v, *mask = node.operands
    return matrix.bmm(graph_of_shares(q, k, *mask, **node.params), v)


LOWERINGS: dict[Op, Lowering] = {
    red.mean: _mean,
    red.softmax: _softmax,
    pw.exp: _exp,
    ar.mul: _mul,
    red.log_softmax: _log_softmax,
    red.logsumexp: _logsumexp,
    red.vector_norm: _norm,
    red.sum_: _total_of_put,
    ix.take_along: _take_along,
    matrix.mv: _mv,
    attention: _attention,
    loss.mse_loss: _mse,
    loss.binary_cross_entropy_with_logits: _with_logits,
    loss.nll_loss: _nll_loss,
    loss.nll_loss_backward: _nll_loss_backward,
}
