import torch

torch.manual_seed(0)
base = torch.randn(50, 1, dtype=torch.float64)
X = torch.cat([base, 0.5 * base + 0.1 * torch.randn(50, 1, dtype=torch.float64), 0.05 * torch.randn(50, 1, dtype=torch.float64)], 1)
Xc = X - X.mean(0)
C = Xc.T @ Xc / (len(X) - 1)
print(C)
v = torch.ones(3, dtype=torch.float64)
for i in range(50):
    v_new = C @ v
    v_new /= v_new.norm()
    if torch.dist(v, v_new) < 1e-12:
        print('converged')
        break
    v = v_new
print(v, v @ C @ v)
eigenvalues, vectors = torch.linalg.eigh(C)
print(eigenvalues.flip(0))
print(torch.allclose(vectors[:, -1].abs(), v.abs(), atol=1e-6))
deflated = C - eigenvalues[-1] * torch.outer(v, v)
print(deflated.abs().max() < 0.1, torch.trace(C), C.diagonal().sum())
print(torch.allclose(torch.cov(X.T), C))
