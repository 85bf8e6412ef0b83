"""Losses as modules.

Source: torch/nn/modules/loss.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autodiff_cli.errors import TypeFault, ValueFault
from autodiff_cli.vocabulary.calls.calling import subclassable
from autodiff_cli.vocabulary.calls.declared import initialized
from autodiff_cli.vocabulary.nn.declared import calling
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.reductions import legacy_reduction

SOURCE = "torch.nn.modules.loss"
LAST = "size_average=None, reduce=None, reduction='mean'"
Check = Callable[[Any], None]


def _begin(
    self: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    check: Check | None = None,
    **given: Any,
) -> None:
    Module.__init__(self)
    self.reduction = legacy_reduction(size_average, reduce, reduction)
    for name, value in given.items():
        if name in ("weight", "pos_weight"):
            self.register_buffer(name, value)
        else:
            setattr(self, name, value)
    if check is not None:
        check(self)


class _Loss(Module):
    """A loss and how it is reduced."""


class _WeightedLoss(_Loss):
    """A loss that weighs classes or elements."""


initialized(_Loss, f"_Loss({LAST})", _begin)
initialized(_WeightedLoss, f"_WeightedLoss(weight=None, {LAST})", _begin)
_Loss.__module__ = _WeightedLoss.__module__ = SOURCE


def loss(text: str, function: str, base: type = _Loss, check: Check | None = None) -> None:
    """Declare a loss.

    Args:
        text: its options; only a name if it has its base's.
        function: what computes it, and of which tensors: of "(input, target)" if it doesn't say.
        check: called with the module, refuses its options.
    """
    name, has_own, _ = text.partition("(")
    cls = type(name, (base,), {"__qualname__": name})
    if has_own:
        initialized(cls, text, partial(_begin, check=check))
    call = function if "(" in function else f"{function}(input, target)"
    calling(cls, call, by_name=True)
    subclassable(SOURCE, f"nn.{name}")(cls)


def _is_number(huber: Any) -> None:
    if not isinstance(huber.delta, (float, int)):
        raise TypeFault(f"delta must be a float or int, got: {type(huber.delta)}")


def _is_power(margins: Any) -> None:
    if margins.p not in (1, 2):
        raise ValueFault("only p == 1 and p == 2 supported")


def _is_positive(triplet: Any) -> None:
    if triplet.margin <= 0:
        raise ValueFault(
            f"TripletMarginLoss: expected margin to be greater than 0, got {triplet.margin} instead"
        )


# ---- of a prediction and a target ---------------------------------------------------------------

loss("L1Loss", "F.l1_loss")
loss("MSELoss", "F.mse_loss")
loss(f"SmoothL1Loss({LAST}, beta=1.0)", "F.smooth_l1_loss")
loss("HuberLoss(reduction='mean', delta=1.0)", "F.huber_loss", check=_is_number)
loss(f"KLDivLoss({LAST}, log_target=False)", "F.kl_div")
loss(
    "PoissonNLLLoss(log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction='mean')",
    "F.poisson_nll_loss(log_input, target)",
)
loss(
    "GaussianNLLLoss(*, full=False, eps=1e-6, reduction='mean')",
    "F.gaussian_nll_loss(input, target, var)",
)

# ---- of classes ---------------------------------------------------------------------------------

CLASSES = "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'"
loss("BCELoss", "F.binary_cross_entropy", _WeightedLoss)
loss(
    f"BCEWithLogitsLoss(weight=None, {LAST}, pos_weight=None)",
    "F.binary_cross_entropy_with_logits",
)
loss(f"NLLLoss({CLASSES})", "F.nll_loss", _WeightedLoss)
loss(f"CrossEntropyLoss({CLASSES}, label_smoothing=0.0)", "F.cross_entropy", _WeightedLoss)

# ---- margins ------------------------------------------------------------------------------------

loss("SoftMarginLoss", "F.soft_margin_loss")
loss("MultiLabelMarginLoss", "F.multilabel_margin_loss")
loss("MultiLabelSoftMarginLoss", "F.multilabel_soft_margin_loss", _WeightedLoss)
loss(
    f"MultiMarginLoss(p=1, margin=1.0, weight=None, {LAST})",
    "F.multi_margin_loss",
    _WeightedLoss,
    _is_power,
)
loss(f"HingeEmbeddingLoss(margin=1.0, {LAST})", "F.hinge_embedding_loss")
loss(f"CosineEmbeddingLoss(margin=0.0, {LAST})", "F.cosine_embedding_loss(input1, input2, target)")
loss(f"MarginRankingLoss(margin=0.0, {LAST})", "F.margin_ranking_loss(input1, input2, target)")
loss(
    f"TripletMarginLoss(margin=1.0, p=2.0, eps=1e-6, swap=False, {LAST})",
    "F.triplet_margin_loss(anchor, positive, negative)",
    check=_is_positive,
)
