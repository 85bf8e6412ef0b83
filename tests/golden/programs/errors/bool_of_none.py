import torch

x = torch.tensor([])
print(x, x.numel())
while x:
    pass
