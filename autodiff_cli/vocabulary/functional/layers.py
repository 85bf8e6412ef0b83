"""`torch.nn.functional`: normalization, dropout, embedding, attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import (
    AssertionFault,
    IndexFault,
    RuntimeFault,
    ValueFault,
    ZeroDivisionFault,
)
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.node import Node, Op, Shape, constant
from autodiff_cli.ir.room import check_elements
from autodiff_cli.ir.shapes import size_at
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import normalization as nm
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.attention import attention, safe_softmax
from autodiff_cli.ops.create import full
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.vocabulary.calls.registry import python, torch
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.functional.dropouts import dropout
from autodiff_cli.vocabulary.pointwise import require_floating
from autodiff_cli.vocabulary.products import matmul
from autodiff_cli.vocabulary.reductions import softmax_of

# ---- normalization ------------------------------------------------------------------------------


def _affine(weight: Node | None, bias: Node | None, x: Node, shape: Shape) -> tuple[Node, ...]:
    if weight is None and bias is None:
        return ()
    one = weight if weight is not None else full(shape=shape, value=1, dtype=x.dtype)
    return (one,) if bias is None else (one, bias)


@python(
    "F.layer_norm",
    calls="layer_norm(Tensor input, tuple of ints normalized_shape, Tensor? weight, Tensor? bias, float eps)",
)
def layer_norm(
    input: Node,
    normalized_shape: Sequence[int],
    weight: Node | None = None,
    bias: Node | None = None,
    eps: float = 1e-5,
) -> Node:
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeFault(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = {list(shape)}"
        )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and given.shape != shape:
            raise RuntimeFault(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(given.shape)} and normalized_shape = {list(shape)}"
            )
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


@python(
    "F.group_norm",
    asks="input.dim",
    calls="group_norm(Tensor input, int num_groups, Tensor? weight, Tensor? bias, float eps)",
)
def group_norm(
    input: Node,
    num_groups: int,
    weight: Node | None = None,
    bias: Node | None = None,
    eps: float = 1e-5,
) -> Node:
    if input.ndim < 2:
        raise RuntimeFault(
            f"Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    if num_groups == 0:  # the reference divides by it
        raise ZeroDivisionFault("integer division or modulo by zero")
    grouped = (input.shape[0] * input.shape[1] // num_groups, num_groups, *input.shape[2:])
    if math.prod((grouped[0], *grouped[2:])) == 1:
        raise ValueFault(
            f"Expected more than 1 value per channel when training, got input size {list(grouped)}"
        )
    if num_groups < 0:
        raise RuntimeFault(f"Expected num groups to be greater than 0, got {num_groups}")
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and given.shape != (input.shape[1],):
            raise RuntimeFault(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but "
                f"got {name} of shape {list(given.shape)} and input of shape {list(input.shape)}"
            )
    if input.shape[1] % num_groups:
        raise RuntimeFault(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} and num_groups={num_groups}"
        )
    rows = (input.shape[0], num_groups, input.numel // max(input.shape[0] * num_groups, 1))
    pair = _affine(weight, bias, input, (input.shape[1],))
    return nm.group_norm(input, *pair, grouped=rows, dims=(2,), affine=_per_channel(input), eps=eps)


def _check_features(count: int, *given: Node | None) -> None:
    for name, x in zip(("running_mean", "running_var", "weight", "bias"), given):
        if x is not None and x.numel != count:
            raise RuntimeFault(f"{name} should contain {count} elements not {x.numel}")


def _normalized_batch(op: Op, x: Node, pair: tuple[Node, ...], eps: float) -> Node:
    dims = (0, *range(2, x.ndim))
    return op(x, *pair, grouped=x.shape, dims=dims, affine=_per_channel(x), eps=eps)


STATISTICS = "Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var"


@python("F.batch_norm", calls=f"batch_norm({STATISTICS}, bool training, float momentum, float eps)")
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
    if eps < 0 or (training and not eps):
        rule = "positive during training" if training else "non-negative"
        raise ValueFault(f"batch_norm eps must be {rule}, but got {eps}")
    if training and x.ndim > 1 and x.numel == x.shape[1]:
        raise ValueFault(
            f"Expected more than 1 value per channel when training, got input size {Size(x.shape)!r}"
        )
    if x.ndim < 2:
        raise IndexFault("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    _check_features(x.shape[1], running_mean, running_var, weight, bias)
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


@python(
    "F.instance_norm",
    asks="input.size",
    calls=f"instance_norm({STATISTICS}, bool use_input_stats, float momentum, float eps)",
)
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
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueFault(
            "Expected more than 1 spatial element when training, got input size "
            f"{Size(input.shape)!r}"
        )
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeFault(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    n, channels = size_at(input.shape, 0), size_at(input.shape, 1)
    for given in (weight, bias, running_mean, running_var):
        if given is not None and given.ndim > 1:
            raise RuntimeFault(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
                "tensor"
            )
    for name, given in (("weight", weight), ("bias", bias)):
        if given is not None and given.numel != channels:
            raise RuntimeFault(
                f"{name} should contain {n * channels} elements not {n * given.numel}"
            )
    flat = mv.view(input, shape=(1, n * channels, *input.shape[2:]))
    pair = tuple(
        mv.repeat(term, repeats=(n,)) for term in _affine(weight, bias, input, (channels,))
    )
    if use_input_stats:
        normal = _normalized_batch(nm.batch_norm, flat, pair, eps)
    else:
        assert running_mean is not None and running_var is not None
        mean, var = (mv.repeat(term, repeats=(n,)) for term in (running_mean, running_var))
        scale, shift = (*pair, None, None)[:2]
        normal = batch_norm(flat, mean, var, scale, shift, eps=eps)
    return mv.view(normal, shape=input.shape)


# ---- embedding, attention --------------------------------------------------------------


def _looking_up(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    text = (
        "embedding(Tensor weight, Tensor indices, SymInt padding_idx, bool scale_grad_by_freq, "
        "bool sparse)"
    )
    padding = -1 if given["padding_idx"] is None else given["padding_idx"]
    return text, {**given, "indices": given["input"], "padding_idx": padding}


@python("F.embedding", calls=_looking_up)
def embedding(
    input: Node,
    weight: Node,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Node:
    if padding_idx and not -size_at(weight.shape, 0) <= padding_idx < weight.shape[0]:
        raise AssertionFault("Padding_idx must be within num_embeddings")
    if weight.ndim != 2:
        raise RuntimeFault("'weight' must be 2-D")
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
    return nm.embedding(weight, constant(places.astype(np.int64, copy=False)), padding=skipped)


@torch("F.one_hot(Tensor input, SymInt num_classes = -1)", only="function")
def one_hot(input: Node, num_classes: int) -> Node:
    if input.dtype is not dtypes.int64:
        raise RuntimeFault("one_hot is only applicable to index tensor of type LongTensor.")
    labels = force(input)
    if not labels.size and num_classes <= 0:
        raise RuntimeFault(
            "Can not infer total number of classes from empty tensor."
            if num_classes == -1
            else "Class values must be smaller than num_classes."
        )
    if labels.size and labels.min() < 0:
        raise RuntimeFault("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(labels.max()) + 1
    elif labels.size and labels.max() >= num_classes:
        raise RuntimeFault("Class values must be smaller than num_classes.")
    check_elements((*labels.shape, num_classes))
    return constant((labels[..., None] == np.arange(num_classes)).astype(np.int64))


@torch(
    "F.bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias = None)", only="function"
)
def bilinear(input1: Node, input2: Node, weight: Node, bias: Node | None) -> Node:
    operands = {"input1": input1, "input2": input2, "weight": weight} | (
        {} if bias is None else {"bias": bias}
    )
    if any(x.dtype is not input1.dtype for x in operands.values()):
        kinds = ", ".join(f"{name}: {x.dtype.c_name}" for name, x in operands.items())
        raise RuntimeFault(f"All tensors must have the same dtype, got {kinds}")
    if input1.ndim != input2.ndim:
        raise RuntimeFault(
            f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}"
        )
    for at, (first, second) in enumerate(zip(input1.shape[:-1], input2.shape)):
        if first != second:
            raise RuntimeFault(
                f"bilinear(): input batch dimensions do not match at dim {at}: got {first} and {second}"
            )
    for at, x in enumerate((input1, input2), 1):
        if size_at(x.shape, -1) != size_at(weight.shape, at):
            raise RuntimeFault(
                f"bilinear(): input{at} size does not match weight size: got {x.shape[-1]} but expected "
                f"{weight.shape[at]}"
            )
    if bias is not None and size_at(bias.shape, 0) != weight.shape[0]:
        raise RuntimeFault(
            f"bilinear(): bias size does not match weight size: got {bias.shape[0]} but expected "
            f"{weight.shape[0]}"
        )
    count = input1.numel // input1.shape[-1]
    a = mv.reshape(input1, (count, 1, 1, input1.shape[-1]))
    b = mv.reshape(input2, (count, 1, input2.shape[-1], 1))
    left = matmul(a, mv.reshape(weight, (1, *weight.shape)))
    product = matmul(left, b)
    result = mv.view(product, shape=(*input1.shape[:-1], weight.shape[0]))
    return result if bias is None else ar.add(result, bias, alpha=1)


def _in_one(query: Node, key: Node, value: Node, mask: Node | None) -> bool:
    """Whether the reference computes it as one operation."""
    if not query.ndim == key.ndim == value.ndim == 4 or key.shape != value.shape:
        return False
    if query.shape[:2] != key.shape[:2] or query.shape[3] != key.shape[3]:
        return False
    if not (query.numel and key.numel and query.dtype.is_floating):
        return False
    if mask is not None:
        lengths = (*query.shape[:3], key.shape[2])
        fits = all(n in (1, size) for n, size in zip(mask.shape[::-1], lengths[::-1]))
        if mask.requires_grad or mask.ndim not in (2, 4) or not fits:
            return False
    return all(layout.strides_of(x)[3] == 1 for x in (query, key, value))


def _of_four(mask: Node, query: Node) -> Node:
    mask = mask if mask.dtype is dtypes.bool_ else as_dtype(mask, query.dtype)
    return mask if mask.ndim == 4 else mv.view(mask, shape=(1, 1, *mask.shape))


@torch(
    "F.scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = None, "
    "float dropout_p = 0, bool is_causal = False, *, float? scale = None, bool enable_gqa = False)",
    only="function",
)
def scaled_dot_product_attention(
    query: Node,
    key: Node,
    value: Node,
    attn_mask: Node | None,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
) -> Node:
    three = {"query": query, "key": key, "value": value}
    if not query.dtype is key.dtype is value.dtype:
        kinds = [f"{name}.dtype: {x.dtype.c_name}" for name, x in three.items()]
        raise RuntimeFault(
            "Expected query, key, and value to have the same dtype, but got "
            f"{kinds[0]} {kinds[1]} and {kinds[2]} instead."
        )
    if any(x.ndim < 2 for x in three.values()):
        ranks = [f"{name}.dim: {x.ndim}" for name, x in three.items()]
        raise RuntimeFault(
            "Expected query, key, and value to all be  at least 2 dimensional, but got "
            f"{ranks[0]} {ranks[1]} and {ranks[2]} instead."
        )
    if attn_mask is not None:
        if attn_mask.dtype not in (dtypes.bool_, dtypes.float32, query.dtype):
            raise RuntimeFault(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
                f"attn_mask.dtype: {attn_mask.dtype.c_name} and  query.dtype: {query.dtype.c_name} "
                "instead."
            )
        if is_causal:
            raise RuntimeFault(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
    width = query.shape[-1]
    given = (1 / math.sqrt(width) if width else math.inf) if scale is None else scale
    if not dropout_p and _in_one(query, key, value, attn_mask):
        mask = () if attn_mask is None else (_of_four(attn_mask, query),)
        return attention(query, key, value, *mask, scale=given, causal=is_causal)
    factor = math.sqrt(given) if given >= 0 else math.nan
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
    weights = (
        safe_softmax(scores) if attn_mask is not None else softmax_of(scores, -1, None, log=False)
    )
    return matmul(dropout(weights, dropout_p, dropout_p > 0), value)
