"""Losses as modules.

Source: torch/nn/modules/loss.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import TypeFault, ValueFault
from autodiff_cli.vocabulary.calling import opened, torch_call
from autodiff_cli.vocabulary.nn.module import Module


def loss(name: str) -> Callable[[type], type]:
    return opened("torch.nn.modules.loss", f"nn.{name}")


class _Loss(Module):
    """A loss and how it is reduced.

    A subclass names its function, and those of its attributes that the function takes.
    """

    function = ""
    arguments: tuple[str, ...] = ()

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = "sum" if size_average is False else "mean"
            reduction = "none" if reduce is False else reduction
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return self._computed(input, target)

    def _computed(self, *tensors: Any) -> Any:
        given = {name: getattr(self, name) for name in self.arguments}
        return torch_call(self.function, *tensors, reduction=self.reduction, **given)


class _WeightedLoss(_Loss):
    arguments: tuple[str, ...] = ("weight",)

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


for _base in (_Loss, _WeightedLoss):
    _base.__module__ = "torch.nn.modules.loss"


@loss("L1Loss")
class L1Loss(_Loss):
    function = "F.l1_loss"


@loss("MSELoss")
class MSELoss(_Loss):
    function = "F.mse_loss"


@loss("SoftMarginLoss")
class SoftMarginLoss(_Loss):
    function = "F.soft_margin_loss"


@loss("MultiLabelMarginLoss")
class MultiLabelMarginLoss(_Loss):
    function = "F.multilabel_margin_loss"


@loss("BCELoss")
class BCELoss(_WeightedLoss):
    function = "F.binary_cross_entropy"


@loss("MultiLabelSoftMarginLoss")
class MultiLabelSoftMarginLoss(_WeightedLoss):
    function = "F.multilabel_soft_margin_loss"


@loss("NLLLoss")
class NLLLoss(_WeightedLoss):
    function = "F.nll_loss"
    arguments = ("weight", "ignore_index")

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index


@loss("CrossEntropyLoss")
class CrossEntropyLoss(_WeightedLoss):
    function = "F.cross_entropy"
    arguments = ("weight", "ignore_index", "label_smoothing")

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing


@loss("BCEWithLogitsLoss")
class BCEWithLogitsLoss(_Loss):
    function = "F.binary_cross_entropy_with_logits"
    arguments = ("weight", "pos_weight")

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)


@loss("PoissonNLLLoss")
class PoissonNLLLoss(_Loss):
    function = "F.poisson_nll_loss"
    arguments = ("log_input", "full", "eps")

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Any, target: Any) -> Any:
        return self._computed(log_input, target)


@loss("GaussianNLLLoss")
class GaussianNLLLoss(_Loss):
    function = "F.gaussian_nll_loss"
    arguments = ("full", "eps")

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Any, target: Any, var: Any) -> Any:  # type: ignore[override]
        return self._computed(input, target, var)


@loss("KLDivLoss")
class KLDivLoss(_Loss):
    function = "F.kl_div"
    arguments = ("log_target",)

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target


@loss("SmoothL1Loss")
class SmoothL1Loss(_Loss):
    function = "F.smooth_l1_loss"
    arguments = ("beta",)

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta


@loss("HuberLoss")
class HuberLoss(_Loss):
    function = "F.huber_loss"
    arguments = ("delta",)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, (float, int)):
            raise TypeFault(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta


class _MarginLoss(_Loss):
    arguments = ("margin",)
    margin: float


@loss("HingeEmbeddingLoss")
class HingeEmbeddingLoss(_MarginLoss):
    function = "F.hinge_embedding_loss"

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class _PairLoss(_MarginLoss):
    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:  # type: ignore[override]
        return self._computed(input1, input2, target)


@loss("CosineEmbeddingLoss")
class CosineEmbeddingLoss(_PairLoss):
    function = "F.cosine_embedding_loss"


@loss("MarginRankingLoss")
class MarginRankingLoss(_PairLoss):
    function = "F.margin_ranking_loss"


@loss("MultiMarginLoss")
class MultiMarginLoss(_WeightedLoss):
    function = "F.multi_margin_loss"
    arguments = ("p", "margin", "weight")

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p != 1 and p != 2:
            raise ValueFault("only p == 1 and p == 2 supported")
        self.p, self.margin = p, margin


@loss("TripletMarginLoss")
class TripletMarginLoss(_Loss):
    function = "F.triplet_margin_loss"
    arguments = ("margin", "p", "eps", "swap")

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueFault(
                f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:  # type: ignore[override]
        return self._computed(anchor, positive, negative)
