"""`torch.nn.utils`: gradients clipped, parameters as one vector.

Sources: torch/nn/utils/clip_grad.py, convert_parameters.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.tensors.inplace import replace_data
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.autograd.grad_mode import no_grad
from autodiff_cli.vocabulary.calls.calling import call, torch_call
from autodiff_cli.vocabulary.calls.handles import named


def _gradients(parameters: Any) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    return [tensor.grad for tensor in given if tensor.grad is not None]


@named("nn.utils.clip_grad_norm_", "nn.utils.clip_grad_norm")
def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    with no_grad():
        grads = _gradients(parameters)
        total: Any = total_norm(grads, norm_type, error_if_nonfinite)
        factor = torch_call("clamp", float(max_norm) / (total + 1e-6), max=1.0)
        for grad in grads:
            call(grad, "mul_", factor)
    return total  # type: ignore[no-any-return]


@named("nn.utils.get_total_norm")
def total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: Any = None
) -> Tensor:
    grads = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not grads:
        return of_array(np.zeros((), np.float32))
    order = float(norm_type)
    norms = [torch_call("linalg.vector_norm", grad, order) for grad in grads]
    total: Any = torch_call("linalg.vector_norm", torch_call("stack", norms), order)
    if error_if_nonfinite and not np.isfinite(total.array):
        raise RuntimeFault(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite norm "
            "anyway, set `error_if_nonfinite=False`"
        )
    return total  # type: ignore[no-any-return]


@named("nn.utils.clip_grad_value_")
def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    with no_grad():
        for grad in _gradients(parameters):
            call(grad, "clamp_", min=-float(clip_value), max=float(clip_value))


@named("nn.utils.parameters_to_vector")
def parameters_to_vector(parameters: Any) -> Tensor:
    flat = [call(tensor, "view", -1) for tensor in parameters]
    return torch_call("cat", flat)  # type: ignore[no-any-return]


@named("nn.utils.vector_to_parameters")
def vector_to_parameters(vec: Tensor, parameters: Any) -> None:
    start = 0
    for tensor in parameters:
        stop = start + tensor.node.numel
        part = call(vec[slice(start, stop)], "view_as", tensor)  # type: ignore[index]
        tensor_data = call(part, "detach")
        replace_data(tensor, tensor_data)
        start = stop
