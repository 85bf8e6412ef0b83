"""`torch.nn.init`: first values of parameters.

Source: torch/nn/init.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.errors import ValueFault
from autodiff_cli.ir.node import Shape
from autodiff_cli.ops.heavy import heavily
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.autograd.grad_mode import no_grad
from autodiff_cli.vocabulary.calls.calling import call, check_has, torch_call
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.nn.parameter import Parameter

LINEAR = (
    "linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d sigmoid".split()
)


@named("nn.init.calculate_gain")
def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    if nonlinearity in LINEAR:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "selu":
        return 3.0 / 4
    if nonlinearity != "leaky_relu":
        raise ValueFault(f"Unsupported nonlinearity {nonlinearity}")
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, (int, float)):
        raise ValueFault(f"negative_slope {param} not a valid number")
    return math.sqrt(2.0 / (1 + slope**2))


def fans(shape: Shape) -> tuple[int, int]:
    """How many elements feed one output, and how many outputs one input feeds."""
    if len(shape) < 2:
        raise ValueFault(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueFault(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return fans(tensor.shape)[mode == "fan_out"]


def in_place(tensor: Tensor, name: str, *args: Any, **kwargs: Any) -> Tensor:
    """An in-place method under `no_grad`."""
    with no_grad():
        call(tensor, name, *args, **kwargs)
    return tensor


@named("nn.init.uniform_")
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    return in_place(tensor, "uniform_", a, b, generator=generator)


@named("nn.init.normal_")
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    return in_place(tensor, "normal_", mean, std, generator=generator)


@named("nn.init.constant_")
def constant_(tensor: Tensor, val: float) -> Tensor:
    return in_place(tensor, "fill_", val)


@named("nn.init.ones_")
def ones_(tensor: Tensor) -> Tensor:
    return in_place(tensor, "fill_", 1.0)


@named("nn.init.zeros_")
def zeros_(tensor: Tensor) -> Tensor:
    return in_place(tensor, "zero_")


@named("nn.init.eye_")
def eye_(tensor: Tensor) -> Tensor:
    if call(tensor, "ndimension") != 2:
        raise ValueFault("Only tensors with 2 dimensions are supported")
    return in_place(tensor, "copy_", of_array(np.eye(*tensor.shape, dtype=tensor.dtype.numpy)))


@named("nn.init.dirac_")
def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    if call(tensor, "ndimension") not in (3, 4, 5):
        raise ValueFault("Only tensors with 3, 4, or 5 dimensions are supported")
    outputs, inputs, *field = tensor.shape
    if outputs % groups != 0:
        raise ValueFault("dim 0 must be divisible by groups")
    width = outputs // groups
    array: Any = np.zeros_like(tensor.array)
    for channel in range(min(width, inputs)):
        array[(slice(channel, None, width), channel, *(size // 2 for size in field))] = 1
    return in_place(tensor, "copy_", of_array(array))


@named("nn.init.sparse_")
def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    if call(tensor, "ndimension") != 2:
        raise ValueFault("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    array = in_place(tensor, "normal_", 0, std, generator=generator).array.copy()
    for column in range(columns):
        array[torch_call("randperm", rows).array[:zeros], column] = 0
    return in_place(tensor, "copy_", of_array(array))


@named("nn.init.xavier_uniform_", "nn.init.xavier_uniform")
def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    check_has(tensor, "dim")
    fan_in, fan_out = fans(tensor.shape)
    bound = math.sqrt(3.0) * (gain * math.sqrt(2.0 / float(fan_in + fan_out)))
    return uniform_(tensor, -bound, bound, generator)


@named("nn.init.xavier_normal_", "nn.init.xavier_normal")
def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    check_has(tensor, "dim")
    fan_in, fan_out = fans(tensor.shape)
    std = gain * math.sqrt(2.0 / float(fan_in + fan_out))
    return normal_(tensor, 0.0, std, generator)


@named("nn.init.kaiming_uniform_")
def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    bound = math.sqrt(3.0) * _kaiming_deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


@named("nn.init.kaiming_normal_")
def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    return normal_(tensor, 0, _kaiming_deviation(tensor, a, mode, nonlinearity), generator)


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """The deviation that keeps the scale of what flows through."""
    check_has(tensor, "shape")
    if 0 in tensor.shape:
        warn("Initializing zero-element tensors is a no-op")
        return 0.0
    fan = _fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


@named("nn.init.trunc_normal_")
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    check_has(tensor, "is_meta")
    if mean < a - 2 * std or mean > b + 2 * std:
        warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may "
            "be incorrect."
        )

    def below(x: float) -> float:
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    with no_grad():
        if below((b - mean) / std) - below((a - mean) / std) > 0.3:
            low, high = (tensor.dtype.numpy.type(bound) for bound in (a, b))
            result = call(tensor, "normal_", mean, std, generator=generator).array
            while True:
                outside = (result < low) | (result > high)
                if not outside.any():
                    break
                fresh = of_array(np.empty_like(result))
                result = np.where(
                    outside, call(fresh, "normal_", mean, std, generator=generator).array, result
                )
            if result is not tensor.array:
                call(tensor, "copy_", of_array(result))
            return tensor
        return _rejected(tensor, mean, std, a, b, generator)


def _rejected(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any
) -> Tensor:
    """Uniform candidates, accepted by their density: for bounds far out in the tails."""
    log_peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    candidates, draws = (of_array(np.empty_like(tensor.array)) for _ in range(2))

    def drawn() -> Any:
        call(call(candidates, "sub_", mean), "div_", std)
        call(call(call(candidates, "pow_", 2), "mul_", -0.5), "sub_", log_peak)
        call(call(draws, "uniform_", generator=generator), "log_")
        return draws.array > candidates.array

    call(tensor, "uniform_", a, b, generator=generator)
    call(candidates, "copy_", tensor)
    pending = drawn()
    result = tensor.array
    while pending.any():
        call(candidates, "uniform_", a, b, generator=generator)
        result = np.where(pending, candidates.array, result)
        pending = np.where(pending, drawn(), pending)
    if result is not tensor.array:
        call(tensor, "copy_", of_array(result))
    return tensor


@named("nn.init.orthogonal_")
def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    if call(tensor, "ndimension") < 2:
        raise ValueFault("Only tensors with 2 or more dimensions are supported")
    if 0 in tensor.shape:
        return tensor
    rows = tensor.shape[0]
    flat = of_array(np.empty((rows, math.prod(tensor.shape[1:])), tensor.dtype.numpy))
    array = call(flat, "normal_", 0, 1, generator=generator).array
    wide = rows < array.shape[1]
    tall = array.T if wide else array
    q, r = heavily(tall.size * tall.shape[1], np.linalg.qr, tall)
    q = q * np.sign(np.diag(r))
    values = np.ascontiguousarray((q.T if wide else q).reshape(tensor.shape))
    in_place(tensor, "copy_", of_array(values))
    return in_place(tensor, "mul_", gain)


def empty(shape: Shape, dtype: Any = None) -> Tensor:
    """Memory for a parameter."""
    return torch_call("zeros", shape, dtype=dtype)  # type: ignore[no-any-return]


def parametrize(module: Any, dtype: Any, **shapes: Shape | None) -> None:
    """Give a module its parameters, with their first values; None is one that it does without."""
    for name, shape in shapes.items():
        made = None if shape is None else Parameter(empty(shape, dtype))
        module.register_parameter(name, made)
    module.reset_parameters()
