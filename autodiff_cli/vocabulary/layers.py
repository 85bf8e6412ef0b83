"""`torch.nn.functional`: convolution, pooling, normalization, dropout, embedding, attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_cli.autograd.generator import default_generator
from autodiff_cli.errors import IndexFault, NotImplementedFault, RuntimeFault, ValueFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.node import Node, Op, Shape, constant
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import convolution as cv
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import normalization as nm
from autodiff_cli.ops import rearrange as re
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full
from autodiff_cli.vocabulary.pointwise import require_floating
from autodiff_cli.vocabulary.products import matmul
from autodiff_cli.vocabulary.reductions import softmax_of
from autodiff_cli.vocabulary.registry import alias, python, torch
from autodiff_cli.vocabulary.values import Size

# ---- convolution --------------------------------------------------------------------------------


def _repeated(sizes: Sequence[int] | int, count: int) -> tuple[int, ...]:
    if isinstance(sizes, int):
        return (sizes,) * count
    return tuple(sizes) * count if len(sizes) == 1 else tuple(sizes)


def _convolver(count: int) -> None:
    name = f"conv{count}d"
    sizes = f"tuple of ints[{count}]"
    start = f"{name}(Tensor input, Tensor weight, Tensor? bias = None, {sizes} stride = 1"

    def convolve(
        x: Node, w: Node, bias: Node | None, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> Node:
        if x.ndim not in (count + 1, count + 2):
            raise RuntimeFault(
                f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but "
                f"got input of size: {list(x.shape)}"
            )
        single = x.ndim == count + 1
        if single:
            x = mv.unsqueeze(x, shape=(1, *x.shape))
        how: dict[str, Any] = {
            "stride": _repeated(stride, count),
            "padding": _repeated(padding, count),
            "dilation": _repeated(dilation, count),
            "groups": groups,
        }
        _check_convolution(x, w, bias, **how)
        y = cv.convolution(x, w, *(() if bias is None else (bias,)), **how)
        return mv.squeeze_dim(y, shape=y.shape[1:]) if single else y

    @torch(
        f"{start}, {sizes} padding = 0, {sizes} dilation = 1, SymInt groups = 1)", only="function"
    )
    def numeric(
        input: Node,
        weight: Node,
        bias: Node | None,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: int,
    ) -> Node:
        return convolve(input, weight, bias, stride, padding, dilation, groups)

    @torch(
        f"{start}, str padding = 'valid', {sizes} dilation = 1, SymInt groups = 1)",
        only="function",
    )
    def named(
        input: Node,
        weight: Node,
        bias: Node | None,
        stride: Any,
        padding: str,
        dilation: Any,
        groups: int,
    ) -> Node:
        if padding == "valid":
            return convolve(input, weight, bias, stride, 0, dilation, groups)
        if padding != "same":
            raise RuntimeFault(f"Invalid padding string: '{padding}'")
        if any(step != 1 for step in _repeated(stride, count)):
            raise RuntimeFault("padding='same' is not supported for strided convolutions")
        spread = _repeated(dilation, count)
        totals = [d * (k - 1) for d, k in zip(spread, weight.shape[2:])]
        if any(total % 2 for total in totals):  # one more at the end
            margins = ((0, 0),) * (input.ndim - count) + tuple((0, t % 2) for t in totals)
            input = re.pad(input, margins=margins, value=0)
        return convolve(input, weight, bias, stride, [t // 2 for t in totals], dilation, groups)

    alias(f"F.{name}", of=name)


def _check_convolution(
    x: Node,
    w: Node,
    bias: Node | None,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> None:
    if x.dtype is not w.dtype:
        raise RuntimeFault(
            f"expected scalar type {x.dtype.scalar_name} but found {w.dtype.scalar_name}"
        )
    if w.shape[1] * groups != x.shape[1]:
        raise RuntimeFault(
            f"Given groups={groups}, weight of size {list(w.shape)}, expected input"
            f"{list(x.shape)} to have {w.shape[1] * groups} channels, but got {x.shape[1]} channels "
            "instead"
        )
    if bias is not None and bias.shape != (w.shape[0],):
        raise RuntimeFault(
            f"Given weight of size {list(w.shape)}, expected bias to be 1-dimensional with "
            f"{w.shape[0]} elements, but got bias of size {list(bias.shape)} instead"
        )
    padded = [n + 2 * p for n, p in zip(x.shape[2:], padding)]
    kernel = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:])]
    if any(k > n for k, n in zip(kernel, padded)):
        inner, outer = (" x ".join(map(str, sizes)) for sizes in (kernel, padded))
        raise RuntimeFault(
            f"Calculated padded input size per channel: ({outer}). Kernel size: ({inner}). Kernel "
            "size can't be greater than actual input size"
        )


_convolver(1)
_convolver(2)

# ---- pooling ------------------------------------------------------------------------------------


def _windows(kernel: Any, stride: Any, padding: Any, count: int) -> tuple[Shape, Shape, Shape]:
    sizes = _repeated(kernel, count)
    return sizes, _repeated(stride, count) if stride else sizes, _repeated(padding, count)


def _check_pool(x: Node, name: str, kernel: Shape, padding: Shape, out: Shape) -> None:
    count = len(kernel)
    if x.ndim not in (count + 1, count + 2):
        raise RuntimeFault(
            f"non-empty {count + 1}D or {count + 2}D (batch mode) tensor expected for input"
        )
    for p, k in zip(padding, kernel):
        if p > k / 2:
            raise RuntimeFault(
                "pad should be at most half of effective kernel size, but got "
                f"pad={p}, kernel_size={k} and dilation=1"
            )
    if any(n < 1 for n in out):
        given, made = (
            "x".join(map(str, s)) for s in (x.shape[-count - 1 :], (x.shape[-count - 1], *out))
        )
        raise RuntimeFault(
            f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small"
        )


def _max_pool(x: Node, kernel: Any, stride: Any, padding: Any, dilation: Any, count: int) -> Any:
    sizes, step, margin = _windows(kernel, stride, padding, count)
    spread = _repeated(dilation, count)
    out = tuple(max(0, cv.out_size(*s)) for s in zip(x.shape[-count:], sizes, step, margin, spread))
    _check_pool(x, "max_pool", sizes, margin, out)
    index = cv.best_place(x, kernel=sizes, stride=step, padding=margin, dilation=spread)
    return cv.max_pool(x, index, dims=count), index


def _no_ceil(ceil_mode: bool) -> None:
    if ceil_mode:
        raise NotImplementedFault("ceil_mode=True does not exist here")


@python("F.max_pool2d")
def max_pool2d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    _no_ceil(ceil_mode)
    values, index = _max_pool(input, kernel_size, stride, padding, dilation, 2)
    return (values, index) if return_indices else values


@python("F.max_pool1d")
def max_pool1d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    _no_ceil(ceil_mode)
    values, index = _max_pool(input, kernel_size, stride, padding, dilation, 1)
    return (_squeezed(values), index) if return_indices else _squeezed(values)


def _squeezed(x: Node) -> Node:
    """What the reference computes in two dimensions, with the extra one taken away."""
    return mv.squeeze_dim(x, shape=x.shape)


def _avg_pool(x: Node, kernel: Any, stride: Any, padding: Any, pads: bool, count: int) -> Node:
    sizes, step, margin = _windows(kernel, stride, padding, count)
    out = tuple(max(0, cv.out_size(*s, 1)) for s in zip(x.shape[-count:], sizes, step, margin))
    _check_pool(x, "avg_pool", sizes, margin, out)
    return cv.avg_pool(x, kernel=sizes, stride=step, padding=margin, pads=pads)


@python("F.avg_pool2d")
def avg_pool2d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Node:
    _no_ceil(ceil_mode)
    return _avg_pool(input, kernel_size, stride, padding, count_include_pad, 2)


@python("F.avg_pool1d")
def avg_pool1d(
    input: Node,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Node:
    _no_ceil(ceil_mode)
    return _squeezed(_avg_pool(input, kernel_size, stride, padding, count_include_pad, 1))


@python("F.adaptive_avg_pool2d")
def adaptive_avg_pool2d(input: Node, output_size: Any) -> Node:
    wanted = _repeated(output_size, 2) if not isinstance(output_size, int) else (output_size,) * 2
    size = tuple(n if w is None else w for w, n in zip(wanted, input.shape[-2:]))
    if size == (1, 1):
        last = (input.ndim - 2, input.ndim - 1)
        return red.mean(input, dim=last, keepdim=True, dtype=input.dtype)
    return cv.adaptive_avg_pool(input, size=size)


@python("F.interpolate")
def interpolate(
    input: Node,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Node:
    if mode != "nearest" or input.ndim != 4:
        raise NotImplementedFault("interpolate exists here for mode='nearest' of 4D input alone")
    if size is None:
        scales = scale_factor if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * 2
        size = tuple(int(n * scale) for n, scale in zip(input.shape[2:], scales))
    return nm.upsample_nearest(input, size=_repeated(size, 2))


@python("F.pad")
def pad(
    input: Node, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Node:
    if mode != "constant":
        raise NotImplementedFault(f"pad exists here for mode='constant', not '{mode}'")
    if len(pad) % 2:
        raise RuntimeFault("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeFault(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.ndim}"
        )
    given = [(pad[at], pad[at + 1]) for at in range(0, len(pad), 2)]
    margins = ((0, 0),) * (input.ndim - len(given)) + tuple(reversed(given))
    if any(b + n + a < 0 for n, (b, a) in zip(input.shape, margins)):
        raise RuntimeFault("narrow(): length must be non-negative.")
    return re.pad(input, margins=margins, value=value or 0)


# ---- normalization ------------------------------------------------------------------------------


def _affine(weight: Node | None, bias: Node | None, x: Node, shape: Shape) -> tuple[Node, ...]:
    if weight is None and bias is None:
        return ()
    one = weight if weight is not None else full(shape=shape, value=1, dtype=x.dtype)
    return (one,) if bias is None else (one, bias)


@python("F.layer_norm")
def layer_norm(
    input: Node,
    normalized_shape: Sequence[int],
    weight: Node | None = None,
    bias: Node | None = None,
    eps: float = 1e-5,
) -> Node:
    shape = tuple(normalized_shape)
    if input.shape[input.ndim - len(shape) :] != shape:
        wanted = ", ".join(["*", *map(str, shape)])
        raise RuntimeFault(
            f"Given normalized_shape={list(shape)}, expected input with shape [{wanted}], but got "
            f"input of size{list(input.shape)}"
        )
    require_floating(input, "LayerNormKernelImpl")
    dims = tuple(range(input.ndim - len(shape), input.ndim))
    pair = _affine(weight, bias, input, shape)
    return nm.layer_norm(input, *pair, grouped=input.shape, dims=dims, affine=shape, eps=eps)


def _per_channel(x: Node) -> Shape:
    return (1, x.shape[1], *(1,) * (x.ndim - 2))


@python("F.group_norm")
def group_norm(
    input: Node,
    num_groups: int,
    weight: Node | None = None,
    bias: Node | None = None,
    eps: float = 1e-5,
) -> Node:
    if input.shape[1] % num_groups:
        raise RuntimeFault(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} and num_groups={num_groups}"
        )
    grouped = (input.shape[0], num_groups, input.numel // (input.shape[0] * num_groups))
    pair = _affine(weight, bias, input, (input.shape[1],))
    return nm.group_norm(
        input, *pair, grouped=grouped, dims=(2,), affine=_per_channel(input), eps=eps
    )


def _normalized_batch(op: Op, x: Node, pair: tuple[Node, ...], eps: float) -> Node:
    dims = (0, *range(2, x.ndim))
    return op(x, *pair, grouped=x.shape, dims=dims, affine=_per_channel(x), eps=eps)


@python("F.batch_norm")
def batch_norm(
    input: Node,
    running_mean: Node | None,
    running_var: Node | None,
    weight: Node | None = None,
    bias: Node | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Node:
    x = input
    if training and x.ndim > 1 and x.numel == x.shape[1]:
        raise ValueFault(
            f"Expected more than 1 value per channel when training, got input size {Size(x.shape)!r}"
        )
    if x.ndim < 2:
        raise IndexFault("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    pair = _affine(weight, bias, x, (x.shape[1],))
    if training:
        return _normalized_batch(nm.batch_norm, x, pair, eps)
    for given, name in ((running_mean, "running_mean"), (running_var, "running_var")):
        if given is None:
            raise RuntimeFault(f"{name} must be defined in evaluation mode")
    assert running_mean is not None and running_var is not None
    shape = _per_channel(x)
    terms = [mv.reshape(term, shape) for term in (running_mean, running_var, *pair)]
    return nm.batch_norm_fixed(x, *terms, eps=eps)


@python("F.instance_norm")
def instance_norm(
    input: Node,
    running_mean: Node | None = None,
    running_var: Node | None = None,
    weight: Node | None = None,
    bias: Node | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Node:
    n, channels = input.shape[:2]
    flat = mv.view(input, shape=(1, n * channels, *input.shape[2:]))
    pair = tuple(
        mv.repeat(term, repeats=(n,)) for term in _affine(weight, bias, input, (channels,))
    )
    return mv.view(_normalized_batch(nm.batch_norm, flat, pair, eps), shape=input.shape)


# ---- dropout, embedding, attention --------------------------------------------------------------


@python("F.dropout")
def dropout(input: Node, p: float = 0.5, training: bool = True, inplace: bool = False) -> Node:
    if not 0 <= p <= 1:
        raise ValueFault(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or not training or not input.numel:
        return input
    if p == 1:
        return ar.mul(input, full(shape=(), value=0, dtype=input.dtype))
    strides = layout.strides_of(input)
    order = sorted(range(input.ndim), key=lambda dim: -strides[dim])
    drawn = default_generator().bernoulli(
        1 - p, tuple(input.shape[dim] for dim in order), input.dtype.numpy
    )
    kept = np.ascontiguousarray(drawn.transpose(np.argsort(order))).reshape(input.shape)
    scale = np.asarray(1 - p, input.dtype.numpy)
    return ar.mul(input, constant((kept / scale).astype(input.dtype.numpy)))


@python("F.embedding")
def embedding(
    input: Node,
    weight: Node,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Node:
    if input.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeFault(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{input.dtype.scalar_name}Tensor instead (while checking "
            "arguments for embedding)"
        )
    places = force(input)
    if ((places < 0) | (places >= weight.shape[0])).any():
        raise IndexFault("index out of range in self")
    skipped = -1 if padding_idx is None else padding_idx % weight.shape[0]
    return nm.embedding(weight, constant(places.astype(np.int64)), padding=skipped)


@python("F.one_hot")
def one_hot(tensor: Node, num_classes: int = -1) -> Node:
    if tensor.dtype is not dtypes.int64:
        raise RuntimeFault("one_hot is only applicable to index tensor of type LongTensor.")
    labels = force(tensor)
    if labels.size and labels.min() < 0:
        raise RuntimeFault("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(labels.max()) + 1
    elif labels.size and labels.max() >= num_classes:
        raise RuntimeFault("Class values must be smaller than num_classes.")
    return constant((labels[..., None] == np.arange(num_classes)).astype(np.int64))


@python("F.bilinear")
def bilinear(input1: Node, input2: Node, weight: Node, bias: Node | None = None) -> Node:
    if input1.shape[-1] != weight.shape[1]:
        raise RuntimeFault(
            f"bilinear(): input1 size does not match weight size: got {input1.shape[-1]} but "
            f"expected {weight.shape[1]}"
        )
    count = input1.numel // input1.shape[-1]
    a = mv.reshape(input1, (count, 1, 1, input1.shape[-1]))
    b = mv.reshape(input2, (count, 1, input2.shape[-1], 1))
    left = matmul(a, mv.reshape(weight, (1, *weight.shape)))
    product = matmul(left, b)
    result = mv.view(product, shape=(*input1.shape[:-1], weight.shape[0]))
    return result if bias is None else ar.add(result, bias, alpha=1)


@python("F.scaled_dot_product_attention")
def scaled_dot_product_attention(
    query: Node,
    key: Node,
    value: Node,
    attn_mask: Node | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Node:
    factor = math.sqrt(1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    turned = ar.mul(mv.matrix_t(key), factor)
    scores = matmul(ar.mul(query, factor), turned)
    if is_causal:
        allowed = np.tril(np.ones(scores.shape[-2:], bool))
        scores = sel.where(constant(allowed), scores, -math.inf)
    if attn_mask is not None:
        if attn_mask.dtype.category == dtypes.BOOL:
            scores = sel.where(attn_mask, scores, -math.inf)
        else:
            scores = ar.add(scores, attn_mask, alpha=1)
    weights = softmax_of(scores, -1, None, log=False)
    return matmul(dropout(weights, dropout_p, dropout_p > 0), value)
