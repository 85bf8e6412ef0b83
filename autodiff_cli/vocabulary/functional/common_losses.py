"""`torch.nn.functional`: the losses that most programs use, and what losses have in common."""

from __future__ import annotations

from autodiff_cli.errors import (
    AttributeFault,
    IndexFault,
    NotImplementedFault,
    RuntimeFault,
    ValueFault,
)
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.shapes import broadcast, size_at
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import loss
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full
from autodiff_cli.ops.indexing import index_select
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import python
from autodiff_cli.vocabulary.calls.signature import Overloads
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.pointwise import require_floating
from autodiff_cli.vocabulary.reductions import check_reduction, legacy_reduction, softmax_of
from autodiff_cli.vocabulary.shaping import reshape_to


def warn_about_sizes(input: Node, target: Node) -> None:
    """Warn of a loss between tensors of different shapes."""
    if target.shape != input.shape:
        warn(
            f"Using a target size ({Size(target.shape)!r}) that is different to the input size "
            f"({Size(input.shape)!r}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size."
        )


def _as_common(a: Node, b: Node) -> tuple[Node, Node]:
    dtype = dtypes.promote(a.dtype, b.dtype)
    return as_dtype(a, dtype), as_dtype(b, dtype)


def tensor_argument(x: object, attribute: str = "size") -> Node:
    if isinstance(x, Node):
        return x
    raise AttributeFault(f"'{type_name(x)}' object has no attribute '{attribute}'")


def check_constant(function: str, argument: str, value: Node | None) -> None:
    """Refuse a gradient by an argument for which the reference has no derivative."""
    if value is not None and value.requires_grad:
        raise RuntimeFault(
            f"The function '{function}' is not differentiable with respect to argument "
            f"'{argument}'. This input cannot have requires_grad True.",
            hint="name the inputs to differentiate by with --wrt, or write .detach() behind it",
        )


def reduced(values: Node, reduction: str) -> Node:
    if reduction == "none":
        return values
    op = red.mean if reduction == "mean" else red.sum_
    return op(values, dim=None, keepdim=False, dtype=values.dtype)


@python("F.mse_loss")
def mse_loss(
    input: Node,
    target: Node,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Node | None = None,
) -> Node:
    target = tensor_argument(target)
    input = tensor_argument(input)
    reduction = legacy_reduction(size_average, reduce, reduction)
    warn_about_sizes(input, target)
    a, b = mv.together(input, target)
    if weight is not None:
        if weight.shape != input.shape:
            raise ValueFault("Weights and input must have the same size.")
        errors = ar.mul(weight, ar.pow_number(ar.sub(a, b, alpha=1), exponent=2))
        if check_reduction(reduction) != "mean":
            return reduced(errors, reduction)
        return ar.div(reduced(errors, "sum"), reduced(weight, "sum"))
    check_reduction(reduction)
    common = dtypes.promote(a.dtype, b.dtype)
    if not common.is_floating:
        raise NotImplementedFault(f"\"mse_cpu\" not implemented for '{common.scalar_name}'")
    a, b = _as_common(a, b)
    return loss.mse_loss(a, b, reduction=reduction)


@python("F.binary_cross_entropy")
def binary_cross_entropy(
    input: Node,
    target: Node,
    weight: Node | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    target, input = tensor_argument(target), tensor_argument(input)
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    if target.shape != input.shape:
        raise ValueFault(
            f"Using a target size ({Size(target.shape)!r}) that is different to the input size "
            f"({Size(input.shape)!r}) is deprecated. Please ensure they have the same size."
        )
    if target.dtype is not input.dtype:
        raise RuntimeFault(
            f"Found dtype {target.dtype.scalar_name} but expected {input.dtype.scalar_name}",
            hint="convert the target with .float()",
        )
    require_floating(input, "binary_cross_entropy")
    check_constant("binary_cross_entropy", "weight", weight)
    weights: tuple[Node, ...] = ()
    if weight is not None:
        weights = (mv.expand(weight, shape=broadcast(weight.shape, input.shape)),)
    return loss.binary_cross_entropy(input, target, *weights, reduction=reduction)


@python("F.binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    input: Node,
    target: Node,
    weight: Node | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Node | None = None,
) -> Node:
    target, input = tensor_argument(target), tensor_argument(input)
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    if target.shape != input.shape:
        raise ValueFault(
            f"Target size ({Size(target.shape)!r}) must be the same as input size "
            f"({Size(input.shape)!r})"
        )
    require_floating(input, "log_sigmoid_cpu")
    if target.dtype.category == BOOL:
        raise RuntimeFault(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead.",
            hint="convert the target with .float()",
        )
    if not target.dtype.is_floating:
        raise RuntimeFault(
            f"result type {input.dtype.scalar_name} can't be cast to the desired output type "
            f"{target.dtype.scalar_name}",
            hint="convert the target with .float()",
        )
    check_constant("binary_cross_entropy_with_logits", "weight", weight)
    check_constant("binary_cross_entropy_with_logits", "pos_weight", pos_weight)
    return loss.binary_cross_entropy_with_logits(
        input,
        target,
        *(w for w in (weight, pos_weight) if w is not None),
        reduction=reduction,
        weighted=weight is not None,
        pos_weighted=pos_weight is not None,
    )


def _log_likelihood(
    x: Node, target: Node, weight: Node | None, reduction: str, ignore_index: int
) -> Node:
    """nll_loss after its checks; classes are dimension 1, or 0 of a vector."""
    check_constant(f"nll_loss{'2d' if x.ndim > 2 else ''}_forward", "weight", weight)
    classes = x.shape[1 if x.ndim > 1 else 0]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeFault(
            f"weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        raise RuntimeFault(
            f"expected target dtype to be Long or Byte, but got {target.dtype.scalar_name}",
            hint="class indices are written tensor([0, 2]), or converted with .long()",
        )
    import numpy as np

    labels = force(target)
    wrong = (labels != ignore_index) & ((labels < 0) | (labels >= classes))
    if wrong.any():
        raise IndexFault(f"Target {np.asarray(labels)[wrong].flat[0]} is out of bounds.")
    weights = () if weight is None else (weight,)
    return loss.nll_loss(x, target, *weights, reduction=reduction, ignore_index=ignore_index)


@python(
    "F.nll_loss",
    calls="nll_loss_nd(Tensor input, Tensor target, Tensor? weight, int reduction_enum = 1, "
    "SymInt ignore_index)",
)
def nll_loss(
    input: Node,
    target: Node,
    weight: Node | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    if input.ndim == 0:
        raise ValueFault(f"Expected 1 or more dimensions (got {input.ndim})")
    batch = target.shape[0] if target.ndim else 0
    if input.ndim == target.ndim == 1 and batch != 1:
        raise ValueFault(f"For 1D input, 1D target must have size 1, but got target size: {batch}")
    if input.ndim > 1 and input.shape[0] != batch:
        raise ValueFault(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({batch})."
        )
    if input.ndim <= 2 and target.ndim > 1:
        raise RuntimeFault("0D or 1D target tensor expected, multi-target not supported")
    if input.ndim > 2 and target.shape != (input.shape[0], *input.shape[2:]):
        raise RuntimeFault(
            f"size mismatch (got input: {list(input.shape)} , target: {list(target.shape)})"
        )
    if input.ndim == 3:  # the reference sees one more dimension, to use its kernel of images
        n, classes, length = input.shape
        image = reshape_to(input, (n, classes, 1, length))
        labels = mv.view(target, shape=(n, 1, length))
        result = _log_likelihood(image, labels, weight, reduction, ignore_index)
        return mv.view(result, shape=(n, length)) if reduction == "none" else result
    return _log_likelihood(input, target, weight, reduction, ignore_index)


CROSS_ENTROPY_LOSS = Overloads(
    "cross_entropy_loss",
    [
        "cross_entropy_loss(Tensor input, Tensor target, Tensor? weight, int reduction, "
        "SymInt ignore_index, float label_smoothing)"
    ],
)


@python("F.cross_entropy")
def cross_entropy(
    input: Node,
    target: Node,
    weight: Node | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Node:
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    # The reference goes on in C++, by this function, whose errors are the ones a user sees.
    CROSS_ENTROPY_LOSS.bind((input, target, weight, 1, ignore_index, label_smoothing), {})
    if label_smoothing > 1.0:
        raise RuntimeFault(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    class_dim = 0 if input.ndim == 1 else 1
    if target.shape == input.shape:
        if not target.dtype.is_floating:
            raise RuntimeFault(
                "Expected floating point type for target with class probabilities, got "
                f"{target.dtype.scalar_name}"
            )
        size_at(input.shape, class_dim)
        if ignore_index >= 0:
            raise RuntimeFault("ignore_index is not supported for floating point target")
        return _against_probabilities(input, target, weight, reduction, label_smoothing, class_dim)
    scores = softmax_of(input, class_dim, None, log=True)
    if label_smoothing > 0:
        return _smoothed(
            scores, target, weight, reduction, ignore_index, label_smoothing, class_dim
        )
    return nll_loss(scores, target, weight, ignore_index=ignore_index, reduction=reduction)


def _by_class(scores: Node, weight: Node | None, class_dim: int) -> Node:
    """The scores, each times its class's weight."""
    if weight is None:
        return scores
    shape = [1] * scores.ndim
    shape[class_dim] = weight.shape[0]
    return ar.mul(scores, mv.view(weight, shape=tuple(shape)))


def _over_classes(values: Node, class_dim: int) -> Node:
    return ar.neg(red.sum_(values, dim=(class_dim,), keepdim=False, dtype=values.dtype))


def _against_probabilities(
    input: Node,
    target: Node,
    weight: Node | None,
    reduction: str,
    label_smoothing: float,
    class_dim: int,
) -> Node:
    scores = softmax_of(input, class_dim, None, log=True)
    classes = scores.shape[class_dim]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeFault(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no "
            f"classes but got weight tensor of shape: {list(weight.shape)}"
        )
    if label_smoothing > 0:
        target = ar.add_number(
            ar.mul_number(target, other=1 - label_smoothing), other=label_smoothing / classes
        )
    product = _by_class(ar.mul(scores, target), weight, class_dim)
    if reduction == "none":
        return _over_classes(product, class_dim)
    total = ar.neg(reduced(product, "sum"))
    if reduction == "sum":
        return total
    return ar.div_number(total, other=scores.numel // max(classes, 1))


def _smoothed(
    scores: Node,
    target: Node,
    weight: Node | None,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    class_dim: int,
) -> Node:
    sharp = nll_loss(scores, target, weight, ignore_index=ignore_index, reduction=reduction)
    smooth = _over_classes(_by_class(scores, weight, class_dim), class_dim)
    ignored = sel.eq(target, ignore_index)
    smooth = sel.masked_fill(smooth, ignored, value=0.0)
    if reduction == "mean":
        if weight is None:
            counted = as_dtype(sel.logical_not(ignored), dtypes.int64)
        else:
            safe = sel.where(ignored, full(shape=(), value=0, dtype=dtypes.int64), target)
            flat = mv.reshape(safe, (safe.numel,))
            picked = index_select(weight, flat, dim=0)
            counted = sel.where(mv.reshape(ignored, (ignored.numel,)), 0.0, picked)
        smooth = ar.div(reduced(smooth, "sum"), reduced(counted, "sum"))
    else:
        smooth = reduced(smooth, reduction)
    share = label_smoothing / scores.shape[class_dim]
    return ar.add(
        ar.mul_number(sharp, other=1 - label_smoothing),
        ar.mul_number(smooth, other=share),
        alpha=1,
    )
