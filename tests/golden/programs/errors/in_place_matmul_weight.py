import torch

torch.manual_seed(0)
w1 = torch.randn(2, 3, requires_grad=True)
h = torch.ones(1, 2) @ w1
w2 = torch.randn(3, 1, requires_grad=True)
out = (h @ w2).sum()
with torch.no_grad():
    w2 -= 0.1
print(out.shape)
out.backward()
