"""`torch.nn.functional`: normalization, dropout, embedding, attention."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autodiff_cli.autograd.generator import default_generator
from autodiff_cli.errors import IndexFault, RuntimeFault, ValueFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.node import Node, Op, Shape, constant
from autodiff_cli.ir.room import check_elements
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import normalization as nm
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full
from autodiff_cli.vocabulary.pointwise import require_floating
from autodiff_cli.vocabulary.products import matmul
from autodiff_cli.vocabulary.reductions import softmax_of
from autodiff_cli.vocabulary.registry import python
from autodiff_cli.vocabulary.values import Size

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
    check_elements((*labels.shape, num_classes))
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
