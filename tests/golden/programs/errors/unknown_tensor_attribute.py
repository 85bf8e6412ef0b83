import torch

x = torch.ones(2)
print(x.ndim)
print(x.foo)
