"""Attention with several heads, and transformers: shown, values, gradients, masks, errors."""

import torch
import torch.nn as nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)


def short(x):
    return tuple(x.shape), [round(v, 4) + 0.0 for v in x.flatten()[:5].tolist()]


def run(module, *xs, **options):
    out = module(*xs, **options)
    outs = out if isinstance(out, tuple) else (out,)
    for found in outs:
        print(None if found is None else (short(found), found.grad_fn.name()))
    (outs[0] * torch.linspace(-1, 1.7, outs[0].numel()).reshape(outs[0].shape)).sum().backward()
    for name, p in module.named_parameters():
        print(name, short(p), p.grad is not None and short(p.grad))
        p.grad = None
    for x in xs:
        print(x.grad is not None and short(x.grad))
        x.grad = None


x = torch.randn(3, 2, 4, requires_grad=True)
y = torch.randn(5, 2, 4, requires_grad=True)
z = torch.randn(5, 2, 6, requires_grad=True)
attention = nn.MultiheadAttention(4, 2)
print(attention)
run(attention, x, x, x)
run(attention, x, y, y)
run(attention, x, y, y, need_weights=False)
run(attention, x, x, x, average_attn_weights=False, attn_mask=torch.ones(3, 3).triu(1).bool())
pads = torch.tensor([[False] * 5, [False, False, False, True, True]])
run(attention, x, y, y, key_padding_mask=pads)
run(attention, x, y, y, key_padding_mask=pads, need_weights=False)
run(nn.MultiheadAttention(4, 4, bias=False, batch_first=True), x, x, x)
run(nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True), x, y, y)
run(nn.MultiheadAttention(4, 2, kdim=6, vdim=6), x, z, z)
run(attention, *[torch.randn(3, 4, requires_grad=True)] * 3)
layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)
print(layer)
run(layer, x)
run(
    nn.TransformerEncoderLayer(
        4, 2, 8, dropout=0.0, activation="gelu", norm_first=True, batch_first=True
    ),
    x,
)
run(nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0), x, y)
encoder = nn.TransformerEncoder(
    nn.TransformerEncoderLayer(4, 2, 6, 0.0), 2, enable_nested_tensor=False
)
ahead = nn.Transformer.generate_square_subsequent_mask(3)
print(ahead, ahead.dtype)
run(encoder, x, mask=ahead.double())
decoder = nn.TransformerDecoder(
    nn.TransformerDecoderLayer(4, 2, 6, 0.0, norm_first=True), 2, nn.LayerNorm(4)
)
run(decoder, x, y, tgt_mask=ahead.double())
model = nn.Transformer(4, 2, 1, 1, 8, dropout=0.0)
run(model, y, x, tgt_mask=ahead.double())
print([name for name, _ in model.named_modules()])
encoder.eval()
with torch.no_grad():
    print(short(encoder(x)))
for wrong in (
    lambda: nn.MultiheadAttention(5, 2),
    lambda: nn.MultiheadAttention(0, 2),
    lambda: attention(x, x[0], x[0]),
    lambda: attention(x, x, x, attn_mask=torch.zeros(2, 2)),
    lambda: attention(x, x, x, is_causal=True),
    lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"),
    lambda: model(x, torch.ones(3, 1, 4)),
):
    try:
        wrong()
    except Exception as e:
        print(type(e).__name__, e)
