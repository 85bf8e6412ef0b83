import math
import torch
import torch.nn.functional as F


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float('-inf'))
    weights = F.softmax(scores, dim=-1)
    return weights @ v, weights


torch.manual_seed(0)
T, D = 4, 3
q, k, v = (torch.randn(1, T, D, requires_grad=True) for _ in range(3))
out, w = attention(q, k, v)
print(out.shape, w.sum(-1))
mask = torch.tril(torch.ones(T, T))
print(mask)
out, w = attention(q, k, v, mask)
print(w)
print(torch.triu(w[0], diagonal=1).abs().sum())
out.sum().backward()
print(v.grad, q.grad[0, 0])
print(torch.allclose(F.scaled_dot_product_attention(q, k, v, is_causal=True), out, atol=1e-6))
heads = q.detach().view(1, T, 1, D).permute(0, 2, 1, 3)
print(heads.shape, heads.contiguous().view(1, -1).shape)
print(torch.einsum('btd,bsd->bts', q, k).shape)
