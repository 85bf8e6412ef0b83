import torch

x = torch.ones(2)
print(x + 1)
print(x + "1")
