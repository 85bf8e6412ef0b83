"""Determinants of matrices without an inverse, and least squares with all that they tell."""

import torch


def twice(rows):
    A = torch.tensor(rows, dtype=torch.double, requires_grad=True)
    (g,) = torch.autograd.grad(torch.det(A), A, create_graph=True)
    (h,) = torch.autograd.grad((g * torch.arange(1.0, A.numel() + 1).view_as(A)).sum(), A)
    return torch.round(h * 1e6) / 1e6 + 0.0


for rows in ([[1, 2], [2, 4]], [[1, 2], [3, 4]], [[-1, 1], [1, -1]]):
    rows = [[float(x) for x in row] for row in rows]
    A = torch.tensor(rows)
    print(torch.det(A), torch.linalg.slogdet(A), twice(rows))
print(torch.det(torch.tensor([[[0.0, 1], [0, 1]], [[1, 1], [1, 1]], [[1, 0], [0, 2]]])))

A = torch.tensor([[1.0, 2], [3, 4], [5, 7]], dtype=torch.double, requires_grad=True)
b = torch.tensor([[1.0, 0], [2, 1], [4, 5]], dtype=torch.double, requires_grad=True)
print(torch.linalg.lstsq(A, b))
for driver in ("gels", "gelsy", "gelsd", "gelss"):
    print(driver, torch.linalg.lstsq(A.detach(), b.detach(), driver=driver))
try:
    torch.linalg.lstsq(A, b, driver="best")
except RuntimeError as error:
    print(error)
B = torch.tensor([[1.0, 2], [2, 4], [5, 10]], dtype=torch.double)
flat = torch.linalg.lstsq(B, b.detach(), rcond=0.1, driver="gelsd")
print(flat.solution, flat.residuals, flat.rank)
pair = torch.linalg.lstsq(torch.stack([B, A.detach()]), torch.stack([b, b]).detach(), driver="gelsd")
print(pair.residuals, pair.rank)
vector = torch.linalg.lstsq(A, b[:, 0])
print(vector.solution, vector.rank)
print(torch.autograd.grad(vector.solution.sum(), (A, b)))
gaps = torch.linalg.lstsq(A, b, driver="gelsd").residuals
print(gaps)
print(torch.autograd.grad(gaps.sum(), (A, b)))
