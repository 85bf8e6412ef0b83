"""`torch.nn.functional`: losses that ask for a margin."""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, ValueFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ir.shapes import broadcast, size_at
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import robust
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.margins import matrix, multi_margin, multilabel_margin
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, python
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.distances import pairwise_distance
from autodiff_cli.vocabulary.functional.common_losses import (
    check_constant,
    reduced,
    tensor_argument,
)
from autodiff_cli.vocabulary.reductions import check_reduction, legacy_reduction


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
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
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
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
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
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
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
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
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


def _check_samples(input: Node) -> None:
    if input.ndim > 2 or 0 in input.shape[-1:]:
        raise RuntimeFault(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(input.shape)}"
        )


def _check_kinds(kernel: str, input: Node, *others: tuple[Node | None, DType]) -> None:
    """Refuse what a kernel of the reference isn't compiled for."""
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise NotImplementedFault(f"\"{kernel}\" not implemented for '{input.dtype.scalar_name}'")
    for other, wanted in others:
        if other is not None and other.dtype is not wanted:
            raise RuntimeFault(
                f"expected scalar type {wanted.scalar_name} but found {other.dtype.scalar_name}"
            )


def _handed_on(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if given["weight"] is not None:
        tensor_argument(given["weight"], "dim")
    return (
        "multi_margin_loss(Tensor input, Tensor target, Number p, Number margin, Tensor? weight, "
        "int reduction_enum = 1)",
        given,
    )


@python("F.multi_margin_loss", calls=_handed_on)
def multi_margin_loss(
    input: Node,
    target: Node,
    p: int = 1,
    margin: float = 1.0,
    weight: Node | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    if p != 1 and p != 2:
        raise ValueFault("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueFault("weight must be one-dimensional")
    check_constant("multi_margin_loss", "weight", weight)
    _check_samples(input)
    count, classes = matrix(input.shape)
    if target.ndim > 1 or target.numel != count:
        raise RuntimeFault(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{count}], but got {list(target.shape)}. "
            f"Input has shape {list(input.shape)}."
        )
    if weight is not None and weight.numel != classes:
        raise RuntimeFault(
            f"inconsistent weight size, expected {classes} but got {list(weight.shape)}"
        )
    kinds = ((target, dtypes.int64), (weight, input.dtype))
    _check_kinds("multi_margin_loss_cpu_kernel", input, *kinds)
    labels = force(target)
    if ((labels < 0) | (labels >= classes)).any():
        raise RuntimeFault("target out of range")
    weights = () if weight is None else (weight,)
    return multi_margin(
        input, target, *weights, p=int(p), margin=float(margin), reduction=reduction
    )


@python(
    "F.multilabel_margin_loss",
    calls="multilabel_margin_loss(Tensor input, Tensor target, int reduction_enum = 1)",
)
def multilabel_margin_loss(
    input: Node,
    target: Node,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    _check_samples(input)
    _, classes = matrix(input.shape)
    same = target.shape == input.shape if input.ndim == 2 else target.numel == classes
    if not same or target.ndim > max(input.ndim, 1):
        raise RuntimeFault(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    labels = force(target)
    if ((labels < -1) | (labels >= classes)).any():
        raise RuntimeFault("argument #2 'target' is out of range")
    kernel = "multilabel_margin_loss_forward_out_frame"
    _check_kinds(kernel, input, (target, dtypes.int64))
    return multilabel_margin(input, target, reduction=reduction)


@python("F.multilabel_soft_margin_loss", calls="log_sigmoid(Tensor input)")
def multilabel_soft_margin_loss(
    input: Node,
    target: Node | Number,
    weight: Node | Number | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = legacy_reduction(size_average, reduce, reduction)
    mul, log = FUNCTIONS["mul"], FUNCTIONS["F.logsigmoid"]
    likely, unlikely = log(input), log(ar.neg(input))
    if isinstance(target, Node):
        terms = mul(target, likely), mul(FUNCTIONS["rsub"](target, 1), unlikely)
    else:
        terms = mul(likely, target), mul(unlikely, 1 - target)
    values: Node = ar.neg(ar.add(*terms, alpha=1))
    if weight is not None:
        values = mul(values, weight)
    classes, dim = size_at(input.shape, input.ndim - 1), input.ndim - 1
    total = red.sum_(values, dim=(dim,), keepdim=False, dtype=values.dtype)
    values = ar.div(total, classes)
    if reduction not in ("none", "mean", "sum"):
        raise ValueFault(f"{reduction} is not valid")
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
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
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
