import numpy as np
import torch

np.random.seed(0)
X = np.random.rand(5, 2)
y = X @ np.array([1.5, -2.0]) + 0.5
Xt, yt = torch.from_numpy(X).float(), torch.tensor(y, dtype=torch.float32)
print(X, y, Xt.dtype, yt)
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
losses = []
for epoch in range(20):
    loss = ((Xt @ w + b - yt) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.5 * w.grad
        b -= 0.5 * b.grad
        w.grad.zero_()
        b.grad = None
    losses.append(loss.item())
print(np.array(losses[:3]).round(5), np.round(np.mean(losses), 4), w.detach().numpy().round(3), b)
shared = np.zeros(3)
t = torch.from_numpy(shared)
shared[0] = 5
t[1] = 7
t.add_(1)
print(shared, t, np.shares_memory(shared, t.numpy()) if hasattr(np, 'shares_memory') else True)
copy = torch.tensor(shared)
copy[0] = -1
print(shared, copy, t.numpy().dtype, torch.ones(2).numpy() + 1, np.asarray(torch.ones(2)))
print(torch.tensor([np.float32(1), np.float32(2)]), torch.tensor(np.float64(2.5)), [np.float64(1.0)], np.float32(0.1))
rng = np.random.default_rng(3)
print(rng.normal(size=3), rng.integers(0, 5, 4), rng.permutation(4))
