"""`torch.optim.lr_scheduler`: learning rates that change with the epoch.

Source: torch/optim/lr_scheduler.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from autodiff_cli.errors import NotImplementedFault, TypeFault, ValueFault
from autodiff_cli.vocabulary.calls.calling import call, subclassable
from autodiff_cli.vocabulary.calls.declared import initialized, keeping
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.optim.optimizer import Optimizer, scalar

SOURCE = "torch.optim.lr_scheduler"
TOO_EARLY = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you "
    "should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure "
    "to do this will result in PyTorch skipping the first value of the learning rate schedule. See more "
    "details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
EPOCH = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch "
    "is different from None, the closed form is used instead of the new chainable form, where "
    "available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)
C = TypeVar("C", bound=type)


def scheduler(text: str) -> Callable[[C], C]:
    """Declare a scheduler: an `__init__` that makes attributes of its options, and then the first step.

    Args:
        text: "StepLR(optimizer, step_size, gamma=0.1, last_epoch=-1)"; only a name if it has an `__init__`.
    """
    name, has_options, _ = text.partition("(")

    def declare(cls: C) -> C:
        keep = keeping(cls)

        def begin(self: Any, optimizer: Any, last_epoch: int, **given: Any) -> None:
            keep(self, given | {"optimizer": optimizer})
            LRScheduler.__init__(self, optimizer, last_epoch)

        if has_options:
            initialized(cls, text, begin)
        return subclassable(SOURCE, f"optim.lr_scheduler.{name}")(cls)

    return declare


def set_rate(group: dict[str, Any], value: Any) -> None:
    if hasattr(group["lr"], "array"):
        call(group["lr"], "fill_", scalar(value))
    else:
        group["lr"] = value


@subclassable(SOURCE, "optim.lr_scheduler.LRScheduler", "optim.lr_scheduler._LRScheduler")
class LRScheduler:
    """The base of schedulers: `get_lr` gives the rate of each group from the last one.

    Attributes:
        last_epoch: how many steps were made.
        base_lrs: the rates at first.
    """

    _is_initial = False

    if TYPE_CHECKING:  # the options

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, optimizer: Any, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeFault(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer: Any = optimizer
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{number}] when resuming "
                    "scheduler with last_epoch >= 0.\nThis typically happens when:\n1. You're trying to "
                    "resume training from a checkpoint but haven't properly loaded the optimizer state\n"
                    "2. You're using last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        _watch(optimizer)
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_last_lr(self) -> list[Any]:
        return self._last_lr

    def get_lr(self) -> list[Any]:
        raise NotImplementedFault("")

    def _rates(self) -> list[Any]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _scaled(self, factor: Any) -> list[Any]:
        return [rate * factor for rate in self._rates()]

    def step(self, epoch: int | None = None) -> None:
        if self._step_count == 1 and not self.optimizer.__dict__.get("_opt_called"):
            warn(TOO_EARLY)
        self._step_count += 1
        self._get_lr_called_within_step = False
        if epoch is None:
            self.last_epoch += 1
            values = self.get_lr()
        else:
            warn(EPOCH)
            self.last_epoch = epoch
            values = getattr(self, "_get_closed_form_lr", self.get_lr)()
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            set_rate(group, value)
        self._last_lr = self._rates()

    def state_dict(self) -> dict[str, Any]:
        hidden = ("optimizer", "lr_lambdas")
        return {name: value for name, value in self.__dict__.items() if name not in hidden}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.__dict__.update(state_dict)


def _watch(optimizer: Any) -> None:
    """Let an optimizer remember that its step was called."""
    if "_opt_called" in optimizer.__dict__:
        return
    plain = optimizer.step
    optimizer._opt_called = False

    def step(*args: Any, **kwargs: Any) -> Any:
        optimizer._opt_called = True
        return plain(*args, **kwargs)

    optimizer.step = step


def for_groups(optimizer: Any, given: Any, name: str) -> list[Any]:
    groups = len(optimizer.param_groups)
    if not isinstance(given, (list, tuple)):
        return [given] * groups
    if len(given) != groups:
        raise ValueFault(f"Expected {groups} {name}, but got {len(given)}")
    return list(given)


class _OfFunctions(LRScheduler):
    """Schedulers of a function of the epoch, or of one for each group."""

    def _start(self, optimizer: Any, lr_lambda: Any) -> None:
        self.lr_lambdas = for_groups(optimizer, lr_lambda, "lr_lambdas")


@scheduler("LambdaLR(optimizer, lr_lambda, last_epoch=-1)")
class LambdaLR(_OfFunctions):
    def get_lr(self) -> list[Any]:
        pairs = zip(self.lr_lambdas, self.base_lrs, strict=True)
        return [base * function(self.last_epoch) for function, base in pairs]


@scheduler("MultiplicativeLR(optimizer, lr_lambda, last_epoch=-1)")
class MultiplicativeLR(_OfFunctions):
    def get_lr(self) -> list[Any]:
        if self._is_initial:
            return self._rates()
        pairs = zip(self.lr_lambdas, self._rates(), strict=True)
        return [rate * function(self.last_epoch) for function, rate in pairs]


@scheduler("StepLR(optimizer, step_size, gamma=0.1, last_epoch=-1)")
class StepLR(LRScheduler):
    def get_lr(self) -> list[Any]:
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return self._rates()
        return self._scaled(self.gamma)

    def _get_closed_form_lr(self) -> list[Any]:
        factor = self.gamma ** (self.last_epoch // self.step_size)
        return [base * factor for base in self.base_lrs]


@scheduler("MultiStepLR(optimizer, milestones, gamma=0.1, last_epoch=-1)")
class MultiStepLR(LRScheduler):
    milestones: Counter[Any]

    def _start(self) -> None:
        self.milestones = Counter(self.milestones)

    def get_lr(self) -> list[Any]:
        if self.last_epoch not in self.milestones:
            return self._rates()
        return self._scaled(self.gamma ** self.milestones[self.last_epoch])

    def _get_closed_form_lr(self) -> list[Any]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]


@scheduler("ConstantLR(optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1)")
class ConstantLR(LRScheduler):
    def _start(self) -> None:
        if self.factor > 1.0 or self.factor < 0:
            raise ValueFault("Constant multiplicative factor expected to be between 0 and 1.")

    def get_lr(self) -> list[Any]:
        if self.last_epoch == 0:
            return self._scaled(self.factor)
        if self.last_epoch != self.total_iters:
            return self._rates()
        return self._scaled(1.0 / self.factor)


@scheduler(
    "LinearLR(optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1)"
)
class LinearLR(LRScheduler):
    def _start(self) -> None:
        if self.start_factor > 1.0 or self.start_factor <= 0:
            raise ValueFault(
                "Starting multiplicative factor expected to be greater than 0 and less or equal to 1."
            )
        if self.end_factor > 1.0 or self.end_factor < 0:
            raise ValueFault("Ending multiplicative factor expected to be between 0 and 1.")

    def get_lr(self) -> list[Any]:
        if self.last_epoch == 0:
            return self._scaled(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._rates()
        way = self.end_factor - self.start_factor
        done = self.total_iters * self.start_factor + (self.last_epoch - 1) * way
        return self._scaled(1.0 + way / done)


@scheduler("ExponentialLR(optimizer, gamma, last_epoch=-1)")
class ExponentialLR(LRScheduler):
    def get_lr(self) -> list[Any]:
        return self._rates() if self._is_initial else self._scaled(self.gamma)

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


@scheduler("PolynomialLR(optimizer, total_iters=5, power=1.0, last_epoch=-1)")
class PolynomialLR(LRScheduler):
    def get_lr(self) -> list[Any]:
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._rates()
        left = 1.0 - self.last_epoch / self.total_iters
        before = 1.0 - (self.last_epoch - 1) / self.total_iters
        return self._scaled((left / before) ** self.power)


@scheduler("CosineAnnealingLR(optimizer, T_max, eta_min=0.0, last_epoch=-1)")
class CosineAnnealingLR(LRScheduler):
    def get_lr(self) -> list[Any]:
        epoch, period, least = self.last_epoch, self.T_max, self.eta_min
        if self._is_initial:
            return self._rates()
        if self._step_count == 1 and epoch > 0:
            return self._get_closed_form_lr()
        if (epoch - 1 - period) % (2 * period) == 0:
            rise = 1 - math.cos(math.pi / period)
            pairs = zip(self._rates(), self.base_lrs, strict=True)
            return [rate + (base - least) * rise / 2 for rate, base in pairs]
        factor = (1 + math.cos(math.pi * epoch / period)) / (
            1 + math.cos(math.pi * (epoch - 1) / period)
        )
        return [factor * (rate - least) + least for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        factor = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return [self.eta_min + (base - self.eta_min) * factor / 2 for base in self.base_lrs]


@scheduler("ReduceLROnPlateau")
class ReduceLROnPlateau(LRScheduler):
    def __init__(
        self,
        optimizer: Any,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueFault("Factor should be < 1.0.")
        if not isinstance(optimizer, Optimizer):
            raise TypeFault(f"{type(optimizer).__name__} is not an Optimizer")
        groups = len(optimizer.param_groups)
        if isinstance(min_lr, (list, tuple)) and len(min_lr) != groups:
            raise ValueFault(f"expected {groups} min_lrs, got {len(min_lr)}")
        self.factor, self.optimizer = factor, optimizer
        self.min_lrs = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * groups
        self.patience, self.cooldown, self.eps = patience, cooldown, eps
        self.last_epoch = 0
        self._last_lr = self._rates()
        if mode not in ("min", "max"):
            raise ValueFault(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueFault(f"threshold mode {threshold_mode} is unknown!")
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def _is_better(self, value: float) -> bool:
        best, threshold = self.best, self.threshold
        if self.mode == "min":
            bound = best * (1.0 - threshold) if self.threshold_mode == "rel" else best - threshold
            return value < bound
        bound = best * (threshold + 1.0) if self.threshold_mode == "rel" else best + threshold
        return value > bound

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        current = float(scalar(metrics))
        if epoch is not None:
            warn(EPOCH)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                old = float(scalar(group["lr"]))
                new = max(old * self.factor, least)
                if old - new > self.eps:
                    set_rate(group, new)
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._rates()
