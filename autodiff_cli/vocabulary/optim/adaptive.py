"""Optimizers with a rate for each element.

Sources: torch/optim/adagrad.py, adadelta.py, rmsprop.py, rprop.py, asgd.py, adamax.py, nadam.py,
radam.py (the functions `_single_tensor_…`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.autograd.tensor import of_array
from autodiff_cli.errors import ValueFault
from autodiff_cli.ir.node import Array
from autodiff_cli.vocabulary.calling import opened
from autodiff_cli.vocabulary.optim.descent import check_fused
from autodiff_cli.vocabulary.optim.optimizer import (
    Descent,
    add_,
    addcdiv_,
    addcmul_,
    check_betas,
    check_least,
    check_rate,
    count,
    decayed,
    fused,
    lerp_,
    mul_,
    next_step,
    scalar,
    zeros_like,
)

Kept = dict[str, Any]


def _plus(a: Array, value: float) -> Array:
    return np.asarray(a + a.dtype.type(value))


@opened("torch.optim.adagrad", "optim.Adagrad")
class Adagrad(Descent):
    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_rate(lr)
        check_least("lr_decay value", lr_decay)
        check_least("weight_decay value", weight_decay)
        check_least("initial_accumulator_value value", initial_accumulator_value)
        check_least("epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)
        for group in self.param_groups:
            for tensor in group["params"]:
                self.state[tensor] = self.fresh(group, tensor.array)

    def fresh(self, group: Kept, p: Array) -> Kept:
        first = self.defaults["initial_accumulator_value"]
        return {"step": count(), "sum": of_array(np.full_like(p, first))}

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step = next_step(kept)
        g = decayed(g, p, group["weight_decay"])
        rate = scalar(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        total = kept["sum"].array
        addcmul_(total, g, g, 1)
        addcdiv_(p, g, _plus(np.sqrt(total), group["eps"]), -rate)


@opened("torch.optim.adadelta", "optim.Adadelta")
class Adadelta(Descent):
    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueFault(f"Invalid rho value: {rho}")
        check_least("epsilon value", eps)
        check_least("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def fresh(self, group: Kept, p: Array) -> Kept:
        return {"step": count(), "square_avg": zeros_like(p), "acc_delta": zeros_like(p)}

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        next_step(kept)
        g = decayed(g, p, group["weight_decay"])
        square, moved, rho = kept["square_avg"].array, kept["acc_delta"].array, group["rho"]
        mul_(square, rho)
        addcmul_(square, g, g, 1 - rho)
        delta = np.sqrt(_plus(moved, group["eps"])) / np.sqrt(_plus(square, group["eps"])) * g
        mul_(moved, rho)
        addcmul_(moved, delta, delta, 1 - rho)
        add_(p, delta, -scalar(group["lr"]))


@opened("torch.optim.rmsprop", "optim.RMSprop")
class RMSprop(Descent):
    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        check_least("epsilon value", eps)
        check_least("momentum value", momentum)
        check_least("weight_decay value", weight_decay)
        check_least("alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def fresh(self, group: Kept, p: Array) -> Kept:
        kept = {"step": count(), "square_avg": zeros_like(p)}
        if group["momentum"] > 0:
            kept["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            kept["grad_avg"] = zeros_like(p)
        return kept

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        next_step(kept)
        g = decayed(g, p, group["weight_decay"])
        lr, alpha, square = scalar(group["lr"]), group["alpha"], kept["square_avg"].array
        mul_(square, alpha)
        addcmul_(square, g, g, 1 - alpha)
        if group["centered"]:
            mean = kept["grad_avg"].array
            lerp_(mean, g, 1 - alpha)
            square = fused(square, -mean, mean)
        scale = _plus(np.sqrt(square), group["eps"])
        if group["momentum"] > 0:
            velocity = kept["momentum_buffer"].array
            mul_(velocity, group["momentum"])
            addcdiv_(velocity, g, scale)
            add_(p, velocity, -lr)
        else:
            addcdiv_(p, g, scale, -lr)


@opened("torch.optim.rprop", "optim.Rprop")
class Rprop(Descent):
    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueFault(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def fresh(self, group: Kept, p: Array) -> Kept:
        size = of_array(np.full_like(p, scalar(group["lr"])))
        return {"step": count(), "prev": zeros_like(p), "step_size": size}

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        next_step(kept)
        less, more = group["etas"]
        before, size = kept["prev"].array, kept["step_size"].array
        agreement = g * before
        factor = np.where(agreement > 0, more, np.where(agreement < 0, less, 1))
        size *= factor.astype(p.dtype)
        np.clip(size, *group["step_sizes"], out=size)
        g = np.where(agreement < 0, g.dtype.type(0), g)
        addcmul_(p, np.sign(g), size, -1)
        before[...] = g


@opened("torch.optim.asgd", "optim.ASGD")
class ASGD(Descent):
    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_rate(lr)
        check_least("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def fresh(self, group: Kept, p: Array) -> Kept:
        eta = of_array(np.asarray(scalar(group["lr"]), np.float32))
        mu = of_array(np.ones((), np.float32))
        return {"step": count(), "eta": eta, "mu": mu, "ax": zeros_like(p)}

    def writes(self, group: Kept) -> int:
        return 2

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step, lr, lambd = next_step(kept), scalar(group["lr"]), group["lambd"]
        g = decayed(g, p, group["weight_decay"])
        eta, mu, mean = kept["eta"].array, kept["mu"].array, kept["ax"].array
        mul_(p, 1 - lambd * eta.item())
        add_(p, g, -eta.item())
        if mu.item() != 1:
            mean += (p - mean) * mu
        else:
            mean[...] = p
        eta[...] = lr / (1 + lambd * lr * step) ** group["alpha"]
        mu[...] = 1 / max(1, step - group["t0"])


class _Moments(Descent):
    """Optimizers with moments of the gradient, and two betas."""

    def __init__(
        self, params: Any, lr: Any, betas: Any, eps: float, weight_decay: float, options: Kept
    ) -> None:
        check_rate(lr)
        check_least("epsilon value", eps)
        check_betas(betas)
        check_least("weight_decay value", weight_decay)
        for name in ("momentum_decay",):
            if name in options:
                check_least(f"{name} value", options[name])
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, **options}
        super().__init__(params, defaults)

    def fresh(self, group: Kept, p: Array) -> Kept:
        return {"step": count(), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}

    def _moved(self, group: Kept, p: Array, g: Array, kept: Kept) -> tuple[float, Array]:
        """Weight decay and the moments; gives the number of the step and the gradient."""
        step, (beta1, beta2) = next_step(kept), group["betas"]
        if group["weight_decay"] != 0:
            if group.get("decoupled_weight_decay"):
                mul_(p, 1 - scalar(group["lr"]) * group["weight_decay"])
            else:
                g = decayed(g, p, group["weight_decay"])
        lerp_(kept["exp_avg"].array, g, 1 - beta1)
        if "exp_avg_sq" in kept:
            square = kept["exp_avg_sq"].array
            mul_(square, beta2)
            addcmul_(square, g, g, 1 - beta2)
        return step, g


@opened("torch.optim.adamax", "optim.Adamax")
class Adamax(_Moments):
    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        options = {
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, lr, betas, eps, weight_decay, options)

    def fresh(self, group: Kept, p: Array) -> Kept:
        return {"step": count(), "exp_avg": zeros_like(p), "exp_inf": zeros_like(p)}

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step, g = self._moved(group, p, g, kept)
        beta1, beta2 = group["betas"]
        largest = kept["exp_inf"].array
        mul_(largest, beta2)
        np.maximum(largest, _plus(np.abs(g), group["eps"]), out=largest)
        addcdiv_(p, kept["exp_avg"].array, largest, -scalar(group["lr"]) / (1 - beta1**step))


@opened("torch.optim.nadam", "optim.NAdam")
class NAdam(_Moments):
    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        options = {
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, lr, betas, eps, weight_decay, options)

    def fresh(self, group: Kept, p: Array) -> Kept:
        return {
            "step": count(),
            "mu_product": of_array(np.ones((), np.float32)),
            "exp_avg": zeros_like(p),
            "exp_avg_sq": zeros_like(p),
        }

    def writes(self, group: Kept) -> int:
        return 1 + super().writes(group)

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step, g = self._moved(group, p, g, kept)
        (beta1, beta2), lr, decay = group["betas"], scalar(group["lr"]), group["momentum_decay"]
        mu = beta1 * (1.0 - 0.5 * (0.96 ** (step * decay)))
        next_mu = beta1 * (1.0 - 0.5 * (0.96 ** ((step + 1) * decay)))
        product = kept["mu_product"].array
        mul_(product, mu)
        corrected = kept["exp_avg_sq"].array / p.dtype.type(1 - beta2**step)
        scale = _plus(np.sqrt(corrected), group["eps"])
        addcdiv_(p, g, scale, -lr * (1.0 - mu) / (1.0 - product.item()))
        next_product = product.item() * next_mu
        addcdiv_(p, kept["exp_avg"].array, scale, (-lr * next_mu) / (1.0 - next_product))


@opened("torch.optim.radam", "optim.RAdam")
class RAdam(_Moments):
    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        options = {
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, lr, betas, eps, weight_decay, options)

    def update(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step, g = self._moved(group, p, g, kept)
        (beta1, beta2), number = group["betas"], p.dtype.type
        correction = 1 - beta2**step
        change = kept["exp_avg"].array / number(1 - beta1**step) * number(scalar(group["lr"]))
        most = 2 / (1 - beta2) - 1  # the length of the moving average, in the limit and so far
        length = most - 2 * step * (beta2**step) / correction
        if length > 5.0:
            scale = _plus(np.sqrt(kept["exp_avg_sq"].array), group["eps"])
            rectified = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
            change = change * (number(1) / scale * number(correction**0.5))
            change = change * number(rectified**0.5)
        p -= change
