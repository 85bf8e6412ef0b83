import torch
import torch.nn.functional as F

torch.manual_seed(12)
X = torch.randn(60, 2)
t = (X[:, 0] + 2 * X[:, 1] > 0.5).float()
print(t.sum(), t.mean().item())
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(101):
    p = torch.sigmoid(X @ w + b)
    loss = F.binary_cross_entropy(p, t)
    loss.backward()
    with torch.no_grad():
        w -= 1.0 * w.grad
        b -= 1.0 * b.grad
    w.grad.zero_(); b.grad.zero_()
    if step % 25 == 0:
        acc = ((p > 0.5).float() == t).float().mean()
        print(f'{step:>4} loss {loss.item():.4f} acc {acc.item():.2%}')
print((w[1] / w[0]).item() > 1, w.shape, b.requires_grad)
