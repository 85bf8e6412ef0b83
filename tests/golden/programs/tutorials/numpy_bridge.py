import numpy as np
import torch

a = np.array([1.0, 2.0, 3.0])
t = torch.from_numpy(a)
print(a, t, t.dtype)
t += 1
print(a)
n = torch.ones(3).numpy()
print(n, n.dtype, type(n).__name__)
x = torch.tensor([1., 2.], requires_grad=True)
print(x.detach().numpy() * 2, x.data.numpy())
print(np.linspace(0, 1, 5), np.arange(3), np.zeros((2, 2)), np.eye(2))
print(torch.tensor(np.array([[1, 2], [3, 4]])), torch.as_tensor(np.float32(1.5)))
print(np.sqrt(2.0), np.mean([1, 2, 3]), np.array([1, 2]).sum())
print(repr(np.array([1.5, 2.25])), a.shape, a.tolist(), np.dot(a, a))
print(torch.sin(torch.from_numpy(np.linspace(0, np.pi, 3))))
X = np.array([[1, 2], [3, 4]], dtype=np.float32)
print(X @ X.T, X.mean(axis=0), X[:, 1], X.max(), X.reshape(-1))
print(torch.from_numpy(X).sum(), np.allclose(X, torch.tensor(X).numpy()))
print(torch.tensor([1, 2]).numpy().dtype, np.array(torch.ones(2)))
