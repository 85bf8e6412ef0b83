"""`torch.nn.functional`: activations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ir.shapes import wrap_dim
from autodiff_cli.ops import activation as act
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import pairs
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, alias, python, torch
from autodiff_cli.vocabulary.creation import check_fits
from autodiff_cli.vocabulary.pointwise import require_floating
from autodiff_cli.vocabulary.reductions import softmax_of
from autodiff_cli.vocabulary.shaping import reshape_to

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@python("F.relu", in_place="function")
def relu(input: Node, inplace: bool = False) -> Node:
    return FUNCTIONS["relu"](input)  # type: ignore[no-any-return]


@python("F.sigmoid", asks="input.sigmoid")
def sigmoid(input: Node) -> Node:
    return FUNCTIONS["sigmoid"](input)  # type: ignore[no-any-return]


@python("F.tanh", asks="input.tanh")
def tanh(input: Node) -> Node:
    return FUNCTIONS["tanh"](input)  # type: ignore[no-any-return]


def _implicit_dim(x: Node, name: str) -> int:
    warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as "
        "an argument."
    )
    return 0 if x.ndim in (0, 1, 3) else 1


@python("F.softmax", calls="softmax(Tensor self, int? dim, *, torch.dtype? dtype)")
def softmax(
    input: Node, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Node:
    dim = _implicit_dim(input, "softmax") if dim is None else dim
    return softmax_of(input, dim, dtype, log=False)


@python("F.log_softmax", calls="log_softmax(Tensor self, int? dim, *, torch.dtype? dtype)")
def log_softmax(
    input: Node, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Node:
    dim = _implicit_dim(input, "log_softmax") if dim is None else dim
    return softmax_of(input, dim, dtype, log=True)


def _simple(name: str, call: Callable[[Node], Node], kernel: str | None) -> None:
    """A function of the input and `inplace`, which programs heed where they call it."""

    def function(input: Node, inplace: bool = False) -> Node:
        if kernel is not None:
            require_floating(input, kernel)
        return call(input)

    python(f"F.{name}", calls=f"{name}(Tensor input)")(function)


_simple("silu", lambda x: act.silu(x), "silu_cpu")
_simple("mish", lambda x: act.mish(x), "mish_cpu")
_simple("hardsigmoid", lambda x: act.hardsigmoid(x), "hardsigmoid_cpu")
_simple("hardswish", lambda x: act.hardswish(x), "hardswish_cpu")
_simple("relu6", lambda x: act.hardtanh(x, min=0, max=6), None)


@python(
    "F.leaky_relu", calls="leaky_relu(Tensor input, Number negative_slope)", in_place="function"
)
def leaky_relu(input: Node, negative_slope: float = 0.01, inplace: bool = False) -> Node:
    require_floating(input, "leaky_relu_cpu")
    return act.leaky_relu(input, slope=negative_slope)


@python("F.elu", calls="elu(Tensor input, Number alpha)", in_place="function")
def elu(input: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    require_floating(input, "elu_cpu")
    return act.elu(input, alpha=alpha, scale=1.0, input_scale=1.0)


@torch("selu(Tensor input)", only="function", in_place="function")
def selu(input: Node) -> Node:
    require_floating(input, "elu_cpu")
    return act.elu(input, alpha=SELU_ALPHA, scale=SELU_SCALE, input_scale=1.0)


@torch("celu(Tensor input, Number alpha = 1.0)", only="function", in_place="function")
def celu(input: Node, alpha: Number) -> Node:
    if alpha == 0:
        raise RuntimeFault("ZeroDivisionError: alpha cannot be 0 for CELU")
    require_floating(input, "elu_cpu")
    return act.celu(input, alpha=alpha)


@python("F.selu", in_place="function")
def functional_selu(input: Node, inplace: bool = False) -> Node:
    return FUNCTIONS["selu"](input)  # type: ignore[no-any-return]


@python("F.celu", in_place="function")
def functional_celu(input: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    return FUNCTIONS["celu"](input, alpha)  # type: ignore[no-any-return]


@torch("F.gelu(Tensor input, *, str approximate = 'none', Tensor out = None)", only="function")
def gelu(input: Node, approximate: str) -> Node:
    if approximate not in ("none", "tanh"):
        raise RuntimeFault("approximate argument must be either none or tanh.")
    require_floating(input, "GeluKernelImpl")
    return act.gelu(input, approximate=approximate)


@torch(
    "F.softplus(Tensor input, Number beta = 1, Number threshold = 20, *, Tensor out = None)",
    only="function",
)
def softplus(input: Node, beta: Number, threshold: Number) -> Node:
    require_floating(input, "softplus_cpu")
    return act.softplus(input, beta=beta, threshold=threshold)


@python("F.softsign", asks="input.abs")
def softsign(input: Node) -> Node:
    return ar.div(input, ar.add(FUNCTIONS["abs"](input), 1, alpha=1))


@python(
    "F.hardtanh",
    calls="hardtanh(Tensor input, Number min_val, Number max_val)",
    in_place="function",
)
def hardtanh(
    input: Node, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Node:
    if min_val > max_val:
        raise ValueFault("min_val cannot be greater than max_val")
    return act.hardtanh(input, min=min_val, max=max_val)


@torch("F.logsigmoid(Tensor input, *, Tensor out = None)", only="function")
def logsigmoid(input: Node) -> Node:
    require_floating(input, "log_sigmoid_cpu")
    return act.log_sigmoid(input)


@python("F.tanhshrink")
def tanhshrink(input: Node) -> Node:
    return ar.sub(input, pw.tanh(input), alpha=1)


@torch("F.softshrink(Tensor input, Number lambd = 0.5, *, Tensor out = None)", only="function")
def softshrink(input: Node, lambd: Number) -> Node:
    require_floating(input, "softshrink_check")
    if not lambd >= 0:
        largest = float(np.finfo(input.dtype.numpy).max)
        raise RuntimeFault(
            f"lambda must be in range [0, {largest:g}] for input dtype "
            f"{input.dtype.scalar_name}, but found {lambd:g}"
        )
    return act.softshrink(input, bound=lambd)


@torch("hardshrink(Tensor input, Number lambd = 0.5, *, Tensor out = None)")
def hardshrink(input: Node, lambd: Number) -> Node:
    require_floating(input, "hardshrink_cpu")
    return act.hardshrink(input, bound=lambd)


@torch(
    "threshold(Tensor input, Number threshold, Number value, *, Tensor out = None)",
    only="function",
    in_place="function",
)
def threshold(input: Node, threshold: Number, value: Number) -> Node:
    check_fits(value, input.dtype)
    return pairs.threshold(input, threshold=threshold, value=value)


@python("F.threshold", in_place="function")
def functional_threshold(
    input: Node, threshold: float, value: float, inplace: bool = False
) -> Node:
    return FUNCTIONS["threshold"](input, threshold, value)  # type: ignore[no-any-return]


@torch("prelu(Tensor input, Tensor weight)")
def prelu(input: Node, weight: Node) -> Node:
    if input.dtype is not weight.dtype:
        raise RuntimeFault(
            f"prelu: Type promoting not supported. Got {input.dtype.scalar_name} and "
            f"{weight.dtype.scalar_name}"
        )
    if weight.numel != 1:
        if not input.ndim:
            raise RuntimeFault("Not allow zero-dim input tensor.")
        channels = input.shape[1] if input.ndim > 1 else 1
        if channels != weight.numel:
            raise RuntimeFault(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.numel} and channel size = {channels}."
            )
    if weight.ndim > 1:
        raise RuntimeFault(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    if input.ndim != weight.ndim or input.ndim > 1:
        shape = [1] * input.ndim
        if input.ndim > 1:
            shape[1] = weight.numel
        elif input.ndim == 1:
            shape = [weight.numel]
        weight = reshape_to(weight, shape)
    return act.prelu(input, weight)


@python("F.glu", asks="input.dim", calls="glu(Tensor input, int dim)")
def glu(input: Node, dim: int = -1) -> Node:
    if not input.ndim:
        raise RuntimeFault("glu does not support scalars because halving size must be even")
    at = wrap_dim(dim, input.ndim)
    if input.shape[at] % 2:
        raise RuntimeFault(
            f"Halving dimension must be even, but dimension {at} is size {input.shape[at]}"
        )
    require_floating(input, "glu_cpu")
    return act.glu(input, dim=at)


@python("F.softmin")
def softmin(
    input: Node, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None
) -> Node:
    negative = FUNCTIONS["neg"](input)
    return FUNCTIONS["F.softmax"](negative, dim, dtype=dtype)  # type: ignore[no-any-return]


alias("F.prelu", of="prelu")
alias("F.hardshrink", of="hardshrink")
