import torch

x = torch.tensor([1.5])
print(x.item())
print(torch.tensor([1.5, 2.5]).item())
