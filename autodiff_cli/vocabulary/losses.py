"""`torch.nn.functional`: losses besides cross entropies."""

from __future__ import annotations

import math

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.execute import force
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import robust
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.special import xlogy
from autodiff_cli.vocabulary.distances import pairwise_distance
from autodiff_cli.vocabulary.functional import _as_common, _legacy, check_constant, warn_about_sizes
from autodiff_cli.vocabulary.reductions import check_reduction
from autodiff_cli.vocabulary.registry import FUNCTIONS, python
from autodiff_cli.vocabulary.values import Size


def reduced(values: Node, reduction: str) -> Node:
    if reduction == "none":
        return values
    op = red.mean if reduction == "mean" else red.sum_
    return op(values, dim=None, keepdim=False, dtype=values.dtype)


def _broadcast(a: Node, b: Node) -> tuple[Node, Node]:
    shape = broadcast(a.shape, b.shape)
    a, b = (x if x.shape == shape else mv.expand(x, shape=shape) for x in (a, b))
    return _as_common(a, b)


@python("F.l1_loss", asks="target.size input.size")
def l1_loss(
    input: Node,
    target: Node,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    warn_about_sizes(input, target)
    shape = broadcast(input.shape, target.shape)
    a, b = (x if x.shape == shape else mv.expand(x, shape=shape) for x in (input, target))
    return reduced(pw.abs(ar.sub(a, b, alpha=1)), reduction)


@python(
    "F.smooth_l1_loss",
    asks="target.size input.size",
    calls="smooth_l1_loss(Tensor input, Tensor target, int reduction_enum = 1, float beta)",
)
def smooth_l1_loss(
    input: Node,
    target: Node,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    warn_about_sizes(input, target)
    a, b = _broadcast(input, target)
    if beta == 0:
        return reduced(pw.abs(ar.sub(a, b, alpha=1)), reduction)
    if beta < 0:
        raise RuntimeFault("smooth_l1_loss does not support negative values for beta.")
    return robust.smooth_l1_loss(a, b, reduction=reduction, beta=beta)


@python(
    "F.huber_loss",
    asks="target.size input.size",
    calls="huber_loss(Tensor input, Tensor target, int reduction_enum = 1, float delta)",
)
def huber_loss(
    input: Node,
    target: Node,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Node | None = None,
) -> Node:
    warn_about_sizes(input, target)
    a, b = _broadcast(input, target)
    if delta <= 0:
        raise RuntimeFault("huber_loss does not support non-positive values for delta.")
    if weight is not None and weight.shape != input.shape:
        raise ValueFault("Weights and input must have the same size.")
    if weight is None:
        return robust.huber_loss(a, b, reduction=check_reduction(reduction), delta=delta)
    values = ar.mul(robust.huber_loss(a, b, reduction="none", delta=delta), weight)
    return reduced(values, check_reduction(reduction))


@python(
    "F.kl_div",
    calls="kl_div(Tensor input, Tensor target, int reduction_enum = 1, *, bool log_target)",
)
def kl_div(
    input: Node,
    target: Node,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Node:
    reduction = _legacy(size_average, reduce, reduction)
    if reduction != "batchmean":
        check_reduction(reduction)
    if not (input.dtype.is_floating and target.dtype.is_floating):
        raise RuntimeFault("kl_div: Integral inputs not supported.")
    if log_target:
        values = ar.mul(pw.exp(target), ar.sub(target, input, alpha=1))
    else:
        values = ar.sub(xlogy(target, target), ar.mul(target, input), alpha=1)
    if reduction == "batchmean":
        total = reduced(values, "sum")
        return ar.div(total, input.shape[0]) if input.ndim else total
    return reduced(values, check_reduction(reduction))


@python(
    "F.poisson_nll_loss",
    calls="poisson_nll_loss(Tensor input, Tensor target, bool log_input, bool full, float eps)",
)
def poisson_nll_loss(
    input: Node,
    target: Node,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    if log_input:
        values = ar.sub(pw.exp(input), ar.mul(target, input), alpha=1)
    else:
        logs = pw.log(ar.add_number(input, other=eps))
        values = ar.sub(input, ar.mul(target, logs), alpha=1)
    if full:
        series = ar.sub(ar.mul(target, pw.log(target)), target, alpha=1)
        turned = ar.mul_number(pw.log(ar.mul_number(target, other=2 * math.pi)), other=0.5)
        stirling = ar.add(series, turned, alpha=1)
        values = ar.add(values, sel.masked_fill(stirling, sel.le(target, 1), value=0), alpha=1)
    return reduced(values, reduction)


@python("F.gaussian_nll_loss")
def gaussian_nll_loss(
    input: Node,
    target: Node,
    var: Node | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Node:
    if isinstance(var, (int, float)):
        from autodiff_cli.ops.create import full as filled

        if var < 0:
            raise ValueFault("var has negative entry/entries")
        variance = filled(shape=input.shape, value=var, dtype=input.dtype)
    else:
        variance = var
        if variance.shape != input.shape:
            if input.shape[:-1] == variance.shape:
                variance = mv.unsqueeze(variance, shape=(*variance.shape, 1))
            elif input.shape[:-1] != variance.shape[:-1] or variance.shape[-1] != 1:
                raise ValueFault("var is of incorrect size")
        if (force(variance) < 0).any():
            raise ValueFault("var has negative entry/entries")
    check_reduction(reduction)
    # bounded in place, unseen by autograd: beneath the bound the gradient passes
    raised = sel.clamp(variance, min=eps, max=None)
    shift = pw.detach(ar.sub(raised, variance, alpha=1))
    bounded = ar.add(pw.clone(variance), shift, alpha=1)
    squares = ar.pow_number(ar.sub(input, target, alpha=1), exponent=2)
    values = ar.add(pw.log(bounded), ar.div(squares, bounded), alpha=1)
    values = ar.mul(values, 0.5)
    if full:
        values = ar.add(values, 0.5 * math.log(2 * math.pi), alpha=1)
    return reduced(values, reduction)


# ---- margins ------------------------------------------------------------------------------------


@python(
    "F.hinge_embedding_loss",
    calls="hinge_embedding_loss(Tensor input, Tensor target, float margin)",
)
def hinge_embedding_loss(
    input: Node,
    target: Node,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    gap = sel.clamp_min_number(ar.rsub_number(input, other=margin, alpha=1), min=0)
    apart = sel.where(sel.ne(target, 1), gap, 0.0)
    together = sel.where(sel.ne(target, -1), input, 0.0)
    return reduced(ar.add(apart, together, alpha=1), reduction)


@python(
    "F.margin_ranking_loss",
    asks="input1.dim input2.dim target.dim",
    calls="margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin)",
)
def margin_ranking_loss(
    input1: Node,
    input2: Node,
    target: Node,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeFault(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {Size(input1.shape)!r}, input2: {Size(input2.shape)!r}, target: "
            f"{Size(target.shape)!r} "
        )
    product = ar.mul(FUNCTIONS["neg"](target), ar.sub(input1, input2, alpha=1))
    return reduced(sel.clamp_min_number(ar.add_number(product, other=margin), min=0), reduction)


@python("F.soft_margin_loss", calls="soft_margin_loss(Tensor input, Tensor target)")
def soft_margin_loss(
    input: Node,
    target: Node,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    check_constant("soft_margin_loss", "target", target)
    shape = broadcast(input.shape, target.shape)
    if shape != input.shape:
        raise RuntimeFault(
            f"output with shape {list(input.shape)} doesn't match the broadcast shape {list(shape)}"
        )
    return robust.soft_margin_loss(input, pw.as_dtype(target, input.dtype), reduction=reduction)


@python(
    "F.cosine_embedding_loss",
    calls="cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float margin)",
)
def cosine_embedding_loss(
    input1: Node,
    input2: Node,
    target: Node,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    if target.ndim > 1:
        raise RuntimeFault("0D or 1D target tensor expected, multi-target not supported")
    dim = target.ndim
    if input1.ndim != dim + 1 or input2.ndim != dim + 1:
        raise RuntimeFault(
            f"{dim}D target tensor expects {dim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )

    def along(a: Node, b: Node) -> Node:
        product = ar.mul(a, b)
        return red.sum_(product, dim=(dim,), keepdim=False, dtype=product.dtype)

    one, two = (ar.add_number(along(x, x), other=1e-12) for x in (input1, input2))
    cosine = ar.div(along(input1, input2), pw.sqrt(ar.mul(one, two)))
    apart = sel.clamp_min_number(ar.sub(cosine, margin, alpha=1), min=0)
    together = ar.rsub_number(cosine, other=1, alpha=1)
    values = ar.add(
        sel.where(sel.eq(target, 1), together, 0.0),
        sel.where(sel.eq(target, -1), apart, 0.0),
        alpha=1,
    )
    return reduced(values, reduction)


@python(
    "F.triplet_margin_loss",
    calls="triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float margin, float p, "
    "float eps, bool swap)",
)
def triplet_margin_loss(
    anchor: Node,
    positive: Node,
    negative: Node,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(_legacy(size_average, reduce, reduction))
    if margin <= 0:
        raise ValueFault(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeFault(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative "
            f"{negative.ndim}D inputs"
        )
    near = pairwise_distance(anchor, positive, p, eps, False)
    far = pairwise_distance(anchor, negative, p, eps, False)
    if swap:
        far = sel.minimum(far, pairwise_distance(positive, negative, p, eps, False))
    gap = ar.sub(ar.add_number(near, other=margin), far, alpha=1)
    return reduced(sel.clamp_min_number(gap, min=0), reduction)
