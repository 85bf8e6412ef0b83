import torch

w = torch.ones(2, 2, requires_grad=True)
row = w[0]
print(row)
row.mul_(3)
