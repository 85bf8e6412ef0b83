"""Functions of `torch.nn.functional` that write to what they are given.

Source: aten/src/ATen/native/Normalization.cpp (`batch_norm_cpu_update_stats_template`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import constant
from autodiff_cli.tensors.inplace import in_place
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.grad_mode import no_grad
from autodiff_cli.vocabulary.calls.handles import named, on_nodes
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS


@named("F.batch_norm")
def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Normalized over the batch; in training, the running statistics follow the batch's."""
    function = FUNCTIONS["F.batch_norm"]
    result = on_nodes(
        function, input, running_mean, running_var, weight, bias, training, momentum, eps
    )
    if training and running_mean is not None:
        array = input.array.astype(np.float64)
        others = tuple([dim for dim in range(array.ndim) if dim != 1])
        _follow(running_mean, array.mean(axis=others), momentum)
        _follow(running_var, array.var(axis=others, ddof=1), momentum)
    return result


def _follow(running: Tensor, now: Any, momentum: float) -> None:
    value = momentum * now + (1 - momentum) * running.array.astype(np.float64)
    with no_grad():
        in_place(running, lambda _: constant(value.astype(running.dtype.numpy)))
