"""`torch.nn.functional`: losses besides cross entropies."""

from __future__ import annotations

import math

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.execute import force
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import robust
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full as filled
from autodiff_cli.ops.special import xlogy
from autodiff_cli.vocabulary.calls.registry import python
from autodiff_cli.vocabulary.functional.common_losses import _as_common, reduced, warn_about_sizes
from autodiff_cli.vocabulary.reductions import check_reduction, legacy_reduction


@python("F.l1_loss", asks="target.size input.size")
def l1_loss(
    input: Node,
    target: Node,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Node:
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    warn_about_sizes(input, target)
    a, b = mv.together(input, target)
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
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
    warn_about_sizes(input, target)
    a, b = _as_common(*mv.together(input, target))
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
    a, b = _as_common(*mv.together(input, target))
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
    reduction = legacy_reduction(size_average, reduce, reduction)
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
    reduction = check_reduction(legacy_reduction(size_average, reduce, reduction))
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
