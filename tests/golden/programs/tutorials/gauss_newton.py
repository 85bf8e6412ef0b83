import torch

t = torch.linspace(0, 2, 9, dtype=torch.float64)
data = 2.5 * torch.exp(-1.3 * t)


def residuals(p):
    return p[0] * torch.exp(p[1] * t) - data


p = torch.tensor([1.0, -0.5], dtype=torch.float64)
for k in range(8):
    r = residuals(p)
    J = torch.autograd.functional.jacobian(residuals, p)
    step = torch.linalg.solve(J.T @ J, -J.T @ r)
    p = p + step
    if k < 5:
        print(k, p, f'{(r @ r).item():.6f}')
    if step.norm() < 1e-10:
        break
print(p, J.shape)
print(torch.linalg.lstsq(J, r.unsqueeze(1)).solution.shape)
