import torch

x = torch.ones(2, 2)
print(x.sum(dim=0))
x.sum(dims=0)
