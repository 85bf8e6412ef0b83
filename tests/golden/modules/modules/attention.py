import torch
from torch.nn import functional as F


def filled(*shape, turn=1.0):
    count = 1
    for size in shape:
        count *= size
    return torch.sin(torch.arange(count, dtype=torch.float64) * turn).reshape(shape)


def shown(name, q, k, v, **how):
    parts = [
        x.detach().clone(memory_format=torch.preserve_format).requires_grad_() for x in (q, k, v)
    ]
    out = F.scaled_dot_product_attention(*parts, **how)
    print(name, tuple(out.shape), out.stride(), type(out.grad_fn).__name__)
    (out * filled(*out.shape, turn=0.3)).sum().backward()
    print([f"{x.detach().norm().item():.4f}" for x in (out, *(p.grad for p in parts))])


q, k, v = filled(2, 3, 4, 5), filled(2, 3, 6, 5, turn=1.3), filled(2, 3, 6, 5, turn=0.7)
shown("plain", q, k, v)
shown("single", q.float(), k.float(), v.float())
shown("scale", q, k, v, scale=-0.5)
shown("causal", q, k, v, is_causal=True)
allowed = filled(4, 6) > 0
allowed[1] = False
shown("mask", q, k, v, attn_mask=allowed)
shown("scores", q, k, v, attn_mask=filled(2, 1, 4, 6))
shown("of three dimensions", q[0], k[0], v[0], attn_mask=allowed)
shown("mask of three", q, k, v, attn_mask=filled(3, 4, 6))
shown("of other sizes", q, k, filled(2, 3, 6, 2))
shown("heads broadcast", q, k[:, :1], v[:, :1])
shown("turned", q.transpose(1, 2).contiguous().transpose(1, 2), k, v)
three = filled(2, 4, 3, 3, 5).requires_grad_()
parts = three.permute(2, 0, 3, 1, 4)
out = F.scaled_dot_product_attention(*parts, is_causal=True)
print(out.stride(), out.transpose(1, 2).is_contiguous())
out.square().sum().backward()
print(f"{three.grad.norm().item():.4f}")
with torch.no_grad():
    print(F.scaled_dot_product_attention(q, k, v).grad_fn)
