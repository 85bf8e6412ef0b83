import torch

x = torch.zeros(2, 3)
print(x.sum(-2))
print(x.sum(2))
