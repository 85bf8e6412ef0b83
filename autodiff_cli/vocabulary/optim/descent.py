"""The optimizers that follow gradients, each by its formulas in the reference's order.

Sources: torch/optim/sgd.py, adagrad.py, adadelta.py, rmsprop.py, rprop.py, asgd.py, adam.py, adamw.py,
adamax.py, nadam.py, radam.py (the functions `_single_tensor_…`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import ValueFault
from autodiff_cli.ir.node import Array
from autodiff_cli.tensors.tensor import of_array
from autodiff_cli.vocabulary.optim.optimizer import (
    Descent,
    add_,
    addcdiv_,
    addcmul_,
    check_not_negative,
    check_size,
    count,
    decayed,
    fused,
    lerp_,
    mul_,
    next_step,
    optimizer,
    scalar,
    zeros_like,
)

Kept = dict[str, Any]


def _plus(a: Array, value: float) -> Array:
    return np.asarray(a + a.dtype.type(value))


@optimizer(
    "SGD(params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False, "
    "foreach=None, differentiable=False, fused=None)",
    checks="",
)
class SGD(Descent):
    """Gradient descent, with momentum."""

    def _start(self, params: Any, defaults: Kept) -> None:
        check_size(defaults["lr"])
        for name in ("lr", "momentum", "weight_decay"):
            check_not_negative(name, defaults[name])
        momentum, dampening = defaults["momentum"], defaults["dampening"]
        if defaults["nesterov"] and (momentum <= 0 or dampening != 0):
            raise ValueFault("Nesterov momentum requires a momentum and zero dampening")
        super()._start(params, defaults)

    def _state_of(self, group: Kept, tensor: Any) -> Kept:
        kept: Kept = self.state[tensor] if group["momentum"] != 0 else {}
        return kept

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        g = decayed(g, p, group["weight_decay"])
        momentum = group["momentum"]
        if momentum != 0:
            velocity = kept.get("momentum_buffer")
            if velocity is None:
                velocity = kept["momentum_buffer"] = of_array(np.array(g))
            else:
                mul_(velocity.array, momentum)
                add_(velocity.array, g, 1 - group["dampening"])
            g = fused(g, momentum, velocity.array) if group["nesterov"] else velocity.array
        add_(p, g, -scalar(group["lr"]))


@optimizer(
    "Adagrad(params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, "
    "foreach=None, *, maximize=False, differentiable=False, fused=None)",
    checks="lr lr_decay weight_decay initial_accumulator_value eps",
    first="lr lr_decay eps",
)
class Adagrad(Descent):
    def _start(self, params: Any, defaults: Kept) -> None:
        super()._start(params, defaults)
        for group in self.param_groups:
            for tensor in group["params"]:
                self.state[tensor] = self._first_state(group, tensor.array)

    def _first_state(self, group: Kept, p: Array) -> Kept:
        first = self.defaults["initial_accumulator_value"]
        return {"step": count(), "sum": of_array(np.full_like(p, first))}

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step = next_step(kept)
        g = decayed(g, p, group["weight_decay"])
        rate = scalar(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        total = kept["sum"].array
        addcmul_(total, g, g, 1)
        addcdiv_(p, g, _plus(np.sqrt(total), group["eps"]), -rate)


@optimizer(
    "Adadelta(params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *, capturable=False, "
    "maximize=False, differentiable=False)",
    checks="lr rho eps weight_decay",
    first="lr rho eps weight_decay maximize capturable",
)
class Adadelta(Descent):
    _kept_zeros = "square_avg acc_delta"

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        next_step(kept)
        g = decayed(g, p, group["weight_decay"])
        square, moved, rho = kept["square_avg"].array, kept["acc_delta"].array, group["rho"]
        mul_(square, rho)
        addcmul_(square, g, g, 1 - rho)
        delta = np.sqrt(_plus(moved, group["eps"])) / np.sqrt(_plus(square, group["eps"])) * g
        mul_(moved, rho)
        addcmul_(moved, delta, delta, 1 - rho)
        add_(p, delta, -scalar(group["lr"]))


@optimizer(
    "RMSprop(params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, "
    "capturable=False, foreach=None, maximize=False, differentiable=False)",
    checks="lr eps momentum weight_decay alpha",
    first="lr momentum alpha eps centered",
)
class RMSprop(Descent):
    _kept_zeros = "square_avg"

    def _first_state(self, group: Kept, p: Array) -> Kept:
        kept = super()._first_state(group, p)
        if group["momentum"] > 0:
            kept["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            kept["grad_avg"] = zeros_like(p)
        return kept

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
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


@optimizer(
    "Rprop(params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, foreach=None, maximize=False, "
    "differentiable=False, capturable=False)",
    checks="lr etas",
)
class Rprop(Descent):
    def _first_state(self, group: Kept, p: Array) -> Kept:
        size = of_array(np.full_like(p, scalar(group["lr"])))
        return {"step": count(), "prev": zeros_like(p), "step_size": size}

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
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


@optimizer(
    "ASGD(params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None, "
    "maximize=False, differentiable=False, capturable=False)",
    checks="lr weight_decay",
)
class ASGD(Descent):
    def _first_state(self, group: Kept, p: Array) -> Kept:
        eta = of_array(np.asarray(scalar(group["lr"]), np.float32))
        mu = of_array(np.ones((), np.float32))
        return {"step": count(), "eta": eta, "mu": mu, "ax": zeros_like(p)}

    def _in_place_steps(self, group: Kept) -> int:
        return 2

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
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

    _kept_zeros = "exp_avg exp_avg_sq"

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


@optimizer(
    "Adam(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, "
    "maximize=False, foreach=None, capturable=False, differentiable=False, fused=None, "
    "decoupled_weight_decay=False)",
    checks="lr eps betas weight_decay",
)
class Adam(_Moments):
    """Moments of the gradient, corrected for their bias; weight decay in the gradient or beside it."""

    def _start(self, params: Any, defaults: Kept) -> None:
        betas = tuple(map(scalar, defaults["betas"]))
        if isinstance(betas[0], int) or isinstance(betas[1], int):
            raise ValueFault("betas must be either both floats or both Tensors")
        super()._start(params, defaults | {"betas": betas})

    def _first_state(self, group: Kept, p: Array) -> Kept:
        kept = super()._first_state(group, p)
        return kept | ({"max_exp_avg_sq": zeros_like(p)} if group["amsgrad"] else {})

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step, _ = self._moved(group, p, g, kept)
        lr, (beta1, beta2) = scalar(group["lr"]), group["betas"]
        step_size = lr / (1 - beta1**step)
        correction = (1 - beta2**step) ** 0.5
        square = kept["exp_avg_sq"].array
        if group["amsgrad"]:
            most = kept["max_exp_avg_sq"].array
            square = np.maximum(most, square, out=most)
        scale = np.sqrt(square)
        scale /= p.dtype.type(correction)
        scale += p.dtype.type(group["eps"])
        addcdiv_(p, kept["exp_avg"].array, scale, -step_size)


@optimizer(
    "AdamW(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, "
    "maximize=False, foreach=None, capturable=False, differentiable=False, fused=None)",
    checks="lr eps betas weight_decay",
    decoupled_weight_decay=True,
)
class AdamW(Adam):
    """Adam with weight decay beside the gradient."""


@optimizer(
    "Adamax(params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *, "
    "maximize=False, differentiable=False, capturable=False)",
    checks="lr eps betas weight_decay",
)
class Adamax(_Moments):
    _kept_zeros = "exp_avg exp_inf"

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
        step, g = self._moved(group, p, g, kept)
        beta1, beta2 = group["betas"]
        largest = kept["exp_inf"].array
        mul_(largest, beta2)
        np.maximum(largest, _plus(np.abs(g), group["eps"]), out=largest)
        addcdiv_(p, kept["exp_avg"].array, largest, -scalar(group["lr"]) / (1 - beta1**step))


@optimizer(
    "NAdam(params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3, "
    "decoupled_weight_decay=False, *, maximize=False, foreach=None, capturable=False, "
    "differentiable=False)",
    checks="lr eps betas weight_decay momentum_decay",
)
class NAdam(_Moments):
    def _first_state(self, group: Kept, p: Array) -> Kept:
        return {
            "step": count(),
            "mu_product": of_array(np.ones((), np.float32)),
            "exp_avg": zeros_like(p),
            "exp_avg_sq": zeros_like(p),
        }

    def _in_place_steps(self, group: Kept) -> int:
        return 1 + super()._in_place_steps(group)

    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
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


@optimizer(
    "RAdam(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, "
    "*, maximize=False, foreach=None, capturable=False, differentiable=False)",
    checks="lr eps betas weight_decay",
    first="lr betas eps weight_decay maximize foreach capturable",
)
class RAdam(_Moments):
    def _descend(self, group: Kept, p: Array, g: Array, kept: Kept) -> None:
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
