"""The optimizers that follow gradients, each by its formulas in the reference's order.

Sources: torch/optim/sgd.py, adam.py, adamw.py, nadam.py, radam.py, adamax.py (the functions
`_single_tensor_…`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.autograd.tensor import of_array
from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.node import Array
from autodiff_cli.vocabulary.calling import opened
from autodiff_cli.vocabulary.optim.optimizer import (
    Descent,
    add_,
    addcdiv_,
    addcmul_,
    check_betas,
    check_least,
    check_not_negative,
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


def check_fused(fused_: Any, foreach: Any, differentiable: Any) -> None:
    if fused_ and differentiable:
        raise RuntimeFault("`fused` does not support `differentiable`")
    if fused_ and foreach:
        raise RuntimeFault("`fused` and `foreach` cannot be `True` together.")


@opened("torch.optim.sgd", "optim.SGD")
class SGD(Descent):
    """Gradient descent, with momentum."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: Any = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_rate(lr)
        check_not_negative("momentum value", momentum)
        check_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueFault("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def _kept(self, group: dict[str, Any], tensor: Any) -> dict[str, Any]:
        kept: dict[str, Any] = self.state[tensor] if group["momentum"] != 0 else {}
        return kept

    def update(self, group: dict[str, Any], p: Array, g: Array, kept: dict[str, Any]) -> None:
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


@opened("torch.optim.adam", "optim.Adam")
class Adam(Descent):
    """Moments of the gradient, corrected for their bias; weight decay in the gradient or beside it."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_rate(lr)
        check_least("epsilon value", eps)
        check_betas(betas)
        check_least("weight_decay value", weight_decay)
        if isinstance(scalar(betas[0]), int) or isinstance(scalar(betas[1]), int):
            raise ValueFault("betas must be either both floats or both Tensors")
        defaults = {
            "lr": lr,
            "betas": tuple(map(scalar, betas)),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def fresh(self, group: dict[str, Any], p: Array) -> dict[str, Any]:
        kept = {"step": count(), "exp_avg": zeros_like(p), "exp_avg_sq": zeros_like(p)}
        if group["amsgrad"]:
            kept["max_exp_avg_sq"] = zeros_like(p)
        return kept

    def update(self, group: dict[str, Any], p: Array, g: Array, kept: dict[str, Any]) -> None:
        lr, (beta1, beta2) = scalar(group["lr"]), group["betas"]
        step = next_step(kept)
        if group["weight_decay"] != 0:
            if group["decoupled_weight_decay"]:
                mul_(p, 1 - lr * group["weight_decay"])
            else:
                g = decayed(g, p, group["weight_decay"])
        mean, square = kept["exp_avg"].array, kept["exp_avg_sq"].array
        lerp_(mean, g, 1 - beta1)
        mul_(square, beta2)
        addcmul_(square, g, g, 1 - beta2)
        step_size = lr / (1 - beta1**step)
        correction = (1 - beta2**step) ** 0.5
        if group["amsgrad"]:
            most = kept["max_exp_avg_sq"].array
            np.maximum(most, square, out=most)
            square = most
        scale = np.sqrt(square) / p.dtype.type(correction) + p.dtype.type(group["eps"])
        addcdiv_(p, mean, scale, -step_size)


@opened("torch.optim.adamw", "optim.AdamW")
class AdamW(Adam):
    """Adam with weight decay beside the gradient."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: Any = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
