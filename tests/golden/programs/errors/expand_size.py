import torch

x = torch.ones(2, 1)
print(x.expand(2, 3))
print(x.expand(3, 3))
