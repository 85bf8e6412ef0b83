"""Transformers: layers of attention and of two linear maps, one after the other.

Source: torch/nn/modules/transformer.py.
"""

from __future__ import annotations

import math
from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.vocabulary.calls.calling import torch_call, torch_function
from autodiff_cli.vocabulary.nn.attention import MultiheadAttention
from autodiff_cli.vocabulary.nn.containers import ModuleList
from autodiff_cli.vocabulary.nn.declared import module
from autodiff_cli.vocabulary.nn.init import xavier_uniform_
from autodiff_cli.vocabulary.nn.layers import LayerNorm, Linear
from autodiff_cli.vocabulary.nn.module import Module
from autodiff_cli.vocabulary.python.copying import deep_copy

SOURCE = "torch.nn.modules.transformer"
LAYER = (
    "(d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=None, layer_norm_eps=1e-5, "
    "batch_first=False, norm_first=False, bias=True, device=None, dtype=None)"
)


def _activation(given: Any) -> Any:
    if given is None:
        return torch_function("F.relu")
    if isinstance(given, str):
        if given not in ("relu", "gelu"):
            raise RuntimeFault(f"activation should be relu/gelu, not {given}")
        return torch_function(f"F.{given}")
    return given


def _dropout(p: float) -> Any:
    return torch_call("nn.Dropout", p)


def _sum(x: Any, y: Any) -> Any:
    return torch_call("add", x, y)


def _causal(mask: Any, is_causal: bool | None, size: int) -> bool:
    """Whether a mask is the one that lets nothing look ahead."""
    if is_causal is not None or mask is None:
        return bool(is_causal)
    ahead = Transformer.generate_square_subsequent_mask(size, dtype=mask.dtype)
    return mask.shape == ahead.shape and bool((mask.array == ahead.array).all())


class _Layer(Module):
    _attentions: tuple[str, ...]

    def _feed(self, x: Any) -> Any:
        inner = self.dropout(self.activation(self.linear1(x)))
        return self._last_dropout(self.linear2(inner))

    def _start(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: Any,
        layer_norm_eps: float,
        batch_first: bool,
        bias: bool,
        dtype: Any,
    ) -> None:
        how = {"bias": bias, "dtype": dtype}
        for name in self._attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout=dropout, batch_first=batch_first, **how
            )
            setattr(self, name, attention)
        self.linear1: Any = Linear(d_model, dim_feedforward, **how)
        self.dropout: Any = _dropout(dropout)
        self.linear2: Any = Linear(dim_feedforward, d_model, **how)
        count = len(self._attentions) + 1
        for number in range(1, count + 1):
            norm = LayerNorm(d_model, eps=layer_norm_eps, **how)
            setattr(self, f"norm{number}", norm)
        for number in range(1, count + 1):
            setattr(self, f"dropout{number}", _dropout(dropout))
        self.activation = _activation(activation)

    def _last_dropout(self, x: Any) -> Any:
        return (self.dropout3 if hasattr(self, "dropout3") else self.dropout2)(x)


@module(SOURCE, f"TransformerEncoderLayer{LAYER}")
class TransformerEncoderLayer(_Layer):
    _attentions = ("self_attn",)

    def _attend(self, x: Any, mask: Any, padding: Any, is_causal: bool) -> Any:
        found = self.self_attn(
            x,
            x,
            x,
            attn_mask=mask,
            key_padding_mask=padding,
            need_weights=False,
            is_causal=is_causal,
        )
        return self.dropout1(found[0])

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:
        how = (src_mask, src_key_padding_mask, is_causal)
        if self.norm_first:
            x = _sum(src, self._attend(self.norm1(src), *how))
            return _sum(x, self._feed(self.norm2(x)))
        x = self.norm1(_sum(src, self._attend(src, *how)))
        return self.norm2(_sum(x, self._feed(x)))


@module(SOURCE, f"TransformerDecoderLayer{LAYER}")
class TransformerDecoderLayer(_Layer):
    _attentions = ("self_attn", "multihead_attn")

    def _attend(
        self, attention: Any, x: Any, memory: Any, mask: Any, padding: Any, is_causal: bool
    ) -> Any:
        found = attention(
            x,
            memory,
            memory,
            attn_mask=mask,
            key_padding_mask=padding,
            is_causal=is_causal,
            need_weights=False,
        )
        return found[0]

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        others = (memory_mask, memory_key_padding_mask, memory_is_causal)

        def to_itself(x: Any) -> Any:
            return self.dropout1(self._attend(self.self_attn, x, x, *own))

        def to_memory(x: Any) -> Any:
            return self.dropout2(self._attend(self.multihead_attn, x, memory, *others))

        if self.norm_first:
            x = _sum(tgt, to_itself(self.norm1(tgt)))
            x = _sum(x, to_memory(self.norm2(x)))
            return _sum(x, self._feed(self.norm3(x)))
        x = self.norm1(_sum(tgt, to_itself(tgt)))
        x = self.norm2(_sum(x, to_memory(x)))
        return self.norm3(_sum(x, self._feed(x)))


def _copies(layer: Any, count: int) -> Any:
    return ModuleList([deep_copy(layer) for _ in range(count)])


@module(
    SOURCE,
    "TransformerEncoder(encoder_layer, num_layers, norm=None, enable_nested_tensor=True, "
    "mask_check=True)",
)
class TransformerEncoder(Module):
    def _start(self, encoder_layer: Any, norm: Any) -> None:
        self.layers: Any = _copies(encoder_layer, self.num_layers)
        self.norm: Any = norm

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Any:
        first = self.layers[0].self_attn.batch_first
        size = src.shape[1 if first and len(src.shape) == 3 else 0]
        causal = _causal(mask, is_causal, size)
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, causal)
        return src if self.norm is None else self.norm(src)


@module(SOURCE, "TransformerDecoder(decoder_layer, num_layers, norm=None)")
class TransformerDecoder(Module):
    def _start(self, decoder_layer: Any, norm: Any) -> None:
        self.layers: Any = _copies(decoder_layer, self.num_layers)
        self.norm: Any = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        first = self.layers[0].self_attn.batch_first
        size = tgt.shape[1 if first and len(tgt.shape) == 3 else 0]
        causal = _causal(tgt_mask, tgt_is_causal, size)
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask,
                memory_mask,
                tgt_key_padding_mask,
                memory_key_padding_mask,
                causal,
                memory_is_causal,
            )
        return tgt if self.norm is None else self.norm(tgt)


@module(
    SOURCE,
    "Transformer(d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, "
    "dropout=0.1, activation=None, custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-5, "
    "batch_first=False, norm_first=False, bias=True, device=None, dtype=None)",
)
class Transformer(Module):
    def _start(
        self,
        num_encoder_layers: int,
        num_decoder_layers: int,
        dim_feedforward: int,
        dropout: float,
        activation: Any,
        custom_encoder: Any,
        custom_decoder: Any,
        layer_norm_eps: float,
        norm_first: bool,
        bias: bool,
        dtype: Any,
    ) -> None:
        given = (self.d_model, self.nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        given = (*given, self.batch_first, norm_first, bias)  # type: ignore[assignment]
        how = {"eps": layer_norm_eps, "bias": bias, "dtype": dtype}
        self.encoder: Any = custom_encoder
        if custom_encoder is None:
            layer = TransformerEncoderLayer(*given, dtype=dtype)
            norm = LayerNorm(self.d_model, **how)
            self.encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        self.decoder: Any = custom_decoder
        if custom_decoder is None:
            inner = TransformerDecoderLayer(*given, dtype=dtype)
            norm = LayerNorm(self.d_model, **how)
            self.decoder = TransformerDecoder(inner, num_decoder_layers, norm)
        for parameter in self.parameters():
            if len(parameter.shape) > 1:
                xavier_uniform_(parameter)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        if (
            len(src.shape) == 3
            and src.shape[1 - self.batch_first] != tgt.shape[1 - self.batch_first]
        ):
            raise RuntimeFault("the batch number of src and tgt must be equal")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeFault("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask,
            memory_mask,
            tgt_key_padding_mask,
            memory_key_padding_mask,
            tgt_is_causal,
            memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
        whole = torch_call("full", (sz, sz), -math.inf, dtype=dtype)
        return torch_call("triu", whole, diagonal=1)
