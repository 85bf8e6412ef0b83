"""Attention with several heads.

Sources: torch/nn/functional.py (multi_head_attention_forward), torch/nn/modules/activation.py.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff_cli.errors import AssertionFault, RuntimeFault, ValueFault
from autodiff_cli.ir import dtypes
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.calling import call, torch_call
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.nn.declared import module
from autodiff_cli.vocabulary.nn.init import constant_, empty, xavier_normal_, xavier_uniform_
from autodiff_cli.vocabulary.nn.layers import Linear
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.nn.parameter import Parameter


def _check_ranks(query: Any, key: Any, value: Any, padding: Any, mask: Any, heads: int) -> bool:
    """Whether there is a batch."""
    ranks = [len(x.shape) for x in (query, key, value)]
    if ranks[0] not in (2, 3):
        raise AssertionFault(
            f"query should be unbatched 2D or batched 3D tensor but received {ranks[0]}-D query tensor"
        )
    if ranks[1:] != [ranks[0]] * 2:
        kind = "batched (3-D)" if ranks[0] == 3 else "unbatched (2-D)"
        raise AssertionFault(
            f"For {kind} `query`, expected `key` and `value` to be {ranks[0]}-D but found {ranks[1]}-D and "
            f"{ranks[2]}-D tensors respectively"
        )
    if padding is not None and len(padding.shape) != ranks[0] - 1:
        kind = "batched (3-D)" if ranks[0] == 3 else "unbatched (2-D)"
        raise AssertionFault(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {ranks[0] - 1}-D but found "
            f"{len(padding.shape)}-D tensor instead"
        )
    if mask is not None and len(mask.shape) not in (2, 3):
        kind = "batched (3-D)" if ranks[0] == 3 else "unbatched (2-D)"
        raise AssertionFault(
            f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found "
            f"{len(mask.shape)}-D tensor instead"
        )
    return ranks[0] == 3


def _added(mask: Any, like: Any, name: str) -> Any:
    """A mask as numbers that are added to scores: minus infinity where a mask of bool holds."""
    if mask is None:
        return None
    if mask.dtype is dtypes.bool_:
        zeros = torch_call("zeros", mask.shape, dtype=like.dtype)
        return call(zeros, "masked_fill_", mask, -math.inf)
    if not mask.dtype.is_floating:
        raise AssertionFault(f"only bool and floating types of {name} are supported")
    return mask


def _projected(query: Any, key: Any, value: Any, weight: Any, bias: Any) -> list[Any]:
    """Queries, keys and values of one matrix for all three."""
    size = query.shape[-1]
    if key is value and query is key:
        whole = torch_call("F.linear", query, weight, bias)
        parts = call(call(whole, "unflatten", -1, (3, size)), "unsqueeze", 0)
        parts = call(call(parts, "transpose", 0, -2), "squeeze", -2)
        return list(call(call(parts, "contiguous"), "unbind"))
    if key is value:
        rows = [size, 2 * size]
        ours, theirs = call(weight, "split", rows)
        shift = [None, None] if bias is None else call(bias, "split", rows)
        pair = torch_call("F.linear", key, theirs, shift[1])
        parts = call(call(pair, "unflatten", -1, (2, size)), "unsqueeze", 0)
        parts = call(call(parts, "transpose", 0, -2), "squeeze", -2)
        both = call(call(parts, "contiguous"), "unbind")
        return [torch_call("F.linear", query, ours, shift[0]), *both]
    weights = call(weight, "chunk", 3)
    shifts = (None,) * 3 if bias is None else call(bias, "chunk", 3)
    every = zip((query, key, value), weights, shifts)
    return [torch_call("F.linear", x, w, b) for x, w, b in every]


def _check_mask(mask: Any, length: int, source: int, rows: int) -> Any:
    if len(mask.shape) == 2:
        if tuple(mask.shape) != (length, source):
            raise RuntimeFault(
                f"The shape of the 2D attn_mask is {call(mask, 'size')}, but should be {(length, source)}."
            )
        return call(mask, "unsqueeze", 0)
    if tuple(mask.shape) != (rows, length, source):
        raise RuntimeFault(
            f"The shape of the 3D attn_mask is {call(mask, 'size')}, but should be {(rows, length, source)}."
        )
    return mask


def _heads(x: Any, rows: int, size: int) -> Any:
    return call(call(x, "view", x.shape[0], rows, size), "transpose", 0, 1)


@named("F.multi_head_attention_forward")
def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Any, Any]:
    is_batched = _check_ranks(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not is_batched:
        same = query is key, key is value
        query = call(query, "unsqueeze", 1)
        key = query if same[0] else call(key, "unsqueeze", 1)
        value = key if same[1] else call(value, "unsqueeze", 1)
        if key_padding_mask is not None:
            key_padding_mask = call(key_padding_mask, "unsqueeze", 0)
    length, batch, size = query.shape
    padding = _added(key_padding_mask, query, "key_padding_mask")
    if is_causal and attn_mask is None:
        raise RuntimeFault(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = _added(attn_mask, query, "attn_mask")
        is_causal = is_causal and padding is None
    if size != embed_dim_to_check:
        raise AssertionFault(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {size}"
        )
    head = size // num_heads
    if head * num_heads != size:
        raise AssertionFault(f"embed_dim {size} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        shifts = (None,) * 3 if in_proj_bias is None else call(in_proj_bias, "chunk", 3)
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        every = zip((query, key, value), weights, shifts)
        q, k, v = (torch_call("F.linear", x, w, b) for x, w, b in every)
    elif key.shape != value.shape:
        shapes = [call(x, "size") for x in (key, value)]
        raise AssertionFault(f"key shape {shapes[0]} does not match value shape {shapes[1]}")
    else:
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    rows = batch * num_heads
    mask = None
    if attn_mask is not None:
        mask = _check_mask(attn_mask, length, key.shape[0], rows)

    def wider(kind: Any) -> Any:
        return None if kind is None else torch_call("F.pad", kind, (0, 1))

    if bias_k is not None and bias_v is not None:
        k = torch_call("cat", [k, call(bias_k, "repeat", 1, batch, 1)])
        v = torch_call("cat", [v, call(bias_v, "repeat", 1, batch, 1)])
        mask, padding = wider(mask), wider(padding)
    q = _heads(q, rows, head)
    k = _heads(k, rows, head) if static_k is None else static_k
    v = _heads(v, rows, head) if static_v is None else static_v
    if add_zero_attn:
        zeros = torch_call("zeros", (rows, 1, head), dtype=k.dtype)
        k, v = (torch_call("cat", [x, zeros], dim=1) for x in (k, v))
        mask, padding = wider(mask), wider(padding)
    source = k.shape[1]
    if padding is not None:
        if tuple(padding.shape) != (batch, source):
            raise AssertionFault(
                f"Expected key_padding_mask.shape[0] to be {batch}, but got {padding.shape[0]}"
                if padding.shape[0] != batch
                else f"Expected key_padding_mask.shape[1] to be {source}, but got {padding.shape[1]}"
            )
        padding = call(call(padding, "view", batch, 1, 1, source), "expand", -1, num_heads, -1, -1)
        padding = call(padding, "reshape", rows, 1, source)
        mask = padding if mask is None else torch_call("add", mask, padding)
    dropout_p = dropout_p if training else 0.0
    if not need_weights:
        if mask is not None and mask.shape[0] == 1 and len(mask.shape) == 3:
            mask = call(mask, "unsqueeze", 0)
        elif mask is not None:
            mask = call(mask, "view", batch, num_heads, -1, source)
        q = call(q, "view", batch, num_heads, length, head)
        k, v = (call(x, "view", batch, num_heads, source, head) for x in (k, v))
        given = (mask, dropout_p, is_causal)
        found = torch_call("F.scaled_dot_product_attention", q, k, v, *given)
        found = call(call(found, "permute", 2, 0, 1, 3), "reshape", batch * length, size)
        scores = None
    else:
        scaled = torch_call("mul", q, math.sqrt(1.0 / head))
        turned = call(k, "transpose", -2, -1)
        if mask is not None:
            scores = torch_call("baddbmm", mask, scaled, turned)
        else:
            scores = torch_call("bmm", scaled, turned)
        scores = torch_call("F.softmax", scores, dim=-1)
        if dropout_p > 0.0:
            scores = torch_call("F.dropout", scores, p=dropout_p)
        found = call(torch_call("bmm", scores, v), "transpose", 0, 1)
        found = call(found, "reshape", length * batch, size)
        scores = call(scores, "view", batch, num_heads, length, source)
        if average_attn_weights:
            scores = call(scores, "mean", dim=1)
    found = torch_call("F.linear", found, out_proj_weight, out_proj_bias)
    found = call(found, "view", length, batch, found.shape[1])
    if not is_batched:
        found = call(found, "squeeze", 1)
        scores = None if scores is None else call(scores, "squeeze", 0)
    return found, scores


@module("torch.nn.modules.linear", "NonDynamicallyQuantizableLinear")
class NonDynamicallyQuantizableLinear(Linear):
    pass


@module(
    "torch.nn.modules.activation",
    "MultiheadAttention(embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, "
    "add_zero_attn=False, kdim=None, vdim=None, batch_first=False, device=None, dtype=None)",
)
class MultiheadAttention(Module):
    kdim: Any
    vdim: Any

    def _start(self, bias: bool, add_bias_kv: bool, dtype: Any) -> None:
        size = self.embed_dim
        if size <= 0 or self.num_heads <= 0:
            raise ValueFault(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={size} and "
                f"num_heads={self.num_heads} instead"
            )
        self.kdim = size if self.kdim is None else self.kdim
        self.vdim = size if self.vdim is None else self.vdim
        self._qkv_same_embed_dim = self.kdim == size and self.vdim == size
        self.head_dim = size // self.num_heads
        if self.head_dim * self.num_heads != size:
            raise AssertionFault("embed_dim must be divisible by num_heads")
        sizes = {"q_proj_weight": size, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        if self._qkv_same_embed_dim:
            self.in_proj_weight = Parameter(empty((3 * size, size), dtype))
            for name in sizes:
                self.register_parameter(name, None)
        else:
            for name, columns in sizes.items():
                setattr(self, name, Parameter(empty((size, columns), dtype)))
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = Parameter(empty((3 * size,), dtype))
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj: Any = NonDynamicallyQuantizableLinear(size, size, bias=bias, dtype=dtype)
        added = (empty((1, 1, size), dtype), empty((1, 1, size), dtype)) if add_bias_kv else None
        self.bias_k = None if added is None else Parameter(added[0])
        self.bias_v = None if added is None else Parameter(added[1])
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        names = ["in_proj_weight"] if self._qkv_same_embed_dim else [
            "q_proj_weight", "k_proj_weight", "v_proj_weight"
        ]  # fmt: skip
        for name in names:
            xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            constant_(self.in_proj_bias, 0.0)
            constant_(self.out_proj.bias, 0.0)
        for added in (self.bias_k, self.bias_v):
            if added is not None:
                xavier_normal_(added)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        turns = self.batch_first and len(query.shape) == 3
        if turns:
            given: dict[int, Tensor] = {}
            for x in (query, key, value):
                if id(x) not in given:
                    given[id(x)] = call(x, "transpose", 1, 0)
            query, key, value = (given[id(x)] for x in (query, key, value))
        separate: dict[str, Any] = {}
        if not self._qkv_same_embed_dim:
            names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
            separate = {name: getattr(self, name) for name in names}
            separate["use_separate_proj_weight"] = True
        found, scores = multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
            **separate,
        )
        return (call(found, "transpose", 1, 0) if turns else found), scores
